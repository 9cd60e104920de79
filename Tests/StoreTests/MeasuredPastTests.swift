// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import TestSupport
import Testing

@testable import Store

@Suite("What was measured, and who had a service's password") struct MeasuredPastTests {
    /// What Monitor's role does in a world in which `h-1` was read up to an instant, in minutes from now.
    private struct Watch {
        let world: World
        let monitor: Store

        var inventory: InventoryRepository { InventoryRepository(monitor) }

        @discardableResult
        func size(
            _ vcpus: Int, since: Int64, until: Int64? = nil, seen: Int64, life: Int64 = -9_000,
            under claim: ShardClaim? = nil
        ) async throws -> SizeEffect {
            try await inventory.observeSize(
                SizeReport(
                    domain: world.domain, incarnationStart: minute(life), observedAt: minute(seen),
                    since: minute(since), previousUntil: until.map(minute), vcpus: VCPUCount(clamping: vcpus),
                    memory: vcpus > 0 ? .gibibytes(1) : .zero, disk: .gibibytes(1)), under: claim ?? world.claim)
        }

        func read(_ minutes: Int64..., life: Int64 = -9_000, under claim: ShardClaim? = nil) async throws {
            let claim = claim ?? world.claim
            guard let host = HostID(claim.id) else { return }
            let readings = minutes.map { at in
                StoredReading(
                    domain: world.domain, host: host, incarnationStart: minute(life), at: minute(at),
                    counters: DomainCounters(networkTransmittedBytes: 1))
            }
            try await inventory.insertReadings(readings, under: claim)
        }

        func prove(_ minutes: Int64, _ claim: ShardClaim? = nil) async throws {
            try await inventory.prove([(claim: claim ?? world.claim, until: minute(minutes))])
        }

        /// Another host, as old as the first.
        func addTarget() async throws -> ShardClaim {
            let claim = try await world.addHost("h-2")
            try await world.store.query("UPDATE inventory.host SET created_ns = \(minute(-10_000))")
            return claim
        }

        /// An order of before, as the administrator has it.
        func ordered(_ verb: String, _ arguments: String = "{}", at minutes: Int64, state: String) async throws {
            try await world.store.query(
                """
                INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, state,
                    created_ns, claimed_ns, deadline_ns)
                VALUES (gen_random_uuid(), 'h-1', \(world.domain), \(verb), \(arguments)::jsonb, 'p', \(verb), \(state),
                    \(minute(minutes)), \(minute(minutes)), \(minute(0)))
                """)
        }

        /// Start, end and vCPUs, in minutes from now.
        func spans() async throws -> [String] {
            let always = try #require(TimeRange(.zero, .distantFuture))
            return try await world.inventory.segments(of: world.domain, in: always).map {
                "\(minutes($0.start)) \($0.end.map(minutes) ?? "-") \($0.vcpus.count) \($0.host)"
            }
        }

        private func minutes(_ instant: Timestamp) -> String {
            "\((instant.nanoseconds - recent(0).nanoseconds) / 60_000_000_000)"
        }
    }

    private func withWatch(_ body: (Watch) async throws -> Void) async throws {
        try await withWorld { world async throws in
            try await world.store.query("UPDATE inventory.host SET created_ns = \(minute(-10_000)) WHERE id = 'h-1'")
            try await world.database.withStore(role: "ebb_monitor", poolSize: 2) { monitor async throws in
                try await body(Watch(world: world, monitor: monitor))
            }
        }
    }

    private func expectRefused(
        _ what: String, _ expected: StoreError.Code = .insufficientPrivilege, _ body: () async throws -> Void
    ) async {
        await #expect("\(what)") { try await body() } throws: { code($0) == expected }
    }

