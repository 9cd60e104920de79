// SPDX-License-Identifier: Apache-2.0

/// A tenant's policy for one domain: the paper's U1, U2 and P = M/N, and the size's own bounds.
///
/// U1, U2 and the sizes in vCPUs are the rule for CPU, which every policy has; memory and network have rules of their
/// own where the tenant wants them. P holds for all.
package struct ScalingPolicy: Hashable, Sendable, Codable {
    /// U1: utilisation below it is a breach downwards.
    package let lower: Utilization
    /// U2: utilisation above it is a breach upwards.
    package let upper: Utilization
    /// P = M/N in parts per million, in (0, 1 000 000]: near 0 is aggressive, near 1 000 000 conservative.
    package let ratio: Utilization
    /// The sizes of CPU; with a step of one vCPU as every policy before there were smaller steps.
    package let grid: CapacityGrid
    /// `nil`: memory keeps its size. Its amounts are bytes.
    package let memory: ResourceRule?
    /// `nil`: the network cap keeps its value. Its amounts are bytes per second.
    package let network: ResourceRule?

    /// Why a policy is not valid.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case boundsOutOfRange(lower: Utilization, upper: Utilization)
        case lowerNotBelowUpper(lower: Utilization, upper: Utilization)
        case ratioOutOfRange(Utilization)
        case sizesOutOfOrder(minimum: VCPUCount, maximum: VCPUCount)
        case sizesOffGrid(minimum: Capacity, maximum: Capacity, step: CapacityStep)

        package var description: String {
            switch self {
            case .boundsOutOfRange(let lower, let upper):
                "bounds must lie within 0 % and 100 %, not \(lower) and \(upper)"
            case .lowerNotBelowUpper(let lower, let upper):
                "the lower bound U1 must be below the upper bound U2, but \(lower) is not below \(upper)"
            case .ratioOutOfRange(let ratio):
                "the ratio M/N must be above 0 and at most 1, not \(ratio)"
            case .sizesOutOfOrder(let minimum, let maximum):
                "the minimum size must be at least 1 vCPU and at most the maximum, not \(minimum) and \(maximum)"
            case .sizesOffGrid(let minimum, let maximum, let step):
                "the minimum size must be at most the maximum, and both multiples of the step of \(step) vCPUs above "
                    + "zero, not \(minimum) and \(maximum)"
            }
        }
    }

    package init(
        lower: Utilization, upper: Utilization, ratio: Utilization, minimumVCPUs: VCPUCount = 1,
        maximumVCPUs: VCPUCount, memory: ResourceRule? = nil, network: ResourceRule? = nil
    ) throws(Fault) {
        guard minimumVCPUs >= 1,
            let grid = CapacityGrid(minimum: Capacity(minimumVCPUs), maximum: Capacity(maximumVCPUs), step: .whole)
        else {
            try Self.check(lower: lower, upper: upper, ratio: ratio)
            throw .sizesOutOfOrder(minimum: minimumVCPUs, maximum: maximumVCPUs)
        }
        try self.init(lower: lower, upper: upper, ratio: ratio, grid: grid, memory: memory, network: network)
    }

    /// The same with sizes of any step.
    package init(
        lower: Utilization, upper: Utilization, ratio: Utilization, grid: CapacityGrid, memory: ResourceRule? = nil,
        network: ResourceRule? = nil
    ) throws(Fault) {
        try Self.check(lower: lower, upper: upper, ratio: ratio)
        self.lower = lower
        self.upper = upper
        self.ratio = ratio
        self.grid = grid
        self.memory = memory
        self.network = network
    }

    private static func check(lower: Utilization, upper: Utilization, ratio: Utilization) throws(Fault) {
        guard lower >= .zero, upper <= .full else { throw .boundsOutOfRange(lower: lower, upper: upper) }
        guard lower < upper else { throw .lowerNotBelowUpper(lower: lower, upper: upper) }
        guard ratio > .zero, ratio <= .full else { throw .ratioOutOfRange(ratio) }
    }

    /// The vCPUs that must be online at the smallest size and at the largest.
    package var minimumVCPUs: VCPUCount { grid.minimum.vcpus }
    package var maximumVCPUs: VCPUCount { grid.maximum.vcpus }

    private enum CodingKeys: CodingKey { case lower, upper, ratio, minimumVCPUs, maximumVCPUs, grid, memory, network }

    /// Throws also if the bounds are not valid.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let lower = try container.decode(Utilization.self, forKey: .lower)
        let upper = try container.decode(Utilization.self, forKey: .upper)
        let ratio = try container.decode(Utilization.self, forKey: .ratio)
        let memory = try container.decodeIfPresent(ResourceRule.self, forKey: .memory)
        let network = try container.decodeIfPresent(ResourceRule.self, forKey: .network)
        do {
            guard let grid = try container.decodeIfPresent(CapacityGrid.self, forKey: .grid) else {
                try self.init(
                    lower: lower, upper: upper, ratio: ratio,
                    minimumVCPUs: try container.decode(VCPUCount.self, forKey: .minimumVCPUs),
                    maximumVCPUs: try container.decode(VCPUCount.self, forKey: .maximumVCPUs), memory: memory,
                    network: network)
                return
            }
            try self.init(lower: lower, upper: upper, ratio: ratio, grid: grid, memory: memory, network: network)
        } catch let fault as Fault {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: fault.description))
        }
    }

    /// A policy of whole vCPUs has the bytes that it always had; another one has its grid instead of the two numbers.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(lower, forKey: .lower)
        try container.encode(upper, forKey: .upper)
        try container.encode(ratio, forKey: .ratio)
        if grid.step == .whole {
            try container.encode(minimumVCPUs, forKey: .minimumVCPUs)
            try container.encode(maximumVCPUs, forKey: .maximumVCPUs)
        } else {
            try container.encode(grid, forKey: .grid)
        }
        try container.encodeIfPresent(memory, forKey: .memory)
        try container.encodeIfPresent(network, forKey: .network)
    }

    /// M = max(1, ⌈N · ratio⌉), where N = `windowLength`, the number of known samples in the window.
    package func breachesNeeded(windowLength: Int) -> Int {
        // Nobody has a longer window; the product fits into 64 bits whatever the caller says.
        let product = Int64(min(max(0, windowLength), 1_000_000)) * ratio.ppm
        return max(1, Int((product + 999_999) / 1_000_000))
    }

    /// M/N as `windowLength` = N represents the ratio, to the nearest millionth: 7/10 of N = 12 is 9/12 = 75 %.
    package func trueRatio(windowLength: Int) -> Utilization {
        let (needed, length) = (Int64(breachesNeeded(windowLength: windowLength)), Int64(max(1, windowLength)))
        return Utilization(ppm: (needed * 1_000_000 + length / 2) / length)
    }
}

