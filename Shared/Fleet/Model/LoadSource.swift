// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// What a domain's guest would like to use, in parts per million of the size the domain was created with: a load of
/// 850 000 on a domain made with 2 vCPUs is a demand of 1.7 vCPUs, whatever size the domain has now.
package enum LoadSource: Hashable, Sendable, Codable {
    case constant(ppm: Int64)
    /// `low`, then `high` for the last `highShare` of each period.
    case periodic(lowPPM: Int64, highPPM: Int64, periodNanoseconds: Int64, highSharePPM: Int64)
    /// Every `step` a burst of `length` steps begins with this chance; the seed and the domain decide when.
    case bursty(basePPM: Int64, burstPPM: Int64, stepNanoseconds: Int64, chancePPM: Int64, length: Int)

    private enum ConstantCodingKeys: String, CodingKey { case ppm }

    private enum PeriodicCodingKeys: String, CodingKey {
        case lowPPM = "low_ppm"
        case highPPM = "high_ppm"
        case periodNanoseconds = "period_ns"
        case highSharePPM = "high_share_ppm"
    }

    private enum BurstyCodingKeys: String, CodingKey {
        case length
        case basePPM = "base_ppm"
        case burstPPM = "burst_ppm"
        case stepNanoseconds = "step_ns"
        case chancePPM = "chance_ppm"
    }

    /// Why the source can't be played; `nil` if it can.
    var fault: String? {
        switch self {
        case .constant(let ppm):
            return Limits.load.contains(ppm) ? nil : Limits.loadFault
        case .periodic(let low, let high, let period, let share):
            guard Limits.load.contains(low), Limits.load.contains(high) else { return Limits.loadFault }
            guard Limits.interval.contains(period) else { return Limits.intervalFault }
            return (0...1_000_000).contains(share) ? nil : "the high share must lie within 0 and 1000000 ppm"
        case .bursty(let base, let burst, let step, let chance, let length):
            guard Limits.load.contains(base), Limits.load.contains(burst) else { return Limits.loadFault }
            guard Limits.interval.contains(step) else { return Limits.intervalFault }
            guard (0...1_000_000).contains(chance) else { return "the chance must lie within 0 and 1000000 ppm" }
            return (1...1_000_000).contains(length) ? nil : "a burst must last 1 to 1000000 steps"
        }
    }
}

/// A recorded list of loads.
package struct LoadTrace: Hashable, Sendable, Codable {
    /// Value t is at index t − 1. After the end the last one holds.
    package let loadsPPM: [Int64]
    /// How long each value holds in true time, beginning at once.
    ///
    /// `nil`: the trace goes by samples. Value t then holds for the whole interval that ends with the t-th sample that
    /// the domain's host serves, counted from the first interval that begins after the trace was started. Intervals in
    /// which the domain did not run, or a new incarnation began, count for no value: nobody can compute a utilisation
    /// from them.
    package let intervalNanoseconds: Int64?

    package init(loadsPPM: [Int64], intervalNanoseconds: Int64? = nil) {
        self.loadsPPM = loadsPPM
        self.intervalNanoseconds = intervalNanoseconds
    }

    private enum CodingKeys: String, CodingKey {
        case loadsPPM = "loads_ppm"
        case intervalNanoseconds = "interval_ns"
    }

    /// Why the trace can't be played; `nil` if it can.
    var fault: String? {
        guard (1...Limits.traceLength).contains(loadsPPM.count) else {
            return "a trace has 1 to \(Limits.traceLength) loads, not \(loadsPPM.count)"
        }
        guard loadsPPM.allSatisfy(Limits.load.contains) else { return Limits.loadFault }
        guard let intervalNanoseconds else { return nil }
        return Limits.interval.contains(intervalNanoseconds) ? nil : Limits.intervalFault
    }
}

/// What the simulation accepts from outside; beyond it a call is refused as invalid.
enum Limits {
    /// Up to ten thousand times the domain's first size.
    static let load: ClosedRange<Int64> = 0...10_000_000_000
    static let loadFault = "a load must lie within 0 and 10000000000 ppm"
    /// A millisecond to a year: each step of a source costs work.
    static let interval: ClosedRange<Int64> = 1_000_000...31_536_000_000_000_000
    static let intervalFault = "an interval must lie within 1 ms and 1 year"
    /// Durations, delays.
    static let duration: ClosedRange<Int64> = 0...86_400_000_000_000
    static let traceLength = 1_000_000
    static let vcpus = 1...1_024
    static let memory: ClosedRange<Int64> = 1_048_576...ByteCount.limit.bytes
    static let disk: ClosedRange<Int64> = ByteCount.bounds
    static let byteRate: ClosedRange<Int64> = 0...1_000_000_000_000
    static let nameLength = 255
    static let cores = 1...65_536
    static let hosts = 1...100_000
    static let driftPPM: ClosedRange<Int64> = -100_000...100_000
    /// Ten years either way.
    static let clockOffset: ClosedRange<Int64> = -315_360_000_000_000_000...315_360_000_000_000_000
    static let faults = 10_000
    static let domainsPerHost = 1_000
}
