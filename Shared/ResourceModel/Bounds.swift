// SPDX-License-Identifier: Apache-2.0

/// A quantity that has bounds, whatever it was made from.
///
/// The bounds are so wide that nothing real reaches them, and so narrow that sums, differences and distances of a few
/// values fit into 64 bits, and a sum of millions, or the product of any two, into 128. What comes from outside is read
/// by `init(exactly:)`, so that a value out of bounds is refused, set aside or unknown; `init(clamping:)` is for what
/// was computed from values that are within bounds.
package protocol BoundedQuantity: Hashable, Sendable {
    /// The smallest and the largest amount, in the quantity's own unit.
    static var bounds: ClosedRange<Int64> { get }
    /// The nearest value within the bounds.
    init(clamping amount: Int64)
}

extension BoundedQuantity {
    /// `nil` outside the bounds.
    package init?(exactly amount: some BinaryInteger) {
        guard let amount = Int64(exactly: amount), Self.bounds.contains(amount) else { return nil }
        self.init(clamping: amount)
    }

    /// The nearest value within the bounds.
    package init(clamping amount: some BinaryInteger) { self.init(clamping: Int64(clamping: amount)) }

    /// Reads one integer; throws "data corrupted" if it is out of bounds.
    static func decoded(from decoder: any Decoder, unit: String) throws -> Self {
        let amount = try decoder.singleValueContainer().decode(Int64.self)
        guard let value = Self(exactly: amount) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "\(amount) is not \(bounds.lowerBound) to \(bounds.upperBound) \(unit)"))
        }
        return value
    }
}

extension FixedWidthInteger {
    /// The sum, or the nearest value that the type can hold.
    package func addedOrClamped(_ other: Self) -> Self {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest value that the type can hold.
    package func subtractedOrClamped(_ other: Self) -> Self {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (other < 0 ? .max : .min) : difference
    }

    /// The product, or the nearest value that the type can hold.
    package func multipliedOrClamped(by other: Self) -> Self {
        let (product, isOver) = multipliedReportingOverflow(by: other)
        return isOver ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
