// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One call to one simulated host.
package struct FleetRequest: Hashable, Sendable {
    package var host: HostID
    package var operation: FleetOperation

    package init(host: HostID, operation: FleetOperation) {
        self.host = host
        self.operation = operation
    }
}

package enum FleetOperation: Hashable, Sendable {
    /// The host's size.
    case describe
    /// Every domain with its definition, or this one only; advances no trace.
    case inventory(DomainID? = nil)
    /// Counters of the host and of every domain on it; advances the traces that go by served samples.
    case sample
    case ping
    /// What a domain has beside its counters.
    case inspect(DomainID)
    /// Something that a host does once per call id and only for the newest owner.
    case change(FleetChange, FleetCallToken)
}

/// What makes a mutating call idempotent and fenced.
package struct FleetCallToken: Hashable, Sendable {
    package let id: UUID128
    /// The owner's epoch over the host's shard.
    package let epoch: UInt64

    package init(id: UUID128, epoch: UInt64) {
        self.id = id
        self.epoch = epoch
    }
}

package enum FleetChange: Hashable, Sendable {
    /// Defines and starts.
    case create(FleetDomainDefinition)
    case lifecycle(DomainID, LifecycleVerb)
    /// To these absolute sizes; `nil` leaves one as it is.
    case resize(DomainID, vcpus: Int?, memory: ByteCount?)
    /// With a bandwidth (bytes per second) it takes at least the time that the domain's memory needs.
    case migrate(DomainID, to: HostID, targetEpoch: UInt64, bandwidth: Int64? = nil)
    /// Aborts a migration that is under way.
    case abortMigration(DomainID)
    case cap(DomainID, FleetCap)
    case snapshot(DomainID, name: String)
    case revert(DomainID, name: String)
    case deleteSnapshot(DomainID, name: String)
    case label(DomainID, name: String, tenant: TenantID)
    /// Another definition of the same domain: its labels hold at once, its sizes from the next boot on.
    case redefine(FleetDomainDefinition)
    /// Raises what the domain may grow to from the next boot on; `nil` leaves one as it is.
    case prepare(DomainID, maximumVCPUs: Int?, maximumMemory: ByteCount?)

    package var domain: DomainID {
        switch self {
        case .create(let definition), .redefine(let definition): definition.id
        case .lifecycle(let domain, _), .resize(let domain, _, _), .migrate(let domain, _, _, _),
            .abortMigration(let domain), .cap(let domain, _), .snapshot(let domain, _), .revert(let domain, _),
            .deleteSnapshot(let domain, _), .label(let domain, _, _), .prepare(let domain, _, _):
            domain
        }
    }

    /// For instance `resize`; what a scripted failure names.
    package var verb: String {
        switch self {
        case .create: "create"
        case .lifecycle(_, let verb): verb.rawValue
        case .resize: "resize"
        case .migrate: "migrate"
        case .abortMigration: "abort-migration"
        case .cap: "cap"
        case .snapshot: "snapshot"
        case .revert: "revert"
        case .deleteSnapshot: "delete-snapshot"
        case .label: "label"
        case .redefine: "redefine"
        case .prepare: "prepare"
        }
    }

    var target: HostID? {
        guard case .migrate(_, let target, _, _) = self else { return nil }
        return target
    }
}

/// A limit beside the size; 0 lifts it.
package enum FleetCap: Hashable, Sendable {
    /// In parts per million of one core.
    case cpu(ppm: Int64)
    /// In each direction.
    case network(bytesPerSecond: Int64)
}

package enum LifecycleVerb: String, Hashable, Sendable, Codable, CaseIterable {
    case start, shutdown, destroy, suspend, resume, reboot, save, restore, undefine
    case wakeUp = "wake-up"
}

/// How a host answers a call.
package enum FleetReply: Hashable, Sendable {
    case answer(FleetAnswer)
    case refused(FleetRefusal)
    /// The operation is under way: ask the same again at this true instant.
    case wait(until: Timestamp)
    /// Never answers.
    case hang
    /// The host can't be reached: as with a refused connection.
    case unreachable
}

package struct FleetAnswer: Hashable, Sendable {
    /// By the host's clock: when the counters were read, or the operation took effect.
    package let at: Timestamp
    package let host: SimulatedHostReading
    package let domains: [SimulatedDomainReading]
    package let responseTimeNanoseconds: Int64
    /// What was inspected.
    package var detail: FleetDetail?
    /// Why the disk of a deleted domain was left behind; `nil`: it was not.
    package var leftDisk: String?
}

package struct FleetRefusal: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, Codable {
        case invalid, refused, fenced, conflict
        case notFound = "not-found"
    }
    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// A host's own figures, at `FleetAnswer.at`.
package struct SimulatedHostReading: Hashable, Sendable {
    package let uuid: UUID128?
    package let cores: Int
    package let memory: ByteCount
    package let cpuTimeNanoseconds: Int64
    package let controlDomainCPUTimeNanoseconds: Int64
    /// Allocated to active domains.
    package let memoryUsed: ByteCount
}

/// A domain as its host shows it.
package struct SimulatedDomainReading: Hashable, Sendable {
    package let definition: FleetDomainDefinition
    package let state: DomainState
    package let stateReason: StateReason?
    /// `nil` while it is not active, as everything that only a running domain has.
    package let life: LifeReading?
    package let grantedVCPUs: Int
    package let memory: ByteCount
    /// Since when state and size hold, by the host's clock.
    package let effectiveAt: Timestamp
    /// Zero without a cap.
    package let cpuCapPPM: Int64
    package let networkCapBytesPerSecond: Int64
    /// The host gets no figures of this domain: it shows its state and sizes only.
    package let hidesStatistics: Bool
}

/// What only an active domain has.
package struct LifeReading: Hashable, Sendable {
    package let hypervisorID: Int64
    /// By the host's clock.
    package let start: Timestamp
    /// What the guest's agent says; `nil` if it says nothing.
    package let confirmedVCPUs: Int?
    package let memoryUsed: ByteCount
    package let counters: DomainCounters
    /// Of the granted vCPUs, in order.
    package let vcpuTimeNanoseconds: [Int64]
}
