// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import Store

@Suite("Ownership of before it was dated") struct OwnershipGuessTests {
    /// A database as the release before had it, with what `sql` put there; then upgraded.
    private func withUpgrade(_ sql: String, _ body: (Store) async throws -> Void) async throws {
        let cluster = try await PostgresCluster.shared()
        let dsn = cluster.dsn(database: try await cluster.makeEmptyDatabase())
        let store = try Store(configuration: StoreConfiguration(dsn: dsn, statementTimeout: .seconds(30)), log: .quiet)
        do {
            try await Migrator(Migration.all.filter { $0.version < Migration.ownership }).migrate(store)
            try await store.transaction { try await $0.execute(script: sql, within: .seconds(10)) }
            try await Migrator().migrate(store)
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    private let world = """
        INSERT INTO account.tenant (id) VALUES ('acme'), ('bob');
        INSERT INTO inventory.host (id, cluster, uri) VALUES ('h1', 'c1', 'fleet://h1');
        """

    private func domain(_ number: Int, _ tenant: String?, created: Int, deleted: Int? = nil) -> String {
        """
        INSERT INTO inventory.domain (id, name, tenant, host, state, maximum_vcpus, maximum_memory_bytes, managed,
            created_ns, deleted_ns)
        VALUES ('00000000-0000-0000-0000-00000000000\(number)', 'vm\(number)', \(tenant.map { "'\($0)'" } ?? "NULL"),
            'h1', 'running', 8, 1, \(tenant != nil), \(created), \(deleted.map { "\($0)" } ?? "NULL"));
        """
    }

    private func command(
        _ number: Int, _ verb: String, _ tenant: String? = nil, ended: Int, state: String = "succeeded"
    )
        -> String
    {
        """
        INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, state, created_ns,
            deadline_ns, finished_ns)
        VALUES (gen_random_uuid(), 'h1', '00000000-0000-0000-0000-00000000000\(number)', '\(verb)',
            '\(tenant.map { "{\"tenant\": \"\($0)\"}" } ?? "{}")', 'p', gen_random_uuid()::text, '\(state)',
            \(ended - 1), \(ended + 1), \(ended));
        """
    }

    private func periods(_ number: UInt64, _ store: Store) async throws -> [String] {
        try await OwnershipRepository(store).periods(of: DomainID(UUID128(high: 0, low: number))).map {
            "\($0.tenant) \($0.from.nanoseconds) \($0.until.map { "\($0.nanoseconds)" } ?? "-")"
        }
    }

    @Test("it is taken from the ends of commands, else from the rows, and what was guessed is listed")
    func guesses() async throws {
        let sql =
            world
            // Created and kept; created and deleted; found, adopted, released and adopted by another.
            + domain(1, "acme", created: 10) + command(1, "create", "acme", ended: 12)
            + domain(2, "acme", created: 20, deleted: 30) + command(2, "create", "acme", ended: 22)
            + command(2, "delete", ended: 31)
            + domain(3, "bob", created: 5) + command(3, "adopt", "acme", ended: 40) + command(3, "release", ended: 50)
            + command(3, "adopt", "bob", ended: 60)
            // Released: nobody's now, and the tenant's bill of the past is not empty for that.
            + domain(4, nil, created: 5) + command(4, "adopt", "acme", ended: 40) + command(4, "release", ended: 50)
            // Of which no command tells; whose adoption failed; that nobody ever had.
            + domain(5, "bob", created: 7) + domain(6, nil, created: 5)
            + command(6, "adopt", "acme", ended: 9, state: "failed") + domain(7, nil, created: 5)
        try await withUpgrade(sql) { store in
            #expect(try await periods(1, store) == ["acme 10 -"])
            #expect(try await periods(2, store) == ["acme 20 30"])
            #expect(try await periods(3, store) == ["acme 40 50", "bob 60 -"])
            #expect(try await periods(4, store) == ["acme 40 50"])
            #expect(try await periods(5, store) == ["bob 7 -"])
            #expect(try await periods(6, store).isEmpty)
            #expect(try await periods(7, store).isEmpty)
            let guesses = try await OwnershipRepository(store).guesses()
            #expect(guesses.count == 6)
            #expect(guesses[3].contains("vm3") && guesses[3].contains("bob's") && guesses[3].contains("end of adopt"))
            #expect(guesses.last?.contains("created_ns") == true)
            let since = try await InventoryRepository(store).domains(.all).map(\.tenantSince.nanoseconds)
            #expect(since == [10, 60, 50, 7, 5, 5])
        }
    }

    @Test("where stored counters fall is found, and no reading is lost")
    func falls() async throws {
        let sql =
            world + domain(1, "acme", created: 0)
                + """
                INSERT INTO inventory.meter_reading (domain, host, incarnation_start_ns, at_ns, network_received_bytes,
                    network_transmitted_bytes)
                SELECT '00000000-0000-0000-0000-000000000001', 'h1', 0, a, v, 0
                FROM (VALUES (0::int8, 0::int8), (9, 5368709120), (10, 1073741824), (20, 2147483648)) x(a, v);
                """
        try await withUpgrade(sql) { store in
            let falls = try await store.query("SELECT at_ns FROM inventory.meter_fall")
            #expect(try falls.map { try $0.int64("at_ns") } == [10])
            #expect(try await store.query("SELECT 1 FROM inventory.meter_reading").count == 4)
        }
    }
}
