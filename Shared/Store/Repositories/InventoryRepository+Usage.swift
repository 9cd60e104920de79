// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import ResourceModel

/// A size as it was seen, for the size segments.
package struct SizeReport: Hashable, Sendable {
    package var domain: DomainID
    package var incarnationStart: Timestamp
    /// When it was seen.
    package var observedAt: Timestamp
    /// Since when it holds: the driver's instant, the request of a proved shrink, or `observedAt`.
    package var since: Timestamp
    /// Up to when the previous size is known to have held; `since` unless there was a gap.
    package var previousUntil: Timestamp
    /// Online: 0 while stopped or saved.
    package var vcpus: VCPUCount
    /// Billable: what its cap leaves of its vCPUs.
    package var capacity: Capacity
    /// 0 while stopped or saved.
    package var memory: ByteCount
    /// Billable also while stopped. A report of three zeros closes the segment.
    package var disk: ByteCount
    package var askedVCPUs: VCPUCount?
    package var grantedVCPUs: VCPUCount?

    package init(
        domain: DomainID, incarnationStart: Timestamp, observedAt: Timestamp, since: Timestamp? = nil,
        previousUntil: Timestamp? = nil, vcpus: VCPUCount, capacity: Capacity? = nil, memory: ByteCount,
        disk: ByteCount, askedVCPUs: VCPUCount? = nil, grantedVCPUs: VCPUCount? = nil
    ) {
        self.domain = domain
        self.incarnationStart = incarnationStart
        self.observedAt = observedAt
        self.since = since ?? observedAt
        self.previousUntil = previousUntil ?? since ?? observedAt
        self.vcpus = vcpus
        self.capacity = capacity ?? Capacity(vcpus)
        self.memory = memory
        self.disk = disk
        self.askedVCPUs = askedVCPUs
        self.grantedVCPUs = grantedVCPUs
    }
}

/// What a size report did.
package enum SizeEffect: String, Hashable, Sendable {
    case opened, unchanged, closed
    /// The report was older than the segment, or overlapped it: nothing was written. It is worth an event.
    case stale
}

/// One size of a domain during a half-open period.
package struct StoredSegment: Hashable, Sendable {
    package let domain: DomainID
    package let host: HostID
    package let incarnationStart: Timestamp
    package let start: Timestamp
    /// `nil`: still open, proved up to `hostProvedUntil`.
    package let end: Timestamp?
    package let hostProvedUntil: Timestamp?
    /// Online.
    package let vcpus: VCPUCount
    /// Billable: what its cap leaves of its vCPUs.
    package let capacity: Capacity
    package let memory: ByteCount
    package let disk: ByteCount
    package let askedVCPUs: VCPUCount?
    package let grantedVCPUs: VCPUCount?
}

/// Cumulative counters of one incarnation at one instant. `nil` is unknown, never zero.
package struct StoredReading: Hashable, Sendable {
    package var domain: DomainID
    package var host: HostID
    package var incarnationStart: Timestamp
    package var at: Timestamp
    /// For network and disks: the totals of the life's meters. Steal time is not metered and not kept.
    package var counters: DomainCounters
    /// The last known counters of each device; `nil` where the driver gives sums only.
    package var devices: [DeviceCounters]?

    package init(
        domain: DomainID, host: HostID, incarnationStart: Timestamp, at: Timestamp, counters: DomainCounters,
        devices: [DeviceCounters]? = nil
    ) {
        self.domain = domain
        self.host = host
        self.incarnationStart = incarnationStart
        self.at = at
        self.counters = counters
        self.devices = devices
    }
}

extension StoredSegment {
    /// A row of `inventory.size_segment` with its host's `proved_until_ns`.
    init(_ row: Row) throws(StoreError) {
        let vcpus = try row.vcpus("vcpus")
        self.init(
            domain: try row.domain("domain"), host: try row.host("host"),
            incarnationStart: try row.timestamp("incarnation_start_ns"), start: try row.timestamp("start_ns"),
            end: try row.timestampOrNil("end_ns"), hostProvedUntil: try row.timestampOrNil("proved_until_ns"),
            vcpus: vcpus, capacity: try row.capacityOrNil("capacity_thousandths") ?? Capacity(vcpus),
            memory: try row.byteCount("memory_bytes"),
            disk: try row.byteCount("disk_bytes"), askedVCPUs: try row.vcpusOrNil("asked_vcpus"),
            grantedVCPUs: try row.vcpusOrNil("granted_vcpus"))
    }
}

