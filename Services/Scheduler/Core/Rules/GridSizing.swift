// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a window of a domain's samples says about its next size. Demands are in parts per million of one vCPU.
package struct GridWindow: Hashable, Sendable {
    /// The highest demand of the window: the unclamped one where it is known, else what the size let through.
    package let highest: Int64
    /// The nearest-rank 90th percentile of the demand.
    package let percentile: Int64
    /// What is projected to a smaller size: the highest use of the present size, or the mean one.
    package let use: Utilization

    package init(highest: Int64, percentile: Int64, use: Utilization) {
        self.highest = highest
        self.percentile = percentile
        self.use = use
    }

    /// The nearest-rank 90th percentile (the smallest value that at least nine tenths do not pass) of values in any
    /// order; zero without values.
    package static func percentile(of demands: some Collection<Int64>) -> Int64 {
        let sorted = demands.sorted()
        return sorted.isEmpty ? 0 : sorted[(sorted.count * 9 + 9) / 10 - 1]
    }
}

/// The next size of CPU on a policy's grid.
///
/// With a step of one vCPU it is the next multiple in the direction that is due, one vCPU more or less from a whole
/// size, where the projection to it passes: not below U1 after a growth, not above U2 after a shrink.
///
/// With a smaller step a domain grows to the smallest size at which the highest demand of the window is at most in the
/// middle of U1 and U2. A sample at 95 % of the size or more may hide more demand than it shows, so with one the domain
/// grows at least to one and a half times its size, and does not shrink. It shrinks to the smallest size at which the
/// 90th percentile of the demand is below the middle, and the projection is not above U2: one reading in ten may lie
/// above the middle, but none above U2. A size that is not on the grid moves onto it by any change.
package struct GridSizing: Hashable, Sendable {
    package let grid: CapacityGrid
    package let lower: Utilization
    package let upper: Utilization

    /// From this use of its size on, a domain may have wanted more than it shows.
    package static let cappedFrom = Utilization(ppm: 950_000)

    package init(_ policy: ScalingPolicy) {
        (grid, lower, upper) = (policy.grid, policy.lower, policy.upper)
    }

    /// U1 and U2 are those of a valid policy: 0 ≤ U1 < U2.
    package init(grid: CapacityGrid, lower: Utilization, upper: Utilization) {
        (self.grid, self.lower, self.upper) = (grid, lower, upper)
    }

    /// The smallest demand that counts as capped at `size`, both in parts per million, of one vCPU and of the size in
    /// thousandths: utilisation is rounded half up before it is compared.
    package static func cappedDemand(at size: Capacity) -> Int64 {
        demand(reaching: cappedFrom, at: size.thousandths)
    }

    /// The smallest demand whose utilisation of `size` thousandths, rounded half up, is at least `share`.
    static func demand(reaching share: Utilization, at size: Int64) -> Int64 {
        let doubled = size * (2 * share.ppm - 1)
        return doubled > 0 ? (doubled + 1_999) / 2_000 : doubled / 2_000
    }

    /// The size to have instead of `size`; `nil`: there is none in that direction that fits, and the size stays. Never
    /// below the grid's minimum or above its maximum.
    package func target(_ direction: Direction, from size: Capacity, seeing window: GridWindow) -> Capacity? {
        guard size > .zero else { return nil }
        if grid.step == .whole { return neighbour(direction, of: size, seeing: window) }
        return direction == .up ? grown(from: size, seeing: window) : shrunk(from: size, seeing: window)
    }

    private func neighbour(_ direction: Direction, of size: Capacity, seeing window: GridWindow) -> Capacity? {
        let next = direction == .up ? grid.step.next(above: size) : grid.step.previous(below: size)
        guard let next, next != size, (grid.minimum...grid.maximum).contains(next) else { return nil }
        let projection = ScalingRule.projection(window.use, from: size.thousandths, to: next.thousandths)
        return (direction == .up ? projection >= lower : projection <= upper) ? next : nil
    }

    private func grown(from size: Capacity, seeing window: GridWindow) -> Capacity? {
        let target = min(growth(from: size.thousandths, highest: window.highest), grid.maximum.thousandths)
        return target > size.thousandths ? Capacity(clamping: target) : nil
    }

    /// The size that a growth is for before it is cut to the maximum, in thousandths.
    func growth(from size: Int64, highest: Int64) -> Int64 {
        let step = grid.step
        // No demand above the maximum asks for more than the maximum; so the product fits.
        let demand = min(max(0, highest), grid.maximum.thousandths * 1_000)
        let wanted = (2_000 * demand + doubledMiddle - 1) / doubledMiddle
        let least = max(step.roundUp(size + 1), step.roundUp(wanted), grid.minimum.thousandths)
        guard highest >= Self.demand(reaching: Self.cappedFrom, at: size) else { return least }
        return max(least, step.roundUp((3 * size + 1) / 2))
    }

    private func shrunk(from size: Capacity, seeing window: GridWindow) -> Capacity? {
        guard window.highest < Self.cappedDemand(at: size), let fitting = fitting(window.use, from: size),
            fitting < size.thousandths
        else { return nil }
        let ordinary = min(max(0, window.percentile), grid.maximum.thousandths * 1_000)
        let target = max(fitting, grid.step.roundUp(2_000 * ordinary / doubledMiddle + 1), grid.minimum.thousandths)
        guard target < size.thousandths, target <= grid.maximum.thousandths else { return nil }
        return Capacity(clamping: target)
    }

    /// The smallest size in thousandths at which the projection of `use` is not above U2: use · size / t, rounded half
    /// up, is at most U2 where t · (2 · U2 + 1) > 2 · use · size. `nil`: it is above the largest capacity.
    private func fitting(_ use: Utilization, from size: Capacity) -> Int64? {
        guard use.ppm <= 1_000_000_000 else { return nil }
        return grid.step.roundUp(2 * max(0, use.ppm) * size.thousandths / (2 * upper.ppm + 1) + 1)
    }

    /// U1 + U2 in parts per million, at least 1.
    private var doubledMiddle: Int64 { max(1, lower.ppm + upper.ppm) }
}
