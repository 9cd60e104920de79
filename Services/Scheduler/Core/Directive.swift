// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// What the shell must do. Each directive is handed out once, in the order in which the shell must begin them.
package enum Directive: Hashable, Sendable, Codable {
    /// Ask for room; answer with `permitGranted` or `permitDenied`.
    case requestPermit(PermitRequest)
    /// Let Monitor set the size; report `actionStarted`, then `actionSucceeded`, `actionFailed` or `actionUnknown`.
    case resize(ResizeDirective)
    /// Let Monitor set the allocated memory; report as for `resize`.
    case resizeMemory(MemoryDirective)
    /// Let Monitor set the network cap; report as for `resize`. It needs no permit.
    case capNetwork(NetworkCapDirective)
    /// Let Monitor move the domain; report as for `resize`. After a success the growth on the target follows.
    case migrate(MigrateDirective)
    /// Store the record. It comes before the action that it explains: store it before the action begins.
    case record(DecisionRecord)
    /// The operation has ended: the room that the permit promised is used, or not needed any more.
    case releasePermit(UUID128)
    /// Nobody knows what became of a step: ask the hosts and the command's journal, and report `located`.
    case locate(LocateDirective)
    /// Store what came of a decision, 1, 10 and 60 minutes after its success.
    case recordOutcome(OutcomeRow)
    /// Too much fails, or too much changes: store this freeze and tell every Monitor. The core starts nothing from now
    /// on, and while `freezeChanged` lists the freeze.
    case freeze(Freeze)
    /// Call `directives(at:)` again at this instant if nothing happens before. Always the last.
    case wakeUp(at: Timestamp)
}

/// Room on one host, in addition to what the domain has there already.
package struct PermitRequest: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let domain: DomainID
    package let host: HostID
    package let purpose: PermitPurpose
    /// For `migrate`: the size after the growth that follows, since the permit covers both steps.
    package let vcpus: VCPUCount
    package let memory: ByteCount
    /// By how much the host's measured use is projected to rise.
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

/// An absolute amount of memory.
package struct MemoryDirective: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let domain: DomainID
    /// Where the domain runs.
    package let host: HostID
    package let memory: ByteCount
    /// `nil` for a shrink: giving back needs no permit.
    package let permit: UUID128?
    /// Names the step, so that asking twice for it does it once.
    package var idempotencyKey: String { "\(decision)/resize" }
}

/// An absolute network cap.
package struct NetworkCapDirective: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let domain: DomainID
    /// Where the domain runs.
    package let host: HostID
    package let bytesPerSecond: Int64
    /// Names the step, so that asking twice for it does it once.
    package var idempotencyKey: String { "\(decision)/network-cap" }
}

/// Where is the domain, and what became of the step?
package struct LocateDirective: Hashable, Sendable, Codable {
    package let decision: UUID128
    package let domain: DomainID
    /// Where it may be: the source first.
    package let hosts: [HostID]
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
