// SPDX-License-Identifier: Apache-2.0

internal import Logging

/// Hands out sessions, each to one caller at a time; further callers wait in a bounded queue, first come first served.
actor ConnectionPool {
    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Result<PostgresConnection, StoreError>, Never>
    }

    private let make: @Sendable (Int) -> PostgresConnection
    private let size: Int
    private let waitingLimit: Int
    private var made = 0
    private var idle: [PostgresConnection] = []
    private var waiters: [Waiter] = []
    private var nextWaiter = 0
    private var isClosed = false

    init(size: Int, waitingLimit: Int, make: @escaping @Sendable (Int) -> PostgresConnection) {
        self.size = size
        self.waitingLimit = waitingLimit
        self.make = make
    }

    /// A session for the caller alone, to be given back; not necessarily connected.
    func lease(until deadline: ContinuousClock.Instant) async throws(StoreError) -> PostgresConnection {
        guard !isClosed else { throw .poolClosed }
        // The session that was used last has the warmest caches.
        if let connection = idle.popLast() { return connection }
        if made < size {
            made += 1
            return make(made)
        }
        guard waiters.count < waitingLimit else {
            throw StoreError(
                .busy, operation: "get a connection",
                message: "all \(size) connections are in use and \(waitingLimit) calls wait already")
        }
        return try await wait(until: deadline)
    }

    func giveBack(_ connection: PostgresConnection) async {
        guard !isClosed else { return await connection.close() }
        guard !waiters.isEmpty else { return idle.append(connection) }
        waiters.removeFirst().continuation.resume(returning: .success(connection))
    }

    /// Ends every idle session, and those in use when they are given back; callers that wait are refused.
    func close() async {
        isClosed = true
        for waiter in waiters { waiter.continuation.resume(returning: .failure(.poolClosed)) }
        waiters = []
        let unused = idle
        idle = []
        for connection in unused { await connection.close() }
    }

    private func wait(until deadline: ContinuousClock.Instant) async throws(StoreError) -> PostgresConnection {
        nextWaiter += 1
        let id = nextWaiter
        let timer = Task {
            try await Task.sleep(until: deadline)
            refuse(
                id,
                StoreError(
                    .timeout, operation: "get a connection",
                    message: "all \(size) connections stayed in use until the deadline"))
        }
        let outcome: Result<PostgresConnection, StoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: .failure(.waitCancelled))
                } else {
                    waiters.append(Waiter(id: id, continuation: continuation))
                }
            }
        } onCancel: {
            Task { await refuse(id, .waitCancelled) }
        }
        timer.cancel()
        return try outcome.get()
    }

    private func refuse(_ id: Int, _ error: StoreError) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(returning: .failure(error))
    }
}

extension StoreError {
    fileprivate static let waitCancelled = StoreError(
        .cancelled, operation: "get a connection", message: "the caller was cancelled")
}