/// Where a life's meters stand: the last known value of each counter.
package struct LastMeter: Hashable, Sendable {
    package let counters: DomainCounters
    /// `nil`: the counters are sums that the driver gave.
    package let devices: [DeviceCounters]?
}

extension InventoryRepository {
    /// Opens, continues or closes the size segment of a domain on the claim's host. Throws `fenced`.
    @discardableResult
    package func observeSize(
        _ report: SizeReport, under claim: ShardClaim, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> SizeEffect {
        let rows = try await (runner ?? store).query(
            """
            SELECT inventory.observe_size(\(claim.id), \(claim.epoch), \(report.domain), \(report.incarnationStart),
                \(report.observedAt), \(report.previousUntil), \(report.since), \(report.vcpus)::int4,
                \(report.memory), \(report.disk), \(report.askedVCPUs)::int4, \(report.grantedVCPUs)::int4,
                \(report.capacity.thousandths)) AS effect
            """)
        guard let effect = try rows.first?.string("effect"), let known = SizeEffect(rawValue: effect) else {
            throw .fenced(claim)
        }
        return known
    }

    /// Segments that touch the period, by domain and start.
    package func segments(_ scope: DomainScope, in period: TimeRange) async throws(StoreError) -> [StoredSegment] {
        try await segments(scope.condition, period)
    }

    package func segments(of domain: DomainID, in period: TimeRange) async throws(StoreError) -> [StoredSegment] {
        try await segments("s.domain = \(domain)", period)
    }

    package func segments(of domains: [DomainID], in period: TimeRange) async throws(StoreError) -> [StoredSegment] {
        guard !domains.isEmpty else { return [] }
        return try await segments("s.domain = ANY(\(TextArray(domains.map(\.description)))::text[]::uuid[])", period)
    }

    private func segments(_ condition: Query, _ period: TimeRange) async throws(StoreError) -> [StoredSegment] {
        let rows = try await store.query(
            """
            SELECT s.*, h.proved_until_ns FROM inventory.size_segment s JOIN inventory.host h ON h.id = s.host
                JOIN inventory.domain d ON d.id = s.domain
            WHERE \(condition) AND s.start_ns < \(period.end) AND (s.end_ns IS NULL OR s.end_ns > \(period.start))
            ORDER BY s.domain, s.start_ns
            """)
        return store.setAside.read(rows, of: "inventory.size_segment", by: ["domain", "start_ns"]) {
            row throws(StoreError) in try StoredSegment(row)
        }
    }

    /// Appends readings of the claim's host, at most 1 000; an existing one stays. Throws `fenced`.
    package func insertReadings(
        _ readings: [StoredReading], under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws {
        guard readings.count <= 1_000, readings.allSatisfy({ $0.host.name == claim.id }) else {
            throw StoreError(
                .invalidValue, operation: "insert readings",
                message: "\(readings.count) readings: at most 1000, and all must be of host '\(claim.id)'")
        }
        try await store.fenced(claim, in: transaction) { transaction in
            guard !readings.isEmpty else { return }
            let rows: [Query] = readings.map { reading in
                """
                (\(reading.domain), \(reading.host), \(reading.incarnationStart), \(reading.at),
                \(reading.counters.cpuTimeNanoseconds), \(reading.counters.networkReceivedBytes),
                \(reading.counters.networkTransmittedBytes), \(reading.counters.blockReadBytes),
                \(reading.counters.blockWrittenBytes), \(reading.devices.map(\.stored))::jsonb)
                """
            }
            _ = try await transaction.query(
                """
                INSERT INTO inventory.meter_reading (domain, host, incarnation_start_ns, at_ns, cpu_time_ns,
                    network_received_bytes, network_transmitted_bytes, block_read_bytes, block_written_bytes, devices)
                VALUES \(Query.joined(rows, by: ", ")) ON CONFLICT DO NOTHING
                """)
        }
    }

    /// Where the meters stand for the present lives of a host's domains, by domain; a life without readings is left
    /// out.
    package func lastMeters(on host: HostID) async throws(StoreError) -> [DomainID: LastMeter] {
        let life: Query = """
            FROM inventory.meter_reading r WHERE r.domain = d.id AND r.host = d.host
                AND r.incarnation_start_ns = d.incarnation_start_ns
            """
        func last(_ column: Query) -> Query {
            "(SELECT r.\(column) \(life) AND r.\(column) IS NOT NULL ORDER BY r.at_ns DESC LIMIT 1) AS \(column)"
        }
        let rows = try await store.query(
            """
            SELECT d.id, newest.devices, \(Query.joined(DomainCounters.meteredColumns.map(last), by: ", "))
            FROM inventory.domain d
            CROSS JOIN LATERAL (SELECT r.devices \(life) ORDER BY r.at_ns DESC LIMIT 1) newest
            WHERE d.host = \(host) AND d.deleted_ns IS NULL AND d.incarnation_start_ns IS NOT NULL
            """)
        var meters: [DomainID: LastMeter] = [:]
        for row in rows {
            meters[try row.domain("id")] = LastMeter(
                counters: try DomainCounters(metered: row), devices: try row.stringOrNil("devices").map(decoded))
        }
        return meters
    }

    private func decoded(_ devices: String) throws(StoreError) -> [DeviceCounters] {
        guard let devices = [DeviceCounters](stored: devices) else {
            throw StoreError(.invalidResult, operation: "read meters", message: "devices can't be read: \(devices)")
        }
        return devices
    }

    /// A domain's readings that cover the period, by time: those within it, the last one before and the first after it.
    package func readings(of domain: DomainID, covering period: TimeRange) async throws(StoreError) -> [StoredReading] {
        let rows = try await store.query(
            """
            SELECT * FROM inventory.meter_reading WHERE domain = \(domain)
                AND at_ns >= coalesce((SELECT max(at_ns) FROM inventory.meter_reading
                    WHERE domain = \(domain) AND at_ns <= \(period.start)), \(period.start))
                AND at_ns <= coalesce((SELECT min(at_ns) FROM inventory.meter_reading
                    WHERE domain = \(domain) AND at_ns >= \(period.end)), \(period.end))
            ORDER BY at_ns, incarnation_start_ns, host
            """)
        var readings: [StoredReading] = []
        for row in rows {
            readings.append(
                StoredReading(
                    domain: try row.domain("domain"), host: try row.host("host"),
                    incarnationStart: try row.timestamp("incarnation_start_ns"), at: try row.timestamp("at_ns"),
                    counters: try DomainCounters(metered: row),
                    devices: try row.stringOrNil("devices").map(decoded)))
        }
        return readings
    }
}

extension DomainCounters {
    /// The columns of `inventory.meter_reading` that `init(metered:)` reads.
    static let meteredColumns: [Query] = [
        "cpu_time_ns", "network_received_bytes", "network_transmitted_bytes", "block_read_bytes", "block_written_bytes",
    ]

    init(metered row: Row) throws(StoreError) {
        self.init(
            cpuTimeNanoseconds: try row.int64OrNil("cpu_time_ns"),
            networkReceivedBytes: try row.int64OrNil("network_received_bytes"),
            networkTransmittedBytes: try row.int64OrNil("network_transmitted_bytes"),
            blockReadBytes: try row.int64OrNil("block_read_bytes"),
            blockWrittenBytes: try row.int64OrNil("block_written_bytes"))
    }
}

extension [DeviceCounters] {
    /// The devices as `inventory.meter_reading.devices` stores them.
    fileprivate var stored: String {
        let pairs = map { ($0.label, [$0.incoming, $0.outgoing]) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Text and integers can always be encoded.
        let data = try? encoder.encode(Dictionary(pairs) { first, _ in first })
        return String(decoding: data ?? Data("{}".utf8), as: UTF8.self)
    }

    /// `nil` if it can't be read; an element that is not a device is left out.
    fileprivate init?(stored text: String) {
        guard let values = try? JSONDecoder().decode([String: [Int64?]].self, from: Data(text.utf8)) else { return nil }
        self = values.sorted { $0.key < $1.key }.compactMap { label, values in
            guard var device = DeviceCounters(label: label), values.count == 2 else { return nil }
            (device.incoming, device.outgoing) = (values[0], values[1])
            return device
        }
    }
}

extension DomainScope {
    /// The condition over `inventory.domain d`; a domain's host is the present one.
    fileprivate var condition: Query {
        switch self {
        case .all: "true"
        case .host(let host): "d.host = \(host)"
        case .tenant(let tenant): "d.tenant = \(tenant)"
        }
    }
}
