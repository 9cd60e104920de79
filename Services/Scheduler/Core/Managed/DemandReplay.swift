// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The rule's constants in a replay, which the platform sets beside a policy.
package struct ReplayTerms: Hashable, Sendable {
    /// N.
    package var windowLength: Int
    package var cooldown: Cooldown
    /// If more than this share of a window's samples is unknown, the domain stays as it is.
    package var unknownBound: Utilization
    /// Whether the next size is judged by the highest use that was seen; `false`: by the mean.
    package var projectsByPeak: Bool

    package init(
        windowLength: Int, cooldown: Cooldown, unknownBound: Utilization, projectsByPeak: Bool = true
    ) {
        self.windowLength = max(1, windowLength)
        self.projectsByPeak = projectsByPeak
        self.cooldown = cooldown
        self.unknownBound = unknownBound
    }

    /// The platform's constants, with a domain's own options.
    package init(_ settings: SchedulerSettings, windowLength: Int, options: PolicyOptions = PolicyOptions()) {
        let platform = Cooldown(upNanoseconds: settings.cooldownUp, downNanoseconds: settings.cooldownDown)
        self.init(
            windowLength: windowLength, cooldown: options.restAfterChange ?? platform,
            unknownBound: settings.unknownBound,
            projectsByPeak: settings.projectsByPeak)
    }
}

/// The figures of a policy in a replay.
package struct ReplayFigures: Hashable, Sendable, Codable {
    /// Known samples.
    package var samples: Int64 = 0
    /// Samples in which the demand was larger than the size.
    package var overloaded: Int64 = 0
    /// The same with sizes that are smaller by a share: see `ManagedPolicy.headroom`.
    package var strained: Int64 = 0
    /// vCPUs, summed over samples.
    package var allocated: Int64 = 0
    /// Parts per million of a vCPU, summed over samples.
    package var used: Int64 = 0
    package var resizes: Int64 = 0

    package var overloadedShare: Utilization { Self.share(overloaded, of: samples) }
    package var strainedShare: Utilization { Self.share(strained, of: samples) }
    /// 1 − used / allocated.
    package var slack: Utilization {
        Utilization(ppm: 1_000_000 - Self.share(used, of: allocated * 1_000_000).ppm)
    }

    private static func share(_ part: Int64, of whole: Int64) -> Utilization {
        Utilization(numerator: Int128(part), denominator: Int128(whole)) ?? .zero
    }
}