/// A policy as subscribed: from `validFrom` until the next version.
package struct PolicyVersion: Hashable, Sendable, Codable {
    package let domain: DomainID
    /// Counts up per domain, from 1.
    package let version: Int64
    package let validFrom: Timestamp
    /// `nil`: the subscription was cleared; f is 1 and nothing is done automatically.
    package let policy: ScalingPolicy?
    /// N, by the platform. When the platform changes it, that is a new version of every policy.
    package let windowLength: Int
    /// Hold with or without a policy.
    package let options: PolicyOptions
    /// M/N as N really represents the stated ratio: 7/10 of N = 12 is 9/12 = 75 %. `nil`: the version was written
    /// before this was recorded; the stated ratio counts.
    package let trueRatio: Utilization?

    package init(
        domain: DomainID, version: Int64, validFrom: Timestamp, policy: ScalingPolicy?, windowLength: Int,
        options: PolicyOptions = PolicyOptions(), trueRatio: Utilization? = nil
    ) {
        self.domain = domain
        self.version = version
        self.validFrom = validFrom
        self.policy = policy
        self.windowLength = windowLength
        self.options = options
        self.trueRatio = trueRatio
    }

    /// P as it is rated: the true ratio where the version has one, else the stated one; 1 without a policy.
    package var ratedRatio: Utilization { trueRatio ?? policy?.ratio ?? .full }
}

extension PolicyVersion {
    private enum CodingKeys: CodingKey {
        case domain, version, validFrom, policy, windowLength, options, trueRatio
    }

    /// A version that was written before there were options has none.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            domain: try container.decode(DomainID.self, forKey: .domain),
            version: try container.decode(Int64.self, forKey: .version),
            validFrom: try container.decode(Timestamp.self, forKey: .validFrom),
            policy: try container.decodeIfPresent(ScalingPolicy.self, forKey: .policy),
            windowLength: try container.decode(Int.self, forKey: .windowLength),
            options: try container.decodeIfPresent(PolicyOptions.self, forKey: .options) ?? PolicyOptions(),
            trueRatio: try container.decodeIfPresent(Utilization.self, forKey: .trueRatio))
    }
}
