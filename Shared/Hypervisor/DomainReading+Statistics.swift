// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel

extension DomainReading {
    /// The reading that libvirt's statistics give. What they do not say stays unknown.
    ///
    /// `confirmedVCPUs` is left unknown: it takes more than one reading (see `GuestConfirmation`).
    /// - Parameter known: what its definition says, if that could be read.
    init(_ statistics: DomainStatistics, _ known: LibvirtConnection.Known? = nil, isSaved: Bool = false) {
        self.init(
            domain: statistics.identity.domain, name: known?.definition.displayName ?? statistics.identity.name,
            state: statistics.state(isSaved: isSaved), hypervisorID: statistics.identity.hypervisorID)
        stateReason = statistics.stateReason
        maximumVCPUs = statistics["vcpu.maximum"].flatMap { VCPUCount(exactly: $0) }
        grantedVCPUs = statistics["vcpu.current"].flatMap { VCPUCount(exactly: $0) }
        memory = statistics.memory
        memoryReport = statistics.memoryReport(periodSeconds: known?.definition.balloonPeriodSeconds)
        let devices = statistics.devices(known?.definition, isActive: state.isActive)
        self.devices = devices
        disk = devices.knownSum(of: .disk) { $0.capacity?.bytes }.map { ByteCount(clamping: $0) }
        cpuCap = known?.cpuCap(vcpus: grantedVCPUs) ?? .unknown
        networkCapBytesPerSecond = known?.definition.networkCapBytesPerSecond
        guard state.isActive else { return }
        counters = statistics.counters(devices)
        vcpuTimeNanoseconds = statistics.vcpuTimes.map { $0.map(\.nanoseconds) }
    }
}

extension DomainStatistics {
    /// Whether it may be the target's half of a migration that is still under way, while the domain runs on the source;
    /// such a half has no persistent definition yet. Xen's driver shows it as off, then as paused by somebody.
    func mayBeIncoming(isXen: Bool) -> Bool {
        switch virDomainState(UInt32(truncatingIfNeeded: self["state.state"] ?? 0)) {
        case VIR_DOMAIN_PAUSED: isXen || self["state.reason"] == Int64(VIR_DOMAIN_PAUSED_MIGRATION.rawValue)
        case VIR_DOMAIN_SHUTOFF: isXen
        default: false
        }
    }

    func state(isSaved: Bool) -> DomainState {
        guard let number = self["state.state"] else { return .unknown }
        return switch virDomainState(UInt32(truncatingIfNeeded: number)) {
        case VIR_DOMAIN_RUNNING: .running
        case VIR_DOMAIN_BLOCKED: .blocked
        case VIR_DOMAIN_PAUSED: .paused
        case VIR_DOMAIN_PMSUSPENDED: .pmSuspended
        case VIR_DOMAIN_SHUTDOWN: .shuttingDown
        case VIR_DOMAIN_SHUTOFF: isSaved ? .saved : .shutoff
        // One that was not kept is off.
        case VIR_DOMAIN_CRASHED: identity.hypervisorID == nil ? .shutoff : .crashed
        // Xen has no state for a domain that waits for its next time slice.
        default: identity.hypervisorID == nil ? .unknown : .blocked
        }
    }

    /// Why it does not run; `nil` where it does, or where the driver does not say.
    var stateReason: StateReason? {
        guard let number = self["state.state"] else { return nil }
        let reason = self["state.reason"].map { Int($0) }
        return switch virDomainState(UInt32(truncatingIfNeeded: number)) {
        case VIR_DOMAIN_PAUSED:
            reason.flatMap { Self.pausedReasons.indices.contains($0) ? Self.pausedReasons[$0] : nil }
        case VIR_DOMAIN_SHUTOFF: reason.flatMap { Self.offReasons.indices.contains($0) ? Self.offReasons[$0] : nil }
        case VIR_DOMAIN_CRASHED: reason == Int(VIR_DOMAIN_CRASHED_PANICKED.rawValue) ? .panicked : .crashed
        default: nil
        }
    }

