// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Bus
import FoundationEssentials
import Messages
import ResourceModel
import Store

/// The JSON that Billing takes and gives. Amounts and quantities are strings of digits: they may pass what a number in
/// JSON holds. Instants are RFC 3339 in UTC.
enum Documents {
    /// The same value gives the same bytes.
    static func encoded(_ value: any Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    /// Reads the JSON of a `WireJSONDocument`. Throws `invalid`, which names the key and what was typed.
    static func decoded<T: Decodable>(_ type: T.Type, from body: [UInt8]) throws -> T {
        let json = try MessageCodec.decoded(WireJSONDocument.self, from: body).json
        do {
            return try JSONDecoder().decode(type, from: json)
        } catch let error as DecodingError {
            // Keys of a card are named as they stand in it.
            guard error.path.first?.stringValue == "card", error.path.count > 1 else {
                throw CommandFailure.invalid("the request can't be read: \(error.sentence())")
            }
            throw BillingFault.invalidRateCard(error.sentence(below: 1))
        }
    }
}

/// One C · X · f.
struct LineDocument: Encodable, Sendable {
    /// A part of X, unrounded.
    struct Detail: Encodable, Sendable {
        let host: String
        let from: String
        let to: String
        let quantity: String
        let size: Int64?
        let policyVersion: Int64
        let rateCardVersion: Int64
    }

    let vm: String
    let domain: String
    let resource: String
    /// `base` or `elastic`.
    let part: String
    /// Where all of it was used on one host; the details have it in any case.
    let host: String?
    let quantity: String
    let unit: String
    let unitPriceNano: String
    let pricingUnit: String
    let factorPpm: Int64
    let amountNano: String
    let details: [Detail]

    /// - Parameter isBrief: without the details.
    init(_ line: BillLine, isBrief: Bool = false) {
        let hosts = Set(line.details.map(\.host))
        vm = line.domainName
        domain = "\(line.domain)"
        resource = line.resource.rawValue
        part = line.part.rawValue
        host = hosts.count == 1 ? hosts.first?.name : nil
        quantity = "\(line.quantity)"
        unit = line.resource.meteredUnit
        unitPriceNano = "\(line.unitPriceNanos)"
        pricingUnit = line.resource.pricingUnit
        factorPpm = line.factor.ppm
        amountNano = "\(line.amountNanos)"
        details = (isBrief ? [] : line.details).map { detail in
            Detail(
                host: detail.host.name, from: "\(detail.period.start)", to: "\(detail.period.end)",
                quantity: "\(detail.quantity)", size: detail.size, policyVersion: detail.policyVersion,
                rateCardVersion: detail.rateCardVersion)
        }
    }
}

/// A time of which nothing is known, and which is therefore not billed.
struct UnbilledDocument: Encodable, Sendable {
    let vm: String
    let domain: String
    let from: String
    let to: String

    init(_ time: UnbilledTime) {
        vm = time.domainName
        domain = "\(time.domain)"
        from = "\(time.period.start)"
        to = "\(time.period.end)"
    }
}

/// What the same use would have cost had each VM kept the vCPUs that it first ran with, and f been 1.
struct FixedSizeDocument: Encodable, Sendable {
    struct Item: Encodable, Sendable {
        let vm: String
        /// `nil`: it never ran.
        let vcpus: Int?
        let totalNano: String
    }

    let items: [Item]
    let totalNano: String
    /// Fixed less elastic: negative if elasticity cost more.
    let savedNano: String

    init(_ fixed: [FixedSizeTotal], elasticNanos: Quantity) {
        items = fixed.map { Item(vm: $0.name, vcpus: $0.vcpus?.count, totalNano: "\($0.totalNanos)") }
        let total = fixed.reduce(Int128(0)) { $0 + $1.totalNanos.units }
        totalNano = "\(total)"
        savedNano = "\(total - elasticNanos.units)"
    }
}

/// The answer to `bill.show.v1`.
struct BillDocument: Encodable, Sendable {
    let tenant: String
    let from: String
    let to: String
    let currency: String
    /// Version of what f multiplies; see `RatingRules`.
    let rulesVersion: Int
    let totalNano: String
    let items: [LineDocument]
    let unbilled: [UnbilledDocument]
    let fixedSize: FixedSizeDocument
    /// The lines have no details, since the answer would be too long with them; `nil`: they have.
    let detailsLeftOut: Bool?
    /// C_k term by term, for people.
    let text: String

    /// - Parameter isBrief: lines and totals without what they are made of, and no more unknown times than a few.
    init(_ bill: Bill, fixed: [FixedSizeTotal], isBrief: Bool = false) {
        tenant = bill.tenant.name
        from = "\(bill.period.start)"
        to = "\(bill.period.end)"
        currency = bill.currency
        rulesVersion = bill.rules.rawValue
        totalNano = "\(bill.totalNanos)"
        items = bill.lines.map { LineDocument($0, isBrief: isBrief) }
        unbilled = bill.unbilled.prefix(isBrief ? Self.unbilledInBrief : .max).map(UnbilledDocument.init)
        detailsLeftOut = isBrief ? true : nil
        fixedSize = FixedSizeDocument(fixed, elasticNanos: bill.totalNanos)
        let comparison = fixed.map { fixed in
            let size = fixed.vcpus.map { "\($0) vCPUs throughout" } ?? "it never ran"
            return "at a fixed size, \(fixed.name), \(size): "
                + Money.text(nanos: fixed.totalNanos, currency: bill.currency)
        }
        let note = isBrief ? ["what the lines are made of is left out: ask for a shorter period to see it"] : []
        text = ([bill.terms(isBrief: isBrief)] + comparison + note).joined(separator: "\n")
    }

    private static let unbilledInBrief = 1_000
}

/// The answer to `usage.show.v1`.
struct UsageDocument: Encodable, Sendable {
    struct Item: Encodable, Sendable {
        let vm: String
        let domain: String
        let resource: String
        let host: String
        let quantity: String
        let unit: String

        init(_ row: UsageRow) {
            vm = row.domainName
            domain = "\(row.domain)"
            resource = row.resource.rawValue
            host = row.host.name
            quantity = "\(row.quantity)"
            unit = row.resource.meteredUnit
        }
    }

    let tenant: String
    let from: String
    let to: String
    let items: [Item]
    let unbilled: [UnbilledDocument]
    let text: String

    init(_ usage: UsageReport) {
        tenant = usage.tenant.name
        from = "\(usage.period.start)"
        to = "\(usage.period.end)"
        items = usage.rows.map(Item.init)
        unbilled = usage.unbilled.map(UnbilledDocument.init)
        text = items.map { "\($0.vm) \($0.resource) on \($0.host): \($0.quantity) \($0.unit)" }.joined(separator: "\n")
    }
}

/// The answer to `bill.comparerules.v1`: what the same use costs by the rules before and by the present ones.
struct ComparisonDocument: Encodable, Sendable {
    let tenant: String
    let from: String
    let to: String
    let currency: String
    let formerRules: Int
    let presentRules: Int
    let formerNano: String
    let presentNano: String
    /// What the present rules add; negative: they are cheaper.
    let differenceNano: String

    init(_ comparison: RulesComparison) {
        let (former, present) = (comparison.former, comparison.present)
        tenant = present.tenant.name
        from = "\(present.period.start)"
        to = "\(present.period.end)"
        currency = present.currency
        (formerRules, presentRules) = (former.rules.rawValue, present.rules.rawValue)
        (formerNano, presentNano) = ("\(former.totalNanos)", "\(present.totalNanos)")
        differenceNano = "\(comparison.differenceNanos)"
    }
}
