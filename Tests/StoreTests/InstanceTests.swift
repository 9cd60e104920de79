// SPDX-License-Identifier: Apache-2.0

import Contracts
import Cryptography
import ResourceModel
import Store
import TestSupport
import Testing

/// Instances and their shards, as the services' roles may change them.
@Suite struct InstanceTests {
    private static let (mine, other) = (World.instance(1), World.instance(2))
    private static let thief = InstanceCredential(mine, secret: [UInt8](repeating: 8, count: 32))

    /// Two instances of Monitor that are alive, under Monitor's role; the first owns a shard.
    private func withTwo(
        timeToLive: Duration = .seconds(600),
        _ body: (_ database: TestDatabase, _ store: Store, _ claim: ShardClaim) async throws -> Void
    ) async throws {
        try await withDatabase { database async throws in
            try await database.withStore(role: "ebb_monitor") { store async throws in
                for id in [Self.mine, Self.other] {
                    try await InstanceRepository(store).register(.plain(id), by: .test(id), timeToLive: timeToLive)
                }
                let shards = ShardRepository(store)
                try await shards.ensure(.host, ["h-1"])
                let seen = try #require(try await shards.fetch(.host, "h-1"))
                let claim = try #require(try await shards.claim(seen, by: .test(Self.mine)))
                try await body(database, store, claim)
            }
        }
    }

    private func expectRefused(_ what: String, _ body: () async throws -> Void) async {
        await #expect("\(what) must be refused") { try await body() } throws: { code($0) == .insufficientPrivilege }
    }

    @Test("without its secret nobody changes an instance's row or its shards")
    func secret() async throws {
        try await withTwo { _, store, claim async throws in
            let (instances, shards) = (InstanceRepository(store), ShardRepository(store))
            await expectRefused("another registration") {
                try await instances.register(.plain(Self.mine), by: Self.thief, timeToLive: .zero)
            }
            await expectRefused("a renewal") { _ = try await instances.renew(Self.thief) }
            await expectRefused("a removal") { try await instances.remove(Self.thief) }
            await expectRefused("the removal of others") {
                try await instances.removeSilent([Self.other], by: Self.thief)
            }
            await expectRefused("a release") { try await shards.release(claim, by: Self.thief) }
            await expectRefused("a claim") {
                let seen = try #require(try await shards.fetch(.host, "h-1"))
                _ = try await shards.claim(seen, by: Self.thief)
            }
            // Nor does another's secret do.
            #expect(try await !shards.release(claim, by: .test(Self.other)))
            #expect(try await shards.isCurrent(claim, owner: Self.mine))
            #expect(try await instances.list().map(\.heartbeat) == [0, 0])
        }
    }