    /// By libvirt's number (`virDomainPausedReason`).
    private static let pausedReasons: [StateReason?] = [
        nil, .user, .migration, .save, .dump, .ioError, .watchdog, .fromSnapshot, .shuttingDown, .snapshot, .crashed,
        .startingUp, .postCopy, .postCopyFailed, .failedCall,
    ]
    /// By libvirt's number (`virDomainShutoffReason`).
    private static let offReasons: [StateReason?] = [
        nil, .shutdown, .destroyed, .crashed, .migration, .save, .failed, .fromSnapshot, .daemon,
    ]

    /// Number and CPU time of each vCPU that is granted or not offline; `nil` if the driver does not say. A granted
    /// vCPU is in it whatever its state: see `onlineVCPUs`.
    var vcpuTimes: [(number: Int, nanoseconds: Int64)]? {
        guard let maximum = listedVCPUs else { return nil }
        let times = (0..<maximum).compactMap { number -> (Int, Int64)? in
            guard let time = self["vcpu.\(number).time"],
                Int64(number) < self["vcpu.current"] ?? 0
                    || self["vcpu.\(number).state"] != Int64(VIR_VCPU_OFFLINE.rawValue)
            else { return nil }
            return (number, time)
        }
        return times.isEmpty ? nil : times
    }

    /// How many vCPUs have entries in the statistics.
    private var listedVCPUs: Int? {
        (self["vcpu.maximum"] ?? self["vcpu.current"]).flatMap { VCPUCount(exactly: $0)?.count }
    }

    /// vCPUs that show as running or idle; `nil` where the driver does not tell. libvirt shows a Xen guest's vCPU as
    /// offline also while it waits for its time slice.
    var onlineVCPUs: Int? {
        guard let maximum = listedVCPUs else { return nil }
        let states = (0..<maximum).compactMap { self["vcpu.\($0).state"] }
        return states.isEmpty ? nil : states.count { $0 != Int64(VIR_VCPU_OFFLINE.rawValue) }
    }

    fileprivate func counters(_ devices: [DeviceCounters]?) -> DomainCounters {
        DomainCounters(
            cpuTimeNanoseconds: self["cpu.time"], stealTimeNanoseconds: stealTime,
            networkReceivedBytes: devices.knownSum(of: .interface, \.incoming),
            networkTransmittedBytes: devices.knownSum(of: .interface, \.outgoing),
            blockReadBytes: devices.knownSum(of: .disk, \.incoming),
            blockWrittenBytes: devices.knownSum(of: .disk, \.outgoing),
            swapInBytes: balloonReported["balloon.swap_in"].map { ByteCount.kibibytes($0).bytes },
            majorFaults: balloonReported["balloon.major_fault"])
    }

    /// What the guest's balloon driver says; nothing until it has reported.
    private var balloonReported: [String: Int64] { self["balloon.last-update"] == 0 ? [:] : values }

    /// Time in which vCPUs could have run and the host ran something else.
    private var stealTime: Int64? {
        guard let maximum = self["vcpu.maximum"].flatMap({ VCPUCount(exactly: $0)?.count }) else { return nil }
        let delays = (0..<maximum).compactMap { self["vcpu.\($0).delay"] }
        return delays.isEmpty ? nil : delays.reduce(0) { $0.addedOrClamped($1) }
    }

    fileprivate var memory: DomainMemory? {
        guard let maximum = self["balloon.maximum"].flatMap({ ByteCount(exactlyKibibytes: $0) }) else { return nil }
        return DomainMemory(
            maximum: maximum, allocated: self["balloon.current"].flatMap { ByteCount(exactlyKibibytes: $0) },
            used: usedKibibytes.flatMap { ByteCount(exactlyKibibytes: $0) })
    }

    /// QEMU's stamp of the driver's last report, also if the driver has stopped since.
    fileprivate func memoryReport(periodSeconds: Int64?) -> MemoryReport? {
        self["balloon.last-update"].map { stamp in
            MemoryReport(
                stamp: stamp, periodNanoseconds: periodSeconds.map { min($0, 86_400) * 1_000_000_000 })
        }
    }

