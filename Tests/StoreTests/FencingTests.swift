// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct FencingTests {
    private typealias Write = @Sendable (World, Transaction?) async throws -> Void

    /// Every write that depends on a host's or cluster's ownership, under the world's own claims.
    private static let writes: [(name: String, write: Write)] = [
        (
            "host facts",
            { try await $0.inventory.setFacts(HostAnswer(state: .up, cpuCount: 4), under: $0.claim, in: $1) }
        ),
        (
            "new domain",
            { world, transaction in
                let other = DomainID(UUID128(high: 1, low: 2))
                try await world.inventory.insertDomain(.plain(other, "vm-2"), under: world.claim, in: transaction)
            }
        ),
        (
            "observation",
            {
                try await $0.inventory.observe($0.domain, DomainObservation(state: .running), under: $0.claim, in: $1)
            }
        ),
        ("asked size", { _ = try await $0.inventory.ask($0.domain, vcpus: 2, under: $0.claim, in: $1) }),
        ("adoption", { _ = try await $0.inventory.setManaged($0.domain, false, tenant: nil, under: $0.claim, in: $1) }),
        (
            "kept definition",
            { try await $0.inventory.saveDefinition(of: $0.domain, "<domain/>", at: at(1), under: $0.claim, in: $1) }
        ),
        ("given definition", { try await $0.inventory.dropDefinition(of: $0.domain, under: $0.claim, in: $1) }),
        (
            "caps",
            {
                try await $0.inventory.setCaps(
                    of: $0.domain, cpuCapPPM: 500_000, networkCapBytesPerSecond: nil, under: $0.claim, in: $1)
            }
        ),
        (
            "ceilings",
            {
                try await $0.inventory.setPending(
                    of: $0.domain, maximumVCPUs: 8, maximumMemory: nil, under: $0.claim, in: $1)
            }
        ),
        (
            "foreign manager",
            { try await $0.inventory.setForeignManager(of: $0.domain, "nova", under: $0.claim, in: $1) }
        ),
        ("deletion", { try await $0.inventory.markDeleted($0.domain, at: at(9), under: $0.claim, in: $1) }),
        ("size", { try await $0.inventory.observeSize(.running($0.domain, at(1), 1), under: $0.claim, in: $1) }),
        (
            "readings",
            { world, transaction in
                let reading = StoredReading(
                    domain: world.domain, host: world.host, incarnationStart: at(0), at: at(1),
                    counters: DomainCounters())
                try await world.inventory.insertReadings([reading], under: world.claim, in: transaction)
            }
        ),
        (
            "claim of a command",
            {
                _ = try await $0.commands.claim(queued, under: $0.claim, by: $0.owner, at: at(1), in: $1)
            }
        ),
        (
            "end of a command",
            {
                try await $0.commands.finish(queued, under: $0.claim, .succeeded(), at: at(2), in: $1)
            }
        ),
        (
            "policy",
            {
                _ = try await PolicyRepository($0.store).append(
                    nil, for: $0.domain, windowLength: 5, at: at(1), under: $0.cluster, in: $1)
            }
        ),
        (
            "permit",
            {
                _ = try await PermitRepository($0.store).request(.grow($0.domain), at: at(1), under: $0.cluster, in: $1)
            }
        ),
        (
            "decision",
            {
                try await DecisionRepository($0.store).insert(.grow($0.domain), under: $0.cluster, in: $1)
            }
        ),
    ]
    private static let queued = UUID128(high: 7, low: 1)

    /// Counts of rows and the sum of what fenced writes change: equal before and after means that nothing was written.
    private func fingerprint(_ store: Store) async throws -> String {
        try await store.query(
            """
            SELECT concat_ws('|',
                (SELECT string_agg(h::text, ',' ORDER BY id) FROM inventory.host h),
                (SELECT string_agg(d::text, ',' ORDER BY id) FROM inventory.domain d),
                (SELECT string_agg(s::text, ',' ORDER BY domain, start_ns) FROM inventory.size_segment s),
                (SELECT string_agg(c::text, ',' ORDER BY id) FROM cluster.command c),
                (SELECT count(*) FROM inventory.meter_reading), (SELECT count(*) FROM scheduling.policy),
                (SELECT count(*) FROM scheduling.permit), (SELECT count(*) FROM scheduling.decision)) AS text
            """)[0].string("text")
    }

    @Test("an owner that slept through a take-over writes nothing when it wakes")
    func sleeper() async throws {
        try await withWorld { world async throws in
            _ = try await world.commands.enqueue(.resize(world.domain, key: "k"))
            _ = try await world.takeOver()
            _ = try await world.takeOver(.cluster, "c-1")
            let before = try await fingerprint(world.store)
            for (name, write) in Self.writes {
                await #expect("\(name) must be fenced") { try await write(world, nil) } throws: { code($0) == .fenced }
                await #expect("\(name) must be fenced inside a transaction") {
                    try await world.store.transaction { try await write(world, $0) }
                } throws: { code($0) == .fenced }
            }
            let after = try await fingerprint(world.store)
            #expect(after == before)
        }
    }

    @Test("the same writes pass while the owner holds its claim")
    func owner() async throws {
        try await withWorld { world async throws in
            _ = try await world.commands.enqueue(.resize(world.domain, key: "k"))
            for (name, write) in Self.writes where name != "deletion" {
                await #expect(throws: Never.self, "\(name)") { try await write(world, nil) }
            }
            let before = try await fingerprint(world.store)
            try await world.store.transaction { transaction in
                for (name, write) in Self.writes where name == "deletion" { try await write(world, transaction) }
            }
            let after = try await fingerprint(world.store)
            #expect(after != before)
        }
    }

    @Test("a take-over waits for a write that holds the claim, which counts; the next write of the old owner does not")
    func takeOverWaits() async throws {
        try await withWorld { world async throws in
            let takeOver = try await world.store.transaction { transaction in
                try await world.inventory.observe(
                    world.domain, DomainObservation(state: .running), under: world.claim, in: transaction)
                let takeOver = Task { try await world.takeOver() }
                try await eventually(within: .seconds(10), "the take-over waits for the lock") {
                    try await !world.store.query(
                        """
                        SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
                            AND query LIKE 'UPDATE cluster.shard%'
                        """
                    ).isEmpty
                }
                // A renewal of the owner's heartbeat does not wait meanwhile.
                let beat = try await InstanceRepository(world.store).renew(.test(world.owner))
                #expect(beat == 1)
                return takeOver
            }
            let taken = try await takeOver.value
            #expect(taken.epoch == world.claim.epoch + 1)
            #expect(try await world.inventory.domain(world.domain)?.state == .running)
            await #expect {
                try await world.inventory.observe(world.domain, DomainObservation(state: .paused), under: world.claim)
            } throws: { code($0) == .fenced }
        }
    }

    @Test("a write that comes while a take-over is not committed yet waits for it and is fenced")
    func takeOverFirst() async throws {
        try await withWorld { world async throws in
            let late = try await world.store.transaction { transaction in
                try await transaction.query(
                    "UPDATE cluster.shard SET epoch = epoch + 1, owner = NULL WHERE kind = 'host' AND id = 'h-1'")
                let late = Task {
                    try await world.inventory.observe(
                        world.domain, DomainObservation(state: .running), under: world.claim)
                }
                try await eventually(within: .seconds(10), "the old owner's write waits for the lock") {
                    try await !world.store.query(
                        """
                        SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
                            AND query LIKE '%cluster.hold_shards%'
                        """
                    ).isEmpty
                }
                return late
            }
            await #expect { _ = try await late.value } throws: { code($0) == .fenced }
        }
    }

    @Test("a paused owner's open transaction is ended by the server, so that it can't block a take-over for ever")
    func pausedInside() async throws {
        try await withDatabase { database in
            try await database.withStore(configure: { $0.idleInTransactionTimeout = .milliseconds(200) }) { store in
                try await ShardRepository(store).ensure(.host, ["h-1"])
                let claim = ShardClaim(kind: .host, id: "h-1", epoch: 0)
                await #expect {
                    try await store.fenced(claim) { transaction in
                        try await eventually(within: .seconds(10), "the take-over passes") {
                            try await !store.query(
                                """
                                UPDATE cluster.shard SET epoch = 1 WHERE kind = 'host' AND id = 'h-1' AND epoch = 0
                                RETURNING 1
                                """
                            ).isEmpty
                        }
                        try await transaction.query("INSERT INTO account.tenant (id) VALUES ('late')")
                    }
                } throws: { $0 is StoreError }
                let left = try await store.query("SELECT 1 FROM account.tenant")
                #expect(left.isEmpty)
            }
        }
    }

    @Test("a shard is claimed only from the state that was seen, by one of many")
    func claims() async throws {
        try await withWorld { world async throws in
            try await world.shards.ensure(.host, ["h-2", "h-1"])
            let seen = try #require(try await world.shards.list(.host).first { $0.id == "h-2" })
            let claims = try await withThrowingTaskGroup(of: ShardClaim?.self) { group in
                for _ in 0..<8 { group.addTask { try await world.shards.claim(seen, by: .test(world.owner)) } }
                var all: [ShardClaim] = []
                for try await claim in group { all += [claim].compactMap { $0 } }
                return all
            }
            #expect(claims == [ShardClaim(kind: .host, id: "h-2", epoch: 1)])
            let claim = try #require(claims.first)
            #expect(try await world.shards.isCurrent(claim, owner: world.owner))
            #expect(try await world.shards.release(claim, by: .test(world.owner)))
            #expect(try await !world.shards.isCurrent(claim, owner: world.owner))
            try await InstanceRepository(world.store).remove(.test(world.owner))
            #expect(try await world.shards.list(.host).allSatisfy { $0.owner == nil })
            #expect(try await InstanceRepository(world.store).renew(.test(world.owner)) == nil)
        }
    }
}

