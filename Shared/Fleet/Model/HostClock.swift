// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// A simulated host's own clock: a monotonic one that may drift, and a wall clock on top of it that may be stepped.
///
/// Counters run by the monotonic clock, as on a real machine: drift never shows in a utilisation that is computed from
/// one host's own figures, a step shows in the one interval in which it happens.
struct HostClock: Hashable, Sendable {
    private var anchor: Timestamp
    private var monotonicAtAnchor: Int64
    private(set) var driftPPM: Int64
    private(set) var offsetNanoseconds: Int64

    init(start: Timestamp, offsetNanoseconds: Int64, driftPPM: Int64) {
        anchor = start
        monotonicAtAnchor = start.nanoseconds
        self.offsetNanoseconds = offsetNanoseconds
        self.driftPPM = driftPPM
    }

    /// The monotonic clock at a true instant. Differences add up exactly, however an interval is cut.
    func monotonic(at instant: Timestamp) -> Int64 {
        let elapsed = instant.nanoseconds(since: anchor)
        guard driftPPM != 0 else { return monotonicAtAnchor + elapsed }
        let product = Int128(elapsed) * Int128(driftPPM)
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: 1_000_000)
        return monotonicAtAnchor + elapsed + Int64(clamping: remainder < 0 ? quotient - 1 : quotient)
    }

    /// What the host would say the time is.
    func wall(at instant: Timestamp) -> Timestamp {
        Timestamp(nanoseconds: monotonic(at: instant) + offsetNanoseconds)
    }

    /// Steps the wall clock by an amount, and makes both run at another rate from `instant` on.
    mutating func adjust(stepNanoseconds: Int64, driftPPM: Int64, at instant: Timestamp) {
        monotonicAtAnchor = monotonic(at: instant)
        anchor = instant
        self.driftPPM = driftPPM
        offsetNanoseconds += stepNanoseconds
    }
}
