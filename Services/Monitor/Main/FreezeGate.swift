// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import MonitorCore
internal import ResourceModel
internal import Store
internal import Synchronization

/// What is frozen, as this process knows it; readable from anywhere without waiting.
final class FreezeGate: Sendable {
    private let book = Mutex(FreezeBook())

    /// Why nothing automatic may happen to a domain; `nil` if it may.
    func refusal(of domain: DomainID, tenant: TenantID?, cluster: ClusterID?) -> CommandRefusal? {
        book.withLock { $0.refusal(of: domain, tenant: tenant, cluster: cluster) }
    }

    /// Takes what the table shows.
    func read(_ records: [FreezeRecord]) {
        let table = Dictionary(records.map { ($0.subject, $0.reason) }) { first, _ in first }
        book.withLock { $0.read(table) }
    }

    /// Takes a request: it holds from now on. Returns what it changes.
    func take(_ json: String) throws(CommandRefusal) -> FreezeNotice {
        guard let notice = FreezeNotice(json: json) else {
            throw CommandRefusal(.invalid, "a freeze needs \"scope\", \"id\" and \"frozen\"")
        }
        if case .unrecognised(let scope, let id) = notice.subject {
            throw CommandRefusal(.invalid, "there is no \(scope) '\(id)' that can be frozen")
        }
        book.withLock { book in
            if notice.frozen {
                book.froze(notice.subject, reason: notice.reason ?? "by \(notice.principal ?? "somebody")")
            } else {
                book.unfroze(notice.subject)
            }
        }
        return notice
    }
}
