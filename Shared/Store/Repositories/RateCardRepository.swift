// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Prices from an instant on: a row of `billing.rate_card`. It never changes, except that it may be withdrawn before it
/// holds.
package struct RateCardRow: Hashable, Sendable {
    package let version: Int64
    package let validFrom: Timestamp
    /// ISO 4217, such as `EUR`.
    package let currency: String
    /// The prices and f's parameters, as JSON.
    package let card: String
    /// `nil` unless it was withdrawn before it held.
    package let withdrawal: Withdrawal?

    /// When and by whom a card was withdrawn.
    package struct Withdrawal: Hashable, Sendable {
        package let at: Timestamp
        package let principal: String
    }
}

/// Rate cards: `billing.rate_card`.
package struct RateCardRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Adds a card under the next version, one at a time. `check` gets all cards that hold or will hold, oldest first.
    /// Throws `uniqueViolation` if one of them begins at the same instant.
    ///
    /// - Parameter asker: who asked for it over the bus, for the audit; `nil`: nobody did.
    package func add(
        currency: String, card: String, validFrom: Timestamp, asker: Asker? = nil,
        if check: @Sendable @escaping ([RateCardRow]) throws -> Void = { _ in }
    ) async throws -> RateCardRow {
        try await store.transaction { transaction in
            try await transaction.hold("billing.rate_card")
            try check(try await list(in: transaction))
            let rows = try await transaction.query(
                """
                INSERT INTO billing.rate_card (version, valid_from_ns, currency, card)
                SELECT coalesce(max(version), 0) + 1, \(validFrom), \(currency), \(card)::jsonb FROM billing.rate_card
                RETURNING *
                """)
            guard let row = rows.first else {
                throw StoreError(.invalidResult, operation: "add a rate card", message: "no row came back")
            }
            let stored = try RateCardRow(row)
            try await asker?.note("rate.set", version: stored.version, in: transaction)
            return stored
        }
    }

    /// All cards that hold or will hold, by the instant at which they begin.
    package func list(in runner: (any QueryRunner)? = nil) async throws(StoreError) -> [RateCardRow] {
        try await rows("SELECT * FROM billing.rate_card WHERE withdrawn_ns IS NULL ORDER BY valid_from_ns", in: runner)
    }

    /// All cards that there ever were, withdrawn ones too, by version.
    package func all() async throws(StoreError) -> [RateCardRow] {
        try await rows("SELECT * FROM billing.rate_card ORDER BY version")
    }

    /// The card that holds at an instant.
    package func current(at instant: Timestamp) async throws(StoreError) -> RateCardRow? {
        try await rows(
            """
            SELECT * FROM billing.rate_card WHERE withdrawn_ns IS NULL AND valid_from_ns <= \(instant)
            ORDER BY valid_from_ns DESC LIMIT 1
            """
        ).first
    }

    /// Withdraws a card that does not hold yet, and returns it as it is afterwards: without a withdrawal if it holds
    /// already, unchanged if it was withdrawn before. `nil`: there is no such version.
    ///
    /// - Parameter asker: who asked for it over the bus, for the audit; `nil`: nobody did.
    package func withdraw(
        version: Int64, by principal: String, asker: Asker? = nil
    ) async throws -> RateCardRow? {
        try await store.transaction { transaction in
            let card: Query = "SELECT * FROM billing.rate_card WHERE version = \(version)"
            let before = try await rows(card, in: transaction).first
            _ = try await transaction.query("SELECT billing.withdraw_rate_card(\(version), \(principal))")
            let after = try await rows(card, in: transaction).first
            if after != before {
                try await asker?.note("rate.withdraw", version: version, for: principal, in: transaction)
            }
            return after
        }
    }

    /// An instance that asks for a change of the cards, and when.
    package struct Asker: Sendable {
        private let instance: InstanceID
        private let instant: Timestamp

        package init(_ instance: InstanceID, at instant: Timestamp) {
            self.instance = instance
            self.instant = instant
        }

        fileprivate func note(
            _ action: String, version: Int64, for principal: String? = nil, in transaction: Transaction
        ) async throws(StoreError) {
            try await AuditRepository.carriedOut(
                action, on: "rate-card \(version)", by: .billing, asker: instance, for: principal, at: instant,
                in: transaction)
        }
    }

    private func rows(
        _ query: Query, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> [RateCardRow] {
        let rows = try await (runner ?? store).query(query)
        return store.setAside.read(rows, of: "billing.rate_card", by: ["version"]) { row throws(StoreError) in
            try RateCardRow(row)
        }
    }
}

extension RateCardRow {
    fileprivate init(_ row: Row) throws(StoreError) {
        let withdrawnBy = try row.stringOrNil("withdrawn_by")
        let withdrawnAt = try row.timestampOrNil("withdrawn_ns")
        self.init(
            version: try row.int64("version"), validFrom: try row.timestamp("valid_from_ns"),
            currency: try row.string("currency"), card: try row.string("card"),
            withdrawal: withdrawnAt.flatMap { at in withdrawnBy.map { Withdrawal(at: at, principal: $0) } })
    }
}
