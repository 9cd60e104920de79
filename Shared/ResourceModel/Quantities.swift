// SPDX-License-Identifier: Apache-2.0

/// A share in integer parts per million: 1 000 000 is 100 %. May exceed 100 %.
package struct Utilization: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let ppm: Int64

    package init(ppm: Int64) { self.ppm = ppm }
    package init(percent: Int64) { ppm = percent * 10_000 }

    package static let zero = Utilization(ppm: 0)
    package static let full = Utilization(ppm: 1_000_000)

    /// `numerator / denominator`, rounded half up; `nil` if the denominator is not positive or the numerator is
    /// negative. Rounding (not flooring) keeps a load that is exactly on a threshold exactly on it.
    package init?(numerator: Int128, denominator: Int128) {
        guard denominator > 0, numerator >= 0 else { return nil }
        // A division of 128 bits is dear where every sample passes, and nearly all fit into 64.
        if let numerator = Int64(exactly: numerator), let denominator = Int64(exactly: denominator),
            numerator <= Int64.max / 2_000_000
        {
            ppm = (numerator * 1_000_000 + denominator / 2) / denominator
            return
        }
        let ppm = (numerator * 1_000_000 + denominator / 2) / denominator
        self.ppm = Int64(clamping: ppm)
    }

    /// At most 100 %: what decisions use.
    package var clamped: Utilization { min(self, .full) }

    package static func < (left: Utilization, right: Utilization) -> Bool { left.ppm < right.ppm }

    package init(from decoder: any Decoder) throws { ppm = try decoder.singleValueContainer().decode(Int64.self) }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(ppm)
    }

    /// Percent with as many decimals as it needs, at most four, for instance `80 %` or `7.25 %`.
    package var description: String {
        let (whole, rest) = ppm.magnitude.quotientAndRemainder(dividingBy: 10_000)
        var fraction = String(rest)
        fraction = String(repeating: "0", count: 4 - fraction.utf8.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return (ppm < 0 ? "-" : "") + "\(whole)" + (fraction.isEmpty ? "" : ".\(fraction)") + " %"
    }
}

/// An amount of memory or storage in bytes; never negative.
package struct ByteCount: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let bytes: Int64

    /// Negative amounts are clamped to zero.
    package init(_ bytes: Int64) { self.bytes = max(0, bytes) }
    package static func kibibytes(_ count: Int64) -> ByteCount { ByteCount(count * 1_024) }
    package static func mebibytes(_ count: Int64) -> ByteCount { ByteCount(count * 1_048_576) }
    package static func gibibytes(_ count: Int64) -> ByteCount { ByteCount(count * 1_073_741_824) }
    package static let zero = ByteCount(0)

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
    package static func + (left: ByteCount, right: ByteCount) -> ByteCount { ByteCount(left.bytes + right.bytes) }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Int64.self))
    }
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

/// A number of virtual CPUs; never negative.
package struct VCPUCount: Hashable, Comparable, Sendable, Codable, CustomStringConvertible,
    ExpressibleByIntegerLiteral
{
    package let count: Int

    /// Negative counts are clamped to zero.
    package init(_ count: Int) { self.count = max(0, count) }
    package init(integerLiteral value: Int) { self.init(value) }

    package static func < (left: VCPUCount, right: VCPUCount) -> Bool { left.count < right.count }
    package static func + (left: VCPUCount, right: Int) -> VCPUCount { VCPUCount(left.count + right) }
    package static func - (left: VCPUCount, right: Int) -> VCPUCount { VCPUCount(left.count - right) }

    package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(Int.self)) }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }

    package var description: String { String(count) }
}
