// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A tenant's domain as a bill needs it, deleted ones included.
package struct BilledDomainRow: Hashable, Sendable {
    package let id: DomainID
    package let name: String
    package let createdAt: Timestamp
    /// `nil` while it exists.
    package let deletedAt: Timestamp?
    /// vCPUs of its first active size; `nil` if it never ran.
    package let firstVCPUs: VCPUCount?
}

/// What a bill rests on, by tenant. Give it a transaction, so that all of it is of one instant.
package struct UsageRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    package func tenantExists(_ id: TenantID) async throws(StoreError) -> Bool {
        try await !runner.query("SELECT 1 FROM account.tenant WHERE id = \(id)").isEmpty
    }

    /// Up to where anything is known of any host; `nil` if nothing ever was.
    package func horizon() async throws(StoreError) -> Timestamp? {
        try await runner.query("SELECT max(proved_until_ns) AS horizon FROM inventory.host").first?
            .timestampOrNil("horizon")
    }

    /// The tenant's domains that existed in the period, by id.
    package func domains(of tenant: TenantID, in period: TimeRange) async throws(StoreError) -> [BilledDomainRow] {
        let rows = try await runner.query(
            """
            SELECT d.id, d.name, d.created_ns, d.deleted_ns, (
                SELECT s.vcpus FROM inventory.size_segment s WHERE s.domain = d.id AND s.vcpus > 0
                ORDER BY s.start_ns LIMIT 1) AS first_vcpus
            FROM inventory.domain d WHERE d.tenant = \(tenant) AND d.created_ns < \(period.end)
                AND (d.deleted_ns IS NULL OR d.deleted_ns > \(period.start))
            ORDER BY d.id
            """)
        var domains: [BilledDomainRow] = []
        for row in rows {
            domains.append(
                BilledDomainRow(
                    id: try row.domain("id"), name: try row.string("name"), createdAt: try row.timestamp("created_ns"),
                    deletedAt: try row.timestampOrNil("deleted_ns"), firstVCPUs: try row.vcpusOrNil("first_vcpus")))
        }
        return domains
    }

    /// Segments that touch the period, by domain and start.
    package func segments(of tenant: TenantID, in period: TimeRange) async throws(StoreError) -> [SizeSegment] {
        let rows = try await runner.query(
            """
            SELECT s.*, h.proved_until_ns FROM inventory.size_segment s
            JOIN inventory.host h ON h.id = s.host JOIN inventory.domain d ON d.id = s.domain
            WHERE d.tenant = \(tenant) AND s.start_ns < \(period.end)
                AND (s.end_ns IS NULL OR s.end_ns > \(period.start))
            ORDER BY s.domain, s.start_ns
            """)
        var segments: [SizeSegment] = []
        for row in rows {
            segments.append(
                SizeSegment(
                    domain: try row.domain("domain"), host: try row.host("host"),
                    incarnationStart: try row.timestamp("incarnation_start_ns"), start: try row.timestamp("start_ns"),
                    end: try row.timestampOrNil("end_ns"), hostProvedUntil: try row.timestampOrNil("proved_until_ns"),
                    vcpus: try row.vcpus("vcpus"), memory: try row.byteCount("memory_bytes"),
                    disk: try row.byteCount("disk_bytes"), askedVCPUs: try row.vcpusOrNil("asked_vcpus"),
                    grantedVCPUs: try row.vcpusOrNil("granted_vcpus")))
        }
        return segments
    }

    /// Of every life of the tenant's domains that reaches into the period: its first reading, and around its two ends
    /// and each of `boundaries` the nearest reading on either side that knows each billed counter. Counters only grow
    /// within a life, so the readings between add nothing: a month needs no more rows than a day.
    package func readings(
        of tenant: TenantID, in period: TimeRange, boundaries: [Timestamp]
    ) async throws(StoreError) -> [MeterReading] {
        let instants = TextArray(([period.start, period.end] + boundaries).map { String($0.nanoseconds) })
        let life: Query = "r.domain = l.domain AND r.host = l.host AND r.incarnation_start_ns = l.incarnation_start_ns"
        let counters: [Query] = ["r.cpu_time_ns", "r.network_received_bytes", "r.network_transmitted_bytes"]
        let nearest: [Query] = counters.flatMap { counter -> [Query] in
            let known: Query = "SELECT r.* FROM inventory.meter_reading r WHERE \(life) AND \(counter) IS NOT NULL"
            return [
                "(\(known) AND r.at_ns <= i.at_ns ORDER BY r.at_ns DESC LIMIT 1)",
                "(\(known) AND r.at_ns >= i.at_ns ORDER BY r.at_ns LIMIT 1)",
            ]
        }
        let rows = try await runner.query(
            """
            WITH lives AS (
                SELECT DISTINCT r.domain, r.host, r.incarnation_start_ns FROM inventory.meter_reading r
                JOIN inventory.domain d ON d.id = r.domain
                WHERE d.tenant = \(tenant) AND r.at_ns >= \(period.start) AND r.incarnation_start_ns < \(period.end))
            SELECT DISTINCT n.* FROM lives l
            CROSS JOIN LATERAL (
                SELECT unnest(\(instants)::int8[]) AS at_ns UNION SELECT l.incarnation_start_ns) i
            CROSS JOIN LATERAL (\(Query.joined(nearest, by: " UNION ALL "))) n
            ORDER BY n.domain, n.host, n.incarnation_start_ns, n.at_ns
            """)
        var readings: [MeterReading] = []
        for row in rows {
            let counters = DomainCounters(
                cpuTimeNanoseconds: try row.int64OrNil("cpu_time_ns"),
                networkReceivedBytes: try row.int64OrNil("network_received_bytes"),
                networkTransmittedBytes: try row.int64OrNil("network_transmitted_bytes"))
            readings.append(
                MeterReading(
                    domain: try row.domain("domain"), host: try row.host("host"),
                    incarnationStart: try row.timestamp("incarnation_start_ns"), at: try row.timestamp("at_ns"),
                    counters: counters))
        }
        return readings
    }
}
