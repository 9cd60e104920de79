// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What came of an action some time after it: was the prediction right, and did it last?
package struct OutcomeRow: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let domain: DomainID
    package let resource: Resource
    /// 1, 10 or 60.
    package let minutes: Int
    package let at: Timestamp
    /// The utilisation that the decision projected; `nil` if it had none.
    package let predicted: Utilization?
    /// Mean of the known samples since the action; `nil` if there was none.
    package let real: Utilization?
    /// Known samples in `real`.
    package let samples: Int
    /// Whether a later action has reversed the change by then.
    package let isReversed: Bool
}

/// A growth that is due and can't be served.
package struct WaitingGrowth: Hashable, Sendable, Codable {
    package let domain: DomainID
    package let tenant: TenantID?
    package let resource: Resource
    /// vCPUs or bytes that are missing.
    package let missing: Int64
    /// The tenant's weight: a larger one is served first.
    package let weight: Int
    /// When it was first denied: at equal weight the older one is served first.
    package let since: Timestamp
}
