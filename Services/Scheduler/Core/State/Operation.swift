// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A decision that is being carried out. There is at most one per domain.
package struct Operation: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let inputs: RuleInputs
    package let finding: Finding
    /// `nil` for a change of size, also one that needs a move first.
    package internal(set) var move: MovePlan?
    package internal(set) var phase: Phase
    /// When the present phase began.
    package internal(set) var since: Timestamp
    package internal(set) var denials: [Denial] = []
    package internal(set) var placement: PlacementResult?
    package internal(set) var permit: UUID128?
    /// Why the domain could not be moved in order to grow.
    package internal(set) var obstacle: MoveObstacle?
    /// Whether Monitor has begun the present step.
    package internal(set) var isStarted = false

    /// The phase. While a permit is awaited nothing has changed, and samples go on counting.
    package enum Phase: String, Hashable, Sendable, Codable {
        case awaitingPermit = "awaiting-permit"
        case awaitingTargetPermit = "awaiting-target-permit"
        case migrating, resizing

        package var isChanging: Bool { self == .migrating || self == .resizing }
    }

    package var resource: Resource { inputs.resource }

    /// Whether it is a migration, or will be one once its permit is given.
    var isMove: Bool { phase == .migrating || phase == .awaitingTargetPermit }

    /// The domain's demand, by the mean of the CPU samples behind the decision; its whole size if that is not known.
    var demand: CPUDemand {
        if let placement { return placement.request.demand }
        return CPUDemand(
            utilization: (resource == .cpu ? finding.mean : nil) ?? .full,
            capacity: inputs.leftByCap ?? Capacity(inputs.vcpus ?? 0))
    }
}
