// SPDX-License-Identifier: Apache-2.0

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