/// Runs `ScalingRule` for CPU over a demand, with every action done at once. It finds what the rule finds (a test
/// compares the two) at a small part of the cost, because it judges samples of one size by comparing demands.
package struct DemandReplay: Sendable {
    private let policy: ScalingPolicy
    private let needed: Int
    private let length: Int
    private let restUp: Int64
    private let restDown: Int64
    private let unknownBound: Utilization
    private let projectsByPeak: Bool

    private(set) var size: Int64
    private var bounds: SizeBounds
    /// The window: samples `first` to the present one.
    private var first = 0
    private var above = 0
    private var below = 0
    private var changedAt: Int64?

    /// - Parameter size: the size at the beginning; it is brought within the policy's sizes.
    package init(_ policy: ScalingPolicy, terms: ReplayTerms, size: VCPUCount, intervalNanoseconds: Int64) {
        self.policy = policy
        length = terms.windowLength
        needed = policy.breachesNeeded(windowLength: length)
        unknownBound = terms.unknownBound
        projectsByPeak = terms.projectsByPeak
        restUp = Self.intervals(terms.cooldown.upNanoseconds, intervalNanoseconds)
        restDown = Self.intervals(terms.cooldown.downNanoseconds, intervalNanoseconds)
        self.size = Int64(min(max(size, policy.minimumVCPUs), policy.maximumVCPUs).count)
        bounds = SizeBounds(policy, size: self.size)
    }

    /// Plays all of `history`. A sample also counts as strained above `1 − headroom` of the size.
    package mutating func play(_ history: DemandHistory, headroom: Utilization = .zero) -> ReplayFigures {
        var figures = ReplayFigures()
        figures.samples = Int64(history.count)
        let (demands, places) = (history.demands, history.places)
        let kept = 1_000_000 - headroom.clamped.ppm
        for index in demands.indices {
            let demand = Int64(demands[index])
            figures.allocated += size
            figures.used += min(demand, bounds.full)
            if demand > bounds.full { figures.overloaded += 1 }
            if demand > size * kept { figures.strained += 1 }
            if take(index, demand, demands, places) { figures.resizes += 1 }
        }
        return figures
    }

    /// Judges one more sample, and acts. Returns whether the size has changed.
    private mutating func take(_ index: Int, _ demand: Int64, _ demands: [Int32], _ places: [Int32]) -> Bool {
        while first < index, index - first >= length || Int(places[index] - places[first]) > 2 * length {
            let oldest = Int64(demands[first])
            if oldest >= bounds.above { above -= 1 }
            if oldest < bounds.below { below -= 1 }
            first += 1
        }
        if demand >= bounds.above { above += 1 }
        if demand < bounds.below { below += 1 }
        if above >= needed { return step(+1, index, demands, places) }
        return below >= needed && step(-1, index, demands, places)
    }

    private mutating func step(_ change: Int64, _ index: Int, _ demands: [Int32], _ places: [Int32]) -> Bool {
        let target = size + change
        let (smallest, largest) = (Int64(policy.minimumVCPUs.count), Int64(policy.maximumVCPUs.count))
        guard (smallest...largest).contains(target), isRested(change, at: Int64(places[index])),
            !isTooUnknown(index, places), isFitting(target, demands[first...index])
        else { return false }
        size = target
        bounds = SizeBounds(policy, size: target)
        (first, above, below) = (index + 1, 0, 0)
        changedAt = Int64(places[index])
        return true
    }

    private func isRested(_ change: Int64, at place: Int64) -> Bool {
        changedAt.map { place - $0 >= (change > 0 ? restUp : restDown) } ?? true
    }

    /// The use of the window, seen from the size `target`, must lie within U1 and U2.
    private func isFitting(_ target: Int64, _ window: ArraySlice<Int32>) -> Bool {
        let use = projectsByPeak ? use(of: Int64(window.max() ?? 0)) : mean(of: window)
        let projection = ScalingRule.projection(use, from: size, to: target)
        return target > size ? projection >= policy.lower : projection <= policy.upper
    }

    private func use(of demand: Int64) -> Utilization {
        Utilization(numerator: Int128(min(demand, bounds.full)), denominator: Int128(bounds.full)) ?? .full
    }

    private func mean(of window: ArraySlice<Int32>) -> Utilization {
        let count = Int64(window.count)
        let sum = window.reduce(Int64(0)) { $0 + use(of: Int64($1)).ppm }
        return Utilization(ppm: (sum * 2 + count) / (count * 2))
    }

    private func isTooUnknown(_ index: Int, _ places: [Int32]) -> Bool {
        let known = index - first + 1
        let unknown = first == 0 ? Int(places[index]) + 1 - known : Int(places[index] - places[first - 1]) - known
        let share = Utilization(numerator: Int128(unknown), denominator: Int128(known + unknown)) ?? .zero
        return share > unknownBound
    }

    /// A wait in whole intervals, rounded up, since samples come once per interval.
    private static func intervals(_ nanoseconds: Int64, _ interval: Int64) -> Int64 {
        nanoseconds / interval + (nanoseconds % interval > 0 ? 1 : 0)
    }
}

/// U1 and U2 at one size as demands. Utilisation is rounded half up to parts per million before it is compared, so
/// these are the smallest demand above U2 and the smallest demand that is not below U1.
private struct SizeBounds: Sendable {
    let above: Int64
    let below: Int64
    /// The demand that uses the whole size.
    let full: Int64

    init(_ policy: ScalingPolicy, size: Int64) {
        full = size * 1_000_000
        above = policy.upper >= .full ? .max : size * policy.upper.ppm + (size + 1) / 2
        below = size * policy.lower.ppm - size / 2
    }
}
