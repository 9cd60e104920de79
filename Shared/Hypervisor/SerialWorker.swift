// SPDX-License-Identifier: Apache-2.0

internal import Execution
internal import Synchronization

/// One party's blocking calls, one at a time in order of arrival, each with a deadline that includes the wait.
///
/// A call that overruns keeps its thread and its `Resource` (a connection, say); both are given up and the next call
/// starts with new ones. The old thread ends when its call returns. How many may hang like that is limited.
actor SerialWorker<Resource: Sendable> {
    enum Failure: Error, Hashable {
        /// The earlier calls took all the time, or too many wait already: this call never started.
        case busy
        /// This many earlier calls still hang: this call never started.
        case hung(Int)
        /// The call started and did not return in time. Whether it had its effect is unknown.
        case deadline
        case closed
    }

    private let name: String
    private let waitingLimit: Int
    private let hungLimit: Int
    private let makeResource: @Sendable () -> Resource
    private let hung = HungCalls()

    private var seat: (worker: BlockingWorker, resource: Resource)?
    private var isClosed = false
    private var isTaken = false
    private var waiting: [(number: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
    private var lastNumber: UInt64 = 0

    /// - Parameter name: of the threads, as `top -H` shows them.
    init(
        name: String, waitingLimit: Int = 64, hungLimit: Int = 4, makeResource: @escaping @Sendable () -> Resource
    ) {
        self.name = name
        self.waitingLimit = waitingLimit
        self.hungLimit = hungLimit
        self.makeResource = makeResource
    }

    /// In case the owner forgot `close`: otherwise the thread would wait for work for ever.
    deinit { seat?.worker.abandon() }

    /// Runs `body` on the worker's thread when all earlier calls are done.
    /// - Parameter steps: `body` counts its steps there: after each step `timeout` begins anew.
    func run<Value: Sendable>(
        timeout: Duration, steps: StepCount = StepCount(), _ body: @escaping @Sendable (Resource) -> Value
    ) async throws(Failure) -> Value {
        let start = ContinuousClock.now
        guard await takeTurn(timeout: timeout) else { throw .busy }
        defer { passTurn() }
        guard !isClosed else { throw .closed }
        let (worker, resource) = try currentSeat()
        let call = HungCalls.Call()
        let hung = hung
        do throws(BlockingWorker.Failure) {
            return try await worker.run(timeout: timeout - start.duration(to: .now), steps: steps) {
                let value = body(resource)
                hung.returned(call)
                return value
            }
        } catch {
            guard error == .deadline else { throw isClosed ? .closed : .busy }
            hung.overran(call)
            worker.abandon()
            seat = nil
            throw .deadline
        }
    }

    /// Refuses all later calls and ends the thread after `last`; waits for `last` at most for `timeout`.
    func close(timeout: Duration, _ last: @escaping @Sendable (Resource) -> Void) async {
        guard !isClosed else { return }
        if !isTaken, seat != nil { try? await run(timeout: timeout, last) }
        isClosed = true
        seat?.worker.abandon()
        seat = nil
    }

    private func currentSeat() throws(Failure) -> (BlockingWorker, Resource) {
        if let seat { return (seat.worker, seat.resource) }
        let count = hung.count
        guard count < hungLimit else { throw .hung(count) }
        let fresh = (worker: BlockingWorker(name: name), resource: makeResource())
        seat = fresh
        return fresh
    }

    private func takeTurn(timeout: Duration) async -> Bool {
        guard isTaken else {
            isTaken = true
            return true
        }
        guard waiting.count < waitingLimit else { return false }
        lastNumber += 1
        let number = lastNumber
        let timer = Task {
            try? await Task.sleep(for: timeout)
            giveUp(number)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { waiting.append((number, $0)) }
    }

    private func giveUp(_ number: UInt64) {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }

    private func passTurn() {
        if waiting.isEmpty {
            isTaken = false
        } else {
            waiting.removeFirst().continuation.resume(returning: true)
        }
    }
}

/// Counts the calls that overran their deadline and have not returned since.
private final class HungCalls: Sendable {
    final class Call: Sendable {
        fileprivate let state = Mutex((hasReturned: false, hasOverrun: false))
    }

    private let total = Mutex(0)

    var count: Int { total.withLock { $0 } }

    func returned(_ call: Call) {
        call.state.withLock { state in
            state.hasReturned = true
            if state.hasOverrun { total.withLock { $0 -= 1 } }
        }
    }

    func overran(_ call: Call) {
        call.state.withLock { state in
            state.hasOverrun = true
            if !state.hasReturned { total.withLock { $0 += 1 } }
        }
    }
}