extension SizeReport {
    static func running(_ domain: DomainID, _ observed: Timestamp, _ vcpus: Int) -> SizeReport {
        SizeReport(
            domain: domain, incarnationStart: at(0), observedAt: observed, vcpus: VCPUCount(clamping: vcpus),
            memory: .gibibytes(1), disk: .zero)
    }
}

extension StoredPermitRequest {
    static func grow(
        _ domain: DomainID, number: UInt64 = 1, vcpus: Int = 1, memory: ByteCount = .zero, expires: Int64 = 100
    ) -> StoredPermitRequest {
        StoredPermitRequest(
            id: UUID128(high: 3, low: number), host: "h-1", domain: domain, purpose: .grow,
            vcpus: VCPUCount(clamping: vcpus),
            memory: memory, expiresAt: at(expires))
    }
}

extension StoredPermitRequest {
    /// A growth to so many vCPUs of a domain that was last seen with one.
    static func grow(_ domain: DomainID, number: UInt64, to vcpus: Int) -> StoredPermitRequest {
        var request = grow(domain, number: number, vcpus: vcpus - 1)
        request.targetVCPUs = VCPUCount(clamping: vcpus)
        return request
    }
}

extension DecisionRow {
    static func grow(
        _ domain: DomainID, number: UInt64 = 1, seconds: Int64 = 1, at instant: Timestamp? = nil
    ) -> DecisionRow {
        DecisionRow(
            id: UUID128(high: 4, low: number), cluster: "c-1", epoch: 0, domain: domain,
            at: instant ?? Timestamp(nanoseconds: seconds * 1_000_000_000),
            verdict: .known(.grow),
            rulesVersion: 1, summary: "s", record: "{\"b\":1, \"a\":2}")
    }
}
