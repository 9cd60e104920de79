// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A serial executor that owns exactly one OS thread, for actors that call blocking C libraries.
///
/// Such a call on the default executor would hold one of its few threads (two on a two-core machine), and with it every
/// other task of the process. Call `stop()` when the last actor on it is done: jobs enqueued later never run.
package final class DedicatedThreadExecutor: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopped = false
        var thread: UInt64 = 0
    }

    private let condition = NSCondition()
    private let state = Mutex(State())

    /// Starts the thread; `name` (15 characters show) is what `top -H` calls it.
    package init(name: String) {
        let thread = Thread { [self] in runLoop() }
        thread.name = name
        thread.start()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        condition.lock()
        state.withLock { $0.jobs.append(unowned) }
        condition.signal()
        condition.unlock()
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        precondition(state.withLock { $0.thread } == currentThreadID(), "not on the executor's own thread")
    }

    /// Ends the thread after the jobs that are queued already.
    package func stop() {
        condition.lock()
        state.withLock { $0.isStopped = true }
        condition.signal()
        condition.unlock()
    }

    private func runLoop() {
        state.withLock { $0.thread = currentThreadID() }
        while let batch = nextBatch() {
            for job in batch { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }

    /// Waits for jobs; `nil` when stopped and drained.
    private func nextBatch() -> [UnownedJob]? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            let (batch, isStopped) = state.withLock { state in
                let jobs = state.jobs
                state.jobs.removeAll(keepingCapacity: true)
                return (jobs, state.isStopped)
            }
            if !batch.isEmpty { return batch }
            if isStopped { return nil }
            condition.wait()
        }
    }
}

/// The calling OS thread, for asserting thread confinement.
package func currentThreadID() -> UInt64 { UInt64(pthread_self()) }
