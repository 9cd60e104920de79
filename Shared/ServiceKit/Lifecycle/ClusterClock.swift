// SPDX-License-Identifier: Apache-2.0

package import ResourceModel
internal import Synchronization

/// Cluster time: PostgreSQL's clock read at start plus CLOCK_BOOTTIME, slewed, never stepped.
///
/// A step of this machine's wall clock changes nothing: it is not read. Two readings never go backwards.
package final class ClusterClock: Sendable {
    private let state: Mutex<SlewedClock>

    /// - Parameter databaseNow: PostgreSQL's clock, as read just now.
    package init(databaseNow: Timestamp) {
        state = Mutex(SlewedClock(cluster: databaseNow.nanoseconds, boot: Self.bootTimeNanoseconds()))
    }

    package func now() -> Timestamp {
        let boot = Self.bootTimeNanoseconds()
        return Timestamp(nanoseconds: state.withLock { $0.read(boot: boot) })
    }

    /// Takes a later reading of PostgreSQL's clock: the difference is corrected at 500 ppm.
    package func discipline(databaseNow: Timestamp) {
        let boot = Self.bootTimeNanoseconds()
        state.withLock { $0.discipline(cluster: databaseNow.nanoseconds, boot: boot) }
    }

    /// Nanoseconds since boot, also while suspended (Swift's continuous clock is CLOCK_BOOTTIME on Linux); for intervals and for the check before a hypervisor call.
    package static func bootTimeNanoseconds() -> Int64 {
        let clock = ContinuousClock()
        return (clock.now - clock.systemEpoch).wholeNanoseconds
    }
}

/// The arithmetic of `ClusterClock`: boot time in, cluster time out.
struct SlewedClock: Sendable {
    /// At most this share of the elapsed time is corrected, as NTP's slew does.
    static let slewPPM: Int64 = 500

    private var cluster: Int64
    private var boot: Int64
    /// What is still to be corrected; positive if we are behind.
    private var pending: Int64 = 0

    init(cluster: Int64, boot: Int64) {
        self.cluster = cluster
        self.boot = boot
    }

    /// Never less than an earlier reading: the correction grows with the time that has passed, and more slowly.
    mutating func read(boot now: Int64) -> Int64 {
        let elapsed = max(0, now - boot)
        let correction = correction(after: elapsed)
        // Short intervals leave the base where it is, so that their rounded corrections don't add up.
        if elapsed >= 1_000_000 { rebase(after: elapsed, correction) }
        return elapsed >= 1_000_000 ? cluster : cluster + elapsed + correction
    }

    mutating func discipline(cluster reading: Int64, boot now: Int64) {
        let elapsed = max(0, now - boot)
        rebase(after: elapsed, correction(after: elapsed))
        pending = reading - cluster
    }

    private func correction(after elapsed: Int64) -> Int64 {
        let (milliseconds, rest) = elapsed.quotientAndRemainder(dividingBy: 1_000_000)
        let limit = milliseconds * Self.slewPPM + rest * Self.slewPPM / 1_000_000
        return min(max(pending, -limit), limit)
    }

    private mutating func rebase(after elapsed: Int64, _ correction: Int64) {
        cluster += elapsed + correction
        boot += elapsed
        pending -= correction
    }
}
