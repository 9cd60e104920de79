// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Starts a thread that ends with `body`; `name` (15 characters show) is what `top -H` calls it.
///
/// Who writes there to a peer that has gone gets `EPIPE`: libvirt writes to its sockets from whichever thread calls it.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    Thread {
        nameCurrentThread(name)
        blockPipeSignal()
        body()
    }.start()
}

/// Foundation's `Thread.name` is lost where the new thread is faster than the one that started it (26 of 1,000 on two
/// busy cores), so the name is given to the kernel directly; it cuts the name. A thread without its name works as well.
private func nameCurrentThread(_ name: String) {
    try? Data(name.utf8).write(to: URL(fileURLWithPath: "/proc/thread-self/comm"))
}

private func blockPipeSignal() {
    var pipeSignal = sigset_t()
    unsafe sigemptyset(&pipeSignal)
    unsafe sigaddset(&pipeSignal, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)
}

/// The calling OS thread, for asserting thread confinement.
package func currentThreadID() -> UInt64 { UInt64(pthread_self()) }
