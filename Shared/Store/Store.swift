// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Runs statements: a `Store` each in a transaction of its own, a `Transaction` within itself.
package protocol QueryRunner: Sendable {
    /// Collects the rows that can't be read.
    var setAside: SetAsideRows { get }
    @discardableResult
    func query(_ query: Query) async throws(StoreError) -> [Row]
}

/// The shared database: a pool of sessions that reconnect by themselves, every call with a deadline.
package final class Store: QueryRunner {
    package let configuration: StoreConfiguration
    package let setAside: SetAsideRows
    private let pool: ConnectionPool
    private let canceller: StatementCanceller

    /// Checks the connection string; connects when first used. Throws `configuration`.
    package init(configuration: StoreConfiguration, log: Logger) throws(StoreError) {
        let target = try ConnectionTarget(dsn: configuration.dsn, applicationName: configuration.applicationName)
        let canceller = StatementCanceller()
        self.configuration = configuration
        setAside = SetAsideRows(log: log)
        self.canceller = canceller
        pool = ConnectionPool(size: configuration.poolSize, waitingLimit: configuration.waitingLimit) { number in
            PostgresConnection(
                number: number, target: target, configuration: configuration, canceller: canceller, log: log)
        }
    }

    /// Only in case the owner forgot `close()`.
    deinit {
        let (pool, canceller) = (pool, canceller)
        Task {
            await pool.close()
            canceller.close()
        }
    }

    /// Runs one statement; returns its rows.
    @discardableResult
    package func query(_ query: Query) async throws(StoreError) -> [Row] {
        try await self.query(query, within: nil)
    }

    /// Runs one statement with a deadline of its own.
    @discardableResult
    package func query(_ query: Query, within timeout: Duration?) async throws(StoreError) -> [Row] {
        let connection = try await lease()
        do throws(StoreError) {
            let rows = try await connection.execute(query, within: timeout).rows
            await giveBack(connection)
            return rows.all
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Copies rows into a table, all or none; returns how many.
    @discardableResult
    package func copy(_ rows: CopyRows) async throws(StoreError) -> Int {
        let connection = try await lease()
        do throws(StoreError) {
            let count = try await connection.copy(rows, within: nil)
            await giveBack(connection)
            return count
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Runs `body` in one transaction: committed when it returns, rolled back when it throws.
    ///
    /// Throws `outcomeUnknown` if the connection is lost during COMMIT and `transactionAborted` if `body` swallowed a
    /// statement's failure. The transaction must not be used after `body` returned.
    @discardableResult
    package func transaction<R: Sendable>(
        isolation: IsolationLevel = .readCommitted, _ body: (Transaction) async throws -> R
    ) async throws -> R {
        let connection = try await lease()
        let transaction = Transaction(connection, setAside: setAside)
        do {
            _ = try await connection.execute(
                Query(unsafeSQL: "BEGIN ISOLATION LEVEL \(isolation.rawValue)"), within: nil)
            let result = try await body(transaction)
            try await transaction.commit()
            await giveBack(connection)
            return result
        } catch {
            await transaction.rollBack()
            await giveBack(connection)
            throw error
        }
    }

    /// Whether the database answers.
    package func ping() async throws(StoreError) { try await query("SELECT 1") }

    /// Ends every session. Calls after it throw `closed`.
    package func close() async {
        await pool.close()
        canceller.close()
    }

    private func lease() async throws(StoreError) -> PostgresConnection {
        let deadline = ContinuousClock.now + configuration.acquireTimeout
        let connection = try await pool.lease(until: deadline)
        do throws(StoreError) {
            try await connection.prepare(until: deadline)
            return connection
        } catch {
            await pool.giveBack(connection)
            throw error
        }
    }

    private func giveBack(_ connection: PostgresConnection) async {
        await connection.dropUnlessReady()
        await pool.giveBack(connection)
    }
}

extension RowSet {
    var all: [Row] { (0..<count).map { Row(set: self, index: $0) } }
}
