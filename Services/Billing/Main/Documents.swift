// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Bus
import Contracts
import FoundationEssentials
import Messages
import ResourceModel
import Store

/// What Billing is asked, as JSON.
enum Documents {
    /// Reads the JSON of a `WireJSONDocument`. Throws `invalid`, which names the key and what was typed.
    static func decoded<T: Decodable>(_ type: T.Type, from body: [UInt8]) throws -> T {
        let json = try MessageCodec.decoded(WireJSONDocument.self, from: body).json
        do {
            return try JSONDecoder().decode(type, from: json)
        } catch let error as DecodingError {
            // The keys of a card are named as they are in the card.
            guard error.path.first?.stringValue == "card", error.path.count > 1 else {
                throw CommandFailure.invalid("the request can't be read: \(error.sentence())")
            }
            throw BillingFault.invalidRateCard(error.sentence(below: 1))
        }
    }
}

extension BillDocument.Line {
    /// - Parameter isBrief: without the details.
    init(_ line: BillLine, isBrief: Bool) {
        let hosts = Set(line.details.map(\.host))
        self.init(
            vm: line.domainName, domain: line.domain, resource: line.resource.rawValue, part: line.part,
            host: hosts.count == 1 ? hosts.first : nil, quantity: line.quantity, unit: line.unit.rawValue,
            unitPriceNano: Quantity(Int128(line.unitPriceNanos)), pricingUnit: line.resource.pricingUnit,
            factorPpm: line.factor.ppm, amountNano: line.amountNanos,
            details: isBrief ? [] : line.details.map { BillDocument.Detail($0) })
    }
}

extension BillDocument.Detail {
    init(_ detail: LineDetail) {
        self.init(
            host: detail.host, from: "\(detail.period.start)", to: "\(detail.period.end)", quantity: detail.quantity,
            size: detail.size, capacity: detail.capacity, policyVersion: detail.policyVersion,
            rateCardVersion: detail.rateCardVersion)
    }
}

extension UnbilledDocument {
    init(_ time: UnbilledTime) {
        self.init(
            vm: time.domainName, domain: time.domain, from: "\(time.period.start)", to: "\(time.period.end)")
    }
}

extension BillDocument.FixedSize {
    init(_ fixed: [FixedSizeTotal], elasticNanos: Quantity) {
        let total = fixed.reduce(Int128(0)) { $0 + $1.totalNanos.units }
        self.init(
            items: fixed.map { Item(vm: $0.name, size: $0.capacity, totalNano: $0.totalNanos) },
            totalNano: Quantity(total), savedNano: Quantity(total - elasticNanos.units))
    }
}

extension BillDocument {
    /// - Parameter isBrief: lines and totals without what they are made of, and no more unknown times than a few.
    init(_ bill: Bill, fixed: [FixedSizeTotal], isBrief: Bool = false) {
        self.init(
            tenant: bill.tenant, from: "\(bill.period.start)", to: "\(bill.period.end)", currency: bill.currency,
            rulesVersion: bill.rules.rawValue, totalNano: bill.totalNanos,
            items: bill.lines.map { Line($0, isBrief: isBrief) },
            unbilled: bill.unbilled.prefix(isBrief ? Self.unbilledInBrief : .max).map { UnbilledDocument($0) },
            fixedSize: FixedSize(fixed, elasticNanos: bill.totalNanos), detailsLeftOut: isBrief ? true : nil,
            text: Self.text(bill, fixed: fixed, isBrief: isBrief))
    }

    private static func text(_ bill: Bill, fixed: [FixedSizeTotal], isBrief: Bool) -> String {
        let comparison = fixed.map { fixed in
            let size = fixed.capacity.map { Self.throughout($0) } ?? "it never ran"
            return "at a fixed size, \(fixed.name), \(size): "
                + Money.text(nanos: fixed.totalNanos, currency: bill.currency)
        }
        let note = isBrief ? ["what the lines are made of is left out: ask for a shorter period to see it"] : []
        return ([bill.terms(isBrief: isBrief)] + comparison + note).joined(separator: "\n")
    }

    /// Whole sizes as they always were.
    private static func throughout(_ size: Capacity) -> String {
        (size.isWhole ? "\(size) vCPUs" : size.inWords) + " throughout"
    }

    private static let unbilledInBrief = 1_000
}

extension UsageDocument.Item {
    init(_ row: UsageRow) {
        self.init(
            vm: row.domainName, domain: row.domain, resource: row.resource.rawValue, host: row.host,
            quantity: row.quantity, unit: row.unit.rawValue)
    }
}

extension UsageDocument {
    init(_ usage: UsageReport) {
        self.init(
            tenant: usage.tenant, from: "\(usage.period.start)", to: "\(usage.period.end)",
            items: usage.rows.map { Item($0) }, unbilled: usage.unbilled.map { UnbilledDocument($0) })
    }
}

extension RulesComparisonDocument {
    init(_ comparison: RulesComparison) {
        let (former, present) = (comparison.former, comparison.present)
        self.init(
            tenant: present.tenant, from: "\(present.period.start)", to: "\(present.period.end)",
            currency: present.currency, formerRules: former.rules.rawValue, presentRules: present.rules.rawValue,
            formerNano: former.totalNanos, presentNano: present.totalNanos,
            differenceNano: comparison.differenceNanos)
    }
}
