// SPDX-License-Identifier: Apache-2.0

/// What a principal may do. Raw values are those of `account.principal.role`.
package enum Role: String, Hashable, Comparable, Sendable, CaseIterable, Codable {
    /// For a tenant: everything that belongs to the tenant, and its members' tokens.
    case owner
    /// For a tenant: its VMs and policies, not its bill.
    case member
    /// For a tenant: usage and bill only.
    case billingViewer = "billing-viewer"
    /// For the provider: hosts, and every tenant's VMs.
    case `operator`
    /// For the provider: reads everything, changes nothing.
    case auditor
    /// For the provider: everything.
    case administrator

    /// Whether it is a role of the provider, who belongs to no tenant and sees all of them.
    package var isProvider: Bool {
        switch self {
        case .owner, .member, .billingViewer: false
        case .operator, .auditor, .administrator: true
        }
    }

    package static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
}
