// SPDX-License-Identifier: Apache-2.0

/// A serial executor that owns exactly one OS thread, for actors that call blocking C libraries.
///
/// Such a call on the default executor would hold one of its few threads (two on a two-core machine), and with it every
/// other task of the process. Call `stop()` when the last actor on it is done: jobs enqueued later never run.
package final class DedicatedThreadExecutor: SerialExecutor {
    private let thread: JobThread

    /// Starts the thread; `name` (15 characters show) is what `top -H` calls it.
    package init(name: String) {
        thread = JobThread(name: name)
        thread.start { [self] job in unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    package func enqueue(_ job: consuming ExecutorJob) { thread.enqueue(UnownedJob(job)) }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() { precondition(thread.isCurrent, "not on the executor's own thread") }

    /// Ends the thread after the jobs that are queued already.
    package func stop() { thread.stop() }
}
