// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import Foundation
import Logging
import Messages
import ResourceModel
import Store
import SwiftProtobuf
import TestSupport

@testable import MonitorMain
@testable import SchedulerMain
@testable import ServiceKit

/// One running Scheduler: its own bus, connections and membership, as a process would have them.
final class SchedulerRig: Sendable {
    let instance: InstanceID
    let service: SchedulerService
    private let store: Store
    fileprivate let bus: ZeroMQBus
    fileprivate let peer: BusPeer
    private let running: Task<Void, any Error>

    /// - Parameter settings: over the catalog's defaults and those of `quick`.
    static func start(
        _ database: TestDatabase, following monitor: MonitorRig, settings: [String: String] = [:]
    ) async throws -> SchedulerRig {
        var values = quick.merging(settings) { $1 }
        values["database.url"] = database.dsn(role: "ebb_scheduler")
        let store = try Store(
            configuration: StoreConfiguration(
                dsn: database.dsn(role: "ebb_scheduler"), statementTimeout: .seconds(5),
                acquireTimeout: .milliseconds(500)), log: .quiet)
        return try await SchedulerRig(
            store: store, monitor: monitor, settings: try Settings(values: values, of: .scheduler))
    }

    /// Decides from samples 50 ms apart, without waiting.
    static let quick = [
        "scheduler.samplingInterval": "50ms", "scheduler.windowLength": "10", "scheduler.cooldownUp": "0s",
        "scheduler.cooldownDown": "0s", "scheduler.retryAfterNoRoom": "1s", "bus.heartbeatInterval": "50ms",
    ]

    private init(store: Store, monitor: MonitorRig, settings: Settings) async throws {
        var generator = SystemRandomNumberGenerator()
        instance = InstanceID(UUID128.random(using: &generator))
        self.store = store
        let clock = monitor.clock
        var limits = BusConfiguration()
        limits.keyPair = TestKeys.pair
        limits.heartbeatInterval = settings.duration("bus.heartbeatInterval")
        let bus = try ZeroMQBus(instance: instance, configuration: limits, log: .quiet) { clock.now() }
        self.bus = bus
        let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        let publisher = try await bus.makePublisher(bind: "tcp://127.0.0.1:*")
        await publisher.serveReplays(on: server)
        peer = BusPeer(
            instance: instance, publishEndpoint: publisher.endpoint, commandEndpoint: server.endpoint,
            publicKey: TestKeys.pair.publicKey)
        let source = BusPeer(
            instance: monitor.instance, publishEndpoint: monitor.publisher.endpoint,
            commandEndpoint: monitor.server.endpoint, publicKey: TestKeys.pair.publicKey)
        let runtime = ServiceRuntime(
            service: .scheduler, credential: .test(instance), settings: settings, log: .quiet, health: Health(),
            clock: clock,
            store: store, publisher: publisher,
            subscribe: { topics in
                let subscriber = await bus.makeSubscriber(topics: topics)
                try? await subscriber.connect(to: source)
                return subscriber
            }, makeSubscriber: { topics in await bus.makeSubscriber(topics: topics) }, server: server,
            client: await bus.makeCommandClient(),
            endpoints: AdvertisedEndpoints(
                publish: publisher.endpoint, command: server.endpoint, admin: nil, publicKey: TestKeys.pair.publicKey),
            peers: PeerDirectory())
        let service = try SchedulerService(runtime)
        self.service = service
        running = Task { try await service.run() }
    }

    /// As `kill -9` does: nothing is written, released or said any more.
    func kill() async {
        // The database first: whatever ends now can't write it down.
        await store.close()
        await bus.close()
        running.cancel()
        _ = await running.result
    }

    /// In order: its clusters are given up.
    func stop() async {
        running.cancel()
        _ = await running.result
        await bus.close()
        await store.close()
    }

    func decides(for cluster: ClusterID) async -> Bool { await service.shell(of: cluster) != nil }

    /// Asks it over the bus, as the gateway does.
    func ask(_ type: MessageType, _ question: String) async throws -> Data {
        let client = await bus.makeCommandClient()
        let body = MessageCodec.encoded(WireJSONDocument.with { $0.json = Data(question.utf8) })
        let answer = try await client.request(body, type: type, to: peer, idempotencyKey: nil, timeout: .seconds(10))
        return try MessageCodec.decoded(WireJSONDocument.self, from: answer).json
    }

    /// Subscribes a policy, as the gateway does.
    func setPolicy(_ policy: ScalingPolicy, of domain: DomainID) async throws {
        let client = await bus.makeCommandClient()
        let request = WireSetPolicy.with {
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.policy = WirePolicyValues.with {
                $0.lowerPpm = policy.lower.ppm
                $0.upperPpm = policy.upper.ppm
                $0.ratioPpm = policy.ratio.ppm
                $0.minimumVcpus = UInt32(policy.minimumVCPUs.count)
                $0.maximumVcpus = UInt32(policy.maximumVCPUs.count)
            }
        }
        _ = try await client.request(
            MessageCodec.encoded(request), type: .setPolicy, to: peer, idempotencyKey: nil, timeout: .seconds(10))
    }
}

