// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// A stop of automatic actions. What people order still runs; decisions go on and are recorded as not done.
package struct Freeze: Hashable, Sendable, Codable {
    package var scope: Scope
    /// In the words of the person who froze, for those whom the freeze stops.
    package var reason: String
    /// Frozen by Ebb itself.
    package var isAutomatic: Bool
    package var since: Timestamp

    /// What is frozen.
    package enum Scope: Hashable, Sendable, Codable {
        case cluster
        case tenant(TenantID)
        case domain(DomainID)
    }

    package init(scope: Scope, reason: String, isAutomatic: Bool = false, since: Timestamp) {
        self.scope = scope
        self.reason = reason
        self.isAutomatic = isAutomatic
        self.since = since
    }

    func covers(_ record: DomainRecord) -> Bool {
        switch scope {
        case .cluster: true
        case .tenant(let tenant): record.tenant == tenant
        case .domain(let domain): record.domain == domain
        }
    }
}

/// When Ebb freezes a cluster by itself.
package struct FreezeSettings: Hashable, Sendable, Codable {
    /// Only this last period counts.
    package var periodNanoseconds: Int64 = 600_000_000_000
    /// A larger share of actions that failed freezes …
    package var failedShare = Utilization(percent: 5)
    /// … once at least this number has failed.
    package var minimumFailures = 5
    /// A larger share of domains that were changed freezes …
    package var changedShare = Utilization(percent: 10)
    /// … once at least this number was changed: in a small cluster a few are already a large share.
    package var minimumChanged = 20

    package init() {}
}
