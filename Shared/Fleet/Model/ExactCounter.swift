// SPDX-License-Identifier: Apache-2.0

/// A counter that integrates a piecewise-constant rate without losing a fraction: its value does not depend on how
/// often it was read.
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
