// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
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
        var table: [FreezeSubject: String] = [:]
        for record in records {
            if let subject = FreezeSubject(scope: record.scope.rawValue, id: record.id) {
                table[subject] = record.reason
            }
        }
        book.withLock { $0.read(table) }
    }

    /// Takes a request, `{"scope": "tenant", "id": "acme", "frozen": true, "reason": "…", "principal": "…"}`: it holds
    /// from now on. Returns what it changes.
    func take(_ json: [UInt8]) throws(CommandRefusal) -> Change {
        guard let wish = try? JSONDecoder().decode(FreezeWish.self, from: Data(json)) else {
            throw CommandRefusal("invalid", "a freeze needs \"scope\", \"id\" and \"frozen\"")
        }
        guard let subject = FreezeSubject(scope: wish.scope, id: wish.id) else {
            throw CommandRefusal("invalid", "there is no \(wish.scope) '\(wish.id)' that can be frozen")
        }
        book.withLock { book in
            if wish.frozen {
                book.froze(subject, reason: wish.reason ?? "by \(wish.principal ?? "somebody")")
            } else {
                book.unfroze(subject)
            }
        }
        return Change(subject: "\(wish.scope) \(wish.id)", isFrozen: wish.frozen, principal: wish.principal)
    }

    /// What a request changes: of whom, and in whose name.
    struct Change: Hashable, Sendable {
        /// Such as `tenant acme`.
        let subject: String
        let isFrozen: Bool
        let principal: String?
    }
}

private struct FreezeWish: Codable {
    var scope: String
    var id: String
    var frozen: Bool
    var reason: String?
    var principal: String?
}
