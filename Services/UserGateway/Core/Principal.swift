// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Who is logged in.
package struct Principal: Hashable, Sendable {
    package let id: UUID128
    /// Unique; the name that the audit shows.
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

    /// Whether something that belongs to `owner` (`nil`: to nobody, an unmanaged domain) is visible. If it is not,
    /// answer with `MethodError.notFound`.
    package func canSee(tenant owner: TenantID?) -> Bool { role.isProvider || (owner != nil && owner == tenant) }
}
