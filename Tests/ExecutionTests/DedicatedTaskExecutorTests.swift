// SPDX-License-Identifier: Apache-2.0

import Execution
import Foundation
import TestSupport
import Testing

private actor Counter {
    private(set) var threads: Set<UInt64> = []

    func visit() { threads.insert(currentThreadID()) }
}

/// Whether a thread of this process has that name.
private func hasThread(named name: String) throws -> Bool {
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
    return tasks.contains { task in
        (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)) == name + "\n"
    }
}

@Suite struct DedicatedTaskExecutorTests {
    @Test("tasks that prefer it run on its one thread, with their children and the default actors that they enter")
    func oneThread() async {
        let executor = DedicatedTaskExecutor(name: "one-thread")
        let (first, second) = (Counter(), Counter())
        let tasks = (0..<20).map { _ in
            Task(executorPreference: executor) {
                await first.visit()
                await withTaskGroup { group in
                    for _ in 0..<5 {
                        group.addTask {
                            await Task.yield()
                            await second.visit()
                        }
                    }
                }
                return currentThreadID()
            }
        }
        var threads: Set<UInt64> = []
        for task in tasks { threads.insert(await task.value) }
        #expect(threads.count == 1)
        #expect(await first.threads == threads)
        #expect(await second.threads == threads)
        #expect(!threads.contains(currentThreadID()))
    }

    @Test("a task that waits for another thread comes back to it")
    func comesBack() async {
        let executor = DedicatedTaskExecutor(name: "comes-back")
        let worker = BlockingWorker(name: "elsewhere")
        let threads = await Task(executorPreference: executor) {
            let before = currentThreadID()
            let other = try? await worker.run(timeout: .seconds(10)) { currentThreadID() }
            return [before, other, currentThreadID()]
        }.value
        worker.abandon()
        #expect(threads[0] == threads[2])
        #expect(threads[1] != nil && threads[1] != threads[0])
    }

    @Test("the thread ends with the last reference, and not before the task that holds it")
    func end() async throws {
        let (stream, gate) = AsyncStream<Void>.makeStream()
        let name = "ends-at-last"
        var executor: DedicatedTaskExecutor? = DedicatedTaskExecutor(name: name)
        let task = Task(executorPreference: executor) { for await _ in stream {} }
        executor = nil
        try await eventually("the thread's start") { try hasThread(named: name) }
        gate.finish()
        await task.value
        try await eventually("the thread's end") { try !hasThread(named: name) }
    }
}
