// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import TestSupport
import Testing

@testable import Hypervisor

/// A process that makes a socket far away. It ends with its input, so that none outlives a test run that is killed.
private struct DelayProxy {
    let process = Process()
    private let input = Pipe()

    init(from socket: String, to target: String, milliseconds: Int) throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Reference/delay_proxy.py")
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.standardizedFileURL.path, socket, target, "\(milliseconds)"]
        process.standardInput = input
        try process.run()
    }

    func closeInput() { try? input.fileHandleForWriting.close() }

    /// Returns when it is gone.
    func end() {
        closeInput()
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

@Suite("A proxy that tests start", .timeLimit(.minutes(1)))
struct DelayProxyTests {
    @Test("it ends with the input that its test holds, and not before")
    func ends() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ebb-proxy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let socket = folder.appending(path: "far").path
        let proxy = try DelayProxy(from: socket, to: folder.appending(path: "near").path, milliseconds: 1)
        defer { proxy.end() }
        try await eventually(within: .seconds(20)) { FileManager.default.fileExists(atPath: socket) ? true : nil }
        #expect(proxy.process.isRunning)
        proxy.closeInput()
        try await eventually(within: .seconds(20)) { proxy.process.isRunning ? nil : true }
    }
}

/// A real daemon with many domains, behind a proxy that is late.
@Suite(.serialized, .enabled(if: PrivateDaemon.executable != nil, "libvirtd is not installed"))
struct FarHostTests {
    private static let count = 400

    /// - Parameter running: so many of the domains run.
    private func withFarHost(
        milliseconds: Int, running: Int = 0, _ body: (LibvirtHypervisor, LibvirtHypervisor) async throws -> Void
    ) async throws {
        let daemon = try PrivateDaemon()
        defer { daemon.remove() }
        try daemon.start()
        let proxy = try DelayProxy(from: daemon.farSocket, to: daemon.socket, milliseconds: milliseconds)
        defer { proxy.end() }
        var limits = LibvirtLimits()
        limits.backOff = .milliseconds(10)
        limits.backOffMaximum = .milliseconds(50)
        // Keeps the driver's host alive, and is near.
        try await withHypervisor(daemon.uri, limits: limits) { near in
            try await eventually(within: .seconds(60)) { try? await near.sample() }
            try await near.commands.call("define", timeout: .seconds(60)) { connection throws(HypervisorError) in
                for number in 0..<Self.count {
                    let name = "q\(number)"
                    let domain = try connection.handle.define(
                        """
                        <domain type='test'><name>\(name)</name><memory>131072</memory><vcpu current='1'>2</vcpu>
                        <os><type>hvm</type></os></domain>
                        """)
                    if number < running { try domain.start() }
                }
            }
            try await eventually(within: .seconds(20)) {
                FileManager.default.fileExists(atPath: daemon.farSocket) ? true : nil
            }
            try await withHypervisor(daemon.farURI, limits: limits) { far in try await body(near, far) }
        }
    }

    @Test(
        "400 defined domains are read however far their host is, in a bounded number of round trips",
        .timeLimit(.minutes(3)), arguments: [1, 10, 100])
    func defined(milliseconds: Int) async throws {
        try await withFarHost(milliseconds: milliseconds) { near, far in
            let roundTrip = Duration.milliseconds(2 * milliseconds)
            let reading = try await far.sample()
            #expect(reading.domains.count == Self.count + 1)
            // A later sample reads no more definitions than there is time for, and all that is off is in its listing.
            let start = ContinuousClock.now
            let next = try await far.sample()
            let took = start.duration(to: .now)
            #expect(next.domains.count == Self.count + 1)
            #expect(next.domains.count { $0.state == .shutoff } == Self.count)
            #expect(took < far.limits.definitionTime + roundTrip * 30 + .seconds(1), "\(took)")
            print("\(milliseconds) ms each way: a later sample took \(took)")
        }
    }

    @Test("what was read of definitions outlives the connection, and is read on until it is complete")
    func continued() async throws {
        try await withFarHost(milliseconds: 10) { near, far in
            func known() async throws -> Int {
                try await far.sample().domains.count { $0.maximumVCPUs == 2 && $0.name.hasPrefix("q") }
            }
            var (former, samples) = (try await known(), 1)
            #expect(former > 0 && former < Self.count)
            while former < Self.count {
                // A connection that is given up takes nothing along.
                await far.sampling.breakConnection()
                let now = try await known()
                #expect(now > former, "after \(samples) samples")
                (former, samples) = (now, samples + 1)
                try #require(samples < 60)
            }
        }
    }

    @Test("domains that are asked for one by one are all read, in parts, although that takes longer than one call may")
    func running() async throws {
        try await withFarHost(milliseconds: 10, running: 120) { near, far in
            let start = ContinuousClock.now
            let reading = try await far.sample()
            let took = start.duration(to: .now)
            #expect(reading.domains.count == Self.count + 1)
            let running = reading.domains.filter { $0.state == .running }
            #expect(running.count == 121 && running.allSatisfy { $0.counters.cpuTimeNanoseconds != nil })
            #expect(took > far.limits.callTimeout, "it is a test of what takes long: \(took)")
            print("121 running domains of 401, 10 ms each way: \(took)")
        }
    }

    @Test("a change is read again at once where the host tells of it", .timeLimit(.minutes(2)))
    func changes() async throws {
        try await withFarHost(milliseconds: 1) { near, far in
            var reading = try await far.sample()
            let domain = try #require(reading.domains.first { $0.name == "q0" }?.domain)
            _ = try await near.label(domain, DomainLabel(name: "theirs", tenant: "acme"), .fresh())
            try await eventually(within: .seconds(20)) {
                reading = try await far.sample()
                return reading.domains.contains { $0.domain == domain && $0.name == "theirs" } ? true : nil
            }
        }
    }
}
