// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A domain that is or was a tenant's, as the tenant's bill needs it.
package struct BilledDomainRow: Hashable, Sendable {
    package let id: DomainID
    /// The last name that it had for the tenant.
    package let name: String
    /// The periods in which it was the tenant's and that touch the bill's period, in order.
    package let periods: [OwnershipPeriod]
    /// Capacity of its first active size while it was the tenant's; `nil` if it never ran for the tenant.
    package let firstCapacity: Capacity?
}

/// The facts for a tenant's bill. Give it a transaction, so that all facts are from one instant.
package struct UsageRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    package func tenantExists(_ id: TenantID) async throws(StoreError) -> Bool {
        try await !runner.query("SELECT 1 FROM account.tenant WHERE id = \(id)").isEmpty
    }

    /// Up to which instant anything is known of any host; `nil` if nothing ever was.
    package func horizon() async throws(StoreError) -> Timestamp? {
        try await runner.query("SELECT max(proved_until_ns) AS horizon FROM inventory.host").first?
            .timestampOrNil("horizon")
    }

    /// The domains that were the tenant's in the period, by id.
    package func domains(of tenant: TenantID, in period: TimeRange) async throws(StoreError) -> [BilledDomainRow] {
        let rows = try await runner.query(
            """
            SELECT o.*, (
                SELECT coalesce(s.capacity_thousandths, s.vcpus * 1000::int8)
                FROM inventory.size_segment s JOIN inventory.domain_ownership f ON f.domain = s.domain
                WHERE s.domain = o.domain AND s.vcpus BETWEEN 1 AND \(VCPUCount.bounds.upperBound)
                    AND f.tenant = o.tenant
                    AND (s.end_ns IS NULL OR s.end_ns > f.from_ns) AND (f.until_ns IS NULL OR s.start_ns < f.until_ns)
                ORDER BY s.start_ns LIMIT 1) AS first_capacity
            FROM \(Self.owned(by: tenant, in: period)) o ORDER BY o.domain, o.from_ns
            """)
        var domains: [BilledDomainRow] = []
        for row in rows {
            let period = try OwnershipPeriod(row)
            let earlier = domains.last?.id == period.domain ? domains.removeLast().periods : []
            domains.append(
                BilledDomainRow(
                    id: period.domain, name: period.name, periods: earlier + [period],
                    firstCapacity: try row.capacityOrNil("first_capacity")))
        }
        return domains
    }

    /// The tenant's periods that touch the bill's.
    private static func owned(by tenant: TenantID, in period: TimeRange) -> Query {
        """
        (SELECT * FROM inventory.domain_ownership WHERE tenant = \(tenant) AND from_ns < \(period.end)
            AND (until_ns IS NULL OR until_ns > \(period.start)))
        """
    }

    /// Segments that touch the period, of domains that were the tenant's in it, by domain and start; also the parts in
    /// which they were others'.
    package func segments(of tenant: TenantID, in period: TimeRange) async throws(StoreError) -> [StoredSegment] {
        let rows = try await runner.query(
            """
            SELECT s.*, h.proved_until_ns FROM inventory.size_segment s
            JOIN inventory.host h ON h.id = s.host
            WHERE s.domain IN (SELECT o.domain FROM \(Self.owned(by: tenant, in: period)) o)
                AND s.start_ns < \(period.end) AND (s.end_ns IS NULL OR s.end_ns > \(period.start))
            ORDER BY s.domain, s.start_ns
            """)
        // For a row that can't be read nothing is known about its time: the bill says that it is not billed.
        return runner.setAside.read(rows, of: "inventory.size_segment", by: ["domain", "start_ns"]) {
            row throws(StoreError) in try StoredSegment(row)
        }
    }

    /// The readings that a bill needs, for every life that reaches into the period, of the domains that were the
    /// tenant's in it. The bill needs readings at the period's two ends, at each of `boundaries`, at each change of the
    /// domain's owner and policy, and at each fall of a counter: there it gets, for each billed counter, the nearest
    /// reading on either side that knows the counter. Between these points counters only grow, so other readings add
    /// nothing: a month needs no more rows than a day.
    package func readings(
        of tenant: TenantID, in period: TimeRange, boundaries: [Timestamp]
    ) async throws(StoreError) -> [StoredReading] {
        let instants = TextArray(([period.start, period.end] + boundaries).map { String($0.nanoseconds) })
        let life: Query = "r.domain = l.domain AND r.host = l.host AND r.incarnation_start_ns = l.incarnation_start_ns"
        let columns = DomainCounters.meteredColumns
        let nearest: [Query] = columns.flatMap { counter -> [Query] in
            let known: Query = "SELECT r.* FROM inventory.meter_reading r WHERE \(life) AND r.\(counter) IS NOT NULL"
            return [
                "(\(known) AND r.at_ns <= i.at_ns ORDER BY r.at_ns DESC LIMIT 1)",
                "(\(known) AND r.at_ns >= i.at_ns ORDER BY r.at_ns LIMIT 1)",
            ]
        }
        let rows = try await runner.query(
            """
            WITH owned AS \(Self.owned(by: tenant, in: period)), lives AS (
                SELECT DISTINCT r.domain, r.host, r.incarnation_start_ns FROM inventory.meter_reading r
                WHERE r.domain IN (SELECT o.domain FROM owned o) AND r.at_ns >= \(period.start)
                    AND r.incarnation_start_ns < \(period.end))
            SELECT DISTINCT n.domain, n.host, n.incarnation_start_ns, n.at_ns,
                \(Query.joined(columns.map { "n.\($0)" }, by: ", "))
            FROM lives l
            CROSS JOIN LATERAL (
                SELECT unnest(\(instants)::int8[]) AS at_ns
                UNION SELECT b.at_ns FROM (
                    SELECT o.from_ns AS at_ns FROM owned o WHERE o.domain = l.domain
                    UNION ALL SELECT o.until_ns FROM owned o WHERE o.domain = l.domain
                    UNION ALL SELECT p.valid_from_ns FROM scheduling.policy p WHERE p.domain = l.domain
                    -- The reading of a fall, and the one before it.
                    UNION ALL SELECT f.at_ns - e.before FROM inventory.meter_fall f, (VALUES (0), (1)) e(before)
                        WHERE f.domain = l.domain AND f.host = l.host
                            AND f.incarnation_start_ns = l.incarnation_start_ns) b
                WHERE b.at_ns > \(period.start) AND b.at_ns < \(period.end)) i
            CROSS JOIN LATERAL (\(Query.joined(nearest, by: " UNION ALL "))) n
            ORDER BY n.domain, n.host, n.incarnation_start_ns, n.at_ns
            """)
        var readings: [StoredReading] = []
        for row in rows {
            readings.append(
                StoredReading(
                    domain: try row.domain("domain"), host: try row.host("host"),
                    incarnationStart: try row.timestamp("incarnation_start_ns"), at: try row.timestamp("at_ns"),
                    counters: try DomainCounters(metered: row)))
        }
        return readings
    }
}