extension SchedulerRig {
    /// Changes a policy by the parameters of `policy.set`.
    func change(_ json: String, of domain: DomainID) async throws {
        let request = WireSetPolicy.with {
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.changeJson = Data(json.utf8)
        }
        let client = await bus.makeCommandClient()
        _ = try await client.request(
            MessageCodec.encoded(request), type: .setPolicy, to: peer, idempotencyKey: nil, timeout: .seconds(10))
    }

    /// Asks for room for a new VM, as the gateway does: the host that placement chooses.
    func place(_ domain: DomainID, _ options: (inout WirePermitRequest) -> Void) async throws -> HostID? {
        var request = WirePermitRequest.with {
            $0.clusterID = SchedulerWorld.cluster.name
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.purpose = "create"
            $0.vcpus = 1
            $0.memoryBytes = 536_870_912
            $0.tenant = "acme"
        }
        options(&request)
        let client = await bus.makeCommandClient()
        let answer = try await client.request(
            MessageCodec.encoded(request), type: .permitRequest, to: peer, idempotencyKey: nil, timeout: .seconds(10))
        return HostID(try MessageCodec.decoded(WirePermitReply.self, from: answer).hostID)
    }

    /// Asks for room for a growth of a VM that was seen with one vCPU, as the gateway does.
    func grow(_ domain: DomainID, on host: HostID, to vcpus: UInt32) async throws {
        let request = WirePermitRequest.with {
            $0.clusterID = SchedulerWorld.cluster.name
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.purpose = "grow"
            $0.vcpus = vcpus - 1
            $0.targetVcpus = vcpus
            $0.hostID = host.name
        }
        let client = await bus.makeCommandClient()
        _ = try await client.request(
            MessageCodec.encoded(request), type: .permitRequest, to: peer, idempotencyKey: nil, timeout: .seconds(10))
    }

    /// Orders a move as the gateway does: asks for its room first. Returns what it overrides.
    func orderMove(of domain: DomainID, to host: HostID, isForced: Bool = false) async throws -> String {
        let request = WirePermitRequest.with {
            $0.clusterID = SchedulerWorld.cluster.name
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.purpose = "migrate"
            $0.vcpus = 1
            $0.memoryBytes = 536_870_912
            $0.hostID = host.name
            $0.isForced = isForced
        }
        let client = await bus.makeCommandClient()
        let answer = try await client.request(
            MessageCodec.encoded(request), type: .permitRequest, to: peer, idempotencyKey: nil, timeout: .seconds(10))
        return try MessageCodec.decoded(WirePermitReply.self, from: answer).overridden
    }

    /// Why a domain is as it is, in the words that its tenant reads.
    func disguisedWhy(_ domain: DomainID) async throws -> String {
        let document = try await whyDocument(domain, at: nil, isDisguised: true)
        return try JSONDecoder().decode(TenantsWhyAnswer.self, from: document).text
    }

    /// Why a domain is as it is, or as it was at an instant.
    func why(_ domain: DomainID, at instant: Timestamp? = nil) async throws -> WhyAnswer {
        try JSONDecoder().decode(
            WhyAnswer.self, from: try await whyDocument(domain, at: instant, isDisguised: false))
    }

    private func whyDocument(_ domain: DomainID, at instant: Timestamp?, isDisguised: Bool) async throws -> Data {
        let client = await bus.makeCommandClient()
        let question = WireWhyRequest.with {
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.atNs = instant?.nanoseconds ?? 0
            $0.isDisguised = isDisguised
        }
        let answer = try await client.request(
            MessageCodec.encoded(question), type: .why, to: peer, idempotencyKey: nil, timeout: .seconds(10))
        return try MessageCodec.decoded(WireJSONDocument.self, from: answer).json
    }

    /// As a hand-made question has it.
    func why(_ domain: DomainID, rawInstant: Int64) async throws {
        let client = await bus.makeCommandClient()
        let question = WireWhyRequest.with {
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.atNs = rawInstant
        }
        _ = try await client.request(
            MessageCodec.encoded(question), type: .why, to: peer, idempotencyKey: nil, timeout: .seconds(10))
    }

    /// Rows that it could not read.
    var setAside: [SetAsideRows.Entry] { store.setAside.entries }

    /// Why a change is refused; `nil` if it is not.
    func refusal(of json: String, of domain: DomainID) async -> String? {
        do {
            try await change(json, of: domain)
            return nil
        } catch {
            return "\(error)"
        }
    }
}

/// A fleet, a Monitor that owns its hosts, and the database behind them: what every Scheduler here decides for.
struct SchedulerWorld: Sendable {
    static let cluster: ClusterID = "c1"
    static let vm = DomainID(UUID128(high: 1, low: 1))

    let database: TestDatabase
    let fleet: FleetRig
    let monitor: MonitorRig
    /// The administrator's.
    let store: Store

