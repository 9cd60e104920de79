// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel
internal import XMLCoder

/// What Ebb reads from a domain's XML, whoever wrote it.
struct DefinedDomain: Decodable, Hashable, Sendable {
    struct Metadata: Decodable, Hashable, Sendable {
        let ebb: EbbLabel?
        enum CodingKeys: String, CodingKey { case ebb = "ebb:domain" }
    }

    struct Amount: Decodable, Hashable, Sendable {
        let value: Int64
        enum CodingKeys: String, CodingKey { case value = "" }
    }

    struct VCPU: Decodable, Hashable, Sendable {
        @Attribute var current: Int?
        let value: Int64
        enum CodingKeys: String, CodingKey {
            case current
            case value = ""
        }
    }

    struct VCPUs: Decodable, Hashable, Sendable {
        struct Item: Decodable, Hashable, Sendable {
            @Attribute var id: Int
            @Attribute var enabled: String?
            @Attribute var hotpluggable: String?
        }
        let vcpu: [Item]?
    }

    struct Features: Decodable, Hashable, Sendable {
        struct Present: Decodable, Hashable, Sendable {}
        let acpi: Present?
    }

    struct CPU: Decodable, Hashable, Sendable {
        struct Topology: Decodable, Hashable, Sendable {
            @Attribute var sockets: Int?
            @Attribute var dies: Int?
            @Attribute var cores: Int?
            @Attribute var threads: Int?

            /// How many vCPUs the topology has.
            var vcpuCount: Int {
                [sockets, dies, cores, threads].reduce(1) { $0.multipliedReportingOverflow(by: $1 ?? 1).partialValue }
            }
        }
        struct Cells: Decodable, Hashable, Sendable {
            struct Cell: Decodable, Hashable, Sendable {}
            let cell: [Cell]?
        }
        @Attribute var mode: String?
        let topology: Topology?
        let numa: Cells?
    }

    /// In microseconds; a negative quota means no quota. `quota` is for each vCPU, `emulator_quota` for QEMU's own threads,
    /// `global_quota` for the whole domain.
    struct CPUTuning: Decodable, Hashable, Sendable {
        let emulator_period: Int64?
        let emulator_quota: Int64?
        let global_period: Int64?
        let global_quota: Int64?
        let period: Int64?
        let quota: Int64?
    }

    struct MemoryBacking: Decodable, Hashable, Sendable {
        let hugepages: Features.Present?
    }

    @Attribute var type: String
    let name: String
    let uuid: String?
    /// In KiB: libvirt writes no other unit.
    let memory: Amount
    let currentMemory: Amount?
    let vcpu: VCPU
    let vcpus: VCPUs?
    let cputune: CPUTuning?
    let features: Features?
    let cpu: CPU?
    let metadata: Metadata?
    let devices: Devices?
    let launchSecurity: Features.Present?
    let memoryBacking: MemoryBacking?
    private var marks = DomainMarks()

    enum CodingKeys: String, CodingKey {
        case type, name, uuid, memory, currentMemory, vcpu, vcpus, cputune, features, cpu, metadata, devices,
            memoryBacking, launchSecurity
    }

    /// `nil` if the text is not a domain's definition.
    init?(xml: String) {
        guard let value = try? XMLDecoder().decode(Self.self, from: Data(xml.utf8)) else { return nil }
        self = value
        marks = DomainMarks(xml: xml)
    }

    /// The name by which its tenant knows it.
    var displayName: String { metadata?.ebb?.name.flatMap { $0.isEmpty ? nil : $0 } ?? name }
    /// The tenant for whom it was created; `nil` if Ebb did not create it, or if its label names no tenant.
    var tenant: TenantID? { metadata?.ebb?.tenant.flatMap { TenantID($0) } }
    /// Which other manager manages it. A label that names no tenant is not Ebb's.
    var manager: String? { tenant == nil ? ForeignManager(marks)?.rawValue : nil }

