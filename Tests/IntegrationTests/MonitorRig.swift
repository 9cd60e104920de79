// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import FoundationEssentials
import Hypervisor
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import Synchronization
import TestSupport

@testable import FleetMain
@testable import MonitorMain

/// A simulated fleet behind a real command server, whose truth every test is held against.
struct FleetRig: Sendable {
    let service: FleetService
    let bus: ZeroMQBus
    let server: ZeroMQCommandServer
    /// One for all that a test asks: each keeps its connection for a while.
    let client: any CommandClient
    var endpoint: String { server.endpoint }

    /// - Parameter concurrentCalls: how many hung hosts may hold a call at once, and the others besides.
    static func start(_ configuration: FleetConfiguration, concurrentCalls: Int = 64) async throws -> FleetRig {
        let service = try FleetService(configuration, stateFile: nil)
        let bus = try makeBus(concurrentCommands: concurrentCalls, servesFleet: true)
        let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        await service.serve(on: server)
        return FleetRig(service: service, bus: bus, server: server, client: await bus.makeCommandClient())
    }

    func uri(_ host: HostID) -> String { "fleet://\(endpoint.dropFirst("tcp://".count))/\(host)" }

    func administer(_ administration: FleetAdministration) async throws {
        _ = try await FleetClient(client, endpoint: endpoint).administer(administration)
    }

    func truth() async throws -> FleetTruth {
        let client = FleetClient(client, endpoint: endpoint)
        return try FleetJSON.decode(FleetTruth.self, from: try await client.administer(.truth(domains: nil)))
    }

    /// A hypervisor of the test's own: what it does, Ebb did not order.
    func hypervisor(_ host: HostID) async throws -> FleetHypervisor {
        try FleetHypervisor(uri: uri(host), client: client)
    }
}

private func makeInstance() -> InstanceID {
    var generator = SystemRandomNumberGenerator()
    return InstanceID(UUID128.random(using: &generator))
}

private func makeBus(
    _ instance: InstanceID = makeInstance(), concurrentCommands: Int = 64, servesFleet: Bool = false
) throws -> ZeroMQBus {
    var configuration = BusConfiguration()
    configuration.keyPair = TestKeys.pair
    configuration.servesFleet = servesFleet
    configuration.maximumConcurrentCommands = concurrentCommands
    configuration.maximumFrameBytes = 8 << 20
    let clock = FleetClock.live(notBefore: .zero)
    return try ZeroMQBus(
        instance: instance, configuration: configuration, log: .quiet,
        clock: clock.now)
}

extension MonitorConfiguration {
    /// Short enough that no test waits long.
    static var quick: MonitorConfiguration {
        var configuration = MonitorConfiguration()
        configuration.pollInterval = .milliseconds(50)
        configuration.callTimeout = .milliseconds(500)
        configuration.commandTimeout = .seconds(5)
        configuration.readingInterval = .milliseconds(100)
        configuration.confirmationTimeout = .milliseconds(300)
        configuration.commandScanInterval = .milliseconds(50)
        configuration.refreshInterval = .milliseconds(50)
        configuration.rowsInterval = .milliseconds(50)
        configuration.probeInterval = .milliseconds(50)
        configuration.progressInterval = .milliseconds(50)
        configuration.capRetryInterval = .milliseconds(50)
        configuration.pokeSpacing = .milliseconds(10)
        configuration.farewell = .seconds(1)
        configuration.proofTimeout = .seconds(2)
        return configuration
    }
}

/// One running Monitor: its own bus and connections, as a process would have them; hosts are given to it by hand.
final class MonitorRig: Sendable {
    let instance: InstanceID
    /// Everything is allowed here: for what others would have written.
    let store: Store
    /// The Monitor's, under its role.
    private let own: Store
    let bus: ZeroMQBus
    let server: ZeroMQCommandServer
    let publisher: ZeroMQPublisher
    let clock: ClusterClock
    let supervisor: HostSupervisor
    private let scanning: Task<Void, Never>
    /// Whether hypervisors may be commanded.
    let gate = Gate()
    private let taken = Mutex<Set<HostID>>([])

    let database: TestDatabase

    private init(_ database: TestDatabase, configuration: MonitorConfiguration) async throws {
        self.database = database
        instance = makeInstance()
        func open(_ dsn: String) throws -> Store {
            try Store(
                configuration: StoreConfiguration(
                    dsn: dsn, statementTimeout: .seconds(2), acquireTimeout: .milliseconds(500)), log: .quiet)
        }
        (store, own) = (try open(database.dsn()), try open(database.dsn(role: "ebb_monitor")))
        bus = try makeBus(instance)
        server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        publisher = try await bus.makePublisher(bind: "tcp://127.0.0.1:*")
        let now = try await store.query("SELECT cluster.now_ns() AS now")
        let clock = ClusterClock(databaseNow: try now[0].timestamp("now"))
        self.clock = clock
        let gate = gate
        let client = await bus.makeCommandClient()
        let connectors = [
            HypervisorConnector.libvirt(folders: ["/tmp"]),
            .fleet(client: client, readTimeout: configuration.callTimeout),
        ]
        let edges = MonitorEdges(
            instance: instance, store: own, publisher: publisher, clock: clock,
            open: { uri, host throws(HypervisorError) in
                try openHypervisor(uri: uri, host: host, log: .quiet, connectors: connectors)
            }, mayCommand: { _, _ in gate.isOpen }, log: .quiet)
        supervisor = HostSupervisor(edges: edges, configuration: configuration)
        let supervisor = supervisor
        scanning = Task { await supervisor.run() }
        await server.handle(.executeCommand) { body, context async throws(Bus.CommandFailure) -> [UInt8] in
            try await supervisor.deliver(body, context)
        }
        await HostQuestions(supervisor: supervisor, edges: edges).serve(on: server)
    }

