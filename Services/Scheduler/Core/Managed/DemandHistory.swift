// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What one domain wanted of its vCPUs so far: its known samples, oldest first, as demand that does not depend on the
/// size that it had.
///
/// A sample shows no more than the size: at 100 % the demand was that or more. Then a quarter more is assumed, so that
/// a replay calls every size overloaded that was not larger.
package struct DemandHistory: Hashable, Sendable {
    /// Between readings, above zero.
    package let intervalNanoseconds: Int64
    /// In parts per million of one vCPU.
    private(set) var demands: [Int32] = []
    /// Intervals from the first sample to each: a gap is what is unknown.
    private(set) var places: [Int32] = []
    private var start = Timestamp.zero

    /// - Parameter intervalNanoseconds: between readings; what is not positive is taken as 1.
    package init(intervalNanoseconds: Int64) { self.intervalNanoseconds = max(1, intervalNanoseconds) }

    /// Known samples.
    package var count: Int { demands.count }

    /// From the beginning of the first sample's interval to the newest sample; zero without samples.
    package var spanNanoseconds: Int64 {
        places.last.map { (Int64($0) + 1).multipliedOrClamped(by: intervalNanoseconds) } ?? 0
    }

    /// Takes the next known sample: its utilisation of `vcpus`. Returns whether it was taken: one that is not newer
    /// than the last, of no vCPUs, or further from the first than can be counted is not.
    @discardableResult
    package mutating func append(at instant: Timestamp, utilization: Utilization, vcpus: VCPUCount) -> Bool {
        guard vcpus > 0, vcpus.count <= Self.largestSize else { return false }
        if demands.isEmpty { start = instant }
        let distance = instant.nanoseconds(since: start)
        let (place, overflow) = distance.addingReportingOverflow(intervalNanoseconds / 2)
        guard distance >= 0, !overflow, let slot = Int32(exactly: place / intervalNanoseconds) else { return false }
        if let newest = places.last, slot <= newest { return false }
        demands.append(Self.demand(utilization, of: Int64(vcpus.count)))
        places.append(slot)
        return true
    }

    /// Forgets what lies further back than `nanoseconds` before the newest sample.
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

    /// So that a quarter more than all of it still fits.
    private static let largestSize = 1_700

    private static func demand(_ utilization: Utilization, of size: Int64) -> Int32 {
        let whole = utilization >= .full ? 1_250_000 : max(0, utilization.ppm)
        return Int32(clamping: size * whole)
    }
}
