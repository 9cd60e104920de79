// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// The freezes that hold, from two sources: requests over the bus, which arrive at once and also while the database is
/// away, and the database's table, which is permanent.
///
/// In doubt a freeze holds: one that only a request named holds until a request lifts it, or until it was seen to leave
/// the database's table.
package struct ActiveFreezes: Hashable, Sendable {
    private struct Requested: Hashable, Sendable {
        var reason: String
        var wasInTable = false
    }

    private var requested: [FreezeOrder: Requested] = [:]
    private var table: [FreezeOrder: String] = [:]

    package init() {}

    /// A request froze a subject.
    package mutating func froze(_ order: FreezeOrder, reason: String) {
        requested[order] = Requested(reason: reason, wasInTable: isInTable(order))
    }

    /// A request lifted a freeze; the other side's freeze of the same subject stands. The database's table may still show
    /// it until that is read again.
    package mutating func unfroze(_ order: FreezeOrder) {
        requested[order] = nil
        table[order] = nil
        // One of which nobody said whose it is may be this one; if it is not, the table has it.
        requested[FreezeOrder(order.subject, isTenants: nil)] = nil
    }

    /// The database's table was read: it has these freezes.
    package mutating func read(_ table: [FreezeOrder: String]) {
        self.table = table
        for (order, freeze) in requested {
            if isInTable(order) {
                requested[order]?.wasInTable = true
            } else if freeze.wasInTable {
                requested[order] = nil
            }
        }
    }

    private func isInTable(_ order: FreezeOrder) -> Bool {
        order.isTenants == nil ? table.keys.contains { $0.subject == order.subject } : table[order] != nil
    }

    /// Why nothing automatic may happen to a domain; `nil` if it may. The widest freeze is named, the provider's before
    /// a tenant's.
    package func refusal(of domain: DomainID, tenant: TenantID?, cluster: ClusterID?) -> CommandRefusal? {
        let subjects = [cluster.map { FreezeSubject.cluster($0) }, tenant.map { .tenant($0) }, .domain(domain)]
        for case let subject? in subjects {
            let reasons = [false, nil, true].lazy.map { FreezeOrder(subject, isTenants: $0) }
                .compactMap { requested[$0]?.reason ?? table[$0] }
            guard let reason = reasons.first else { continue }
            return CommandRefusal(
                .frozen, "automatic actions on \(subject) are frozen (\(reason)); `ebb unfreeze` ends that")
        }
        // For a scope of a later version it is not known here what it stops.
        let unknown = table.filter { $0.key.subject.isOfUnknownScope }
        if let (order, reason) = unknown.min(by: { $0.key.subject.description < $1.key.subject.description }) {
            return CommandRefusal(
                .frozen,
                "automatic actions on '\(order.subject)' are frozen (\(reason)), and what that is this Monitor does not know"
            )
        }
        return nil
    }
}
