// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Contracts
import ResourceModel
import Store

extension RatesDocument<RateCardDocument> {
    init(_ row: RateCardRow) {
        let (card, text) = Self.told(row)
        self.init(
            version: row.version, validFrom: "\(row.validFrom)", currency: row.currency, card: card,
            withdrawnAt: row.withdrawal.map { "\($0.at)" }, withdrawnBy: row.withdrawal?.principal, text: text)
    }

    /// The card, if it can be read, and in words what it says, or why it can't be read.
    private static func told(_ row: RateCardRow) -> (card: RateCardDocument?, text: String) {
        do {
            let document = try RateCards.document(row)
            let rates = document.card(version: row.version, validFrom: row.validFrom)
            let prices = MeteredResource.allCases.map { resource in
                let price = Money.text(nanos: rates.price(of: resource), currency: row.currency)
                return "\(resource.rawValue): \(price) per \(resource.pricingUnit)"
            }
            let state = row.withdrawal.map { "withdrawn at \($0.at)" } ?? "holds from \(row.validFrom)"
            return (document, (["version \(row.version), \(state)"] + prices).joined(separator: "\n"))
        } catch {
            return (nil, "\(error)")
        }
    }
}
