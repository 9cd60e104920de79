// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A growth that is due and finds no room: a row of `scheduling.waiting_growth`.
package struct WaitingGrowthRow: Hashable, Sendable {
    package var domain: DomainID
    package var resource: Resource
    /// vCPUs, bytes or bytes per second that are missing.
    package var missing: Int64
    /// The tenant's weight: a larger one is served first.
    package var weight: Int
    /// When it was first denied: at equal weight the older one is served first.
    package var since: Timestamp

    package init(domain: DomainID, resource: Resource, missing: Int64, weight: Int, since: Timestamp) {
        self.domain = domain
        self.resource = resource
        self.missing = missing
        self.weight = weight
        self.since = since
    }
}

/// A waiting growth with its place in its cluster's queue.
package struct QueuedGrowth: Hashable, Sendable {
    package let growth: WaitingGrowthRow
    package let cluster: ClusterID
    /// From 1; 1 is served first.
    package let position: Int
}

/// Growths that wait for room, as their owners see them: Scheduler writes, the gateway reads.
package struct WaitingGrowthRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Replaces a cluster's queue: a growth that is not listed waits no longer. Throws `fenced`.
    package func replace(_ growths: [WaitingGrowthRow], of cluster: ClusterID, under claim: ShardClaim) async throws {
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query("DELETE FROM scheduling.waiting_growth WHERE cluster = \(cluster)")
            guard !growths.isEmpty else { return }
            let rows = growths.map { growth -> Query in
                """
                (\(growth.domain), \(growth.resource.rawValue), \(cluster), \(growth.missing), \(growth.weight),
                    \(growth.since))
                """
            }
            _ = try await transaction.query(
                """
                INSERT INTO scheduling.waiting_growth (domain, resource, cluster, missing, weight, since_ns)
                VALUES \(Query.joined(rows, by: ", "))
                ON CONFLICT (domain, resource) DO UPDATE SET cluster = excluded.cluster, missing = excluded.missing,
                    weight = excluded.weight, since_ns = excluded.since_ns
                """)
        }
    }

    /// Waiting growths by cluster and position: of one domain, of a tenant's domains or, without both, of all.
    package func list(domain: DomainID? = nil, tenant: TenantID? = nil) async throws(StoreError) -> [QueuedGrowth] {
        let rows = try await store.query(
            """
            SELECT q.* FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY cluster ORDER BY weight DESC, since_ns, domain, resource) AS position
                FROM scheduling.waiting_growth) q JOIN inventory.domain d ON d.id = q.domain
            WHERE (\(domain) IS NULL OR q.domain = \(domain)) AND (\(tenant)::text IS NULL OR d.tenant = \(tenant))
                AND d.deleted_ns IS NULL ORDER BY q.cluster, q.position
            """)
        return store.setAside.read(rows, of: "scheduling.waiting_growth", by: ["domain", "resource"]) {
            row throws(StoreError) in
            QueuedGrowth(
                growth: WaitingGrowthRow(
                    domain: try row.domain("domain"), resource: try row.value("resource"),
                    missing: try row.int64("missing"), weight: try row.int("weight"),
                    since: try row.timestamp("since_ns")),
                cluster: ClusterID(trusted: try row.string("cluster")), position: try row.int("position"))
        }
    }
}
