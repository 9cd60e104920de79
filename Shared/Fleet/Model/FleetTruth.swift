// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What really happened in a fleet, in true time: the yardstick for sizes, meters, decisions and bills.
package struct FleetTruth: Hashable, Sendable, Codable {
    package let seed: UInt64
    package let start: Timestamp
    package let until: Timestamp
    package let hosts: [TruthHost]
    /// By id; domains that were undefined since are included.
    package let domains: [TruthDomain]
    /// In the order in which they ended; those that are under way come last.
    package let operations: [TruthOperation]
    package let violations: [FencingViolation]
    /// How many operations and violations were dropped because there were too many.
    package let dropped: Int

    enum CodingKeys: String, CodingKey {
        case seed, hosts, domains, operations, violations, dropped
        case start = "start_ns"
        case until = "until_ns"
    }
}

/// A host at the end of the truth.
package struct TruthHost: Hashable, Sendable, Codable {
    package let id: HostID
    package let condition: HostCondition
    package let cores: Int
    package let memory: ByteCount
    package let cpuTimeNanoseconds: Int64
    package let controlDomainCPUTimeNanoseconds: Int64
    /// What its clock says at `until`.
    package let clock: Timestamp
    /// The highest epoch that a mutating call carried.
    package let epoch: UInt64

    enum CodingKeys: String, CodingKey {
        case id, condition, cores, epoch
        case memory = "memory_bytes"
        case cpuTimeNanoseconds = "cpu_time_ns"
        case controlDomainCPUTimeNanoseconds = "control_domain_cpu_time_ns"
        case clock = "clock_ns"
    }
}

/// Whether a simulated host answers.
package enum HostCondition: String, Hashable, Sendable, Codable {
    case up
    /// Its domains go on, but no call is ever answered.
    case hung
    /// Powered off: every call fails at once, its domains are gone.
    case dead
}

/// One domain's true timeline.
package struct TruthDomain: Hashable, Sendable, Codable {
    package let id: DomainID
    package let name: String
    package let tenant: TenantID?
    /// They neither overlap nor leave a hole between creation and undefinition.
    package let segments: [TruthSegment]
    package let incarnations: [TruthIncarnation]
    package let served: [TruthServedLoad]
    package let readings: [TruthReading]
    package let dropped: Int
}

/// A half-open period `[start, end)` in which nothing that is billed by time changed.
package struct TruthSegment: Hashable, Sendable, Codable {
    package let host: HostID
    /// `nil` while it is not active.
    package let hypervisorID: Int64?
    package let incarnationStart: Timestamp?
    package let isActive: Bool
    /// Online in the guest; 0 while it is not active.
    package let vcpus: Int
    /// In thousandths of a vCPU what is billed: what its cap leaves of them. 0 while it is not active.
    package let capacity: Capacity
    /// 0 while it is not active.
    package let memory: ByteCount
    package let disk: ByteCount
    package let start: Timestamp
    package let end: Timestamp

    init(_ extent: DomainHistory.Extent, start: Timestamp, end: Timestamp) {
        host = extent.host
        hypervisorID = extent.hypervisorID
        incarnationStart = extent.incarnationStart
        isActive = extent.isActive
        vcpus = extent.vcpus
        capacity = extent.capacity
        memory = extent.memory
        disk = extent.disk
        self.start = start
        self.end = end
    }

    enum CodingKeys: String, CodingKey {
        case host, vcpus
        case capacity = "capacity_thousandths"
        case hypervisorID = "hypervisor_id"
        case incarnationStart = "incarnation_start_ns"
        case isActive = "active"
        case memory = "memory_bytes"
        case disk = "disk_bytes"
        case start = "start_ns"
        case end = "end_ns"
    }
}

/// One life of a domain's counters and what they said at its end (or at `until`).
package struct TruthIncarnation: Hashable, Sendable, Codable {
    package let host: HostID
    package let hypervisorID: Int64
    package let start: Timestamp
    /// `start` by the host's clock, as its answers give it.
    package let hostStart: Timestamp
    /// `nil`: it still lives.
    package let end: Timestamp?
    package let counters: TruthCounters

    enum CodingKeys: String, CodingKey {
        case host, counters
        case hypervisorID = "hypervisor_id"
        case start = "start_ns"
        case hostStart = "host_start_ns"
        case end = "end_ns"
    }
}

