// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// A host as the inventory has it: what does not change from sample to sample.
package struct HostRecord: Hashable, Sendable, Codable {
    package var host: HostID
    package var mode: HostMode
    /// Whether Monitor reaches it: an unreachable host takes nothing.
    package var isUp: Bool
    package var cpuCount: Int
    package var memory: ByteCount
    package var cpuOvercommit: Utilization
    package var memoryOvercommit: Utilization
    package var reservedVCPUs: VCPUCount
    package var reservedMemory: ByteCount
    /// A move is refused if the projected measured use is above it.
    package var cpuBound: Utilization
    /// The same for the share of memory in use; `nil`: unbounded.
    package var memoryBound: Utilization?

    package init(
        host: HostID, mode: HostMode, isUp: Bool = true, cpuCount: Int, memory: ByteCount,
        cpuOvercommit: Utilization = Utilization(percent: 200), memoryOvercommit: Utilization = .full,
        reservedVCPUs: VCPUCount = 0, reservedMemory: ByteCount = .zero,
        cpuBound: Utilization = Utilization(percent: 90), memoryBound: Utilization? = Utilization(percent: 95)
    ) {
        self.host = host
        self.mode = mode
        self.isUp = isUp
        self.cpuCount = cpuCount
        self.memory = memory
        self.cpuOvercommit = cpuOvercommit
        self.memoryOvercommit = memoryOvercommit
        self.reservedVCPUs = reservedVCPUs
        self.reservedMemory = reservedMemory
        self.cpuBound = cpuBound
        self.memoryBound = memoryBound
    }
}

/// A domain as the inventory has it.
package struct DomainRecord: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var tenant: TenantID?
    /// Why it can't move, for instance `it has a device of its host`; `nil`: no reason is known.
    package var immovable: String?
    /// The largest size of its memory; `nil`: not known, so the memory does not grow.
    package var memoryCeiling: ByteCount?
    /// Whether Ebb created or adopted it.
    package var isManaged: Bool

    // The properties that samples have too stand last, so that they lie in memory next to the others that each sample
    // reads.
    package var host: HostID
    /// The ceiling of its definition.
    package var ceiling: VCPUCount
    /// Allocated while it runs, else zero.
    package var memory: ByteCount
    /// Confirmed vCPUs, else granted; zero while it does not run; `nil` while unknown.
    package var vcpus: VCPUCount?
    /// What a cap leaves of its vCPUs; `nil`: all of them, or that is not known.
    package var leftByCap: Capacity?
    /// Bytes per second; `nil`: it has no cap, or the cap is not known.
    package var networkCap: Int64?

    package init(
        domain: DomainID, tenant: TenantID?, host: HostID, vcpus: VCPUCount?, ceiling: VCPUCount, memory: ByteCount,
        isManaged: Bool, memoryCeiling: ByteCount? = nil, networkCap: Int64? = nil, leftByCap: Capacity? = nil,
        immovable: String? = nil
    ) {
        self.domain = domain
        self.tenant = tenant
        self.host = host
        self.vcpus = vcpus
        self.ceiling = ceiling
        self.memory = memory
        self.isManaged = isManaged
        self.memoryCeiling = memoryCeiling
        self.networkCap = networkCap
        self.leftByCap = leftByCap
        self.immovable = immovable
    }
}

/// Room that is promised on a host and not used yet, in addition to what the domain already has there.
package struct OpenPermit: Hashable, Sendable, Codable {
    package var permit: UUID128
    package var host: HostID
    package var domain: DomainID
    package var vcpus: VCPUCount
    package var memory: ByteCount

    package init(permit: UUID128, host: HostID, domain: DomainID, vcpus: VCPUCount, memory: ByteCount) {
        self.permit = permit
        self.host = host
        self.domain = domain
        self.vcpus = vcpus
        self.memory = memory
    }
}

/// A move that a person ordered from Ebb and that is under way.
package struct OrderedMove: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var target: HostID
    /// An arrival that is seen after this instant does not belong to this move.
    package var until: Timestamp

    package init(domain: DomainID, target: HostID, until: Timestamp) {
        self.domain = domain
        self.target = target
        self.until = until
    }
}

/// One consistent reading of the inventory of a cluster.
package struct Inventory: Hashable, Sendable, Codable {
    package var hosts: [HostRecord]
    package var domains: [DomainRecord]
    package var permits: [OpenPermit]
    package var orders: [OrderedMove]
    package var abilities: SortedTable<HostID, KnownAbilities>

    package init(
        hosts: [HostRecord], domains: [DomainRecord], permits: [OpenPermit] = [], orders: [OrderedMove] = [],
        abilities: SortedTable<HostID, KnownAbilities> = SortedTable()
    ) {
        self.orders = orders
        self.abilities = abilities
        self.hosts = hosts
        self.domains = domains
        self.permits = permits
    }
}
