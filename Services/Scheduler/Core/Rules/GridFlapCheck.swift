// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Whether bounds make a domain flap on a grid of steps below one vCPU, checked at every size of the grid.
///
/// A load that is just above U2 of a size s makes the domain grow to a size t that depends on the highest demand of the
/// window. If the load is below U1 of t, the domain shrinks again, and so on. It can't where U1 · t ≤ U2 · s for the
/// largest t of a window in which nothing is capped, and U1 · t ≤ 0.95 · s for the largest t of one that shows a capped
/// sample, since that sample is at least 0.95 · s.
package struct GridFlapCheck: Hashable, Sendable {
    package let grid: CapacityGrid
    package let upper: Utilization

    package init(grid: CapacityGrid, upper: Utilization) {
        self.grid = grid
        self.upper = upper
    }

    /// The smallest size at which U1 = `lower` would flap, and the size to which it would grow from there; `nil`: it need
    /// not flap.
    package func flap(_ lower: Utilization) -> (size: Capacity, target: Capacity)? {
        var size = grid.minimum.thousandths
        while size < grid.maximum.thousandths, !isSettled(from: size, lower) {
            for growth in [hiddenGrowth(from: size, lower), shownGrowth(from: size, lower)]
            where lower.ppm * growth.target > growth.allowed {
                return (Capacity(clamping: size), Capacity(clamping: growth.target))
            }
            size += grid.step.thousandths
        }
        return nil
    }

    /// The largest U1 up to `start` that is a multiple of `quantum` parts per million and need not flap.
    ///
    /// A smaller U1 lowers the middle of the bounds, so growths are larger. So where a U1 does not fit for a growth to t,
    /// none above allowed / t fits either, and that is tried next, until all sizes fit.
    package func largestLower(upTo start: Utilization, quantum: Int64 = 1) -> Utilization {
        let quantum = max(1, quantum)
        var lower = Utilization(ppm: max(0, start.ppm) / quantum * quantum)
        var isLowered = true
        while isLowered {
            isLowered = false
            var size = grid.minimum.thousandths
            while size < grid.maximum.thousandths, !isSettled(from: size, lower) {
                while let fitting = fitting(from: size, below: lower) {
                    lower = Utilization(ppm: fitting / quantum * quantum)
                    isLowered = true
                }
                size += grid.step.thousandths
            }
        }
        return lower
    }

    /// What U1 must at most be for the growths of U1 = `lower` from `size`, in parts per million; `nil`: it is no more.
    private func fitting(from size: Int64, below lower: Utilization) -> Int64? {
        let (hidden, shown) = (hiddenGrowth(from: size, lower), shownGrowth(from: size, lower))
        let fitting = min(hidden.allowed / hidden.target, shown.allowed / shown.target)
        return fitting < lower.ppm ? fitting : nil
    }

    /// A target in thousandths, and U1 · target at most, in parts per million of thousandths.
    private typealias Growth = (target: Int64, allowed: Int64)

    /// The largest growth of a window with a capped sample.
    private func hiddenGrowth(from size: Int64, _ lower: Utilization) -> Growth {
        growth(from: size, highest: size * 1_000, lower, allowed: GridSizing.cappedFrom)
    }

    /// The largest growth of a window without one; with U2 at 95 % or more there is none.
    private func shownGrowth(from size: Int64, _ lower: Utilization) -> Growth {
        guard upper < GridSizing.cappedFrom else { return (1, .max) }
        let highest = GridSizing.cappedDemand(at: Capacity(clamping: size)) - 1
        return growth(from: size, highest: highest, lower, allowed: upper)
    }

    private func growth(from size: Int64, highest: Int64, _ lower: Utilization, allowed: Utilization) -> Growth {
        let sizing = GridSizing(grid: grid, lower: lower, upper: upper)
        let target = min(sizing.growth(from: size, highest: highest), grid.maximum.thousandths)
        return (target, allowed.ppm * size)
    }

    /// Whether no size from `size` on can flap, without the rounding to the grid: a growth from s is for at most
    /// s · 0.95 or s by the middle of the bounds, or for 1.5 · s, and one step more.
    private func isSettled(from size: Int64, _ lower: Utilization) -> Bool {
        let (low, high, size) = (Int128(lower.ppm), Int128(upper.ppm), Int128(size))
        let middle = max(1, low + high)
        let rounding = Int128(grid.step.thousandths) + 2
        let hidden = max(3 * size / 2, 2_000_000 * size / middle) + rounding
        let shown = max(size, 1_900_000 * size / middle) + rounding
        return low * hidden <= 950_000 * size && low * shown <= high * size
    }
}
