// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// The freezes that hold, from two sources: requests over the bus, which arrive at once and also while the database is
/// away, and the table, which is what lasts.
///
/// In doubt it is frozen: one that was only heard of stands until it is called off or was seen to leave the table.
package struct FreezeBook: Hashable, Sendable {
    private struct Heard: Hashable, Sendable {
        var reason: String
        var wasInTable = false
    }

    private var heard: [FreezeSubject: Heard] = [:]
    private var table: [FreezeSubject: String] = [:]

    package init() {}

    /// A request froze it.
    package mutating func froze(_ subject: FreezeSubject, reason: String) {
        heard[subject] = Heard(reason: reason, wasInTable: table[subject] != nil)
    }

    /// A request called the freeze off. The table may still show it until it is read again.
    package mutating func unfroze(_ subject: FreezeSubject) {
        heard[subject] = nil
        table[subject] = nil
    }

    /// The table was read: these stand in it.
    package mutating func read(_ table: [FreezeSubject: String]) {
        self.table = table
        for (subject, freeze) in heard {
            if table[subject] != nil {
                heard[subject]?.wasInTable = true
            } else if freeze.wasInTable {
                heard[subject] = nil
            }
        }
    }

    /// Why nothing automatic may happen to a domain; `nil` if it may. The widest freeze is named.
    package func refusal(of domain: DomainID, tenant: TenantID?, cluster: ClusterID?) -> CommandRefusal? {
        let subjects = [cluster.map { FreezeSubject.cluster($0) }, tenant.map { .tenant($0) }, .domain(domain)]
        for case let subject? in subjects {
            guard let reason = heard[subject]?.reason ?? table[subject] else { continue }
            return CommandRefusal(
                .frozen, "automatic actions on \(subject) are frozen (\(reason)); `ebb unfreeze` ends that")
        }
        // Of a later version's scope nobody can tell here what it holds for.
        let unknown = table.filter { $0.key.isOfUnknownScope }
        if let (subject, reason) = unknown.min(by: { $0.key.description < $1.key.description }) {
            return CommandRefusal(
                .frozen,
                "automatic actions on '\(subject)' are frozen (\(reason)), and what that is this Monitor does not know")
        }
        return nil
    }
}
