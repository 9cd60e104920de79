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

    private var requested: [FreezeSubject: Requested] = [:]
    private var table: [FreezeSubject: String] = [:]

    package init() {}

    /// A request froze a subject.
    package mutating func froze(_ subject: FreezeSubject, reason: String) {
        requested[subject] = Requested(reason: reason, wasInTable: table[subject] != nil)
    }

    /// A request lifted a freeze. The database's table may still show it until that is read again.
    package mutating func unfroze(_ subject: FreezeSubject) {
        requested[subject] = nil
        table[subject] = nil
    }

    /// The database's table was read: it has these freezes.
    package mutating func read(_ table: [FreezeSubject: String]) {
        self.table = table
        for (subject, freeze) in requested {
            if table[subject] != nil {
                requested[subject]?.wasInTable = true
            } else if freeze.wasInTable {
                requested[subject] = nil
            }
        }
    }

    /// Why nothing automatic may happen to a domain; `nil` if it may. The widest freeze is named.
    package func refusal(of domain: DomainID, tenant: TenantID?, cluster: ClusterID?) -> CommandRefusal? {
        let subjects = [cluster.map { FreezeSubject.cluster($0) }, tenant.map { .tenant($0) }, .domain(domain)]
        for case let subject? in subjects {
            guard let reason = requested[subject]?.reason ?? table[subject] else { continue }
            return CommandRefusal(
                .frozen, "automatic actions on \(subject) are frozen (\(reason)); `ebb unfreeze` ends that")
        }
        // For a scope of a later version it is not known here what it stops.
        let unknown = table.filter { $0.key.isOfUnknownScope }
        if let (subject, reason) = unknown.min(by: { $0.key.description < $1.key.description }) {
            return CommandRefusal(
                .frozen,
                "automatic actions on '\(subject)' are frozen (\(reason)), and what that is this Monitor does not know")
        }
        return nil
    }
}
