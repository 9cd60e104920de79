// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import TestSupport
import Testing

@testable import Hypervisor

/// What a real daemon does to its callers when it hangs, dies and comes back.
@Suite(.serialized, .enabled(if: PrivateDaemon.executable != nil, "libvirtd is not installed"))
struct PrivateDaemonTests {
    private func withDaemon(
        callTimeout: Duration = .seconds(5), _ body: (PrivateDaemon, LibvirtHypervisor) async throws -> Void
    ) async throws {
        let daemon = try PrivateDaemon()
        defer { daemon.remove() }
        try daemon.start()
        var limits = LibvirtLimits()
        limits.callTimeout = callTimeout
        limits.backOff = .milliseconds(1)
        limits.backOffMaximum = .milliseconds(20)
        try await withHypervisor(daemon.uri, limits: limits) { hypervisor in
            try await sampled(hypervisor)
            try await body(daemon, hypervisor)
        }
    }

    /// Asks until the host answers: nobody tells when a daemon is ready.
    private func sampled(_ hypervisor: LibvirtHypervisor) async throws {
        try await eventually(within: .seconds(60)) { try? await hypervisor.sample() }
    }

    @Test(
        "a daemon that hangs and goes on again fifty times costs no thread, no descriptor and no memory",
        .timeLimit(.minutes(5)))
    func hangCycles() async throws {
        let cycles = Int(ProcessInfo.processInfo.environment["EBB_HANG_CYCLES"] ?? "") ?? 50
        try await withDaemon(callTimeout: .milliseconds(300)) { daemon, hypervisor in
            for _ in 1...5 { try await hang(daemon, hypervisor) }
            let before = try Holdings.now()
            for _ in 1...cycles { try await hang(daemon, hypervisor) }
            // Threads of calls that returned end on their own time.
            let after = try await eventually(within: .seconds(30)) {
                let now = try Holdings.now()
                return now.threads < before.threads + 5 && now.descriptors < before.descriptors + 5 ? now : nil
            }
            let growth = after.residentBytes - before.residentBytes
            #expect(growth < max(32 << 20, cycles * 100_000), "\(growth) bytes more after \(cycles) cycles")
        }
    }

    private func hang(_ daemon: PrivateDaemon, _ hypervisor: LibvirtHypervisor) async throws {
        daemon.signal(SIGSTOP)
        do {
            _ = try await hypervisor.sample()
            Issue.record("a stopped daemon answered")
        } catch {
            #expect(error.code == .deadline || error.code == .unreachable, "\(error)")
        }
        daemon.signal(SIGCONT)
        try await sampled(hypervisor)
    }

    @Test("a daemon that is killed and started again is unreachable meanwhile, and answers again by itself")
    func restart() async throws {
        try await withDaemon { daemon, hypervisor in
            let told = collect(1, of: hypervisor.events)
            daemon.end()
            await expect(code: .unreachable) { try await hypervisor.sample() }
            guard case .connectionLost = await told.value.first else {
                Issue.record("the loss of the connection was not reported")
                return
            }
            try daemon.start()
            try await sampled(hypervisor)
        }
    }

    @Test("a host whose certificate has expired is unreachable, and the error names the certificate")
    func expiredCertificate() async throws {
        let daemon = try PrivateDaemon()
        defer { daemon.remove() }
        try await daemon.certify(isValid: false)
        try daemon.start()
        // Over its socket it answers, so that what fails over TLS is the certificate.
        try await withHypervisor(daemon.uri) { try await sampled($0) }
        try await withHypervisor(daemon.tlsURI) { hypervisor in
            await expect(code: .unreachable, saying: "certificate") { try await hypervisor.sample() }
        }
    }

    @Test("a daemon's clock is the time stamp of a file that is gone again", .timeLimit(.minutes(2)))
    func clock() async throws {
        try await withDaemon { daemon, _ in
            try await withHypervisor(daemon.storageURI) { storage in
                let home = daemon.home
                func read() async throws -> Timestamp {
                    try await storage.sampling.call("clock", timeout: .seconds(10)) {
                        connection throws(HypervisorError) in try connection.clock(in: home)
                    }
                }
                let before = Date().timeIntervalSince1970
                let (first, second) = (try await read(), try await read())
                let after = Date().timeIntervalSince1970
                // The kernel stamps files with the time of its last tick.
                #expect(Double(first.nanoseconds) / 1e9 > before - 0.1)
                #expect(first <= second && Double(second.nanoseconds) / 1e9 < after + 0.1)
                let left = try FileManager.default.contentsOfDirectory(atPath: home)
                #expect(!left.contains { $0.hasPrefix("ebb-clock") }, "\(left)")
                let pools = try await storage.sampling.call("pools", timeout: .seconds(10)) {
                    connection throws(HypervisorError) in try connection.handle.pools()
                }
                #expect(pools.isEmpty, "what is made for a clock is none of the host's storage")
            }
        }
    }

    @Test("what somebody else does on the host is told within a second", .timeLimit(.minutes(2)))
    func foreignChanges() async throws {
        try await withDaemon { daemon, hypervisor in
            let told = collect(2, of: hypervisor.events)
            let domain = try #require(try await hypervisor.inventory().first?.domain)
            try await withHypervisor(daemon.uri) { other in
                let before = ContinuousClock.now
                _ = try await other.perform(.suspend, on: domain, .fresh())
                _ = try await other.label(domain, DomainLabel(name: "theirs", tenant: "acme"), .fresh())
                let events = await told.value
                #expect(before.duration(to: .now) < .seconds(5))
                #expect(
                    events == [
                        .lifecycle(domain, .paused, detail: "suspended"),
                        .reconfigured(domain, detail: "its labels"),
                    ])
                #expect(try await hypervisor.sample().domains.first?.name == "theirs")
            }
        }
    }

    /// The next events, once so many have come or there will be no more.
    private func collect(_ count: Int, of events: AsyncStream<HypervisorEvent>) -> Task<[HypervisorEvent], Never> {
        Task {
            var told: [HypervisorEvent] = []
            for await event in events {
                told.append(event)
                if told.count == count { break }
            }
            return told
        }
    }
}
