// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Everything on which a decision about a command is based.
package struct CommandSituation: Hashable, Sendable {
    /// The domain's row; `nil` if there is none or it is deleted.
    package struct Row: Hashable, Sendable {
        package let host: HostID
        package let revision: Int64
        package let isManaged: Bool
        package let tenant: TenantID?
        package let foreignManager: String?
        package let maximumVCPUs: VCPUCount
        package let maximumMemory: ByteCount?

        package init(
            host: HostID, revision: Int64, isManaged: Bool, tenant: TenantID? = nil, foreignManager: String? = nil,
            maximumVCPUs: VCPUCount, maximumMemory: ByteCount? = nil
        ) {
            self.host = host
            self.revision = revision
            self.isManaged = isManaged
            self.tenant = tenant
            self.foreignManager = foreignManager
            self.maximumVCPUs = maximumVCPUs
            self.maximumMemory = maximumMemory
        }
    }

    package var now: Timestamp
    package var host: HostID
    package var mode: HostMode
    /// The mode of a migration's target; `nil` if there is no such host.
    package var targetMode: HostMode?
    /// Whether this instance may command the host at this instant.
    package var mayCommand: Bool
    /// Why nothing automatic may happen to the domain; `nil` if it may.
    package var freeze: CommandRefusal?
    package var row: Row?
    /// Copies of the domain on other hosts than its own.
    package var copies: [DomainCopy]
    /// Other hosts on which the domain may run: they were not listed since it was seen to be off.
    package var unlisted: [HostID]
    package var presence: DomainPresence

    package init(
        now: Timestamp, host: HostID, mode: HostMode, targetMode: HostMode? = nil, mayCommand: Bool,
        freeze: CommandRefusal? = nil, row: Row?, copies: [DomainCopy] = [], unlisted: [HostID] = [],
        presence: DomainPresence
    ) {
        self.now = now
        self.host = host
        self.mode = mode
        self.targetMode = targetMode
        self.mayCommand = mayCommand
        self.freeze = freeze
        self.row = row
        self.copies = copies
        self.unlisted = unlisted
        self.presence = presence
    }
}

