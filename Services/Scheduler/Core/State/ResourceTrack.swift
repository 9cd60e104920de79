// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

extension SchedulerState {
    /// One resource of one domain.
    struct ResourceTrack: Hashable, Sendable, Codable {
        // The members that each sample reads come first.
        var window = UtilizationWindow()
        var lastChangeAt: Timestamp?
        /// Set if the last finding stays as long as the counts of breaches stay; `nil`: the rule must be run.
        var steady: Steady?
        var noRoomUntil: Timestamp?
        /// Since when a due growth has found no room.
        var waitingSince: Timestamp?
        var missing: Int64 = 0
        /// The last recorded reason: the same is not recorded again.
        var recorded: RecordedReason?
    }

    /// A finding that further samples of the same kind don't change.
    enum Steady: Hashable, Sendable, Codable {
        /// As long as this direction stays the due one.
        case whileDue(Direction?)
        /// Until something other than a sample changes it.
        case always
        /// Only in a replay, where it does not matter why nothing is done: as long as this direction is due, until the
        /// given instant.
        case resting(Direction, until: Timestamp)
    }

    struct RecordedReason: Hashable, Sendable, Codable {
        var verdict: Verdict
        var reason: Reason
        var dry: DryReason?
    }
}

extension SchedulerState.ResourceTrack {
    /// Whether the same direction is due as last time, and enough is known.
    @inline(__always)
    mutating func isSteady(
        at now: Timestamp, since oldest: Timestamp, needed: Int32, unknownBound: Utilization
    ) -> Bool {
        switch steady {
        case nil: return false
        case .always: return true
        case .whileDue(let due):
            window.expire(before: oldest)
            guard window.count > 0, window.due(needed: needed) == due else { return false }
            return window.unknownShare <= unknownBound
        case .resting(let due, let until):
            guard now < until else { return false }
            window.expire(before: oldest)
            return window.count > 0 && window.due(needed: needed) == due
        }
    }

    /// Whether a reading at `instant` was taken after the last known change. A reading at the change's own instant was
    /// taken before it: it is the one that led to the change.
    func isSettled(at instant: Timestamp) -> Bool {
        lastChangeAt.map { instant > $0 } ?? true
    }

    /// Notes that the resource has another size from `instant` on.
    mutating func changed(at instant: Timestamp) {
        lastChangeAt = instant
        noRoomUntil = nil
        waitingSince = nil
        steady = nil
        window.restart(countingFrom: instant)
    }
}
