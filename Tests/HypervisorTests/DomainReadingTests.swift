// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import Hypervisor

struct DomainReadingTests {
    private let identity = DomainIdentity(domain: .fresh(), name: "acme.web1", hypervisorID: 7)

    /// What QEMU's bulk call said of a guest with vCPUs 0 and 2 plugged, two interfaces and a disk.
    private let values: [String: Int64] = [
        "state.state": 1, "state.reason": 1, "cpu.time": 5_000_000_000, "vcpu.current": 2, "vcpu.maximum": 4,
        "vcpu.0.state": 1, "vcpu.0.time": 3_000_000_000, "vcpu.0.delay": 40_000_000,
        "vcpu.2.state": 1, "vcpu.2.time": 1_500_000_000, "vcpu.2.delay": 2_000_000,
        "balloon.current": 524_288, "balloon.maximum": 1_048_576, "balloon.available": 491_520,
        "balloon.unused": 300_000, "balloon.usable": 400_000, "balloon.last-update": 1_700_000_000,
        "net.count": 2, "net.0.rx.bytes": 1_000, "net.0.tx.bytes": 10, "net.1.rx.bytes": 500, "net.1.tx.bytes": 5,
        "block.count": 1, "block.0.rd.bytes": 4_096, "block.0.wr.bytes": 8_192, "block.0.capacity": 1_073_741_824,
    ]

    private func reading(_ change: (inout [String: Int64]) -> Void = { _ in }) -> DomainReading {
        var values = values
        change(&values)
        return DomainReading(DomainStatistics(identity: identity, values: values))
    }

