// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

extension CommandPlan {
    /// What is known of a command whose owner died while it ran. It is never run again.
    package enum Conclusion: Hashable, Sendable {
        /// Its effect is seen.
        case succeeded
        /// Its effect is not seen, and no call can be under way any more.
        case failed(CommandRefusal)
        /// It can't be found out: code `outcome-unknown`, with what is known.
        case unknown(CommandRefusal)
    }

    /// Looks up a command's effect: in what its host shows now and, for a migration, what the target shows.
    ///
    /// Ask it only when no call of the former owner can be under way (`Ownership.mayCommand`).
    /// - Parameter trace: for verbs whose effect the domain's state does not show: whether another question to the host
    ///   found the effect (a snapshot of that name, the cap); `nil`: not known.
    /// - Parameter marks: marks of the domain's life before the call and now, for verbs that need them.
    package static func reconcile(
        _ order: CommandOrder, presence: DomainPresence, onTarget: DomainPresence = .unknown, trace: Bool? = nil,
        marks: LifeMarks? = nil
    ) -> Conclusion {
        if order.verb == .migrate { return reconcileMigration(order, source: presence, target: onTarget) }
        switch presence {
        case .unknown: return outcomeUnknown(order, "its host does not answer")
        case .absent:
            if isDone(order, .absent) { return .succeeded }
            return interrupted(order, "the domain is not on its host")
        case .present(let look):
            guard look.state != .unknown else { return outcomeUnknown(order, "its host does not answer") }
            if let marks, trace != true, order.verb.needsMark { return reconcile(order, marks) }
            return reconcile(order, look, trace)
        }
    }

    private static func reconcile(_ order: CommandOrder, _ look: DomainLook, _ trace: Bool?) -> Conclusion {
        if isDone(order, .present(look)) { return .succeeded }
        switch order.verb {
        case .resize: return reconcileResize(order, look)
        case .shutdown where look.state.isActive:
            return outcomeUnknown(order, "the guest was asked and is still \(look.state.rawValue)")
        case .reboot, .cap, .networkCap, .abortMigration, .snapshot, .revert, .deleteSnapshot, .adopt, .release,
            .prepare:
            guard let trace else { return outcomeUnknown(order, "nothing tells whether it had its effect") }
            return trace ? .succeeded : interrupted(order, "its effect is not there")
        default: return interrupted(order, "the domain is \(look.text)")
        }
    }

    private static func reconcile(_ order: CommandOrder, _ marks: LifeMarks) -> Conclusion {
        let trace = order.verb == .reboot ? marks.guestBeganAnew : marks.wentBack(to: order.arguments.name)
        switch trace {
        case true?: return .succeeded
        case false?: return interrupted(order, "its effect is not there")
        case nil where order.verb == .revert && marks.now.hypervisorID == nil:
            return interrupted(
                order, "whether its disk was taken back can't be seen; it is off, so that another revert does no harm")
        case nil: return outcomeUnknown(order, "nothing tells whether it had its effect")
        }
    }

    private static func reconcileResize(_ order: CommandOrder, _ look: DomainLook) -> Conclusion {
        // If no guest confirms, only the hypervisor's grant is known. A guest that uses as many as asked may still be
        // granted more: under emulation a vCPU that was taken back stays plugged.
        let inUse = look.confirmed ?? look.granted
        let hasVCPUs = order.vcpus.map { $0 == inUse } ?? true
        if hasVCPUs, order.memory.map({ look.memory.map($0.isReached) ?? false }) ?? true { return .succeeded }
        let granted = look.granted.map(\.description) ?? "an unknown number of"
        let confirmed = look.confirmed.map(\.description) ?? "none that is known of"
        let memory = order.memory == nil ? "" : ", and it has \(look.memory.map(\.description) ?? "unknown memory")"
        return interrupted(order, "\(granted) vCPUs are granted and \(confirmed) in use\(memory)")
    }

    /// The running copy is the domain. If the other copy does not run, the migration left it behind.
    private static func reconcileMigration(
        _ order: CommandOrder, source: DomainPresence, target: DomainPresence
    ) -> Conclusion {
        switch (source, target) {
        case (.absent, .present(let look)) where look.state != .unknown: return .succeeded
        case (.present(let look), .absent) where look.state != .unknown:
            return interrupted(order, "the domain is \(look.state.rawValue) on its source")
        case (.absent, .absent): return outcomeUnknown(order, "the domain is on neither host")
        case (.present(let here), .present(let there)) where here.state != .unknown && there.state != .unknown:
            switch (here.runs, there.runs) {
            case (false, true): return .succeeded
            case (true, false): return interrupted(order, "the domain runs on its source")
            default: return outcomeUnknown(order, "the domain is on both hosts")
            }
        default: return outcomeUnknown(order, "one of the two hosts does not answer")
        }
    }

    private static func interrupted(_ order: CommandOrder, _ known: String) -> Conclusion {
        .failed(
            CommandRefusal(
                .interrupted, "\(order.verb.rawValue) was cut off when its Monitor ended: \(known); ask again"))
    }

    private static func outcomeUnknown(_ order: CommandOrder, _ known: String) -> Conclusion {
        .unknown(
            CommandRefusal(
                .outcomeUnknown,
                "\(order.verb.rawValue) was cut off when its Monitor ended, and \(known); see `ebb vm show \(order.domain)`"
            ))
    }
}

/// A domain's life as it was marked before a command, and as it is now.
package struct LifeMarks: Hashable, Sendable {
    package let before: LifeMark
    package let now: LifeMark

    package init(before: LifeMark, now: LifeMark) {
        self.before = before
        self.now = now
    }

    /// Whether it runs under another number than before: it was started or reverted meanwhile.
    private var isAnotherLife: Bool { now.hypervisorID.map { $0 != before.hypervisorID } ?? false }

    /// Whether the guest was rebooted; `nil`: not known.
    package var guestBeganAnew: Bool? {
        if isAnotherLife { return true }
        if let former = before.boot, let boot = now.boot { return boot != former }
        // Faults only rise while a kernel runs. If they rose, it may be the same kernel, or a later one with more
        // faults.
        guard let former = before.majorFaults, let faults = now.majorFaults, faults < former else { return nil }
        return true
    }

    /// Whether the domain was reverted to that snapshot; `nil`: not known.
    func wentBack(to name: String?) -> Bool? {
        guard let name, now.snapshot == name else { return false }
        if before.snapshot != name || isAnotherLife { return true }
        // It was the current snapshot already. If the driver numbers boots, a revert would have changed the number of a
        // running guest.
        guard now.hypervisorID != nil, let former = before.boot, let boot = now.boot else { return nil }
        return boot != former
    }
}
