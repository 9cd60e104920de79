// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import MonitorCore
internal import ResourceModel
internal import Store
internal import Synchronization

/// The freezes that this process knows; readable from anywhere without waiting.
final class FreezeGate: Sendable {
    private let freezes = Mutex(ActiveFreezes())

    /// Why nothing automatic may happen to a domain; `nil` if it may.
    func refusal(of domain: DomainID, tenant: TenantID?, cluster: ClusterID?) -> CommandRefusal? {
        freezes.withLock { $0.refusal(of: domain, tenant: tenant, cluster: cluster) }
    }

    /// Takes the freezes from the database's table.
    func read(_ records: [FreezeRecord]) {
        let table = Dictionary(
            records.map { (FreezeOrder($0.subject, isTenants: $0.isTenants), $0.reason) }
        ) { first, _ in first }
        freezes.withLock { $0.read(table) }
    }

    /// Takes a request: it holds from now on. Returns what it changes.
    func take(_ json: String) throws(CommandRefusal) -> FreezeNotice {
        guard let notice = FreezeNotice(json: json) else {
            throw CommandRefusal(.invalid, "a freeze needs \"scope\", \"id\" and \"frozen\"")
        }
        if case .unrecognised(let scope, let id) = notice.subject {
            throw CommandRefusal(.invalid, "there is no \(scope) '\(id)' that can be frozen")
        }
        freezes.withLock { freezes in
            if notice.frozen {
                freezes.froze(notice.order, reason: notice.reason ?? "by \(notice.principal ?? "somebody")")
            } else {
                freezes.unfroze(notice.order)
            }
        }
        return notice
    }
}
