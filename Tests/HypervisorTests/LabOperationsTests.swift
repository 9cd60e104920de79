// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Synchronization
import Testing

@testable import Hypervisor

/// Every operation, on two real hosts and a real guest. Run as `LabTests` are.
@Suite(.serialized, .enabled(if: Lab.present != nil, "the lab is not up (EBB_LAB_SCRIPT, EBB_LAB_DIR)"))
struct LabOperationsTests {
    /// The two hosts, the guest, and what the hosts told meanwhile.
    private final class Scene: Sendable {
        let lab: Lab
        let source: LibvirtHypervisor
        let target: LibvirtHypervisor
        let domain = DomainID.fresh()
        private let told = Mutex<[HypervisorEvent]>([])

        init(_ lab: Lab) throws {
            self.lab = lab
            source = LibvirtHypervisor(uri: try #require(lab.uris["host-a"]), host: "host-a", log: quiet)
            target = LibvirtHypervisor(uri: try #require(lab.uris["host-b"]), host: "host-b", log: quiet)
        }

        var events: [HypervisorEvent] { told.withLock { $0 } }

        func listen() async {
            for await event in source.events { told.withLock { $0.append(event) } }
        }

        /// Waits until the source told of it.
        func heard(within limit: Duration, _ matches: (HypervisorEvent) -> Bool) async throws {
            try await eventually(within: limit) { events.contains(where: matches) ? true : nil }
        }

        func guest(_ command: String) async throws -> String {
            try await lab.run("guest", "\(domain)", "sh", "-c", command)
        }

        func tidy() async {
            for hypervisor in [source, target] {
                _ = try? await hypervisor.perform(.destroy, on: domain, .fresh())
                _ = try? await hypervisor.delete(domain, keepsDisk: false, .fresh())
                await hypervisor.close()
            }
        }
    }

    private static let address = 160

    @Test("every operation has its effect on real hosts", .timeLimit(.minutes(12)))
    func operations() async throws {
        let scene = try Scene(try #require(Lab.present))
        let listener = Task { await scene.listen() }
        let outcome: Result<Void, any Error>
        do {
            try await examineHosts(scene)
            try await create(scene)
            try await questions(scene)
            try await snapshots(scene)
            try await sizes(scene)
            if scene.lab.canCap { try await LabCaps(lab: scene.lab, host: scene.source, domain: scene.domain).run() }
            try await life(scene)
            try await hungGuest(scene)
            try await migrations(scene)
            try await definitions(scene)
            try await removal(scene)
            try await LabStates(lab: scene.lab, host: scene.target).run()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        listener.cancel()
        await scene.tidy()
        try outcome.get()
    }

    private func examineHosts(_ scene: Scene) async throws {
        // A daemon's first connection waits until it has looked at every emulator of the host.
        let first = try await eventually(within: .seconds(90)) { try? await scene.source.examine() }
        let second = try await eventually(within: .seconds(90)) { try? await scene.target.examine() }
        #expect(first.capabilities.hostUUID != nil)
        #expect(first.capabilities.hostUUID != second.capabilities.hostUUID)
        #expect(first.hostName.name == "host-a")
        #expect(first.migrationName?.addresses == ["\(scene.lab.network).11"])
        // The lab's hosts have the clock of this machine.
        let before = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970) * 1_000_000_000)
        for host in [scene.source, scene.target] {
            let clock = try await host.clock(mayWrite: true)
            #expect(abs(clock.nanoseconds(since: before)) < 30_000_000_000)
            #expect(try await host.examine().storagePools.map(\.name) == ["images"], "nothing is left behind")
        }
        #expect(first.storagePools.contains { $0.name == "images" && $0.isActive })
        #expect(first.migrationTransports.contains("tcp"))
        #expect(first.problems.contains { $0.contains("not encrypted") })
        #expect(try await scene.target.accepts(cpu: first.cpu ?? ""))
        for kind in ["agent", "job", "lifecycle", "memory", "reboot"] {
            #expect(first.capabilities.events.contains(kind), "\(first.capabilities.events)")
        }
    }

    /// From an image, with a seed; the guest itself reads the seed.
    private func create(_ scene: Scene) async throws {
        try await scene.lab.run("disk", "base.qcow2", "64M")
        let lab = scene.lab
        let specification = DomainSpecification(
            domain: scene.domain, name: "op-\(scene.domain.uuid.low)", tenant: "acme", maximumVCPUs: 3, vcpus: 1,
            memory: .mebibytes(256), maximumMemory: .mebibytes(320), disk: .mebibytes(96), flavor: "small",
            boot: BootSource(
                kernelPath: lab.kernel, initrdPath: lab.initrd,
                kernelCommandLine: "console=ttyS0 quiet lab.ip=\(lab.network).\(Self.address)/24",
                image: .init(pool: "images", volume: "base.qcow2"), seed: .init(sshKeys: ["ssh-ed25519 AAAA lab"]),
                bridge: "br0"))
        let effect = try await scene.source.create(specification, .fresh(timeout: .seconds(60)))
        #expect(effect.domain?.state == .running)
        try await boots(scene, on: scene.source)
        try await scene.heard(within: .seconds(30)) { $0 == .agent(scene.domain, isConnected: true) }
        let seed = try await scene.guest("mkdir -p /tmp/s && mount -t iso9660 -o ro /dev/vdb /tmp/s && cat /tmp/s/*")
        #expect(seed.contains("ssh-ed25519 AAAA lab"))
        #expect(seed.contains("90-ebb-cpu-online.rules"))
        _ = try await scene.guest("umount /tmp/s")
    }

    private func boots(_ scene: Scene, on hypervisor: LibvirtHypervisor) async throws {
        try await eventually(within: .seconds(180)) { try? await scene.guest("true") }
    }

    private func questions(_ scene: Scene) async throws {
        let (source, domain) = (scene.source, scene.domain)
        let addresses = try await source.addresses(of: domain)
        #expect(addresses.contains { $0.address == "\(scene.lab.network).\(Self.address)" && $0.source == .agent })
        let console = try await source.console(of: domain, from: 0, limit: 100_000)
        #expect(console.text.contains("lab guest is up"))
        let rest = try await source.console(of: domain, from: console.nextOffset, limit: 100)
        #expect(rest.offset == console.nextOffset)
        let tail = try await source.console(of: domain, from: -5, limit: 100)
        #expect(tail.text.utf8.count >= 5)
        let abilities = try await source.examine(domain)
        for ability in [
            abilities.growsVCPUs, abilities.shrinksVCPUs, abilities.resizesMemory, abilities.movesLive,
            abilities.confirmsSizes,
        ] { #expect(ability.isPossible, "\(ability.missing)") }
        #expect(abilities.capsCPU.isPossible == scene.lab.canCap)
    }

    private func sizes(_ scene: Scene) async throws {
        let (source, domain) = (scene.source, scene.domain)
        for count: VCPUCount in [2, 1, 3] {
            let effect = try await source.resize(domain, vcpus: count, .fresh(timeout: .seconds(40)))
            #expect(effect.domain?.confirmedVCPUs == count)
        }
        for memory: ByteCount in [.mebibytes(192), .mebibytes(300)] {
            _ = try await source.resize(domain, memory: memory, .fresh(timeout: .seconds(20)))
            try await eventually(within: .seconds(40)) {
                try await source.look(at: domain).memory?.allocated == memory ? true : nil
            }
        }
        try await scene.heard(within: .seconds(10)) {
            if case .memoryChanged(domain, _) = $0 { true } else { false }
        }
        if !scene.lab.canCap {
            await expect(code: .unsupported, saying: "control groups") {
                try await source.cap(domain, .cpu(ppm: 500_000), .fresh())
            }
        }
        try await networkCap(scene)
        await expect(code: .refused, saying: "plugged") {
            try await source.snapshot(domain, name: "late", .fresh(timeout: .seconds(60)))
        }
    }

    /// Where the kernel has no traffic control, the refusal says so.
    private func networkCap(_ scene: Scene) async throws {
        do {
            _ = try await scene.source.cap(scene.domain, .network(bytesPerSecond: 1 << 20), .fresh())
        } catch {
            #expect(error.code == .refused || error.code == .unsupported, "\(error)")
            return
        }
        let capped = try await scene.source.sample().domains.first { $0.domain == scene.domain }
        #expect(capped?.networkCapBytesPerSecond == 1 << 20)
        _ = try await scene.source.cap(scene.domain, .network(bytesPerSecond: 0), .fresh())
        let free = try await scene.source.sample().domains.first { $0.domain == scene.domain }
        #expect(free?.networkCapBytesPerSecond == nil)
    }

    private func life(_ scene: Scene) async throws {
        let (source, domain) = (scene.source, scene.domain)
        for (operation, state) in [
            (.suspend, .paused), (.resume, .running), (.save, .saved), (.restore, .running),
        ] as [(LifecycleOperation, DomainState)] {
            let effect = try await source.perform(operation, on: domain, .fresh(timeout: .seconds(90)))
            #expect(effect.domain?.state == state)
        }
        // A foreign hand is noticed within a second.
        try await scene.lab.run("virsh", "host-a", "suspend", "\(domain)")
        try await scene.heard(within: .seconds(1)) { event in
            if case .lifecycle(domain, .paused, _) = event { true } else { false }
        }
        try await scene.lab.run("virsh", "host-a", "resume", "\(domain)")
        _ = try await source.perform(.reboot, on: domain, .fresh())
        try await eventually(within: .seconds(180)) {
            let text = try await source.console(of: domain, from: 0, limit: 1 << 20).text
            return text.components(separatedBy: "lab guest is up").count > 2 ? true : nil
        }
        try await boots(scene, on: source)
    }

    private func snapshots(_ scene: Scene) async throws {
        let (source, domain) = (scene.source, scene.domain)
        _ = try await scene.guest("echo before >/run/mark")
        _ = try await source.snapshot(domain, name: "before", .fresh(timeout: .seconds(120)))
        _ = try await scene.guest("echo after >/run/mark")
        #expect(try await source.snapshots(of: domain).map(\.name) == ["before"])
        let life = try await source.lifeMark(of: domain)
        #expect(life.snapshot == "before")
        let effect = try await source.revert(domain, to: "before", .fresh(timeout: .seconds(120)))
        #expect(effect.domain?.state == .running)
        let mark = try await eventually(within: .seconds(60)) { try? await scene.guest("cat /run/mark") }
        #expect(mark == "before")
        // A domain that was taken back runs as another one: this tells a successor that it was.
        let taken = try await source.lifeMark(of: domain)
        #expect(taken.snapshot == "before" && taken.hypervisorID != life.hypervisorID)
        _ = try await source.deleteSnapshot(of: domain, name: "before", .fresh(timeout: .seconds(60)))
        #expect(try await source.snapshots(of: domain).isEmpty)
    }

    /// A guest whose process stands still holds up what is asked of it, and nobody else.
    private func hungGuest(_ scene: Scene) async throws {
        let other = DomainID.fresh()
        let specification = DomainSpecification(
            domain: other, name: "other-\(other.uuid.low)", tenant: "acme", maximumVCPUs: 1, vcpus: 1,
            memory: .mebibytes(64), disk: .zero,
            boot: BootSource(kernelPath: scene.lab.kernel, initrdPath: scene.lab.initrd))
        _ = try await scene.target.create(specification, .fresh(timeout: .seconds(60)))
        let victim = DomainID.fresh()
        let second = DomainSpecification(
            domain: victim, name: "hung-\(victim.uuid.low)", tenant: "acme", maximumVCPUs: 1, vcpus: 1,
            memory: .mebibytes(64), disk: .zero,
            boot: BootSource(kernelPath: scene.lab.kernel, initrdPath: scene.lab.initrd))
        _ = try await scene.target.create(second, .fresh(timeout: .seconds(60)))
        _ = try await scene.target.sample()
        try await signal("STOP", "acme.hung-\(victim.uuid.low)", scene)
        var worst = Duration.zero
        for _ in 1...4 {
            let start = ContinuousClock.now
            let reading = try await scene.target.sample()
            worst = max(worst, start.duration(to: .now))
            let seen = try #require(reading.domains.first { $0.domain == other })
            #expect(seen.state == .running)
            #expect(seen.counters.cpuTimeNanoseconds != nil)
        }
        // Only the first one waits, for less than a call may take.
        #expect(worst < .seconds(5))
        try await signal("CONT", "acme.hung-\(victim.uuid.low)", scene)
        for domain in [other, victim] {
            _ = try await scene.target.perform(.destroy, on: domain, .fresh(timeout: .seconds(40)))
            _ = try await scene.target.delete(domain, keepsDisk: false, .fresh())
        }
    }

    private func signal(_ name: String, _ guest: String, _ scene: Scene) async throws {
        try await scene.lab.run(
            "exec", "host-b", "sh", "-c", "kill -\(name) $(cat /run/libvirt/qemu/\(guest).pid)")
    }

    private func migrations(_ scene: Scene) async throws {
        let (source, domain) = (scene.source, scene.domain)
        let uri = try #require(scene.lab.uris["host-b"])
        let slow = MigrationTarget(
            host: "host-b", uri: uri, epoch: 1, options: MigrationOptions(bandwidthBytesPerSecond: 2 << 20))
        let aborted = Task { try await source.migrate(domain, to: slow, .fresh(timeout: .seconds(60))) }
        let progress: MigrationProgress
        do {
            progress = try await eventually(within: .seconds(20)) {
                try await source.migrationProgress(of: domain).flatMap { $0.transferred > .zero ? $0 : nil }
            }
        } catch {
            // Left alone it would go on into the next tests, and its own end says why nothing was seen of it.
            _ = try? await source.abortMigration(of: domain, .fresh())
            _ = try await aborted.value
            throw error
        }
        #expect((0..<1_000_000).contains(progress.ppm))
        _ = try await source.abortMigration(of: domain, .fresh())
        await expect(code: .refused) { try await aborted.value }
        #expect(try await source.look(at: domain).state == .running)
        #expect(try await source.migrationProgress(of: domain) == nil)

        if scene.lab.canCap { _ = try await source.cap(domain, .cpu(ppm: 900_000), .fresh()) }
        let options = MigrationOptions(
            bandwidthBytesPerSecond: 512 << 20, maximumDowntimeMilliseconds: 500, autoConverges: true)
        let target = MigrationTarget(host: "host-b", uri: uri, epoch: 1, options: options)
        let effect = try await source.migrate(domain, to: target, .fresh(timeout: .seconds(120)))
        #expect(effect.domain?.state == .running)
        if scene.lab.canCap {
            #expect(try await scene.target.look(at: domain).cpuCap == .limit(ppm: 900_000), "a move keeps the cap")
            _ = try await scene.target.cap(domain, .cpu(ppm: 0), .fresh())
        }
        try await scene.heard(within: .seconds(10)) { $0 == .jobCompleted(domain, detail: "migration away") }
        #expect(try await !source.inventory().contains { $0.domain == domain })
        let persistent = DefinedDomain(xml: try await scene.target.definition(of: domain))
        #expect(persistent?.maximumVCPUs == 3)
        #expect(persistent?.tenant == "acme")
        #expect(persistent?.metadata?.ebb?.flavor == "small")
    }

    private func definitions(_ scene: Scene) async throws {
        let (target, domain) = (scene.target, scene.domain)
        let former = try await target.definition(of: domain)
        _ = try await target.label(domain, DomainLabel(name: "theirs", tenant: "globex"), .fresh())
        #expect(try await target.inventory().first { $0.domain == domain }?.tenant == "globex")
        _ = try await target.label(domain, DomainLabel(name: "op", tenant: "acme"), .fresh())
        #expect(try await target.inventory().first { $0.domain == domain }?.tenant == "acme")
        #expect(former.contains("ebb:domain"))
        let ceiling = DomainCeiling(maximumVCPUs: 6, maximumMemory: .mebibytes(512))
        let changes = try await target.prepare(domain, for: ceiling, .fresh())
        #expect(changes.map(\.what) == ["maximum vCPUs", "maximum memory"])
        #expect(try await target.look(at: domain).maximumVCPUs == 3)
    }

    /// The guest complies with its shutdown; what was prepared holds at its next boot; nothing is left of it at last, also
    /// where a backup tool has made a checkpoint.
    private func removal(_ scene: Scene) async throws {
        let (target, domain) = (scene.target, scene.domain)
        let effect = try await target.shutDown(domain, grace: .seconds(90), .fresh()) { .fresh() }
        #expect(effect.domain?.state == .shutoff)
        let started = try await target.perform(.start, on: domain, .fresh(timeout: .seconds(60)))
        #expect(started.domain?.maximumVCPUs == 6)
        #expect(started.domain?.memory?.maximum == .mebibytes(512))
        try await scene.lab.run("virsh", "host-b", "checkpoint-create-as", "\(domain)", "c1")
        _ = try await target.perform(.destroy, on: domain, .fresh())
        let removal = try await target.delete(domain, keepsDisk: false, .fresh())
        #expect(removal.remains.isEmpty)
        try await scene.lab.run("virsh", "host-b", "pool-refresh", "images")
        let volumes = try await scene.lab.run("virsh", "host-b", "vol-list", "images")
        #expect(!volumes.contains("\(domain)"))
        #expect(volumes.contains("base.qcow2"))
    }
}
