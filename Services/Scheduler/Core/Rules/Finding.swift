// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Why a decision is only recorded and not acted upon.
package enum DryReason: String, Hashable, Sendable, Codable {
    /// The host was not enabled: Ebb reads, decides, records, and changes nothing.
    case hostObserved = "host-observed"
    /// Ebb did not create the domain, and nobody let Ebb adopt it.
    case notManaged = "not-managed"
    /// Automatic actions are frozen.
    case frozen
    case dryRunOfDomain = "dry-run-of-domain"
    case dryRunOfTenant = "dry-run-of-tenant"
    case dryRunOfCluster = "dry-run-of-cluster"
}

/// What the rule found, with the numbers that it compared.
package struct Finding: Hashable, Sendable, Codable {
    package var verdict: Verdict
    package var reason: Reason
    /// The size to have, in the resource's unit; only for `grow`, `shrink` and `migrate`.
    package var target: Int64?
    /// `nil` without a policy.
    package var counts: BreachCount?
    /// Mean utilisation of the samples that count.
    package var mean: Utilization?
    /// Highest of them; `nil` where the mean is projected.
    package var peak: Utilization?
    /// The use at the size that was considered; `nil` if none was.
    package var projection: Utilization?
    /// Mean steal of the samples for which it is known.
    package var steal: Utilization?
    /// The share of unknown readings; only if it is too large.
    package var unknownShare: Utilization?
    /// When a refusal that only waits ends by itself.
    package var until: Timestamp?
    package var dry: DryReason?
}
