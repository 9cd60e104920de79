// SPDX-License-Identifier: Apache-2.0

import Execution
import Foundation
import Synchronization
import Testing

/// The threads that found themselves under a name, by that name.
private final class Names: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    private let ended = DispatchSemaphore(value: 0)

    /// Starts a thread and notes what the kernel calls it while it runs.
    func start(_ name: String) {
        startThread(named: name) { [self] in
            let seen = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? "nothing"
            counts.withLock { $0[seen.trimmingCharacters(in: .newlines), default: 0] += 1 }
            ended.signal()
        }
    }

    func seen(of threads: Int) -> [String: Int] {
        for _ in 0..<threads { ended.wait() }
        return counts.withLock { $0 }
    }
}

@Suite struct NamedThreadTests {
    @Test("every thread has its name before it does anything, however many start at once")
    func everyName() {
        let names = Names()
        for _ in 0..<2000 { names.start("of-many") }
        #expect(names.seen(of: 2000) == ["of-many": 2000])
    }

    @Test("of a long name, what the kernel keeps shows")
    func long() {
        let names = Names()
        names.start("libvirt node-1.example")
        #expect(names.seen(of: 1) == ["libvirt node-1.": 1])
    }
}
