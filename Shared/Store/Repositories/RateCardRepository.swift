// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A rate card as stored: its content is Billing's own JSON.
package struct RateCardRow: Hashable, Sendable {
    package let version: Int64
    package let validFrom: Timestamp
    /// ISO 4217.
    package let currency: String
    package let card: String

    package init(version: Int64, validFrom: Timestamp, currency: String, card: String) {
        self.version = version
        self.validFrom = validFrom
        self.currency = currency
        self.card = card
    }
}

/// `billing.rate_card`: effective-dated and immutable. Billing writes.
package struct RateCardRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    /// All cards, oldest first.
    package func all() async throws(StoreError) -> [RateCardRow] {
        var cards: [RateCardRow] = []
        for row in try await runner.query("SELECT * FROM billing.rate_card ORDER BY version") {
            cards.append(
                RateCardRow(
                    version: try row.int64("version"), validFrom: try row.timestamp("valid_from_ns"),
                    currency: try row.string("currency"), card: try row.string("card")))
        }
        return cards
    }

    /// Adds the first card unless there is one already. Returns whether it was added.
    @discardableResult
    package func insertFirst(currency: String, card: String) async throws(StoreError) -> Bool {
        let rows = try await runner.query(
            """
            INSERT INTO billing.rate_card (version, valid_from_ns, currency, card)
            SELECT 1, 0, \(currency), \(card)::jsonb WHERE NOT EXISTS (SELECT 1 FROM billing.rate_card)
            ON CONFLICT DO NOTHING RETURNING version
            """)
        return !rows.isEmpty
    }

    /// Adds the next version, valid from `validFrom`, which must be later than its predecessor's.
    ///
    /// - Throws: `conflict` if a later card exists already.
    package func append(currency: String, card: String, validFrom: Timestamp) async throws(StoreError) -> RateCardRow {
        let rows = try await runner.query(
            """
            INSERT INTO billing.rate_card (version, valid_from_ns, currency, card)
            SELECT coalesce(max(version), 0) + 1, \(validFrom), \(currency), \(card)::jsonb FROM billing.rate_card
            HAVING coalesce(max(valid_from_ns), -1) < \(validFrom)
            RETURNING *
            """)
        guard let row = rows.first else {
            throw StoreError(
                .conflict, operation: "add a rate card",
                message: "there is a card that holds from \(validFrom) or later; a card can't be put before another")
        }
        return RateCardRow(
            version: try row.int64("version"), validFrom: try row.timestamp("valid_from_ns"),
            currency: try row.string("currency"), card: try row.string("card"))
    }
}
