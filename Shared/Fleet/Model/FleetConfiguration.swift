// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a fleet is at its beginning. The same configuration, calls and instants give the same fleet, to the byte.
package struct FleetConfiguration: Hashable, Sendable, Codable {
    package var seed: UInt64
    package var hosts: [HostConfiguration]
    /// Load of every domain until it is changed.
    package var idleLoad: LoadSource
    /// Memory use and traffic of every domain until they are changed.
    package var habits: GuestHabits
    package var durations: OperationDurations
    package var truth: TruthLimits

    package init(
        seed: UInt64 = 1, hosts: [HostConfiguration], idleLoad: LoadSource = .constant(ppm: 400_000),
        habits: GuestHabits = GuestHabits(), durations: OperationDurations = OperationDurations(),
        truth: TruthLimits = TruthLimits()
    ) {
        self.seed = seed
        self.hosts = hosts
        self.idleLoad = idleLoad
        self.habits = habits
        self.durations = durations
        self.truth = truth
    }

    private enum CodingKeys: String, CodingKey {
        case seed, hosts, habits, durations, truth
        case idleLoad = "idle_load"
    }
}

/// One simulated physical machine.
package struct HostConfiguration: Hashable, Sendable, Codable {
    package var id: HostID
    package var cores: Int
    package var memory: ByteCount
    /// What a ping reports.
    package var responseTimeNanoseconds: Int64
    /// Domain 0's own use, as a share of all cores.
    package var controlDomainSharePPM: Int64
    package var clockOffsetNanoseconds: Int64
    package var clockDriftPPM: Int64
    /// What the host shows as its UUID; `nil`: none.
    package var uuid: UUID128?
    /// They run from the start; Ebb did not make them.
    package var domains: [FleetDomainDefinition]

    package init(
        id: HostID, cores: Int, memory: ByteCount, responseTimeNanoseconds: Int64 = 200_000,
        controlDomainSharePPM: Int64 = 20_000, clockOffsetNanoseconds: Int64 = 0, clockDriftPPM: Int64 = 0,
        uuid: UUID128? = nil, domains: [FleetDomainDefinition] = []
    ) {
        self.id = id
        self.cores = cores
        self.memory = memory
        self.responseTimeNanoseconds = responseTimeNanoseconds
        self.controlDomainSharePPM = controlDomainSharePPM
        self.clockOffsetNanoseconds = clockOffsetNanoseconds
        self.clockDriftPPM = clockDriftPPM
        self.uuid = uuid
        self.domains = domains
    }

    private enum CodingKeys: String, CodingKey {
        case id, cores, domains, uuid
        case memory = "memory_bytes"
        case responseTimeNanoseconds = "response_time_ns"
        case controlDomainSharePPM = "control_domain_share_ppm"
        case clockOffsetNanoseconds = "clock_offset_ns"
        case clockDriftPPM = "clock_drift_ppm"
    }
}

/// A domain as it is defined.
package struct FleetDomainDefinition: Hashable, Sendable, Codable {
    package var id: DomainID
    package var name: String
    /// `nil`: not made by Ebb.
    package var tenant: TenantID?
    package var maximumVCPUs: Int
    package var vcpus: Int
    /// The memory that it starts with.
    package var memory: ByteCount
    /// What its balloon may give it; `nil`: as it starts with.
    package var maximumMemory: ByteCount?
    package var disk: ByteCount

    package init(
        id: DomainID, name: String, tenant: TenantID? = nil, maximumVCPUs: Int, vcpus: Int, memory: ByteCount,
        maximumMemory: ByteCount? = nil, disk: ByteCount
    ) {
        self.id = id
        self.name = name
        self.tenant = tenant
        self.maximumVCPUs = maximumVCPUs
        self.vcpus = vcpus
        self.memory = memory
        self.maximumMemory = maximumMemory
        self.disk = disk
    }

    package var memoryCeiling: ByteCount { maximumMemory ?? memory }

    /// With at least these ceilings.
    func raised(maximumVCPUs: Int?, maximumMemory: ByteCount?) -> FleetDomainDefinition {
        var raised = self
        raised.maximumVCPUs = max(self.maximumVCPUs, maximumVCPUs ?? 0)
        if let maximumMemory, maximumMemory > memoryCeiling { raised.maximumMemory = maximumMemory }
        return raised
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, tenant, vcpus
        case maximumMemory = "memory_maximum_bytes"
        case maximumVCPUs = "vcpus_maximum"
        case memory = "memory_bytes"
        case disk = "disk_bytes"
    }

    /// Why it is not valid; `nil` if it is.
    var fault: String? {
        guard Limits.vcpus.contains(maximumVCPUs), (1...maximumVCPUs).contains(vcpus) else {
            return "vCPUs must lie within 1 and the maximum, and the maximum within 1 and 1024, "
                + "not \(vcpus) of \(maximumVCPUs)"
        }
        guard Limits.memory.contains(memory.bytes) else {
            return "memory must lie within 1 MiB and 1 PiB, not \(memory)"
        }
        guard Limits.memory.contains(memoryCeiling.bytes), memory <= memoryCeiling else {
            return "the maximum memory must lie within the memory and 1 PiB, not \(memoryCeiling)"
        }
        guard Limits.disk.contains(disk.bytes) else { return "a disk has at most 1 EiB, not \(disk)" }
        guard (1...Limits.nameLength).contains(name.utf8.count) else { return "a domain's name has 1 to 255 bytes" }
        return nil
    }
}

