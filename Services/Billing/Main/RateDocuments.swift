// SPDX-License-Identifier: Apache-2.0

import BillingCore
import ResourceModel
import Store

/// Publishes a card, valid from an instant that is not past; from now without one.
struct SetRatesRequest: Decodable, Sendable {
    let card: RateCardDocument
    let validFromNs: Int64?
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
