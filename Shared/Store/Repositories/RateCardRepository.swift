// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Prices from an instant on: a row of `billing.rate_card`, never changed.
package struct RateCardRow: Hashable, Sendable {
    package let version: Int64
    package let validFrom: Timestamp
    /// ISO 4217, such as `EUR`.
    package let currency: String
    /// The prices and f's parameters, as JSON.
    package let card: String
}

/// Rate cards: `billing.rate_card`.
package struct RateCardRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Adds a card under the next version. Throws `uniqueViolation` if another one begins at the same instant.
    package func add(
        currency: String, card: String, validFrom: Timestamp, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> RateCardRow {
        let rows = try await (runner ?? store).query(
            """
            INSERT INTO billing.rate_card (version, valid_from_ns, currency, card)
            SELECT coalesce(max(version), 0) + 1, \(validFrom), \(currency), \(card)::jsonb FROM billing.rate_card
            RETURNING *
            """)
        guard let row = rows.first else {
            throw StoreError(.invalidResult, operation: "add a rate card", message: "no row came back")
        }
        return try RateCardRow(row)
    }

    /// All cards, by the instant from which they hold.
    package func list(in runner: (any QueryRunner)? = nil) async throws(StoreError) -> [RateCardRow] {
        var cards: [RateCardRow] = []
        for row in try await (runner ?? store).query("SELECT * FROM billing.rate_card ORDER BY valid_from_ns") {
            cards.append(try RateCardRow(row))
        }
        return cards
    }

    /// The card that holds at an instant.
    package func current(at instant: Timestamp) async throws(StoreError) -> RateCardRow? {
        guard
            let row = try await store.query(
                """
                SELECT * FROM billing.rate_card WHERE valid_from_ns <= \(instant) ORDER BY valid_from_ns DESC LIMIT 1
                """
            ).first
        else { return nil }
        return try RateCardRow(row)
    }
}

extension RateCardRow {
    fileprivate init(_ row: Row) throws(StoreError) {
        self.init(
            version: try row.int64("version"), validFrom: try row.timestamp("valid_from_ns"),
            currency: try row.string("currency"), card: try row.string("card"))
    }
}
