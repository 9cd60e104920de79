// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// All that a decision about a command goes by.
package struct CommandSituation: Hashable, Sendable {
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        case observe, enabled, draining
    }

    /// The domain's row; `nil` if there is none or it is deleted.
    package struct Row: Hashable, Sendable {
        package let host: HostID
        package let revision: Int64
        package let isManaged: Bool
        package let maximumVCPUs: VCPUCount

        package init(host: HostID, revision: Int64, isManaged: Bool, maximumVCPUs: VCPUCount) {
            self.host = host
            self.revision = revision
            self.isManaged = isManaged
            self.maximumVCPUs = maximumVCPUs
        }
    }

    package var now: Timestamp
    package var host: HostID
    package var mode: Mode
    /// The mode of a migration's target; `nil` if there is no such host.
    package var targetMode: Mode?
    /// Whether this instance may command the host at this instant.
    package var mayCommand: Bool
    package var row: Row?
    package var presence: DomainPresence

    package init(
        now: Timestamp, host: HostID, mode: Mode, targetMode: Mode? = nil, mayCommand: Bool, row: Row?,
        presence: DomainPresence
    ) {
        self.now = now
        self.host = host
        self.mode = mode
        self.targetMode = targetMode
        self.mayCommand = mayCommand
        self.row = row
        self.presence = presence
    }
}

/// Decides what becomes of a durable command. Pure: the same situation gives the same verdict.
package enum CommandPlan {
    package enum Verdict: Hashable, Sendable {
        case run
        case refuse(CommandRefusal)
        /// What it asks for holds already: it succeeds without a call.
        case alreadyDone
        /// Not now, perhaps later: it stays queued until its deadline.
        case wait(String)
    }

    /// Whether a queued command runs now.
    package static func verdict(on order: CommandOrder, in situation: CommandSituation) -> Verdict {
        guard situation.now < order.deadline else {
            return .refuse(CommandRefusal("deadline", "its deadline \(order.deadline) passed before it could run"))
        }
        if let refusal = refusalByMode(order, situation) ?? refusalByRow(order, situation) { return .refuse(refusal) }
        if order.verb == .delete, situation.row == nil { return .alreadyDone }
        guard situation.mayCommand else {
            return .wait("host \(situation.host) may not be commanded yet")
        }
        // The row says it: what the source itself shows afterwards is only that the domain is not there.
        if order.verb == .migrate, situation.row?.host == order.target { return .alreadyDone }
        if situation.presence == .unknown || situation.presence.state == .unknown {
            return .wait("host \(situation.host) does not answer")
        }
        if isDone(order, situation.presence) { return .alreadyDone }
        return refusalByState(order, situation).map { .refuse($0) } ?? .run
    }

    // MARK: Host and row

    private static func refusalByMode(_ order: CommandOrder, _ situation: CommandSituation) -> CommandRefusal? {
        let host = situation.host
        switch situation.mode {
        case .observe:
            return CommandRefusal(
                "observed", "host \(host) is only observed and nothing on it is changed; run `ebb host enable \(host)`")
        case .draining where order.verb.takesRoom || order.isAutomatic && order.verb != .migrate:
            return CommandRefusal(
                "draining", "host \(host) is draining and takes nothing new; run `ebb host enable \(host)` to end that")
        case .draining, .enabled: break
        }
        guard order.verb == .migrate, let target = order.target, target != situation.row?.host else { return nil }
        guard let mode = situation.targetMode else {
            return CommandRefusal("not-found", "there is no host \(target) to migrate to; see `ebb host list`")
        }
        guard mode == .enabled else {
            return CommandRefusal(
                mode == .observe ? "observed" : "draining",
                "host \(target) takes nothing while it is \(mode == .observe ? "only observed" : "draining");"
                    + " run `ebb host enable \(target)`")
        }
        return nil
    }

    private static func refusalByRow(_ order: CommandOrder, _ situation: CommandSituation) -> CommandRefusal? {
        guard let row = situation.row else {
            return order.verb == .create || order.verb == .delete
                ? nil : CommandRefusal("not-found", "there is no domain \(order.domain); see `ebb vm list`")
        }
        guard row.isManaged else {
            return CommandRefusal(
                "not-managed",
                "Ebb does not manage domain \(order.domain) and never changes it; use the host's own tools")
        }
        guard row.host == situation.host || row.host == order.target else {
            return CommandRefusal(
                "moved", "domain \(order.domain) is on host \(row.host) now, not on \(situation.host); ask again")
        }
        if let expected = order.expectedRevision, expected != row.revision, row.host == situation.host {
            return CommandRefusal(
                "conflict",
                "domain \(order.domain) has changed: revision \(row.revision), not \(expected); look and ask again"
            )
        }
        if let vcpus = order.vcpus, vcpus > row.maximumVCPUs {
            return CommandRefusal(
                "invalid",
                "domain \(order.domain) is defined with at most \(row.maximumVCPUs) vCPUs and can't have \(vcpus)"
            )
        }
        return nil
    }

    // MARK: State

    /// Whether what is asked for holds as the domain is.
    static func isDone(_ order: CommandOrder, _ presence: DomainPresence) -> Bool {
        guard case .present(let state, let granted, let confirmed) = presence else {
            return order.verb == .delete && presence == .absent
        }
        switch order.verb {
        case .create: return true
        case .start: return state.isActive && state != .shuttingDown
        case .restore: return state == .running || state == .blocked
        case .shutdown, .destroy: return state == .shutoff || state == .crashed
        case .suspend: return state == .paused
        case .resume: return state == .running || state == .blocked
        case .save: return state == .saved
        case .resize: return granted == order.vcpus && confirmed == order.vcpus
        case .migrate, .delete: return false
        }
    }

    private static func refusalByState(_ order: CommandOrder, _ situation: CommandSituation) -> CommandRefusal? {
        guard case .present(let state, _, _) = situation.presence else {
            guard order.verb != .create else { return nil }
            return CommandRefusal(
                "not-found", "domain \(order.domain) is not on host \(situation.host) any more; see `ebb vm list`")
        }
        let allowed: [DomainState]
        let remedy: String
        switch order.verb {
        case .create: return nil
        case .start: (allowed, remedy) = ([.shutoff, .crashed], "a saved one is restored with `ebb vm restore`")
        case .shutdown:
            (allowed, remedy) = (
                [.running, .blocked, .shuttingDown], "resume it first, or `ebb vm shutdown --force` it"
            )
        case .destroy: (allowed, remedy) = ([.running, .blocked, .paused, .shuttingDown], "`ebb vm restore` it first")
        case .suspend: (allowed, remedy) = ([.running, .blocked], "only a running one can be suspended")
        case .resume: (allowed, remedy) = ([.paused], "only a suspended one can be resumed")
        case .save: (allowed, remedy) = ([.running, .blocked, .paused], "only an active one can be saved")
        case .restore: (allowed, remedy) = ([.saved], "only a saved one can be restored")
        case .resize: (allowed, remedy) = ([.running, .blocked], "only a running one can be resized")
        case .migrate: (allowed, remedy) = ([.running, .blocked], "only a running one can be migrated")
        case .delete: (allowed, remedy) = ([.shutoff, .crashed, .saved], "`ebb vm shutdown --force` it first")
        }
        guard !allowed.contains(state) else { return nil }
        return CommandRefusal("state", "domain \(order.domain) is \(state.rawValue): \(remedy)")
    }
}
