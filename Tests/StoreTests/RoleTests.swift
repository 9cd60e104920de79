// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct RoleTests {
    private static let everyone = ["ebb_monitor", "ebb_scheduler", "ebb_billing", "ebb_logger", "ebb_usergateway"]

    private func expectDenied(_ database: TestDatabase, _ role: String, _ sql: String) async throws {
        try await database.withStore(role: role, poolSize: 1) { store async throws in
            await #expect("\(role) must not: \(sql)") { try await store.query(Query(unsafeSQL: sql)) } throws: {
                code($0) == .insufficientPrivilege
            }
        }
    }

    @Test("no service can change or remove readings, segments, policies, decisions, rate cards or audit entries")
    func appendOnly() async throws {
        let tables = [
            "inventory.meter_reading", "inventory.size_segment", "scheduling.policy", "scheduling.decision",
            "scheduling.decision_outcome", "billing.rate_card", "audit.entry", "audit.outbox",
        ]
        try await withDatabase { database async throws in
            for role in Self.everyone {
                for table in tables {
                    let column = try await database.withStore { store in
                        try await store.query(
                            """
                            SELECT attname AS name FROM pg_attribute
                            WHERE attrelid = \(table)::regclass AND attnum = 2
                            """)[0].string("name")
                    }
                    try await expectDenied(database, role, "UPDATE \(table) SET \(column) = \(column)")
                    try await expectDenied(database, role, "DELETE FROM \(table)")
                    try await expectDenied(database, role, "TRUNCATE \(table)")
                }
            }
        }
    }

    @Test(
        "a service reaches only what it needs",
        arguments: [
            ("ebb_logger", "SELECT * FROM billing.rate_card"), ("ebb_logger", "SELECT * FROM account.token"),
            ("ebb_logger", "INSERT INTO audit.entry SELECT * FROM audit.entry"),
            ("ebb_logger", "SELECT * FROM scheduling.decision"),
            ("ebb_monitor", "SELECT * FROM account.token"),
            ("ebb_monitor", "INSERT INTO scheduling.permit DEFAULT VALUES"),
            ("ebb_monitor", "INSERT INTO inventory.size_segment DEFAULT VALUES"),
            ("ebb_monitor", "SELECT audit.seal(1, 1)"), ("ebb_monitor", "UPDATE scheduling.permit SET vcpus = 0"),
            ("ebb_scheduler", "UPDATE inventory.domain SET granted_vcpus = 1"),
            ("ebb_scheduler", "UPDATE inventory.host SET mode = 'enabled'"),
            ("ebb_scheduler", "SELECT inventory.observe_size('h', 1, NULL, 1, 1, 1, 1, 1, 1, 1, 1, 1)"),
            ("ebb_billing", "INSERT INTO inventory.meter_reading DEFAULT VALUES"),
            ("ebb_billing", "SELECT * FROM account.token"), ("ebb_billing", "SELECT * FROM log.sample"),
            ("ebb_usergateway", "INSERT INTO scheduling.policy DEFAULT VALUES"),
            ("ebb_usergateway", "UPDATE inventory.host SET state = 'up'"),
            ("ebb_usergateway", "INSERT INTO billing.rate_card DEFAULT VALUES"),
            ("ebb_usergateway", "DELETE FROM cluster.command"),
            ("ebb_usergateway", "SELECT log.maintain_partitions(0, 0, 0)"),
            ("ebb_billing", "CREATE TABLE public.mine (a int4)"),
            ("ebb_monitor", "DELETE FROM public.schema_migration"),
            ("ebb_monitor", "INSERT INTO cluster.freeze DEFAULT VALUES"),
            ("ebb_scheduler", "DELETE FROM cluster.freeze"), ("ebb_billing", "SELECT * FROM cluster.freeze"),
            ("ebb_usergateway", "SELECT * FROM inventory.saved_definition"),
            ("ebb_monitor", "SELECT * FROM account.pseudonym"), ("ebb_billing", "SELECT * FROM account.tenant_cluster"),
            ("ebb_usergateway", "UPDATE account.pseudonym SET pseudonym = 'host-1'"),
            ("ebb_logger", "INSERT INTO cluster.missing_instance DEFAULT VALUES"),
            ("ebb_usergateway", "DELETE FROM cluster.missing_instance"),
            ("ebb_usergateway", "UPDATE scheduling.permit SET vcpus = 0"),
            ("ebb_scheduler", "SELECT * FROM account.token"), ("ebb_scheduler", "SELECT * FROM account.tenant_quota"),
            ("ebb_monitor", "SELECT account.check_quota('t', 1, 1, 1, 1, 1, 1, 1)"),
            ("ebb_monitor", "INSERT INTO inventory.snapshot DEFAULT VALUES"),
            ("ebb_scheduler", "SELECT * FROM account.request_key"),
        ])
    func leastPrivilege(role: String, sql: String) async throws {
        try await withDatabase { database async throws in try await expectDenied(database, role, sql) }
    }

    @Test("each service can do its work under its own role")
    func work() async throws {
        try await withWorld { world async throws in
            let database = world.database
            for (number, service) in ServiceKind.allCases.enumerated() {
                try await database.withStore(role: "ebb_\(service.rawValue)", poolSize: 2) { store async throws in
                    try await Migrator().check(store)
                    let instance = World.instance(50 + UInt64(number))
                    try await InstanceRepository(store).enroll(.plain(instance, service))
                    #expect(try await InstanceRepository(store).renew(.test(instance)) == 1)
                    try await store.transaction { transaction in
                        try await AuditRepository.append(
                            AuditEvent(at: recent(1), actor: service.rawValue, action: "start", subject: "s"),
                            in: transaction)
                    }
                }
            }
            try await monitorAndScheduler(world)
            try await loggerAndGateway(world)
            try await database.withStore(role: "ebb_billing") { store async throws in
                let card = try await RateCardRepository(store).add(currency: "EUR", card: "{}", validFrom: at(1))
                #expect(try await RateCardRepository(store).withdraw(version: card.version, by: "root") == card)
                let period = try #require(TimeRange(recent(0), recent(99)))
                #expect(try await InventoryRepository(store).segments(.all, in: period).count == 1)
                _ = try await InventoryRepository(store).readings(of: world.domain, covering: period)
                #expect(try await PolicyRepository(store).history(world.domain).count == 1)
                #expect(try await AccountRepository(store).tenants() == ["t-1", "t-2"])
            }
        }
    }

    private func monitorAndScheduler(_ world: World) async throws {
        var order = NewCommand.resize(world.domain, key: "k", at: recent(0))
        order.principal = "scheduler"
        let command = order
        try await world.inventory.setMode(of: world.host, to: .enabled)
        try await world.database.withStore(role: "ebb_monitor") { store async throws in
            let inventory = InventoryRepository(store)
            try await inventory.setFacts(HostAnswer(state: .up, cpuCount: 8, memory: .gibibytes(8)), under: world.claim)
            let other = DomainID(UUID128(high: 1, low: 2))
            try await inventory.insertDomain(.plain(other, "vm-2"), under: world.claim)
            try await inventory.observe(world.domain, DomainObservation(state: .shutoff), under: world.claim)
            #expect(
                try await inventory.observeSize(.running(world.domain, recent(1), 1), under: world.claim) == .opened)
            let reading = StoredReading(
                domain: world.domain, host: world.host, incarnationStart: at(0), at: recent(1),
                counters: DomainCounters())
            try await inventory.insertReadings([reading], under: world.claim)
        }
        try await world.database.withStore(role: "ebb_scheduler") { store async throws in
            _ = try await PolicyRepository(store).append(
                nil, for: world.domain, windowLength: 5, at: recent(1), under: world.cluster)
            let answer = try await PermitRepository(store).request(
                .grow(world.domain), at: recent(1), under: world.cluster)
            guard case .granted = answer else {
                Issue.record("not granted: \(answer)")
                return
            }
            try await DecisionRepository(store).insert(
                .grow(world.domain, at: recent(1)), command: command, under: world.cluster)
            _ = try await LogRepository(store).recentSamples(of: [world.host], since: .zero, cyclesPerHost: 5)
        }
        try await world.database.withStore(role: "ebb_monitor") { store async throws in
            let commands = CommandRepository(store)
            #expect(try await commands.claim(command.id, under: world.claim, by: world.owner, at: at(1)))
            try await store.fenced(world.claim) { transaction in
                try await PermitRepository(store).setState(of: UUID128(high: 3, low: 1), to: .used, in: transaction)
                try await commands.finish(command.id, under: world.claim, .succeeded(), at: recent(2), in: transaction)
            }
        }
    }

    private func loggerAndGateway(_ world: World) async throws {
        let logClaim = try await seizeShard(.log, "h-1", by: world.owner, in: world.store)
        let auditClaim = try await seizeShard(.audit, "main", by: world.owner, in: world.store)
        try await world.database.withStore(role: "ebb_logger") { store async throws in
            let log = LogRepository(store)
            try await log.ensurePartitions(for: #require(TimeRange(at(0), at(1))))
            let stream = StreamID(topic: .event("h-1"), epoch: 1)
            let event = LoggedEvent(
                stream: stream, sequence: 1, at: at(1), kind: "started", host: "h-1", domain: nil, detail: "")
            _ = try await log.store(
                LogBatch(events: [event], gaps: [LoggedGap(stream: stream, sequences: 2...3)]), under: logClaim)
            #expect(try await AuditRepository(store).seal(under: auditClaim) == 6)
            #expect(try await AuditRepository(store).list(after: 0).count == 6)
        }
        try await world.database.withStore(role: "ebb_scheduler") { store async throws in
            for (number, forged) in [("destroy", "scheduler"), ("resize", "admin")].enumerated() {
                var command = NewCommand.resize(
                    world.domain, key: "f\(number)", number: UInt64(20 + number), at: recent(0))
                (command.verb, command.principal) = (Recognised(forged.0), forged.1)
                let order = command
                await #expect { try await CommandRepository(store).enqueue(order) } throws: {
                    code($0) == .insufficientPrivilege
                }
            }
            let freeze = FreezeRecord(
                .unrecognised(scope: "vm", id: "x"), reason: "x", principal: "admin", isAutomatic: false,
                createdAt: at(1))
            await #expect { try await FreezeRepository(store).freeze(freeze) } throws: {
                code($0) == .insufficientPrivilege
            }
        }
        try await world.database.withStore(role: "ebb_usergateway") { store async throws in
            try await AccountRepository(store).addTenant("t-2")
            let person = StoredPrincipal(id: UUID128(high: 9, low: 9), name: "p", tenant: "t-2", role: .owner)
            try await AccountRepository(store).addPrincipal(person)
            try await InventoryRepository(store).addHost("h-9", cluster: "c-1", uri: "fleet://h-9")
            try await InventoryRepository(store).setMode(of: "h-9", to: .enabled)
            _ = try await CommandRepository(store).enqueue(.resize(world.domain, key: "u", number: 8, at: recent(0)))
            // Monitor has used it: there is nothing to give back.
            #expect(try await !PermitRepository(store).setState(of: UUID128(high: 3, low: 1), to: .released))
            #expect(try await QuotaRepository(store).use(of: "t-1", at: at(1))[.vms] == 2)
            #expect(try await DecisionRepository(store).list(DecisionFilter(tenant: "t-1")).count == 1)
            #expect(try await LogRepository(store).events(in: #require(TimeRange(at(0), at(9)))).count == 1)
            #expect(try await AuditRepository(store).list(after: 4).count == 2)
        }
    }

    @Test("orders, freezes and room can't be forged: in another's name, with an end of their own, or anew")
    func forgeries() async throws {
        let values = "gen_random_uuid(), 'h-1', gen_random_uuid()"
        let columns = "id, host, domain, verb, arguments, principal, idempotency_key, deadline_ns"
        let forged = [
            (
                "ebb_usergateway",
                "INSERT INTO cluster.command (\(columns)) VALUES (\(values), 'destroy', '{}', 'scheduler', 'a', 9)"
            ),
            (
                "ebb_usergateway",
                "INSERT INTO cluster.command (\(columns)) VALUES (\(values), 'destroy', '{}', 'nobody', 'b', 9)"
            ),
            (
                "ebb_scheduler",
                "INSERT INTO cluster.command (\(columns), state) VALUES (\(values), 'resize', '{}', 'scheduler', 'c', 9, "
                    + "'succeeded')"
            ),
            (
                "ebb_usergateway",
                "INSERT INTO cluster.freeze (scope, id, reason, principal, is_automatic, created_ns) "
                    + "VALUES ('cluster', 'c-1', 'r', 'scheduler', true, 1)"
            ),
            ("ebb_scheduler", "UPDATE scheduling.permit SET tenant = 't-1'"),
            ("ebb_usergateway", "UPDATE account.principal SET role = 'administrator'"),
        ]
        try await withWorld { world async throws in
            for (role, sql) in forged { try await expectDenied(world.database, role, sql) }
            try await world.store.query(
                """
                INSERT INTO scheduling.permit (id, host, domain, purpose, vcpus, memory_bytes, expires_ns, state)
                VALUES (gen_random_uuid(), 'h-1', \(world.domain), 'start', 1, 1, 7258118400000000000, 'released')
                """)
            for role in ["ebb_usergateway", "ebb_scheduler", "ebb_monitor"] {
                try await expectDenied(world.database, role, "UPDATE scheduling.permit SET state = 'open'")
            }
        }
    }

    @Test("whatever lock a role takes, the audit is sealed")
    func sealing() async throws {
        try await withWorld { world async throws in
            let claim = try await seizeShard(.audit, "main", by: world.owner, in: world.store)
            try await world.database.withStore(role: "ebb_billing") { billing async throws in
                try await AuditRepository.append(
                    AuditEvent(at: recent(1), actor: "billing", action: "bill", subject: "t-1", detail: "{}"),
                    in: billing)
                try await billing.transaction { transaction in
                    try await transaction.query("SELECT pg_advisory_xact_lock(hashtext('audit.seal'))")
                    let sealed = try await AuditRepository(world.store).seal(under: claim)
                    #expect(sealed > 0)
                }
            }
            try await expectDenied(world.database, "ebb_billing", "SELECT 1 FROM audit.seal_turn FOR UPDATE")
        }
    }

    @Test("what a role writes takes nothing back, is the next in its order, and stays as it ended")
    func noPast() async throws {
        try await withWorld { world async throws in
            try await world.store.query(
                """
                INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, deadline_ns,
                    state, finished_ns)
                VALUES (gen_random_uuid(), 'h-1', \(world.domain), 'reboot', '{}', 'p', 'k', cluster.now_ns(), 'failed',
                    cluster.now_ns())
                """)
            try await world.store.query(
                """
                INSERT INTO inventory.meter_reading (domain, host, incarnation_start_ns, at_ns, cpu_time_ns)
                VALUES (\(world.domain), 'h-1', 0, cluster.now_ns(), 1)
                """)
            let policy = "INSERT INTO scheduling.policy (domain, window_length, version, valid_from_ns) VALUES "
            let old = "cluster.now_ns() - 1200000000000"
            let forged = [
                ("ebb_monitor", "UPDATE inventory.domain SET deleted_ns = created_ns - 1 WHERE id = '\(world.domain)'"),
                ("ebb_monitor", "UPDATE inventory.domain SET missing_ns = \(old) WHERE id = '\(world.domain)'"),
                ("ebb_monitor", "UPDATE inventory.domain SET tenant_since_ns = \(old) WHERE id = '\(world.domain)'"),
                ("ebb_monitor", "UPDATE cluster.command SET state = 'queued' WHERE idempotency_key = 'k'"),
                ("ebb_monitor", "UPDATE cluster.command SET message = 'x' WHERE idempotency_key = 'k'"),
                ("ebb_scheduler", policy + "('\(world.domain)', 5, 1, \(old))"),
                ("ebb_scheduler", policy + "('\(world.domain)', 5, 9223372036854775807, cluster.now_ns())"),
                (
                    "ebb_billing",
                    "INSERT INTO billing.rate_card (version, valid_from_ns, currency, card) "
                        + "VALUES (9223372036854775807, cluster.now_ns(), 'EUR', '{}')"
                ),
                ("ebb_scheduler", "UPDATE inventory.host SET cpu_bound_ppm = 1"),
                ("ebb_usergateway", "UPDATE account.tenant SET created_ns = 1"),
                ("ebb_usergateway", "SELECT audit.append(5, 'usergateway', 'vm.delete', 'web-1', '{}')"),
            ]
            for (role, sql) in forged { try await expectDenied(world.database, role, sql) }
        }
    }

    @Test("a token that was revoked stays so")
    func revoked() async throws {
        try await withWorld { world async throws in
            try await world.store.query(
                """
                INSERT INTO account.principal (id, name, role)
                VALUES ('00000000-0000-0000-0000-000000000001', 'p', 'operator')
                """)
            try await world.store.query(
                """
                INSERT INTO account.token (principal, hash, expires_ns, revoked_ns)
                VALUES ('00000000-0000-0000-0000-000000000001', sha256('a'), cluster.now_ns(), cluster.now_ns())
                """)
            try await expectDenied(world.database, "ebb_usergateway", "UPDATE account.token SET revoked_ns = NULL")
        }
    }
}
