// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What people set for a tenant while Scheduler runs: a row of `scheduling.tenant_setting`.
package struct TenantSetting: Hashable, Sendable {
    package var tenant: TenantID
    /// Due growths of heavier tenants are served first: 1 to 10 000; a tenant without a row has 100.
    package var weight: Int
    /// Whether everything is decided and recorded, and nothing is done.
    package var isDryRun: Bool

    package init(tenant: TenantID, weight: Int = 100, isDryRun: Bool = false) {
        self.tenant = tenant
        self.weight = weight
        self.isDryRun = isDryRun
    }
}

/// What people set for a cluster while Scheduler runs: a row of `scheduling.cluster_setting`. What is `nil` comes from
/// the configuration.
package struct ClusterSetting: Hashable, Sendable {
    package var cluster: ClusterID
    package var isDryRun: Bool
    /// A JSON array of windows in which nothing is done, such as
    /// `[{"startSecond": 28800, "lengthSeconds": 3600, "weekdays": [0]}]`: of the day, UTC; 0 is Monday.
    package var blackouts: String
    /// a, b and c of placement in parts per million, all three or none; their sum is 1 000 000.
    package var weights: PlacementShares?
    package var movesInPerHost: Int?
    package var movesOutPerHost: Int?
    package var movesPerCluster: Int?
    /// How long a domain rests after a move.
    package var moveRestNanoseconds: Int64?

    package init(cluster: ClusterID, isDryRun: Bool = false, blackouts: String = "[]") {
        self.cluster = cluster
        self.isDryRun = isDryRun
        self.blackouts = blackouts
    }

    /// The weights of placement's terms in parts per million.
    package struct PlacementShares: Hashable, Sendable {
        package var response: Int64
        package var cpu: Int64
        package var memory: Int64

        package init(response: Int64, cpu: Int64, memory: Int64) {
            self.response = response
            self.cpu = cpu
            self.memory = memory
        }
    }
}

