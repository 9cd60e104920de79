// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Runs the rule for CPU over a demand, on a grid of any step, with every action done at once. With whole vCPUs it finds
/// what `ScalingRule` finds (a test compares the two), at a small part of the cost, because it judges samples of one
/// size by comparing demands.
///
/// The rule sees of a demand what the size lets through.
package struct DemandReplay: Sendable {
    private var policy: ScalingPolicy
    private var sizing: GridSizing
    private var needed: Int
    private let length: Int
    private var restUp: Int64
    private var restDown: Int64
    private let unknownBound: Utilization
    private let projectsByPeak: Bool

    /// The present size.
    package private(set) var capacity: Capacity
    private var bounds: SizeBounds
    /// The window: samples `first` to the present one.
    private var first = 0
    private var above = 0
    private var below = 0
    private var changedAt: Int64?

    /// - Parameter size: the size at the beginning; it is brought within the policy's sizes.
    package init(_ policy: ScalingPolicy, terms: ReplayTerms, size: VCPUCount, intervalNanoseconds: Int64) {
        self.init(policy, terms: terms, capacity: Capacity(size), intervalNanoseconds: intervalNanoseconds)
    }

    /// - Parameter capacity: the size at the beginning; it is brought within the policy's sizes.
    package init(_ policy: ScalingPolicy, terms: ReplayTerms, capacity: Capacity, intervalNanoseconds: Int64) {
        self.policy = policy
        sizing = GridSizing(policy)
        length = terms.windowLength
        needed = policy.breachesNeeded(windowLength: length)
        unknownBound = terms.unknownBound
        projectsByPeak = terms.projectsByPeak
        restUp = Self.intervals(terms.cooldown.upNanoseconds, intervalNanoseconds)
        restDown = Self.intervals(terms.cooldown.downNanoseconds, intervalNanoseconds)
        self.capacity = policy.grid.clamped(capacity)
        bounds = SizeBounds(policy, size: self.capacity.thousandths)
    }

    /// The same in whole vCPUs, as many as the present size takes.
    var size: Int64 { Int64(capacity.vcpus.count) }

    /// Plays all of `history`. A sample also counts as strained above `1 − headroom` of the size.
    package mutating func play(_ history: DemandHistory, headroom: Utilization = .zero) -> ReplayFigures {
        var figures = ReplayFigures()
        figures.samples = Int64(history.count)
        let (demands, places) = (history.demands, history.places)
        let kept = 1_000_000 - headroom.clamped.ppm
        var strain = capacity.thousandths * kept / 1_000
        for index in demands.indices {
            let demand = demands[index]
            let size = capacity.thousandths
            figures.allocatedThousandths += size
            figures.used += min(demand, bounds.full)
            if demand > bounds.full { figures.overloaded += 1 }
            if demand > strain { figures.strained += 1 }
            guard take(index, demand, demands, places) else { continue }
            figures.resizes += 1
            figures.resizedThousandths += abs(capacity.thousandths - size)
            strain = capacity.thousandths * kept / 1_000
        }
        return figures
    }

    /// Judges the newest sample of a history that grows, and acts: for a domain that is followed as it lives. Each
    /// sample must be judged once. Returns whether the size has changed.
    package mutating func judgeNewest(of history: DemandHistory) -> Bool {
        guard let demand = history.demands.last else { return false }
        return take(history.count - 1, demand, history.demands, history.places)
    }

    /// Goes on under another policy, with the same window, after `history`. Returns whether the size has changed: it
    /// moves at once to the nearest size that the policy allows.
    package mutating func change(to policy: ScalingPolicy, cooldown: Cooldown, after history: DemandHistory) -> Bool {
        self.policy = policy
        sizing = GridSizing(policy)
        needed = policy.breachesNeeded(windowLength: length)
        restUp = Self.intervals(cooldown.upNanoseconds, history.intervalNanoseconds)
        restDown = Self.intervals(cooldown.downNanoseconds, history.intervalNanoseconds)
        let inside = policy.grid.clamped(capacity)
        if inside != capacity {
            become(inside, after: history.count - 1, at: history.places.last.map(Int64.init))
            return true
        }
        bounds = SizeBounds(policy, size: capacity.thousandths)
        let window = history.demands.dropFirst(first)
        above = window.count { $0 >= bounds.above }
        below = window.count { $0 < bounds.below }
        return false
    }

    /// Judges one more sample, and acts. Returns whether the size has changed.
    private mutating func take(_ index: Int, _ demand: Int64, _ demands: [Int64], _ places: [Int32]) -> Bool {
        while first < index, index - first >= length || Int(places[index] - places[first]) > 2 * length {
            let oldest = demands[first]
            if oldest >= bounds.above { above -= 1 }
            if oldest < bounds.below { below -= 1 }
            first += 1
        }
        if demand >= bounds.above { above += 1 }
        if demand < bounds.below { below += 1 }
        if above >= needed { return act(.up, index, demands, places) }
        return below >= needed && act(.down, index, demands, places)
    }

    private mutating func act(_ direction: Direction, _ index: Int, _ demands: [Int64], _ places: [Int32]) -> Bool {
        let isAtEnd = direction == .up ? capacity >= policy.grid.maximum : capacity <= policy.grid.minimum
        guard !isAtEnd, isRested(direction, at: Int64(places[index])), !isTooUnknown(index, places),
            let target = sizing.target(direction, from: capacity, seeing: window(direction, demands[first...index]))
        else { return false }
        become(target, after: index, at: Int64(places[index]))
        return true
    }

    /// Takes a size; its window begins after the sample `index`.
    private mutating func become(_ target: Capacity, after index: Int, at place: Int64?) {
        capacity = target
        bounds = SizeBounds(policy, size: target.thousandths)
        (first, above, below) = (index + 1, 0, 0)
        changedAt = place
    }

    private func isRested(_ direction: Direction, at place: Int64) -> Bool {
        changedAt.map { place - $0 >= (direction == .up ? restUp : restDown) } ?? true
    }

    private func window(_ direction: Direction, _ demands: ArraySlice<Int64>) -> GridWindow {
        let highest = min(demands.max() ?? 0, bounds.full)
        // Only a shrink by steps below one vCPU looks at it, and only if nothing is capped.
        let isNeeded = direction == .down && policy.grid.step != .whole && highest < bounds.capped
        return GridWindow(
            highest: highest, percentile: isNeeded ? GridWindow.percentile(of: demands) : 0,
            use: projectsByPeak ? use(of: highest) : mean(of: demands))
    }

    private func use(of demand: Int64) -> Utilization {
        Utilization(numerator: Int128(min(demand, bounds.full)), denominator: Int128(bounds.full)) ?? .full
    }

    private func mean(of window: ArraySlice<Int64>) -> Utilization {
        let count = Int64(window.count)
        let sum = window.reduce(Int64(0)) { $0 + use(of: $1).ppm }
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

/// The bounds at one size in thousandths, as demands. Utilisation is rounded half up to parts per million before it is
/// compared, so these are the smallest demands above U2, not below U1, and at 95 %.
private struct SizeBounds: Sendable {
    let above: Int64
    let below: Int64
    let capped: Int64
    /// The demand that uses the whole size.
    let full: Int64

    init(_ policy: ScalingPolicy, size: Int64) {
        full = size * 1_000
        above =
            policy.upper >= .full
            ? .max : GridSizing.demand(reaching: Utilization(ppm: policy.upper.ppm + 1), at: size)
        below = GridSizing.demand(reaching: policy.lower, at: size)
        capped = GridSizing.demand(reaching: GridSizing.cappedFrom, at: size)
    }
}
