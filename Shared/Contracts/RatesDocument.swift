// SPDX-License-Identifier: Apache-2.0

/// The answer to `rate.show`, `rate.set` and `rate.withdraw`: a rate card as it is kept. See `BillDocument` for instants.
///
/// - Parameter Card: what it says; Billing alone reads it.
package struct RatesDocument<Card: Codable & Sendable>: JSONDocument {
    /// Counts up with every card.
    package var version: Int64
    package var validFrom: String
    /// ISO 4217.
    package var currency: String
    /// `nil`: it can't be read; `text` says why.
    package var card: Card?
    /// `nil` unless it was withdrawn.
    package var withdrawnAt: String?
    package var withdrawnBy: String?
    /// The same for people.
    package var text: String

    package init(
        version: Int64, validFrom: String, currency: String, card: Card?, withdrawnAt: String?, withdrawnBy: String?,
        text: String
    ) {
        (self.version, self.validFrom) = (version, validFrom)
        self.currency = currency
        self.card = card
        (self.withdrawnAt, self.withdrawnBy) = (withdrawnAt, withdrawnBy)
        self.text = text
    }
}

/// The answer to `rate.list`: all cards that there ever were, by version.
package struct RateListDocument<Card: Codable & Sendable>: JSONDocument {
    package var items: [RatesDocument<Card>]

    package init(items: [RatesDocument<Card>]) { self.items = items }
}
