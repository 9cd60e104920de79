// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// X_kijs: what one domain used of one resource on one host within a period in which size, host, policy and prices are
/// constant.
struct Usage: Hashable, Sendable {
    var resource: MeteredResource
    var host: HostID
    var period: TimeRange
    /// In the resource's metered unit.
    var quantity: Int128
    /// What the domain had, for the allocation meters: thousandths of a vCPU, or bytes. `nil` for counters.
    var size: Int64?
}

/// From segments and readings to usage, cut at every boundary.
enum Metering {
    /// Size times time, for each part of each segment between two cuts. Throws where segments overlap.
    static func allocations(
        of segments: [SizeSegment], within period: TimeRange, cuts: [Timestamp]
    ) throws(BillingFault) -> [Usage] {
        let ordered = segments.sorted { ($0.period.start, $0.period.end) < ($1.period.start, $1.period.end) }
        for (earlier, later) in zip(ordered, ordered.dropFirst()) where later.period.start < earlier.period.end {
            throw .overlappingSegments(later.domain, at: later.period.start)
        }
        return ordered.flatMap { segment -> [Usage] in
            let parts = segment.period.intersection(period).map { $0.split(at: cuts) } ?? []
            return parts.flatMap { part in allocations(of: segment, in: part) }
        }
    }

    private static func allocations(of segment: SizeSegment, in part: TimeRange) -> [Usage] {
        MeteredResource.allCases.compactMap { resource in
            guard case .allocation(let size, _) = resource.declaration.meter, size(segment) > 0 else { return nil }
            return Usage(
                resource: resource, host: segment.host, period: part,
                quantity: Int128(size(segment)) * Int128(part.nanoseconds), size: size(segment))
        }
    }

    /// The growth of each counter between consecutive readings of one incarnation, cut at every boundary: `cuts` and
    /// the ends of `period`. The growth is spread evenly over its interval. Each part gets the growth up to its end,
    /// rounded down, minus what the parts before it got. So the remainder goes to the later part and nothing is lost,
    /// also across bills.
    static func counters(of readings: [MeterReading], within period: TimeRange, cuts: [Timestamp]) -> [Usage] {
        let ordered = readings.sorted {
            ($0.incarnationStart, $0.host, $0.at) < ($1.incarnationStart, $1.host, $1.at)
        }
        return MeteredResource.allCases.flatMap { resource -> [Usage] in
            guard case .growth(let counters) = resource.declaration.meter else { return [] }
            let growths = growths(of: counters, in: ordered)
            return growths.flatMap { growth in
                growth.interval.split(at: cuts + [period.start, period.end]).compactMap { part in
                    usage(of: growth, resource: resource, in: part, within: period)
                }
            }
        }
    }

    private struct Growth {
        let host: HostID
        let interval: TimeRange
        let amount: Int128

        /// The growth from the interval's start to `instant`, rounded down.
        func grown(by instant: Timestamp) -> Int128 {
            amount * Int128(instant.nanoseconds(since: interval.start)) / Int128(interval.nanoseconds)
        }
    }

    private static func usage(
        of growth: Growth, resource: MeteredResource, in part: TimeRange, within period: TimeRange
    )
        -> Usage?
    {
        guard part.intersection(period) != nil else { return nil }
        let quantity = growth.grown(by: part.end) - growth.grown(by: part.start)
        return quantity > 0 ? Usage(resource: resource, host: growth.host, period: part, quantity: quantity) : nil
    }

    /// Later readings are measured from a life's first reading: nobody knows to whom the growth before it belongs. If
    /// counters are known to have begun at zero, Monitor writes a reading of zero. Unknown readings are skipped.
    ///
    /// A reading below the one before it counts as no growth, and later readings are measured from it. Monitor adds up
    /// the growth of each device, so that the stored values do not fall. A sum that falls (from a time before there
    /// were meters per device) has lost a device or begun again at zero, and only the growth from the fallen value on
    /// is certain.
    private static func growths(
        of counters: (DomainCounters) -> [Int64?], in ordered: [MeterReading]
    ) -> [Growth] {
        let values = ordered.map { counters($0.counters) }
        return (0..<(values.first?.count ?? 0)).flatMap { counter in
            growths(of: zip(ordered, values).compactMap { reading, values in values[counter].map { (reading, $0) } })
        }
    }

    private static func growths(of known: [(reading: MeterReading, value: Int64)]) -> [Growth] {
        zip(known, known.dropFirst()).compactMap { former, now in
            guard former.reading.incarnationStart == now.reading.incarnationStart,
                former.reading.host == now.reading.host, now.value > former.value,
                let interval = TimeRange(former.reading.at, now.reading.at), !interval.isEmpty
            else { return nil }
            return Growth(
                host: now.reading.host, interval: interval, amount: Int128(now.value) - Int128(former.value))
        }
    }
}

extension TimeRange {
    /// The consecutive parts of the period, split at those `cuts` that lie inside it.
    func split(at cuts: [Timestamp]) -> [TimeRange] {
        let inner = Set(cuts.filter { start < $0 && $0 < end }).sorted()
        return zip([start] + inner, inner + [end]).compactMap { TimeRange($0, $1) }.filter { !$0.isEmpty }
    }
}
