// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// The facts of a bill by domain: the use, without prices.
struct Metered {
    let domains: [BillableDomain]
    /// Time that no segment covers, by domain.
    let unbilled: [UnbilledTime]
    private let period: TimeRange
    private let segments: [DomainID: [SizeSegment]]
    private let readings: [DomainID: [MeterReading]]

    init(_ inputs: BillingInputs) {
        period = inputs.period
        domains = inputs.domains.sorted { $0.domain < $1.domain }
        segments = Dictionary(grouping: inputs.segments.filter { !$0.period.isEmpty }, by: \.domain)
        readings = Dictionary(grouping: inputs.readings, by: \.domain)
        unbilled = domains.flatMap { [segments] domain in
            domain.owned(in: inputs.period).compactMap { TimeRange($0.start, min($0.end, inputs.knownUntil)) }
                .flatMap { Self.gaps(of: domain, segments: segments[domain.domain] ?? [], period: $0) }
        }
    }

    /// What the tenant used of one domain while it was the tenant's, cut at every boundary. Throws if its segments
    /// overlap.
    func usage(of domain: BillableDomain, cuts: [Timestamp]) throws(BillingFault) -> [Usage] {
        var used: [Usage] = []
        for own in domain.owned(in: period) {
            used += try Metering.allocations(of: segments[domain.domain] ?? [], within: own, cuts: cuts)
            used += Metering.counters(of: readings[domain.domain] ?? [], within: own, cuts: cuts)
        }
        return used
    }

    /// The parts of a period in which the domain was the tenant's that no segment covers.
    private static func gaps(
        of domain: BillableDomain, segments: [SizeSegment], period whole: TimeRange
    ) -> [UnbilledTime] {
        var gaps: [TimeRange] = []
        var from = whole.start
        for segment in segments.sorted(by: { $0.period.start < $1.period.start }) {
            if let gap = TimeRange(from, min(segment.period.start, whole.end)) { gaps.append(gap) }
            from = max(from, segment.period.end)
        }
        if let gap = TimeRange(from, whole.end) { gaps.append(gap) }
        return gaps.filter { !$0.isEmpty }.map {
            UnbilledTime(domain: domain.domain, domainName: domain.name, period: $0)
        }
    }
}

extension BillableDomain {
    /// The parts of a period in which it was the tenant's.
    fileprivate func owned(in period: TimeRange) -> [TimeRange] {
        owned.compactMap { $0.intersection(period) }.filter { !$0.isEmpty }
    }
}
