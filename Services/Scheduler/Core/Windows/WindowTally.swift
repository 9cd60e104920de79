// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// U1 and U2 in a form by which a window judges.
struct WindowBounds: Hashable, Sendable, Codable {
    var lower: Utilization
    var upper: Utilization

    /// Bounds under which nothing is a breach.
    static let none = WindowBounds(lower: .zero, upper: Utilization(ppm: .max))
}

/// Sums over the samples of a window.
struct WindowTally: Hashable, Sendable {
    private(set) var known = 0
    private(set) var above = 0
    private(set) var below = 0
    /// How many readings between the samples were unknown.
    private(set) var unknown = 0
    private var utilization: Int64 = 0
    private var steal: Int64 = 0
    private var stealKnown = 0

    init() {}

    init(_ samples: some Sequence<WindowSample>, _ bounds: WindowBounds) {
        for sample in samples { add(sample, bounds) }
    }

    /// Mean utilisation, rounded half up; `nil` without samples.
    var mean: Utilization? { Self.mean(utilization, of: known) }
    /// Mean steal of the samples for which it is known.
    var meanSteal: Utilization? { Self.mean(steal, of: stealKnown) }

    /// The share of unknown readings, with `run` more since the newest sample.
    func unknownShare(run: Int) -> Utilization {
        Self.share(of: unknown + run, besides: known)
    }

    /// The share of `unknown` readings beside `known` ones.
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

    /// Counts `samples`, at most `windowLength` of them, by the CPU bounds of `policy`.
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

    /// The direction that is due. If both are (with a very aggressive policy), growing wins: a size that is too small
    /// hurts more than one that is too large.
    package var due: Direction? {
        if above >= needed { return .up }
        return below >= needed ? .down : nil
    }
}

/// Which way a size changes.
package enum Direction: String, Hashable, Sendable, Codable {
    case up, down
}
