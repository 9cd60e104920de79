// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Bus
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
                currency: document.currency, card: Self.text(document), validFrom: .zero)
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
            try document.card(version: 1, validFrom: .zero).validate()
            return document
        } catch let error as DecodingError {
            throw StartupError.configuration("billing.rateCard: in \(path), \(error.sentence)")
        } catch {
            throw StartupError.configuration("billing.rateCard: in \(path), \(error)")
        }
    }

    /// Says at start, not at the first bill, that a stored card can't be used.
    func check() async throws {
        do {
            for card in try await all() { try card.validate() }
        } catch let fault as BillingFault {
            throw StartupError.configuration("billing.rate_card in the database: \(fault)")
        }
    }

    /// All cards, oldest first.
    func all(in runner: (any QueryRunner)? = nil) async throws -> [RateCard] {
        try await repository.list(in: runner).map { row in
            try Self.document(row).card(version: row.version, validFrom: row.validFrom)
        }
    }

    /// The card that holds at an instant.
    func row(at instant: Timestamp) async throws -> RateCardRow? {
        try await repository.current(at: instant)
    }

    /// Adds the next version. Throws `invalid` and `conflict`.
    func append(_ document: RateCardDocument, validFrom: Timestamp) async throws -> RateCardRow {
        try document.card(version: 1, validFrom: validFrom).validate()
        if let other = try await repository.list().first(where: { $0.currency != document.currency }) {
            throw CommandFailure.conflict(
                "the cards so far are in \(other.currency); one bill can't mix it with \(document.currency)")
        }
        do {
            return try await repository.add(
                currency: document.currency, card: Self.text(document), validFrom: validFrom)
        } catch let error as StoreError where error.code == .uniqueViolation {
            throw CommandFailure.conflict(
                "another card was set for \(validFrom) at the same time; look, then try again")
        }
    }

    /// What a stored card says.
    static func document(_ row: RateCardRow) throws -> RateCardDocument {
        do {
            return try JSONDecoder().decode(RateCardDocument.self, from: Data(row.card.utf8))
        } catch let error as DecodingError {
            throw BillingFault.invalidRateCard("version \(row.version): \(error.sentence)")
        }
    }

    private static func text(_ document: RateCardDocument) throws -> String {
        String(decoding: try Documents.encoded(document), as: UTF8.self)
    }
}
