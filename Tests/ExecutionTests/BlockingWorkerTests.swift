// SPDX-License-Identifier: Apache-2.0

import Execution
import Foundation
import Synchronization
import Testing

/// A call that hangs until it is let go, as a host's does that stopped answering.
final class HangingCall: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    func hang() { gate.wait() }
    func letGo() { gate.signal() }
}

@Suite struct BlockingWorkerTests {
    @Test("a call's value comes back from a thread of its own")
    func value() async throws {
        let worker = BlockingWorker(name: "worker")
        defer { worker.abandon() }
        let here = currentThreadID()
        let threads = try await [
            worker.run(timeout: .seconds(10)) { currentThreadID() },
            worker.run(timeout: .seconds(10)) { currentThreadID() },
        ]
        #expect(threads[0] == threads[1])
        #expect(threads[0] != here)
    }

    @Test("a call that goes on step by step may take longer than one step, up to the limit of all of them")
    func steps() async throws {
        let worker = BlockingWorker(name: "worker")
        defer { worker.abandon() }
        let steps = StepCount()
        let value = try await worker.run(timeout: .seconds(2), steps: steps) {
            for _ in 0..<3 {
                Thread.sleep(forTimeInterval: 0.8)
                steps.count()
            }
            return 7
        }
        #expect(value == 7)
        let endless = StepCount(limit: .milliseconds(50))
        let isOver = Mutex(false)
        await #expect(throws: BlockingWorker.Failure.deadline) {
            try await worker.run(timeout: .milliseconds(20), steps: endless) {
                while !isOver.withLock({ $0 }) { endless.count() }
            }
        }
        isOver.withLock { $0 = true }
    }

    @Test("a call that hangs costs its caller the deadline, the next one nothing, and the worker recovers")
    func hungCall() async throws {
        let worker = BlockingWorker(name: "worker")
        let call = HangingCall()
        defer { worker.abandon() }
        await #expect(throws: BlockingWorker.Failure.deadline) {
            try await worker.run(timeout: .milliseconds(20)) { call.hang() }
        }
        #expect(worker.isBusy)
        await #expect(throws: BlockingWorker.Failure.stuck) { try await worker.run(timeout: .seconds(60)) {} }
        call.letGo()
        #expect(await eventually { !worker.isBusy })
        #expect(try await worker.run(timeout: .seconds(10)) { 7 } == 7)
    }

    @Test("an abandoned worker takes nothing more, and its thread ends when the call comes back")
    func abandoned() async throws {
        let call = HangingCall()
        let worker = BlockingWorker(name: "worker")
        await #expect(throws: BlockingWorker.Failure.deadline) {
            try await worker.run(timeout: .milliseconds(20)) { call.hang() }
        }
        worker.abandon()
        await #expect(throws: BlockingWorker.Failure.abandoned) { try await worker.run(timeout: .seconds(10)) {} }
        call.letGo()
        #expect(await eventually { !worker.isBusy })
    }

    @Test("hanging calls, far more than there are cores, stop no other task")
    func noStarvation() async throws {
        let calls = (0..<16).map { _ in HangingCall() }
        let workers = calls.indices.map { BlockingWorker(name: "worker-\($0)") }
        defer { for worker in workers { worker.abandon() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (worker, call) in zip(workers, calls) {
                group.addTask { try await worker.run(timeout: .seconds(60)) { call.hang() } }
            }
            #expect(await eventually { workers.allSatisfy(\.isBusy) })
            // With the default executor's threads held, none of these would run before a call is let go.
            let progress = await withTaskGroup(of: Int.self) { tasks in
                for number in 0..<100 { tasks.addTask { number } }
                return await tasks.reduce(0, +)
            }
            #expect(progress == 4_950)
            for call in calls { call.letGo() }
            try await group.waitForAll()
        }
    }
}

/// Waits for what a thread does in its own time.
func eventually(within limit: Duration = .seconds(10), _ condition: @Sendable () -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return condition()
}
