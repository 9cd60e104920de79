// SPDX-License-Identifier: Apache-2.0

import BillingCore
import ResourceModel
import Store

/// Asks for the card that holds at an instant; now without one.
struct RatesRequest: Decodable, Sendable {
    let atNs: Int64?
}

/// Asks what policies would be priced with.
struct FactorsRequest: Decodable, Sendable {
    static let limit = 10_000

    /// All of a policy that f depends on.
    struct Bounds: Decodable, Sendable {
        let lowerPpm: Int64
        let upperPpm: Int64
        let ratioPpm: Int64

        var policy: ScalingPolicy {
            get throws(ScalingPolicy.Fault) {
                try ScalingPolicy(
                    lower: Utilization(ppm: lowerPpm), upper: Utilization(ppm: upperPpm),
                    ratio: Utilization(ppm: ratioPpm), maximumVCPUs: 1)
            }
        }
    }

    let policies: [Bounds]
}

/// f of each, in the order of the request.
struct FactorsDocument: Encodable, Sendable {
    let factorsPpm: [Int64]
}

/// Publishes a card, valid from an instant that is not past; from now without one.
struct SetRatesRequest: Decodable, Sendable {
    let card: RateCardDocument
    let validFromNs: Int64?
}

/// Withdraws a card that does not hold yet.
struct WithdrawRatesRequest: Decodable, Sendable {
    let version: Int64
    /// Who does, for the record.
    let principal: String
}

/// A rate card as stored.
struct RatesDocument: Encodable, Sendable {
    let version: Int64
    let validFrom: String
    let currency: String
    /// `nil`: it can't be read; `text` says why.
    let card: RateCardDocument?
    /// `nil` unless it was withdrawn.
    let withdrawnAt: String?
    let withdrawnBy: String?
    let text: String

    init(_ row: RateCardRow) {
        version = row.version
        validFrom = "\(row.validFrom)"
        currency = row.currency
        withdrawnAt = row.withdrawal.map { "\($0.at)" }
        withdrawnBy = row.withdrawal?.principal
        do {
            let document = try RateCards.document(row)
            card = document
            let rates = document.card(version: row.version, validFrom: row.validFrom)
            let prices = MeteredResource.allCases.map { resource in
                let price = Money.text(nanos: rates.price(of: resource), currency: row.currency)
                return "\(resource.rawValue): \(price) per \(resource.pricingUnit)"
            }
            let state = withdrawnAt.map { "withdrawn at \($0)" } ?? "holds from \(validFrom)"
            text = (["version \(version), \(state)"] + prices).joined(separator: "\n")
        } catch {
            card = nil
            text = "\(error)"
        }
    }
}

/// All cards that there ever were.
struct RateListDocument: Encodable, Sendable {
    let items: [RatesDocument]
}