/// Settings that people change while Scheduler runs; UserGateway writes them, with the person's name.
package struct SchedulingSettingsRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// All settings, by tenant; tenants without a row have the defaults.
    package func tenants() async throws(StoreError) -> [TenantSetting] {
        try await tenants("SELECT * FROM scheduling.tenant_setting ORDER BY tenant")
    }

    /// The settings that held at an instant.
    package func tenants(at instant: Timestamp) async throws(StoreError) -> [TenantSetting] {
        try await tenants(
            """
            SELECT * FROM scheduling.tenant_setting_timeline
            WHERE changed_ns <= \(instant) AND (ended_ns IS NULL OR ended_ns > \(instant)) ORDER BY tenant
            """)
    }

    private func tenants(
        _ query: Query, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> [TenantSetting] {
        store.setAside.read(try await (runner ?? store).query(query), of: "scheduling.tenant_setting", by: ["tenant"]) {
            row throws(StoreError) in
            TenantSetting(
                tenant: TenantID(trusted: try row.string("tenant")), weight: try row.int("weight"),
                isDryRun: try row.bool("dry_run"))
        }
    }

    /// Changes what is set for a tenant. Changes run one after another, so that two people who set different things at
    /// once both succeed.
    package func change(
        _ tenant: TenantID, by principal: String, at now: Timestamp, in transaction: Transaction,
        _ body: (inout TenantSetting) -> Void
    ) async throws(StoreError) -> TenantSetting {
        try await transaction.hold("scheduling.tenant_setting \(tenant)")
        let rows = try await tenants(
            "SELECT * FROM scheduling.tenant_setting WHERE tenant = \(tenant)", in: transaction)
        var setting = rows.first ?? TenantSetting(tenant: tenant)
        body(&setting)
        try await set(setting, by: principal, at: now, in: transaction)
        return setting
    }

    package func set(
        _ setting: TenantSetting, by principal: String, at now: Timestamp, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        _ = try await (runner ?? store).query(
            """
            INSERT INTO scheduling.tenant_setting (tenant, weight, dry_run, principal, changed_ns)
            VALUES (\(setting.tenant), \(setting.weight), \(setting.isDryRun), \(principal), \(now))
            ON CONFLICT (tenant) DO UPDATE SET weight = excluded.weight, dry_run = excluded.dry_run,
                principal = excluded.principal, changed_ns = excluded.changed_ns
            """)
    }

    /// `nil`: nobody has set anything for it.
    package func cluster(
        _ id: ClusterID, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> ClusterSetting? {
        try await (runner ?? store).query("SELECT * FROM scheduling.cluster_setting WHERE cluster = \(id)").first.map {
            row throws(StoreError) in try ClusterSetting(row)
        }
    }

    /// The setting that held at an instant; `nil`: nobody had set anything for it.
    package func cluster(_ id: ClusterID, at instant: Timestamp) async throws(StoreError) -> ClusterSetting? {
        try await store.query(
            """
            SELECT * FROM scheduling.cluster_setting_timeline WHERE cluster = \(id)
                AND changed_ns <= \(instant) AND (ended_ns IS NULL OR ended_ns > \(instant))
            """
        ).first.map { row throws(StoreError) in try ClusterSetting(row) }
    }

    /// Changes what is set for a cluster; one change after another, as with tenants.
    package func change(
        _ id: ClusterID, by principal: String, at now: Timestamp, in transaction: Transaction,
        _ body: (inout ClusterSetting) -> Void
    ) async throws(StoreError) -> ClusterSetting {
        try await transaction.hold("scheduling.cluster_setting \(id)")
        var setting = try await cluster(id, in: transaction) ?? ClusterSetting(cluster: id)
        body(&setting)
        try await set(setting, by: principal, at: now, in: transaction)
        return setting
    }

    package func set(
        _ setting: ClusterSetting, by principal: String, at now: Timestamp, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        _ = try await (runner ?? store).query(
            """
            INSERT INTO scheduling.cluster_setting (cluster, dry_run, blackouts, weight_response_ppm, weight_cpu_ppm,
                weight_memory_ppm, moves_in_per_host, moves_out_per_host, moves_per_cluster, move_rest_ns, principal,
                changed_ns)
            VALUES (\(setting.cluster), \(setting.isDryRun), \(setting.blackouts)::jsonb,
                \(setting.weights?.response), \(setting.weights?.cpu), \(setting.weights?.memory),
                \(setting.movesInPerHost), \(setting.movesOutPerHost), \(setting.movesPerCluster),
                \(setting.moveRestNanoseconds), \(principal), \(now))
            ON CONFLICT (cluster) DO UPDATE SET dry_run = excluded.dry_run, blackouts = excluded.blackouts,
                weight_response_ppm = excluded.weight_response_ppm, weight_cpu_ppm = excluded.weight_cpu_ppm,
                weight_memory_ppm = excluded.weight_memory_ppm, moves_in_per_host = excluded.moves_in_per_host,
                moves_out_per_host = excluded.moves_out_per_host, moves_per_cluster = excluded.moves_per_cluster,
                move_rest_ns = excluded.move_rest_ns, principal = excluded.principal, changed_ns = excluded.changed_ns
            """)
    }
}

extension ClusterSetting {
    fileprivate init(_ row: Row) throws(StoreError) {
        self.init(
            cluster: ClusterID(trusted: try row.string("cluster")), isDryRun: try row.bool("dry_run"),
            blackouts: try row.string("blackouts"))
        if let response = try row.int64OrNil("weight_response_ppm") {
            weights = PlacementShares(
                response: response, cpu: try row.int64("weight_cpu_ppm"), memory: try row.int64("weight_memory_ppm"))
        }
        movesInPerHost = try row.intOrNil("moves_in_per_host")
        movesOutPerHost = try row.intOrNil("moves_out_per_host")
        movesPerCluster = try row.intOrNil("moves_per_cluster")
        moveRestNanoseconds = try row.int64OrNil("move_rest_ns")
    }
}
