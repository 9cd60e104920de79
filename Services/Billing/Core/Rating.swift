// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// Usage times rates. The total fee of tenant k is the paper's sum, over the segments in which VM, policy, size, host
/// and rates are constant:
///
///     C_k = Σ_i Σ_j Σ_s C_i · (B_kijs + f_is · E_kijs),   X_kijs = B_kijs + E_kijs
///
/// - i: the resource (compute: vCPU; storage: memory and disk; network; CPU time, at price 0 by default);
/// - j: the physical host, which every X names;
/// - s: the segment;
/// - C_i: the price of resource i in the rate card that holds in s;
/// - X_kijs: what k used of i on j in s: size · time for allocations, the growth of the counter for the others;
/// - E_kijs: the elastic part of X, which the policy of s may take back: the part above its minimum (`RatingRules`);
/// - B_kijs: the base, all the rest;
/// - f_is = f(U1, U2, P) of the policy's rule for i by that rate card.
///
/// Worked example: 2 vCPUs for 30 minutes on host-a, then 3 vCPUs for 30 minutes on host-b, at 0.02 EUR per vCPU·hour,
/// under a policy of 1 to 4 vCPUs with f = 0.75. B = 1 · 0.5 h + 1 · 0.5 h = 1 vCPU·hour, E = 1 · 0.5 h + 2 · 0.5 h
/// = 1.5 vCPU·hours, each one line with two details, and C = 0.02 EUR · 1 + 0.02 EUR · 1.5 · 0.75 = 0.0425 EUR.
///
/// A size of CPU is a capacity, which may be a fraction of a vCPU: X of vCPUs is counted in thousandths of a vCPU · ns, and
/// divided once, at the price. A quarter of a vCPU for four hours costs exactly what one vCPU costs for one.
///
/// Terms with the same domain, resource, part, price and f are one line, and a line is rounded once. Cutting a segment
/// in two therefore never changes a total. Everything is integers; nothing depends on the order of the inputs.
package enum Rating {
    /// The bill of `inputs`. Rating twice gives the same bill.
    package static func bill(
        _ inputs: BillingInputs, rules: RatingRules = .current
    ) throws(BillingFault) -> Bill {
        let schedule = try Schedule(inputs, rules: rules)
        let metered = Metered(inputs)
        var lines: [BillLine] = []
        for domain in metered.domains {
            let used = try metered.usage(of: domain, cuts: schedule.cuts(for: domain.domain))
            lines += try Self.lines(of: domain, used: used, schedule: schedule)
        }
        return try Bill(inputs, schedule: schedule, lines: lines, unbilled: metered.unbilled)
    }

    /// The use, which needs neither prices nor policies: the sum over the parts of a period is the use of the whole
    /// period.
    package static func usage(_ inputs: BillingInputs) throws(BillingFault) -> UsageReport {
        let metered = Metered(inputs)
        var rows: [UsageRow] = []
        for domain in metered.domains {
            rows += try table(of: domain, used: try metered.usage(of: domain, cuts: []))
        }
        return UsageReport(tenant: inputs.tenant, period: inputs.period, rows: rows, unbilled: metered.unbilled)
    }

    /// The same inputs by the rules that held before and by the present ones.
    package static func comparison(
        _ inputs: BillingInputs, from former: RatingRules = .wholeUse, to present: RatingRules = .current
    ) throws(BillingFault) -> RulesComparison {
        RulesComparison(former: try bill(inputs, rules: former), present: try bill(inputs, rules: present))
    }

    /// What the same domains would have cost over the same periods at a fixed size: `capacity` (and `memory`, if
    /// given) whenever they ran, without a subscription. Disks and counters are as they were.
    package static func fixedSizeBill(
        _ inputs: BillingInputs, capacity: Capacity, memory: ByteCount? = nil
    ) throws(BillingFault) -> Bill {
        var fixed = inputs
        fixed.policies = []
        fixed.segments = inputs.segments.map { segment in
            var copy = segment
            if segment.capacity > .zero { copy.capacity = capacity }
            if segment.memory > .zero, let memory { copy.memory = memory }
            return copy
        }
        return try bill(fixed)
    }

    /// C · X · f in nano-units, rounded half to even; `nil` if it is too large for a bill.
    static func amount(quantity: Int128, priceNanos: Int64, factor: Utilization, unit: Int128) -> Int128? {
        let rate = UInt128(priceNanos.magnitude) * UInt128(factor.ppm.magnitude)
        let divisor = UInt128(unit) * 1_000_000
        let product = UInt128(quantity.magnitude).multipliedFullWidth(by: rate)
        guard product.high < divisor else { return nil }
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        // The divisor is below 2^93, so doubling the remainder can't overflow.
        let isUp = remainder * 2 > divisor || (remainder * 2 == divisor && quotient & 1 == 1)
        let (rounded, overflow) = quotient.addingReportingOverflow(isUp ? 1 : 0)
        return overflow ? nil : Int128(exactly: rounded)
    }

    private struct LineKey: Hashable, Comparable {
        let resource: Int
        let part: LinePart
        let priceNanos: Int64
        let factor: Utilization

        static func < (left: LineKey, right: LineKey) -> Bool {
            (left.resource, left.part, left.priceNanos, left.factor)
                < (right.resource, right.part, right.priceNanos, right.factor)
        }
    }

    private static func lines(
        of domain: BillableDomain, used: [Usage], schedule: Schedule
    ) throws(BillingFault) -> [BillLine] {
        // In metered units.
        var details: [LineKey: [LineDetail]] = [:]
        for usage in used {
            let terms = try schedule.terms(for: domain.domain, of: usage.resource, at: usage.period.start)
            guard let order = MeteredResource.allCases.firstIndex(of: usage.resource) else { continue }
            for part in usage.parts(terms.elastic) {
                let key = LineKey(
                    resource: order, part: part.part, priceNanos: terms.card.price(of: usage.resource),
                    factor: part.factor)
                details[key, default: []].append(
                    LineDetail(
                        host: usage.host, period: usage.period, quantity: Quantity(part.quantity), size: part.size,
                        capacity: nil, policyVersion: terms.policyVersion, rateCardVersion: terms.card.version))
            }
        }
        var lines: [BillLine] = []
        for key in details.keys.sorted() {
            lines.append(try line(of: domain, key: key, details: details[key] ?? []))
        }
        return lines
    }

    /// - Parameter details: in metered units.
    private static func line(
        of domain: BillableDomain, key: LineKey, details: [LineDetail]
    ) throws(BillingFault) -> BillLine {
        let resource = MeteredResource.allCases[key.resource]
        guard let quantity = sum(details.map(\.quantity.units)),
            let amount = amount(
                quantity: quantity, priceNanos: key.priceNanos, factor: key.factor, unit: resource.unitsPerPricingUnit)
        else { throw .overflow(domain.domain, resource) }
        let shown = resource.shownUnit(for: details.map(\.size))
        return BillLine(
            domain: domain.domain, domainName: domain.name, resource: resource, part: key.part,
            unitPriceNanos: key.priceNanos, factor: key.factor,
            quantity: Quantity(quantity / Int128(shown.meteredUnits)), unit: shown.unit, amountNanos: Quantity(amount),
            details: details.joined().map { $0.shown(in: shown) })
    }

    private static func table(of domain: BillableDomain, used: [Usage]) throws(BillingFault) -> [UsageRow] {
        var rows: [UsageRow] = []
        for host in Set(used.map(\.host)).sorted() {
            for resource in MeteredResource.allCases {
                let parts = used.filter { $0.host == host && $0.resource == resource }
                guard !parts.isEmpty else { continue }
                guard let quantity = sum(parts.map(\.quantity)) else { throw .overflow(domain.domain, resource) }
                let shown = resource.shownUnit(for: parts.map(\.size))
                rows.append(
                    UsageRow(
                        domain: domain.domain, domainName: domain.name, host: host, resource: resource,
                        quantity: Quantity(quantity / Int128(shown.meteredUnits)), unit: shown.unit))
            }
        }
        return rows
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
    /// In order of time and host; neighbours that differ only in time are joined, so that the details are the same
    /// however a segment was cut.
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
                size: last.size, capacity: last.capacity, policyVersion: last.policyVersion,
                rateCardVersion: last.rateCardVersion)
        }
    }
}

