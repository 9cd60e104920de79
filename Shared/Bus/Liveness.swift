// SPDX-License-Identifier: Apache-2.0

/// Whether a connection is silent for too long. libzmq has connections that look fine and never carry anything again;
/// a new socket cures them.
///
/// A pure value; times are since any fixed origin, by a monotonic clock.
struct Liveness: Sendable {
    private let interval: Duration
    private var since: Duration
    private var renewals = 0

    init(now: Duration, interval: Duration) {
        since = now
        self.interval = interval
    }

    /// Three heartbeats without a word; after each renewal in vain twice as long, up to eight times.
    func isSilent(at now: Duration) -> Bool { now - since >= interval * 3 * (1 << min(renewals, 3)) }

    mutating func heard(at now: Duration) {
        since = now
        renewals = 0
    }

    mutating func renewed(at now: Duration) {
        since = now
        renewals += 1
    }
}
