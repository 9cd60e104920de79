// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import LoggerCore
import Logging
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport

@testable import LoggerMain

/// A publisher of one host's reports, as a Monitor is one, on a real socket of its own.
struct ReportPublisher: Sendable {
    let bus: ZeroMQBus
    let publisher: ZeroMQPublisher
    let peer: BusPeer
    let stream: StreamID
    /// What the reports' instants count from.
    let start: Timestamp

    static func start(host: HostID, epoch: UInt64 = 1, spool: Int = 400, at start: Timestamp) async throws
        -> ReportPublisher
    {
        var generator = SystemRandomNumberGenerator()
        let instance = InstanceID(UUID128.random(using: &generator))
        var configuration = BusConfiguration()
        configuration.keyPair = TestKeys.pair
        configuration.heartbeatInterval = .milliseconds(50)
        configuration.spoolMessagesPerStream = spool
        let bus = try ZeroMQBus(instance: instance, configuration: configuration, log: .quiet) { start }
        let publisher = try await bus.makePublisher(bind: "tcp://127.0.0.1:*")
        let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        await publisher.serveReplays(on: server)
        return ReportPublisher(
            bus: bus, publisher: publisher,
            peer: BusPeer(
                instance: instance, publishEndpoint: publisher.endpoint, commandEndpoint: server.endpoint,
                publicKey: TestKeys.pair.publicKey),
            stream: StreamID(topic: .host(host), epoch: epoch), start: start)
    }

    /// Publishes the reports of these numbers: two domains each, one millisecond apart.
    func publish(_ numbers: ClosedRange<Int64>, host: HostID) async throws {
        for number in numbers {
            let sample = HostSample(
                host: host, sampledAt: start.advanced(byNanoseconds: number * 1_000_000), intervalNanoseconds: nil,
                figures: HostFigures(cpuCount: 4, memory: .gibibytes(2)),
                domains: (1...2).map { domain in
                    DomainSample(
                        domain: DomainID(UUID128(high: 1, low: UInt64(domain))), state: .running,
                        counters: DomainCounters(cpuTimeNanoseconds: number))
                })
            try await publisher.publish(
                try HostReport.encoded(sample), type: .hostReport, on: stream, at: sample.sampledAt)
        }
    }

    func publish(_ body: [UInt8], type: MessageType) async throws {
        try await publisher.publish(body, type: type, on: stream, at: start)
    }
}

/// One running logger: its own bus, its own connections, as a process would have them.
struct LoggerRig: Sendable {
    let instance: InstanceID
    let store: Store
    let bus: ZeroMQBus
    let shell: LoggerShell
    let sealer: AuditSealer
    let health = Health()
    private let running: Task<Void, Never>

    static func start(
        _ database: TestDatabase, following peers: [BusPeer], at start: Timestamp,
        configuration: LoggerConfiguration = .quick
    ) async throws -> LoggerRig {
        let store = try Store(
            configuration: StoreConfiguration(
                dsn: database.dsn(role: "ebb_logger"), statementTimeout: .seconds(2), acquireTimeout: .milliseconds(500)
            ),
            log: .quiet)
        return try await LoggerRig(store: store, peers: peers, now: start, configuration: configuration)
    }

    private init(store: Store, peers: [BusPeer], now start: Timestamp, configuration: LoggerConfiguration) async throws
    {
        var generator = SystemRandomNumberGenerator()
        instance = InstanceID(UUID128.random(using: &generator))
        self.store = store
        let clock = ClusterClock(databaseNow: start)
        var limits = BusConfiguration()
        limits.keyPair = TestKeys.pair
        limits.heartbeatInterval = .milliseconds(50)
        let bus = try ZeroMQBus(instance: instance, configuration: limits, log: .quiet) { clock.now() }
        self.bus = bus
        let edges = LoggerEdges(
            store: store, now: { clock.now() }, makeSubscriber: { await bus.makeSubscriber(topics: $0) },
            health: health, log: .quiet)
        let shell = LoggerShell(edges, configuration)
        let keeper = LogKeeper(edges, retention: configuration.retention)
        sealer = AuditSealer(edges)
        self.shell = shell
        try await keeper.ensurePartitions()
        try await keeper.ensureShards()
        await shell.follow(peers)
        running = Task { await shell.run() }
        try await InstanceRepository(store).enroll(record)
    }

    var record: InstanceRecord {
        InstanceRecord(
            id: instance, service: .logger, publishEndpoint: nil, commandEndpoint: "tcp://127.0.0.1:1", version: "test")
    }

    /// Takes a shard from whoever has it, as the membership does when its owner is dead.
    @discardableResult
    func claim(_ kind: ShardKind, _ id: String) async throws -> ShardClaim {
        let shards = ShardRepository(store)
        let seen = try await shards.list(kind).first { $0.id == id }
        let row = try requireValue(seen, "shard \(kind)/\(id)")
        let claim = try requireValue(try await shards.claim(row, by: .test(instance)), "claim of \(kind)/\(id)")
        switch kind {
        case .audit: await sealer.gained(claim)
        default: await shell.gained(LogShard(id: id, epoch: claim.epoch))
        }
        return claim
    }

    /// As `kill -9` does: nothing is written, released or said any more.
    func kill() async {
        running.cancel()
        await bus.close()
        await store.close()
        await running.value
    }

    /// In order: what waits is written first.
    func stop(_ shards: [String]) async {
        for id in shards { await shell.lost(id) }
        running.cancel()
        await running.value
        await shell.close()
        await bus.close()
        await store.close()
    }
}

extension LoggerConfiguration {
    /// Small batches, soon.
    static var quick: LoggerConfiguration {
        var configuration = LoggerConfiguration()
        configuration.limits = LoggerLimits(
            batchRows: 60, batchAge: .milliseconds(25), firstPause: .milliseconds(20), longestPause: .milliseconds(100))
        return configuration
    }
}

/// What the log holds of one topic.
struct LoggedSequences: Sendable {
    let stored: [Int64]
    let gaps: [ClosedRange<Int64>]

    init(_ store: Store, topic: Topic, host: HostID) async throws {
        stored = try await store.query("SELECT sequence FROM log.host_sample WHERE host = \(host) ORDER BY sequence")
            .map { try $0.int64("sequence") }
        gaps = try await LogRepository(store).gaps(of: topic).map(\.sequences)
    }

    /// Stored sequences and those within gaps, in order: each once if all is well.
    var accounted: [Int64] { (stored + gaps.flatMap { Array($0) }).sorted() }
}

/// What should have been there is not.
struct Missing: Error, CustomStringConvertible {
    let description: String
}

/// A value that must be there.
func requireValue<T>(_ value: T?, _ what: String) throws -> T {
    guard let value else { throw Missing(description: what) }
    return value
}
