// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Whether a host answers. Unreachable is not off: a host that does not answer makes its domains unknown and says
/// nothing else about them. It is polled as often as any other: each call ends by its deadline, and one answer makes it
/// up again.
package struct HostHealth: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case up, unknown
    }

    /// How many polls in a row must fail before a host counts as unknown: one lost answer does not mean much.
    package static let toleratedFailures = 3

    /// A host is unknown until it has answered.
    package private(set) var state = State.unknown
    package private(set) var failures = 0
    /// Whether the unknown state was reported: an earlier owner may have written down that the host is up.
    private var isSaid = false

    package init() {}

    /// The host answered; returns whether it was unknown before. It is up at once.
    package mutating func succeeded() -> Bool {
        (failures, isSaid) = (0, false)
        defer { state = .up }
        return state == .unknown
    }

    /// The host did not answer; returns whether its unknown state must be reported now.
    package mutating func failed() -> Bool {
        failures += 1
        guard failures >= Self.toleratedFailures, !isSaid else { return false }
        (state, isSaid) = (.unknown, true)
        return true
    }

}

/// A steady schedule: polls begin at whole intervals after the first, however long each takes; what is overdue is
/// skipped, never made up for.
package struct PollSchedule: Hashable, Sendable {
    private let first: Int64
    private let interval: Int64

    /// - Parameter first: the first poll, in nanoseconds of a monotonic clock.
    package init(first: Int64, interval: Duration) {
        self.first = first
        self.interval = max(1, interval.wholeNanoseconds)
    }

    /// When the next poll begins: the first slot that is later than `now` and than `last`.
    package func next(after last: Int64, now: Int64) -> Int64 {
        let slot = (last - first) / interval + 1
        let reached = now < first ? 0 : (now - first) / interval + 1
        return first + max(slot, reached) * interval
    }
}