    var maximumVCPUs: VCPUCount { VCPUCount(clamping: Int(clamping: vcpu.value)) }
    /// The number of vCPUs that it starts with.
    var startVCPUs: VCPUCount { vcpu.current.map { VCPUCount(clamping: $0) } ?? maximumVCPUs }
    var maximumMemory: ByteCount { .kibibytes(memory.value) }
    var startMemory: ByteCount { .kibibytes(currentMemory?.value ?? memory.value) }
    /// Numbers of the vCPUs, without the first, that exist from the start and can't be unplugged.
    var fixedVCPUs: [Int] {
        guard let items = vcpus?.vcpu else { return Array(1..<max(1, startVCPUs.count)) }
        return items.filter { $0.id > 0 && $0.enabled == "yes" && $0.hotpluggable != "yes" }.map(\.id)
    }
    /// How many of its vCPUs are plugged one by one when it starts.
    var pluggedVCPUCount: Int {
        (vcpus?.vcpu ?? []).count { $0.enabled == "yes" && $0.hotpluggable == "yes" }
    }
    /// What this number of its vCPUs may use together.
    ///
    /// There may be a quota for the domain and one for each vCPU; the tighter one holds.
    func cpuCap(vcpus: VCPUCount) -> CPUCap {
        let whole = CPUQuota.ppm(quota: cputune?.global_quota, period: cputune?.global_period)
        let each = CPUQuota.ppm(quota: cputune?.quota, period: cputune?.period, times: max(1, vcpus.count))
        return [whole, each].compactMap { $0 }.min().map { .limit(ppm: $0) } ?? .none
    }
}

/// Devices.
extension DefinedDomain {
    struct Devices: Decodable, Hashable, Sendable {
        struct Target: Decodable, Hashable, Sendable {
            @Attribute var dev: String?
            @Attribute var name: String?
            /// For a channel: `connected` while something in the guest has it open.
            @Attribute var state: String?
        }
        struct Source: Decodable, Hashable, Sendable {
            @Attribute var file: String?
            @Attribute var path: String?
            @Attribute var pool: String?
            @Attribute var network: String?
        }
        struct HardwareAddress: Decodable, Hashable, Sendable {
            @Attribute var address: String
        }
        struct Log: Decodable, Hashable, Sendable {
            @Attribute var file: String
        }
        struct Device: Decodable, Hashable, Sendable {
            /// For a disk: `disk`, `cdrom`, …
            @Attribute var device: String?
            @Attribute var type: String?
            let driver: Driver?
            let source: Source?
            let target: Target?
            let mac: HardwareAddress?
            let log: Log?
            let bandwidth: Bandwidth?
            let shareable: Features.Present?
            let readonly: Features.Present?
            let teaming: Teaming?
        }
        struct Teaming: Decodable, Hashable, Sendable {
            /// `transient`: the guest goes on with another disk while this one is ejected.
            @Attribute var type: String
        }
        struct Driver: Decodable, Hashable, Sendable {
            @Attribute var cache: String?
        }
        struct Bandwidth: Decodable, Hashable, Sendable {
            struct Limit: Decodable, Hashable, Sendable {
                /// In KiB per second.
                @Attribute var average: Int64?
            }
            let inbound: Limit?
            let outbound: Limit?
        }
        struct Balloon: Decodable, Hashable, Sendable {
            @Attribute var model: String
            let stats: Statistics?
        }
        struct Statistics: Decodable, Hashable, Sendable {
            /// In seconds; 0: never.
            @Attribute var period: Int64
        }
        struct HostDevice: Decodable, Hashable, Sendable {}
        let disk: [Device]?
        let interface: [Device]?
        let channel: [Device]?
        let serial: [Device]?
        let console: [Device]?
        let memballoon: Balloon?
        let hostdev: [HostDevice]?
    }

