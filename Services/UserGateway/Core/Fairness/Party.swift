// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The owner of some work: a principal of a tenant, or one of the provider's own people.
package struct Party: Hashable, Sendable {
    /// Unique over all tenants.
    package let principal: String
    /// `nil`: the provider's.
    package let tenant: TenantID?

    package init(_ principal: Principal) {
        self.principal = principal.name
        tenant = principal.tenant
    }

    /// The queue in which its work waits: the tenant's, or for the provider's people each person's own.
    package var lane: String { tenant.map { "tenant '\($0)'" } ?? principalName }

    var principalName: String { "principal '\(principal)'" }
}
