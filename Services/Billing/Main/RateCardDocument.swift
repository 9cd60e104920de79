// SPDX-License-Identifier: Apache-2.0

import BillingCore
import ResourceModel

/// A rate card as people write it, in YAML or JSON. A key that is not known is refused, and so is one that is missing.
struct RateCardDocument: Hashable, Sendable, Codable {
    /// C_i, in nano-units of the currency per pricing unit.
    struct Prices: Hashable, Sendable, Codable {
        var vcpuHour: Int64
        var memoryGiBHour: Int64
        var diskGiBHour: Int64
        var networkGiB: Int64
        var cpuHour: Int64 = 0
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
            version: version, validFrom: validFrom, currency: currency, vcpuHourNanos: prices.vcpuHour,
            memoryGiBHourNanos: prices.memoryGiBHour, diskGiBHourNanos: prices.diskGiBHour,
            networkGiBNanos: prices.networkGiB, cpuTimeHourNanos: prices.cpuHour,
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
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case vcpuHour, memoryGiBHour, diskGiBHour, networkGiB, cpuHour
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.knownContainer(keyedBy: CodingKeys.self)
        vcpuHour = try container.decode(WholeNumber.self, forKey: .vcpuHour).value
        memoryGiBHour = try container.decode(WholeNumber.self, forKey: .memoryGiBHour).value
        diskGiBHour = try container.decode(WholeNumber.self, forKey: .diskGiBHour).value
        networkGiB = try container.decode(WholeNumber.self, forKey: .networkGiB).value
        cpuHour = try container.decodeIfPresent(WholeNumber.self, forKey: .cpuHour)?.value ?? 0
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

/// A card as it lies in the database, perhaps written by an older or a newer release: a resource that is younger than
/// the card has price 0 in it, and a price of what this release does not meter is passed over.
struct StoredRateCard: Decodable {
    private struct Prices: Decodable {
        let vcpuHour, memoryGiBHour, diskGiBHour, networkGiB, cpuHour: Int64?
    }

    private let currency: String
    private let prices: Prices
    private let factor: RateCardDocument.Factor?

    var document: RateCardDocument {
        RateCardDocument(
            currency: currency,
            prices: RateCardDocument.Prices(
                vcpuHour: prices.vcpuHour ?? 0, memoryGiBHour: prices.memoryGiBHour ?? 0,
                diskGiBHour: prices.diskGiBHour ?? 0, networkGiB: prices.networkGiB ?? 0, cpuHour: prices.cpuHour ?? 0),
            factor: factor)
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
        let known = type.allCases.map(\.stringValue)
        for key in try container(keyedBy: AnyKey.self).allKeys.sorted(by: { $0.stringValue < $1.stringValue })
        where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath + [key],
                    debugDescription: "is no such key; there are \(known.joined(separator: ", "))"))
        }
        return try container(keyedBy: type)
    }
}

extension DecodingError {
    /// Where it lies, from the outside in.
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
    /// - Parameter outer: so many keys from the outside are left out.
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
