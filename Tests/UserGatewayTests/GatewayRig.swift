// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Logging
import Messages
import ResourceModel
import Store
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing
import UserGatewayCore

@testable import ServiceKit
@testable import UserGatewayMain

/// A gateway's backend as the daemon makes it: under its own role of a real database, on a real bus. Who its peers are,
/// a test says.
struct GatewayRig: Sendable {
    let database: TestDatabase
    /// Everything is allowed here: for what other services would have written.
    let administration: Store
    let backend: GatewayBackend
    private let bus: ZeroMQBus
    private let opened = Buses()

    /// - Parameter statements: hears of every statement of the gateway.
    static func with(
        statements: StatementLog? = nil, _ body: (GatewayRig) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            try await database.withStore { administration in
                if statements != nil { try await StatementLog.enable(administration, in: database.name) }
                try await database.withStore(role: "ebb_usergateway", log: statements?.logger ?? .quiet) { store in
                    let now = try await store.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
                    let clock = ClusterClock(databaseNow: now)
                    let bus = try makeBus(clock)
                    do {
                        let runtime = try await runtime(store, bus, clock)
                        let rig = GatewayRig(
                            database: database, administration: administration, backend: GatewayBackend(runtime),
                            bus: bus)
                        do {
                            try await rig.furnish()
                            try await body(rig)
                        } catch {
                            await rig.opened.close()
                            throw error
                        }
                        await rig.opened.close()
                        await bus.close()
                    } catch {
                        await bus.close()
                        throw error
                    }
                }
            }
        }
    }

    private static func makeBus(
        _ clock: ClusterClock, _ instance: InstanceID = InstanceID(UUID128(high: 5, low: 0))
    ) throws -> ZeroMQBus {
        var configuration = BusConfiguration()
        configuration.keyPair = TestKeys.pair
        return try ZeroMQBus(instance: instance, configuration: configuration, log: .quiet, clock: { clock.now() })
    }

    private static func runtime(_ store: Store, _ bus: ZeroMQBus, _ clock: ClusterClock) async throws -> ServiceRuntime
    {
        let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        let publisher = try await bus.makePublisher(bind: "tcp://127.0.0.1:*")
        var generator = SystemRandomNumberGenerator()
        return ServiceRuntime(
            service: .usergateway, credential: .test(InstanceID(UUID128.random(using: &generator))),
            settings: try Settings(
                values: ["database.url": "postgresql://unused", "gateway.freezeTimeout": "300ms"], of: .usergateway),
            log: .quiet, health: Health(), clock: clock, store: store, publisher: publisher,
            subscribe: { topics in await bus.makeSubscriber(topics: topics) },
            makeSubscriber: { topics in await bus.makeSubscriber(topics: topics) }, server: server,
            client: await bus.makeCommandClient(),
            endpoints: AdvertisedEndpoints(
                publish: nil, command: server.endpoint, admin: nil, publicKey: TestKeys.pair.publicKey),
            peers: PeerDirectory())
    }

    /// Two tenants with an owner each, and the provider's operator and administrator.
    private func furnish() async throws {
        let accounts = AccountRepository(administration)
        for tenant in ["acme", "zeta"] as [TenantID] { _ = try await accounts.addTenant(tenant) }
        for person in [Self.ada, Self.zoe, Self.root, Self.chief] {
            try await accounts.addPrincipal(
                StoredPrincipal(
                    id: person.id, name: person.name, tenant: person.tenant,
                    role: person.role))
        }
    }

    // MARK: - People

    typealias Person = Principal

    static let ada = person(1, "ada", .owner, "acme")
    static let zoe = person(2, "zoe", .owner, "zeta")
    static let root = person(3, "root", .operator, nil)
    static let chief = person(4, "chief", .administrator, nil)

    private static func person(_ number: UInt64, _ name: String, _ role: Role, _ tenant: TenantID?) -> Person {
        guard let person = Person(id: UUID128(high: 7, low: number), name: name, role: role, tenant: tenant) else {
            preconditionFailure("the role \(role) and the tenant of \(name) contradict each other")
        }
        return person
    }

    // MARK: - Calls

    /// Calls a method as a connection would: checked against the registry, and its answer held against its schema.
    @discardableResult
    func call(
        _ method: String, _ parameters: [String: JSONValue] = [:], as person: Person = root,
        within limit: Duration = .seconds(20), login: Login? = nil
    ) async throws -> JSONValue {
        let definition = try MethodRegistry.ebb.check(
            RPCRequest(id: nil, method: method, parameters: parameters), by: person.role)
        let answer = try await backend.call(
            method, params: .object(parameters), principal: person,
            context: CallContext(remoteAddress: "127.0.0.1", deadline: .now + limit, login: login))
        let fault = definition.result.fault(in: answer)
        #expect(fault == nil, "\(method) answers what its schema does not describe: \(String(describing: fault))")
        return answer
    }

    /// Why a call fails.
    func failure(
        _ method: String, _ parameters: [String: JSONValue] = [:], as person: Person = root,
        within limit: Duration = .seconds(20), login: Login? = nil
    ) async throws -> MethodError {
        do {
            let answer = try await call(method, parameters, as: person, within: limit, login: login)
            throw ConditionNotMet(description: "\(method) succeeded: \(answer)")
        } catch let error as MethodError {
            return error
        }
    }

    /// What the audit was told, the newest last: action and subject.
    func audited() async throws -> [String] {
        try await administration.query("SELECT actor, action, subject FROM audit.outbox ORDER BY id")
            .map { "\(try $0.string("actor")) \(try $0.string("action")) \(try $0.string("subject"))" }
    }

    // MARK: - Inventory

    func addHost(_ host: HostID, cluster: ClusterID = "main") async throws {
        try await InventoryRepository(administration).addHost(
            host, cluster: cluster, uri: "fleet://127.0.0.1:1/\(host)")
        try await administration.query(
            "UPDATE inventory.host SET mode = 'enabled', state = 'up' WHERE id = \(host)")
    }

    /// A row as Monitor would have written it.
    @discardableResult
    func addDomain(
        _ number: UInt64, _ name: String, tenant: TenantID?, host: HostID = "host-a", state: DomainState = .running,
        manager: String? = nil
    ) async throws -> DomainID {
        let id = DomainID(UUID128(high: 9, low: number))
        try await administration.query(
            """
            INSERT INTO inventory.domain (id, name, tenant, host, state, maximum_vcpus, asked_vcpus, granted_vcpus,
                confirmed_vcpus, maximum_memory_bytes, memory_bytes, managed, foreign_manager)
            VALUES (\(id), \(name), \(tenant), \(host), \(state.rawValue), 8, 2, 2, 2, 1073741824, 536870912,
                \(tenant != nil), \(manager))
            """)
        return id
    }

    // MARK: - Peers

    /// Something on the bus that answers as a service would, owner of what it is told to own.
    struct Peer: Sendable {
        let record: InstanceRecord
        let server: ZeroMQCommandServer
    }

    func addPeer(_ service: ServiceKind, number: UInt64, owning shards: [ShardKey] = []) async throws -> Peer {
        // A bus of its own, as a process has one: an answer counts only from the instance that was asked.
        let id = InstanceID(UUID128(high: 5, low: number))
        let bus = try Self.makeBus(backend.runtime.clock, id)
        let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        let record = InstanceRecord(
            id: id, service: service, publishEndpoint: nil, commandEndpoint: server.endpoint,
            publicKey: TestKeys.pair.publicKey, version: "test")
        try await InstanceRepository(administration).enroll(record)
        for shard in shards { _ = try await seizeShard(shard.kind, shard.id, by: record.id, in: administration) }
        opened.add(bus)
        return Peer(record: record, server: server)
    }

    /// A host's Monitor has just read it, and Logger has written its figures down.
    func read(_ host: HostID, secondsAgo: Int64 = 0, cpu: Utilization? = nil) async throws {
        let now = try await administration.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
        let at = now.advanced(by: .seconds(-secondsAgo))
        try await administration.query("SELECT log.maintain_partitions(\(at), \(now), 0)")
        try await administration.query("UPDATE inventory.host SET proved_until_ns = \(at) WHERE id = \(host)")
        try await administration.query(
            """
            INSERT INTO log.host_sample (sampled_ns, host, stream_epoch, sequence, interval_ns, cpu_count, memory_bytes,
                cpu_utilization_ppm, response_method)
            VALUES (\(at), \(host), 1, \(at.nanoseconds), 5000000000, 4, 1024, \(cpu), 'tcp-connect')
            """)
    }

    /// A domain was seen with its host's reading.
    func sample(_ domain: DomainID, on host: HostID, secondsAgo: Int64 = 0, cpu: Utilization) async throws {
        let now = try await administration.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
        let at = now.advanced(by: .seconds(-secondsAgo))
        try await administration.query("SELECT log.maintain_partitions(\(at), \(now), 0)")
        try await administration.query(
            """
            INSERT INTO log.sample (sampled_ns, host, stream_epoch, sequence, domain, state, cpu_utilization_ppm)
            VALUES (\(at), \(host), 1, \(at.nanoseconds), \(domain), 'running', \(cpu))
            """)
    }

    /// Who is alive from now on.
    func announce(_ peers: [Peer]) async { await backend.runtime.peers.update(peers.map(\.record)) }
}

