// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// When a reading was taken, as far as it is known: between `calledAt` and `answeredAt` of cluster time, and exactly at
/// `readAt` of the host's own clock if the driver gives it.
package struct ReadingInstant: Hashable, Sendable {
    /// Cluster time right before the hypervisor was asked.
    package let calledAt: Timestamp
    /// Cluster time right after it answered.
    package let answeredAt: Timestamp
    /// The host's own clock, where the driver gives it.
    package let readAt: Timestamp?
    /// This process's monotonic clock.
    package let monotonicNanoseconds: Int64

    package init(
        calledAt: Timestamp, answeredAt: Timestamp, readAt: Timestamp? = nil, monotonicNanoseconds: Int64
    ) {
        self.calledAt = calledAt
        self.answeredAt = max(calledAt, answeredAt)
        self.readAt = readAt
        self.monotonicNanoseconds = monotonicNanoseconds
    }

    /// If a host's clock differs by more than this, it is wrong, and its instants are moved by the difference. Below
    /// that they are taken as they are, since the clocks agree well enough.
    package static let clockTolerance: Duration = .seconds(1)

    /// Nanoseconds to add to an instant of the host's clock to get cluster time.
    package var clockCorrectionNanoseconds: Int64 {
        guard let readAt else { return 0 }
        let correction =
            readAt < calledAt
            ? calledAt.nanoseconds(since: readAt) : min(0, answeredAt.nanoseconds(since: readAt))
        return correction.magnitude <= UInt64(Self.clockTolerance.wholeNanoseconds) ? 0 : correction
    }

    /// An instant of the host's clock in cluster time; never later than the answer, unless the clocks agree.
    package func clusterTime(of instant: Timestamp) -> Timestamp {
        instant.advanced(byNanoseconds: clockCorrectionNanoseconds)
    }

    /// The latest instant at which the reading was taken: from then on what it shows may be billed.
    package var seenAt: Timestamp { readAt.map(clusterTime(of:)) ?? answeredAt }

    /// The earliest instant at which the reading was taken: up to then it is a proof.
    package var provedAt: Timestamp { readAt.map(clusterTime(of:)) ?? calledAt }

    /// Δt to an earlier reading: by the host's own clock if both have it, else by the monotonic clock. `nil` if it is
    /// not positive, or if the host's clock was stepped meanwhile (then the interval is unknown).
    package func nanoseconds(since earlier: ReadingInstant) -> Int64? {
        guard let later = readAt, let former = earlier.readAt else {
            let interval = monotonicNanoseconds.subtractedOrClamped(earlier.monotonicNanoseconds)
            return interval > 0 ? interval : nil
        }
        let interval = later.nanoseconds(since: former)
        let shortest = calledAt.nanoseconds(since: earlier.answeredAt)
        let longest = answeredAt.nanoseconds(since: earlier.calledAt)
        // A tenth for a drifting clock, 50 ms for the two clocks' own resolution and slew.
        let slack = max(0, longest) / 10 + 50_000_000
        guard interval > 0, interval >= shortest.subtractedOrClamped(slack), interval <= longest.addedOrClamped(slack)
        else { return nil }
        return interval
    }
}
