// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A decision that is being carried out. One per domain at most.
package struct Operation: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let inputs: RuleInputs
    package let finding: Finding
    package internal(set) var phase: Phase
    /// When the present phase began.
    package internal(set) var since: Timestamp
    package internal(set) var denials: [Denial] = []
    package internal(set) var placement: PlacementResult?
    package internal(set) var permit: UUID128?
    /// Whether Monitor has begun the present step.
    package internal(set) var isStarted = false

    /// Where it stands. Nothing has changed yet while a permit is awaited, and samples go on counting.
    package enum Phase: String, Hashable, Sendable, Codable {
        case awaitingPermit = "awaiting-permit"
        case awaitingTargetPermit = "awaiting-target-permit"
        case migrating, resizing

        package var isChanging: Bool { self == .migrating || self == .resizing }
    }
}
