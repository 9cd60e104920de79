// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import FoundationEssentials
package import ResourceModel

/// Hosts, domains, size segments and meter readings: `inventory`. Writes are fenced by the host's claim.
package struct InventoryRepository: Sendable {
    let store: Store
    package init(_ store: Store) { self.store = store }

    // MARK: Hosts

    /// Adds a host in mode `observe`, also one that was removed. Throws `uniqueViolation` if its id or URI is in use.
    package func addHost(
        _ id: HostID, cluster: ClusterID, uri: String, limits: HostLimits = HostLimits(),
        in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        let rows = try await (runner ?? store).query(
            """
            INSERT INTO inventory.host AS h (id, cluster, uri, cpu_overcommit_ppm, memory_overcommit_ppm,
                reserved_vcpus, reserved_memory_bytes, cpu_bound_ppm)
            VALUES (\(id), \(cluster), \(uri), \(limits.cpuOvercommit), \(limits.memoryOvercommit),
                \(limits.reservedVCPUs), \(limits.reservedMemory), \(limits.cpuBound))
            ON CONFLICT (id) DO UPDATE SET cluster = excluded.cluster, uri = excluded.uri, mode = 'observe',
                cpu_overcommit_ppm = excluded.cpu_overcommit_ppm,
                memory_overcommit_ppm = excluded.memory_overcommit_ppm, reserved_vcpus = excluded.reserved_vcpus,
                reserved_memory_bytes = excluded.reserved_memory_bytes, cpu_bound_ppm = excluded.cpu_bound_ppm,
                labels = '{}', removed_ns = NULL
            WHERE h.removed_ns IS NOT NULL RETURNING id
            """)
        guard !rows.isEmpty else {
            throw StoreError(.uniqueViolation, operation: "add a host", message: "there is a host '\(id)' already")
        }
    }

    /// Replaces all labels of a host. Throws `notFound`.
    package func setLabels(
        of id: HostID, to labels: [String: String], in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let json = try? encoder.encode(labels) else {
            throw StoreError(.invalidValue, operation: "set a host's labels", message: "they can't be written as JSON")
        }
        let rows = try await (runner ?? store).query(
            """
            UPDATE inventory.host SET labels = \(String(decoding: json, as: UTF8.self))::jsonb
            WHERE id = \(id) AND removed_ns IS NULL RETURNING id
            """)
        try Self.requireHost(id, rows, "set a host's labels")
    }

    /// Sets how much of a host may be promised. Throws `notFound`, and `checkViolation` for a ratio that is not valid.
    package func setLimits(
        of id: HostID, to limits: HostLimits, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        let rows = try await (runner ?? store).query(
            """
            UPDATE inventory.host SET cpu_overcommit_ppm = \(limits.cpuOvercommit),
                memory_overcommit_ppm = \(limits.memoryOvercommit), reserved_vcpus = \(limits.reservedVCPUs),
                reserved_memory_bytes = \(limits.reservedMemory), cpu_bound_ppm = \(limits.cpuBound)
            WHERE id = \(id) AND removed_ns IS NULL RETURNING id
            """)
        try Self.requireHost(id, rows, "set a host's limits")
    }

    /// Removes a host from Ebb; its owner stops at once. Throws `notFound`, and `conflict` while domains on it are
    /// managed.
    package func removeHost(
        _ id: HostID, at now: Timestamp, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        let runner = runner ?? store
        let removed = try await runner.query(
            """
            UPDATE inventory.host SET removed_ns = \(now), mode = 'observe'
            WHERE id = \(id) AND removed_ns IS NULL AND NOT EXISTS (
                SELECT 1 FROM inventory.domain WHERE host = \(id) AND managed AND deleted_ns IS NULL) RETURNING id
            """)
        guard removed.isEmpty else { return }
        let rows = try await runner.query(
            "SELECT id FROM inventory.host WHERE id = \(id) AND removed_ns IS NULL")
        try Self.requireHost(id, rows, "remove a host")
        throw StoreError(
            .conflict, operation: "remove a host",
            message: "Ebb manages domains on '\(id)': migrate, release or delete them first")
    }

    /// Other hosts whose hypervisor shows the same UUID, in order.
    package func hosts(sharing uuid: UUID128, with id: HostID) async throws(StoreError) -> [HostID] {
        let rows = try await store.query(
            "SELECT id FROM inventory.host WHERE uuid = \(uuid) AND id <> \(id) AND removed_ns IS NULL ORDER BY id")
        var hosts: [HostID] = []
        for row in rows { hosts.append(try row.host("id")) }
        return hosts
    }

    private static func requireHost(_ id: HostID, _ rows: [Row], _ operation: String) throws(StoreError) {
        guard rows.isEmpty else { return }
        throw StoreError(.notFound, operation: operation, message: "there is no host '\(id)'")
    }

    /// All hosts, or one cluster's, by id; without removed ones.
    package func hosts(in cluster: ClusterID? = nil) async throws(StoreError) -> [StoredHost] {
        let rows = try await store.query(
            """
            SELECT * FROM inventory.host WHERE removed_ns IS NULL
                AND (\(cluster)::text IS NULL OR cluster = \(cluster)) ORDER BY id
            """)
        return store.setAside.read(rows, of: "inventory.host", by: ["id"]) { row throws(StoreError) in
            try StoredHost(row)
        }
    }

    /// The URI of each host that is not removed.
    package func hostURIs() async throws(StoreError) -> [HostID: String] {
        var hosts: [HostID: String] = [:]
        for row in try await store.query("SELECT id, uri FROM inventory.host WHERE removed_ns IS NULL") {
            hosts[try row.host("id")] = try row.string("uri")
        }
        return hosts
    }

    /// The URI of each host, also of removed ones.
    package func everyHostURI() async throws(StoreError) -> [HostID: String] {
        var hosts: [HostID: String] = [:]
        for row in try await store.query("SELECT id, uri FROM inventory.host") {
            hosts[try row.host("id")] = try row.string("uri")
        }
        return hosts
    }

    /// A host, also a removed one: bills and events still name it.
    package func host(_ id: HostID) async throws(StoreError) -> StoredHost? {
        guard let row = try await store.query("SELECT * FROM inventory.host WHERE id = \(id)").first else { return nil }
        return try StoredHost(row)
    }

    /// The same, with the row locked: nobody else changes it before the transaction ends.
    package func lockedHost(_ id: HostID, in transaction: Transaction) async throws(StoreError) -> StoredHost? {
        try await transaction.query("SELECT * FROM inventory.host WHERE id = \(id) FOR NO KEY UPDATE").first.map {
            row throws(StoreError) in try StoredHost(row)
        }
    }

    /// Throws `notFound`.
    package func setMode(
        of id: HostID, to mode: HostMode, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        let rows = try await (runner ?? store).query(
            "UPDATE inventory.host SET mode = \(mode.rawValue) WHERE id = \(id) AND removed_ns IS NULL RETURNING id")
        try Self.requireHost(id, rows, "set a host's mode")
    }

    /// Writes what the claim's host says of itself; unknown values keep what was known.
    package func setFacts(_ facts: HostAnswer, under claim: ShardClaim, in transaction: Transaction? = nil) async throws
    {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.host SET state = \(facts.state.rawValue),
                    cpu_count = coalesce(\(facts.cpuCount), cpu_count),
                    memory_bytes = coalesce(\(facts.memory), memory_bytes),
                    capabilities = coalesce(\(facts.capabilities)::jsonb, capabilities),
                    uuid = coalesce(\(facts.uuid), uuid) WHERE id = \(claim.id)
                """)
        }
    }

    /// Notes that every domain of each claim's host was seen at the given instant: open segments are proved up to it.
    /// Never goes back; lost claims are left out. One statement for any number of hosts.
    package func prove(_ proofs: [(claim: ShardClaim, until: Timestamp)]) async throws(StoreError) {
        try await advance("proved_until_ns", proofs.map { ($0.claim, $0.until) })
    }

    /// Notes when each claim's host was last asked for a listing in which every domain of another host was looked up,
    /// so that it is known what runs there. Never goes back; lost claims are left out.
    package func noteListed(_ listings: [(claim: ShardClaim, at: Timestamp)]) async throws(StoreError) {
        try await advance("listed_ns", listings.map { ($0.claim, $0.at) })
    }

    /// The hosts other than `id` that have not been listed since `instant`, in order: those that answer, and those in
    /// `others` whether they answer or not.
    package func hostsNotListed(
        since instant: Timestamp, beside id: HostID, and others: [HostID] = []
    ) async throws(StoreError) -> [HostID] {
        let rows = try await store.query(
            """
            SELECT id FROM inventory.host WHERE removed_ns IS NULL AND id <> \(id) AND coalesce(listed_ns, 0) < \(instant)
                AND (state = 'up' OR id = ANY(\(TextArray(others.map(\.name)))::text[])) ORDER BY id
            """)
        var hosts: [HostID] = []
        for row in rows { hosts.append(try row.host("id")) }
        return hosts
    }

    private func advance(
        _ column: Query, _ instants: [(claim: ShardClaim, instant: Timestamp)]
    ) async throws(StoreError) {
        guard !instants.isEmpty else { return }
        let rows: [Query] = instants.map { row in
            "(\(row.claim.id)::text, \(row.claim.epoch)::int8, \(row.instant)::int8)"
        }
        try await store.query(
            """
            WITH given(id, epoch, instant) AS (VALUES \(Query.joined(rows, by: ", "))), owned AS (
                SELECT g.id, g.instant FROM cluster.hold_shards('host', (SELECT array_agg(id) FROM given),
                    (SELECT array_agg(epoch) FROM given)) held(id)
                    JOIN cluster.shard s ON s.kind = 'host' AND s.id = held.id
                    JOIN given g ON g.id = s.id AND g.epoch = s.epoch)
            UPDATE inventory.host h SET \(column) = owned.instant FROM owned
            WHERE h.id = owned.id AND (h.\(column) IS NULL OR h.\(column) < owned.instant)
            """)
    }
}
