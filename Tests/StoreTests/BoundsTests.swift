// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

@Suite("Rows that hold what can't be")
struct RowBoundsTests {
    @Test("an upgrade takes what is out of bounds as unknown, names it in the audit trail, and loses no row")
    func upgrade() async throws {
        let cluster = try await PostgresCluster.shared()
        let dsn = cluster.dsn(database: try await cluster.makeEmptyDatabase())
        let store = try Store(configuration: StoreConfiguration(dsn: dsn, statementTimeout: .seconds(30)), log: .quiet)
        try await Migrator(Migration.all.filter { $0.version < 6 }).migrate(store)
        try await store.query("INSERT INTO account.tenant (id) VALUES ('acme')")
        try await store.query(
            """
            INSERT INTO inventory.host (id, cluster, uri, reserved_memory_bytes, reserved_vcpus, memory_overcommit_ppm)
            VALUES ('h-1', 'c-1', 'fleet://h-1', 9223372036854775807, 2147483647, 9223372036854775807),
                ('h-2', 'c-1', 'fleet://h-2', 0, 0, 1000000)
            """)
        try await store.query(
            """
            INSERT INTO inventory.domain (id, name, tenant, host, state, maximum_vcpus, maximum_memory_bytes, managed)
            VALUES ('00000000-0000-0000-0000-000000000001', 'bad', 'acme', 'h-1', 'unknown', 4, 9223372036854775807, true),
                ('00000000-0000-0000-0000-000000000002', 'good', 'acme', 'h-1', 'unknown', 4, 1073741824, true)
            """)
        try await store.query(
            """
            INSERT INTO scheduling.policy (domain, version, valid_from_ns, lower_ppm, upper_ppm, ratio_ppm, minimum_vcpus,
                maximum_vcpus, window_length, network_lower_ppm, network_upper_ppm, minimum_network_bytes_per_second,
                maximum_network_bytes_per_second)
            VALUES ('00000000-0000-0000-0000-000000000002', 1, cluster.now_ns(), 1, 2, 3, 1, 4, 10, 1, 2, 1, 9223372036854775807)
            """)
        try await Migrator().migrate(store)

        let inventory = InventoryRepository(store)
        let hosts = try await inventory.hosts()
        #expect(hosts.map(\.id) == ["h-1", "h-2"] && hosts.first?.limits.reservedMemory == .limit)
        #expect(hosts.first?.limits.reservedVCPUs == .limit)
        let domains = try await inventory.domains(.all)
        #expect(domains.map(\.name) == ["bad", "good"])
        #expect(domains.map(\.maximumMemory) == [.zero, .gibibytes(1)])
        #expect(try await PolicyRepository(store).allCurrent().first?.policy?.network?.maximum == ByteCount.limit.bytes)
        #expect(store.setAside.entries.isEmpty)
        let rows = try await store.query(
            "SELECT subject, detail ->> 'column' AS col, detail ->> 'was' AS was FROM audit.outbox ORDER BY subject, col"
        )
        let audited = try rows.map { row throws(StoreError) in
            try [row.string("subject"), row.string("col"), row.string("was")].joined(separator: " ")
        }
        #expect(
            audited == [
                "00000000-0000-0000-0000-000000000001 maximum_memory_bytes 9223372036854775807",
                "00000000-0000-0000-0000-000000000002 version 1 maximum_network_bytes_per_second 9223372036854775807",
                "h-1 memory_overcommit_ppm 9223372036854775807", "h-1 reserved_memory_bytes 9223372036854775807",
                "h-1 reserved_vcpus 2147483647",
            ])
        await store.close()
    }

    @Test(
        "a new row out of bounds is refused",
        arguments: [
            "UPDATE inventory.domain SET maximum_memory_bytes = 9223372036854775807",
            "UPDATE inventory.domain SET maximum_memory_bytes = -1",
            "UPDATE inventory.domain SET disk_bytes = 1::int8 << 51",
            "UPDATE inventory.domain SET maximum_vcpus = 65537",
            "UPDATE inventory.host SET reserved_memory_bytes = 9223372036854775807",
            "UPDATE inventory.host SET cpu_overcommit_ppm = 9223372036854775807",
            "UPDATE inventory.host SET proved_until_ns = 9223372036854775807",
            "INSERT INTO billing.rate_card VALUES (9, 9223372036854775807, 'EUR', '{}')",
            "INSERT INTO billing.rate_card VALUES (9, -1, 'EUR', '{}')",
            "INSERT INTO audit.outbox (at_ns, actor, action, subject, detail) VALUES (9223372036854775807, '', '', '', '{}')",
            "UPDATE cluster.shard SET epoch = 9223372036854775807",
        ])
    func refused(statement: String) async throws {
        try await withWorld { world in
            await #expect { try await world.store.query(Query(unsafeSQL: statement)) } throws: {
                ($0 as? StoreError)?.code == .checkViolation
            }
        }
    }

    @Test("what an old row says that can't be stops no bill: neither a rate card of the far future nor a size")
    func oldRows() async throws {
        try await withWorld { world in
            let store = world.store
            try await store.query("ALTER TABLE billing.rate_card DROP CONSTRAINT instants")
            try await store.query(
                """
                INSERT INTO billing.rate_card (version, valid_from_ns, currency, card)
                VALUES (1, 0, 'EUR', '{}'), (2, 8835984000000000000, 'EUR', '{}')
                """)
            let cards = RateCardRepository(store)
            #expect(try await cards.list().map(\.version) == [1])
            #expect(try await cards.current(at: at(9))?.version == 1)
            #expect(store.setAside.entries.map(\.table) == ["billing.rate_card"])

            try await store.query("ALTER TABLE inventory.size_segment DROP CONSTRAINT size_segment_bounds")
            try await store.query(
                """
                INSERT INTO inventory.size_segment (domain, host, incarnation_start_ns, start_ns, end_ns, vcpus,
                    memory_bytes, disk_bytes)
                SELECT \(world.domain), 'h-1', \(at(1)), start_ns, end_ns, vcpus, 1, 0
                FROM (VALUES (\(at(1))::int8, \(at(2))::int8, 2147483647), (\(at(2)), NULL, 2)) s(start_ns, end_ns, vcpus)
                """)
            let period = try #require(TimeRange(at(0), at(9)))
            let found = try await UsageRepository(store).domains(of: "t-1", in: period)
            #expect(found.map(\.firstCapacity) == [Capacity(2)])
        }
    }

    @Test("a poisoned row is set aside and named once, the others are read, and it comes back when it is mended")
    func setAside() async throws {
        try await withWorld { world in
            let second = try await world.addDomain(2, on: world.claim)
            let other = try await world.addHost("h-2")
            let elsewhere = try await world.addDomain(3, on: other)
            try await world.poison(second)
            let recorder = LogRecorder()
            let store = try Store(configuration: StoreConfiguration(dsn: world.database.dsn()), log: recorder.logger)
            let inventory = InventoryRepository(store)
            for _ in 0..<3 { #expect(try await inventory.domains(.all).map(\.id) == [world.domain, elsewhere]) }
            let reason = "it holds 9223372036854775807, not 0 to 1125899906842624 bytes"
            #expect(store.setAside.entries.map(\.table) == ["inventory.domain"])
            #expect(store.setAside.entries.first?.reason.contains(reason) == true)
            let named = recorder.lines.filter { $0.hasPrefix("error a row is set aside") }
            #expect(named.count == 1 && named.first?.contains("\(second)") == true, "\(named)")
            await #expect { try await inventory.domain(second) } throws: { "\($0)".contains(reason) }

            try await world.store.query("UPDATE inventory.domain SET maximum_memory_bytes = 1 WHERE id = \(second)")
            #expect(try await inventory.domains(.all).count == 3)
            #expect(store.setAside.entries.isEmpty)
            await store.close()
        }
    }

    @Test("an old size that can't be is ended by the next one that is seen, and can't be made anew")
    func oldSegment() async throws {
        try await withWorld { world in
            let inventory = world.inventory
            func report(_ second: Int64, _ memory: ByteCount) -> SizeReport {
                SizeReport(
                    domain: world.domain, incarnationStart: at(1), observedAt: at(second), vcpus: 2, memory: memory,
                    disk: .zero)
            }
            #expect(try await inventory.observeSize(report(1, .gibibytes(1)), under: world.claim) == .opened)
            let bounds = try await world.store.query(
                "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = 'size_segment_bounds'")
            try await world.store.query("ALTER TABLE inventory.size_segment DROP CONSTRAINT size_segment_bounds")
            try await world.store.query("UPDATE inventory.size_segment SET memory_bytes = 9223372036854775807")
            try await world.store.query(
                Query(
                    unsafeSQL: "ALTER TABLE inventory.size_segment ADD CONSTRAINT size_segment_bounds "
                        + (try #require(bounds.first).string("text"))))
            await #expect {
                try await world.store.query("UPDATE inventory.size_segment SET memory_bytes = 9223372036854775806")
            } throws: {
                ($0 as? StoreError)?.code == .checkViolation
            }
            #expect(try await inventory.observeSize(report(5, .gibibytes(2)), under: world.claim) == .opened)
            let ever = try #require(TimeRange(.zero, .distantFuture))
            let segments = try await inventory.segments(of: world.domain, in: ever)
            #expect(segments.map(\.memory) == [.gibibytes(2)] && segments.first?.start == at(5))
            let ends = try await world.store.query("SELECT end_ns FROM inventory.size_segment ORDER BY start_ns")
            #expect(try ends.map { try $0.timestampOrNil("end_ns") } == [at(5), nil])
        }
    }

    @Test("a poisoned row holds no room, on its host or elsewhere")
    func room() async throws {
        try await withWorld { world in
            let second = try await world.addDomain(2, on: world.claim)
            try await world.inventory.setFacts(
                HostAnswer(state: .up, cpuCount: 16, memory: .gibibytes(32)), under: world.claim)
            try await world.inventory.setMode(of: "h-1", to: .enabled)
            try await world.poison(second)
            try await world.store.query("UPDATE inventory.domain SET memory_bytes = NULL WHERE id = \(second)")
            let answer = try await PermitRepository(world.store).request(
                StoredPermitRequest(
                    id: UUID128(high: 4, low: 1), host: "h-1", domain: world.domain, purpose: .start, vcpus: 1,
                    memory: .gibibytes(1), expiresAt: Timestamp(nanoseconds: 1 << 60)),
                at: .zero, under: world.cluster)
            guard case .granted = answer else {
                Issue.record("\(answer)")
                return
            }
        }
    }
}

extension World {
    /// As by hand: nothing checks it.
    fileprivate func poison(_ domain: DomainID) async throws {
        try await store.query("ALTER TABLE inventory.domain DROP CONSTRAINT domain_bounds")
        try await store.query(
            "UPDATE inventory.domain SET maximum_memory_bytes = 9223372036854775807 WHERE id = \(domain)")
    }
}
