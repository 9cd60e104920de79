// SPDX-License-Identifier: Apache-2.0

/// A task executor that owns exactly one OS thread, for many small tasks that talk to each other: a change of threads
/// at each step of theirs would cost more than the steps.
///
/// Tasks that prefer it, and default actors they enter, run there one job at a time; an actor with an executor of its
/// own keeps it. Nothing that blocks belongs here. The thread ends after the last reference, which every such task has.
package final class DedicatedTaskExecutor: TaskExecutor {
    private let thread: JobThread

    /// Starts the thread; `name` (15 characters show) is what `top -H` calls it.
    package init(name: String) {
        thread = JobThread(name: name)
        thread.start { [weak self] job in
            guard let self else { preconditionFailure("a job outlived its executor") }
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    deinit { thread.stop() }

    package func enqueue(_ job: consuming ExecutorJob) { thread.enqueue(UnownedJob(job)) }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor { unsafe UnownedTaskExecutor(ordinary: self) }
}