extension LineDetail {
    /// From metered units, in which no size is a capacity yet, to the line's unit; nothing is rounded.
    fileprivate func shown(in line: MeteredResource.WholeUnit) -> LineDetail {
        let isCapacity = line.unit == .thousandthVCPUNanosecond
        return LineDetail(
            host: host, period: period, quantity: Quantity(quantity.units / Int128(line.meteredUnits)),
            size: isCapacity ? nil : size.map { $0 / line.meteredUnits },
            capacity: isCapacity ? size.map { Capacity(clamping: $0) } : nil, policyVersion: policyVersion,
            rateCardVersion: rateCardVersion)
    }
}

extension Bill {
    fileprivate init(
        _ inputs: BillingInputs, schedule: Schedule, lines: [BillLine], unbilled: [UnbilledTime]
    ) throws(BillingFault) {
        var totals: [ResourceTotal] = []
        for resource in MeteredResource.allCases {
            let amounts = lines.filter { $0.resource == resource }.map(\.amountNanos.units)
            guard !amounts.isEmpty else { continue }
            guard let amount = Rating.sum(amounts) else { throw .overflow(lines[0].domain, resource) }
            totals.append(ResourceTotal(resource: resource, amountNanos: Quantity(amount)))
        }
        guard let total = Rating.sum(totals.map(\.amountNanos.units)) else { throw .overflow(lines[0].domain, .vcpu) }
        self.init(
            tenant: inputs.tenant, period: inputs.period, currency: schedule.currency, rules: schedule.rules,
            lines: lines, totals: totals, totalNanos: Quantity(total), unbilled: unbilled)
    }
}
