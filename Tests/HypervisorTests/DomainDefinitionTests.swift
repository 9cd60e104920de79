// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import Hypervisor

struct DomainDefinitionTests {
    private let specification = DomainSpecification(
        domain: DomainID(UUID128(high: 0x6f1d_0c4e_2b7a_4c11, low: 0x9a3f_0102_0304_05ff)), name: "web1",
        tenant: "acme", maximumVCPUs: 3, vcpus: 2, memory: .mebibytes(512), disk: .gibibytes(10),
        boot: BootSource(
            kernelPath: "/boot/vmlinuz", initrdPath: "/boot/initrd", kernelCommandLine: "console=ttyS0 a=\"b & c\"",
            diskPath: "/images/web1.qcow2", bridge: "br0"))

    @Test("the definition of an emulated domain is as it always was")
    func golden() throws {
        let disk = DiskFile(path: "/images/web1.qcow2")
        #expect(try DomainDefinition(specification, machine: .emulated, disk: disk).xml() == emulatedXML)
    }

    @Test("a definition read back names its tenant, sizes and devices", arguments: DomainDefinition.Machine.allCases)
    func roundTrip(machine: DomainDefinition.Machine) throws {
        let disk = DiskFile(path: "/images/web1.qcow2")
        let xml = try DomainDefinition(specification, machine: machine, disk: disk, seed: "/images/seed.iso").xml()
        let read = try #require(DefinedDomain(xml: xml))
        #expect(read.type == machine.rawValue)
        #expect(read.tenant == "acme")
        #expect(read.displayName == "web1")
        #expect(read.name == "acme.web1")
        #expect(read.maximumVCPUs == 3)
        #expect(read.maximumMemory == .mebibytes(512))
        #expect(read.startMemory == .mebibytes(512))
        #expect(read.diskFiles == ["/images/web1.qcow2", "/images/seed.iso"])
        #expect(read.bypassesPageCache)
        #expect(!read.isAgentConnected)
        #expect(read.manager == nil)
        #expect(!machine.isQEMU || read.fixedVCPUs.isEmpty)
        #expect(!machine.isQEMU || read.hasAgentChannel && read.hasBalloon && read.features?.acpi != nil)
    }

    @Test("a domain that Ebb did not create has no tenant and keeps its name")
    func foreign() throws {
        let xml = """
            <domain type='kvm' id='3'><name>old-db</name><memory unit='KiB'>1048576</memory>
              <vcpu placement='static' current='1'>2</vcpu>
              <metadata><other:thing xmlns:other='urn:x'><other:tenant>evil</other:tenant></other:thing></metadata>
              <devices>
                <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
                <disk type='block' device='disk'><target dev='vda' bus='virtio'/></disk>
                <interface type='bridge'><target dev='vnet0'/></interface>
                <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
                <channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0' state='disconnected'/></channel>
              </devices></domain>
            """
        let read = try #require(DefinedDomain(xml: xml))
        #expect(read.tenant == nil)
        #expect(read.displayName == "old-db")
        #expect(read.disks == ["vda"])
        #expect(read.interfaces == ["vnet0"])
        #expect(read.isAgentConnected)
    }

    @Test("the hardware address follows from the UUID and is a locally administered one")
    func macAddress() {
        #expect(DomainDefinition.Devices.macAddress(of: specification.domain) == "02:02:03:04:05:ff")
    }

