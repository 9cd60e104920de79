// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a principal may do. Raw values are those of `account.principal.role`.
package enum Role: String, Hashable, Comparable, Sendable, CaseIterable, Codable {
    /// A tenant's: everything that is the tenant's, and its members' tokens.
    case owner
    /// A tenant's: its VMs and policies, not its bill.
    case member
    /// A tenant's: usage and bill only.
    case billingViewer = "billing-viewer"
    /// The provider's: hosts, and every tenant's VMs.
    case `operator`
    /// The provider's: reads everything, changes nothing.
    case auditor
    /// The provider's: everything.
    case administrator

    /// Of the provider's side, which belongs to no tenant and sees all of them.
    package var isProvider: Bool {
        switch self {
        case .owner, .member, .billingViewer: false
        case .operator, .auditor, .administrator: true
        }
    }

    package static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
}

/// Who is logged in.
package struct Principal: Hashable, Sendable {
    package let id: UUID128
    /// Unique; what the audit names.
    package let name: String
    package let role: Role
    /// `nil` exactly for the provider's roles.
    package let tenant: TenantID?

    /// `nil` if role and tenant contradict each other.
    package init?(id: UUID128, name: String, role: Role, tenant: TenantID?) {
        guard (tenant == nil) == role.isProvider else { return nil }
        self.id = id
        self.name = name
        self.role = role
        self.tenant = tenant
    }

    /// Whether what belongs to `owner` (`nil`: to nobody, an unmanaged domain) is visible at all.
    /// What is not must be answered with `MethodError.notFound`.
    package func canSee(tenant owner: TenantID?) -> Bool { role.isProvider || (owner != nil && owner == tenant) }
}