/// What a guest does besides computing, while it runs.
package struct GuestHabits: Hashable, Sendable, Codable {
    /// Memory in use, as a share of the size the domain was created with; never more than it has.
    package var memoryUsePPM: Int64
    /// Bytes per second.
    package var receivedPerSecond: Int64
    package var transmittedPerSecond: Int64
    package var blockReadPerSecond: Int64
    package var blockWrittenPerSecond: Int64

    package init(
        memoryUsePPM: Int64 = 600_000, receivedPerSecond: Int64 = 20_000, transmittedPerSecond: Int64 = 10_000,
        blockReadPerSecond: Int64 = 4_096, blockWrittenPerSecond: Int64 = 8_192
    ) {
        self.memoryUsePPM = memoryUsePPM
        self.receivedPerSecond = receivedPerSecond
        self.transmittedPerSecond = transmittedPerSecond
        self.blockReadPerSecond = blockReadPerSecond
        self.blockWrittenPerSecond = blockWrittenPerSecond
    }

    private enum CodingKeys: String, CodingKey {
        case memoryUsePPM = "memory_use_ppm"
        case receivedPerSecond = "received_bytes_per_second"
        case transmittedPerSecond = "transmitted_bytes_per_second"
        case blockReadPerSecond = "block_read_bytes_per_second"
        case blockWrittenPerSecond = "block_written_bytes_per_second"
    }

    var fault: String? {
        guard Limits.load.contains(memoryUsePPM) else { return "memory use must lie within 0 and 10000000000 ppm" }
        let rates = [receivedPerSecond, transmittedPerSecond, blockReadPerSecond, blockWrittenPerSecond]
        return rates.allSatisfy(Limits.byteRate.contains)
            ? nil : "a byte rate must lie within 0 and 1000000000000 per second"
    }
}

/// How long operations take, in nanoseconds, before they have their effect. Zero: at once.
package struct OperationDurations: Hashable, Sendable, Codable {
    package var create: Int64
    package var start: Int64
    package var shutdown: Int64
    package var save: Int64
    package var restore: Int64
    package var resize: Int64
    /// The source runs all this time, then the target.
    package var migrate: Int64

    package init(
        create: Int64 = 0, start: Int64 = 0, shutdown: Int64 = 0, save: Int64 = 0, restore: Int64 = 0,
        resize: Int64 = 0, migrate: Int64 = 0
    ) {
        self.create = create
        self.start = start
        self.shutdown = shutdown
        self.save = save
        self.restore = restore
        self.resize = resize
        self.migrate = migrate
    }

    private enum CodingKeys: String, CodingKey {
        case create = "create_ns"
        case start = "start_ns"
        case shutdown = "shutdown_ns"
        case save = "save_ns"
        case restore = "restore_ns"
        case resize = "resize_ns"
        case migrate = "migrate_ns"
    }

    var fault: String? {
        [create, start, shutdown, save, restore, resize, migrate].allSatisfy(Limits.duration.contains)
            ? nil : "an operation takes 0 to 24 hours"
    }
}

/// How much of the true timeline is kept. What is dropped is counted.
package struct TruthLimits: Hashable, Sendable, Codable {
    /// Served readings per domain; a domain whose trace was started keeps at least `tracedReadings`.
    package var readings: Int
    package var tracedReadings: Int
    /// Served trace samples, segments and incarnations per domain, each.
    package var entriesPerDomain: Int
    /// Operations and fencing violations, each.
    package var operations: Int

    package init(
        readings: Int = 0, tracedReadings: Int = 100_000, entriesPerDomain: Int = 1_000_000, operations: Int = 100_000
    ) {
        self.readings = readings
        self.tracedReadings = tracedReadings
        self.entriesPerDomain = entriesPerDomain
        self.operations = operations
    }

    private enum CodingKeys: String, CodingKey {
        case readings, operations
        case tracedReadings = "traced_readings"
        case entriesPerDomain = "entries_per_domain"
    }

    var fault: String? {
        [readings, tracedReadings, entriesPerDomain, operations].allSatisfy((0...10_000_000).contains)
            ? nil : "the truth keeps 0 to 10000000 of each"
    }
}
