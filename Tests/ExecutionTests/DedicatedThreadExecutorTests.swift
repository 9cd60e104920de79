// SPDX-License-Identifier: Apache-2.0

import Execution
import Testing

/// An actor as the wrappers of C libraries are.
private actor Confined {
    private let executor: DedicatedThreadExecutor
    private var threads: Set<UInt64> = []

    init(executor: DedicatedThreadExecutor) { self.executor = executor }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func visit() -> Set<UInt64> {
        threads.insert(currentThreadID())
        return threads
    }

    func hop() async {
        threads.insert(currentThreadID())
        await Task.yield()
        threads.insert(currentThreadID())
    }

    /// Traps unless the executor vouches for the thread that it runs on: C callbacks depend on it.
    func checkIsolation() -> Bool {
        executor.checkIsolated()
        return true
    }
}

@Suite struct DedicatedThreadExecutorTests {
    @Test("an actor stays on one thread, which is not its caller's, across suspensions")
    func oneThread() async {
        let executor = DedicatedThreadExecutor(name: "confined")
        let actor = Confined(executor: executor)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { await actor.hop() } }
        }
        let here = currentThreadID()
        let threads = await actor.visit()
        #expect(threads.count == 1)
        #expect(!threads.contains(here))
        executor.stop()
    }

    @Test("two executors are two threads")
    func twoThreads() async {
        let executors = [DedicatedThreadExecutor(name: "one"), DedicatedThreadExecutor(name: "two")]
        let first = await Confined(executor: executors[0]).visit()
        let second = await Confined(executor: executors[1]).visit()
        #expect(first.isDisjoint(with: second))
        for executor in executors { executor.stop() }
    }

    @Test("the executor vouches for its own thread")
    func isolation() async {
        let executor = DedicatedThreadExecutor(name: "confined")
        let actor = Confined(executor: executor)
        #expect(await actor.checkIsolation())
        executor.stop()
    }
}