    /// Without removable media: a medium in a drive does not belong to the domain.
    private var allDisks: [Devices.Device] {
        (devices?.disk ?? []).filter { !["cdrom", "floppy"].contains($0.device ?? "disk") }
    }
    /// A device with two names: the one in its driver's statistics (`nil`: the host has no name for it, and no
    /// statistics), and the one that it keeps over its whole life.
    struct NamedDevice: Hashable, Sendable {
        let target: String?
        let name: String
    }
    /// Interfaces by their hardware addresses. Two may share one, as a failover pair does: the second and later ones
    /// get a number, since each device needs a name of its own.
    var interfaceDevices: [NamedDevice] {
        var taken: Set<String> = []
        return (devices?.interface ?? []).enumerated().map { index, device in
            let target = device.target?.dev
            var name = device.mac?.address.lowercased() ?? target ?? "number \(index + 1)"
            if taken.contains(name) { name += " #\(index + 1)" }
            taken.insert(name)
            return NamedDevice(target: target, name: name)
        }
    }
    /// Disks by their targets.
    var diskDevices: [NamedDevice] { disks.map { NamedDevice(target: $0, name: $0) } }
    /// Targets of interfaces and of disks, removable media included.
    var allDeviceTargets: [String] {
        interfaces + (devices?.disk ?? []).compactMap { $0.target?.dev }
    }
    /// Target names of the disks, without removable media.
    var disks: [String] { allDisks.compactMap { $0.target?.dev } }
    /// The host's files that hold its disks.
    var diskFiles: [String] { allDisks.compactMap { $0.source?.file } }
    /// Storage pools that its disks name.
    var diskPools: [String] { allDisks.compactMap { $0.source?.pool } }
    /// Virtual networks that its interfaces join.
    var networks: [String] { (devices?.interface ?? []).compactMap { $0.source?.network } }
    /// Whether its guest sees the CPU of its host.
    var usesHostCPU: Bool { ["host-passthrough", "host-model", "maximum"].contains(cpu?.mode) }
    /// Whether its memory can be read on this host only.
    var isMemoryEncrypted: Bool { launchSecurity != nil }
    /// Whether no disk that is written to goes through its host's page cache.
    var bypassesPageCache: Bool {
        allDisks.filter { $0.readonly == nil }.allSatisfy { ["none", "directsync"].contains($0.driver?.cache) }
    }
    var interfaces: [String] { (devices?.interface ?? []).compactMap { $0.target?.dev } }
    /// Both definitions of a domain know its interfaces by these; only the live definition has their names.
    var hardwareAddresses: [String] { (devices?.interface ?? []).compactMap { $0.mac?.address } }
    /// The lowest limit of its interfaces, in bytes per second; `nil` if no interface has one.
    var networkCapBytesPerSecond: Int64? {
        let limits = (devices?.interface ?? []).flatMap { [$0.bandwidth?.inbound, $0.bandwidth?.outbound] }
        return limits.compactMap { $0?.average }.filter { $0 > 0 }.min().map { ByteCount.kibibytes($0).bytes }
    }
    /// The host's file to which its console is written.
    var consoleFile: String? {
        let characters = (devices?.serial ?? []) + (devices?.console ?? [])
        return characters.lazy.compactMap { $0.log?.file ?? ($0.type == "file" ? $0.source?.path : nil) }.first
    }
    var hasAgentChannel: Bool { (devices?.channel ?? []).contains { $0.target?.name == agentChannelName } }
    /// Whether the guest can be asked.
    var isAgentConnected: Bool {
        (devices?.channel ?? []).contains { $0.target?.name == agentChannelName && $0.target?.state == "connected" }
    }
    var hasBalloon: Bool { devices?.memballoon.map { $0.model != "none" } ?? false }
    /// How often the guest's balloon driver is asked for its figures, in seconds; 0: never.
    var balloonPeriodSeconds: Int64 { max(0, devices?.memballoon?.stats?.period ?? 0) }
    /// How many devices of the host itself the guest uses, so that it can't move. Interfaces that are a part of the
    /// host's card (SR-IOV) are listed among the interfaces.
    var hostDeviceCount: Int {
        let cards = (devices?.interface ?? []).count {
            ["hostdev", "vdpa"].contains($0.type) && $0.teaming?.type != "transient"
        }
        return (devices?.hostdev?.count ?? 0) + cards
    }
    /// Whether its memory is in huge pages. They are given to it completely at its start: the host gets nothing back
    /// from a balloon.
    var isInHugePages: Bool { memoryBacking?.hugepages != nil }
}

/// The virtio port on which the guest agent listens by convention.
let agentChannelName = "org.qemu.guest_agent.0"
