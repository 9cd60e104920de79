// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Bus
import Contracts
import FoundationEssentials
import ResourceModel
import ServiceKit
import Store
import Yams

/// The rate cards in the database: effective-dated, immutable, validated before they are stored and when they are read.
struct RateCards: Sendable {
    private let repository: RateCardRepository

    init(_ store: Store) { repository = RateCardRepository(store) }

    /// Makes the file the first card, valid from the beginning of time, unless there is a card already.
    ///
    /// - Throws: `StartupError` that names the setting, the file and the key in it.
    func insertFirst(from path: String) async throws -> Bool {
        let document = try Self.read(path)
        guard try await repository.list().isEmpty else { return false }
        do {
            _ = try await repository.add(
                currency: document.currency, card: document.json, validFrom: .zero)
            return true
        } catch let error as StoreError where error.code == .uniqueViolation {
            // Another instance was faster.
            return false
        }
    }

    /// Reads and validates a file.
    static func read(_ path: String) throws -> RateCardDocument {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw StartupError.configuration("billing.rateCard: the file \(path) can't be read")
        }
        do {
            let document = try YAMLDecoder().decode(RateCardDocument.self, from: text)
            try document.card(version: 1, validFrom: .zero).validateAsNew()
            return document
        } catch let error as DecodingError {
            throw StartupError.configuration("billing.rateCard: in \(path), \(error.sentence())")
        } catch {
            throw StartupError.configuration("billing.rateCard: in \(path), \(error)")
        }
    }

    /// Which stored cards can't be used: reported at start, not at the first bill. They prevent only the bills of their
    /// time.
    func complaints() async throws -> [String] {
        try await repository.list().compactMap { row in
            do {
                try Self.card(row).validate()
                return nil
            } catch {
                return "version \(row.version), valid from \(row.validFrom): \(error)"
            }
        }
    }

    /// The cards that hold within a period, oldest first. No other card is read, so that none can prevent the bill.
    func cards(in period: TimeRange, _ runner: any QueryRunner) async throws -> [RateCard] {
        let rows = try await repository.list(in: runner)
        let first = rows.lastIndex { $0.validFrom <= period.start } ?? 0
        return try rows.dropFirst(first).filter { $0.validFrom < period.end }.map(Self.card)
    }

    /// The card that holds at an instant.
    func row(at instant: Timestamp) async throws(StoreError) -> RateCardRow? {
        try await repository.current(at: instant)
    }

    /// All cards that ever existed, also withdrawn ones, by version.
    func rows() async throws(StoreError) -> [RateCardRow] { try await repository.all() }

    /// Adds the next version, because an instance asks for it. Throws `invalid` and `conflict`.
    func append(
        _ document: RateCardDocument, validFrom: Timestamp, asker: RateCardRepository.Asker
    ) async throws -> RateCardRow {
        try document.card(version: 1, validFrom: validFrom).validateAsNew()
        return try await repository.add(
            currency: document.currency, card: document.json, validFrom: validFrom, asker: asker
        ) { others in
            if let other = others.first(where: { $0.currency != document.currency }) {
                throw CommandFailure.conflict(
                    "the cards so far are in \(other.currency); one bill can't mix it with \(document.currency)")
            }
            if let other = others.first(where: { $0.validFrom == validFrom }) {
                throw CommandFailure.conflict(
                    "version \(other.version) is valid from \(validFrom) already; before then it can be withdrawn with "
                        + "'ebb rate withdraw \(other.version)'")
            }
        }
    }

    /// Withdraws a card that does not hold yet; does nothing if it is withdrawn already. Throws `not-found` and
    /// `conflict`.
    func withdraw(
        version: Int64, by principal: String, asker: RateCardRepository.Asker
    ) async throws -> RateCardRow {
        guard let row = try await repository.withdraw(version: version, by: principal, asker: asker) else {
            throw CommandFailure.notFound("there is no rate card of version \(version); see 'ebb rate list'")
        }
        guard row.withdrawal != nil else {
            throw CommandFailure.conflict(
                "version \(version) holds since \(row.validFrom): what was billed by it stays; set another card, which "
                    + "holds from now or later")
        }
        return row
    }

    /// The content of a stored card.
    static func document(_ row: RateCardRow) throws(BillingFault) -> RateCardDocument {
        do {
            return try JSONDecoder().decode(StoredRateCard.self, from: Data(row.card.utf8)).document
        } catch let error as DecodingError {
            throw BillingFault.invalidRateCard("version \(row.version): \(error.sentence())")
        } catch {
            throw BillingFault.invalidRateCard("version \(row.version): \(error)")
        }
    }

    /// A stored card in the form that bills need.
    static func card(_ row: RateCardRow) throws(BillingFault) -> RateCard {
        try document(row).card(version: row.version, validFrom: row.validFrom)
    }
}
