// SPDX-License-Identifier: Apache-2.0

internal import Execution
internal import Logging

/// One session, on a thread of its own. If it was lost, it reconnects by itself at the next call.
actor PostgresConnection {
    private let executor: DedicatedThreadExecutor
    private let target: ConnectionTarget
    private let configuration: StoreConfiguration
    private let canceller: StatementCanceller
    private let log: Logger
    private var handle: ConnectionHandle?
    private var failures = 0
    private var retryNotBefore = ContinuousClock.now
    private var lastRefusal: StoreError?
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(
        number: Int, target: ConnectionTarget, configuration: StoreConfiguration, canceller: StatementCanceller,
        log: Logger
    ) {
        executor = DedicatedThreadExecutor(name: "pg-\(number)")
        self.target = target
        self.configuration = configuration
        self.canceller = canceller
        self.log = log
    }

    /// Makes sure that there is a working session; tries again with back-off until the deadline.
    func prepare(until deadline: ContinuousClock.Instant) async throws(StoreError) {
        if handle?.isReady() == true { return }
        handle = nil
        while true {
            try await waitForTurn(until: deadline)
            do throws(StoreError) {
                try connect(until: min(deadline, .now + configuration.connectTimeout))
                (failures, lastRefusal) = (0, nil)
                return
            } catch {
                failures += 1
                lastRefusal = error
                retryNotBefore = .now + backOff
                guard error.isTransient else { throw error }
            }
        }
    }

    /// 25 ms, doubled by every failure, at most 2 s.
    private var backOff: Duration { .milliseconds(min(2_000, 25 << min(failures, 7))) }

    private func waitForTurn(until deadline: ContinuousClock.Instant) async throws(StoreError) {
        if let lastRefusal, max(retryNotBefore, .now) >= deadline { throw lastRefusal }
        if retryNotBefore > .now {
            do { try await Task.sleep(until: retryNotBefore) } catch {
                throw StoreError(.cancelled, operation: "connect", message: "the caller was cancelled")
            }
        }
        guard !isClosed else { throw .poolClosed }
    }

    private func connect(until deadline: ContinuousClock.Instant) throws(StoreError) {
        handle = try ConnectionHandle.connect(target, deadline: deadline, log: log)
        // If our cancellation does not arrive, the server ends a statement a second later, or a second after it notices
        // that we are gone.
        let statement = serverTimeout(configuration.statementTimeout)
        let idle = configuration.idleInTransactionTimeout.milliseconds
        _ = try perform { handle throws(StoreError) in
            try handle.execute(
                """
                SELECT set_config('statement_timeout', \(statement), false),
                    set_config('client_connection_check_interval', '1000', false),
                    set_config('idle_in_transaction_session_timeout', \(String(idle)), false),
                    set_config('bytea_output', 'hex', false)
                """, deadline: deadline)
        }
    }

    func execute(_ query: Query, within timeout: Duration?) throws(StoreError) -> Answer {
        try run(within: timeout) { handle, deadline throws(StoreError) in
            try handle.execute(query, deadline: deadline)
        }
    }

    func execute(script: String, within timeout: Duration) throws(StoreError) {
        try run(within: timeout) { handle, deadline throws(StoreError) in
            try handle.execute(script: script, deadline: deadline)
        }
    }

    func copy(_ rows: CopyRows, within timeout: Duration?) throws(StoreError) -> Int {
        try run(within: timeout) { handle, deadline throws(StoreError) in try handle.copy(rows, deadline: deadline) }
    }

    /// Runs one call by its deadline. For a call that may take longer than usual the server's limit is raised
    /// meanwhile.
    private func run<Value>(
        within timeout: Duration?,
        _ body: (borrowing ConnectionHandle, ContinuousClock.Instant) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let limit = timeout ?? configuration.statementTimeout
        let deadline = ContinuousClock.now + limit
        let isLong = limit > configuration.statementTimeout
        if isLong { try setServerTimeout(limit, deadline) }
        do throws(StoreError) {
            let value = try perform { handle throws(StoreError) in try body(handle, deadline) }
            if isLong { try setServerTimeout(configuration.statementTimeout, deadline) }
            return value
        } catch {
            // In a failed transaction it can't be set, and need not be: ROLLBACK resets it.
            if isLong { try? setServerTimeout(configuration.statementTimeout, .now + .seconds(1)) }
            throw error
        }
    }

    private func setServerTimeout(_ limit: Duration, _ deadline: ContinuousClock.Instant) throws(StoreError) {
        _ = try perform { handle throws(StoreError) in
            try handle.execute(
                "SELECT set_config('statement_timeout', \(serverTimeout(limit)), false)", deadline: deadline)
        }
    }

    /// In milliseconds, as text; one second more than ours.
    private func serverTimeout(_ limit: Duration) -> String { String(min(limit.milliseconds, 1_000_000_000) + 1_000) }

    /// Gives the session up if it is not ready for a new caller, for instance inside a transaction.
    func dropUnlessReady() {
        if handle?.isReady() != true { handle = nil }
    }

    /// Gives the session up at once: the server rolls back what is open.
    func drop() { handle = nil }

    func close() {
        isClosed = true
        handle = nil
        executor.stop()
    }

    /// Runs one call on the session; gives the session up if it broke or if the call overran.
    private func perform<Value>(
        _ body: (borrowing ConnectionHandle) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        do throws(StoreError) {
            switch handle {
            case .some(let handle): return try body(handle)
            case .none:
                throw StoreError(.connectionFailed, operation: "use a connection", message: "the connection was lost")
            }
        } catch {
            if error.code == .timeout, error.sqlState == nil, let cancellation = handle?.cancellation() ?? nil {
                canceller.send(cancellation)
            }
            let isLost = error.code == .connectionFailed || error.code == .timeout && error.sqlState != "57014"
            if isLost || error.sqlState == "25P03" { handle = nil }
            throw error
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension StoreError {
    static let poolClosed = StoreError(.closed, operation: "get a connection", message: "the store was closed")
}
