// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Whether a host answers, and how eagerly it is asked. Unreachable is not off: a host that does not answer makes its
/// domains unknown and says nothing else about them.
package struct HostHealth: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case up, unknown
    }

    /// So many polls in a row must fail before a host counts as unknown: one lost answer is no news.
    package static let toleratedFailures = 3
    /// A host that does not answer is asked at least once in so many intervals.
    package static let slowest = 8

    /// A host is unknown until it has answered.
    package private(set) var state = State.unknown
    package private(set) var failures = 0

    package init() {}

    /// The host answered; returns whether it was unknown before. It is up at once.
    package mutating func succeeded() -> Bool {
        failures = 0
        defer { state = .up }
        return state == .unknown
    }

    /// The host did not answer; returns whether it became unknown just now.
    package mutating func failed() -> Bool {
        failures += 1
        guard failures >= Self.toleratedFailures, state == .up else { return false }
        state = .unknown
        return true
    }

    /// In how many intervals the next poll is due: 1 as long as it is tolerated, then doubled up to `slowest`.
    package var intervalsToNextPoll: Int {
        guard failures >= Self.toleratedFailures else { return 1 }
        return min(Self.slowest, 1 << min(failures - Self.toleratedFailures + 1, 16))
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

    /// When the next poll begins: the first slot that is later than `now` and at least `intervals` after `last`.
    package func next(after last: Int64, intervals: Int = 1, now: Int64) -> Int64 {
        let slot = (last - first) / interval + Int64(max(1, intervals))
        let reached = now < first ? 0 : (now - first) / interval + 1
        return first + max(slot, reached) * interval
    }
}
