// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One reading of a host as the shell got it from the hypervisor: raw counters, and when. `nil` is unknown, never zero.
package struct RawHostReading: Hashable, Sendable {
    package var instant: ReadingInstant
    package var cpuCount: Int
    package var memory: ByteCount
    /// Busy time summed over all cores.
    package var cpuTimeNanoseconds: Int64?
    /// Domain 0's CPU time, where there is one.
    package var controlDomainCPUTimeNanoseconds: Int64?
    package var memoryUsed: ByteCount?
    package var responseTimeNanoseconds: Int64?
    package var responseMethod: ResponseMethod
    /// The share of the last round trips that had no answer.
    package var responseLoss: Utilization?
    /// At most one per domain.
    package var domains: [RawDomainReading]

    package init(
        instant: ReadingInstant, cpuCount: Int, memory: ByteCount, cpuTimeNanoseconds: Int64? = nil,
        controlDomainCPUTimeNanoseconds: Int64? = nil, memoryUsed: ByteCount? = nil,
        responseTimeNanoseconds: Int64? = nil, responseMethod: ResponseMethod = .unknown,
        responseLoss: Utilization? = nil, domains: [RawDomainReading]
    ) {
        self.instant = instant
        self.cpuCount = cpuCount
        self.memory = memory
        self.cpuTimeNanoseconds = cpuTimeNanoseconds
        self.controlDomainCPUTimeNanoseconds = controlDomainCPUTimeNanoseconds
        self.memoryUsed = memoryUsed
        self.responseTimeNanoseconds = responseTimeNanoseconds
        self.responseMethod = responseMethod
        self.responseLoss = responseLoss
        self.domains = domains
    }
}

/// Raw counters of a domain at one instant; instants are by the host's own clock.
package struct RawDomainReading: Hashable, Sendable {
    package var domain: DomainID
    package var name: String
    package var state: DomainState
    /// The hypervisor's number of the running domain; `nil` if it does not run.
    package var hypervisorID: Int64?
    /// When the incarnation began, where the driver says so.
    package var incarnationStart: Timestamp?
    package var maximumVCPUs: VCPUCount?
    package var grantedVCPUs: VCPUCount?
    package var confirmedVCPUs: VCPUCount?
    package var memory: DomainMemory?
    package var disk: ByteCount?
    package var counters: DomainCounters
    /// CPU time of each vCPU, in order, where the driver tells.
    package var vcpuTimeNanoseconds: [Int64]?
    /// Since when the present size and state hold on this host, where the driver says so.
    package var sizeEffectiveAt: Timestamp?
    /// What its network may carry, where the driver says so; `nil`: no cap, or unknown.
    package var networkCapBytesPerSecond: Int64?

    package init(
        domain: DomainID, name: String, state: DomainState, hypervisorID: Int64? = nil,
        incarnationStart: Timestamp? = nil, maximumVCPUs: VCPUCount? = nil, grantedVCPUs: VCPUCount? = nil,
        confirmedVCPUs: VCPUCount? = nil, memory: DomainMemory? = nil, disk: ByteCount? = nil,
        counters: DomainCounters = DomainCounters(), vcpuTimeNanoseconds: [Int64]? = nil,
        sizeEffectiveAt: Timestamp? = nil, networkCapBytesPerSecond: Int64? = nil
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
        self.vcpuTimeNanoseconds = vcpuTimeNanoseconds
        self.sizeEffectiveAt = sizeEffectiveAt
        self.networkCapBytesPerSecond = networkCapBytesPerSecond
    }
}
