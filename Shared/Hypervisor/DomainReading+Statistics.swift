// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel

extension DomainReading {
    /// The reading that libvirt's statistics amount to. What they do not tell stays unknown.
    ///
    /// `confirmedVCPUs` is left unknown: it takes more than one reading (see `GuestConfirmation`).
    /// - Parameter known: what its definition says, if that could be read.
    init(_ statistics: DomainStatistics, _ known: LibvirtConnection.Known? = nil, isSaved: Bool = false) {
        self.init(
            domain: statistics.identity.domain, name: known?.definition.displayName ?? statistics.identity.name,
            state: statistics.state(isSaved: isSaved), hypervisorID: statistics.identity.hypervisorID)
        maximumVCPUs = statistics["vcpu.maximum"].map { VCPUCount(Int($0)) }
        grantedVCPUs = statistics["vcpu.current"].map { VCPUCount(Int($0)) }
        memory = statistics.memory
        disk = statistics.disk
        cpuCapPPM = known?.cpuCapPPM(vcpus: grantedVCPUs)
        networkCapBytesPerSecond = known?.definition.networkCapBytesPerSecond
        guard state.isActive else { return }
        counters = statistics.counters
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
        case VIR_DOMAIN_PAUSED, VIR_DOMAIN_PMSUSPENDED: .paused
        case VIR_DOMAIN_SHUTDOWN: .shuttingDown
        case VIR_DOMAIN_SHUTOFF: isSaved ? .saved : .shutoff
        case VIR_DOMAIN_CRASHED: .crashed
        // Xen has no state for a domain that waits for its next turn.
        default: identity.hypervisorID == nil ? .unknown : .blocked
        }
    }

    /// Number and CPU time of each vCPU that is granted or not offline; `nil` where the driver does not tell. Granted
    /// ones stand in it whatever their state: see `onlineVCPUs`.
    var vcpuTimes: [(number: Int, nanoseconds: Int64)]? {
        guard let maximum = self["vcpu.maximum"] ?? self["vcpu.current"] else { return nil }
        let times = (0..<Int(clamping: maximum)).compactMap { number -> (Int, Int64)? in
            guard let time = self["vcpu.\(number).time"],
                Int64(number) < self["vcpu.current"] ?? 0
                    || self["vcpu.\(number).state"] != Int64(VIR_VCPU_OFFLINE.rawValue)
            else { return nil }
            return (number, time)
        }
        return times.isEmpty ? nil : times
    }

    /// vCPUs that show as running or idle; `nil` where the driver does not tell. libvirt shows a Xen guest's vCPU as
    /// offline also while it waits for its turn.
    var onlineVCPUs: Int? {
        guard let maximum = self["vcpu.maximum"] ?? self["vcpu.current"] else { return nil }
        let states = (0..<Int(clamping: maximum)).compactMap { self["vcpu.\($0).state"] }
        return states.isEmpty ? nil : states.count { $0 != Int64(VIR_VCPU_OFFLINE.rawValue) }
    }

    fileprivate var counters: DomainCounters {
        DomainCounters(
            cpuTimeNanoseconds: self["cpu.time"], stealTimeNanoseconds: stealTime,
            networkReceivedBytes: total("net", "rx.bytes"), networkTransmittedBytes: total("net", "tx.bytes"),
            blockReadBytes: total("block", "rd.bytes"), blockWrittenBytes: total("block", "wr.bytes"),
            swapInBytes: balloonReported["balloon.swap_in"].map { ByteCount.kibibytes($0).bytes },
            majorFaults: balloonReported["balloon.major_fault"])
    }

    /// What the guest's balloon driver says; nothing until it has reported.
    private var balloonReported: [String: Int64] { self["balloon.last-update"] == 0 ? [:] : values }

    /// Time in which vCPUs could have run and the host ran something else.
    private var stealTime: Int64? {
        guard let maximum = self["vcpu.maximum"] else { return nil }
        let delays = (0..<Int(clamping: maximum)).compactMap { self["vcpu.\($0).delay"] }
        return delays.isEmpty ? nil : delays.reduce(0, &+)
    }

    fileprivate var memory: DomainMemory? {
        guard let maximum = self["balloon.maximum"] else { return nil }
        return DomainMemory(
            maximum: .kibibytes(maximum), allocated: self["balloon.current"].map { .kibibytes($0) },
            used: usedKibibytes.map { .kibibytes($0) })
    }

    /// What the guest uses without its page cache: unknown until its balloon driver has reported.
    private var usedKibibytes: Int64? {
        guard self["balloon.last-update"] != 0, let available = self["balloon.available"] else { return nil }
        if let usable = self["balloon.usable"] { return max(0, available - usable) }
        // Older guests don't report what is usable.
        guard let unused = self["balloon.unused"], let cache = self["balloon.disk_caches"] else { return nil }
        return max(0, available - unused - cache)
    }

    /// The sizes that all disks show to the guest.
    fileprivate var disk: ByteCount? { total("block", "capacity").map { ByteCount($0) } }

    /// The sum over all devices of a group; unknown as soon as one device's figure is.
    private func total(_ group: String, _ figure: String) -> Int64? {
        guard let count = self["\(group).count"] else { return nil }
        var sum: Int64 = 0
        for index in 0..<max(0, count) {
            guard let value = self["\(group).\(index).\(figure)"], value >= 0 else { return nil }
            sum &+= value
        }
        return sum
    }
}
