// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Hosts, domains, size segments and meter readings: `inventory`. Writes are fenced by the host's claim.
package struct InventoryRepository: Sendable {
    let store: Store
    package init(_ store: Store) { self.store = store }

    // MARK: Hosts

    /// Adds a host in `observe`. Throws `uniqueViolation` if its id or URI is known already.
    package func addHost(
        _ id: HostID, cluster: ClusterID, uri: String, limits: HostLimits = HostLimits(),
        in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        try await (runner ?? store).query(
            """
            INSERT INTO inventory.host (id, cluster, uri, cpu_overcommit_ppm, memory_overcommit_ppm, reserved_vcpus,
                reserved_memory_bytes, cpu_bound_ppm)
            VALUES (\(id), \(cluster), \(uri), \(limits.cpuOvercommit), \(limits.memoryOvercommit),
                \(limits.reservedVCPUs), \(limits.reservedMemory), \(limits.cpuBound))
            """)
    }

    /// All hosts, or one cluster's, by id.
    package func hosts(in cluster: ClusterID? = nil) async throws(StoreError) -> [HostRecord] {
        let rows = try await store.query(
            "SELECT * FROM inventory.host WHERE \(cluster)::text IS NULL OR cluster = \(cluster) ORDER BY id")
        var hosts: [HostRecord] = []
        for row in rows { hosts.append(try HostRecord(row)) }
        return hosts
    }

    package func host(_ id: HostID) async throws(StoreError) -> HostRecord? {
        guard let row = try await store.query("SELECT * FROM inventory.host WHERE id = \(id)").first else { return nil }
        return try HostRecord(row)
    }

    /// Throws `notFound`.
    package func setMode(
        of id: HostID, to mode: HostMode, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        let rows = try await (runner ?? store).query(
            "UPDATE inventory.host SET mode = \(mode.rawValue) WHERE id = \(id) RETURNING id")
        guard !rows.isEmpty else {
            throw StoreError(.notFound, operation: "set a host's mode", message: "there is no host '\(id)'")
        }
    }

    /// What the host of the claim says of itself; unknown values keep what was known.
    package func setFacts(_ facts: HostFacts, under claim: ShardClaim, in transaction: Transaction? = nil) async throws
    {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.host SET state = \(facts.state.rawValue),
                    cpu_count = coalesce(\(facts.cpuCount), cpu_count),
                    memory_bytes = coalesce(\(facts.memory), memory_bytes),
                    capabilities = coalesce(\(facts.capabilities)::jsonb, capabilities) WHERE id = \(claim.id)
                """)
        }
    }

    /// Every domain of the claim's host was seen at this instant: open segments are proved up to it. Never goes back.
    package func prove(until instant: Timestamp, under claim: ShardClaim, in transaction: Transaction? = nil)
        async throws
    {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.host SET proved_until_ns = \(instant)
                WHERE id = \(claim.id) AND (proved_until_ns IS NULL OR proved_until_ns < \(instant))
                """)
        }
    }
}
