// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What is done.
package enum Verdict: String, Hashable, Sendable, Codable, CaseIterable {
    case grow, shrink, migrate, refuse, nothing
}

/// Why; stable, for programs.
package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
    case enoughAbove = "enough-above"
    case enoughBelow = "enough-below"
    /// The guest swaps or faults: memory is given back at once.
    case memoryPressure = "memory-pressure"
    /// The policy does not allow the size that it has.
    case outsideSizes = "outside-sizes"
    /// The domain's own host has no room, another one does.
    case ownHostFull = "own-host-full"
    /// It moves away to relieve its host.
    case hostOverload = "host-overload"
    /// It moves away because its host is drained.
    case drain
    /// It moves away so that a neighbour can grow.
    case makesRoom = "makes-room"
    /// It moves to where its pin or group has it.
    case brokenTie = "broken-tie"
    case atPolicyMaximum = "at-policy-maximum"
    case atPolicyMinimum = "at-policy-minimum"
    case atCeiling = "at-ceiling"
    case projectionAboveUpper = "projection-above-upper"
    case projectionBelowLower = "projection-below-lower"
    /// The guest would have too little memory left that it does not use.
    case availableBelowFloor = "available-below-floor"
    case steal
    case cooldown
    case noRoom = "no-room"
    /// Others on the same host wait for room with more right.
    case queued
    /// It would have to move and can't.
    case cannotMove = "cannot-move"
    case settling
    case blackout
    case tooFewBreaches = "too-few-breaches"
    case tooManyUnknown = "too-many-unknown"
    case noKnownSamples = "no-known-samples"
    case noPolicy = "no-policy"
    case optedOut = "opted-out"
    case changeInFlight = "change-in-flight"
    case sizeUnknown = "size-unknown"
    /// Somebody else moved it.
    case foreignMove = "foreign-move"
    /// Somebody had Ebb move it.
    case orderedMove = "ordered-move"
}

/// Why a decision is only recorded and not acted upon.
package enum DryReason: String, Hashable, Sendable, Codable {
    /// The host was not enabled: Ebb reads, decides, records, and changes nothing.
    case hostObserved = "host-observed"
    /// Ebb did not create the domain and nobody had it adopted.
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
    /// Mean steal of the samples that tell it.
    package var steal: Utilization?
    /// Share of the readings that told nothing; only where it is too large.
    package var unknownShare: Utilization?
    /// When a refusal that only waits ends by itself.
    package var until: Timestamp?
    package var dry: DryReason?
}
