// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

extension CommandPlan {
    /// What is known of a command whose owner died while it ran. It is never run again.
    package enum Finding: Hashable, Sendable {
        /// Its effect is there.
        case succeeded
        /// Its effect is not there, and no call can be under way any more.
        case failed(CommandRefusal)
        /// Nobody can tell: code `outcome-unknown`, with what is known.
        case unknown(CommandRefusal)
    }

    /// Looks up a command's effect: in what its host shows now and, for a migration, what the target shows.
    ///
    /// To be asked only once no call of the former owner can be under way (`Ownership.mayCommand`).
    /// - Parameter trace: for verbs that the domain's state says nothing about, whether a question of their own found
    ///   the effect (a snapshot of that name, the cap); `nil`: it could not be told.
    package static func reconcile(
        _ order: CommandOrder, presence: DomainPresence, onTarget: DomainPresence = .unknown, trace: Bool? = nil
    ) -> Finding {
        if order.verb == .migrate { return reconcileMigration(order, source: presence, target: onTarget) }
        switch presence {
        case .unknown: return outcomeUnknown(order, "its host does not answer")
        case .absent:
            if order.verb == .delete { return .succeeded }
            return interrupted(order, "the domain is not on its host")
        case .present(let look):
            guard look.state != .unknown else { return outcomeUnknown(order, "its host does not answer") }
            return reconcile(order, look, trace)
        }
    }

    private static func reconcile(_ order: CommandOrder, _ look: DomainLook, _ trace: Bool?) -> Finding {
        if isDone(order, .present(look)) { return .succeeded }
        switch order.verb {
        case .resize: return reconcileResize(order, look)
        case .shutdown where look.state.isActive:
            return outcomeUnknown(order, "the guest was asked and is still \(look.state.rawValue)")
        case .reboot, .cap, .networkCap, .abortMigration, .snapshot, .revert, .adopt, .release, .prepare:
            guard let trace else { return outcomeUnknown(order, "nothing tells whether it had its effect") }
            return trace ? .succeeded : interrupted(order, "its effect is not there")
        default: return interrupted(order, "the domain is \(look.state.rawValue)")
        }
    }

    private static func reconcileResize(_ order: CommandOrder, _ look: DomainLook) -> Finding {
        // Where nobody can confirm, the hypervisor's grant is all there is to know. A guest that has as many as asked
        // may still be granted more: under emulation a vCPU that was taken back stays plugged.
        let inUse = look.confirmed ?? look.granted
        let hasVCPUs = order.vcpus.map { $0 == inUse } ?? true
        if hasVCPUs, order.memory.map({ look.memory.map($0.isReached) ?? false }) ?? true { return .succeeded }
        let granted = look.granted.map(\.description) ?? "an unknown number of"
        let confirmed = look.confirmed.map(\.description) ?? "none that is known of"
        let memory = order.memory == nil ? "" : ", and it has \(look.memory.map(\.description) ?? "unknown memory")"
        return interrupted(order, "\(granted) vCPUs are granted and \(confirmed) in use\(memory)")
    }

    /// The running copy is the domain. A copy that does not run beside it is what the migration left behind.
    private static func reconcileMigration(
        _ order: CommandOrder, source: DomainPresence, target: DomainPresence
    ) -> Finding {
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

    private static func interrupted(_ order: CommandOrder, _ known: String) -> Finding {
        .failed(
            CommandRefusal(
                "interrupted", "\(order.verb.rawValue) was cut off when its Monitor ended: \(known); ask again"))
    }

    private static func outcomeUnknown(_ order: CommandOrder, _ known: String) -> Finding {
        .unknown(
            CommandRefusal(
                "outcome-unknown",
                "\(order.verb.rawValue) was cut off when its Monitor ended, and \(known); see `ebb vm show \(order.domain)`"
            ))
    }
}
