// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Which domains to list.
package enum DomainScope: Hashable, Sendable {
    case all
    case host(HostID)
    case tenant(TenantID)
}

extension InventoryRepository {
    /// Records a domain on the claim's host; an existing one with this id stays as it is. A deleted one that is found
    /// again begins anew, as a domain that Ebb did not make. Throws `uniqueViolation` if the tenant has another domain
    /// of this name.
    package func insertDomain(_ domain: NewDomain, under claim: ShardClaim, in transaction: Transaction? = nil)
        async throws
    {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                WITH revived AS (
                INSERT INTO inventory.domain AS d (id, name, tenant, host, state, maximum_vcpus, maximum_memory_bytes,
                    disk_bytes, managed, boot, foreign_manager)
                VALUES (\(domain.id), \(domain.name), \(domain.tenant), \(claim.id), \(domain.state),
                    \(domain.maximumVCPUs), \(domain.maximumMemory), \(domain.disk), \(domain.isManaged),
                    \(domain.boot)::jsonb, \(domain.foreignManager))
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, state = excluded.state,
                    tenant = NULL, managed = false, maximum_vcpus = excluded.maximum_vcpus, asked_vcpus = NULL,
                    granted_vcpus = NULL, confirmed_vcpus = NULL, memory_bytes = NULL,
                    maximum_memory_bytes = excluded.maximum_memory_bytes, disk_bytes = excluded.disk_bytes,
                    cpu_cap_ppm = NULL, seen_cpu_cap_ppm = NULL, network_cap_bytes_per_second = NULL, pending_maximum_vcpus = NULL,
                    pending_maximum_memory_bytes = NULL, incarnation_hypervisor = NULL, incarnation_start_ns = NULL,
                    foreign_manager = excluded.foreign_manager, missing_ns = NULL, deleted_ns = NULL,
                    revision = d.revision + 1
                WHERE d.deleted_ns IS NOT NULL AND NOT excluded.managed RETURNING d.id)
                -- What was kept of an earlier adoption is of another definition.
                DELETE FROM inventory.saved_definition WHERE domain IN (SELECT id FROM revived)
                """)
        }
    }

    /// Domains that are not deleted, by id.
    package func domains(_ scope: DomainScope) async throws(StoreError) -> [StoredDomain] {
        let condition: Query =
            switch scope {
            case .all: "true"
            case .host(let host): "host = \(host)"
            case .tenant(let tenant): "tenant = \(tenant)"
            }
        let rows = try await store.query(
            "SELECT * FROM inventory.domain WHERE deleted_ns IS NULL AND \(condition) ORDER BY id")
        return store.setAside.read(rows, of: "inventory.domain", by: ["id", "tenant", "name"]) {
            row throws(StoreError) in try StoredDomain(row)
        }
    }

    /// A domain, also a deleted one: bills and decisions still name it.
    ///
    /// - Parameter tenant: only if it is this tenant's; `nil`: any tenant's. Another tenant's domain is not read at
    ///   all.
    package func domain(_ id: DomainID, of tenant: TenantID? = nil) async throws(StoreError) -> StoredDomain? {
        try await records(
            """
            SELECT * FROM inventory.domain WHERE id = \(id) AND (\(tenant)::text IS NULL OR tenant = \(tenant))
            """
        ).first
    }

    /// These domains, also deleted ones, in one statement whatever their number.
    package func domains(_ ids: [DomainID]) async throws(StoreError) -> [DomainID: StoredDomain] {
        guard !ids.isEmpty else { return [:] }
        let texts = TextArray(ids.map(\.description))
        let rows = try await records("SELECT * FROM inventory.domain WHERE id = ANY(\(texts)::uuid[])")
        return Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
    }

    /// The names of these domains, also of deleted ones, even if the rest of a row can't be read.
    package func names(of ids: [DomainID]) async throws(StoreError) -> [DomainID: String] {
        guard !ids.isEmpty else { return [:] }
        let texts = TextArray(ids.map(\.description))
        var names: [DomainID: String] = [:]
        for row in try await store.query("SELECT id, name FROM inventory.domain WHERE id = ANY(\(texts)::uuid[])") {
            names[try row.domain("id")] = try row.string("name")
        }
        return names
    }

    package func domain(tenant: TenantID, name: String) async throws(StoreError) -> StoredDomain? {
        try await records(
            """
            SELECT * FROM inventory.domain
            WHERE tenant = \(tenant) AND name = \(name) AND deleted_ns IS NULL
            """
        ).first
    }

    /// Writes what is seen on the claim's host and returns the domain's revision, which rises by one if anything
    /// changed.
    ///
    /// Unknown values keep what was known. `nil`: nothing was written, since the domain is deleted or not recorded, or
    /// belongs to another host: what is seen here is a copy, or a late report from the source of a migration.
    /// - Parameter beaten: takes the domain from the host to which it belongs, if that host last showed it in one of
    ///   these states or does not have it any more; `nil` never takes it. If two hosts take it at once, the second one
    ///   gets it only if the first one wrote one of these states.
    @discardableResult
    package func observe(
        _ id: DomainID, _ seen: DomainObservation, taking beaten: [DomainState]? = nil, under claim: ShardClaim,
        in transaction: Transaction? = nil
    ) async throws -> Int64? {
        try await store.fenced(claim, in: transaction) { transaction in
            let start = seen.incarnation?.start
            let states = beaten.map { TextArray($0.map(\.rawValue)) }
            let rows = try await transaction.query(
                """
                UPDATE inventory.domain d SET host = n.host, name = n.name, missing_ns = n.missing_ns,
                    state = n.state, state_reason = n.state_reason, maximum_vcpus = n.maximum_vcpus,
                    asked_vcpus = n.asked_vcpus, granted_vcpus = n.granted_vcpus, confirmed_vcpus = n.confirmed_vcpus,
                    maximum_memory_bytes = n.maximum_memory_bytes, memory_bytes = n.memory_bytes,
                    disk_bytes = n.disk_bytes, incarnation_hypervisor = n.incarnation_hypervisor,
                    pending_maximum_vcpus = CASE WHEN n.maximum_vcpus < d.pending_maximum_vcpus
                        THEN d.pending_maximum_vcpus END,
                    pending_maximum_memory_bytes = CASE WHEN n.maximum_memory_bytes < d.pending_maximum_memory_bytes
                        THEN d.pending_maximum_memory_bytes END,
                    incarnation_start_ns = n.incarnation_start_ns, seen_cpu_cap_ppm = n.seen_cpu_cap_ppm,
                    leftover_volumes = CASE WHEN n.state IN ('unknown', 'shutoff', 'saved')
                        THEN d.leftover_volumes ELSE '[]' END,
                    revision = d.revision + CASE WHEN n.is_changed THEN 1 ELSE 0 END
                FROM (
                    SELECT v.*, (v.host, v.name, v.missing_ns, v.state, v.state_reason, v.maximum_vcpus,
                            v.asked_vcpus,
                            v.granted_vcpus, v.confirmed_vcpus,
                            v.maximum_memory_bytes, v.memory_bytes, v.disk_bytes, v.incarnation_hypervisor,
                            v.incarnation_start_ns, v.seen_cpu_cap_ppm)
                        IS DISTINCT FROM (o.host, o.name, o.missing_ns, o.state, o.state_reason, o.maximum_vcpus,
                            o.asked_vcpus,
                            o.granted_vcpus,
                            o.confirmed_vcpus, o.maximum_memory_bytes, o.memory_bytes, o.disk_bytes,
                            o.incarnation_hypervisor, o.incarnation_start_ns, o.seen_cpu_cap_ppm) AS is_changed
                    FROM (SELECT * FROM inventory.domain WHERE id = \(id) AND deleted_ns IS NULL FOR NO KEY UPDATE) o,
                        LATERAL (SELECT \(claim.id)::text AS host, \(seen.state)::text AS state,
                            CASE WHEN o.managed THEN o.name ELSE coalesce(\(seen.name), o.name) END AS name,
                            CASE WHEN \(seen.state) = 'unknown' THEN o.missing_ns END AS missing_ns,
                            \(seen.stateReason?.rawValue)::text AS state_reason,
                            coalesce(\(seen.vcpus?.maximum), o.maximum_vcpus) AS maximum_vcpus,
                            coalesce(\(seen.vcpus?.asked), o.asked_vcpus) AS asked_vcpus,
                            coalesce(\(seen.vcpus?.granted), o.granted_vcpus) AS granted_vcpus,
                            coalesce(\(seen.vcpus?.confirmed), o.confirmed_vcpus) AS confirmed_vcpus,
                            coalesce(\(seen.memory?.maximum), o.maximum_memory_bytes) AS maximum_memory_bytes,
                            coalesce(\(seen.memory?.allocated), o.memory_bytes) AS memory_bytes,
                            coalesce(\(seen.disk), o.disk_bytes) AS disk_bytes,
                            \(seen.cpuCap.storedPPM)::int8 AS seen_cpu_cap_ppm,
                            -- A life that it had on another host is none of this one's.
                            CASE WHEN o.host = \(claim.id)
                                THEN coalesce(\(seen.incarnation?.hypervisorID), o.incarnation_hypervisor)
                                ELSE \(seen.incarnation?.hypervisorID) END AS incarnation_hypervisor,
                            CASE WHEN o.host = \(claim.id) THEN coalesce(\(start), o.incarnation_start_ns)
                                ELSE \(start) END AS incarnation_start_ns) v
                    WHERE o.host = \(claim.id)
                        OR \(states)::text[] IS NOT NULL
                            AND (o.missing_ns IS NOT NULL OR o.state = ANY(\(states)::text[]))
                ) n WHERE d.id = \(id) RETURNING d.revision
                """)
            return try rows.first?.int64("revision")
        }
    }

    /// Notes the vCPUs that Ebb asks for, before it asks. Returns the new revision; `nil` if the domain is not on the
    /// claim's host or its revision is not `expectedRevision`.
    package func ask(
        _ id: DomainID, vcpus: VCPUCount, expectedRevision: Int64? = nil, under claim: ShardClaim,
        in transaction: Transaction? = nil
    ) async throws -> Int64? {
        try await store.fenced(claim, in: transaction) { transaction in
            try await transaction.query(
                """
                UPDATE inventory.domain SET asked_vcpus = \(vcpus), revision = revision + 1
                WHERE id = \(id) AND host = \(claim.id) AND deleted_ns IS NULL
                    AND (\(expectedRevision) IS NULL OR revision = \(expectedRevision)) RETURNING revision
                """
            ).first?.int64("revision")
        }
    }

    /// Adopts a found domain for a tenant, or releases it (`isManaged` false), from `instant` on (`nil`: from now on).
    /// `false`: it is not on the claim's host.
    package func setManaged(
        _ id: DomainID, _ isManaged: Bool, tenant: TenantID?, since instant: Timestamp? = nil, boot: String? = nil,
        under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws -> Bool {
        try await store.fenced(claim, in: transaction) { transaction in
            let rows = try await transaction.query(
                """
                UPDATE inventory.domain SET managed = \(isManaged), tenant = \(tenant), revision = revision + 1,
                    tenant_since_ns = coalesce(\(instant), tenant_since_ns), boot = coalesce(\(boot)::jsonb, boot)
                WHERE id = \(id) AND host = \(claim.id) AND deleted_ns IS NULL RETURNING id
                """)
            return !rows.isEmpty
        }
    }

    /// Marks a domain deleted, once; its name is free again. Close its size segment first.
    package func markDeleted(
        _ id: DomainID, at now: Timestamp, under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.domain SET deleted_ns = \(now), revision = revision + 1
                WHERE id = \(id) AND host = \(claim.id) AND deleted_ns IS NULL
                """)
        }
    }

    /// Notes that a complete listing of the claim's host does not have the domain. A domain that Ebb only observed, or
    /// that was to be created and was never seen, is marked deleted at once, and its name is free. A domain that Ebb
    /// manages is missing from then on: it holds no room until it is observed again. Close its size segment first.
    package func markAbsent(
        _ id: DomainID, at now: Timestamp, under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.domain d SET state = 'unknown', revision = d.revision + 1, granted_vcpus = NULL,
                    confirmed_vcpus = NULL, memory_bytes = NULL, seen_cpu_cap_ppm = NULL,
                    deleted_ns = CASE WHEN n.ends THEN \(now)::int8 END,
                    missing_ns = CASE WHEN NOT n.ends THEN coalesce(d.missing_ns, \(now)) END
                FROM (SELECT o.missing_ns, NOT o.managed OR o.incarnation_start_ns IS NULL
                        AND NOT EXISTS (SELECT 1 FROM inventory.size_segment s WHERE s.domain = o.id)
                        AND NOT EXISTS (SELECT 1 FROM inventory.saved_definition s WHERE s.domain = o.id) AS ends
                    FROM inventory.domain o WHERE o.id = \(id) AND o.deleted_ns IS NULL FOR NO KEY UPDATE) n
                WHERE d.id = \(id) AND d.host = \(claim.id) AND (n.ends OR n.missing_ns IS NULL)
                """)
        }
    }

    private func records(_ query: Query) async throws(StoreError) -> [StoredDomain] {
        var records: [StoredDomain] = []
        for row in try await store.query(query) { records.append(try StoredDomain(row)) }
        return records
    }
}
