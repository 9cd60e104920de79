// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// How much a copy of a domain is the domain, where two hosts have one: the greater of two is.
package enum CopyRank: Int, Hashable, Sendable, Comparable, CaseIterable {
    /// Its host does not have it.
    case absent
    /// Shut off or saved: a definition and what lies on disks.
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

    /// Whether its memory is held: what it does reaches disks and networks.
    package var isLive: Bool { self >= .paused }
    /// Whether it is known not to be live.
    package var isHarmless: Bool { self < .unknown }
    /// The states of a copy that this one takes the place of.
    package var beatenStates: [DomainState] { DomainState.allCases.filter { CopyRank($0) < self } }
}

/// A domain that is seen on a host while it is another host's by its row: which of the two copies is the domain.
///
/// The running copy is it, else the paused one, wherever it is; of two alike, the one that was it before. A copy that
/// does not run never takes it back from one that runs or may run. Unreachable is not off.
package struct CopyContest: Hashable, Sendable {
    /// What Ebb itself ordered that moves the domain.
    package enum Move: Hashable, Sendable {
        case none
        /// It is on its way, from either of the two hosts.
        case underWay
        /// It was moved to this host, and its row does not say so yet.
        case endedHere
    }

    package enum Ruling: Hashable, Sendable {
        /// Nothing is certain yet: it is looked at again.
        case wait
        /// This one is the domain from now on. `isForeign`: nobody of Ebb moved it.
        case take(isForeign: Bool)
        /// The other one stays the domain. `isLive`: both are.
        case yield(isLive: Bool)
    }

    /// As it is seen here.
    package var here: DomainState
    /// As its row has it; `unknown` while that host does not answer, `nil` if that host does not have it any more.
    package var there: DomainState?
    package var move: Move
    /// Whether the other host had time since to show that it let the domain go.
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

/// A copy of a domain on a host that is not the domain's.
package struct DomainCopy: Hashable, Sendable {
    package let host: HostID
    /// `unknown` while its host does not answer, or has not looked since another host had the domain.
    package let state: DomainState
    /// Whether its host answers, so that it will soon be known.
    package let isAnswering: Bool

    package init(host: HostID, state: DomainState, isAnswering: Bool = true) {
        self.host = host
        self.state = state
        self.isAnswering = isAnswering
    }
}

extension CommandVerb {
    /// Whether it makes guests run, changes what they have, or takes their disks: with a second copy that runs or may
    /// run, that ruins both.
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