    /// What the guest uses without its page cache: unknown until its balloon driver has reported.
    private var usedKibibytes: Int64? {
        guard self["balloon.last-update"] != 0, let available = self["balloon.available"] else { return nil }
        if let usable = self["balloon.usable"] { return max(0, available.subtractedOrClamped(usable)) }
        // Older guests don't report what is usable.
        guard let unused = self["balloon.unused"], let cache = self["balloon.disk_caches"] else { return nil }
        return max(0, available.subtractedOrClamped(unused).subtractedOrClamped(cache))
    }

    /// Its interfaces and disks by the identities in its definition. Without a definition: by the names in the
    /// statistics, where each block device may be a disk. `nil` if the driver reports no devices.
    func devices(_ definition: DefinedDomain?, isActive: Bool) -> [DeviceCounters]? {
        guard self["net.count"] != nil || self["block.count"] != nil else { return nil }
        let (interfaces, disks) = (places(of: "net"), places(of: "block"))
        let nics =
            definition?.interfaceDevices ?? interfaces.map { DefinedDomain.NamedDevice(target: $0.name, name: $0.name) }
        let blocks = definition?.diskDevices ?? disks.map { DefinedDomain.NamedDevice(target: $0.name, name: $0.name) }
        let (nicPlaces, diskPlaces) = (Self.byName(interfaces), Self.byName(disks))
        return nics.map { device in
            let place = device.target.flatMap { nicPlaces[$0] }
            return DeviceCounters(
                .interface, device.name, incoming: figure("net", place, "rx.bytes", if: isActive),
                outgoing: figure("net", place, "tx.bytes", if: isActive))
        }
            + blocks.map { device in
                let place = device.target.flatMap { diskPlaces[$0] }
                return DeviceCounters(
                    .disk, device.name, incoming: figure("block", place, "rd.bytes", if: isActive),
                    outgoing: figure("block", place, "wr.bytes", if: isActive),
                    capacity: figure("block", place, "capacity", if: true).map { ByteCount(clamping: $0) })
            }
    }

    /// Names of devices that are in the statistics but not in a definition, so the definition is old.
    func unexpectedDevices(beside definition: DefinedDomain) -> Set<String> {
        let known = Set(definition.allDeviceTargets)
        return Set(names.values.filter { !known.contains($0) })
    }

    /// More than any guest has: a larger number is wrong.
    private static let mostDevices: Int64 = 1_024

    private static func byName(_ places: [(name: String, index: Int64)]) -> [String: Int64] {
        Dictionary(places.map { ($0.name, $0.index) }) { first, _ in first }
    }

    /// Where each device of a group stands in the statistics; a device without a name gets its number as a name.
    private func places(of group: String) -> [(name: String, index: Int64)] {
        (0..<max(0, min(self["\(group).count"] ?? 0, Self.mostDevices))).map { index in
            (names["\(group).\(index).name"] ?? "#\(index)", index)
        }
    }

    private func figure(_ group: String, _ index: Int64?, _ name: String, if isTold: Bool) -> Int64? {
        guard isTold, let index, let value = self["\(group).\(index).\(name)"], value >= 0 else { return nil }
        return value
    }
}

extension [DeviceCounters]? {
    /// The sum of a figure over the devices of one kind for which it is known; `nil` if there are devices and it is
    /// known for none.
    fileprivate func knownSum(of kind: DeviceCounters.Kind, _ figure: (DeviceCounters) -> Int64?) -> Int64? {
        guard let devices = self?.filter({ $0.kind == kind }) else { return nil }
        let known = devices.compactMap(figure)
        guard devices.isEmpty || !known.isEmpty else { return nil }
        return known.reduce(0) { sum, value in
            let (next, overflow) = sum.addingReportingOverflow(value)
            return overflow ? .max : next
        }
    }
}
