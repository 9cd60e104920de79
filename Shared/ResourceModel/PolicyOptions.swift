// SPDX-License-Identifier: Apache-2.0

/// What a domain has that a policy can change.
package enum Resource: String, Hashable, Sendable, Codable, CaseIterable {
    /// Its size is a number of vCPUs.
    case cpu
    /// Its size is allocated memory in bytes.
    case memory
    /// Its size is the network cap in bytes per second.
    case network
}

/// The bounds of a rule for memory or network: utilisation of what the domain has, and the sizes it may have.
package struct ResourceRule: Hashable, Sendable, Codable {
    /// U1: utilisation below it is a breach downwards.
    package let lower: Utilization
    /// U2: utilisation above it is a breach upwards.
    package let upper: Utilization
    /// In bytes, or bytes per second.
    package let minimum: Int64
    package let maximum: Int64

    /// No rule has a larger size, in bytes or bytes per second.
    package static let largestAmount = ByteCount.limit.bytes

    /// Why a rule is not valid.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case bounds(lower: Utilization, upper: Utilization)
        case amounts(minimum: Int64, maximum: Int64)

        package var description: String {
            switch self {
            case .bounds(let lower, let upper):
                "bounds must lie within 0 % and 100 %, the lower below the upper, not \(lower) and \(upper)"
            case .amounts(let minimum, let maximum):
                "the minimum must be above 0 and at most the maximum, which is at most \(ResourceRule.largestAmount), "
                    + "not \(minimum) and \(maximum)"
            }
        }
    }

    package init(lower: Utilization, upper: Utilization, minimum: Int64, maximum: Int64) throws(Fault) {
        guard lower >= .zero, upper <= .full, lower < upper else { throw .bounds(lower: lower, upper: upper) }
        guard minimum > 0, minimum <= maximum, maximum <= Self.largestAmount else {
            throw .amounts(minimum: minimum, maximum: maximum)
        }
        self.lower = lower
        self.upper = upper
        self.minimum = minimum
        self.maximum = maximum
    }

    private enum CodingKeys: CodingKey { case lower, upper, minimum, maximum }

    /// Throws also if the bounds are not valid.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        do {
            try self.init(
                lower: try container.decode(Utilization.self, forKey: .lower),
                upper: try container.decode(Utilization.self, forKey: .upper),
                minimum: try container.decode(Int64.self, forKey: .minimum),
                maximum: try container.decode(Int64.self, forKey: .maximum))
        } catch let fault as Fault {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: fault.description))
        }
    }
}

/// How long a resource rests after a change, by the direction of the next one.
package struct Cooldown: Hashable, Sendable, Codable {
    package let upNanoseconds: Int64
    package let downNanoseconds: Int64

    /// A year of 366 days: a longer wait is an opt-out.
    package static let longestNanoseconds: Int64 = 366 * 86_400_000_000_000

    /// Negative waits are clamped to zero, longer ones to the longest.
    package init(upNanoseconds: Int64, downNanoseconds: Int64) {
        self.upNanoseconds = min(max(0, upNanoseconds), Self.longestNanoseconds)
        self.downNanoseconds = min(max(0, downNanoseconds), Self.longestNanoseconds)
    }

    private enum CodingKeys: CodingKey { case upNanoseconds, downNanoseconds }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            upNanoseconds: try container.decode(Int64.self, forKey: .upNanoseconds),
            downNanoseconds: try container.decode(Int64.self, forKey: .downNanoseconds))
    }
}

/// The goal that a managed policy must reach at the lowest cost.
package struct ManagedGoal: Hashable, Sendable, Codable {
    /// At most this share of the minutes may be overloaded.
    package let overloadedShare: Utilization

    /// `overloadedShare` is clamped into 0 to 100 %.
    package init(overloadedShare: Utilization) {
        self.overloadedShare = max(.zero, overloadedShare.clamped)
    }

    private enum CodingKeys: CodingKey { case overloadedShare }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(overloadedShare: try container.decode(Utilization.self, forKey: .overloadedShare))
    }

    /// At most 0.5 % of the minutes.
    package static let standard = ManagedGoal(overloadedShare: Utilization(ppm: 5_000))
}