    private func expectDenied(_ world: World, _ role: String, _ sql: String) async throws {
        try await world.database.withStore(role: role, poolSize: 1) { store async throws in
            await #expect("\(role) must not: \(sql)") { try await store.query(Query(unsafeSQL: sql)) } throws: {
                code($0) == .insufficientPrivilege
            }
        }
    }

    // MARK: Sizes

    @Test("what was measured stays: a size begins and ends ten minutes before it at the earliest")
    func sizesStay() async throws {
        try await withWatch { watch async throws in
            try await watch.prove(-200)
            try await watch.size(2, since: -200, seen: -200)
            try await watch.prove(-20)
            #expect(try await watch.size(512, since: -9_000, until: -9_000, seen: -1) == .opened)
            #expect(try await watch.spans() == ["-200 -30 2 h-1", "-30 - 512 h-1"])
            // Nor is it smaller since then, without an order.
            try await watch.prove(-5)
            #expect(try await watch.size(1, since: -9_000, until: -9_000, seen: 0) == .opened)
            #expect(try await watch.spans() == ["-200 -30 2 h-1", "-30 -15 512 h-1", "-11 - 1 h-1"])
        }
    }

    @Test("a reading of a domain keeps its size up to then, also on a host that was never proved")
    func readingsKeep() async throws {
        try await withWatch { watch async throws in
            try await watch.size(2, since: -200, seen: -200)
            try await watch.read(-40)
            #expect(try await watch.size(512, since: -200, until: -200, seen: -1) == .opened)
            #expect(try await watch.spans().last == "-50 - 512 h-1")
        }
    }

    @Test("of a VM that was off since then, no size and no reading is of that time, whichever host is named")
    func offSince() async throws {
        try await withWatch { watch async throws in
            let target = try await watch.addTarget()
            try await watch.prove(-300)
            try await watch.size(0, since: -300, seen: -300)
            try await watch.prove(-20)
            await expectRefused("a reading of then", .checkViolation) { try await watch.read(-200) }
            await expectRefused("on another host", .checkViolation) {
                try await watch.read(-200, life: -200, under: target)
            }
            #expect(try await watch.size(512, since: -200, seen: -1, life: -200, under: target) == .opened)
            #expect(try await watch.spans().last == "-30 - 512 h-2")
        }
    }

    @Test("facts that waited for the database are written with their own instants, hours later")
    func backlog() async throws {
        try await withWatch { watch async throws in
            try await watch.size(2, since: -400, seen: -400)
            try await watch.read(-400, -300)
            try await watch.prove(-300)
            // Since then the database was away: a growth that was confirmed later, a reboot and a stop.
            #expect(try await watch.size(4, since: -302, seen: -299) == .opened)
            try await watch.read(-280, -270)
            #expect(try await watch.size(3, since: -250, until: -260, seen: -249, life: -250) == .opened)
            try await watch.read(-250, -249, life: -250)
            // The last reading of the life before comes late.
            try await watch.read(-260)
            #expect(try await watch.size(0, since: -100, seen: -100, life: -250) == .opened)
            try await watch.prove(0)
            #expect(
                try await watch.spans() == [
                    "-400 -302 2 h-1", "-302 -260 4 h-1", "-250 -100 3 h-1", "-100 - 0 h-1",
                ])
        }
    }

    @Test("a domain that an order moved is on its target since then, though both hosts were read since")
    func moved() async throws {
        try await withWatch { watch async throws in
            let target = try await watch.addTarget()
            try await watch.size(2, since: -400, seen: -400)
            try await watch.read(-400, -200)
            try await watch.ordered("migrate", #"{"target": "h-2"}"#, at: -150, state: "claimed")
            try await watch.prove(0)
            try await watch.prove(0, target)
            #expect(try await watch.size(2, since: -120, seen: -119, life: -120, under: target) == .opened)
            #expect(try await watch.spans() == ["-400 -120 2 h-1", "-120 - 2 h-2"])
            try await watch.read(-120, -119, life: -120, under: target)
            try await watch.read(-1, life: -120, under: target)
            await expectRefused("another life there", .checkViolation) {
                try await watch.read(-110, life: -110, under: target)
            }
        }
    }

    @Test("a domain is not moved into the past by an order that failed, or that names another host")
    func notMoved() async throws {
        for (arguments, state) in [(#"{"target": "h-2"}"#, "failed"), (#"{"target": "h-3"}"#, "succeeded")] {
            try await withWatch { watch async throws in
                let target = try await watch.addTarget()
                try await watch.size(2, since: -400, seen: -400)
                try await watch.ordered("migrate", arguments, at: -150, state: state)
                try await watch.prove(-20)
                try await watch.size(512, since: -150, seen: -1, life: -150, under: target)
                #expect(try await watch.spans().first == "-400 -30 2 h-1")
                await expectRefused("a reading", .checkViolation) {
                    try await watch.read(-140, life: -150, under: target)
                }
            }
        }
    }

    @Test("a guest that was asked to shut down is smaller since then, and never larger")
    func shutdown() async throws {
        for vcpus in [0, 512] {
            try await withWatch { watch async throws in
                try await watch.size(2, since: -400, seen: -400)
                try await watch.ordered("shutdown", at: -90, state: "succeeded")
                try await watch.prove(-20)
                #expect(try await watch.size(vcpus, since: -90, seen: -1) == .opened)
                #expect(try await watch.spans().last == (vcpus == 0 ? "-90 - 0 h-1" : "-30 - 512 h-1"))
            }
        }
    }

    @Test("a size, a life and a reading are not later than now")
    func notAhead() async throws {
        try await withWatch { watch async throws in
            try await watch.size(2, since: -20, seen: -20)
            let later: Int64 = 90_000_000
            await expectRefused("a start") { try await watch.size(7, since: later, until: 0, seen: 0) }
            await expectRefused("an end") { try await watch.size(7, since: 0, until: later, seen: 0) }
            await expectRefused("a look") { try await watch.size(7, since: 0, seen: later) }
            await expectRefused("a life") { try await watch.size(7, since: 0, seen: 0, life: later) }
            await expectRefused("a reading") { try await watch.read(0, later) }
            await expectRefused("an end of the domain") {
                try await watch.inventory.markDeleted(watch.world.domain, at: minute(later), under: watch.world.claim)
            }
            try await watch.prove(later)
            let proved = try await watch.world.inventory.host("h-1")?.provedUntil
            #expect(try #require(proved) < minute(60))
            #expect(try await watch.spans() == ["-20 - 2 h-1"])
        }
    }

    // MARK: Domains, hosts and readings

    @Test("no VM is invented in a month that has ended, and none grows older")
    func ghosts() async throws {
        try await withWatch { watch async throws in
            let columns = "id, name, tenant, host, state, maximum_vcpus, maximum_memory_bytes, managed"
            let ghost = "gen_random_uuid(), 'ghost', 't-1', 'h-1', 'running', 8, 1, true"
            let old = "cluster.now_ns() - 2592000000000000"
            for (column, value) in [
                ("created_ns", old), ("tenant_since_ns", old), ("deleted_ns", old), ("missing_ns", old),
                ("created_ns", "7250000000000000000"), ("tenant_since_ns", "7250000000000000000"),
            ] {
                try await expectDenied(
                    watch.world, "ebb_monitor",
                    "INSERT INTO inventory.domain (\(columns), \(column)) VALUES (\(ghost), \(value))")
            }
            try await expectDenied(watch.world, "ebb_monitor", "UPDATE inventory.domain SET created_ns = 1")
            try await watch.world.inventory.markDeleted(
                watch.world.domain, at: minute(-1), under: watch.world.claim)
            try await expectDenied(
                watch.world, "ebb_monitor",
                "UPDATE inventory.domain SET deleted_ns = NULL, tenant = 't-1', tenant_since_ns = \(old)")
        }
    }

    @Test("readings are of the time since the host was read, or since its row was made")
    func readings() async throws {
        try await withWatch { watch async throws in
            await expectRefused("before the host's row", .checkViolation) { try await watch.read(-10_011) }
            try await watch.read(-9_999)
            try await watch.read(-100)
            try await watch.read(-109)
            await expectRefused("before the domain's newest", .checkViolation) { try await watch.read(-111) }
            await expectRefused("beside a newer one", .checkViolation) { try await watch.read(-111, -50) }
            try await watch.prove(-50)
            try await watch.read(-59)
            await expectRefused("before the host's proof", .checkViolation) { try await watch.read(-61) }
            #expect(try await watch.world.store.query("SELECT 1 FROM inventory.meter_reading").count == 4)
        }
    }

    @Test("a host was read as far as it was read")
    func proofs() async throws {
        try await withWatch { watch async throws in
            try await watch.prove(-5)
            try await watch.inventory.noteListed([(claim: watch.world.claim, at: minute(-5))])
            for column in ["proved_until_ns", "listed_ns"] {
                for value in ["NULL", "1"] {
                    try await expectDenied(
                        watch.world, "ebb_monitor", "UPDATE inventory.host SET \(column) = \(value)")
                }
            }
            try await watch.prove(-4)
            #expect(try await watch.world.inventory.host("h-1")?.provedUntil == minute(-4))
        }
    }

    @Test("a size from before that begins or ends in the future is gone after the upgrade; the next one is opened")
    func mended() async throws {
        let cluster = try await PostgresCluster.shared()
        let dsn = cluster.dsn(database: try await cluster.makeEmptyDatabase())
        let store = try Store(configuration: StoreConfiguration(dsn: dsn, statementTimeout: .seconds(30)), log: .quiet)
        do {
            try await Migrator(Migration.all.filter { $0.version < 30 }).migrate(store)
            try await store.transaction { transaction in
                try await transaction.execute(
                    script: """
                        INSERT INTO inventory.host (id, cluster, uri) VALUES ('h-1', 'c-1', 'fleet://h-1');
                        INSERT INTO cluster.shard (kind, id, epoch) VALUES ('host', 'h-1', 0);
                        INSERT INTO inventory.domain (id, name, host, state, maximum_vcpus, maximum_memory_bytes, managed)
                        VALUES ('00000000-0000-0001-0000-000000000001', 'vm-1', 'h-1', 'running', 8, 1, true);
                        SELECT inventory.observe_size('h-1', 0, '00000000-0000-0001-0000-000000000001', 5, 5, 5, 5,
                            2, 1, 1, 2, 2);
                        SELECT inventory.observe_size('h-1', 0, '00000000-0000-0001-0000-000000000001', 5,
                            7250000000000000001, 7250000000000000000, 7250000000000000001, 7, 1, 1, 7, 7);
                        """, within: .seconds(10))
            }
            try await Migrator().migrate(store)
            let open = try await store.query("SELECT start_ns, vcpus FROM inventory.size_segment WHERE end_ns IS NULL")
            #expect(try open.map { try $0.int64("start_ns") } == [5])
            let rows = try await store.query(
                """
                SELECT inventory.observe_size('h-1', 0, '00000000-0000-0001-0000-000000000001', 5, cluster.now_ns(),
                    cluster.now_ns(), cluster.now_ns(), 3, 1, 1, 3, 3) AS effect
                """)
            #expect(try rows[0].string("effect") == "opened")
            #expect(try await store.query("SELECT 1 FROM audit.outbox WHERE action = 'size.mend'").count == 2)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }
}

/// So many minutes after the start of the tests.
private func minute(_ minutes: Int64) -> Timestamp { recent(minutes * 60) }
