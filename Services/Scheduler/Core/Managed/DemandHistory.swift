// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One domain's demand for CPU so far: its known samples, oldest first, as demand that does not depend on the size that
/// the domain had.
///
/// A sample can't show more than the size: at 100 % the demand was the size or more. Then a quarter more than the size
/// is assumed, so that a replay counts every size as overloaded that is not larger.
package struct DemandHistory: Hashable, Sendable {
    /// The time between readings, above zero.
    package let intervalNanoseconds: Int64
    /// In parts per million of one vCPU.
    private(set) var demands: [Int32] = []
    /// The number of intervals from the first sample to each sample; a gap means unknown readings.
    private(set) var places: [Int32] = []
    private var start = Timestamp.zero

    /// - Parameter intervalNanoseconds: the time between readings; a number that is not positive counts as 1.
    package init(intervalNanoseconds: Int64) { self.intervalNanoseconds = max(1, intervalNanoseconds) }

    /// Known samples.
    package var count: Int { demands.count }

    /// From the beginning of the first sample's interval to the newest sample; zero without samples.
    package var spanNanoseconds: Int64 {
        places.last.map { (Int64($0) + 1).multipliedOrClamped(by: intervalNanoseconds) } ?? 0
    }

    /// Takes the next known sample, with its utilisation of `vcpus`. Returns whether it was taken: not if it is not
    /// newer than the last one, has no vCPUs, or is further from the first one than can be counted.
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

    /// The largest size for which a quarter more still fits into 32 bits.
    private static let largestSize = 1_700

    private static func demand(_ utilization: Utilization, of size: Int64) -> Int32 {
        let whole = utilization >= .full ? 1_250_000 : max(0, utilization.ppm)
        return Int32(clamping: size * whole)
    }
}
