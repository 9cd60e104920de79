// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import Testing

@testable import Hypervisor

/// Everything that is done to a domain beside its life and its vCPUs, against libvirt's own test driver; each test has a
/// host of its own.
@Suite(.serialized) struct LibvirtOrdersTests {
    /// A host with one running domain of somebody's, two vCPUs of four and 256 MiB of 512.
    private func withHost(
        _ body: (LibvirtHypervisor, DomainID) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ebb-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "host.xml")
        let domain = DomainID.fresh()
        let xml = """
            <node><domain type='test'><name>old-db</name><uuid>\(domain)</uuid><memory>524288</memory>
            <currentMemory>262144</currentMemory><vcpu current='2'>4</vcpu><os><type>hvm</type></os><devices>
            <interface type='bridge'><source bridge='br0'/><target dev='vnet7'/></interface></devices></domain>
            <pool type='dir'><name>images</name><target><path>/images</path></target>
            <volume><name>debian.qcow2</name><capacity>1073741824</capacity><target><format type='qcow2'/></target></volume>
            </pool><cpu><mhz>2000</mhz><model>x</model><active>8</active><nodes>1</nodes><sockets>2</sockets>
            <cores>4</cores><threads>1</threads></cpu><memory>8388608</memory></node>
            """
        try Data(xml.utf8).write(to: file)
        try await withHypervisor("test://\(file.path)") { try await body($0, domain) }
    }

    private func seen(_ domain: DomainID, on hypervisor: LibvirtHypervisor) async throws -> DomainReading {
        try #require(try await hypervisor.sample().domains.first { $0.domain == domain })
    }

    @Test("memory is set by the balloon up to the ceiling of the definition")
    func memory() async throws {
        try await withHost { hypervisor, domain in
            let effect = try await hypervisor.resize(domain, memory: .mebibytes(384), .fresh())
            #expect(effect.domain?.memory?.allocated == .mebibytes(384))
            #expect(try await seen(domain, on: hypervisor).memory?.allocated == .mebibytes(384))
            await expect(code: .invalid, saying: "prepare") {
                try await hypervisor.resize(domain, memory: .mebibytes(513), .fresh())
            }
            await expect(code: .invalid) { try await hypervisor.resize(domain, memory: .kibibytes(1), .fresh()) }
        }
    }

    @Test("a network cap shows in the next sample and can be lifted; a CPU cap that the driver lacks is unsupported")
    func caps() async throws {
        try await withHost { hypervisor, domain in
            #expect(try await seen(domain, on: hypervisor).networkCapBytesPerSecond == nil)
            _ = try await hypervisor.cap(domain, .network(bytesPerSecond: 1_000_000), .fresh())
            #expect(try await seen(domain, on: hypervisor).networkCapBytesPerSecond == 977 * 1_024)
            _ = try await hypervisor.cap(domain, .network(bytesPerSecond: 0), .fresh())
            #expect(try await seen(domain, on: hypervisor).networkCapBytesPerSecond == nil)
            await expect(code: .unsupported, saying: "no CPU cap") {
                try await hypervisor.cap(domain, .cpu(ppm: 500_000), .fresh())
            }
        }
    }

    @Test("a snapshot is taken once, listed, and reverted to; one that is not there is named")
    func snapshots() async throws {
        try await withHost { hypervisor, domain in
            for _ in 1...2 { _ = try await hypervisor.snapshot(domain, name: "before", .fresh()) }
            _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
            let listed = try await hypervisor.snapshots(of: domain)
            #expect(listed.map(\.name) == ["before"])
            #expect(listed.first?.state == .running)
            let effect = try await hypervisor.revert(domain, to: "before", .fresh())
            #expect(effect.domain?.state == .running)
            await expect(code: .invalid, saying: "'after'") {
                try await hypervisor.revert(domain, to: "after", .fresh())
            }
        }
    }

    @Test("an adopted domain bears its tenant at once, and one that is given back bears none")
    func labels() async throws {
        try await withHost { hypervisor, domain in
            let former = try await hypervisor.definition(of: domain)
            _ = try await hypervisor.sample()
            let label = DomainLabel(name: "db", tenant: "acme", flavor: "small")
            _ = try await hypervisor.label(domain, label, .fresh())
            #expect(try await hypervisor.inventory().first?.tenant == "acme")
            #expect(try await seen(domain, on: hypervisor).name == "db")
            _ = try await hypervisor.redefine(domain, former, .fresh())
            #expect(try await hypervisor.inventory().first?.tenant == nil)
            #expect(try await seen(domain, on: hypervisor).name == "old-db")
            await expect(code: .invalid) { try await hypervisor.redefine(domain, "<domain/>", .fresh()) }
            await expect(code: .invalid) {
                try await hypervisor.redefine(
                    domain, former.replacing("\(domain)", with: "\(DomainID.fresh())"), .fresh())
            }
        }
    }

    @Test("a prepared domain may grow further from its next cold boot on")
    func prepare() async throws {
        try await withHost { hypervisor, domain in
            let ceiling = DomainCeiling(maximumVCPUs: 8, maximumMemory: .gibibytes(1))
            let preview = try await hypervisor.preparation(of: domain, for: ceiling)
            #expect(preview.map(\.what) == ["maximum vCPUs", "maximum memory"])
            #expect(try await hypervisor.prepare(domain, for: ceiling, .fresh()) == preview)
            #expect(try await hypervisor.preparation(of: domain, for: ceiling).isEmpty)
            #expect(try await seen(domain, on: hypervisor).maximumVCPUs == 4)
            for operation: LifecycleOperation in [.destroy, .start] {
                _ = try await hypervisor.perform(operation, on: domain, .fresh())
            }
            let booted = try await seen(domain, on: hypervisor)
            #expect(booted.maximumVCPUs == 8)
            #expect(booted.memory?.maximum == .gibibytes(1))
            #expect(try await hypervisor.resize(domain, vcpus: 8, .fresh()).domain?.grantedVCPUs == 8)
        }
    }

    @Test("a domain made from an image has a disk of its own over it, which goes with the domain unless it is kept")
    func images() async throws {
        try await withHost { hypervisor, _ in
            let domain = DomainID.fresh()
            let specification = DomainSpecification(
                domain: domain, name: "web", tenant: "acme", maximumVCPUs: 2, vcpus: 1, memory: .mebibytes(64),
                maximumMemory: .mebibytes(128), disk: .gibibytes(2), flavor: "small",
                boot: BootSource(image: .init(pool: "images", volume: "debian.qcow2")))
            _ = try await hypervisor.create(specification, .fresh())
            let definition = try #require(DefinedDomain(xml: try await hypervisor.definition(of: domain)))
            #expect(definition.diskFiles == ["/images/\(domain).qcow2"])
            #expect(definition.maximumMemory == .mebibytes(128))
            #expect(definition.startMemory == .mebibytes(64))
            #expect(definition.metadata?.ebb?.flavor == "small")
            await expect(code: .refused, saying: "running") {
                try await hypervisor.delete(domain, keepsDisk: false, .fresh())
            }
            _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
            for _ in 1...2 { _ = try await hypervisor.delete(domain, keepsDisk: true, .fresh()) }
            await expect(code: .refused, saying: "already") {
                try await hypervisor.create(specification, .fresh())
            }
        }
    }

    @Test(
        "an image or a pool that is not there is named, and nothing is left of the attempt",
        arguments: [("images", "none.qcow2", "'none.qcow2'"), ("nowhere", "debian.qcow2", "'nowhere'")])
    func missingImages(pool: String, volume: String, culprit: String) async throws {
        try await withHost { hypervisor, _ in
            let domain = DomainID.fresh()
            let specification = DomainSpecification(
                domain: domain, name: "web", tenant: "acme", maximumVCPUs: 2, vcpus: 1, memory: .mebibytes(64),
                disk: .gibibytes(2), boot: BootSource(image: .init(pool: pool, volume: volume)))
            await expect(code: .invalid, saying: culprit) {
                try await hypervisor.create(specification, .fresh())
            }
            #expect(try await !hypervisor.inventory().contains { $0.domain == domain })
        }
    }

    @Test("a host and a domain say what they can do")
    func examinations() async throws {
        try await withHost { hypervisor, domain in
            let host = try await hypervisor.examine()
            #expect(host.storagePools.map(\.name) == ["images"])
            #expect(host.capabilities.events.contains("lifecycle"))
            #expect(host.capabilities.canCapCPU == false)
            #expect(host.capabilities.hasStorage)
            #expect(!host.problems.isEmpty)
            let abilities = try await hypervisor.examine(domain)
            #expect(abilities.growsVCPUs.isPossible)
            #expect(!abilities.movesLive.isPossible)
            #expect(!abilities.capsCPU.isPossible)
            #expect(try await hypervisor.look(at: domain).state == .running)
            #expect(try await hypervisor.migrationProgress(of: domain) == nil)
            let stranger = DomainID.fresh()
            await expect(code: .noSuchDomain) { try await hypervisor.examine(stranger) }
            await expect(code: .noSuchDomain) { try await hypervisor.console(of: stranger, from: 0, limit: 10) }
        }
    }

    @Test("a guest that shuts down in time is not destroyed")
    func shutDown() async throws {
        try await withHost { hypervisor, domain in
            let effect = try await hypervisor.shutDown(domain, grace: .seconds(20), .fresh()) {
                Issue.record("must not be asked")
                return nil
            }
            #expect(effect.domain?.state == .shutoff)
        }
    }

    @Test("a domain whose figures held up a sample is left out of the next one, the others are not")
    func suspects() async throws {
        try await withHost { hypervisor, domain in
            let other = DomainID.fresh()
            _ = try await hypervisor.create(.small(other, name: "other"), .fresh())
            let collected = try await hypervisor.sampling.call("sample", timeout: .seconds(5)) {
                connection throws(HypervisorError) in try connection.sample(SampleAttempt(skipping: [domain]))
            }
            let readings = collected.reading.domains
            #expect(readings.first { $0.domain == domain }?.state == .unknown)
            #expect(readings.first { $0.domain == other }?.state == .running)
        }
    }
}
