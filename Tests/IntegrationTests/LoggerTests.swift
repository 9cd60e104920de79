// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FoundationEssentials
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import LoggerMain

@Suite("Logger on real edges")
struct LoggerTests {
    static let host: HostID = "host-a"
    static let topic = Topic.host("host-a")

    /// A database with one host, and its present instant.
    private func prepare(_ store: Store) async throws -> Timestamp {
        try await InventoryRepository(store).addHost(Self.host, cluster: "cluster-a", uri: "fleet://127.0.0.1:1/host-a")
        return try await requireValue(
            store.query("SELECT cluster.now_ns() AS now").first, "the database's clock"
        ).timestamp("now")
    }

    private func watermark(_ store: Store) async throws -> Int64 {
        try await LogRepository(store).watermarks(of: [Self.topic]).values.max() ?? 0
    }

    @Test(
        "each of 2000 reports is stored exactly once or lies within a recorded gap, while loggers are killed",
        .timeLimit(.minutes(2)))
    func survivesKills() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                let start = try await prepare(store)
                let publisher = try await ReportPublisher.start(host: Self.host, at: start)

                let first = try await LoggerRig.start(database, following: [publisher.peer], at: start)
                try await first.claim(.log, "host-a")
                try await publisher.publish(1...500, host: Self.host)
                try await eventually("something is stored") { try await watermark(store) > 100 }
                await first.kill()

                // More than the spool holds: what is beyond it can't be had again.
                try await publisher.publish(501...1_100, host: Self.host)
                let second = try await LoggerRig.start(database, following: [publisher.peer], at: start)
                try await second.claim(.log, "host-a")
                try await eventually("the spool is stored") { try await watermark(store) == 1_100 }
                try await publisher.publish(1_101...1_500, host: Self.host)
                await second.kill()

                let third = try await LoggerRig.start(database, following: [publisher.peer], at: start)
                try await third.claim(.log, "host-a")
                try await publisher.publish(1_501...2_000, host: Self.host)
                try await eventually("all is stored") { try await watermark(store) == 2_000 }
                await third.stop(["host-a"])
                await publisher.bus.close()

