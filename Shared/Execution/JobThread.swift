// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// One OS thread that runs jobs in the order in which they came.
final class JobThread: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var isWaiting = false
        var isStopped = false
        var thread: UInt64 = 0
    }

    private let name: String
    private let condition = NSCondition()
    private let state = Mutex(State())

    init(name: String) { self.name = name }

    /// Call it once. `run` is kept until the thread ends.
    func start(_ run: @escaping @Sendable (UnownedJob) -> Void) {
        startThread(named: name) { [self] in
            state.withLock { $0.thread = currentThreadID() }
            while let batch = nextBatch() {
                for job in batch { run(job) }
            }
        }
    }

    var isCurrent: Bool { state.withLock { $0.thread } == currentThreadID() }

    func enqueue(_ job: UnownedJob) {
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            return state.isWaiting
        }
        if mustWake { wake() }
    }

    /// Ends the thread after the jobs that are queued already.
    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    private func wake() {
        condition.lock()
        condition.signal()
        condition.unlock()
    }

    /// Waits for jobs; `nil` when stopped and drained.
    private func nextBatch() -> [UnownedJob]? {
        var (batch, isStopped) = take()
        guard batch.isEmpty, !isStopped else { return batch.isEmpty ? nil : batch }
        condition.lock()
        defer { condition.unlock() }
        while true {
            // Checked under the condition's lock: whoever adds a job from here on finds the thread waiting and wakes
            // it.
            (batch, isStopped) = take(isWaiting: true)
            if !batch.isEmpty { return batch }
            if isStopped { return nil }
            condition.wait()
        }
    }

    /// - Parameter isWaiting: whether the thread will wait if there is nothing.
    private func take(isWaiting: Bool = false) -> (jobs: [UnownedJob], isStopped: Bool) {
        state.withLock { state in
            let jobs = state.jobs
            state.jobs = []
            state.isWaiting = isWaiting && jobs.isEmpty && !state.isStopped
            return (jobs, state.isStopped)
        }
    }
}
