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

    @Test("a thread that writes to whoever has gone gets an error, and the process goes on")
    func brokenPipe() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        close(reader)
        let outcome = Mutex<Int32?>(nil)
        startThread(named: "broken-pipe") {
            var byte: UInt8 = 1
            let count = write(writer, &byte, 1)
            outcome.withLock { $0 = count < 0 ? errno : 0 }
        }
        while outcome.withLock({ $0 == nil }) { await Task.yield() }
        #expect(outcome.withLock { $0 } == EPIPE)
        close(writer)
    }
}
