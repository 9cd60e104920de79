// SPDX-License-Identifier: Apache-2.0

import Contracts
import Execution
import Foundation
import ResourceModel
import Testing

@testable import Hypervisor

/// Everything that is done to a domain beside its life and its vCPUs, against libvirt's own test driver.
@Suite(.serialized) struct LibvirtOrdersTests {
    /// A running domain with two vCPUs of four and 256 MiB of 512, on the process's one host.
    private func withHost(
        _ body: (LibvirtHypervisor, DomainID) async throws -> Void
    ) async throws {
        try await withHypervisor { hypervisor in
            let domain = DomainID.fresh()
            let specification = DomainSpecification(
                domain: domain, name: "db", tenant: "acme", maximumVCPUs: 4, vcpus: 2, memory: .mebibytes(256),
                maximumMemory: .mebibytes(512), disk: .zero, boot: BootSource(bridge: "br0"))
            _ = try await hypervisor.create(specification, .fresh())
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(hypervisor, domain)) } catch { outcome = .failure(error) }
            _ = try? await hypervisor.perform(.destroy, on: domain, .fresh())
            _ = try? await hypervisor.delete(domain, keepsDisk: false, .fresh())
            try outcome.get()
        }
    }

    /// The pool that the test driver has from the start.
    private static let pool = "default-pool"

    /// Puts an image into the pool, as an operator does.
    private func makeImage(_ name: String, on hypervisor: LibvirtHypervisor) async throws {
        try await hypervisor.commands.call("image", timeout: .seconds(10)) { connection throws(HypervisorError) in
            let definition = VolumeDefinition(name: name, bytes: 1 << 30, format: "qcow2")
            _ = try connection.handle.pool(Self.pool).create(definition.xml())
        }
    }

    private func seen(_ domain: DomainID, on hypervisor: LibvirtHypervisor) async throws -> DomainReading {
        try #require(try await hypervisor.sample().domains.first { $0.domain == domain })
    }

    private func tenant(of domain: DomainID, on hypervisor: LibvirtHypervisor) async throws -> TenantID? {
        try await hypervisor.inventory().first { $0.domain == domain }?.tenant
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

    @Test("a snapshot is taken once, listed, reverted to and deleted; one that is not there is named")
    func snapshots() async throws {
        try await withHost { hypervisor, domain in
            _ = try await hypervisor.snapshot(domain, name: "before", .fresh())
            _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
            let listed = try await hypervisor.snapshots(of: domain)
            #expect(listed.map(\.name) == ["before"])
            #expect(listed.first?.state == .running)
            await expect(code: .invalid, saying: "'before' already") {
                try await hypervisor.snapshot(domain, name: "before", .fresh())
            }
            let effect = try await hypervisor.revert(domain, to: "before", .fresh())
            #expect(effect.domain?.state == .running)
            await expect(code: .invalid, saying: "'after'") {
                try await hypervisor.revert(domain, to: "after", .fresh())
            }
            await expect(code: .invalid, saying: "'after'") {
                try await hypervisor.deleteSnapshot(of: domain, name: "after", .fresh())
            }
            #expect(try await hypervisor.lifeMark(of: domain).snapshot == "before")
            let deleted = try await hypervisor.deleteSnapshot(of: domain, name: "before", .fresh())
            #expect(deleted.domain?.state == .running)
            #expect(try await hypervisor.snapshots(of: domain).isEmpty)
            #expect(try await hypervisor.lifeMark(of: domain).snapshot == nil)
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
            try await makeImage("debian-\(domain).qcow2", on: hypervisor)
            let specification = DomainSpecification(
                domain: domain, name: "web", tenant: "acme", maximumVCPUs: 2, vcpus: 1, memory: .mebibytes(64),
                maximumMemory: .mebibytes(128), disk: .gibibytes(2), flavor: "small",
                boot: BootSource(image: .init(pool: Self.pool, volume: "debian-\(domain).qcow2")))
            _ = try await hypervisor.create(specification, .fresh())
            let definition = try #require(DefinedDomain(xml: try await hypervisor.definition(of: domain)))
            #expect(definition.diskFiles == ["/default-pool/\(domain).qcow2"])
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
        arguments: [("default-pool", "none.qcow2", "'none.qcow2'"), ("nowhere", "debian.qcow2", "'nowhere'")])
    func missingImages(pool: String, volume: String, culprit: String) async throws {
        try await withHost { hypervisor, _ in
            let domain = DomainID.fresh()
            let specification = DomainSpecification(
                domain: domain, name: "web", tenant: "acme", maximumVCPUs: 2, vcpus: 1, memory: .mebibytes(64),
                disk: .gibibytes(2), boot: BootSource(image: .init(pool: pool, volume: volume)))
            await expect(code: .invalid, saying: culprit) {
                try await hypervisor.create(specification, .fresh())
            }
            let known = try await hypervisor.inventory()
            #expect(!known.contains { $0.domain == domain })
        }
    }

    @Test("a host and a domain say what they can do")
    func examinations() async throws {
        try await withHost { hypervisor, domain in
            let host = try await hypervisor.examine()
            #expect(host.storagePools.contains { $0.name == Self.pool && $0.isActive })
            #expect(host.capabilities.events.contains("lifecycle"))
            #expect(host.capabilities.canCapCPU == false)
            #expect(host.cpuCapObstacle?.contains("no CPU cap") == true)
            #expect(host.capabilities.hasStorage)
            #expect(!host.hostName.name.isEmpty && host.migrationName?.name == "")
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

    @Test("a host's clock is not read where nothing may be written, nor from a driver whose files have no time stamps")
    func clock() async throws {
        try await withHost { hypervisor, _ in
            let before = try await hypervisor.examine().storagePools
            await expect(code: .refused, saying: "time stamp") { try await hypervisor.clock(mayWrite: false) }
            await expect(code: .unsupported, saying: "time stamp") { try await hypervisor.clock(mayWrite: true) }
            #expect(try await hypervisor.examine().storagePools.map(\.name) == before.map(\.name))
        }
    }

    @Test(
        "a file's time stamp is read to the nanosecond, and nothing else is taken for one",
        arguments: [
            ("1341933637.273190990", Timestamp(nanoseconds: 1_341_933_637_273_190_990)),
            ("1341933637.5", Timestamp(nanoseconds: 1_341_933_637_500_000_000)),
            ("1341933637", Timestamp(nanoseconds: 1_341_933_637_000_000_000)), ("yesterday", nil), ("1.2.3", nil),
            ("99999999999999", nil), ("1341933637.", nil), ("-5", nil), ("1341933637.-1", nil),
        ] as [(String, Timestamp?)])
    func timestamps(text: String, expected: Timestamp?) throws {
        let volume = try #require(
            DefinedVolume(
                xml: """
                    <volume type='file'><name>v</name><target><path>/run/v</path>
                      <timestamps><atime>1</atime><mtime>\(text)</mtime></timestamps></target></volume>
                    """))
        #expect(volume.modifiedAt == expected)
    }

    @Test("names are resolved by this machine, and one that there is not has no address")
    func names() async {
        let found = await resolved(["127.0.0.1", "localhost", "", "no-such-host.invalid"], timeout: .seconds(10))
        #expect(found.map(\.name) == ["127.0.0.1", "localhost", "", "no-such-host.invalid"])
        #expect(found[0].addresses == ["127.0.0.1"] && !found[1].addresses.isEmpty)
        #expect(found[2].addresses.isEmpty && found[3].addresses.isEmpty)
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
                connection throws(HypervisorError) in
                try connection.sample(SampleAttempt(skipping: [domain], pass: SamplePass(), steps: StepCount()))
            }
            let readings = try #require(collected).reading.domains
            #expect(readings.first { $0.domain == domain }?.state == .unknown)
            #expect(readings.first { $0.domain == other }?.state == .running)
        }
    }
}
