// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import Hypervisor

/// What is done to definitions, and in which order, against libvirt's own test driver.
@Suite(.serialized) struct LibvirtDefinitionsTests {
    /// The pool that the test driver has from the start.
    private static let pool = "default-pool"

    /// A domain that somebody else made, running, with a note of their own in its metadata.
    private static func foreign(_ domain: DomainID, cpu: String = "", devices: String = "") -> String {
        """
        <domain type='test'>
          <name>theirs-\(domain)</name><uuid>\(domain)</uuid>
          <metadata><app:note xmlns:app='urn:app:1' kept='yes'><app:inner>a &amp; b</app:inner></app:note></metadata>
          <memory unit='KiB'>262144</memory><vcpu placement='static' current='2'>4</vcpu>
          <os><type>hvm</type></os>\(cpu)
          <devices>
            <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>\(devices)
          </devices>
        </domain>
        """
    }

    private func define(_ xml: String, on hypervisor: LibvirtHypervisor, starts: Bool = false) async throws {
        try await hypervisor.commands.call("define", timeout: .seconds(10)) { connection throws(HypervisorError) in
            let domain = try connection.handle.define(xml)
            if starts { try domain.start() }
        }
    }

    private func withForeign(
        cpu: String = "", starts: Bool = true, _ body: (LibvirtHypervisor, DomainID) async throws -> Void
    ) async throws {
        try await withHypervisor { hypervisor in
            let domain = DomainID.fresh()
            try await define(Self.foreign(domain, cpu: cpu), on: hypervisor, starts: starts)
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(hypervisor, domain)) } catch { outcome = .failure(error) }
            _ = try? await hypervisor.perform(.destroy, on: domain, .fresh())
            _ = try? await hypervisor.delete(domain, keepsDisk: false, .fresh())
            try outcome.get()
        }
    }

    private func tenant(of domain: DomainID, on hypervisor: LibvirtHypervisor) async throws -> TenantID? {
        try await hypervisor.inventory().first { $0.domain == domain }?.tenant
    }

    /// A domain with a disk of its own over an image, off.
    private func makeStored(on hypervisor: LibvirtHypervisor) async throws -> (domain: DomainID, disk: String) {
        let domain = DomainID.fresh()
        let image = "debian-\(domain).qcow2"
        try await hypervisor.commands.call("image", timeout: .seconds(10)) { connection throws(HypervisorError) in
            let definition = VolumeDefinition(name: image, bytes: 1 << 30, format: "qcow2")
            _ = try connection.handle.pool(Self.pool).create(definition.xml())
        }
        let specification = DomainSpecification(
            domain: domain, name: "web", tenant: "acme", maximumVCPUs: 2, vcpus: 1, memory: .mebibytes(64),
            disk: .gibibytes(2), boot: BootSource(image: .init(pool: Self.pool, volume: image)))
        _ = try await hypervisor.create(specification, .fresh())
        _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
        return (domain, "/default-pool/\(domain).qcow2")
    }

    // MARK: Deleting

    @Test("a domain that has snapshots is deleted whole, with the disk that was made for it")
    func deletesSnapshots() async throws {
        try await withHypervisor { hypervisor in
            let (domain, disk) = try await makeStored(on: hypervisor)
            _ = try await hypervisor.snapshot(domain, name: "before", .fresh())
            #expect(try await hypervisor.remaining([disk]) == [disk])
            let removal = try await hypervisor.delete(domain, keepsDisk: false, .fresh())
            #expect(removal.remains.isEmpty)
            #expect(try await !hypervisor.inventory().contains { $0.domain == domain })
            #expect(try await hypervisor.remaining([disk]).isEmpty)
        }
    }

    @Test("a deletion that is refused has deleted no volume")
    func refusedDeletion() async throws {
        try await withHypervisor { hypervisor in
            let (domain, disk) = try await makeStored(on: hypervisor)
            _ = try await hypervisor.perform(.start, on: domain, .fresh())
            await expect(code: .refused, saying: "running") {
                try await hypervisor.delete(domain, keepsDisk: false, .fresh())
            }
            #expect(try await hypervisor.remaining([disk]) == [disk])
            _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
            _ = try await hypervisor.delete(domain, keepsDisk: false, .fresh())
        }
    }

    @Test("a volume that can't be deleted is named with the reason, and the domain is gone all the same")
    func leftVolume() async throws {
        try await withHypervisor { hypervisor in
            let (domain, disk) = try await makeStored(on: hypervisor)
            // Two folders whose passing pools would have one name: the second can't be reached.
            let folders = ["/x/\(domain)", "/x-\(domain)"]
            _ = try await hypervisor.remaining([folders[0] + "/a"])
            let removal = try await hypervisor.delete(domain, volumes: [folders[1] + "/b", disk], .fresh())
            #expect(removal.remains.map(\.volume) == [folders[1] + "/b"])
            #expect(removal.remains.allSatisfy { !$0.reason.isEmpty })
            #expect(try await !hypervisor.inventory().contains { $0.domain == domain })
            #expect(try await hypervisor.remaining([disk]).isEmpty, "the others are deleted")
        }
    }

    @Test("volumes of a domain that is gone are deleted by a repeated deletion")
    func repeatedDeletion() async throws {
        try await withHypervisor { hypervisor in
            let (domain, disk) = try await makeStored(on: hypervisor)
            _ = try await hypervisor.delete(domain, keepsDisk: true, .fresh())
            #expect(try await hypervisor.remaining([disk]) == [disk])
            #expect(try await hypervisor.delete(domain, volumes: [disk], .fresh()).remains.isEmpty)
            #expect(try await hypervisor.remaining([disk]).isEmpty)
        }
    }

    @Test("new qcow2 volumes can hold what backup tools keep in them")
    func compatibility() throws {
        let disk = try VolumeDefinition(name: "a", bytes: 1, format: "qcow2").xml()
        #expect(DefinedVolume(xml: disk)?.target?.compat == "1.1")
        #expect(
            DefinedVolume(xml: try VolumeDefinition(name: "a", bytes: 1, format: "raw").xml())?.target?.compat == nil)
    }

    // MARK: Giving back

    @Test("a release takes back Ebb's label, caps and ceilings alone: what others attached and noted since stays")
    func release() async throws {
        try await withForeign { hypervisor, domain in
            let adopted = try await hypervisor.definition(of: domain)
            _ = try await hypervisor.label(domain, DomainLabel(name: "db", tenant: "acme"), .fresh())
            #expect(try await tenant(of: domain, on: hypervisor) == "acme")
            let ceiling = DomainCeiling(maximumVCPUs: 8, maximumMemory: .gibibytes(1))
            _ = try await hypervisor.prepare(domain, for: ceiling, .fresh())
            _ = try await hypervisor.cap(domain, .network(bytesPerSecond: 1_000_000), .fresh())
            // As an operator does with virsh.
            let disk =
                "<disk type='file' device='disk'><source file='/d/late.img'/><target dev='vdb' bus='virtio'/></disk>"
            let later = try await hypervisor.definition(of: domain).replacing("</devices>", with: disk + "</devices>")
            try await define(later, on: hypervisor)
            let own = OwnParts(adoptedAs: adopted, networkCapBytesPerSecond: 1_000_000)
            let effect = try await hypervisor.release(domain, own, .fresh())
            #expect(effect.domain?.networkCapBytesPerSecond == nil)
            let text = try await hypervisor.definition(of: domain)
            let definition = try #require(DefinedDomain(xml: text))
            #expect(definition.diskFiles == ["/d/late.img"])
            #expect(definition.tenant == nil && !text.contains(EbbMetadata.namespace))
            #expect(definition.maximumVCPUs == 4 && definition.startVCPUs == 2)
            #expect(definition.maximumMemory == .mebibytes(256))
            #expect(text.contains("a &amp; b") && text.contains("urn:app:1"), "\(text)")
            #expect(try await tenant(of: domain, on: hypervisor) == nil, "the running domain bears no label either")
        }
    }

    @Test("a ceiling that others raised after Ebb, and a cap that others set, are theirs and stay")
    func changedSince() async throws {
        try await withForeign { hypervisor, domain in
            let adopted = try await hypervisor.definition(of: domain)
            _ = try await hypervisor.label(domain, DomainLabel(name: "db", tenant: "acme"), .fresh())
            _ = try await hypervisor.prepare(
                domain, for: DomainCeiling(maximumVCPUs: 8, maximumMemory: nil), .fresh())
            let theirs = try await hypervisor.definition(of: domain)
                .replacing(">8</vcpu>", with: ">6</vcpu>")
                .replacing("</interface>", with: "<bandwidth><inbound average='55'/></bandwidth></interface>")
            try await define(theirs, on: hypervisor)
            let own = OwnParts(adoptedAs: adopted, networkCapBytesPerSecond: 1_000_000)
            _ = try await hypervisor.release(domain, own, .fresh())
            let definition = try #require(DefinedDomain(xml: try await hypervisor.definition(of: domain)))
            #expect(definition.maximumVCPUs == 6)
            #expect(definition.interfaceCaps.values.map(\.inbound) == [55])
            #expect(definition.tenant == nil)
        }
    }

    @Test("a cap that was there before the adoption is there again")
    func formerCaps() throws {
        let domain = DomainID.fresh()
        let tuning =
            "<cputune><shares>7</shares><global_period>100000</global_period><global_quota>%</global_quota></cputune>"
        let bandwidth = "<bandwidth><inbound average='%'/></bandwidth>"
        func definition(quota: String, average: String) -> String {
            Self.foreign(domain).replacing("<devices>", with: tuning.replacing("%", with: quota) + "<devices>")
                .replacing("</interface>", with: bandwidth.replacing("%", with: average) + "</interface>")
        }
        let saved = DefinedDomain(xml: definition(quota: "90000", average: "500"))
        let capped = definition(quota: "50000", average: "977")
        let document = try #require(DefinitionDocument(xml: capped))
        let own = OwnParts(adoptedAs: nil, cpuCapPPM: 500_000, networkCapBytesPerSecond: 1_000_000)
        document.release(try #require(DefinedDomain(xml: capped)), own, adoptedAs: saved)
        let released = try #require(DefinedDomain(xml: document.xml))
        #expect(released.cputune?.global_quota == 90_000)
        #expect(released.interfaceCaps.values.map(\.inbound) == [500])
        // Lifted by Ebb: the former one is there again.
        let lifted = definition(quota: "-1", average: "977")
        let free = try #require(DefinitionDocument(xml: lifted))
        free.release(try #require(DefinedDomain(xml: lifted)), OwnParts(adoptedAs: nil, cpuCapPPM: 0), adoptedAs: saved)
        #expect(DefinedDomain(xml: free.xml)?.cputune?.global_quota == 90_000)
        // Without one before, nothing of Ebb's is left, and what is not Ebb's is untouched.
        let bare = try #require(DefinitionDocument(xml: capped))
        bare.release(try #require(DefinedDomain(xml: capped)), own, adoptedAs: nil)
        #expect(bare.xml.contains("<shares>7</shares>") && !bare.xml.contains("global_"), "\(bare.xml)")
        #expect(!bare.xml.contains("bandwidth"), "\(bare.xml)")
    }

    @Test("a domain that Ebb created bears no label of it any more once it is released, so that others may adopt it")
    func releaseOfCreated() async throws {
        try await withHypervisor { hypervisor in
            let (domain, disk) = try await makeStored(on: hypervisor)
            _ = try await hypervisor.release(domain, OwnParts(adoptedAs: nil), .fresh())
            let found = try await hypervisor.inventory().first { $0.domain == domain }
            #expect(found?.tenant == nil && found?.manager == nil && found != nil)
            #expect(DefinedDomain(xml: try await hypervisor.definition(of: domain))?.diskFiles == [disk])
            _ = try await hypervisor.delete(domain, keepsDisk: false, .fresh())
        }
    }

    // MARK: Preparing

    @Test(
        "a preparation that can't be whole changes nothing, and its preview says the same",
        arguments: [
            (
                "<cpu><numa><cell id='0' cpus='0-1' memory='131072'/><cell id='1' cpus='2-3' memory='131072'/></numa></cpu>",
                "NUMA"
            ),
            ("<cpu><topology sockets='1' cores='2' threads='2'/></cpu>", "topology"),
        ])
    func partialPreparation(cpu: String, culprit: String) async throws {
        try await withForeign(cpu: cpu) { hypervisor, domain in
            _ = try await hypervisor.label(domain, DomainLabel(name: "db", tenant: "acme"), .fresh())
            let former = try await hypervisor.definition(of: domain)
            let ceiling = DomainCeiling(maximumVCPUs: 12, maximumMemory: .gibibytes(1))
            await expect(code: .refused, saying: culprit) {
                try await hypervisor.preparation(of: domain, for: ceiling)
            }
            await expect(code: .refused, saying: culprit) {
                try await hypervisor.prepare(domain, for: ceiling, .fresh())
            }
            #expect(try await hypervisor.definition(of: domain) == former)
        }
    }

    @Test("a preparation keeps everything in the definition that it does not name")
    func preservation() async throws {
        try await withForeign { hypervisor, domain in
            _ = try await hypervisor.label(domain, DomainLabel(name: "db", tenant: "acme"), .fresh())
            let before = try await hypervisor.definition(of: domain)
            let ceiling = DomainCeiling(maximumVCPUs: 12, maximumMemory: nil)
            let preview = try await hypervisor.preparation(of: domain, for: ceiling)
            #expect(try await hypervisor.definition(of: domain) == before, "a preview changes nothing")
            #expect(try await hypervisor.prepare(domain, for: ceiling, .fresh()) == preview)
            let after = try await hypervisor.definition(of: domain)
            func lines(_ text: String) -> [String] {
                text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                    .filter { !$0.contains("vcpu") && !$0.contains("ebb:prepared") }
            }
            #expect(lines(after) == lines(before))
        }
    }

    @Test(
        "vCPUs beyond a ceiling that is lowered leave their NUMA cells",
        arguments: [("0-1,4-5", "0-1"), ("2-7", "2-3"), ("3-9", "3"), ("0-3", "0-3"), ("0-7,^5", "0-3"), ("1", "1")])
    func cells(before: String, after: String) throws {
        let document = try #require(
            DefinitionDocument(
                xml: """
                    <domain><vcpu current='2'>8</vcpu><cpu><numa><cell id='0' cpus='\(before)' memory='1'/></numa></cpu></domain>
                    """))
        document.setMaximumVCPUs(4)
        #expect(document.xml.contains("cpus=\"\(after)\"") || document.xml.contains("cpus='\(after)'"))
    }

    @Test("vCPUs that become hot-pluggable are listed one by one, and are fixed again after the release")
    func hotpluggable() throws {
        let domain = DomainID.fresh()
        let xml = Self.foreign(domain).replacing(
            "<app:note",
            with: """
                <ebb:domain xmlns:ebb='urn:ebb:domain:1'><ebb:name>db</ebb:name><ebb:tenant>acme</ebb:tenant></ebb:domain>\
                <app:note
                """)
        let definition = try #require(DefinedDomain(xml: xml))
        let document = try #require(DefinitionDocument(xml: xml))
        let ceiling = DomainCeiling(maximumVCPUs: 6, maximumMemory: .gibibytes(1))
        try document.prepare(definition, for: ceiling, isQEMU: true)
        let prepared = try #require(DefinedDomain(xml: document.xml))
        #expect(prepared.fixedVCPUs.isEmpty && prepared.startVCPUs == 2 && prepared.maximumVCPUs == 6)
        #expect(prepared.vcpus?.vcpu?.count == 6 && prepared.hasAgentChannel)
        #expect(prepared.startMemory == .mebibytes(256) && prepared.maximumMemory == .gibibytes(1))
        #expect(prepared.changes(for: ceiling, isQEMU: true).isEmpty)
        let further = try #require(DefinitionDocument(xml: document.xml))
        try further.prepare(prepared, for: DomainCeiling(maximumVCPUs: 8, maximumMemory: nil), isQEMU: true)
        let again = try #require(DefinedDomain(xml: further.xml))
        further.release(again, OwnParts(adoptedAs: xml), adoptedAs: definition)
        let released = try #require(DefinedDomain(xml: further.xml))
        #expect(released.maximumVCPUs == 4 && released.fixedVCPUs == [1] && !released.hasAgentChannel)
        #expect(released.maximumMemory == .mebibytes(256) && released.startMemory == .mebibytes(256))
        #expect(released.metadata?.ebb == nil)
    }
}