    @Test("a secret is stored as its hash, and shown nowhere")
    func hash() async throws {
        try await withTwo { database, _, _ async throws in
            let rows = try await database.withStore { store async throws in
                try await store.query("SELECT secret_hash FROM cluster.instance_proof")
            }
            for row in rows { #expect(try row.bytes("secret_hash") == SHA256.hash([UInt8](repeating: 7, count: 32))) }
            #expect(!"\(InstanceCredential.test(Self.mine))".contains("7, 7"))
            #expect(!String(reflecting: InstanceCredential.test(Self.mine)).contains("7, 7"))
        }
    }

    @Test("the shards of who is alive can't be taken, nor its row; those of who is silent can")
    func silence() async throws {
        try await withTwo { database, store, claim async throws in
            let (instances, shards) = (InstanceRepository(store), ShardRepository(store))
            let seen = try #require(try await shards.fetch(.host, "h-1"))
            #expect(try await shards.claim(seen, by: .test(Self.other)) == nil)
            try await instances.removeSilent([Self.mine], by: .test(Self.other))
            #expect(try await instances.list().count == 2)
            #expect(try await shards.isCurrent(claim, owner: Self.mine))

            // Ten minutes later, by the database's clock.
            try await database.withStore { store async throws in
                try await store.query(
                    "UPDATE cluster.instance_proof SET renewed_ns = renewed_ns - 600000000000 WHERE instance = \(Self.mine)"
                )
            }
            #expect(try await shards.claim(seen, by: .test(Self.other))?.epoch == claim.epoch + 1)
            try await instances.removeSilent([Self.mine], by: .test(Self.other))
            #expect(try await instances.list().map(\.id) == [Self.other])
            #expect(try await instances.renew(.test(Self.mine)) == nil)
        }
    }

    @Test("an instance from before there were secrets is nobody's, and silent")
    func former() async throws {
        try await withTwo { database, store, _ async throws in
            let former = World.instance(3)
            try await database.withStore { store async throws in
                try await store.query(
                    """
                    INSERT INTO cluster.instance (id, service, command_endpoint, version)
                    VALUES (\(former), 'monitor', 'tcp://127.0.0.1:1', '0.1')
                    """)
            }
            await expectRefused("its registration") { try await InstanceRepository(store).enroll(.plain(former)) }
            try await InstanceRepository(store).removeSilent([former], by: .test(Self.mine))
            #expect(try await InstanceRepository(store).list().count == 2)
        }
    }

    @Test(
        "a role registers instances of its own service, and claims and holds its own kinds of shards",
        arguments: ServiceKind.allCases)
    func ownService(service: ServiceKind) async throws {
        let kinds: [ShardKind: ServiceKind] = [
            .host: .monitor, .cluster: .scheduler, .tenant: .billing, .log: .logger, .audit: .logger,
        ]
        try await withDatabase { database async throws in
            try await database.withStore { store async throws in
                for kind in ShardKind.allCases { try await ShardRepository(store).ensure(kind, ["s"]) }
            }
            try await database.withStore(role: "ebb_\(service.rawValue)") { store async throws in
                for foreign in ServiceKind.allCases where foreign != service {
                    await expectRefused("an instance of \(foreign)") {
                        try await InstanceRepository(store).enroll(.plain(World.instance(9), foreign))
                    }
                }
                try await InstanceRepository(store).enroll(.plain(Self.mine, service))
                for kind in ShardKind.allCases {
                    let seen = ShardRecord(kind: kind, id: "s", epoch: 0, owner: nil)
                    if kinds[kind] == service {
                        let claim = try #require(try await ShardRepository(store).claim(seen, by: .test(Self.mine)))
                        try await store.fenced(claim) { _ in }
                    } else {
                        await expectRefused("a claim of \(kind)") {
                            _ = try await ShardRepository(store).claim(seen, by: .test(Self.mine))
                        }
                        await expectRefused("holding \(kind)") {
                            try await store.fenced(ShardClaim(kind: kind, id: "s", epoch: 0)) { _ in }
                        }
                    }
                }
            }
        }
    }

    @Test(
        "the gateway alone writes audit entries as somebody else, who may log in, and each says whose session wrote it",
        arguments: ServiceKind.allCases)
    func auditNames(service: ServiceKind) async throws {
        try await withDatabase { database async throws in
            try await database.withStore(role: "ebb_\(service.rawValue)") { store async throws in
                func append(as actor: String) async throws {
                    try await AuditRepository.append(
                        AuditEvent(at: recent(1), actor: actor, action: "policy.set", subject: "s"), in: store)
                }
                try await append(as: service.rawValue)
                var others = ["ada", "ebb-migrate", service == .billing ? "monitor" : "billing"]
                if service == .usergateway {
                    try await AccountRepository(store).addPrincipal(
                        StoredPrincipal(id: UUID128(high: 5, low: 1), name: "ada", tenant: nil, role: .operator))
                    try await append(as: "ada")
                    others[0] = "eve"
                }
                for actor in others {
                    await expectRefused("an entry as \(actor)") { try await append(as: actor) }
                }
            }
            let services = try await database.withStore { store async throws in
                try await store.query("SELECT service FROM audit.outbox").map { try $0.string("service") }
            }
            #expect(services == [String](repeating: service.rawValue, count: service == .usergateway ? 2 : 1))
        }
    }

    @Test("Logger drops no sample that the administrator has kept")
    func retention() async throws {
        let day: Int64 = 86_400_000_000_000
        try await withDatabase { database async throws in
            let now = try await database.withStore { store async throws in
                try await store.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
            }
            func partitions() async throws -> Set<Int64> {
                try await database.withStore { store async throws in
                    let names = try await store.query(
                        "SELECT substring(inhrelid::regclass::text FROM '\\d+$') AS day FROM pg_inherits WHERE inhparent = 'log.sample'::regclass"
                    )
                    return Set(try names.compactMap { Int64(try $0.string("day")) })
                }
            }
            try await database.withStore(role: "ebb_logger") { store async throws in
                let log = LogRepository(store)
                let period = try #require(TimeRange(now.advanced(byNanoseconds: -20 * day), now))
                try await log.ensurePartitions(for: period)
                try await log.ensurePartitions(
                    for: try #require(TimeRange(now, now.advanced(byNanoseconds: 1))), keepFrom: now)
                let today = now.nanoseconds / day
                let kept = try await partitions()
                #expect(kept.contains(today - 7) && !kept.contains(today - 9))
                await expectRefused("another retention") { try await log.keepSamples(for: .seconds(86_400)) }
            }
            try await database.withStore { try await LogRepository($0).keepSamples(for: .seconds(86_400 * 2)) }
            try await database.withStore(role: "ebb_logger") { store async throws in
                try await LogRepository(store).ensurePartitions(
                    for: try #require(TimeRange(now, now.advanced(byNanoseconds: 1))), keepFrom: now)
            }
            #expect(try await !partitions().contains(now.nanoseconds / day - 4))
        }
    }

    @Test("every service gets a password of its own, or none does")
    func passwords() async throws {
        let good = Dictionary(uniqueKeysWithValues: ServiceKind.allCases.map { ($0, "pass-word-\($0.rawValue)") })
        let cases: [(ServiceKind, String?, String)] = [
            (.billing, nil, "none"), (.billing, "short", "8 to 128"), (.monitor, "pass-word-logger", "same"),
        ]
        try await withDatabase { database async throws in
            try await database.withStore { store async throws in
                for (service, password, why) in cases {
                    var passwords = good
                    passwords[service] = password
                    await #expect { try await RoleProvisioner(store).enableLogin(passwords: passwords) } throws: {
                        error in
                        code(error) == .configuration && "\(error)".contains(why)
                    }
                }
            }
        }
    }
}
