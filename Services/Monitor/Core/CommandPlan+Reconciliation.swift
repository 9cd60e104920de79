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
    package static func reconcile(
        _ order: CommandOrder, presence: DomainPresence, onTarget: DomainPresence = .unknown
    ) -> Finding {
        if order.verb == .migrate { return reconcileMigration(order, source: presence, target: onTarget) }
        switch presence {
        case .unknown, .present(.unknown, _, _):
            return outcomeUnknown(order, "its host does not answer")
        case .absent:
            if order.verb == .delete { return .succeeded }
            return interrupted(order, "the domain is not on its host")
        case .present(let state, let granted, let confirmed):
            if isDone(order, presence) { return .succeeded }
            if order.verb == .resize { return reconcileResize(order, granted, confirmed) }
            if order.verb == .shutdown, state.isActive {
                return outcomeUnknown(order, "the guest was asked and is still \(state.rawValue)")
            }
            return interrupted(order, "the domain is \(state.rawValue)")
        }
    }

    private static func reconcileResize(
        _ order: CommandOrder, _ granted: VCPUCount?, _ confirmed: VCPUCount?
    ) -> Finding {
        // Where nobody can confirm, the hypervisor's grant is all there is to know. A guest that has as many as asked
        // may still be granted more: under emulation a vCPU that was taken back stays plugged.
        if let inUse = confirmed ?? granted, inUse == order.vcpus { return .succeeded }
        let seen = "\(granted.map(\.description) ?? "an unknown number of") vCPUs are granted and "
        return interrupted(order, seen + "\(confirmed.map(\.description) ?? "none that is known of") in use")
    }

    private static func reconcileMigration(
        _ order: CommandOrder, source: DomainPresence, target: DomainPresence
    ) -> Finding {
        switch (source, target) {
        case (.absent, .present(let state, _, _)) where state != .unknown: return .succeeded
        case (.present(let state, _, _), .absent) where state != .unknown:
            return interrupted(order, "the domain is \(state.rawValue) on its source")
        case (.absent, .absent): return outcomeUnknown(order, "the domain is on neither host")
        case (.present, .present): return outcomeUnknown(order, "the domain is on both hosts")
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
