// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import Hypervisor

/// Against real libvirt daemons and QEMU guests. Run with:
/// `EBB_LAB_DIR=… EBB_LAB_SCRIPT=$PWD/Tests/Lab/lab.sh Tests/Lab/lab.sh net swift test --filter LabTests`
@Suite(.serialized, .enabled(if: Lab.present != nil, "the lab is not up (EBB_LAB_SCRIPT, EBB_LAB_DIR)"))
struct LabTests {
    @Test("a guest is created, sampled, resized, moved and removed", .timeLimit(.minutes(5)))
    func wholeLife() async throws {
        let lab = try #require(Lab.present)
        let (source, target) = try (hypervisor("host-a", lab), hypervisor("host-b", lab))
        let domain = DomainID.fresh()
        let specification = try await specification(domain, lab)
        let outcome: Result<Void, any Error>
        do {
            try await checkCapabilities(source)
            _ = try await source.create(specification, .fresh(timeout: .seconds(30)))
            try await waitForGuest(domain, on: source, lab)
            try await checkSample(domain, on: source)
            try await checkResize(domain, on: source)
            try await checkSuspendAndSave(domain, on: source)
            try await checkMigrationCalledOff(domain, from: source, to: target, lab)
            try await checkMigration(domain, from: source, to: target, lab)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        for hypervisor in [source, target] {
            _ = try? await hypervisor.perform(.destroy, on: domain, .fresh())
            _ = try? await hypervisor.perform(.undefine, on: domain, .fresh())
            await hypervisor.close()
        }
        try outcome.get()
    }

    @Test("a frozen daemon is unreachable by the deadline and answers again when it thaws", .timeLimit(.minutes(3)))
    func frozenDaemon() async throws {
        let lab = try #require(Lab.present)
        var limits = LibvirtLimits()
        limits.callTimeout = .seconds(1)
        limits.backOff = .milliseconds(100)
        let hypervisor = try hypervisor("host-b", lab, limits: limits)
        _ = try await hypervisor.sample()
        var events = hypervisor.events.makeAsyncIterator()
        try await lab.run("daemon", "host-b", "freeze")
        let start = ContinuousClock.now
        // The first attempt overran, and the second, on a fresh connection, found nobody.
        await expect(code: .unreachable) { try await hypervisor.sample() }
        #expect(start.duration(to: .now) < .seconds(3))
        guard case .connectionLost = await events.next() else {
            Issue.record("the loss of the connection was not reported")
            return
        }
        try await lab.run("daemon", "host-b", "thaw")
        try await eventually(within: .seconds(60)) { try? await hypervisor.sample() }
        await hypervisor.close()
    }

    @Test("a killed daemon's guests go on running, and its connection is opened again", .timeLimit(.minutes(3)))
    func killedDaemon() async throws {
        let lab = try #require(Lab.present)
        var limits = LibvirtLimits()
        limits.backOff = .milliseconds(100)
        let hypervisor = try hypervisor("host-a", lab, limits: limits)
        let domain = DomainID.fresh()
        let created = try await hypervisor.create(specification(domain, lab), .fresh(timeout: .seconds(30)))
        try await lab.run("daemon", "host-a", "kill")
        await expect(code: .unreachable) { try await hypervisor.sample() }
        try await lab.run("daemon", "host-a", "start")
        let seen = try await eventually(within: .seconds(60)) {
            try? await hypervisor.sample().domains.first { $0.domain == domain }
        }
        #expect(seen.state == .running)
        #expect(seen.hypervisorID == created.domain?.hypervisorID)
        _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
        _ = try await hypervisor.perform(.undefine, on: domain, .fresh())
        await hypervisor.close()
    }

    private func hypervisor(
        _ host: HostID, _ lab: Lab, limits: LibvirtLimits = LibvirtLimits()
    ) throws -> LibvirtHypervisor {
        LibvirtHypervisor(uri: try #require(lab.uris[host]), host: host, log: quiet, limits: limits)
    }

    private func specification(_ domain: DomainID, _ lab: Lab) async throws -> DomainSpecification {
        let disk = try await lab.run("disk", "\(domain).qcow2", "64M")
        return DomainSpecification(
            domain: domain, name: "web-\(domain.uuid.low)", tenant: "acme", maximumVCPUs: 4, vcpus: 1,
            memory: .mebibytes(256), disk: .mebibytes(64),
            boot: BootSource(
                kernelPath: lab.kernel, initrdPath: lab.initrd,
                kernelCommandLine: "console=ttyS0 quiet lab.ip=\(lab.network).150/24", diskPath: disk, bridge: "br0"))
    }

    private func checkCapabilities(_ hypervisor: LibvirtHypervisor) async throws {
        let capabilities = try await hypervisor.capabilities()
        #expect(capabilities.driver == "QEMU")
        #expect(capabilities.hasBulkStatistics)
        #expect(capabilities.hasHostCPUStatistics)
        #expect(capabilities.hasHostMemoryStatistics)
        #expect(capabilities.canMigrate)
        let response = try await hypervisor.responseTime()
        #expect(response.method == .tcpConnect)
    }

    private func waitForGuest(_ domain: DomainID, on hypervisor: LibvirtHypervisor, _ lab: Lab) async throws {
        // The agent's own answer is the one sign of life that needs no network in the guest.
        try await eventually(within: .seconds(90)) { try? await lab.run("guest", "\(domain)", "true") }
        try await eventually(within: .seconds(30)) {
            try? await hypervisor.sample().domains.first { $0.domain == domain }?.memory?.used
        }
    }

    private func checkSample(_ domain: DomainID, on hypervisor: LibvirtHypervisor) async throws {
        let host = try await hypervisor.sample()
        #expect((host.cpuTimeNanoseconds ?? 0) > 0)
        #expect((host.memoryUsed ?? .zero) > .zero)
        // A reading leaves out what libvirt itself holds at that moment, for instance to hear that the agent came.
        let reading = try await eventually(within: .seconds(20)) {
            try await hypervisor.sample().domains.first { $0.domain == domain && $0.disk != nil }
        }
        #expect(reading.name == "web-\(domain.uuid.low)")
        #expect(reading.state == .running)
        #expect(reading.maximumVCPUs == 4)
        #expect(reading.grantedVCPUs == 1)
        #expect(reading.confirmedVCPUs == 1)
        #expect(reading.memory?.maximum == .mebibytes(256))
        #expect(reading.memory?.allocated == .mebibytes(256))
        #expect(reading.disk == .mebibytes(64))
        #expect((reading.counters.cpuTimeNanoseconds ?? 0) > 0)
        #expect(reading.counters.stealTimeNanoseconds != nil)
        #expect(reading.counters.networkReceivedBytes != nil)
        #expect(reading.counters.blockReadBytes != nil)
        #expect(reading.vcpuTimeNanoseconds?.count == 1)
    }

    private func checkResize(_ domain: DomainID, on hypervisor: LibvirtHypervisor) async throws {
        // Under emulation a vCPU that was plugged stays so: what was granted never shrinks, what is confirmed does.
        for (asked, granted) in [(2, 2), (1, 2), (2, 2), (3, 3), (1, 3)] as [(VCPUCount, VCPUCount)] {
            let effect = try await hypervisor.resize(domain, vcpus: asked, .fresh(timeout: .seconds(20)))
            #expect(effect.domain?.grantedVCPUs == granted, "after asking for \(asked)")
            #expect(effect.domain?.confirmedVCPUs == asked, "after asking for \(asked)")
            let seen = try await hypervisor.sample().domains.first { $0.domain == domain }
            #expect(seen?.grantedVCPUs == granted)
            // Bringing a vCPU down takes time on it, so the first sample may still count it.
            #expect((seen?.confirmedVCPUs ?? 0) >= asked)
        }
        _ = try await eventually(within: .seconds(20)) {
            let seen = try? await hypervisor.sample().domains.first { $0.domain == domain }
            return seen?.confirmedVCPUs == 1 ? true : nil
        }
    }

    private func checkSuspendAndSave(_ domain: DomainID, on hypervisor: LibvirtHypervisor) async throws {
        let before = try await hypervisor.sample().domains.first { $0.domain == domain }
        for (operation, state) in [
            (.suspend, .paused), (.resume, .running), (.save, .saved), (.restore, .running),
        ] as [(LifecycleOperation, DomainState)] {
            let effect = try await hypervisor.perform(operation, on: domain, .fresh(timeout: .seconds(60)))
            #expect(effect.domain?.state == state)
            let seen = try await hypervisor.sample().domains.first { $0.domain == domain }
            #expect(seen?.state == state)
        }
        let after = try await hypervisor.sample().domains.first { $0.domain == domain }
        #expect(after?.hypervisorID != before?.hypervisorID)
    }

    private func checkMigrationCalledOff(
        _ domain: DomainID, from source: LibvirtHypervisor, to target: LibvirtHypervisor, _ lab: Lab
    ) async throws {
        let destination = MigrationTarget(host: "host-b", uri: try #require(lab.uris["host-b"]), epoch: 1)
        // At 1 MiB/s its memory takes far longer than there is time.
        try await lab.run("virsh", "host-a", "migrate-setspeed", "\(domain)", "1")
        await expect(code: .refused) {
            try await source.migrate(domain, to: destination, .fresh(timeout: .seconds(4)))
        }
        try await lab.run("virsh", "host-a", "migrate-setspeed", "\(domain)", "10000")
        let seen = try await source.sample().domains.first { $0.domain == domain }
        #expect(seen?.state == .running)
        try await eventually(within: .seconds(10)) {
            try await target.inventory().contains { $0.domain == domain } ? nil : true
        }
    }

    private func checkMigration(
        _ domain: DomainID, from source: LibvirtHypervisor, to target: LibvirtHypervisor, _ lab: Lab
    ) async throws {
        let uri = try #require(lab.uris["host-b"])
        let destination = MigrationTarget(host: "host-b", uri: uri, epoch: 1)
        async let moved = source.migrate(domain, to: destination, .fresh(timeout: .seconds(60)))
        // Sampling goes on beside it.
        for _ in 1...5 { _ = try await source.sample() }
        let effect = try await moved
        #expect(effect.domain?.state == .running)
        #expect(try await !source.inventory().contains { $0.domain == domain })
        let description = try #require(try await target.inventory().first { $0.domain == domain })
        #expect(description.tenant == "acme")
        #expect(description.disk == .mebibytes(64))
        let grown = try await target.resize(domain, vcpus: 4, .fresh(timeout: .seconds(20)))
        #expect(grown.domain?.confirmedVCPUs == 4)
    }
}
