// SPDX-License-Identifier: Apache-2.0

/// A counter that integrates a piecewise-constant rate without ever losing a fraction: what it shows does not depend on
/// how often it was read.
struct ExactCounter: Hashable, Sendable {
    /// Whole units so far, rounded down.
    private(set) var whole: Int64 = 0
    /// What is left over, in 1/`per` of a unit.
    private(set) var remainder: Int64 = 0

    /// Adds `rate · nanoseconds / per`. `per` must be the same in every call, and nothing may be negative.
    mutating func add(rate: Int64, nanoseconds: Int64, per: Int64) {
        guard rate > 0, nanoseconds > 0 else { return }
        let (product, overflow) = rate.multipliedReportingOverflow(by: nanoseconds)
        let (total, carry) = product.addingReportingOverflow(remainder)
        if overflow || carry {
            let wide = Int128(rate) * Int128(nanoseconds) + Int128(remainder)
            whole += Int64(clamping: wide / Int128(per))
            remainder = Int64(wide % Int128(per))
        } else {
            whole += total / per
            remainder = total % per
        }
    }
}

/// Units of the counters' rates.
enum RateUnit {
    /// A CPU rate is in parts per million of one core: that many nanoseconds of CPU time per 10⁶ ns.
    static let cpu: Int64 = 1_000_000
    /// A byte rate is per second.
    static let bytes: Int64 = 1_000_000_000
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
package struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    /// The same seed gives the same numbers.
    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
