// SPDX-License-Identifier: Apache-2.0

/// What a figure should reach.
package enum Aim: Hashable, Sendable, CustomStringConvertible {
    case atMost(Double)
    case atLeast(Double)
    /// Of the figure to its reference.
    case ratioAtMost(Double)
    case ratioAtLeast(Double)

    package var description: String {
        switch self {
        case .atMost(let bound): "≤ \(shortest(bound))"
        case .atLeast(let bound): "≥ \(shortest(bound))"
        case .ratioAtMost(let bound): "≤ \(shortest(bound)) ×"
        case .ratioAtLeast(let bound): "≥ \(shortest(bound)) ×"
        }
    }

    /// Whether it is reached; not, if a ratio is asked of a figure that has no reference.
    package func isMet(by value: Double, ratio: Double?) -> Bool {
        switch self {
        case .atMost(let bound): value <= bound
        case .atLeast(let bound): value >= bound
        case .ratioAtMost(let bound): ratio.map { $0 <= bound } ?? false
        case .ratioAtLeast(let bound): ratio.map { $0 >= bound } ?? false
        }
    }
}

/// One line of a bench's table.
package struct Figure: Hashable, Sendable, Codable {
    package let name: String
    package let value: Double
    package let unit: String
    /// The same figure of what it is held against.
    package let reference: Double?
    /// Value by reference.
    package let ratio: Double?
    package let aim: String?
    /// `nil` without an aim.
    package let met: Bool?

    package init(_ name: String, _ value: Double, unit: String, reference: Double? = nil, aim: Aim? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.reference = reference
        ratio = reference.flatMap { $0 == 0 ? nil : value / $0 }
        self.aim = aim?.description
        met = aim?.isMet(by: value, ratio: ratio)
    }

    /// The median of several runs, beside the median of the reference's runs.
    package init(_ name: String, runs: [Double], unit: String, reference: [Double] = [], aim: Aim? = nil) {
        self.init(
            name, median(runs), unit: unit, reference: reference.isEmpty ? nil : median(reference), aim: aim)
    }
}

/// The middle value; of an even number of values the lower middle one; of none, not a number.
package func median(_ values: [Double]) -> Double { percentile(0.5, of: values) }

/// The smallest value that is not below the share `p` of all values; of none, not a number.
package func percentile(_ p: Double, of values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let rank = Int((p * Double(values.count)).rounded(.up))
    return values.sorted()[min(max(rank, 1), values.count) - 1]
}

/// Runs five times and gives every run's result.
package func five<Value>(_ body: () throws -> Value) rethrows -> [Value] { try (0..<5).map { _ in try body() } }
