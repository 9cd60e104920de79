// SPDX-License-Identifier: Apache-2.0

import BillingCore
import ResourceModel

/// A rate card as people write it, in YAML or JSON. A key that is not known is refused.
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
        currency = try container.decode(String.self, forKey: .currency)
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
        vcpuHour = try container.decode(Int64.self, forKey: .vcpuHour)
        memoryGiBHour = try container.decode(Int64.self, forKey: .memoryGiBHour)
        diskGiBHour = try container.decode(Int64.self, forKey: .diskGiBHour)
        networkGiB = try container.decode(Int64.self, forKey: .networkGiB)
        cpuHour = try container.decodeIfPresent(Int64.self, forKey: .cpuHour) ?? 0
    }
}

extension RateCardDocument.Factor {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case base, lowerWeight, upperWeight, ratioWeight, minimum, maximum
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.knownContainer(keyedBy: CodingKeys.self)
        base = try container.decode(Int64.self, forKey: .base)
        lowerWeight = try container.decodeIfPresent(Int64.self, forKey: .lowerWeight) ?? 0
        upperWeight = try container.decodeIfPresent(Int64.self, forKey: .upperWeight) ?? 0
        ratioWeight = try container.decodeIfPresent(Int64.self, forKey: .ratioWeight) ?? 0
        minimum = try container.decode(Int64.self, forKey: .minimum)
        maximum = try container.decode(Int64.self, forKey: .maximum)
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
                    debugDescription: "no such key; there are \(known.joined(separator: ", "))"))
        }
        return try container(keyedBy: type)
    }
}

extension DecodingError {
    /// The key and what is wrong with it, for instance `prices.vcpuHour is missing`.
    var sentence: String {
        let path = { (keys: [any CodingKey]) in keys.map(\.stringValue).joined(separator: ".") }
        switch self {
        case .keyNotFound(let key, let context): return "\(path(context.codingPath + [key])) is missing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "\(path(context.codingPath)) must be \(type == Int64.self ? "a whole number" : "\(type)")"
        case .dataCorrupted(let context):
            let key = path(context.codingPath)
            return key.isEmpty ? context.debugDescription : "\(key): \(context.debugDescription)"
        @unknown default: return "\(self)"
        }
    }
}
