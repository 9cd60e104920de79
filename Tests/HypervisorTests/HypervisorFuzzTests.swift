// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import Hypervisor

@Suite("Whatever a hypervisor's documents say, they are read or left out")
struct HypervisorFuzzTests {
    private static let definition = """
        <domain type='kvm' id='7'><name>old-db</name><uuid>6f1d0c4e-2b7a-4c11-9a3f-0102030405ff</uuid>
        <metadata><ebb:domain xmlns:ebb='urn:ebb:domain:1'><ebb:name>a</ebb:name><ebb:tenant>t</ebb:tenant></ebb:domain>
        </metadata><memory unit='KiB'>2097152</memory><currentMemory unit='KiB'>1048576</currentMemory>
        <vcpu current='1'>4</vcpu><vcpus><vcpu id='0' enabled='yes' hotpluggable='no'/>
        <vcpu id='1' enabled='no' hotpluggable='yes'/></vcpus>
        <cputune><global_period>50000</global_period><global_quota>25000</global_quota></cputune>
        <features><acpi/></features><devices><disk type='file' device='disk'><source file='/i/a.qcow2'/>
        <target dev='vda'/></disk><interface type='bridge'><target dev='vnet0'/><bandwidth><inbound average='1000'/>
        <outbound average='500' peak='900'/></bandwidth></interface><serial type='pty'><log file='/l'/></serial>
        <memballoon model='virtio'/></devices></domain>
        """
    private static let capabilities = """
        <capabilities><host><uuid>6f1d0c4e-2b7a-4c11-9a3f-010203040506</uuid><cpu><arch>x86_64</arch>
        <model>EPYC</model><vendor>AMD</vendor><topology sockets='1' dies='1' cores='4' threads='2'/>
        <feature name='svm'/></cpu><migration_features><live/><uri_transports><uri_transport>tcp</uri_transport>
        </uri_transports></migration_features></host><guest><os_type>hvm</os_type><arch name='x86_64'>
        <domain type='kvm'/></arch></guest></capabilities>
        """

    @Test("definitions and capabilities with any of their bytes changed")
    func documents() {
        Fuzz.run("definitions", rounds: 500) { fuzz in
            guard let read = DefinedDomain(xml: fuzz.mutated(Self.definition)) else { return }
            _ = (read.maximumVCPUs, read.startVCPUs, read.fixedVCPUs, read.pluggedVCPUCount, read.cpuCap(vcpus: 3))
            _ = (read.maximumMemory, read.startMemory, read.networkCapBytesPerSecond, read.displayName, read.manager)
            _ = read.diskFiles
        }
        Fuzz.run("capabilities", rounds: 300) { fuzz in _ = HostCapabilities(xml: fuzz.mutated(Self.capabilities)) }
    }

    @Test("addresses of hypervisors")
    func addresses() {
        Fuzz.run("connection URIs", rounds: 20_000) { fuzz in
            _ = try? HypervisorURI(fuzz.text())
            _ = try? HypervisorURI(fuzz.mutated("qemu+tls://root@[fd00::1]:16514/system?pkipath=/etc"))
            _ = FleetAddress(fuzz.mutated("fleet://127.0.0.1:7400/h-1"))
        }
    }

    @Test("statistics with any figures: what can't be is unknown, and the others stay")
    func statistics() {
        let names = [
            "state.state", "cpu.time", "vcpu.maximum", "vcpu.current", "vcpu.0.time", "vcpu.0.state", "vcpu.0.delay",
            "vcpu.1.time", "vcpu.1.delay", "balloon.maximum", "balloon.current", "balloon.available", "balloon.usable",
            "balloon.unused", "balloon.disk_caches", "balloon.last-update", "balloon.swap_in", "balloon.major_fault",
            "net.count", "net.0.rx.bytes", "net.0.tx.bytes", "net.1.rx.bytes", "block.count", "block.0.rd.bytes",
            "block.0.wr.bytes", "block.0.capacity", "block.1.capacity",
        ]
        let identity = DomainIdentity(domain: DomainID(UUID128(high: 1, low: 1)), name: "a", hypervisorID: 1)
        Fuzz.run("statistics of domains", rounds: 300) { fuzz in
            var values: [String: Int64] = ["state.state": 1]
            for name in names { values[name] = fuzz.optional { $0.int64() } ?? values[name] }
            let statistics = DomainStatistics(identity: identity, values: values)
            let reading = DomainReading(statistics)
            _ = (statistics.onlineVCPUs, statistics.mayBeIncoming(isXen: true), reading.memory)
        }
    }
}