    static func with<R: Sendable>(
        _ database: TestDatabase, configuration: MonitorConfiguration = .quick,
        _ body: (MonitorRig) async throws -> R
    ) async throws -> R {
        let rig = try await MonitorRig(database, configuration: configuration)
        do {
            let result = try await body(rig)
            await rig.stop()
            return result
        } catch {
            await rig.stop()
            throw error
        }
    }

    /// Takes a host over under the next epoch and begins its work.
    @discardableResult
    func take(_ host: HostID) async throws -> OwnedShard {
        try await InstanceRepository(own).enroll(
            InstanceRecord(
                id: instance, service: .monitor, publishEndpoint: nil, commandEndpoint: server.endpoint,
                publicKey: TestKeys.pair.publicKey, version: "test"))
        let shards = ShardRepository(own)
        try await shards.ensure(.host, [host.name])
        let seen = try await shards.list(.host).first { $0.id == host.name }
        guard let seen, let claim = try await shards.claim(seen, by: .test(instance)) else {
            throw ConditionNotMet(description: "host \(host) can't be claimed")
        }
        let shard = OwnedShard(
            key: ShardKey(kind: .host, id: host.name), epoch: claim.epoch, commandsFromBootNanoseconds: 0)
        _ = taken.withLock { $0.insert(host) }
        await supervisor.gained(shard)
        return shard
    }

    func drop(_ host: HostID) async { await supervisor.lost(ShardKey(kind: .host, id: host.name)) }

    private func stop() async {
        scanning.cancel()
        await withTaskGroup { group in
            for host in taken.withLock({ $0 }) { group.addTask { await self.drop(host) } }
        }
        await bus.close()
        await own.close()
        await store.close()
    }

    var inventory: InventoryRepository { InventoryRepository(store) }
    var commands: CommandRepository { CommandRepository(store) }

    /// Queues a command's row; nothing more.
    @discardableResult
    func enqueue(
        _ verb: String, _ domain: DomainID, _ arguments: String = "{}", on host: HostID = "h1", key: String? = nil,
        isAutomatic: Bool = false, revision: Int64? = nil, permit: UUID128? = nil,
        within time: Duration = .seconds(20)
    ) async throws -> UUID128 {
        var generator = SystemRandomNumberGenerator()
        let id = UUID128.random(using: &generator)
        let now = clock.now()
        _ = try await commands.enqueue(
            NewCommand(
                id: id, host: host, domain: domain, verb: Recognised(verb), arguments: arguments,
                expectedRevision: revision,
                principal: "test", idempotencyKey: key ?? id.description, permit: permit,
                decision: isAutomatic ? UUID128.random(using: &generator) : nil, createdAt: now,
                deadline: now.advanced(by: time)))
        return id
    }

    /// Waits for a command's end.
    func outcome(of id: UUID128) async throws -> CommandOutcome {
        try await eventually("the command's end") { try await self.commands.fetch(id)?.outcome != nil }
        guard let outcome = try await commands.fetch(id)?.outcome else {
            throw ConditionNotMet(description: "the command has no end")
        }
        return outcome
    }

    /// Queues a command and waits for its end.
    func perform(
        _ verb: String, _ domain: DomainID, _ arguments: String = "{}", on host: HostID = "h1",
        isAutomatic: Bool = false, permit: UUID128? = nil
    ) async throws -> CommandOutcome {
        try await outcome(
            of: try await enqueue(verb, domain, arguments, on: host, isAutomatic: isAutomatic, permit: permit))
    }

    /// Room that was promised to a domain on h1.
    func permit(of domain: DomainID, vcpus: Int64, memory: ByteCount) async throws -> UUID128 {
        var generator = SystemRandomNumberGenerator()
        let id = UUID128.random(using: &generator)
        try await store.query(
            """
            INSERT INTO scheduling.permit (id, host, domain, purpose, vcpus, memory_bytes, created_ns, expires_ns)
            VALUES (\(id), 'h1', \(domain), 'grow', \(vcpus), \(memory), \(clock.now()),
                \(clock.now().advanced(by: .seconds(60))))
            """)
        return id
    }

    /// Asks Monitor over the bus; the answer's JSON.
    func ask(_ type: MessageType, _ json: String) async throws -> String {
        let peer = BusPeer(
            instance: instance, publishEndpoint: nil, commandEndpoint: server.endpoint,
            publicKey: TestKeys.pair.publicKey)
        let answer = try await bus.makeCommandClient().request(
            MessageCodec.encoded(WireJSONDocument.with { $0.json = .init(json.utf8) }), type: type, to: peer,
            idempotencyKey: nil, timeout: .seconds(10))
        return String(decoding: try MessageCodec.decoded(WireJSONDocument.self, from: answer).json, as: UTF8.self)
    }

    /// Whoever hears what this Monitor publishes from now on.
    func subscribe(_ topics: [Topic]) async throws -> any StreamSubscriber {
        let subscriber = await bus.makeSubscriber(topics: topics)
        try await subscriber.connect(
            to: BusPeer(
                instance: instance, publishEndpoint: publisher.endpoint, commandEndpoint: server.endpoint,
                publicKey: TestKeys.pair.publicKey))
        return subscriber
    }

    func segments(_ domain: DomainID) async throws -> [StoredSegment] {
        guard let always = TimeRange(.zero, .distantFuture) else { return [] }
        return try await inventory.segments(of: domain, in: always)
    }
}

/// Open until it is shut.
final class Gate: Sendable {
    private let state = Mutex(true)
    var isOpen: Bool { state.withLock { $0 } }
    func set(_ isOpen: Bool) { state.withLock { $0 = isOpen } }
}
