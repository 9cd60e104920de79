// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Contracts
import ResourceModel

/// A rate card as people write it, in YAML or JSON. A key that is not known is refused, and so is one that is missing.
struct RateCardDocument: JSONDocument, Hashable {
    /// C_i, in nano-units of the currency per pricing unit, by the keys of the resources.
    struct Prices: Hashable, Sendable, Codable {
        var amounts: [MeteredResource: Int64]
    }

    /// f, in parts per million; see `PricingFactor`.
    struct Factor: Hashable, Sendable, Codable {
        var base: Int64
        var lowerWeight: Int64 = 0
        var upperWeight: Int64 = 0
        var ratioWeight: Int64 = 0
        var minimum: Int64
        var maximum: Int64
    }

    var currency: String
    var prices: Prices
    /// `nil`: f is 1 for every policy.
    var factor: Factor?

    /// The card that it describes. Not validated yet.
    func card(version: Int64, validFrom: Timestamp) -> RateCard {
        RateCard(
            version: version, validFrom: validFrom, currency: currency, prices: prices.amounts,
            factor: factor.map(PricingFactor.init) ?? .one)
    }
}

extension PricingFactor {
    fileprivate init(_ factor: RateCardDocument.Factor) {
        self.init(
            base: Utilization(ppm: factor.base), lowerWeight: Utilization(ppm: factor.lowerWeight),
            upperWeight: Utilization(ppm: factor.upperWeight), ratioWeight: Utilization(ppm: factor.ratioWeight),
            minimum: Utilization(ppm: factor.minimum), maximum: Utilization(ppm: factor.maximum))
    }
}

// MARK: - Reading, with every key accounted for

extension RateCardDocument {
    private enum CodingKeys: String, CodingKey, CaseIterable { case currency, prices, factor }

    init(from decoder: any Decoder) throws {
        let container = try decoder.knownContainer(keyedBy: CodingKeys.self)
        currency = try container.decode(Word.self, forKey: .currency).text
        prices = try container.decode(Prices.self, forKey: .prices)
        factor = try container.decodeIfPresent(Factor.self, forKey: .factor)
    }
}

extension RateCardDocument.Prices {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ resource: MeteredResource) { stringValue = resource.priceKey }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.knownContainer(of: MeteredResource.allCases.map { Key($0) })
        amounts = [:]
        for resource in MeteredResource.allCases {
            let price =
                resource.isPriceRequired
                ? try container.decode(WholeNumber.self, forKey: Key(resource))
                : try container.decodeIfPresent(WholeNumber.self, forKey: Key(resource))
            amounts[resource] = price?.value ?? 0
        }
    }

    /// Reads a card from the database, perhaps written by an older or a newer release: a resource that is newer than
    /// the card has price 0 in it, and a price for a resource that this release does not meter is ignored.
    init(stored decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        amounts = [:]
        for resource in MeteredResource.allCases {
            amounts[resource] = try container.decodeIfPresent(Int64.self, forKey: Key(resource)) ?? 0
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for resource in MeteredResource.allCases { try container.encode(amounts[resource] ?? 0, forKey: Key(resource)) }
    }
}

extension RateCardDocument.Factor {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case base, lowerWeight, upperWeight, ratioWeight, minimum, maximum
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.knownContainer(keyedBy: CodingKeys.self)
        base = try container.decode(WholeNumber.self, forKey: .base).value
        lowerWeight = try container.decodeIfPresent(WholeNumber.self, forKey: .lowerWeight)?.value ?? 0
        upperWeight = try container.decodeIfPresent(WholeNumber.self, forKey: .upperWeight)?.value ?? 0
        ratioWeight = try container.decodeIfPresent(WholeNumber.self, forKey: .ratioWeight)?.value ?? 0
        minimum = try container.decode(WholeNumber.self, forKey: .minimum).value
        maximum = try container.decode(WholeNumber.self, forKey: .maximum).value
    }
}

/// A card as it is stored in the database.
struct StoredRateCard: Decodable {
    private struct Prices: Decodable {
        let document: RateCardDocument.Prices
        init(from decoder: any Decoder) throws { document = try RateCardDocument.Prices(stored: decoder) }
    }

    private let currency: String
    private let prices: Prices
    private let factor: RateCardDocument.Factor?

    var document: RateCardDocument {
        RateCardDocument(currency: currency, prices: prices.document, factor: factor)
    }
}

/// An integer as people write it: `20000000.0` is one, `"20000000"` and `20000000.5` are not.
private struct WholeNumber: Decodable {
    let value: Int64

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let exact = try? container.decode(Int64.self) {
            value = exact
        } else if let exact = (try? container.decode(Double.self)).flatMap({ Int64(exactly: $0) }) {
            value = exact
        } else {
            throw container.mismatch("must be a whole number of at most 64 bits")
        }
    }
}

private struct Word: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let text = try? container.decode(String.self) else { throw container.mismatch("must be text") }
        self.text = text
    }
}

extension SingleValueDecodingContainer {
    /// What was expected, and what was typed instead.
    fileprivate func mismatch(_ expectation: String) -> DecodingError {
        let typed =
            if decodeNil() {
                "nothing"
            } else if let value = try? decode(Bool.self) {
                "\(value)"
            } else if let value = try? decode(Int64.self) {
                "\(value)"
            } else if let value = try? decode(Double.self) {
                "\(value)"
            } else if let value = try? decode(String.self) {
                "'\(value.prefix(64))'"
            } else {
                "a list or keys"
            }
        return .dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(expectation), not \(typed)"))
    }
}

/// Any key there is.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// A container that has no keys but these.
    func knownContainer<Key: CodingKey & CaseIterable>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try knownContainer(of: Array(type.allCases))
    }

    /// A container that has no keys but these.
    func knownContainer<Key: CodingKey>(of keys: [Key]) throws -> KeyedDecodingContainer<Key> {
        let known = keys.map(\.stringValue)
        for key in try container(keyedBy: AnyKey.self).allKeys.sorted(by: { $0.stringValue < $1.stringValue })
        where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath + [key],
                    debugDescription: "is no such key; there are \(known.joined(separator: ", "))"))
        }
        return try container(keyedBy: Key.self)
    }
}

extension DecodingError {
    /// The path to the fault, from the outside in.
    var path: [any CodingKey] {
        switch self {
        case .keyNotFound(let key, let context): context.codingPath + [key]
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath
        @unknown default: []
        }
    }

    /// The key and what is wrong with it, for instance `prices.vcpuHour is missing`.
    ///
    /// - Parameter outer: how many keys from the outside are left out.
    func sentence(below outer: Int = 0) -> String {
        let key = path.dropFirst(outer).map(\.stringValue).joined(separator: ".")
        switch self {
        case .keyNotFound: return "\(key) is missing"
        case .typeMismatch(let type, _), .valueNotFound(let type, _):
            let expected =
                switch type {
                case is any FixedWidthInteger.Type: "a whole number"
                case is String.Type: "text"
                case is Bool.Type: "true or false"
                default: "keys with values"
                }
            return key.isEmpty ? "it must have \(expected)" : "\(key) must be \(expected)"
        case .dataCorrupted(let context):
            return key.isEmpty ? context.debugDescription : "\(key) \(context.debugDescription)"
        @unknown default: return "\(self)"
        }
    }
}
