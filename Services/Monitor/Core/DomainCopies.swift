// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// The rank of a copy of a domain if two hosts have one: the copy with the higher rank is the domain.
package enum CopyRank: Int, Hashable, Sendable, Comparable, CaseIterable {
    /// Its host does not have it.
    case absent
    /// Shut off or saved: only a definition and files.
    case off
    /// Its host can't be asked: it may run.
    case unknown
    /// It holds its memory and gets no CPU time.
    case paused
    case running

    package static func < (one: CopyRank, other: CopyRank) -> Bool { one.rawValue < other.rawValue }

    package init(_ state: DomainState) {
        self =
            switch state {
            case .running, .blocked, .shuttingDown: .running
            case .paused, .pmSuspended, .crashed: .paused
            case .unknown: .unknown
            case .shutoff, .saved: .off
            }
    }

    /// Whether the hypervisor holds its memory, so that it may write to disks and networks.
    package var isLive: Bool { self >= .paused }
    /// Whether it is known not to be live.
    package var isHarmless: Bool { self < .unknown }
    /// The states of another copy that ranks below this one.
    package var beatenStates: [DomainState] { DomainState.allCases.filter { CopyRank($0) < self } }
}

/// A domain that is seen on a host although its row says another host: decides which of the two copies is the domain.
///
/// The running copy is the domain, else the paused one, on whichever host; of two equal ones, the one that was it
/// before. A copy that does not run never replaces one that runs or may run. Unreachable is not off.
package struct CopyContest: Hashable, Sendable {
    /// A move of the domain that Ebb itself ordered.
    package enum Move: Hashable, Sendable {
        case none
        /// The domain is on its way, from either of the two hosts.
        case underWay
        /// The domain was moved to this host, and its row does not say so yet.
        case endedHere
    }

    package enum Ruling: Hashable, Sendable {
        /// Nothing is certain yet: look again later.
        case wait
        /// This copy is the domain from now on. `isForeign`: Ebb did not move it.
        case take(isForeign: Bool)
        /// The other copy stays the domain. `isLive`: both are live.
        case yield(isLive: Bool)
    }

    /// The state that is seen here.
    package var here: DomainState
    /// The state in its row; `unknown` while that host does not answer, `nil` if that host does not have it any more.
    package var there: DomainState?
    package var move: Move
    /// Whether the other host has had time to show that the domain left it.
    package var isSettled: Bool

    package init(here: DomainState, there: DomainState?, move: Move = .none, isSettled: Bool) {
        self.here = here
        self.there = there
        self.move = move
        self.isSettled = isSettled
    }

    package var ruling: Ruling {
        let (mine, other) = (CopyRank(here), there.map { CopyRank($0) } ?? .absent)
        guard mine != .unknown, move != .underWay else { return .wait }
        if move == .endedHere { return .take(isForeign: false) }
        if mine > other { return .take(isForeign: true) }
        return isSettled ? .yield(isLive: mine.isLive && other.isLive) : .wait
    }
}

/// A copy of a domain on a host to which the domain does not belong.
package struct DomainCopy: Hashable, Sendable {
    package let host: HostID
    /// `unknown` while its host does not answer, or was not read since another host got the domain.
    package let state: DomainState
    /// Whether its host answers, so that the state will soon be known.
    package let isAnswering: Bool

    package init(host: HostID, state: DomainState, isAnswering: Bool = true) {
        self.host = host
        self.state = state
        self.isAnswering = isAnswering
    }
}

extension CommandVerb {
    /// Whether it makes guests run, changes their sizes, or removes their disks: with a second copy that runs or may
    /// run, that would ruin both.
    package var needsOneCopy: Bool {
        switch self {
        case .start, .restore, .resume, .revert, .resize, .migrate, .delete, .deleteSnapshot, .adopt, .snapshot:
            true
        case .create, .shutdown, .destroy, .suspend, .reboot, .save, .cap, .networkCap, .abortMigration, .release,
            .prepare:
            false
        }
    }
}
