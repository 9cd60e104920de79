// SPDX-License-Identifier: Apache-2.0

/// A domain's size of CPU in thousandths of a vCPU, the smaller one of its vCPUs and its cap: 0 to 65,536 vCPUs, of which
/// a million add up to 46 bits. Its text is in vCPUs, for instance `0.25`, `2` or `1.5`.
package struct Capacity: Comparable, Codable, CustomStringConvertible, BoundedQuantity {
    package let thousandths: Int64

    /// As many vCPUs as `VCPUCount` can count.
    package static let bounds: ClosedRange<Int64> = 0...65_536_000
    /// The largest capacity.
    package static let limit = Capacity(clamping: bounds.upperBound)
    package static let zero = Capacity(clamping: 0)
    /// The smallest capacity that a policy may ask for: a tenth of a vCPU.
    package static let floor = Capacity(clamping: 100)

    /// `thousandths` below zero are taken as zero, and above the limit as the limit: for what was computed. What comes
    /// from outside is read by `init(exactly:)`.
    package init(clamping thousandths: Int64) {
        self.thousandths = min(max(thousandths, Self.bounds.lowerBound), Self.bounds.upperBound)
    }
    package init(_ vcpus: VCPUCount) { self.init(clamping: Int64(vcpus.count) * 1_000) }

    /// Reads vCPUs with at most three decimals, written as `2`, `1.5` or `0.250`; `nil` for anything else and above the
    /// limit.
    package init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ Self.number($0, digits: 1...5) }) else { return nil }
        guard parts.count > 1 else {
            self.init(exactly: whole * 1_000)
            return
        }
        guard let decimals = Self.number(parts[1], digits: 1...3) else { return nil }
        let unit: Int64 = parts[1].count == 1 ? 100 : parts[1].count == 2 ? 10 : 1
        self.init(exactly: whole * 1_000 + decimals * unit)
    }

    /// Decimal digits of ASCII and nothing else.
    private static func number(_ digits: some Collection<UInt8>, digits count: ClosedRange<Int>) -> Int64? {
        guard count.contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Whether it is a whole number of vCPUs: then no cap is needed for it.
    package var isWhole: Bool { thousandths % 1_000 == 0 }
    /// The smallest number of vCPUs that can give it.
    package var vcpus: VCPUCount { VCPUCount(clamping: (thousandths + 999) / 1_000) }

    package static func < (left: Capacity, right: Capacity) -> Bool { left.thousandths < right.thousandths }

    /// One integer, the thousandths; throws "data corrupted" if it is out of bounds.
    package init(from decoder: any Decoder) throws {
        self = try Self.decoded(from: decoder, unit: "thousandths of a vCPU")
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(thousandths)
    }

    /// vCPUs with as many decimals as it needs, at most three.
    package var description: String {
        decimalText(thousandths.magnitude, digits: 3)
    }

    /// For people: `0.25 vCPU`, `1 vCPU`, `1.5 vCPUs`.
    package var inWords: String { "\(self) vCPU\(thousandths > 1_000 ? "s" : "")" }
}

/// The distance between neighbouring sizes of a policy: its sizes are the step's multiples, of which the smallest is one
/// step. No step is below a tenth of a vCPU, so no size is below `Capacity.floor`.
package enum CapacityStep: Int64, Hashable, Sendable, Codable, CaseIterable, CustomStringConvertible {
    /// One vCPU, the paper's unit: such sizes need no caps.
    case whole = 1_000
    case half = 500
    case quarter = 250
    case tenth = 100

    package var thousandths: Int64 { rawValue }
    package var capacity: Capacity { Capacity(clamping: rawValue) }

    /// `nil` unless it is 1, 0.5, 0.25 or 0.1 vCPU.
    package init?(_ capacity: Capacity) { self.init(rawValue: capacity.thousandths) }

    package func contains(_ capacity: Capacity) -> Bool {
        capacity.thousandths > 0 && capacity.thousandths % thousandths == 0
    }

    /// The smallest size that is at least `capacity`; at the limit of capacities the limit, which is a multiple of every
    /// step.
    package func roundUp(_ capacity: Capacity) -> Capacity { Capacity(clamping: roundUp(capacity.thousandths)) }

    /// The same in thousandths, for what may lie outside the bounds of a capacity.
    package func roundUp(_ amount: Int64) -> Int64 {
        let (steps, rest) = max(1, amount).quotientAndRemainder(dividingBy: thousandths)
        return (rest > 0 ? steps.addedOrClamped(1) : steps).multipliedOrClamped(by: thousandths)
    }

    /// The smallest size above `capacity`; at the limit the limit.
    package func next(above capacity: Capacity) -> Capacity {
        Capacity(clamping: roundUp(capacity.thousandths + 1))
    }

    /// The largest size below `capacity`; `nil` if there is none.
    package func previous(below capacity: Capacity) -> Capacity? {
        let steps = (capacity.thousandths - 1) / thousandths
        return steps > 0 ? Capacity(clamping: steps * thousandths) : nil
    }

    package var description: String { capacity.description }
}

/// The sizes that a policy may give: the multiples of a step from a smallest to a largest one.
package struct CapacityGrid: Hashable, Sendable, Codable {
    package let minimum: Capacity
    package let maximum: Capacity
    package let step: CapacityStep

    /// `nil` unless both ends are multiples of `step`, above zero and in order.
    package init?(minimum: Capacity, maximum: Capacity, step: CapacityStep) {
        guard step.contains(minimum), step.contains(maximum), minimum <= maximum else { return nil }
        self.minimum = minimum
        self.maximum = maximum
        self.step = step
    }

    private enum CodingKeys: CodingKey { case minimum, maximum, step }

    /// Throws also if the sizes are not those of a grid.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let grid = CapacityGrid(
            minimum: try container.decode(Capacity.self, forKey: .minimum),
            maximum: try container.decode(Capacity.self, forKey: .maximum),
            step: try container.decode(CapacityStep.self, forKey: .step))
        guard let grid else {
            throw DecodingError.dataCorruptedError(
                forKey: .minimum, in: container,
                debugDescription: "the sizes are not multiples of their step in order")
        }
        self = grid
    }

    /// The number of sizes, at least 1.
    package var count: Int64 { (maximum.thousandths - minimum.thousandths) / step.thousandths + 1 }

    package func contains(_ capacity: Capacity) -> Bool {
        step.contains(capacity) && (minimum...maximum).contains(capacity)
    }

    /// `capacity`, or the end of the grid that is nearer to it.
    package func clamped(_ capacity: Capacity) -> Capacity { min(max(capacity, minimum), maximum) }
}
