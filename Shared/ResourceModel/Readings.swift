// SPDX-License-Identifier: Apache-2.0

/// Raw counters of a host at one instant. `nil` is unknown, never zero.
package struct HostReading: Hashable, Sendable {
    /// The host's own instant of the reading where the driver gives one (the fleet); the caller's clock otherwise.
    package let readAt: Timestamp?
    /// Monotonic instant of the reading by this process, for Δt where `readAt` is `nil`.
    package let monotonicNanoseconds: Int64
    package let cpuCount: Int
    package let memory: ByteCount
    /// Busy time summed over all cores.
    package let cpuTimeNanoseconds: Int64?
    /// Domain 0's CPU time, where there is one.
    package let controlDomainCPUTimeNanoseconds: Int64?
    package let memoryUsed: ByteCount?
    package let domains: [DomainReading]

    package init(
        readAt: Timestamp?, monotonicNanoseconds: Int64, cpuCount: Int, memory: ByteCount, cpuTimeNanoseconds: Int64?,
        controlDomainCPUTimeNanoseconds: Int64?, memoryUsed: ByteCount?, domains: [DomainReading]
    ) {
        self.readAt = readAt
        self.monotonicNanoseconds = monotonicNanoseconds
        self.cpuCount = cpuCount
        self.memory = memory
        self.cpuTimeNanoseconds = cpuTimeNanoseconds
        self.controlDomainCPUTimeNanoseconds = controlDomainCPUTimeNanoseconds
        self.memoryUsed = memoryUsed
        self.domains = domains
    }
}

/// Raw counters of a domain at one instant.
package struct DomainReading: Hashable, Sendable {
    package var domain: DomainID
    package var name: String
    package var state: DomainState
    /// Why it is in that state, where the driver says so.
    package var stateReason: StateReason?
    /// The hypervisor's number of the running domain; `nil` if it does not run.
    package var hypervisorID: Int64?
    /// When the incarnation began, where the driver says so.
    package var incarnationStart: Timestamp?
    package var maximumVCPUs: VCPUCount?
    package var grantedVCPUs: VCPUCount?
    package var confirmedVCPUs: VCPUCount?
    package var memory: DomainMemory?
    package var disk: ByteCount?
    /// For network and disks: the sums over the devices that are known.
    package var counters: DomainCounters
    /// Each device by itself; `nil` where the driver gives sums only.
    package var devices: [DeviceCounters]?
    /// CPU time of each vCPU, in order, where the driver tells.
    package var vcpuTimeNanoseconds: [Int64]?
    /// Since when the present size and state hold on this host, where the driver says so.
    package var sizeEffectiveAt: Timestamp?
    package var cpuCap: CPUCap
    /// What its network interfaces may carry in each direction; `nil` without a cap, or while it is unknown.
    package var networkCapBytesPerSecond: Int64?
    /// When the guest reported its memory figures; `nil`: at the reading's own instant.
    package var memoryReport: MemoryReport?

    package init(
        domain: DomainID, name: String, state: DomainState, hypervisorID: Int64? = nil,
        incarnationStart: Timestamp? = nil, maximumVCPUs: VCPUCount? = nil, grantedVCPUs: VCPUCount? = nil,
        confirmedVCPUs: VCPUCount? = nil, memory: DomainMemory? = nil, disk: ByteCount? = nil,
        counters: DomainCounters = DomainCounters(), devices: [DeviceCounters]? = nil,
        vcpuTimeNanoseconds: [Int64]? = nil,
        sizeEffectiveAt: Timestamp? = nil, cpuCap: CPUCap = .unknown, networkCapBytesPerSecond: Int64? = nil
    ) {
        self.domain = domain
        self.name = name
        self.state = state
        self.hypervisorID = hypervisorID
        self.incarnationStart = incarnationStart
        self.maximumVCPUs = maximumVCPUs
        self.grantedVCPUs = grantedVCPUs
        self.confirmedVCPUs = confirmedVCPUs
        self.memory = memory
        self.disk = disk
        self.counters = counters
        self.devices = devices
        self.vcpuTimeNanoseconds = vcpuTimeNanoseconds
        self.sizeEffectiveAt = sizeEffectiveAt
        self.cpuCap = cpuCap
        self.networkCapBytesPerSecond = networkCapBytesPerSecond
    }
}

/// When a source inside of a guest last reported the guest's memory.
package struct MemoryReport: Hashable, Sendable {
    /// The source's own stamp. Another stamp means another report. It does not tell the report's age, since it comes
    /// from another clock.
    package let stamp: Int64
    /// How often the source reports; 0: it does not report any more, and its figures are old. `nil`: not known.
    package let periodNanoseconds: Int64?

    package init(stamp: Int64, periodNanoseconds: Int64?) {
        self.stamp = stamp
        self.periodNanoseconds = periodNanoseconds
    }
}