/// What holds for a domain beside its policy, and without one too.
package struct PolicyOptions: Hashable, Sendable, Codable {
    /// What the policy was taken from; `nil`: the tenant's own numbers.
    package var preset: PolicyPreset?
    /// The platform chooses the bounds for this goal; `nil`: they are the tenant's.
    package var goal: ManagedGoal?
    /// The domain's own cooldown; `nil`: the platform's.
    package var cooldown: Cooldown?
    /// Nothing is done with the domain automatically.
    package var isOptedOut: Bool
    /// Everything is decided and recorded, nothing is done.
    package var isDryRun: Bool
    /// Domains of one group share a host.
    package var affinityGroup: String?
    /// No two domains of one group share a host.
    package var antiAffinityGroup: String?
    /// The only hosts that the domain may run on, sorted; empty: any.
    package var pinnedHosts: [HostID]
    /// The tenant's own N; `nil`: the preset's, else the platform's.
    package var windowLength: Int?

    package init(
        preset: PolicyPreset? = nil, goal: ManagedGoal? = nil, cooldown: Cooldown? = nil, isOptedOut: Bool = false,
        isDryRun: Bool = false, affinityGroup: String? = nil, antiAffinityGroup: String? = nil,
        pinnedHosts: [HostID] = [], windowLength: Int? = nil
    ) {
        self.windowLength = windowLength
        self.preset = preset
        self.goal = goal
        self.cooldown = cooldown
        self.isOptedOut = isOptedOut
        self.isDryRun = isDryRun
        self.affinityGroup = affinityGroup
        self.antiAffinityGroup = antiAffinityGroup
        self.pinnedHosts = pinnedHosts.sorted()
    }

    /// N where the platform's is `platform`: the tenant's own before the preset's.
    package func windowLength(platform: Int) -> Int { windowLength ?? preset?.windowLength ?? platform }
}

/// Policies with a name. Each is a policy that a tenant could write down as well.
package enum PolicyPreset: String, Hashable, Sendable, Codable, CaseIterable {
    /// Acts on 3 of 12 samples.
    case aggressive
    /// Acts on 8 of 12 samples.
    case balanced
    /// Acts on 12 of 12 samples.
    case conservative
    /// The paper's experiment: 7 of 10 samples, 15 % and 80 %, and a cooldown of one window in either direction.
    case paper

    /// N.
    package var windowLength: Int { self == .paper ? 10 : 12 }

    /// `nil`: the platform's.
    package var cooldown: Cooldown? {
        guard self == .paper else { return nil }
        return Cooldown(upNanoseconds: 50_000_000_000, downNanoseconds: 50_000_000_000)
    }

    /// The preset with a domain's own sizes, and the rules of memory and network where there are any.
    /// Throws where the sizes are out of order.
    package func policy(
        minimumVCPUs: VCPUCount = 1, maximumVCPUs: VCPUCount, memory: ResourceRule? = nil,
        network: ResourceRule? = nil
    ) throws(ScalingPolicy.Fault) -> ScalingPolicy {
        try ScalingPolicy(
            lower: lower, upper: Self.upper, ratio: ratio, minimumVCPUs: minimumVCPUs,
            maximumVCPUs: maximumVCPUs, memory: memory, network: network)
    }

    /// The preset over the sizes of any grid.
    package func policy(
        grid: CapacityGrid, memory: ResourceRule? = nil, network: ResourceRule? = nil
    ) throws(ScalingPolicy.Fault) -> ScalingPolicy {
        try ScalingPolicy(
            lower: lower, upper: Self.upper, ratio: ratio, grid: grid, memory: memory, network: network)
    }

    private static let upper = Utilization(percent: 80)
    private var lower: Utilization { Utilization(percent: self == .paper ? 15 : 30) }

    /// M/N, rounded down, so that ⌈N · ratio⌉ is M.
    private var ratio: Utilization {
        switch self {
        case .aggressive: Utilization(ppm: 250_000)
        case .balanced: Utilization(ppm: 666_666)
        case .conservative: .full
        case .paper: Utilization(ppm: 700_000)
        }
    }
}
