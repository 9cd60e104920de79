// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Starts a thread that ends with `body`; `name` (15 characters show) is what `top -H` calls it.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        // On Linux a name that is given before the start is lost.
        Thread.current.name = name
        body()
    }
    thread.start()
}

/// The calling OS thread, for asserting thread confinement.
package func currentThreadID() -> UInt64 { UInt64(pthread_self()) }