/// Decides what is done about a durable command. Pure: the same situation gives the same step.
package enum CommandPlan {
    package enum NextStep: Hashable, Sendable {
        case run(CommandTable.Run)
        case refuse(CommandRefusal)
        /// What the command asks for holds already: it succeeds without a call.
        case alreadyDone
        /// It can't run now, but may later: it stays queued until its deadline.
        case wait(String)
    }

    /// Whether a queued command runs now.
    package static func nextStep(on order: CommandOrder, in situation: CommandSituation) -> NextStep {
        guard situation.now < order.deadline else {
            return .refuse(CommandRefusal(.deadline, "its deadline \(order.deadline) passed before it could run"))
        }
        if let refusal = refusalByMode(order, situation) { return .refuse(refusal) }
        if order.isAutomatic, let freeze = situation.freeze { return .refuse(freeze) }
        if let nextStep = nextStepByRow(order, situation) { return nextStep }
        if let refusal = refusalByCopies(order, situation) { return .refuse(refusal) }
        guard situation.mayCommand else {
            return .wait("host \(situation.host) may not be commanded yet")
        }
        // The row shows whether it is done: the source itself only shows afterwards that the domain is not there.
        if order.verb == .migrate, situation.row?.host == order.target { return .alreadyDone }
        if situation.presence == .unknown || situation.presence.state == .unknown {
            return .wait("host \(situation.host) does not answer")
        }
        if let reason = uncertainty(order, situation) { return .wait(reason) }
        return nextStepByState(order, situation)
    }

    // MARK: Host

    private static func refusalByMode(_ order: CommandOrder, _ situation: CommandSituation) -> CommandRefusal? {
        if let objection = situation.mode.objection(of: situation.host) {
            switch situation.mode {
            case .observe: return CommandRefusal(.observed, objection)
            case .draining where order.verb.takesRoom || order.isAutomatic && order.verb != .migrate:
                return CommandRefusal(.draining, objection)
            case .draining, .enabled: break
            }
        }
        guard order.verb == .migrate, let target = order.target, target != situation.row?.host else { return nil }
        guard let mode = situation.targetMode else {
            return CommandRefusal(.notFound, "there is no host \(target) to migrate to; see `ebb host list`")
        }
        guard mode == .enabled else {
            return CommandRefusal(
                mode == .observe ? .observed : .draining,
                "host \(target) takes nothing while it is \(mode == .observe ? "only observed" : "draining");"
                    + " run `ebb host enable \(target)`")
        }
        return nil
    }

    // MARK: Row

    private static func nextStepByRow(_ order: CommandOrder, _ situation: CommandSituation) -> NextStep? {
        guard let row = situation.row else {
            switch order.verb {
            case .create: return nil
            case .delete: return .alreadyDone
            default:
                return .refuse(
                    CommandRefusal(.notFound, "there is no domain \(order.domain); see `ebb vm list`"))
            }
        }
        if order.verb == .adopt {
            if let nextStep = nextStepOnAdoption(order, row) { return nextStep }
        } else if !row.isManaged {
            if order.verb == .release { return .alreadyDone }
            return .refuse(
                CommandRefusal(
                    .notManaged,
                    "Ebb does not manage domain \(order.domain) and never changes it; run `ebb vm adopt` first, or use "
                        + "the host's own tools"))
        }
        return refusalByRow(order, row, on: situation.host).map { .refuse($0) }
    }

    private static func nextStepOnAdoption(_ order: CommandOrder, _ row: CommandSituation.Row) -> NextStep? {
        if row.isManaged, row.tenant == order.tenant { return .alreadyDone }
        guard !row.isManaged else {
            return .refuse(
                CommandRefusal(
                    .conflict, "domain \(order.domain) is another tenant's already; run `ebb vm release` first"))
        }
        guard let manager = row.foreignManager else { return nil }
        return .refuse(
            CommandRefusal(
                .foreignManager,
                "\(manager) manages domain \(order.domain), which Ebb only observes; take it out of there first"))
    }

    private static func refusalByRow(
        _ order: CommandOrder, _ row: CommandSituation.Row, on host: HostID
    ) -> CommandRefusal? {
        guard row.host == host || row.host == order.target else {
            return CommandRefusal(
                .moved, "domain \(order.domain) is on host \(row.host) now, not on \(host); ask again")
        }
        if let expected = order.expectedRevision, expected != row.revision, row.host == host {
            return CommandRefusal(
                .conflict,
                "domain \(order.domain) has changed: revision \(row.revision), not \(expected); look and ask again")
        }
        if let vcpus = order.vcpus, vcpus > row.maximumVCPUs {
            return CommandRefusal(
                .invalid,
                "domain \(order.domain) is defined with at most \(row.maximumVCPUs) vCPUs and can't have \(vcpus);"
                    + " `ebb vm prepare` raises that")
        }
        if let memory = order.memory, let maximum = row.maximumMemory, memory > maximum {
            return CommandRefusal(
                .invalid,
                "domain \(order.domain) is defined with at most \(maximum) and can't have \(memory);"
                    + " `ebb vm prepare` raises that")
        }
        return nil
    }

    /// Refuses commands that would start, resize or delete one of two copies, since that would ruin both.
    private static func refusalByCopies(_ order: CommandOrder, _ situation: CommandSituation) -> CommandRefusal? {
        let ruinous = situation.copies.first { !CopyRank($0.state).isHarmless && !isBeingLookedAt($0) }
        guard order.verb.needsOneCopy, let copy = ruinous else { return nil }
        let (host, verb) = (situation.host, order.verb.rawValue)
        let finding =
            copy.state == .unknown
            ? "host \(copy.host), which had a copy of it, does not answer"
            : "a copy of it is \(copy.state.rawValue) on host \(copy.host)"
        return CommandRefusal(
            .conflict,
            "domain \(order.domain) is on host \(host), and \(finding): no \(verb) until one of the two is shut down;"
                + " `ebb host show \(copy.host)` lists what it has twice")
    }

    private static func isBeingLookedAt(_ copy: DomainCopy) -> Bool { copy.state == .unknown && copy.isAnswering }

    /// Why the domain is not touched yet: it is not known what copy another host has, or a domain that is off here may
    /// run on a host that was not asked yet.
    private static func uncertainty(_ order: CommandOrder, _ situation: CommandSituation) -> String? {
        guard order.verb.needsOneCopy else { return nil }
        if let copy = situation.copies.first(where: isBeingLookedAt) {
            return
                "domain \(order.domain) came to host \(situation.host): what host \(copy.host) has of it still is not"
                + " known yet"
        }
        guard !situation.unlisted.isEmpty else { return nil }
        let look = situation.presence.look
        guard look.map({ CopyRank($0.state).isHarmless }) ?? (order.verb == .delete) else { return nil }
        let others = situation.unlisted.prefix(8).map(\.name).joined(separator: ", ")
        return
            "domain \(order.domain) is \(look?.text ?? "missing") on host \(situation.host) and may run on \(others):"
            + " what is there is not known yet"
    }

    // MARK: State

    private static func nextStepByState(_ order: CommandOrder, _ situation: CommandSituation) -> NextStep {
        guard let look = situation.presence.look else {
            switch order.verb {
            case .create: return .run(CommandTable.Run(call: .own, proof: CommandTable.proof(of: .create)))
            // Its row still exists: the files that a deletion left behind are deleted, and then the row.
            case .delete: return .run(CommandTable.Run(call: .own, proof: CommandTable.proof(of: .delete)))
            case .release: return .alreadyDone
            default:
                return .refuse(
                    CommandRefusal(
                        .notFound,
                        "domain \(order.domain) is missing: host \(situation.host) does not have it any more; it comes back"
                            + " by itself when a host shows it again, and `ebb vm delete` forgets it"))
            }
        }
        let step = CommandTable.step(
            of: order.verb, in: look.state, because: look.reason, isForced: order.arguments.thenDestroys ?? false)
        switch step {
        case .done: return .alreadyDone
        case .wait: return .wait("host \(situation.host) does not answer")
        case .refuse(let remedy):
            return .refuse(CommandRefusal(.state, "domain \(order.domain) is \(look.text): \(remedy)"))
        case .run(let run):
            return order.verb == .resize && isSized(order, look) ? .alreadyDone : .run(run)
        }
    }

    /// Whether what the command asks for holds now.
    static func isDone(_ order: CommandOrder, _ presence: DomainPresence) -> Bool {
        if presence == .absent, order.verb.forgetsMissing { return true }
        switch order.verb {
        case .create: return presence.look != nil
        case .resize: return presence.look.map { isSized(order, $0) } ?? false
        default: return CommandTable.proof(of: order.verb)?.holds(presence) ?? false
        }
    }

    /// A driver rounds a cap by less than this: Xen to a hundredth of a core.
    package static let capGranulePPM: Int64 = 10_000

    private static func isSized(_ order: CommandOrder, _ look: DomainLook) -> Bool {
        let hasVCPUs = order.vcpus.map { look.granted == $0 && look.confirmed == $0 } ?? true
        let isCapped = order.cpuCapPPM.map { ppm in
            // A whole size lifts a cap where one is seen.
            ppm == 0
                ? look.cpuCap.limitPPM == nil : look.cpuCap.fulfils(asked: ppm, granule: capGranulePPM) == true
        }
        return hasVCPUs && isCapped ?? true && (order.memory.map { look.memory.map($0.isReached) ?? false } ?? true)
    }
}