    @Test("a bulk record becomes a reading with sums over devices and vCPUs")
    func complete() {
        let reading = reading()
        #expect(reading.state == .running)
        #expect(reading.hypervisorID == 7)
        #expect(reading.maximumVCPUs == 4)
        #expect(reading.grantedVCPUs == 2)
        #expect(reading.vcpuTimeNanoseconds == [3_000_000_000, 1_500_000_000])
        #expect(reading.memory?.maximum == .gibibytes(1))
        #expect(reading.memory?.allocated == .mebibytes(512))
        #expect(reading.memory?.used == .kibibytes(91_520))
        #expect(reading.disk == .gibibytes(1))
        #expect(
            reading.counters
                == DomainCounters(
                    cpuTimeNanoseconds: 5_000_000_000, stealTimeNanoseconds: 42_000_000, networkReceivedBytes: 1_500,
                    networkTransmittedBytes: 15, blockReadBytes: 4_096, blockWrittenBytes: 8_192))
    }

    @Test(
        "each figure that is missing is unknown and harms no other",
        arguments: [
            "cpu.time", "vcpu.current", "balloon.current", "balloon.available", "net.1.rx.bytes", "block.0.wr.bytes",
            "block.0.capacity", "net.count",
        ])
    func missing(name: String) {
        let reading = reading { $0[name] = nil }
        #expect((reading.counters.cpuTimeNanoseconds == nil) == (name == "cpu.time"))
        #expect((reading.grantedVCPUs == nil) == (name == "vcpu.current"))
        #expect((reading.memory?.allocated == nil) == (name == "balloon.current"))
        #expect((reading.memory?.used == nil) == (name == "balloon.available"))
        // Of one device of several only its own is missing.
        #expect(
            reading.counters.networkReceivedBytes
                == (name == "net.1.rx.bytes" ? 1_000 : name == "net.count" ? 0 : 1_500))
        #expect(reading.counters.networkTransmittedBytes == (name == "net.count" ? 0 : 15))
        #expect((reading.counters.blockWrittenBytes == nil) == (name == "block.0.wr.bytes"))
        #expect((reading.disk == nil) == (name == "block.0.capacity"))
    }

    /// Statistics of a domain with that definition of its devices; the statistics name their devices in order.
    private func reading(
        _ devices: String, interfaces: [String?], blocks: [String], _ more: [String: Int64]
    ) throws -> DomainReading {
        let xml = """
            <domain type='kvm'><name>vm</name><memory unit='KiB'>1024</memory><vcpu>1</vcpu>
            <devices>\(devices)</devices></domain>
            """
        var values: [String: Int64] = [
            "state.state": 1, "net.count": Int64(interfaces.count), "block.count": Int64(blocks.count),
        ]
        values.merge(more) { $1 }
        var names = Dictionary(uniqueKeysWithValues: blocks.enumerated().map { ("block.\($0).name", $1) })
        for (index, name) in interfaces.enumerated() { names["net.\(index).name"] = name }
        let definition = try #require(DefinedDomain(xml: xml))
        return DomainReading(
            DomainStatistics(identity: identity, values: values, names: names),
            LibvirtConnection.Known(
                name: identity.name, hypervisorID: 7, definition: definition, schedulerCap: nil))
    }

    @Test("a device is known by its hardware address or target, wherever the statistics have it")
    func identities() throws {
        let reading = try reading(
            """
            <interface type='bridge'><mac address='52:54:00:00:00:21'/><target dev='vnet0'/></interface>
            <interface type='bridge'><mac address='52:54:00:00:00:22'/><target dev='vnet7'/></interface>
            <disk type='file' device='disk'><target dev='vda'/></disk>
            """, interfaces: ["vnet7"], blocks: ["vda"],
            [
                "net.0.rx.bytes": 9, "net.0.tx.bytes": 3, "block.0.rd.bytes": 1, "block.0.wr.bytes": 2,
                "block.0.capacity": 5,
            ])
        #expect(
            reading.devices == [
                DeviceCounters(.interface, "52:54:00:00:00:21"),
                DeviceCounters(.interface, "52:54:00:00:00:22", incoming: 9, outgoing: 3),
                DeviceCounters(.disk, "vda", incoming: 1, outgoing: 2, capacity: ByteCount(clamping: 5)),
            ])
        #expect(reading.counters.networkReceivedBytes == 9)
    }

    @Test("an interface without counters (user mode, SR-IOV) is unknown by itself, and the others are metered")
    func withoutCounters() throws {
        let reading = try reading(
            """
            <interface type='bridge'><mac address='52:54:00:00:00:02'/><target dev='vnet0'/></interface>
            <interface type='user'><mac address='52:54:00:00:00:03'/></interface>
            <interface type='hostdev'><mac address='52:54:00:00:00:04'/></interface>
            """, interfaces: ["vnet0", nil, nil], blocks: [], ["net.0.rx.bytes": 100, "net.0.tx.bytes": 7])
        #expect(reading.counters.networkReceivedBytes == 100 && reading.counters.networkTransmittedBytes == 7)
        #expect(
            reading.devices?.filter { $0.incoming == nil }.map(\.name) == ["52:54:00:00:00:03", "52:54:00:00:00:04"])
    }

    @Test("what is in a drive is no disk: neither an empty CD-ROM drive, nor an ISO, nor a floppy; a LUN is one")
    func removableMedia() throws {
        let reading = try reading(
            """
            <disk type='file' device='disk'><target dev='vda'/></disk>
            <disk type='block' device='lun'><target dev='sdb'/></disk>
            <disk type='file' device='cdrom'><target dev='sda'/></disk>
            <disk type='file' device='cdrom'><target dev='sdc'/></disk>
            <disk type='file' device='floppy'><target dev='fda'/></disk>
            """, interfaces: [], blocks: ["vda", "sdb", "sda", "sdc", "fda"],
            ["block.0.capacity": 1_000, "block.1.capacity": 500, "block.3.capacity": 70, "block.4.capacity": 1])
        #expect(reading.disk == ByteCount(clamping: 1_500))
        #expect(reading.devices?.map(\.label) == ["disk vda", "disk sdb"])
    }

    @Test("a disk whose size can't be read is unknown by itself")
    func unknownDisk() throws {
        let disks = "<disk type='file'><target dev='vda'/></disk><disk type='network'><target dev='vdb'/></disk>"
        let reading = try reading(disks, interfaces: [], blocks: ["vda", "vdb"], ["block.0.capacity": 1_000])
        #expect(reading.disk == ByteCount(clamping: 1_000))
        #expect(reading.devices?.map(\.capacity) == [ByteCount(clamping: 1_000), nil])
    }

    @Test("a definition that does not have a device of the statistics is an old one")
    func oldDefinition() throws {
        let xml = """
            <domain type='kvm'><name>vm</name><memory>1</memory><vcpu>1</vcpu>
            <devices><interface type='bridge'><target dev='vnet0'/></interface>
            <disk device='cdrom'><target dev='sda'/></disk></devices></domain>
            """
        let definition = try #require(DefinedDomain(xml: xml))
        func unexpected(_ names: [String: String]) -> Set<String> {
            DomainStatistics(identity: identity, values: [:], names: names).unexpectedDevices(beside: definition)
        }
        #expect(unexpected(["net.0.name": "vnet0", "block.0.name": "sda"]).isEmpty)
        #expect(unexpected(["net.0.name": "vnet0", "net.1.name": "vnet4"]) == ["vnet4"])
    }

    @Test("memory use without page cache is unknown until the guest has reported it")
    func memoryUse() {
        #expect(reading { $0["balloon.last-update"] = 0 }.memory?.used == nil)
        #expect(reading { $0["balloon.usable"] = nil }.memory?.used == nil)
        let older = reading {
            $0["balloon.usable"] = nil
            $0["balloon.disk_caches"] = 100_000
        }
        #expect(older.memory?.used == .kibibytes(91_520))
    }

    @Test("a granted vCPU's time is read also while it shows as offline, as one that waits for its turn does on Xen")
    func offlineVCPU() {
        let waiting: [String: Int64?] = [
            "vcpu.1.state": 0, "vcpu.1.time": 1_500_000_000, "vcpu.2.state": nil, "vcpu.2.time": nil,
        ]
        func change(_ values: inout [String: Int64]) { for (name, value) in waiting { values[name] = value } }
        #expect(reading(change).vcpuTimeNanoseconds == [3_000_000_000, 1_500_000_000])
        var values = values
        change(&values)
        #expect(DomainStatistics(identity: identity, values: values).onlineVCPUs == 1)
        values["vcpu.current"] = 1
        let shrunk = DomainReading(DomainStatistics(identity: identity, values: values))
        #expect(shrunk.vcpuTimeNanoseconds == [3_000_000_000])
    }

    @Test("the half of a migration that waits on its target is told from a domain that somebody paused")
    func incoming() {
        func mayBe(_ state: Int64, _ reason: Int64, isXen: Bool) -> Bool {
            let change = ["state.state": state, "state.reason": reason]
            return DomainStatistics(identity: identity, values: values.merging(change) { $1 }).mayBeIncoming(
                isXen: isXen)
        }
        #expect(mayBe(3, 2, isXen: false))
        #expect(!mayBe(3, 1, isXen: false))
        #expect(!mayBe(5, 1, isXen: false))
        #expect(mayBe(3, 1, isXen: true))
        #expect(mayBe(5, 0, isXen: true))
        #expect(!mayBe(1, 1, isXen: true))
    }

    @Test("a domain that is off has sizes but no counters")
    func off() {
        var values = values
        values["state.state"] = 5
        let off = DomainStatistics(
            identity: DomainIdentity(domain: identity.domain, name: identity.name, hypervisorID: nil), values: values)
        #expect(DomainReading(off).state == .shutoff)
        #expect(DomainReading(off, isSaved: true).state == .saved)
        #expect(DomainReading(off).counters == DomainCounters())
        #expect(DomainReading(off).vcpuTimeNanoseconds == nil)
        #expect(DomainReading(off).maximumVCPUs == 4)
    }

    @Test(
        "libvirt's states map to ours; one that is missing is unknown, not off",
        arguments: [
            (1, DomainState.running), (2, .blocked), (3, .paused), (4, .shuttingDown), (5, .shutoff), (6, .crashed),
            (7, .pmSuspended), (0, .blocked), (nil, .unknown),
        ] as [(Int64?, DomainState)])
    func states(number: Int64?, state: DomainState) {
        #expect(reading { $0["state.state"] = number }.state == state)
    }

    @Test("why a domain is paused, off or crashed is read by libvirt's numbers; an unknown one says nothing")
    func reasons() {
        func reason(_ state: Int64, _ number: Int64?) -> StateReason? {
            reading { ($0["state.state"], $0["state.reason"]) = (state, number) }.stateReason
        }
        let paused: [StateReason?] = [
            nil, .user, .migration, .save, .dump, .ioError, .watchdog, .fromSnapshot, .shuttingDown, .snapshot,
            .crashed, .startingUp, .postCopy, .postCopyFailed,
        ]
        #expect(paused.indices.map { reason(3, Int64($0)) } == paused)
        let off: [StateReason?] = [
            nil, .shutdown, .destroyed, .crashed, .migration, .save, .failed, .fromSnapshot, .daemon,
        ]
        #expect(off.indices.map { reason(5, Int64($0)) } == off)
        #expect(reason(6, 1) == .panicked && reason(6, 0) == .crashed)
        for number in [-1, 99, nil] as [Int64?] { #expect(reason(3, number) == nil && reason(5, number) == nil) }
        #expect(reason(1, 5) == nil)
    }
}