/// The buses of a test's peers, to be closed at its end.
final class Buses: Sendable {
    private let state = Mutex<[ZeroMQBus]>([])
    func add(_ bus: ZeroMQBus) { state.withLock { $0.append(bus) } }
    func close() async { for bus in state.withLock({ $0 }) { await bus.close() } }
}

/// What a peer was asked.
final class Questions: Sendable {
    private let state = Mutex<[JSONValue]>([])
    var all: [JSONValue] { state.withLock { $0 } }
    func add(_ question: JSONValue) { state.withLock { $0.append(question) } }
}

extension GatewayRig.Peer {
    /// Answers questions of a type with a document, and keeps what was asked.
    func answer(_ type: MessageType, with document: JSONValue, keeping questions: Questions) async {
        await server.handle(type) { body, _ async throws(Bus.CommandFailure) in
            do {
                let question = try MessageCodec.decoded(WireJSONDocument.self, from: body)
                questions.add(try JSONValue(parsing: question.json))
            } catch {
                throw Bus.CommandFailure.invalid("\(error)")
            }
            return MessageCodec.encoded(WireJSONDocument.with { $0.json = Data(document.compact) })
        }
    }

    /// Never answers.
    func hang(_ type: MessageType) async {
        await server.handle(type) { _, _ async throws(Bus.CommandFailure) in
            try? await Task.sleep(for: .seconds(600))
            throw Bus.CommandFailure.busy
        }
    }

