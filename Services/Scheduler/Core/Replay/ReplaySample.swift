// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// A domain's demand in one interval, as far as its samples show it, whatever its size was.
package struct ReplaySample: Hashable, Sendable {
    package var sampledAt: Timestamp
    package var intervalNanoseconds: Int64
    /// `nil`: nothing is known of the interval.
    package var demand: CPUDemand?
    /// Whether the domain used its whole size, or nearly, so that its real demand is not known.
    package var isCapped: Bool
    package var steal: Utilization?
    /// Used in the guest, without page cache.
    package var memoryUsed: ByteCount?
    /// The rate of the busier direction of the network; `nil`: unknown.
    package var networkPeakBytesPerSecond: Int64?

    package init(
        sampledAt: Timestamp, intervalNanoseconds: Int64, demand: CPUDemand?, isCapped: Bool = false,
        steal: Utilization? = nil, memoryUsed: ByteCount? = nil, networkPeakBytesPerSecond: Int64? = nil
    ) {
        self.sampledAt = sampledAt
        self.intervalNanoseconds = intervalNanoseconds
        self.demand = demand
        self.isCapped = isCapped
        self.steal = steal
        self.memoryUsed = memoryUsed
        self.networkPeakBytesPerSecond = networkPeakBytesPerSecond
    }

    /// From a reading as it was recorded. At 95 % of the capacity or more its demand is what it is known to have wanted,
    /// else one and a half times the capacity, as `DemandHistory` takes it.
    package init(_ reading: DomainSample, sampledAt: Timestamp, intervalNanoseconds: Int64) {
        let isRunning = reading.state == .running || reading.state == .blocked
        let utilization = isRunning ? reading.cpuUtilization?.clamped : nil
        let isCapped = utilization.map { $0 >= GridSizing.cappedFrom } ?? false
        var demand: CPUDemand?
        if let utilization, let capacity = reading.capacity, capacity > .zero {
            let share = isCapped ? max(reading.wantedShare ?? DemandHistory.hidden, utilization) : utilization
            demand = CPUDemand(utilization: share, capacity: capacity)
        }
        self.init(
            sampledAt: sampledAt, intervalNanoseconds: intervalNanoseconds, demand: demand,
            isCapped: demand != nil && isCapped, steal: reading.stealUtilization, memoryUsed: reading.memory?.used,
            networkPeakBytesPerSecond: Self.networkPeak(reading))
    }

    /// A sample has the rate of both directions together, and the busier direction's share of the cap.
    private static func networkPeak(_ reading: DomainSample) -> Int64? {
        guard let share = reading.networkUtilization, let cap = reading.networkCapBytesPerSecond else { return nil }
        return Int64(clamping: Int128(share.ppm) * Int128(cap) / 1_000_000)
    }
}

extension DomainSample {
    /// What it wanted as a share of its capacity, 100 % and more too, where more than its use is known of that: under a
    /// cap its vCPUs show how long they wait. vCPUs that were wanted all the time may hide that more were wanted; then it
    /// is at least what a capped sample is taken for.
    package var wantedShare: Utilization? {
        guard let leftByCap, let cpuDemand, let online = vcpus.map({ Capacity($0.confirmed ?? $0.granted) }),
            let share = Utilization(
                numerator: Int128(cpuDemand.ppm), denominator: Int128(leftByCap.thousandths) * 1_000)
        else { return nil }
        return cpuDemand.ppm >= GridSizing.cappedDemand(at: online) ? max(share, DemandHistory.hidden) : share
    }
}

/// What to replay, and with which policy and settings.
package struct ReplayPlan: Hashable, Sendable {
    package var domain: DomainID
    package var policy: ScalingPolicy
    package var options: PolicyOptions
    /// N.
    package var windowLength: Int
    package var settings: SchedulerSettings
    /// The sizes at the beginning.
    package var vcpus: VCPUCount
    package var memory: ByteCount
    package var networkCap: Int64?
    /// What its definition allows; `nil`: what the policy allows.
    package var ceiling: VCPUCount?
    /// How long a change takes after its decision. To the rule the interval in which the change happens is unknown.
    package var changeNanoseconds: Int64

    package init(
        domain: DomainID, policy: ScalingPolicy, options: PolicyOptions = PolicyOptions(), windowLength: Int,
        settings: SchedulerSettings, vcpus: VCPUCount, memory: ByteCount = .zero, networkCap: Int64? = nil,
        ceiling: VCPUCount? = nil, changeNanoseconds: Int64 = 1_000_000_000
    ) {
        self.domain = domain
        self.policy = policy
        self.options = options
        self.windowLength = windowLength
        self.settings = settings
        self.vcpus = vcpus
        self.memory = memory
        self.networkCap = networkCap
        self.ceiling = ceiling
        self.changeNanoseconds = changeNanoseconds
    }
}

/// A change of size that the policy would have made.
package struct ReplayAction: Hashable, Sendable, Codable {
    /// When it would have been decided.
    package let at: Timestamp
    package let resource: Resource
    package let from: Int64
    package let to: Int64
    package let reason: Reason
    /// Whether it needed room, which the replay gave: it is not known any more whether the host had room.
    package let isGrantAssumed: Bool
    /// Whether the demand behind it may have been larger than what was seen.
    package let isFromCapped: Bool
}

/// A time in which all sizes were the same.
package struct ReplaySegment: Hashable, Sendable, Codable {
    package let start: Timestamp
    package internal(set) var end: Timestamp
    package let vcpus: VCPUCount
    package let memory: ByteCount
    package let networkCap: Int64?
}

/// What a policy would have done in a recorded time. All times are in nanoseconds.
package struct ReplayResult: Hashable, Sendable, Codable {
    /// In order, without holes.
    package internal(set) var timeline: [ReplaySegment] = []
    /// In order.
    package internal(set) var actions: [ReplayAction] = []
    /// The time in which the demand was known.
    package internal(set) var known: Int64 = 0
    package internal(set) var unknown: Int64 = 0
    /// The time in which the domain's demand for CPU was above the size that it would have had.
    package internal(set) var overloaded: Int64 = 0
    /// The time in which CPU utilisation would have been above U2.
    package internal(set) var aboveUpper: Int64 = 0
    /// The time in which CPU utilisation would have been below U1.
    package internal(set) var idle: Int64 = 0
    /// The time in which the old size capped the demand: the real demand is not known then, and a sample's `demand` is
    /// what it is taken for.
    package internal(set) var capped: Int64 = 0
    /// The sum of vCPUs over `known`, in vCPU nanoseconds.
    package internal(set) var vcpuTime: Int128 = 0
    /// The sum of the demand, in nanoseconds of one core.
    package internal(set) var demandTime: Int128 = 0

    package var overloadedShare: Utilization { share(overloaded) }
    package var idleShare: Utilization { share(idle) }
    /// 1 − used / allocated.
    package var slack: Utilization {
        guard vcpuTime > 0 else { return .zero }
        return Utilization(ppm: 1_000_000 - Int64(clamping: min(demandTime, vcpuTime) * 1_000_000 / vcpuTime))
    }

    private func share(_ part: Int64) -> Utilization {
        Utilization(numerator: Int128(part), denominator: Int128(max(1, known))) ?? .zero
    }
}
