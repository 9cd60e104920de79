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
    /// A projected measured use above it refuses a move.
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
    /// Why it can't move, for instance `it has a device of its host`; `nil`: nothing is known to hold it.
    package var immovable: String?
    /// Its memory can't grow beyond; `nil`: not known, so it does not grow.
    package var memoryCeiling: ByteCount?
    /// Created or adopted by Ebb.
    package var isManaged: Bool

    // What samples tell as well: last, so that the scheduler's state has it together with what else they look at.
    package var host: HostID
    /// The ceiling of its definition.
    package var ceiling: VCPUCount
    /// Allocated while it runs, else zero.
    package var memory: ByteCount
    /// Confirmed vCPUs, else granted; zero while it does not run; `nil` while unknown.
    package var vcpus: VCPUCount?
    /// Bytes per second; `nil`: it has none, or none is known.
    package var networkCap: Int64?

    package init(
        domain: DomainID, tenant: TenantID?, host: HostID, vcpus: VCPUCount?, ceiling: VCPUCount, memory: ByteCount,
        isManaged: Bool, memoryCeiling: ByteCount? = nil, networkCap: Int64? = nil, immovable: String? = nil
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
        self.immovable = immovable
    }
}

/// Room that is promised on a host and not yet taken, in addition to what the domain has there already.
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

/// A move that somebody ordered of Ebb and that is under way.
package struct OrderedMove: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var target: HostID
    /// An arrival that is seen later was not this one.
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
