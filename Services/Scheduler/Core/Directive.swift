// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// What the shell is to do. Each is handed out once, in the order in which they are to be begun.
package enum Directive: Hashable, Sendable, Codable {
    /// Ask for room; answer with `permitGranted` or `permitDenied`.
    case requestPermit(PermitRequest)
    /// Have Monitor set the size; report `actionStarted`, then `actionSucceeded`, `actionFailed` or `actionUnknown`.
    case resize(ResizeDirective)
    /// Have Monitor set the allocated memory; report as for `resize`.
    case resizeMemory(MemoryDirective)
    /// Have Monitor set the network cap; report as for `resize`. It needs no permit.
    case capNetwork(NetworkCapDirective)
    /// Have Monitor move the domain; report as for `resize`. After a success the growth on the target follows.
    case migrate(MigrateDirective)
    /// Store the record. It comes before the action that it explains: store it before that is begun.
    case record(DecisionRecord)
    /// The operation has ended; what the permit promised is taken or not needed any more.
    case releasePermit(UUID128)
    /// Nobody knows what became of a step: ask the hosts and the command's journal, and report `located`.
    case locate(LocateDirective)
    /// Store what came of a decision, 1, 10 and 60 minutes after its success.
    case recordOutcome(OutcomeRow)
    /// Too much goes wrong, or too much changes: store this freeze and tell every Monitor. The core holds from now on;
    /// it goes on holding while `freezeChanged` lists it.
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
