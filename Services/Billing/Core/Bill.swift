// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// One term of the sum, unrounded: X on one host, in a period in which nothing changed that affects the price.
package struct LineDetail: Hashable, Sendable, Codable {
    package let host: HostID
    package let period: TimeRange
    /// The part of X, in the line's unit.
    package let quantity: Quantity
    /// vCPUs or bytes of this part; `nil` for counters, and where the line's unit counts thousandths of a vCPU.
    package let size: Int64?
    /// The size of this part where the line's unit counts thousandths of a vCPU, else `nil`.
    package let capacity: Capacity?
    /// Zero without a subscription.
    package let policyVersion: Int64
    package let rateCardVersion: Int64
}

/// One domain, one resource, base or elastic, one price, one f over the bill's period. Only lines are rounded, each
/// once.
package struct BillLine: Hashable, Sendable, Codable {
    package let domain: DomainID
    package let domainName: String
    package let resource: MeteredResource
    package let part: LinePart
    /// C_i in nano-units per pricing unit.
    package let unitPriceNanos: Int64
    /// f in parts per million.
    package let factor: Utilization
    /// Σ X over the details, in the unit.
    package let quantity: Quantity
    /// Of the quantity and of those of all details: thousandths of a vCPU are counted where any size is not whole.
    package let unit: MeteredUnit
    /// C · X · f in nano-units of the currency, rounded half to even from the exact fraction.
    package let amountNanos: Quantity
    package let details: [LineDetail]
}

/// A time in which the domain's size is not known. It is not billed; an entry corrects that once there is evidence.
package struct UnbilledTime: Hashable, Sendable, Codable {
    package let domain: DomainID
    package let domainName: String
    package let period: TimeRange
}

/// What was used of one resource by one domain on one host.
package struct UsageRow: Hashable, Sendable, Codable {
    package let domain: DomainID
    package let domainName: String
    package let host: HostID
    package let resource: MeteredResource
    package let quantity: Quantity
    /// Thousandths of a vCPU are counted where any size in it was not whole.
    package let unit: MeteredUnit
}

/// A sum of rounded lines.
package struct ResourceTotal: Hashable, Sendable, Codable {
    package let resource: MeteredResource
    package let amountNanos: Quantity
}

/// What a tenant owes for a period, with every term. The same inputs give the same bill in the same order.
package struct Bill: Hashable, Sendable, Codable {
    package let tenant: TenantID
    package let period: TimeRange
    package let currency: String
    /// The rules that decided what f multiplied.
    package let rules: RatingRules
    /// By domain, resource, part, price and f.
    package let lines: [BillLine]
    package let totals: [ResourceTotal]
    /// Sum of the rounded lines, in nano-units of the currency.
    package let totalNanos: Quantity
    package let unbilled: [UnbilledTime]
}

/// What a tenant used in a period. It needs no price.
package struct UsageReport: Hashable, Sendable, Codable {
    package let tenant: TenantID
    package let period: TimeRange
    /// By domain, host and resource.
    package let rows: [UsageRow]
    package let unbilled: [UnbilledTime]
}

/// The cost of the same use by two sets of rules.
package struct RulesComparison: Hashable, Sendable, Codable {
    package let former: Bill
    package let present: Bill

    /// What the present rules add; negative: they are cheaper.
    package var differenceNanos: Quantity { Quantity(present.totalNanos.units - former.totalNanos.units) }
}

/// Amounts for people.
package enum Money {
    /// For instance `12.50 EUR` or `0.000000001 EUR`: at least two decimals, at most nine.
    package static func text(nanos: Int64, currency: String) -> String {
        text(nanos: Quantity(Int128(nanos)), currency: currency)
    }

    package static func text(nanos: Quantity, currency: String) -> String {
        let nanos = nanos.units
        let (whole, rest) = nanos.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        var fraction = String(rest)
        fraction = String(repeating: "0", count: 9 - fraction.utf8.count) + fraction
        while fraction.utf8.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(nanos < 0 ? "-" : "")\(whole).\(fraction) \(currency)"
    }
}

extension Bill {
    /// The paper's formula for this tenant, term by term: one line of text for each C · X · f, under each rounded line.
    ///
    /// - Parameter isBrief: the lines and totals alone.
    package func terms(isBrief: Bool = false) -> String {
        var text = ["C(\(tenant)) = Σ C · X · f over \(period)"]
        for line in lines {
            let price = Money.text(nanos: line.unitPriceNanos, currency: currency)
            text.append(
                "\(line.domainName) \(line.resource.rawValue), \(line.part.rawValue): \(price) per "
                    + "\(line.resource.pricingUnit) · \(line.quantity) \(line.unit.rawValue) · f \(line.factor) = "
                    + Money.text(nanos: line.amountNanos, currency: currency))
            guard !isBrief else { continue }
            text += line.details.map { detail in
                let policy = detail.policyVersion == 0 ? "no policy" : "policy \(detail.policyVersion)"
                return BillText.detail(
                    on: detail.host,
                    "\(detail.period): X \(detail.quantity)\(Self.size(detail, line.resource)), \(policy), "
                        + "rate card \(detail.rateCardVersion)")
            }
        }
        if isBrief, !unbilled.isEmpty { text.append("not billed: \(unbilled.count) times of which nothing is known") }
        text += (isBrief ? [] : unbilled).map { "\($0.domainName): not billed, nothing is known of \($0.period)" }
        text += totals.map { "total \($0.resource.rawValue): " + Money.text(nanos: $0.amountNanos, currency: currency) }
        text.append("total: " + Money.text(nanos: totalNanos, currency: currency))
        return text.joined(separator: "\n")
    }

    private static func size(_ detail: LineDetail, _ resource: MeteredResource) -> String {
        if let capacity = detail.capacity { return " of \(capacity.inWords)" }
        guard let size = detail.size, case .allocation(_, let text) = resource.declaration.meter else { return "" }
        return " of \(text(size))"
    }
}
