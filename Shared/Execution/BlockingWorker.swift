// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Runs the blocking calls of one party (one host's connection, say), one after another, on a thread of its own, each
/// with a deadline.
///
/// A call that overruns is not interrupted (C libraries offer no way): its caller gets `.deadline` at once, the thread
/// stays with the call, and the worker is *stuck* until the call returns. A caller that finds it stuck for too long
/// abandons it and starts a new one; the old thread ends by itself when its call returns.
package final class BlockingWorker: Sendable {
    package enum Failure: Error, Hashable, Sendable {
        /// The call did not return in time. Whether it had its effect is unknown.
        case deadline
        /// An earlier call has not returned yet.
        case stuck
        case abandoned
    }

    private struct State {
        /// Does the work and returns how to report it: the worker is idle again before its caller gets the result.
        var job: (@Sendable () -> @Sendable () -> Void)?
        var isRunning = false
        var isAbandoned = false
    }

    private let condition = NSCondition()
    private let state = Mutex(State())

    package init(name: String) {
        startThread(named: name) { [self] in runLoop() }
    }

    /// Whether a call is under way right now.
    package var isBusy: Bool { state.withLock { $0.isRunning || $0.job != nil } }

    /// Runs `body` on the worker's thread. Calls must not overlap: a second one while one runs fails as `.stuck`.
    /// - Parameter steps: `body` counts its steps there. After each step `timeout` begins anew, up to the limit of
    ///   `steps`.
    package func run<Value: Sendable>(
        timeout: Duration, steps: StepCount = StepCount(), _ body: @escaping @Sendable () -> Value
    ) async throws(Failure) -> Value {
        let once = Once<Value>()
        let outcome: Result<Value, Failure> = await withCheckedContinuation { continuation in
            once.arm(continuation)
            let refusal = submit {
                let value = body()
                return { once.fire(.success(value)) }
            }
            if let refusal {
                once.fire(.failure(refusal))
                return
            }
            // A timer of its own rather than a task group: the group would wait for the call that hangs.
            let timer = Task {
                let start = ContinuousClock.now
                let end = start + max(timeout, steps.limit)
                while !Task.isCancelled {
                    let due = min(max(start, steps.latest ?? start) + timeout, end)
                    guard ContinuousClock.now < due else { break }
                    try? await Task.sleep(until: due, clock: .continuous)
                }
                once.fire(.failure(.deadline))
            }
            once.cancelWhenFired(timer)
        }
        return try outcome.get()
    }

    /// Gives the worker up. A running call keeps the thread until it returns.
    package func abandon() {
        condition.lock()
        state.withLock { $0.isAbandoned = true }
        condition.signal()
        condition.unlock()
    }

    private func submit(_ job: @escaping @Sendable () -> @Sendable () -> Void) -> Failure? {
        condition.lock()
        defer { condition.unlock() }
        let refusal: Failure? = state.withLock { state in
            if state.isAbandoned { return .abandoned }
            if state.isRunning || state.job != nil { return .stuck }
            state.job = job
            return nil
        }
        if refusal == nil { condition.signal() }
        return refusal
    }

    private func runLoop() {
        while let job = nextJob() {
            let report = job()
            state.withLock { $0.isRunning = false }
            report()
        }
    }

    private func nextJob() -> (@Sendable () -> @Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            let (job, isAbandoned) = state.withLock { state in
                let job = state.job
                state.job = nil
                if job != nil { state.isRunning = true }
                return (job, state.isAbandoned)
            }
            if let job { return job }
            if isAbandoned { return nil }
            condition.wait()
        }
    }
}

/// Counts the steps of a blocking call: a call that still makes steps does not hang.
package final class StepCount: Sendable {
    /// How long it may take in all.
    let limit: Duration
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    package init(limit: Duration = .seconds(60)) { self.limit = limit }

    /// `nil`: none is done yet.
    var latest: ContinuousClock.Instant? { last.withLock { $0 } }

    /// Another step is done.
    package func count() { last.withLock { $0 = .now } }
}

/// Resumes a continuation with whichever result comes first.
private final class Once<Value: Sendable>: Sendable {
    private typealias Continuation = CheckedContinuation<Result<Value, BlockingWorker.Failure>, Never>
    private let continuation = Mutex<Continuation?>(nil)
    private let timer = Mutex<(task: Task<Void, Never>?, isFired: Bool)>((nil, false))

    func arm(_ continuation: CheckedContinuation<Result<Value, BlockingWorker.Failure>, Never>) {
        self.continuation.withLock { $0 = continuation }
    }

    func cancelWhenFired(_ task: Task<Void, Never>) {
        let isFired = timer.withLock { timer in
            timer.task = task
            return timer.isFired
        }
        if isFired { task.cancel() }
    }

    func fire(_ result: Result<Value, BlockingWorker.Failure>) {
        let waiting = continuation.withLock { slot in
            defer { slot = nil }
            return slot
        }
        waiting?.resume(returning: result)
        let task = timer.withLock { timer in
            timer.isFired = true
            return timer.task
        }
        task?.cancel()
    }
}
