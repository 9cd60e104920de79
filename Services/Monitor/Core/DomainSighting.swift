// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The size of a domain: confirmed vCPUs and allocated memory while it is active, and always its disk. Of CPU its
/// capacity is billed.
package struct DomainSize: Hashable, Sendable {
    package let vcpus: VCPUCount
    /// What its cap leaves of its vCPUs.
    package let capacity: Capacity
    package let memory: ByteCount
    package let disk: ByteCount

    /// - Parameter capacity: `nil`: all of its vCPUs.
    package init(vcpus: VCPUCount, capacity: Capacity? = nil, memory: ByteCount, disk: ByteCount) {
        self.vcpus = vcpus
        self.capacity = capacity ?? Capacity(vcpus)
        self.memory = memory
        self.disk = disk
    }

    /// The size of a domain that does not exist.
    package static let nothing = DomainSize(vcpus: 0, memory: .zero, disk: .zero)

    /// The smaller amount of each resource.
    func common(_ other: DomainSize) -> DomainSize {
        DomainSize(
            vcpus: min(vcpus, other.vcpus), capacity: min(capacity, other.capacity), memory: min(memory, other.memory),
            disk: min(disk, other.disk))
    }

    /// Whether the domain had anything besides its disk.
    var isActive: Bool { vcpus > 0 || memory > .zero }
}

/// One believed look at one domain; the trackers of sizes, states and meters use it. Instants are cluster time.
package struct DomainSighting: Hashable, Sendable {
    package var domain: DomainID
    package var name: String
    package var state: DomainState
    package var stateReason: StateReason?
    /// The present life, or the last one if it does not run.
    package var incarnation: Incarnation?
    /// Whether this is the first sighting of that life.
    package var isNewIncarnation: Bool
    /// Whether the driver gave the life's start, so that its counters are known to have been zero then.
    package var isStartExact: Bool
    /// `nil` while not all of it is known.
    package var size: DomainSize?
    /// Since when size and state hold, where the driver says so.
    package var sizeEffectiveAt: Timestamp?
    package var vcpus: VCPUSizes?
    package var memory: DomainMemory?
    package var disk: ByteCount?
    /// The cap that holds on its vCPUs; unknown while it does not run.
    package var cpuCap = CPUCap.unknown
    /// The counters that were believed; for network and disks, the totals of the life's meters.
    package var counters: DomainCounters
    /// The last known counters of each device; `nil` where the driver gives sums only.
    package var devices: [DeviceCounters]?
    /// Whether a device came, went or began to count again since the last sighting.
    package var hasChangedDevices = false
    /// Devices whose counters can't be read, by their labels; `nil`: not known.
    package var unmetered: [String]?
    package var seenAt: Timestamp
    package var provedAt: Timestamp

    package init(
        domain: DomainID, name: String, state: DomainState, stateReason: StateReason? = nil,
        incarnation: Incarnation? = nil,
        isNewIncarnation: Bool = false, isStartExact: Bool = false, size: DomainSize? = nil,
        sizeEffectiveAt: Timestamp? = nil, vcpus: VCPUSizes? = nil, memory: DomainMemory? = nil,
        disk: ByteCount? = nil, counters: DomainCounters = DomainCounters(), seenAt: Timestamp, provedAt: Timestamp
    ) {
        self.domain = domain
        self.name = name
        self.state = state
        self.stateReason = stateReason
        self.incarnation = incarnation
        self.isNewIncarnation = isNewIncarnation
        self.isStartExact = isStartExact
        self.size = size
        self.sizeEffectiveAt = sizeEffectiveAt
        self.vcpus = vcpus
        self.memory = memory
        self.disk = disk
        self.counters = counters
        self.seenAt = seenAt
        self.provedAt = provedAt
    }
}
