// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@Suite("What is written at once, and who had a service's password") struct WrittenNowTests {
    private func expectDenied(_ world: World, _ role: String, _ sql: String) async throws {
        try await world.database.withStore(role: role, poolSize: 1) { store async throws in
            await #expect("\(role) must not: \(sql)") { try await store.query(Query(unsafeSQL: sql)) } throws: {
                code($0) == .insufficientPrivilege
            }
        }
    }

    @Test("settings and freezes hold from now on, and are somebody's")
    func settings() async throws {
        try await withWorld { world async throws in
            try await world.store.query(
                "INSERT INTO account.principal (id, name, role) VALUES (gen_random_uuid(), 'ada', 'operator')")
            let before = "cluster.now_ns() - 120000000000"
            let tenant = "INSERT INTO scheduling.tenant_setting (tenant, principal, changed_ns) VALUES"
            let cluster = "INSERT INTO scheduling.cluster_setting (cluster, principal, changed_ns) VALUES"
            let freeze = "INSERT INTO cluster.freeze (scope, id, reason, principal, created_ns) VALUES ('vm', 'x', 'r',"
            try await world.database.withStore(role: "ebb_usergateway", poolSize: 1) { store async throws in
                for sql in [
                    "\(tenant) ('t-1', 'ada', cluster.now_ns())", "\(cluster) ('c-1', 'ada', cluster.now_ns())",
                    "\(freeze) 'ada', cluster.now_ns())",
                ] { try await store.query(Query(unsafeSQL: sql)) }
            }
            for instant in [before, "7250000000000000000"] {
                for sql in [
                    "\(tenant) ('t-2', 'ada', \(instant))", "\(cluster) ('c-2', 'ada', \(instant))",
                    "\(freeze) 'ada', \(instant))", "UPDATE scheduling.tenant_setting SET changed_ns = \(instant)",
                    "UPDATE scheduling.cluster_setting SET changed_ns = \(instant)",
                ] { try await expectDenied(world, "ebb_usergateway", sql) }
            }
            for sql in [
                "\(tenant) ('t-2', 'nobody', cluster.now_ns())", "\(cluster) ('c-2', 'nobody', cluster.now_ns())",
                "UPDATE scheduling.tenant_setting SET principal = 'nobody'",
            ] { try await expectDenied(world, "ebb_usergateway", sql) }
        }
    }

    @Test("a decision is of now and under the cluster's epoch, and what it came to is after it and not ahead")
    func decisions() async throws {
        try await withWorld { world async throws in
            let columns = "id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record"
            func insert(_ id: String, _ epoch: String, _ at: String, cluster: String = "'c-1'") -> String {
                """
                INSERT INTO scheduling.decision (\(columns))
                VALUES (\(id), \(cluster), \(epoch), gen_random_uuid(), \(at), 'grow', 1, 's', '{}')
                """
            }
            let id = "'00000000-0000-0000-0000-000000000007'"
            let held = "\(world.cluster.epoch)"
            try await world.database.withStore(role: "ebb_scheduler", poolSize: 1) { store async throws in
                try await store.query(Query(unsafeSQL: insert(id, held, "cluster.now_ns()")))
            }
            let outcome = "INSERT INTO scheduling.decision_outcome (decision, at_ns, outcome, detail) VALUES (\(id),"
            for sql in [
                insert("gen_random_uuid()", held, "cluster.now_ns() - 31536000000000000"),
                insert("gen_random_uuid()", held, "7250000000000000000"),
                insert("gen_random_uuid()", "0", "cluster.now_ns()"),
                insert("gen_random_uuid()", held, "cluster.now_ns()", cluster: "'c-9'"),
                "\(outcome) 7250000000000000000, 'succeeded', '')", "\(outcome) 5, 'succeeded', '')",
                "INSERT INTO cluster.freeze (scope, id, reason, principal, is_automatic, created_ns) "
                    + "VALUES ('cluster', 'c-1', 'r', 'scheduler', true, 5)",
            ] { try await expectDenied(world, "ebb_scheduler", sql) }
        }
    }

    @Test("Logger makes no days of another year")
    func partitions() async throws {
        try await withWorld { world async throws in
            try await expectDenied(
                world, "ebb_logger", "SELECT log.maintain_partitions(5680281600000000000, 5680281600000000000, 0)")
            try await world.database.withStore(role: "ebb_logger", poolSize: 1) { store async throws in
                try await store.query("SELECT log.maintain_partitions(0, 86400000000000, 0)")
                try await store.query("SELECT log.maintain_partitions(\(recent(-86_400)), \(recent(86_400)), 0)")
            }
            let days = try await world.store.query(
                "SELECT 1 FROM pg_inherits WHERE inhparent = 'log.sample'::regclass")
            #expect(days.count == 3)
        }
    }

    @Test("a host stays where it is until it is removed, and looks no fresher than it is")
    func liveHosts() async throws {
        try await withWorld { world async throws in
            for change in ["uri = 'fleet://elsewhere'", "cluster = 'c-9'"] {
                try await expectDenied(world, "ebb_usergateway", "UPDATE inventory.host SET \(change)")
            }
            try await world.database.withStore(role: "ebb_monitor", poolSize: 1) { store async throws in
                try await store.query("UPDATE inventory.host SET proved_until_ns = 7250000000000000000")
            }
            let isAhead = try await world.store.query(
                "SELECT bool_or(proved_until_ns > cluster.now_ns()) AS ahead FROM inventory.host")
            #expect(try isAhead[0].bool("ahead") == false)
            try await world.store.query("UPDATE inventory.host SET removed_ns = cluster.now_ns()")
            try await world.database.withStore(role: "ebb_usergateway", poolSize: 1) { store async throws in
                try await InventoryRepository(store).addHost(world.host, cluster: "c-9", uri: "fleet://elsewhere")
            }
        }
    }

    @Test("room is promised for an hour at most, and counts for the tenant of its domain")
    func permits() async throws {
        try await withWorld { world async throws in
            try await world.store.query("UPDATE inventory.domain SET tenant = 't-1'")
            func insert(_ minutes: Int64, _ tenant: String) -> String {
                """
                INSERT INTO scheduling.permit (id, host, domain, purpose, vcpus, memory_bytes, expires_ns, tenant)
                VALUES (gen_random_uuid(), 'h-1', '\(world.domain)', 'grow', 1, 1,
                    cluster.now_ns() + \(minutes) * 60000000000, \(tenant))
                """
            }
            try await expectDenied(world, "ebb_scheduler", insert(63, "'t-1'"))
            try await expectDenied(world, "ebb_scheduler", insert(2, "'t-9'"))
            try await world.database.withStore(role: "ebb_scheduler", poolSize: 1) { store async throws in
                try await store.query(Query(unsafeSQL: insert(60, "'t-1'")))
                try await store.query(Query(unsafeSQL: insert(2, "NULL")))
            }
            func extend(_ minutes: Int64) -> String {
                "UPDATE scheduling.permit SET expires_ns = cluster.now_ns() + \(minutes) * 60000000000"
            }
            // The domain may have a new owner while it is on its way.
            try await AccountRepository(world.store).addTenant("t-2")
            try await world.store.query("UPDATE inventory.domain SET tenant = 't-2'")
            for role in ["ebb_monitor", "ebb_scheduler"] {
                try await expectDenied(world, role, extend(63))
                try await world.database.withStore(role: role, poolSize: 1) { store async throws in
                    try await store.query(Query(unsafeSQL: extend(60)))
                }
            }
        }
    }

    @Test("no service writes an audit entry of another time, and what waited a day for the database is written")
    func auditEntries() async throws {
        try await withWorld { world async throws in
            func entry(_ service: ServiceKind, _ instant: String) -> String {
                "SELECT audit.append(\(instant), '\(service.rawValue)', 'vm.delete', 'web-1', '{}')"
            }
            for service in ServiceKind.allCases {
                for instant in ["1", "7250000000000000000", "cluster.now_ns() - 8 * 86400000000000"] {
                    try await expectDenied(world, "ebb_\(service.rawValue)", entry(service, instant))
                }
            }
            try await world.database.withStore(role: "ebb_monitor", poolSize: 1) { store async throws in
                try await store.query(Query(unsafeSQL: entry(.monitor, "cluster.now_ns() - 86400000000000")))
                let long = entry(.monitor, "cluster.now_ns()").replacing("'web-1'", with: "repeat('x', 1048576)")
                await #expect(throws: StoreError.self) { try await store.query(Query(unsafeSQL: long)) }
            }
        }
    }
}
