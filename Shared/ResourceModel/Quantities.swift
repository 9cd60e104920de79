// SPDX-License-Identifier: Apache-2.0

/// A share in integer parts per million: 1 000 000 is 100 %. May exceed 100 %.
package struct Utilization: Comparable, Codable, CustomStringConvertible, BoundedQuantity {
    package let ppm: Int64

    /// A million times full, either way: 65,536 vCPUs that are all busy are a tenth of it.
    package static let bounds: ClosedRange<Int64> = -1_000_000_000_000...1_000_000_000_000

    /// A share beyond a million times full is taken as a million times: it is above any bound that there can be.
    package init(ppm: Int64) { self.ppm = min(max(ppm, Self.bounds.lowerBound), Self.bounds.upperBound) }
    package init(clamping amount: Int64) { self.init(ppm: amount) }
    /// Clamped like `init(ppm:)`.
    package init(percent: Int64) { self.init(ppm: percent.multipliedOrClamped(by: 10_000)) }

    package static let zero = Utilization(ppm: 0)
    package static let full = Utilization(ppm: 1_000_000)

    /// `numerator / denominator`, rounded half up; `nil` if the denominator is not positive or the numerator is
    /// negative. Rounding (not flooring) keeps a load that is exactly on a threshold exactly on it.
    package init?(numerator: Int128, denominator: Int128) {
        guard denominator > 0, numerator >= 0 else { return nil }
        // A division of 128 bits costs much, every sample needs one, and nearly all values fit into 64 bits.
        if let numerator = Int64(exactly: numerator), let denominator = Int64(exactly: denominator),
            numerator <= Int64.max / 2_000_000
        {
            self.init(ppm: (numerator * 1_000_000 + denominator / 2) / denominator)
            return
        }
        let (scaled, isTooLarge) = numerator.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isFull) = scaled.addingReportingOverflow(denominator / 2)
        // A numerator above 2^106 is beyond the bounds, or its denominator is so large that a millionth of it is exact.
        let ppm = isTooLarge || isFull ? numerator / max(1, denominator / 1_000_000) : sum / denominator
        self.init(ppm: Int64(clamping: ppm))
    }

    /// At most 100 %: what decisions use.
    package var clamped: Utilization { min(self, .full) }

    package static func < (left: Utilization, right: Utilization) -> Bool { left.ppm < right.ppm }

    package init(from decoder: any Decoder) throws {
        self.init(ppm: try decoder.singleValueContainer().decode(Int64.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(ppm)
    }

    /// Percent with as many decimals as it needs, at most four, for instance `80 %` or `7.25 %`.
    package var description: String {
        (ppm < 0 ? "-" : "") + decimalText(ppm.magnitude, digits: 4) + " %"
    }
}

/// `amount` divided by ten to the power of `digits`, with as many decimals as it needs: 2500 with 3 digits is `2.5`.
func decimalText(_ amount: UInt64, digits: Int) -> String {
    let all = String(amount)
    let padded = String(repeating: "0", count: max(0, digits + 1 - all.utf8.count)) + all
    var fraction = padded.suffix(digits)
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return padded.dropLast(digits) + (fraction.isEmpty ? "" : ".\(fraction)")
}

/// An amount of memory or storage in bytes: 0 to 1 PiB.
package struct ByteCount: Comparable, Codable, CustomStringConvertible, BoundedQuantity {
    package let bytes: Int64

    /// 1 PiB is more than any domain or host has; sums of amounts are made in 128 bits, or end at the limit by a method
    /// that says so in its name.
    package static let bounds: ClosedRange<Int64> = 0...1 << 50
    /// The largest amount.
    package static let limit = ByteCount(clamping: bounds.upperBound)

    /// An amount below zero is taken as zero, and one above the limit as the limit: for what was computed, and for the
    /// capacity of a storage pool. What comes from outside is read by `init(exactly:)`.
    package init(clamping bytes: Int64) {
        self.bytes = min(max(bytes, Self.bounds.lowerBound), Self.bounds.upperBound)
    }
    package static func kibibytes(_ count: Int64) -> ByteCount {
        ByteCount(clamping: count.multipliedOrClamped(by: 1_024))
    }
    package static func mebibytes(_ count: Int64) -> ByteCount {
        ByteCount(clamping: count.multipliedOrClamped(by: 1_048_576))
    }
    package static func gibibytes(_ count: Int64) -> ByteCount {
        ByteCount(clamping: count.multipliedOrClamped(by: 1_073_741_824))
    }
    package static let zero = ByteCount(clamping: 0)

    /// `nil` outside the bounds, as `init(exactly:)`.
    package init?(exactlyKibibytes count: Int64) { self.init(exactly: count.multipliedOrClamped(by: 1_024)) }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    /// The sum, which stays at the limit.
    package func addingClamped(_ other: ByteCount) -> ByteCount { ByteCount(clamping: bytes + other.bytes) }
    /// The difference, which stays at zero.
    package func subtractingClamped(_ other: ByteCount) -> ByteCount { ByteCount(clamping: bytes - other.bytes) }

    package init(from decoder: any Decoder) throws { self = try Self.decoded(from: decoder, unit: "bytes") }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }

    /// The largest binary unit that divides it, for instance `512 MiB`.
    package var description: String {
        let units: [(Int64, String)] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        for (size, name) in units where bytes >= size && bytes % size == 0 { return "\(bytes / size) \(name)" }
        return "\(bytes) B"
    }
}

/// A number of virtual CPUs: 0 to 65,536, of which a million add up to 37 bits.
package struct VCPUCount: Comparable, Codable, CustomStringConvertible, ExpressibleByIntegerLiteral, BoundedQuantity {
    package let count: Int

    package static let bounds: ClosedRange<Int64> = 0...65_536
    /// The largest count.
    package static let limit = VCPUCount(clamping: bounds.upperBound)

    /// A count below zero is taken as zero, and one above the limit as the limit: for what was computed. What comes
    /// from outside is read by `init(exactly:)`.
    package init(clamping count: Int64) {
        self.count = Int(min(max(count, Self.bounds.lowerBound), Self.bounds.upperBound))
    }
    /// For literals in code only.
    package init(integerLiteral value: Int) { self.init(clamping: Int64(value)) }

    package static func < (left: VCPUCount, right: VCPUCount) -> Bool { left.count < right.count }

    package init(from decoder: any Decoder) throws { self = try Self.decoded(from: decoder, unit: "vCPUs") }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }

    package var description: String { String(count) }
}

/// A metered quantity, or an amount in nano-units, in whole units. As JSON a string of digits: it may pass what a number
/// there holds.
package struct Quantity: Hashable, Comparable, Sendable, Codable, CustomStringConvertible,
    ExpressibleByIntegerLiteral
{
    package let units: Int128

    package init(_ units: Int128) { self.units = units }
    package init(integerLiteral units: Int128) { self.init(units) }
    package static let zero = Quantity(0)
    package static func < (left: Quantity, right: Quantity) -> Bool { left.units < right.units }
    package var description: String { "\(units)" }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let units = Int128(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not a whole number"))
        }
        self.units = units
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
