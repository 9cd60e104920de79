// SPDX-License-Identifier: Apache-2.0

/// Whether a connection is silent for too long. Some libzmq connections look fine and never carry anything again; a new
/// socket helps.
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

    /// Nothing came for three heartbeats. After each renewal that did not help the limit is twice as long, up to eight
    /// times.
    func isSilent(at now: Duration) -> Bool { now - since >= interval * 3 * (1 << min(renewals, 3)) }

    mutating func received(at now: Duration) {
        since = now
        renewals = 0
    }

    mutating func renewed(at now: Duration) {
        since = now
        renewals += 1
    }
}
