// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// One transaction under way, from `Store.transaction`. Usable only until its body returns.
package final class Transaction: QueryRunner {
    package let setAside: SetAsideRows
    private let connection: PostgresConnection
    private let isOpen = Atomic(true)

    init(_ connection: PostgresConnection, setAside: SetAsideRows) {
        self.connection = connection
        self.setAside = setAside
    }

    /// Runs one statement; returns its rows. After a failure the transaction can only roll back.
    @discardableResult
    package func query(_ query: Query) async throws(StoreError) -> [Row] {
        try checkOpen()
        return try await connection.execute(query, within: nil).rows.all
    }

    /// Runs one statement with a deadline of its own.
    @discardableResult
    package func query(_ query: Query, within timeout: Duration) async throws(StoreError) -> [Row] {
        try checkOpen()
        return try await connection.execute(query, within: timeout).rows.all
    }

    /// Waits until no other transaction holds this name, and holds it until this one ends: for what is read here and then
    /// changed by what was read.
    package func hold(_ name: String) async throws(StoreError) {
        try await query("SELECT pg_advisory_xact_lock(hashtextextended(\(name), 0))")
    }

    /// Copies rows into a table; returns how many.
    @discardableResult
    package func copy(_ rows: CopyRows) async throws(StoreError) -> Int {
        try checkOpen()
        return try await connection.copy(rows, within: nil)
    }

    /// Runs a script of several statements.
    func execute(script: String, within timeout: Duration) async throws(StoreError) {
        try checkOpen()
        try await connection.execute(script: script, within: timeout)
    }

    func commit() async throws(StoreError) {
        isOpen.store(false, ordering: .relaxed)
        do throws(StoreError) {
            let answer = try await connection.execute("COMMIT", within: nil)
            // PostgreSQL answers COMMIT of a failed transaction with success and the tag ROLLBACK.
            guard answer.tag == "COMMIT" else {
                throw StoreError(
                    .transactionAborted, operation: "COMMIT", message: "an earlier statement failed: rolled back")
            }
        } catch {
            let isLost = error.sqlState == nil && (error.code == .connectionFailed || error.code == .timeout)
            guard isLost else { throw error }
            throw StoreError(
                .outcomeUnknown, operation: "COMMIT",
                message: "whether it happened is unknown, the connection was lost: \(error.message)")
        }
    }

    /// Never fails: if the server can't be reached, the session is given up, which rolls back too.
    func rollBack() async {
        isOpen.store(false, ordering: .relaxed)
        do { _ = try await connection.execute("ROLLBACK", within: .seconds(1)) } catch { await connection.drop() }
    }

    private func checkOpen() throws(StoreError) {
        guard isOpen.load(ordering: .relaxed) else {
            throw StoreError(.closed, operation: "use a transaction", message: "it has ended")
        }
    }
}
