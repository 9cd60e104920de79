// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What the shell is to do. Each is handed out once, in the order in which they are to be begun.
package enum Directive: Hashable, Sendable, Codable {
    /// Ask for room; answer with `permitGranted` or `permitDenied`.
    case requestPermit(PermitRequest)
    /// Have Monitor set the size; report `actionStarted`, then `actionSucceeded`, `actionFailed` or `actionUnknown`.
    case resize(ResizeDirective)
    /// Have Monitor move the domain; report as for `resize`. After a success the growth on the target follows.
    case migrate(MigrateDirective)
    /// Store the record. It comes before the action that it explains: store it before that is begun.
    case record(DecisionRecord)
    /// The operation has ended; what the permit promised is taken or not needed any more.
    case releasePermit(UUID128)
    /// Call `directives(at:)` again at this instant if nothing happens before. Always the last.
    case wakeUp(at: Timestamp)
}

/// What room is wanted for.
package enum PermitPurpose: String, Hashable, Sendable, Codable, CaseIterable {
    case create, start, restore, grow, migrate
}

/// Room on one host, in addition to what the domain has there already.
package struct PermitRequest: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let domain: DomainID
    package let host: HostID
    package let purpose: PermitPurpose
    /// For `migrate` the size that the domain will have grown to: the permit covers both steps.
    package let vcpus: VCPUCount
    package let memory: ByteCount
    /// What the host's measured use is projected to rise by.
    package let demand: CPUDemand
}

/// An absolute target size.
package struct ResizeDirective: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let domain: DomainID
    /// Where the domain runs.
    package let host: HostID
    package let vcpus: VCPUCount
    /// `nil` for a shrink: giving back needs no permit.
    package let permit: UUID128?
    /// Names the step, so that asking twice for it does it once.
    package var idempotencyKey: String { "\(decision)/resize" }
}

/// A live migration.
package struct MigrateDirective: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let domain: DomainID
    package let source: HostID
    package let target: HostID
    package let permit: UUID128
    /// Names the step, so that asking twice for it does it once.
    package var idempotencyKey: String { "\(decision)/migrate" }
}

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
