// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
internal import Logging
internal import ResourceModel

/// One step of the schema: SQL that ran once and never changes again.
package struct Migration: Hashable, Sendable {
    /// Counts up, from 1; numbers may be left out.
    package let version: Int64
    package let name: String
    package let sql: String

    package init(version: Int64, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    private init(_ version: Int64, _ name: String, _ text: [UInt8]) {
        self.init(version: version, name: name, sql: String(decoding: text, as: UTF8.self))
    }

    /// SHA-256 of the text.
    package var checksum: [UInt8] { SHA256.hash(sql) }

    /// The step that gave ownership its dates, and that guesses who owned what before.
    package static let ownership: Int64 = 9

    /// The steps of this release, oldest first. Their files are compiled into the binary, which may be copied anywhere.
    package static let all = [
        Migration(1, "foundation", PackageResources._001_foundation_sql),
        Migration(2, "monitor", PackageResources._002_monitor_sql),
        Migration(3, "scheduler", PackageResources._003_scheduler_sql),
        Migration(4, "life_mark", PackageResources._004_life_mark_sql),
        Migration(5, "history", PackageResources._005_history_sql),
        Migration(6, "bounds", PackageResources._006_bounds_sql),
        Migration(7, "presence", PackageResources._007_presence_sql),
        Migration(8, "operations", PackageResources._008_operations_sql),
        Migration(ownership, "ownership", PackageResources._009_ownership_sql),
        Migration(10, "meters", PackageResources._010_meters_sql),
        Migration(11, "rate_card_withdrawal", PackageResources._011_rate_card_withdrawal_sql),
        Migration(12, "places", PackageResources._012_places_sql),
        Migration(13, "true_ratio", PackageResources._013_true_ratio_sql),
        Migration(14, "listings", PackageResources._014_listings_sql),
        Migration(15, "tokens_and_keys", PackageResources._015_tokens_and_keys_sql),
        Migration(16, "quotas", PackageResources._016_quotas_sql),
        Migration(18, "least_privilege", PackageResources._018_least_privilege_sql),
        Migration(19, "audit_by_role", PackageResources._019_audit_by_role_sql),
        Migration(20, "tenants_see_their_own", PackageResources._020_tenants_see_their_own_sql),
        Migration(21, "missing_instances", PackageResources._021_missing_instances_sql),
        Migration(23, "instants", PackageResources._023_instants_sql),
        Migration(24, "audit_actors", PackageResources._024_audit_actors_sql),
        Migration(25, "console_of_its_time", PackageResources._025_console_of_its_time_sql),
        Migration(26, "unknown_copies", PackageResources._026_unknown_copies_sql),
        Migration(27, "own_orders", PackageResources._027_own_orders_sql),
        Migration(28, "narrower_roles", PackageResources._028_narrower_roles_sql),
        Migration(29, "no_past", PackageResources._029_no_past_sql),
        Migration(30, "only_what_was_measured", PackageResources._030_only_what_was_measured_sql),
        Migration(31, "bounds_of_instants", PackageResources._031_bounds_of_instants_sql),
        Migration(32, "what_stays", PackageResources._032_what_stays_sql),
        Migration(33, "caps", PackageResources._033_caps_sql),
        Migration(34, "xen_caps", PackageResources._034_xen_caps_sql),
        Migration(35, "growths_of_one_vm", PackageResources._035_growths_of_one_vm_sql),
        Migration(36, "capacity", PackageResources._036_capacity_sql),
        Migration(37, "two_freezes", PackageResources._037_two_freezes_sql),
    ]
}

/// Brings the schema up to date, and checks whether it is.
package struct Migrator: Sendable {
    private let migrations: [Migration]

    /// `migrations` must be in order of their versions.
    package init(_ migrations: [Migration] = Migration.all) {
        let pairs = zip(migrations, migrations.dropFirst())
        precondition(pairs.allSatisfy { $0.version < $1.version }, "versions must rise")
        self.migrations = migrations
    }

    /// The newest version of this release.
    private var newest: Int64 { migrations.last?.version ?? 0 }

    /// Runs what is missing, each step in one transaction; several at once wait for each other. Returns the versions
    /// that it ran. Throws `migrationEdited` and `schemaTooNew` before it changes anything.
    @discardableResult
    package func migrate(_ store: Store, within timeout: Duration = .seconds(300)) async throws -> [Int64] {
        var versions: [Int64] = []
        while let version = try await runNext(store, timeout) { versions.append(version) }
        return versions
    }

    /// Throws `schemaTooOld` unless every step of this release was run, and `migrationEdited` if one differs. Newer
    /// steps are fine: the previous release runs on the new schema.
    package func check(_ store: Store) async throws(StoreError) {
        let applied: [Int64: [UInt8]]
        do throws(StoreError) {
            applied = try await Self.applied(store)
        } catch {
            guard error.code == .undefinedTable else { throw error }
            throw Self.tooOld(have: 0, need: newest)
        }
        try compare(applied)
        guard migrations.allSatisfy({ applied[$0.version] != nil }) else {
            throw Self.tooOld(have: applied.keys.max() ?? 0, need: newest)
        }
    }

    private func runNext(_ store: Store, _ timeout: Duration) async throws -> Int64? {
        try await store.transaction { transaction in
            try await transaction.query(
                "SELECT pg_advisory_xact_lock(hashtext('ebb.schema_migration'))", within: timeout)
            try await transaction.execute(script: Self.table, within: timeout)
            let applied = try await Self.applied(transaction)
            try compare(applied)
            if let present = applied.keys.max(), present > newest {
                throw StoreError(
                    .schemaTooNew, operation: "migrate",
                    message: "the schema is at version \(present), this release knows only \(newest): "
                        + "use the newer ebb-migrate")
            }
            guard let next = migrations.first(where: { applied[$0.version] == nil }) else { return nil }
            try await transaction.execute(script: next.sql, within: timeout)
            try await transaction.query(
                """
                INSERT INTO public.schema_migration (version, name, checksum, applied_ns)
                VALUES (\(next.version), \(next.name), \(next.checksum),
                    (extract(epoch FROM clock_timestamp()) * 1000000000)::int8)
                """)
            return next.version
        }
    }

    private static let table = """
        SET LOCAL client_min_messages = warning;
        CREATE TABLE IF NOT EXISTS public.schema_migration (
            version int8 PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL, applied_ns int8 NOT NULL);
        GRANT SELECT ON public.schema_migration TO PUBLIC;
        """

    private static func applied(_ runner: some QueryRunner) async throws(StoreError) -> [Int64: [UInt8]] {
        var applied: [Int64: [UInt8]] = [:]
        for row in try await runner.query("SELECT version, checksum FROM public.schema_migration") {
            applied[try row.int64("version")] = try row.bytes("checksum")
        }
        return applied
    }

    private func compare(_ applied: [Int64: [UInt8]]) throws(StoreError) {
        for migration in migrations {
            guard let checksum = applied[migration.version], checksum != migration.checksum else { continue }
            throw StoreError(
                .migrationEdited, operation: "check the schema",
                message: "migration \(migration.version) (\(migration.name)) differs from the one that was run: "
                    + "restore its text and write a new migration instead")
        }
    }

    private static func tooOld(have: Int64, need: Int64) -> StoreError {
        StoreError(
            .schemaTooOld, operation: "check the schema",
            message: "the schema is at version \(have), this release needs \(need): run ebb-migrate")
    }
}