    /// - Parameter hosts: `h1` and `h2` at most, each with its cores; all enabled.
    static func with(
        hosts: [HostConfiguration] = [HostConfiguration(id: "h1", cores: 8, memory: .gibibytes(16))],
        durations: OperationDurations = OperationDurations(), monitor configuration: MonitorConfiguration = .quick,
        _ body: (SchedulerWorld) async throws -> Void
    ) async throws {
        let fleet = try await FleetRig.start(FleetConfiguration(hosts: hosts, durations: durations))
        do {
            try await withDatabase { database in
                try await database.withStore { store in
                    _ = try await AccountRepository(store).addTenant("acme")
                    for host in hosts.map(\.id) {
                        try await InventoryRepository(store).addHost(host, cluster: cluster, uri: fleet.uri(host))
                        try await InventoryRepository(store).setMode(of: host, to: .enabled)
                    }
                    try await MonitorRig.with(database, configuration: configuration) { monitor in
                        for host in hosts.map(\.id) { try await monitor.take(host) }
                        await monitor.publisher.serveReplays(on: monitor.server)
                        let renewing = keepAlive(monitor.instance, in: store)
                        let world = SchedulerWorld(database: database, fleet: fleet, monitor: monitor, store: store)
                        do { try await body(world) } catch {
                            renewing.cancel()
                            throw error
                        }
                        renewing.cancel()
                    }
                }
            }
        } catch {
            await fleet.bus.close()
            throw error
        }
        await fleet.bus.close()
    }

    /// Renews an instance's row, as its membership would.
    static func keepAlive(_ instance: InstanceID, in store: Store) -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                _ = try? await InstanceRepository(store).renew(.test(instance))
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// A running domain with a load in parts per million of the size that it is made with.
    func createVM(_ id: DomainID = vm, on host: HostID = "h1", vcpus: Int = 1, load: Int64 = 0) async throws {
        let outcome = try await monitor.perform(
            "create", id,
            """
            {"name": "vm-\(id.uuid.low)", "tenant": "acme", "vcpus": \(vcpus), "maximum_vcpus": 8,
             "memory_bytes": 536870912, "disk_bytes": 1073741824}
            """, on: host)
        guard outcome.succeeded else { throw ConditionNotMet(description: "the VM was not created: \(outcome)") }
        try await fleet.administer(.load(domain: id, source: .constant(ppm: load)))
    }

    func load(_ ppm: Int64, of domain: DomainID = vm) async throws {
        try await fleet.administer(.load(domain: domain, source: .constant(ppm: ppm)))
    }

    func vcpus(of domain: DomainID = vm) async throws -> Int? {
        try await InventoryRepository(store).domain(domain)?.confirmedVCPUs?.count
    }

    /// Where its Monitor publishes.
    var monitorPeer: BusPeer {
        BusPeer(
            instance: monitor.instance, publishEndpoint: monitor.publisher.endpoint,
            commandEndpoint: monitor.server.endpoint, publicKey: TestKeys.pair.publicKey)
    }

    /// Its decisions, newest first.
    func decisions(about domain: DomainID? = nil) async throws -> [DecisionRow] {
        try await DecisionRepository(store).list(DecisionFilter(domain: domain, limit: 1_000))
    }

    /// The commands that decisions gave.
    func orders() async throws -> [CommandRecord] {
        try await CommandRepository(store).history(of: Self.vm).filter { $0.command.decision != nil }
    }
}

/// One Scheduler that decides for one VM of the load, which has no policy yet.
func withScheduler(
    load: Int64 = 0, hosts: [HostConfiguration] = [HostConfiguration(id: "h1", cores: 8, memory: .gibibytes(16))],
    durations: OperationDurations = OperationDurations(), settings: [String: String] = [:],
    _ body: (SchedulerWorld, SchedulerRig) async throws -> Void
) async throws {
    try await SchedulerWorld.with(hosts: hosts, durations: durations) { world in
        try await world.createVM(load: load)
        let scheduler = try await SchedulerRig.start(world.database, following: world.monitor, settings: settings)
        try await eventually("it decides") { await scheduler.decides(for: SchedulerWorld.cluster) }
        do { try await body(world, scheduler) } catch {
            await scheduler.stop()
            throw error
        }
        await scheduler.stop()
    }
}

extension SchedulerWorld {
    func isRecorded(_ text: String) async throws -> Bool {
        try await decisions(about: Self.vm).contains { $0.record.contains(text) }
    }

    func verified(by scheduler: SchedulerRig) async throws -> VerifyAnswer {
        try JSONDecoder().decode(
            VerifyAnswer.self, from: try await scheduler.ask(.verifyDecisions, #"{"cluster": "c1"}"#))
    }
}

extension ScalingPolicy {
    /// The paper's: 15 %, 80 %, 7/10; 1 to 8 vCPUs.
    static func paper() throws -> ScalingPolicy {
        try ScalingPolicy(
            lower: Utilization(percent: 15), upper: Utilization(percent: 80), ratio: Utilization(percent: 70),
            minimumVCPUs: 1, maximumVCPUs: 8)
    }
}
