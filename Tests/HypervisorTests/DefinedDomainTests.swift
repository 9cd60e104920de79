// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import Hypervisor

/// What is read of definitions that others wrote, and what follows from it.
struct DefinedDomainTests {
    private func domain(
        type: String = "kvm", vcpu: String = "<vcpu current='1'>4</vcpu>", metadata: String = "", more: String = "",
        devices: String = "<memballoon model='virtio'/>"
    ) throws -> DefinedDomain {
        try #require(
            DefinedDomain(
                xml: """
                    <domain type='\(type)'><name>old-db</name><uuid>6f1d0c4e-2b7a-4c11-9a3f-0102030405ff</uuid>
                      <metadata>\(metadata)</metadata><memory unit='KiB'>2097152</memory>
                      <currentMemory unit='KiB'>1048576</currentMemory>\(vcpu)\(more)
                      <features><acpi/><apic/></features><devices>\(devices)</devices></domain>
                    """))
    }

    @Test(
        "who else manages a domain is told by its metadata, unless it is Ebb's",
        arguments: [
            ("<nova:instance xmlns:nova='urn:n'><nova:name>x</nova:name></nova:instance>", "OpenStack Nova"),
            (
                "<one:vm xmlns:one='http://opennebula.org/xmlns/libvirt/1.0'><one:name>x</one:name></one:vm>",
                "OpenNebula"
            ),
            ("<ovirt-vm:vm xmlns:ovirt-vm='http://ovirt.org/vm/1.0'/>", "oVirt"),
            ("<other:thing xmlns:other='urn:x'/>", nil), ("", nil),
            (
                "<ebb:domain xmlns:ebb='urn:ebb:domain:1'><ebb:name>a</ebb:name><ebb:tenant>t</ebb:tenant></ebb:domain>"
                    + "<nova:instance xmlns:nova='urn:n'><nova:name>x</nova:name></nova:instance>", nil
            ),
        ] as [(String, String?)])
    func managers(metadata: String, manager: String?) throws {
        #expect(try domain(metadata: metadata).manager == manager)
    }

    @Test("sizes, caps and files are read whoever set them")
    func figures() throws {
        let read = try domain(
            more: """
                <cputune><global_period>50000</global_period><global_quota>25000</global_quota></cputune>
                <vcpus><vcpu id='0' enabled='yes' hotpluggable='no'/><vcpu id='1' enabled='yes' hotpluggable='no'/>
                <vcpu id='2' enabled='yes' hotpluggable='yes'/><vcpu id='3' enabled='no' hotpluggable='yes'/></vcpus>
                """,
            devices: """
                <interface type='bridge'><target dev='vnet0'/><bandwidth><inbound average='1000'/>
                  <outbound average='500' peak='900'/></bandwidth></interface>
                <interface type='bridge'><target dev='vnet1'/></interface>
                <serial type='pty'><log file='/var/log/x.log'/></serial><console type='pty'/>
                <memballoon model='none'/>
                """)
        #expect(read.cpuCapPPM == 500_000)
        #expect(read.fixedVCPUs == [1])
        #expect(read.networkCapBytesPerSecond == 512_000)
        #expect(read.consoleFile == "/var/log/x.log")
        #expect(!read.hasBalloon)
        #expect(read.startMemory == .gibibytes(1))
        #expect(read.startVCPUs == 1)
        #expect(try domain().cpuCapPPM == nil)
        #expect(try domain(more: "<cputune><global_quota>-1</global_quota></cputune>").cpuCapPPM == nil)
        let serial = "<serial type='file'><source path='/var/log/y.log'/></serial>"
        #expect(try domain(devices: serial).consoleFile == "/var/log/y.log")
    }

    @Test("preparing changes what keeps a domain from growing and shrinking, and nothing else")
    func preparation() throws {
        let ready = try domain(
            devices: "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>")
        let same = DomainCeiling(maximumVCPUs: 4, maximumMemory: .gibibytes(2))
        #expect(ready.changes(for: same, isQEMU: true).isEmpty)
        let more = DomainCeiling(maximumVCPUs: 8, maximumMemory: .gibibytes(4))
        #expect(ready.changes(for: more, isQEMU: true).map(\.what) == ["maximum vCPUs", "maximum memory"])
        let fixed = try domain(vcpu: "<vcpu>3</vcpu>")
        let nothing = DomainCeiling(maximumVCPUs: nil, maximumMemory: nil)
        #expect(fixed.changes(for: nothing, isQEMU: true).map(\.what) == ["vCPU 1, 2", "guest agent's channel"])
        #expect(fixed.changes(for: nothing, isQEMU: false).isEmpty)
    }

    private func facts(_ definition: DefinedDomain, isActive: Bool = true, canMigrate: Bool = true) -> DomainFacts {
        DomainFacts(
            definition: definition, isActive: isActive, isQEMU: ["kvm", "qemu"].contains(definition.type),
            isEmulated: definition.type == "qemu", canMigrate: canMigrate, driverName: "QEMU")
    }

    @Test("what a domain can do live follows from its definition, and each lack names its remedy")
    func abilities() throws {
        let agent = """
            <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
            <interface type='bridge'><target dev='vnet0'/></interface><memballoon model='virtio'/>
            """
        let good = facts(try domain(devices: agent)).examination(cpuCap: [])
        for ability in [
            good.growsVCPUs, good.shrinksVCPUs, good.resizesMemory, good.movesLive, good.capsNetwork,
            good.confirmsSizes,
        ] { #expect(ability.isPossible, "\(ability.missing)") }

        let off = facts(try domain(devices: agent), isActive: false).examination(cpuCap: [])
        #expect(off.growsVCPUs.missing == ["the domain is off: start it"])

        let poor = facts(
            try domain(
                type: "qemu", vcpu: "<vcpu>2</vcpu>",
                devices: """
                    <disk type='file' device='disk'><driver name='qemu' cache='writeback'/><target dev='vda'/></disk>
                    <hostdev mode='subsystem'/><memballoon model='none'/>
                    """), canMigrate: false
        ).examination(cpuCap: ["no control groups"])
        #expect(poor.growsVCPUs.missing.count == 1)
        #expect(poor.shrinksVCPUs.missing.count == 2)
        #expect(poor.resizesMemory.missing.count == 1)
        #expect(poor.movesLive.missing.count == 3)
        #expect(poor.capsCPU.missing == ["no control groups"])
        #expect(poor.capsNetwork.missing.count == 1)
        #expect(poor.confirmsSizes.missing.count == 1)

        let xen = facts(try domain(type: "xen")).examination(cpuCap: [])
        #expect(xen.shrinksVCPUs.isPossible)
        #expect(xen.confirmsSizes.isPossible)
    }

    @Test("a host's CPU is handed on as another host compares it")
    func cpu() throws {
        let capabilities = try #require(
            HostCapabilities(
                xml: """
                    <capabilities><host><uuid>6f1d0c4e-2b7a-4c11-9a3f-0102030405ff</uuid><cpu><arch>x86_64</arch>
                    <model>Nehalem</model><vendor>Intel</vendor><feature name='vmx'/></cpu></host></capabilities>
                    """))
        #expect(capabilities.uuid?.description == "6f1d0c4e-2b7a-4c11-9a3f-0102030405ff")
        #expect(capabilities.cpuModel == "Nehalem")
        let xml = try #require(try capabilities.comparedCPU?.xml())
        #expect(xml.contains("<model>Nehalem</model>") && xml.contains("<feature name=\"vmx\" />"))
        #expect(HostCapabilities(xml: "<capabilities><host/></capabilities>")?.comparedCPU == nil)
    }

    @Test("snapshots are read with their state and instant")
    func snapshot() throws {
        let xml = """
            <domainsnapshot><name>before</name><state>running</state><creationTime>1700000000</creationTime>
            <memory snapshot='internal'/></domainsnapshot>
            """
        let read = try #require(DefinedSnapshot(xml: xml)?.snapshot)
        let instant = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        #expect(read == DomainSnapshot(name: "before", createdAt: instant, state: .running))
    }

    @Test("what job ended is said in words")
    func jobs() {
        #expect(jobMeaning(["operation": 5]) == "migration away")
        #expect(jobMeaning(["operation": 2]) == "save")
        #expect(jobMeaning([:]) == "job")
    }
}
