// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// What a new VM requires of its host, kept until the VM exists.
package struct WantedPlace: Hashable, Sendable {
    package let domain: DomainID
    package let options: PolicyOptions
}

/// A pin or group of a VM that the VM's present host violates.
package struct BrokenTieRow: Hashable, Sendable {
    package let domain: DomainID
    /// In plain words, for instance `its anti-affinity group 'db'`.
    package let tie: String

    package init(domain: DomainID, tie: String) {
        self.domain = domain
        self.tie = tie
    }
}

/// Requirements on where VMs may run: Scheduler writes them, the gateway reads them.
package struct PlaceRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Keeps a new VM's requirements. Doing it again is harmless. Throws `fenced`.
    package func want(
        _ options: PolicyOptions, for domain: DomainID, of cluster: ClusterID, at now: Timestamp, until end: Timestamp,
        under claim: ShardClaim
    ) async throws {
        let text = try options.stored ?? "{}"
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query(
                "DELETE FROM scheduling.wanted_place WHERE cluster = \(cluster) AND expires_ns <= \(now)")
            _ = try await transaction.query(
                """
                INSERT INTO scheduling.wanted_place (domain, cluster, options, expires_ns)
                VALUES (\(domain), \(cluster), \(text)::jsonb, \(end))
                ON CONFLICT (domain) DO UPDATE SET options = excluded.options, expires_ns = excluded.expires_ns
                """)
        }
    }

    /// The requirements of VMs that exist by now.
    package func arrived(of cluster: ClusterID) async throws(StoreError) -> [WantedPlace] {
        try await wanted(
            """
            SELECT w.domain, w.options FROM scheduling.wanted_place w JOIN inventory.domain d ON d.id = w.domain
            WHERE w.cluster = \(cluster) AND d.deleted_ns IS NULL ORDER BY w.domain
            """)
    }

    /// The requirements of new VMs that have no policy yet, whether they exist or not.
    package func coming() async throws(StoreError) -> [WantedPlace] {
        try await wanted("SELECT domain, options FROM scheduling.wanted_place ORDER BY domain")
    }

    private func wanted(_ query: Query) async throws(StoreError) -> [WantedPlace] {
        let rows = try await store.query(query)
        var wanted: [WantedPlace] = []
        for row in rows {
            wanted.append(
                WantedPlace(
                    domain: try row.domain("domain"),
                    options: try PolicyOptions(stored: row.stringOrNil("options"))))
        }
        return wanted
    }

    /// Which of these new VMs will never appear: they were deleted already, or their creation failed.
    package func gone(among domains: [DomainID]) async throws(StoreError) -> [DomainID] {
        guard !domains.isEmpty else { return [] }
        let rows = try await store.query(
            """
            SELECT w.id FROM unnest(\(TextArray(domains.map(\.description)))::uuid[]) w (id)
                LEFT JOIN inventory.domain d ON d.id = w.id
            WHERE d.deleted_ns IS NOT NULL OR d.id IS NULL AND EXISTS (
                SELECT 1 FROM cluster.command c
                WHERE c.domain = w.id AND c.verb = \(CommandVerb.create.rawValue) AND c.state = 'failed'
                    AND c.code IS DISTINCT FROM \(OutcomeCode.outcomeUnknown.rawValue))
            ORDER BY w.id
            """)
        return try rows.map { row throws(StoreError) in try row.domain("id") }
    }

    /// Forgets a VM's requirements, since it has its policy. Throws `fenced`.
    package func settle(_ domain: DomainID, under claim: ShardClaim) async throws {
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query("DELETE FROM scheduling.wanted_place WHERE domain = \(domain)")
        }
    }

    /// Replaces a cluster's broken pins and groups. Throws `fenced`.
    package func replace(_ broken: [BrokenTieRow], of cluster: ClusterID, under claim: ShardClaim) async throws {
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query("DELETE FROM scheduling.broken_tie WHERE cluster = \(cluster)")
            guard !broken.isEmpty else { return }
            let rows = broken.map { row -> Query in "(\(row.domain)::uuid, \(row.tie)::text, \(cluster)::text)" }
            // A VM that has a host and is not created yet has no row.
            _ = try await transaction.query(
                """
                INSERT INTO scheduling.broken_tie (domain, tie, cluster)
                SELECT v.* FROM (VALUES \(Query.joined(rows, by: ", "))) v (domain, tie, cluster)
                    JOIN inventory.domain d ON d.id = v.domain
                ON CONFLICT (domain, tie) DO UPDATE SET cluster = excluded.cluster
                """)
        }
    }

    /// Broken pins and groups of these VMs, by VM.
    package func broken(of domains: [DomainID]) async throws(StoreError) -> [BrokenTieRow] {
        guard !domains.isEmpty else { return [] }
        var rows: [BrokenTieRow] = []
        for row in try await store.query(
            """
            SELECT domain, tie FROM scheduling.broken_tie
            WHERE domain = ANY(\(TextArray(domains.map(\.description)))::uuid[]) ORDER BY domain, tie
            """)
        {
            rows.append(BrokenTieRow(domain: try row.domain("domain"), tie: try row.string("tie")))
        }
        return rows
    }
}
