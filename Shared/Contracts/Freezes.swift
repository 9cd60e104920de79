// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a freeze stops: everything automatic in a cluster, for a tenant's domains, or for one domain.
///
/// On the wire and in rows it is two words, such as `tenant` and `acme`.
package enum FreezeSubject: Hashable, Sendable, CustomStringConvertible {
    case cluster(ClusterID)
    case tenant(TenantID)
    case domain(DomainID)
    /// A scope that this version does not know, so that the freeze may stop anything, or an id that is not valid, so
    /// that it stops nothing. It is shown as it came.
    case unrecognised(scope: String, id: String)

    package init(scope: String, id: String) {
        let known: FreezeSubject? =
            switch scope {
            case "cluster": ClusterID(id).map { .cluster($0) }
            case "tenant": TenantID(id).map { .tenant($0) }
            case "vm": DomainID(id).map { .domain($0) }
            default: nil
            }
        self = known ?? .unrecognised(scope: scope, id: id)
    }

    package var isOfUnknownScope: Bool {
        guard case .unrecognised(let scope, _) = self else { return false }
        return !["cluster", "tenant", "vm"].contains(scope)
    }

    package var scope: String {
        switch self {
        case .cluster: "cluster"
        case .tenant: "tenant"
        case .domain: "vm"
        case .unrecognised(let scope, _): scope
        }
    }

    package var id: String {
        switch self {
        case .cluster(let cluster): cluster.name
        case .tenant(let tenant): tenant.name
        case .domain(let domain): domain.description
        case .unrecognised(_, let id): id
        }
    }

    /// Such as `tenant acme`.
    package var description: String { "\(scope) \(id)" }
}

/// A freeze of a subject: a tenant's own people and the provider order one each, and either holds without the other.
package struct FreezeOrder: Hashable, Sendable {
    package var subject: FreezeSubject
    /// Whether a tenant's own people ordered it; `nil`: not known, as a gateway of before 0.2 does not say.
    package var isTenants: Bool?

    package init(_ subject: FreezeSubject, isTenants: Bool?) {
        self.subject = subject
        self.isTenants = isTenants
    }
}

/// Tells a Monitor that a freeze holds from now on, or does not hold any more:
/// `{"byTenant": true, "frozen": true, "id": "acme", "principal": "ada", "reason": "…", "scope": "tenant"}`.
package struct FreezeNotice: JSONDocument, Hashable {
    package var scope: String
    package var id: String
    package var frozen: Bool
    package var reason: String?
    package var principal: String?
    /// `FreezeOrder.isTenants`.
    package var byTenant: Bool?

    package init(_ subject: FreezeSubject, frozen: Bool, reason: String?, principal: String?, isTenants: Bool) {
        byTenant = isTenants
        scope = subject.scope
        id = subject.id
        self.frozen = frozen
        self.reason = reason
        self.principal = principal
    }

    package var subject: FreezeSubject { FreezeSubject(scope: scope, id: id) }
    package var order: FreezeOrder { FreezeOrder(subject, isTenants: byTenant) }
}
