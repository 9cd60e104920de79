// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import ResourceModel
import Synchronization
import Testing

@testable import Hypervisor

/// A gate that a blocked thread waits behind.
private final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func wait() { semaphore.wait() }
    func open() { semaphore.signal() }
}

struct HungHostTests {
    @Test("a call that hangs ends by its deadline, and the next one gets a new thread and a new resource")
    func hungCall() async throws {
        let made = Mutex(0)
        let worker = SerialWorker<Int>(name: "hung") {
            made.withLock {
                $0 += 1; return $0
            }
        }
        let gate = Gate()
        defer { gate.open() }
        await #expect(throws: SerialWorker<Int>.Failure.deadline) {
            try await worker.run(timeout: .milliseconds(50)) { _ in gate.wait() }
        }
        #expect(try await worker.run(timeout: .seconds(5)) { $0 } == 2)
        await worker.close(timeout: .seconds(1)) { _ in }
    }

    @Test("only so many calls may hang, and one that returns makes room again", .timeLimit(.minutes(1)))
    func hungLimit() async throws {
        let worker = SerialWorker<Void>(name: "hung", hungLimit: 2) {}
        let gate = Gate()
        for _ in 1...2 {
            await #expect(throws: SerialWorker<Void>.Failure.deadline) {
                try await worker.run(timeout: .milliseconds(20)) { _ in gate.wait() }
            }
        }
        await #expect(throws: SerialWorker<Void>.Failure.hung(2)) {
            try await worker.run(timeout: .seconds(1)) { _ in }
        }
        gate.open()
        gate.open()
        // The threads come back on their own time: nothing tells when.
        while true {
            do {
                try await worker.run(timeout: .seconds(1)) { _ in }
                break
            } catch SerialWorker<Void>.Failure.hung {
                await Task.yield()
            }
        }
        await worker.close(timeout: .seconds(1)) { _ in }
    }

    @Test("calls of several tasks take turns, and who waits too long never starts")
    func turns() async throws {
        let worker = SerialWorker<Void>(name: "turns") {}
        let (gate, started) = (Gate(), Gate())
        async let first: Void = worker.run(timeout: .seconds(20)) { _ in
            started.open()
            gate.wait()
        }
        await offPool { started.wait() }
        await #expect(throws: SerialWorker<Void>.Failure.busy) {
            try await worker.run(timeout: .milliseconds(30)) { _ in Issue.record("must not run") }
        }
        gate.open()
        try await first
        try await worker.run(timeout: .seconds(5)) { _ in }
        await worker.close(timeout: .seconds(1)) { _ in }
    }

    @Test("a host whose daemon accepts and says nothing is unreachable by the deadline, not off")
    func silentDaemon() async throws {
        let listener = try SilentListener()
        defer { listener.close() }
        var limits = LibvirtLimits()
        limits.callTimeout = .milliseconds(300)
        limits.backOff = .seconds(60)
        let uri = "qemu+tcp://127.0.0.1:\(listener.port)/system"
        let hypervisor = LibvirtHypervisor(uri: uri, host: "host-a", log: quiet, limits: limits)
        let start = ContinuousClock.now
        await expect(code: .unreachable, saying: "no connection by the deadline") { try await hypervisor.sample() }
        #expect(start.duration(to: .now) < .seconds(45))
        await expect(code: .unreachable, saying: "not tried again") { try await hypervisor.sample() }
        // The kernel answers for the daemon, so the network itself still has a response time.
        let response = try await hypervisor.responseTime()
        #expect(response.method == .tcpConnect)
        #expect(response.nanoseconds > 0)
        await hypervisor.close()
    }

    @Test("a host that refuses is unreachable, and is left alone for a while")
    func refused() async throws {
        let listener = try SilentListener()
        let port = listener.port
        listener.close()
        var limits = LibvirtLimits()
        limits.backOff = .seconds(60)
        try await withHypervisor("qemu+tcp://127.0.0.1:\(port)/system", limits: limits) { hypervisor in
            await expect(code: .unreachable, saying: "refused") { try await hypervisor.sample() }
            await expect(code: .unreachable, saying: "not tried again") { try await hypervisor.sample() }
            await expect(code: .unreachable, saying: "refused") { try await hypervisor.responseTime() }
            // Commands have their own connection: they fail by themselves and say that nothing was begun.
            await expect(code: .unreachable) { try await hypervisor.perform(.start, on: .fresh(), .fresh()) }
        }
    }

    @Test("calls that hang leave the cooperative pool free", .timeLimit(.minutes(1)))
    func offTheCooperativePool() async throws {
        let gate = Gate()
        let running = Counter()
        let hosts = ProcessInfo.processInfo.activeProcessorCount * 4
        let calls = (1...hosts).map { number in
            Task {
                let worker = SerialWorker<Void>(name: "host-\(number)") {}
                try await worker.run(timeout: .seconds(50)) { _ in
                    running.increment()
                    gate.wait()
                }
                await worker.close(timeout: .seconds(1)) { _ in }
            }
        }
        // This task can only go on because the blocked calls are elsewhere.
        while running.value < hosts { await Task.yield() }
        for _ in 1...hosts { gate.open() }
        for call in calls { try await call.value }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func increment() { count.withLock { $0 += 1 } }
}

/// Waits on a thread of its own.
private func offPool(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            body()
            continuation.resume()
        }
    }
}
