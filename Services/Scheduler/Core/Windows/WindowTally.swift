// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// U1 and U2 as a window judges by them.
struct WindowBounds: Hashable, Sendable, Codable {
    var lower: Utilization
    var upper: Utilization

    /// Nothing is a breach.
    static let none = WindowBounds(lower: .zero, upper: Utilization(ppm: .max))
}

/// Sums over the samples of a window.
struct WindowTally: Hashable, Sendable {
    private(set) var known = 0
    private(set) var above = 0
    private(set) var below = 0
    /// Readings between the samples that told nothing.
    private(set) var unknown = 0
    private var utilization: Int64 = 0
    private var steal: Int64 = 0
    private var stealKnown = 0

    init() {}

    init(_ samples: some Sequence<WindowSample>, _ bounds: WindowBounds) {
        for sample in samples { add(sample, bounds) }
    }

    /// Mean utilisation, rounded half up; `nil` of nothing.
    var mean: Utilization? { Self.mean(utilization, of: known) }
    /// Mean steal of the samples that tell it.
    var meanSteal: Utilization? { Self.mean(steal, of: stealKnown) }

    /// Share of the readings that told nothing, with `run` more since the newest sample.
    func unknownShare(run: Int) -> Utilization {
        Self.share(of: unknown + run, besides: known)
    }

    /// Share of `unknown` readings beside `known` ones.
    static func share(of unknown: Int, besides known: Int) -> Utilization {
        Utilization(numerator: Int128(unknown), denominator: Int128(max(1, known + unknown))) ?? .zero
    }

    private mutating func add(_ sample: WindowSample, _ bounds: WindowBounds) {
        known += 1
        unknown += sample.unknownBefore
        // A sample exactly at a bound is not a breach.
        if sample.utilization > bounds.upper { above += 1 }
        if sample.utilization < bounds.lower { below += 1 }
        utilization += sample.utilization.ppm
        guard let stolen = sample.steal else { return }
        steal += stolen.ppm
        stealKnown += 1
    }

    private static func mean(_ sum: Int64, of count: Int) -> Utilization? {
        guard count > 0 else { return nil }
        return Utilization(ppm: (sum * 2 + Int64(count)) / (Int64(count) * 2))
    }
}

/// What a window says under one policy.
package struct BreachCount: Hashable, Sendable, Codable {
    /// Known samples in the window that are not too old: at most N.
    package let known: Int
    /// Of them, above U2.
    package let above: Int
    /// Of them, below U1.
    package let below: Int
    /// M.
    package let needed: Int
    /// N.
    package let windowLength: Int

    /// Counts `samples`, of which there are at most `windowLength`, by the CPU bounds of `policy`.
    package init(_ samples: some Collection<WindowSample>, policy: ScalingPolicy, windowLength: Int) {
        self.init(
            WindowTally(samples, WindowBounds(lower: policy.lower, upper: policy.upper)),
            needed: policy.breachesNeeded(windowLength: windowLength), windowLength: windowLength)
    }

    init(_ tally: WindowTally, needed: Int, windowLength: Int) {
        known = tally.known
        above = tally.above
        below = tally.below
        self.needed = needed
        self.windowLength = windowLength
    }

    /// The direction that is due. Growing wins where both are (a very aggressive policy): a size that is missing
    /// hurts more than one that is spare.
    package var due: Direction? {
        if above >= needed { return .up }
        return below >= needed ? .down : nil
    }
}

/// Which way a size changes.
package enum Direction: String, Hashable, Sendable, Codable {
    case up, down
}
