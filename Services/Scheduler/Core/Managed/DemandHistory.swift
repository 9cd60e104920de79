// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One domain's demand for CPU so far: its known samples, oldest first, as demand that does not depend on the size that
/// the domain had.
///
/// A sample can't show more than the size: at 95 % of it or more, the demand may have been larger. It is taken as what
/// the domain is known to have wanted, else as one and a half times the size, so that a replay counts every size below
/// that as overloaded.
package struct DemandHistory: Hashable, Sendable {
    /// The time between readings, above zero.
    package let intervalNanoseconds: Int64
    /// In parts per million of one vCPU, 0 to a thousand times the largest capacity.
    private(set) var demands: [Int64] = []
    /// The number of intervals from the first sample to each sample; a gap means unknown readings.
    private(set) var places: [Int32] = []
    private var start = Timestamp.zero

    /// No sample lies further from the first one, in intervals: ten years of 5 s, and what the capacity of as many
    /// samples adds up to fits into 64 bits.
    static let largestPlace: Int64 = 1 << 26

    /// - Parameter intervalNanoseconds: the time between readings; a number that is not positive counts as 1.
    package init(intervalNanoseconds: Int64) { self.intervalNanoseconds = max(1, intervalNanoseconds) }

    /// Known samples.
    package var count: Int { demands.count }

    /// From the beginning of the first sample's interval to the newest sample; zero without samples.
    package var spanNanoseconds: Int64 {
        places.last.map { (Int64($0) + 1).multipliedOrClamped(by: intervalNanoseconds) } ?? 0
    }

    /// The same as with a capacity of whole vCPUs, where nothing is known of demand above it.
    @discardableResult
    package mutating func append(at instant: Timestamp, utilization: Utilization, vcpus: VCPUCount) -> Bool {
        append(at: instant, utilization: utilization, capacity: Capacity(vcpus))
    }

    /// Takes the next known sample. Returns whether it was taken: not if it is not newer than the last one, has no
    /// capacity, or is further from the first one than can be counted.
    ///
    /// - Parameters:
    ///   - utilization: of `capacity`; what is above 100 % does not count.
    ///   - demand: what the domain wanted as a share of `capacity`, 100 % and more too; `nil`: not known beyond its use.
    @discardableResult
    package mutating func append(
        at instant: Timestamp, utilization: Utilization, capacity: Capacity, demand: Utilization? = nil
    ) -> Bool {
        guard capacity > .zero else { return false }
        if demands.isEmpty { start = instant }
        let distance = instant.nanoseconds(since: start)
        let (place, overflow) = distance.addingReportingOverflow(intervalNanoseconds / 2)
        let slot = place / intervalNanoseconds
        guard distance >= 0, !overflow, slot < Self.largestPlace else { return false }
        if let newest = places.last, slot <= Int64(newest) { return false }
        demands.append(Self.demand(utilization, of: capacity, known: demand))
        places.append(Int32(slot))
        return true
    }

    /// Known samples whose demand is above `share` of `capacity`.
    func count(above share: Utilization, of capacity: Capacity) -> Int64 {
        let bound = capacity.thousandths * share.ppm / 1_000
        return Int64(demands.count { $0 > bound })
    }

    /// Drops samples that are older than `nanoseconds` before the newest one.
    package mutating func keep(nanoseconds: Int64) {
        guard let newest = places.last else { return }
        let first = Int64(newest) - max(0, nanoseconds) / intervalNanoseconds
        let dropped = places.prefix { Int64($0) < first }.count
        guard dropped > 0 else { return }
        let base = places[dropped]
        start = start.advanced(byNanoseconds: Int64(base).multipliedOrClamped(by: intervalNanoseconds))
        demands.removeFirst(dropped)
        places = places[dropped...].map { $0 - base }
    }

    /// What a capped sample is taken for, of its size, where nothing more is known.
    static let hidden = Utilization(ppm: 1_500_000)

    /// What a sample stands for, in parts per million of one vCPU, rounded half up.
    private static func demand(_ utilization: Utilization, of capacity: Capacity, known: Utilization?) -> Int64 {
        let share = utilization >= GridSizing.cappedFrom ? max(known ?? hidden, min(utilization, .full)) : utilization
        // A thousand times the size is more than anything can want; the product fits.
        let ppm = min(max(0, share.ppm), 1_000_000_000)
        return (capacity.thousandths * ppm + 500) / 1_000
    }
}