/// Counters of an incarnation at one instant.
package struct TruthCounters: Hashable, Sendable, Codable {
    package let cpuTimeNanoseconds: Int64
    package let stealTimeNanoseconds: Int64
    package let networkReceivedBytes: Int64
    package let networkTransmittedBytes: Int64
    package let blockReadBytes: Int64
    package let blockWrittenBytes: Int64

    init(_ life: Life) {
        cpuTimeNanoseconds = life.cpuTimeNanoseconds
        stealTimeNanoseconds = life.steal.whole
        networkReceivedBytes = life.received.whole
        networkTransmittedBytes = life.transmitted.whole
        blockReadBytes = life.blockRead.whole
        blockWrittenBytes = life.blockWritten.whole
    }

    enum CodingKeys: String, CodingKey {
        case cpuTimeNanoseconds = "cpu_time_ns"
        case stealTimeNanoseconds = "steal_time_ns"
        case networkReceivedBytes = "network_received_bytes"
        case networkTransmittedBytes = "network_transmitted_bytes"
        case blockReadBytes = "block_read_bytes"
        case blockWrittenBytes = "block_written_bytes"
    }
}

/// A trace value that a served sample showed: it held for the whole interval that ended with the sample.
package struct TruthServedLoad: Hashable, Sendable, Codable {
    /// Counts the domain's traces, from 1.
    package let trace: Int
    /// t, from 1.
    package let index: Int
    package let at: Timestamp
    /// By the host's clock, as its answer gives it.
    package let hostAt: Timestamp
    package let interval: Int64
    package let loadPPM: Int64
    /// vCPUs online at the serve.
    package let vcpus: Int
    /// The size changed within the interval: a reader must take its utilisation as unknown.
    package let sizeChanged: Bool
    /// What a reader computes from this sample and the one before, if the host has room for the load.
    package let utilizationPPM: Int64
    package let host: HostID

    enum CodingKeys: String, CodingKey {
        case trace, vcpus, host
        case index = "t"
        case at = "at_ns"
        case hostAt = "host_at_ns"
        case interval = "interval_ns"
        case loadPPM = "load_ppm"
        case sizeChanged = "size_changed"
        case utilizationPPM = "utilization_ppm"
    }
}

/// Counters as a sample served them.
package struct TruthReading: Hashable, Sendable, Codable {
    package let host: HostID
    package let hypervisorID: Int64
    package let at: Timestamp
    package let hostAt: Timestamp
    package let counters: TruthCounters

    enum CodingKeys: String, CodingKey {
        case host, counters
        case hypervisorID = "hypervisor_id"
        case at = "at_ns"
        case hostAt = "host_at_ns"
    }
}

/// A mutating call and how it ended.
package struct TruthOperation: Hashable, Sendable, Codable {
    package let verb: String
    package let host: HostID
    package let domain: DomainID
    package let target: HostID?
    package let callID: UUID128
    package let epoch: UInt64
    package let requestedAt: Timestamp
    /// `nil` unless it had its effect.
    package let effectiveAt: Timestamp?
    /// "done", "under-way", or why it was refused.
    package let outcome: String
    package let message: String

    enum CodingKeys: String, CodingKey {
        case verb, host, domain, target, epoch, outcome, message
        case callID = "call_id"
        case requestedAt = "requested_ns"
        case effectiveAt = "effective_ns"
    }
}

/// A mutating call that came with an epoch below one seen before on the host: it was refused.
package struct FencingViolation: Hashable, Sendable, Codable {
    package let verb: String
    /// The host whose epoch was too low: for a migration the source or the target.
    package let host: HostID
    package let domain: DomainID
    package let callID: UUID128
    package let epoch: UInt64
    package let highestEpoch: UInt64
    package let at: Timestamp

    enum CodingKeys: String, CodingKey {
        case verb, host, domain, epoch
        case callID = "call_id"
        case highestEpoch = "highest_epoch"
        case at = "at_ns"
    }
}