    /// Has no room, and names a host with it.
    func refuseRoom(
        _ failure: Bus.CommandFailure = .denied("no host has room for it (host-a: 3 vCPUs are needed, 1 are free)")
    ) async {
        await server.handle(.permitRequest) { _, _ async throws(Bus.CommandFailure) in throw failure }
    }

    /// Grants all room that is asked for, on the host that is named or on `host-b`.
    func grantRoom(keeping questions: Questions) async {
        await server.handle(.permitRequest) { body, _ async throws(Bus.CommandFailure) in
            guard let asked = try? MessageCodec.decoded(WirePermitRequest.self, from: body) else {
                throw Bus.CommandFailure.invalid("no permit request")
            }
            let pinned = asked.pinnedHostIds.map(JSONValue.string)
            questions.add(
                .object(omittingNil: [
                    "cluster": .string(asked.clusterID), "purpose": .string(asked.purpose),
                    "vcpus": .integer(Int64(asked.vcpus)), "memory": .integer(Int64(clamping: asked.memoryBytes)),
                    "host": .string(asked.hostID),
                    "affinity": asked.affinityGroup.isEmpty ? nil : .string(asked.affinityGroup),
                    "antiAffinity": asked.antiAffinityGroup.isEmpty ? nil : .string(asked.antiAffinityGroup),
                    "pinnedHosts": pinned.isEmpty ? nil : .array(pinned), "force": asked.isForced ? true : nil,
                    "targetVcpus": asked.targetVcpus == 0 ? nil : .integer(Int64(asked.targetVcpus)),
                    "targetMemory": asked.targetMemoryBytes == 0
                        ? nil : .integer(Int64(clamping: asked.targetMemoryBytes)),
                ]))
            return MessageCodec.encoded(
                WirePermitReply.with {
                    $0.permitID = Data(UUID128(high: 4, low: 4).bytes)
                    $0.hostID = asked.hostID.isEmpty ? "host-b" : asked.hostID
                    $0.overridden = asked.isForced ? "its pin to host-a excludes it" : ""
                })
        }
    }
}