    @Test("hardware virtualisation takes the driver's word and the CPU's")
    func hardware() throws {
        func capabilities(feature: String, domain: String) -> HostCapabilities? {
            HostCapabilities(
                xml: """
                    <capabilities><host><cpu><arch>x86_64</arch><feature name='ht'/><feature name='\(feature)'/></cpu>
                      <migration_features><live/><uri_transports><uri_transport>tcp</uri_transport></uri_transports>
                      </migration_features></host>
                      <guest><os_type>hvm</os_type><arch name='i686'><domain type='qemu'/></arch></guest>
                      <guest><os_type>hvm</os_type><arch name='x86_64'><domain type='qemu'/><domain type='\(domain)'/>
                      </arch></guest></capabilities>
                    """)
        }
        #expect(capabilities(feature: "vmx", domain: "kvm")?.hasVirtualizationExtensions(beside: []) == true)
        #expect(capabilities(feature: "svm", domain: "kvm")?.hasVirtualizationExtensions(beside: []) == true)
        #expect(capabilities(feature: "pae", domain: "kvm")?.hasVirtualizationExtensions(beside: ["ht"]) == false)
        // an AMD host's own list leaves out what its model has
        #expect(capabilities(feature: "pae", domain: "kvm")?.hasVirtualizationExtensions(beside: ["svm"]) == true)
        #expect(capabilities(feature: "vmx", domain: "qemu")?.offersKVM == false)
        #expect(capabilities(feature: "vmx", domain: "kvm")?.offersKVM == true)
        let arm = "<capabilities><host><cpu><arch>aarch64</arch></cpu></host></capabilities>"
        #expect(HostCapabilities(xml: arm)?.hasVirtualizationExtensions(beside: []) == true)
        #expect(capabilities(feature: "vmx", domain: "kvm")?.canMigrateLive == true)
    }

    @Test("a driver that migrates and names no transport knows TCP; one that does not say so can't")
    func migration() {
        func transports(_ features: String) -> [String]? {
            HostCapabilities(xml: "<capabilities><host>\(features)</host></capabilities>")?.migrationTransports
        }
        #expect(transports("<migration_features><live/></migration_features>") == ["tcp"])
        #expect(transports("<migration_features></migration_features>") == [])
        #expect(transports("<cpu><arch>x86_64</arch></cpu>") == [])
    }

    private let emulatedXML = """
        <domain type="qemu">
            <name>acme.web1</name>
            <uuid>6f1d0c4e-2b7a-4c11-9a3f-0102030405ff</uuid>
            <metadata>
                <ebb:domain xmlns:ebb="urn:ebb:domain:1">
                    <ebb:name>web1</ebb:name>
                    <ebb:tenant>acme</ebb:tenant>
                </ebb:domain>
                <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
                    <nova:name>web1</nova:name>
                    <nova:flavor name="ebb.3vcpu.512mib">
                        <nova:memory>512</nova:memory>
                        <nova:disk>10</nova:disk>
                        <nova:vcpus>3</nova:vcpus>
                    </nova:flavor>
                    <nova:owner>
                        <nova:user uuid="acme">acme</nova:user>
                        <nova:project uuid="acme">acme</nova:project>
                    </nova:owner>
                </nova:instance>
            </metadata>
            <memory unit="KiB">524288</memory>
            <currentMemory unit="KiB">524288</currentMemory>
            <vcpu placement="static" current="2">3</vcpu>
            <vcpus>
                <vcpu id="0" enabled="yes" hotpluggable="no" />
                <vcpu id="1" enabled="yes" hotpluggable="yes" />
                <vcpu id="2" enabled="no" hotpluggable="yes" />
            </vcpus>
            <os>
                <type arch="x86_64" machine="q35">hvm</type>
                <kernel>/boot/vmlinuz</kernel>
                <initrd>/boot/initrd</initrd>
                <cmdline>console=ttyS0 a=&quot;b &amp; c&quot;</cmdline>
            </os>
            <features>
                <acpi />
            </features>
            <cpu mode="custom">
                <model>qemu64</model>
            </cpu>
            <clock offset="utc" />
            <devices>
                <disk type="file" device="disk">
                    <driver name="qemu" type="qcow2" cache="none" />
                    <source file="/images/web1.qcow2" />
                    <target dev="vda" bus="virtio" />
                </disk>
                <interface type="bridge">
                    <mac address="02:02:03:04:05:ff" />
                    <source bridge="br0" />
                    <model type="virtio" />
                </interface>
                <serial type="file">
                    <source path="/var/log/libvirt/qemu/6f1d0c4e-2b7a-4c11-9a3f-0102030405ff-serial.log" append="on" />
                    <target port="0" />
                </serial>
                <channel type="unix">
                    <target type="virtio" name="org.qemu.guest_agent.0" />
                </channel>
                <memballoon model="virtio">
                    <stats period="2" />
                </memballoon>
            </devices>
        </domain>
        """
}
