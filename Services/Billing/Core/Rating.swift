// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Usage times rates. The total fee of tenant k is the paper's sum, over the segments in which VM, policy, size, host
/// and rates are constant:
///
///     C_k = Σ_i Σ_j Σ_s C_i · X_kijs · f_s
///
/// - i: the resource (compute: vCPU; storage: memory and disk; network; CPU time, at price 0 by default);
/// - j: the physical host, which every X keeps;
/// - s: the segment;
/// - C_i: the price of resource i in the rate card that holds in s;
/// - X_kijs: what k used of i on j in s: size · time for allocations, the growth of the counter for the others;
/// - f_s = f(U1, U2, P) of the policy that holds in s by that rate card; 1 without a subscription.
///
/// Worked example: 2 vCPUs for 30 minutes on host-a, then 3 vCPUs for 30 minutes on host-b, at 0.02 EUR per vCPU·hour
/// and f = 1.1. X = 2 · 0.5 h + 3 · 0.5 h = 2.5 vCPU·hours on one line with two details, and
/// C = 0.02 EUR · 2.5 · 1.1 = 0.055 EUR.
///
/// Terms with the same domain, resource, price and f are one line, and a line is rounded once. Cutting a segment in
/// two therefore never changes a total. Everything is integers; nothing depends on the order of the inputs.
package enum Rating {
    /// The bill of `inputs`. Rating twice gives the same bill.
    package static func bill(_ inputs: BillingInputs) throws(BillingFault) -> Bill {
        let schedule = try Schedule(inputs)
        var lines: [BillLine] = []
        var usage: [UsageRow] = []
        var unbilled: [UnbilledTime] = []
        for domain in inputs.domains.sorted(by: { $0.domain < $1.domain }) {
            let segments = inputs.segments.filter { $0.domain == domain.domain && !$0.period.isEmpty }
            let cuts = schedule.cuts(for: domain.domain)
            let used =
                try Metering.allocations(of: segments, within: inputs.period, cuts: cuts)
                + Metering.counters(
                    of: inputs.readings.filter { $0.domain == domain.domain }, within: inputs.period, cuts: cuts)
            lines += try Self.lines(of: domain, used: used, schedule: schedule)
            usage += try table(of: domain, used: used)
            unbilled += gaps(of: domain, segments: segments, period: inputs.period)
        }
        return try Bill(inputs, schedule: schedule, lines: lines, unbilled: unbilled, usage: usage)
    }

    /// What the same domains would have cost over the same periods at a fixed size: `vcpus` (and `memory`, where given)
    /// whenever they ran, without a subscription. Disks and counters are as they were.
    package static func fixedSizeBill(
        _ inputs: BillingInputs, vcpus: VCPUCount, memory: ByteCount? = nil
    ) throws(BillingFault) -> Bill {
        var fixed = inputs
        fixed.policies = []
        fixed.segments = inputs.segments.map { segment in
            var copy = segment
            if segment.vcpus > 0 { copy.vcpus = vcpus }
            if segment.memory > .zero, let memory { copy.memory = memory }
            return copy
        }
        return try bill(fixed)
    }

    /// C · X · f in nano-units, rounded half to even; `nil` if it is too large for a bill.
    static func amount(quantity: Int128, priceNanos: Int64, factor: Utilization, unit: Int128) -> Int64? {
        let rate = UInt128(priceNanos.magnitude) * UInt128(factor.ppm.magnitude)
        let divisor = UInt128(unit) * 1_000_000
        let product = UInt128(quantity.magnitude).multipliedFullWidth(by: rate)
        guard product.high < divisor else { return nil }
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        // The divisor is below 2^93, so doubling the remainder can't overflow.
        let isUp = remainder * 2 > divisor || (remainder * 2 == divisor && quotient & 1 == 1)
        return Int64(exactly: quotient + (isUp ? 1 : 0))
    }

    private struct LineKey: Hashable, Comparable {
        let resource: Int
        let priceNanos: Int64
        let factor: Utilization

        static func < (left: LineKey, right: LineKey) -> Bool {
            (left.resource, left.priceNanos, left.factor) < (right.resource, right.priceNanos, right.factor)
        }
    }

    private static func lines(
        of domain: BillableDomain, used: [Usage], schedule: Schedule
    ) throws(BillingFault) -> [BillLine] {
        var details = SortedTable<LineKey, [LineDetail]>()
        for usage in used {
            let terms = schedule.terms(for: domain.domain, at: usage.period.start)
            guard let terms, let order = Resource.allCases.firstIndex(of: usage.resource) else {
                throw .noRateCard(at: usage.period.start)
            }
            let key = LineKey(
                resource: order, priceNanos: terms.card.price(of: usage.resource), factor: terms.factor)
            let detail = LineDetail(
                host: usage.host, period: usage.period, quantity: Quantity(usage.quantity), size: usage.size,
                policyVersion: terms.policyVersion, rateCardVersion: terms.card.version)
            details[key] = (details[key] ?? []) + [detail]
        }
        var lines: [BillLine] = []
        for (key, details) in zip(details.keys, details.values) {
            lines.append(try line(of: domain, key: key, details: details))
        }
        return lines
    }

    private static func line(
        of domain: BillableDomain, key: LineKey, details: [LineDetail]
    ) throws(BillingFault) -> BillLine {
        let resource = Resource.allCases[key.resource]
        guard let quantity = sum(details.map(\.quantity.units)),
            let amount = amount(
                quantity: quantity, priceNanos: key.priceNanos, factor: key.factor, unit: resource.unitsPerPricingUnit)
        else { throw .overflow(domain.domain, resource) }
        return BillLine(
            domain: domain.domain, domainName: domain.name, resource: resource, unitPriceNanos: key.priceNanos,
            factor: key.factor, quantity: Quantity(quantity), amountNanos: amount, details: details.joined())
    }

    private static func table(of domain: BillableDomain, used: [Usage]) throws(BillingFault) -> [UsageRow] {
        var rows: [UsageRow] = []
        for host in Set(used.map(\.host)).sorted() {
            for resource in Resource.allCases {
                let parts = used.filter { $0.host == host && $0.resource == resource }
                guard !parts.isEmpty else { continue }
                guard let quantity = sum(parts.map(\.quantity)) else { throw .overflow(domain.domain, resource) }
                rows.append(
                    UsageRow(
                        domain: domain.domain, domainName: domain.name, host: host, resource: resource,
                        quantity: Quantity(quantity)))
            }
        }
        return rows
    }

    /// The parts of the domain's existence within the period that no segment covers.
    private static func gaps(of domain: BillableDomain, segments: [SizeSegment], period: TimeRange) -> [UnbilledTime] {
        guard let whole = domain.existence.intersection(period) else { return [] }
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

    /// `nil` if it overflows.
    static func sum<Integer: FixedWidthInteger>(_ values: [Integer]) -> Integer? {
        var total: Integer = 0
        for value in values {
            let (sum, overflow) = total.addingReportingOverflow(value)
            guard !overflow else { return nil }
            total = sum
        }
        return total
    }
}

extension [LineDetail] {
    /// In order of time and host, with neighbours that differ in nothing but time made one: however a segment was cut,
    /// the details are the same.
    fileprivate func joined() -> [LineDetail] {
        let ordered = sorted {
            ($0.period.start, $0.host, $0.period.end, $0.quantity) < (
                $1.period.start, $1.host, $1.period.end, $1.quantity
            )
        }
        return ordered.reduce(into: []) { result, next in
            guard let last = result.last, last.size != nil, last.period.end == next.period.start,
                let period = TimeRange(last.period.start, next.period.end),
                (last.host, last.size, last.policyVersion, last.rateCardVersion)
                    == (next.host, next.size, next.policyVersion, next.rateCardVersion)
            else { return result.append(next) }
            result[result.count - 1] = LineDetail(
                host: last.host, period: period, quantity: Quantity(last.quantity.units + next.quantity.units),
                size: last.size, policyVersion: last.policyVersion, rateCardVersion: last.rateCardVersion)
        }
    }
}

extension Bill {
    fileprivate init(
        _ inputs: BillingInputs, schedule: Schedule, lines: [BillLine], unbilled: [UnbilledTime], usage: [UsageRow]
    ) throws(BillingFault) {
        var totals: [ResourceTotal] = []
        for resource in Resource.allCases {
            let amounts = lines.filter { $0.resource == resource }.map(\.amountNanos)
            guard !amounts.isEmpty else { continue }
            guard let amount = Rating.sum(amounts) else { throw .overflow(lines[0].domain, resource) }
            totals.append(ResourceTotal(resource: resource, amountNanos: amount))
        }
        guard let total = Rating.sum(totals.map(\.amountNanos)) else { throw .overflow(lines[0].domain, .vcpu) }
        self.init(
            tenant: inputs.tenant, period: inputs.period, currency: schedule.currency, lines: lines, totals: totals,
            totalNanos: total, unbilled: unbilled, usage: usage)
    }
}
