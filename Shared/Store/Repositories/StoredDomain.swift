// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import ResourceModel

/// A domain as the owner of its host sees it.
package struct DomainObservation: Hashable, Sendable {
    package var state: DomainState
    package var stateReason: StateReason?
    /// The name at its host; `nil` keeps the recorded name. A managed domain keeps the name that its tenant knows.
    package var name: String?
    package var vcpus: VCPUSizes?
    package var memory: DomainMemory?
    package var disk: ByteCount?
    package var incarnation: Incarnation?
    /// What the host shows; an unknown cap is not kept from before.
    package var cpuCap: CPUCap

    package init(
        state: DomainState, stateReason: StateReason? = nil, name: String? = nil, vcpus: VCPUSizes? = nil,
        memory: DomainMemory? = nil, disk: ByteCount? = nil, incarnation: Incarnation? = nil,
        cpuCap: CPUCap = .unknown
    ) {
        self.cpuCap = cpuCap
        self.state = state
        self.stateReason = stateReason
        self.name = name
        self.vcpus = vcpus
        self.memory = memory
        self.disk = disk
        self.incarnation = incarnation
    }
}

/// A domain as it is first recorded.
package struct NewDomain: Hashable, Sendable {
    package var id: DomainID
    package var name: String
    /// `nil`: nobody's yet (found on a host, not adopted).
    package var tenant: TenantID?
    /// Whether Ebb created or adopted it; a domain that is not managed is only observed.
    package var isManaged: Bool
    package var state: DomainState
    package var maximumVCPUs: VCPUCount
    package var maximumMemory: ByteCount
    package var disk: ByteCount
    /// How to start it again, as a JSON object.
    package var boot: String
    /// The other manager that its definition names, if any.
    package var foreignManager: String?

    package init(
        id: DomainID, name: String, tenant: TenantID?, isManaged: Bool, state: DomainState, maximumVCPUs: VCPUCount,
        maximumMemory: ByteCount, disk: ByteCount = .zero, boot: String = "{}", foreignManager: String? = nil
    ) {
        self.id = id
        self.name = name
        self.tenant = tenant
        self.isManaged = isManaged
        self.state = state
        self.maximumVCPUs = maximumVCPUs
        self.maximumMemory = maximumMemory
        self.disk = disk
        self.boot = boot
        self.foreignManager = foreignManager
    }
}

/// A row of `inventory.domain`.
package struct StoredDomain: Hashable, Sendable {
    package let id: DomainID
    package let name: String
    package let tenant: TenantID?
    /// Since when it is its tenant's or, without a tenant, nobody's.
    package let tenantSince: Timestamp
    package let host: HostID
    package let state: DomainState
    /// Why it is in that state, where the driver says so.
    package let stateReason: StateReason?
    /// Counts up at every change that a command may depend on.
    package let revision: Int64
    package let maximumVCPUs: VCPUCount
    package let askedVCPUs: VCPUCount?
    /// `nil` until it was seen active.
    package let grantedVCPUs: VCPUCount?
    package let confirmedVCPUs: VCPUCount?
    package let maximumMemory: ByteCount
    package let memory: ByteCount?
    package let disk: ByteCount
    package let isManaged: Bool
    package let boot: String
    /// The other manager that its definition names, such as `nova`: Ebb only observes the domain.
    package let foreignManager: String?
    /// The cap that was asked for, in millionths of one core. `nil`: nobody asked for one; 0: it is lifted.
    package let cpuCapPPM: Int64?
    /// The cap that its host showed last.
    package let seenCPUCap: CPUCap
    /// `nil`: no cap.
    package let networkCapBytesPerSecond: Int64?
    /// The ceilings that the definition gets at the next cold boot; `nil`: it stays.
    package let pendingMaximumVCPUs: VCPUCount?
    package let pendingMaximumMemory: ByteCount?
    /// Files of the host that a deletion must remove with the domain; not empty while a deletion is under way or
    /// incomplete.
    package let leftoverVolumes: [String]
    package let incarnation: Incarnation?
    /// Since when its host is known not to have it any more; `nil`: it has it, or can't be asked.
    package let missingSince: Timestamp?
    /// Devices whose counters or size can't be read, by their labels; `nil`: there is none, or none is known.
    package let unmeteredDevices: [String]?
    package let deletedAt: Timestamp?

    /// Its size of CPU while it runs, as its host showed it last; `nil` while that is not known.
    package var capacity: Capacity? { (confirmedVCPUs ?? grantedVCPUs).flatMap { seenCPUCap.capacity(of: $0) } }

    /// Whether it holds none of its host's vCPUs and memory. Unreachable is not off: a domain in an unknown state holds
    /// its room.
    package var holdsNoRoom: Bool {
        deletedAt != nil || missingSince != nil || [.shutoff, .saved].contains(state)
    }

    /// The room that it holds of its host's, as a permit counts it.
    package var heldVCPUs: VCPUCount {
        holdsNoRoom ? 0 : [grantedVCPUs, confirmedVCPUs].compactMap { $0 }.max() ?? maximumVCPUs
    }
    package var heldMemory: ByteCount { holdsNoRoom ? .zero : memory ?? maximumMemory }

    /// The opposite of `holdsNoRoom` as a condition over a row.
    static let holdsRoom: Query =
        "deleted_ns IS NULL AND missing_ns IS NULL AND state NOT IN ('shutoff', 'saved')"

    init(_ row: Row) throws(StoreError) {
        id = try row.domain("id")
        name = try row.string("name")
        tenant = try row.tenantOrNil("tenant")
        tenantSince = try row.timestamp("tenant_since_ns")
        host = try row.host("host")
        state = try row.value("state")
        stateReason = try row.stringOrNil("state_reason").flatMap { StateReason(rawValue: $0) }
        revision = try row.int64("revision")
        maximumVCPUs = try row.vcpus("maximum_vcpus")
        askedVCPUs = try row.vcpusOrNil("asked_vcpus")
        grantedVCPUs = try row.vcpusOrNil("granted_vcpus")
        confirmedVCPUs = try row.vcpusOrNil("confirmed_vcpus")
        maximumMemory = try row.byteCount("maximum_memory_bytes")
        memory = try row.byteCountOrNil("memory_bytes")
        disk = try row.byteCount("disk_bytes")
        isManaged = try row.bool("managed")
        boot = try row.string("boot")
        foreignManager = try row.stringOrNil("foreign_manager")
        cpuCapPPM = try row.utilizationOrNil("cpu_cap_ppm")?.ppm
        seenCPUCap = try row.utilizationOrNil("seen_cpu_cap_ppm").map { CPUCap(ppm: $0.ppm) } ?? .unknown
        networkCapBytesPerSecond = try row.byteCountOrNil("network_cap_bytes_per_second")?.bytes
        pendingMaximumVCPUs = try row.vcpusOrNil("pending_maximum_vcpus")
        pendingMaximumMemory = try row.byteCountOrNil("pending_maximum_memory_bytes")
        let leftovers = try row.string("leftover_volumes")
        leftoverVolumes = (try? JSONDecoder().decode([String].self, from: Data(leftovers.utf8))) ?? []
        if let number = try row.int64OrNil("incarnation_hypervisor"),
            let start = try row.timestampOrNil("incarnation_start_ns")
        {
            incarnation = Incarnation(host: host, hypervisorID: number, start: start)
        } else {
            incarnation = nil
        }
        missingSince = try row.timestampOrNil("missing_ns")
        unmeteredDevices = try row.stringOrNil("unmetered_devices").flatMap { text in
            try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        }
        deletedAt = try row.timestampOrNil("deleted_ns")
    }
}
