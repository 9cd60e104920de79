// SPDX-License-Identifier: Apache-2.0

import Contracts
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
        "who else manages a domain is told by the namespaces of its metadata, unless it is Ebb's",
        arguments: [
            ("<nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'/>", "OpenStack Nova"),
            ("<n1:instance xmlns:n1='http://openstack.org/xmlns/libvirt/nova/1.0'/>", "OpenStack Nova"),
            (
                "<instance xmlns='http://openstack.org/xmlns/libvirt/nova/2.0'><name>w1</name></instance>",
                "OpenStack Nova"
            ),
            ("<nova:instance xmlns:nova='urn:of-somebody-else'/>", nil),
            ("<kubevirt xmlns='http://kubevirt.io'><uid/></kubevirt>", "KubeVirt"),
            ("<a><k:vm xmlns:k='http://kubevirt.io'/><h:x xmlns:h='http://harvesterhci.io'/></a>", "Harvester"),
            ("<qos xmlns='http://ovirt.org/vm/tune/1.0'/>", "oVirt"),
            ("<libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'/>", nil),
            (
                "<one:vm xmlns:one='http://opennebula.org/xmlns/libvirt/1.0'><one:name>x</one:name></one:vm>",
                "OpenNebula"
            ),
            ("<ovirt-vm:vm xmlns:ovirt-vm='http://ovirt.org/vm/1.0'/>", "oVirt"),
            ("<other:thing xmlns:other='urn:x'/>", nil), ("", nil),
            (
                "<ebb:domain xmlns:ebb='urn:ebb:domain:1'><ebb:name>a</ebb:name><ebb:tenant>t</ebb:tenant></ebb:domain>"
                    + "<n:instance xmlns:n='http://openstack.org/xmlns/libvirt/nova/1.1'/>", nil
            ),
        ] as [(String, String?)])
    func managers(metadata: String, manager: String?) throws {
        #expect(try domain(metadata: metadata).manager == manager)
    }

    @Test(
        "a domain is somebody else's by its machine's SMBIOS, its disks' paths or its name too",
        arguments: [
            ("web", "<entry name='manufacturer'>OpenStack Foundation</entry>", "", "OpenStack Nova"),
            ("web", "<entry name='product'>CloudStack KVM Hypervisor</entry>", "", "Apache CloudStack"),
            ("web", "<entry name='product'>oVirt Node</entry>", "", "oVirt"),
            ("web", "<entry name='family'>KubeVirt</entry>", "", "KubeVirt"),
            ("web", "<entry name='manufacturer'>Dell Inc.</entry>", "", nil),
            ("web", "", "/dev/pve/vm-104-disk-0", "Proxmox VE"),
            ("web", "", "/var/lib/vz/images/104/vm-104-disk-1.qcow2", "Proxmox VE"),
            ("web", "", "/var/lib/one/datastores/0/17/disk.0", "OpenNebula"),
            ("web", "", "/var/lib/libvirt/images/web.qcow2", nil),
            ("instance-0000002a", "", "", "OpenStack Nova"), ("one-17", "", "", "OpenNebula"),
            ("i-2-34-VM", "", "", "Apache CloudStack"), ("v-1-VM", "", "", "Apache CloudStack"),
            ("instance-2a", "", "", nil), ("one-web", "", "", nil), ("i-2-VM", "", "", nil), ("phone-17", "", "", nil),
        ] as [(String, String, String, String?)])
    func marks(name: String, entry: String, disk: String, manager: String?) throws {
        let read = try #require(
            DefinedDomain(
                xml: """
                    <domain type='kvm'><name>\(name)</name><memory unit='KiB'>1024</memory><vcpu>1</vcpu>
                      <sysinfo type='smbios'><system>\(entry)</system></sysinfo>
                      <devices><disk type='file' device='disk'><source file='\(disk)'/><target dev='vda'/></disk></devices>
                    </domain>
                    """))
        #expect(read.manager == manager)
    }

    @Test("the tighter of a domain's and its vCPUs' quotas is its cap, each by its own period; a negative one is none")
    func quotas() throws {
        func cap(_ tuning: String, vcpus: VCPUCount) throws -> Int64? {
            try domain(more: "<cputune>\(tuning)</cputune>").cpuCap(vcpus: vcpus).limitPPM
        }
        let each = "<period>100000</period><quota>25000</quota>"
        #expect(try cap(each, vcpus: 1) == 250_000)
        #expect(try cap(each, vcpus: 4) == 1_000_000)
        #expect(
            try cap(each + "<global_period>50000</global_period><global_quota>25000</global_quota>", vcpus: 4)
                == 500_000)
        #expect(
            try cap(each + "<global_period>50000</global_period><global_quota>90000</global_quota>", vcpus: 4)
                == 1_000_000)
        #expect(
            try cap("<period>100000</period><quota>-1</quota><emulator_quota>5000</emulator_quota>", vcpus: 2) == nil)
        #expect(try cap("<quota>\(Int64.max)</quota>", vcpus: 4) == .max)
    }

    @Test("a part of the host's card counts as its device, unless the guest can go on without it")
    func networkCards() throws {
        func count(_ devices: String) throws -> Int { try domain(devices: devices).hostDeviceCount }
        #expect(
            try count("<interface type='hostdev' managed='yes'><mac address='52:54:00:6d:90:02'/></interface>") == 1)
        #expect(try count("<interface type='vdpa'/><hostdev mode='subsystem' type='pci'/>") == 2)
        #expect(
            try count("<interface type='hostdev'><teaming type='transient' persistent='ua-b'/></interface>") == 0)
        #expect(try count("<interface type='bridge'/><interface type='network'/>") == 0)
        let sriov = facts(try domain(devices: "<interface type='hostdev'/><memballoon model='virtio'/>"))
        #expect(sriov.examination(cpuCap: []).movesLive.missing.contains { $0.contains("1 devices of the host") })
    }

    @Test("no two of a domain's interfaces have one name, also where they share a hardware address")
    func namesInterfaces() throws {
        let shared = "<mac address='52:54:00:00:00:21'/>"
        let found = try domain(
            devices: "<interface type='hostdev'>\(shared)</interface><interface type='bridge'>\(shared)"
                + "<target dev='vnet0'/></interface><interface type='bridge'><target dev='vnet1'/></interface>")
        let names = ["52:54:00:00:00:21", "52:54:00:00:00:21 #2", "vnet1"]
        #expect(found.interfaceDevices.map(\.name) == names)
        #expect(found.interfaceDevices.map(\.target) == [nil, "vnet0", "vnet1"])
    }

    @Test("how often a guest reports its memory is read; without statistics it never does")
    func balloonPeriod() throws {
        let reporting = "<memballoon model='virtio'><stats period='5'/></memballoon>"
        #expect(try domain(devices: reporting).balloonPeriodSeconds == 5)
        #expect(try domain().balloonPeriodSeconds == 0)
    }

    @Test("what a domain needs of a host is in its definition, and memory that only one host can read holds it there")
    func needs() throws {
        let devices = """
            <disk type='volume'><source pool='images' volume='a'/></disk><disk type='file' device='cdrom'/>
            <interface type='network'><source network='lan'/></interface><interface type='bridge'/>
            """
        let defined = try domain(devices: devices)
        #expect(defined.diskPools == ["images"] && defined.networks == ["lan"])
        #expect(try !domain(devices: "").usesHostCPU)
        for mode in ["host-passthrough", "host-model", "maximum"] {
            #expect(try domain(more: "<cpu mode='\(mode)'/>").usesHostCPU)
        }
        #expect(try !domain(more: "<cpu mode='custom'/>").usesHostCPU)
        let sealed = facts(try domain(more: "<launchSecurity type='sev'/>"))
        #expect(sealed.examination(cpuCap: []).movesLive.missing.contains { $0.contains("encrypted") })
    }

    @Test("a balloon gets nothing back from a guest in huge pages, and that is said")
    func hugePages() throws {
        let huge = facts(try domain(more: "<memoryBacking><hugepages/></memoryBacking>"))
        #expect(huge.examination(cpuCap: []).resizesMemory.missing.contains { $0.contains("huge pages") })
        #expect(
            facts(try domain(more: "<memoryBacking><locked/></memoryBacking>")).examination(cpuCap: []).resizesMemory
                .isPossible)
    }

    @Test("pools of huge pages are found by the host's topology; ordinary pages and empty pools are none")
    func hugePagePools() throws {
        let cell =
            "<cell id='0'><pages unit='KiB' size='4'>99</pages><pages unit='KiB' size='2048'>512</pages>"
            + "<pages unit='KiB' size='1048576'>0</pages></cell>"
        let host = "<host><topology><cells num='2'>\(cell)\(cell)</cells></topology></host>"
        #expect(HostCapabilities(xml: "<capabilities>\(host)</capabilities>")?.hugePageSizes == [2_048])
        #expect(HostCapabilities(xml: "<capabilities><host/></capabilities>")?.hugePageSizes == [])
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
        #expect(read.cpuCap(vcpus: 1) == .limit(ppm: 500_000))
        #expect(read.fixedVCPUs == [1])
        #expect(read.networkCapBytesPerSecond == 512_000)
        #expect(read.consoleFile == "/var/log/x.log")
        #expect(!read.hasBalloon)
        #expect(read.startMemory == .gibibytes(1))
        #expect(read.startVCPUs == 1)
        #expect(try domain().cpuCap(vcpus: 1) == CPUCap.none)
        #expect(try domain(more: "<cputune><global_quota>-1</global_quota></cputune>").cpuCap(vcpus: 1) == CPUCap.none)
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

    @Test("a snapshot says how large the domain was, where it says so")
    func snapshotSize() throws {
        func read(_ domain: String) throws -> DomainSnapshot {
            let xml = "<domainsnapshot><name>a</name><state>running</state>\(domain)</domainsnapshot>"
            return try #require(DefinedSnapshot(xml: xml)?.snapshot)
        }
        let sized = try read(
            """
            <memory snapshot='internal'/><domain type='kvm'><name>web</name><memory unit='KiB'>4194304</memory>
            <currentMemory unit='KiB'>2097152</currentMemory><vcpu placement='static' current='3'>8</vcpu></domain>
            """)
        #expect(sized.vcpus == 3 && sized.memoryBytes == 2 << 30)
        let whole = try read("<domain type='kvm'><memory unit='KiB'>1048576</memory><vcpu>8</vcpu></domain>")
        #expect(whole.vcpus == 8 && whole.memoryBytes == 1 << 30)
        let without = try read("<domain type='kvm'><name>web</name></domain>")
        #expect(without.name == "a" && without.vcpus == nil && without.memoryBytes == nil)
    }

    @Test("what job ended is said in words")
    func jobs() {
        #expect(jobMeaning(["operation": 5]) == "migration away")
        #expect(jobMeaning(["operation": 2]) == "save")
        #expect(jobMeaning([:]) == "job")
    }
}
