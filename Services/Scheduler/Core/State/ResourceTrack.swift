// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

extension SchedulerState {
    /// One resource of one domain.
    struct ResourceTrack: Hashable, Sendable, Codable {
        // What samples look at comes first.
        var window = UtilizationWindow()
        var lastChangeAt: Timestamp?
        /// The last finding was one that the same counts of breaches can't change; `nil`: the rule has to be run.
        var steady: Steady?
        var noRoomUntil: Timestamp?
        /// Since when a growth is due that found no room.
        var waitingSince: Timestamp?
        var missing: Int64 = 0
        /// What was recorded last: the same is not recorded again.
        var recorded: RecordedReason?
    }

    /// A finding that more samples of the same kind don't change.
    enum Steady: Hashable, Sendable, Codable {
        /// As long as the direction that is due stays this one.
        case whileDue(Direction?)
        /// Until something else than a sample changes it.
        case always
        /// In a replay, where it does not matter why nothing is done: as long as this direction is due, until then.
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

    /// Whether a reading at `instant` came after the last change that is known. A reading of the change's own instant is the
    /// one that led to it, and did not come after.
    func isSettled(at instant: Timestamp) -> Bool {
        lastChangeAt.map { instant > $0 } ?? true
    }

    /// The resource has another size from `instant` on.
    mutating func changed(at instant: Timestamp) {
        lastChangeAt = instant
        noRoomUntil = nil
        waitingSince = nil
        steady = nil
        window.restart(countingFrom: instant)
    }
}