                let log = try await LoggedSequences(store, topic: Self.topic, host: Self.host)
                #expect(log.accounted == Array(1...2_000))
                #expect(!log.gaps.isEmpty, "600 messages don't fit into a spool of 400")
                let domains = try await store.query("SELECT count(*) AS n FROM log.sample")[0].int("n")
                #expect(domains == 2 * log.stored.count)
            }
        }
    }

    @Test("a store that is away delays, makes the logger unready, and loses nothing", .timeLimit(.minutes(2)))
    func storeAway() async throws {
        try await PostgresCluster.withOwn { cluster in
            try await withDatabase(in: cluster) { database in
                try await database.withStore { store in
                    let start = try await prepare(store)
                    let publisher = try await ReportPublisher.start(host: Self.host, at: start)
                    let logger = try await LoggerRig.start(database, following: [publisher.peer], at: start)
                    try await logger.claim(.log, "host-a")
                    try await publisher.publish(1...50, host: Self.host)
                    try await eventually("the first are stored") { try await watermark(store) == 50 }

                    try await cluster.killServer()
                    try await publisher.publish(51...120, host: Self.host)
                    try await eventually("it is not ready") { !logger.health.isReady }
                    try await cluster.startServer()
                    try await eventually("all is stored") { (try? await watermark(store)) == 120 }
                    try await eventually("it is ready again") { logger.health.isReady }

                    await logger.stop(["host-a"])
                    await publisher.bus.close()
                    let log = try await LoggedSequences(store, topic: Self.topic, host: Self.host)
                    #expect(log.stored == Array(1...120))
                    #expect(log.gaps.isEmpty)
                }
            }
        }
    }

    @Test("what can't be read or never be stored becomes a gap, and what follows is stored", .timeLimit(.minutes(2)))
    func poison() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                let start = try await prepare(store)
                let publisher = try await ReportPublisher.start(host: Self.host, at: start)
                // Of 1970: no day of it has a partition.
                let ancient = HostSample(
                    host: Self.host, sampledAt: Timestamp(nanoseconds: 1), intervalNanoseconds: nil,
                    figures: HostFigures(cpuCount: 1, memory: .gibibytes(1)), domains: [])
                try await publisher.publish(1...3, host: Self.host)
                try await publisher.publish([0xFF, 0xFF], type: .hostReport)
                try await publisher.publish([], type: "metrics.unheard-of.v9")
                try await publisher.publish(try HostReport.encoded(ancient), type: .hostReport)
                try await publisher.publish(7...9, host: Self.host)
                let logger = try await LoggerRig.start(database, following: [publisher.peer], at: start)
                try await logger.claim(.log, "host-a")
                try await eventually("all is accounted for") { try await watermark(store) == 9 }
                await logger.stop(["host-a"])
                await publisher.bus.close()
                let log = try await LoggedSequences(store, topic: Self.topic, host: Self.host)
                #expect(log.stored == [1, 2, 3, 7, 8, 9])
                #expect(log.accounted == Array(1...9))
            }
        }
    }

    @Test("events and decisions are stored with their domain, each by its own shard", .timeLimit(.minutes(2)))
    func events() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                let start = try await prepare(store)
                let publisher = try await ReportPublisher.start(host: Self.host, at: start)
                let domain = UUID128(high: 1, low: 1)
                var event = WireDomainEvent()
                event.hostID = "host-a"
                event.domainUuid = .init(domain.bytes)
                event.atNs = start.nanoseconds
                event.kind = "resized"
                event.detail = "3 vCPUs"
                event.foreign = true
                var decision = WireDecisionRecorded()
                decision.clusterID = "cluster-a"
                decision.domainUuid = .init(domain.bytes)
                decision.atNs = start.nanoseconds
                decision.verdict = "grow"
                decision.summary = "2 to 3 vCPUs"
                try await publisher.publisher.publish(
                    MessageCodec.encoded(event), type: .domainEvent,
                    on: StreamID(topic: .event(Self.host), epoch: 1), at: start)
                try await publisher.publisher.publish(
                    MessageCodec.encoded(decision), type: .decisionRecorded,
                    on: StreamID(topic: .decision("cluster-a"), epoch: 1), at: start)
                let logger = try await LoggerRig.start(database, following: [publisher.peer], at: start)
                try await logger.claim(.log, "host-a")
                try await logger.claim(.log, "cluster:cluster-a")
                try await eventually("both are stored") {
                    try await store.query("SELECT 1 FROM log.event").count == 2
                }
                await logger.stop(["host-a", "cluster:cluster-a"])
                await publisher.bus.close()
                let rows = try await store.query("SELECT * FROM log.event ORDER BY topic")
                #expect(try rows.map { try $0.string("kind") } == ["decision-grow", "resized"])
                #expect(try rows.map { try $0.string("detail") } == ["2 to 3 vCPUs", "3 vCPUs"])
                #expect(try rows.map { try $0.uuid("domain") } == [domain, domain])
                #expect(try rows.map { try $0.bool("is_foreign") } == [false, true])
            }
        }
    }

    @Test(
        "when one of two loggers stops, the other takes its shards and goes on where it ended", .timeLimit(.minutes(2)))
    func handOver() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                let start = try await prepare(store)
                let publisher = try await ReportPublisher.start(host: Self.host, at: start)
                let loggers = [
                    try await LoggerRig.start(database, following: [publisher.peer], at: start),
                    try await LoggerRig.start(database, following: [publisher.peer], at: start),
                ]
                let memberships = loggers.map { logger in
                    Membership(
                        record: logger.record, credential: .test(logger.instance), shardKinds: [.log, .audit],
                        store: logger.store, interval: .milliseconds(50), timeToLive: .seconds(2), callDeadline: .zero,
                        handlers: ownershipHandlers(logger.shell, logger.sealer), health: logger.health, log: .quiet,
                        peersChanged: { _, _ in })
                }
                let runs = memberships.map { membership in Task { await membership.run() } }
                let shard = ShardKey(kind: .log, id: "host-a")
                try await publisher.publish(1...200, host: Self.host)
                try await eventually("the first are stored") { try await watermark(store) == 200 }
                let owner = try requireValue(
                    memberships.firstIndex { $0.ownership.shard(shard) != nil }, "an owner")

                try await publisher.publish(201...230, host: Self.host)
                runs[owner].cancel()
                await runs[owner].value
                try await publisher.publish(231...400, host: Self.host)
                try await eventually("all is stored") { try await watermark(store) == 400 }
                #expect(memberships[1 - owner].ownership.shard(shard) != nil)

                runs[1 - owner].cancel()
                await runs[1 - owner].value
                for logger in loggers { await logger.stop([]) }
                await publisher.bus.close()
                let log = try await LoggedSequences(store, topic: Self.topic, host: Self.host)
                #expect(log.stored == Array(1...400))
                #expect(log.gaps.isEmpty)
            }
        }
    }

    @Test("the sealer chains what was appended, its successor goes on, and a fenced one writes nothing")
    func sealing() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                let start = try await prepare(store)
                let first = try await LoggerRig.start(database, following: [], at: start)
                let second = try await LoggerRig.start(database, following: [], at: start)
                try await first.claim(.audit, "main")
                try await append(3, to: store)
                await first.sealer.seal()
                try await second.claim(.audit, "main")
                try await append(2, to: store)
                await first.sealer.seal()
                #expect(try await sealed(store) == 3, "the first does not own the chain any more")
                await second.sealer.seal()
                #expect(try await sealed(store) == 5)
                let sequences = try await store.query("SELECT sequence FROM audit.entry ORDER BY sequence")
                #expect(try sequences.map { try $0.int("sequence") } == [1, 2, 3, 4, 5])
                await first.stop([])
                await second.stop([])
            }
        }
    }

    private func append(_ count: Int, to store: Store) async throws {
        for number in 0..<count {
            try await store.query(
                """
                INSERT INTO audit.outbox (actor, action, subject, detail)
                VALUES ('ada', 'vm.start', 'web', jsonb_build_object('number', \(number)))
                """)
        }
    }

    private func sealed(_ store: Store) async throws -> Int {
        try await store.query("SELECT count(*) AS n FROM audit.entry")[0].int("n")
    }
}
