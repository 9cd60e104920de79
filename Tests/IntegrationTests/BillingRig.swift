// SPDX-License-Identifier: Apache-2.0

import Bus
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import BillingMain

/// A database with one hour of one domain, and Billing's commands on real edges.
enum BillingRig {
    static let minute: Int64 = 60_000_000_000
    /// Billing's time, and its database's.
    static let now = Timestamp(nanoseconds: 100 * minute)

    /// 0.02 EUR per vCPU·hour, 0.005 per GiB·hour of memory, 0.0001 of disk, 0.05 per GiB of network;
    /// f = 0.9 + 0.1·(1 − U1) + 0.2·(1 − U2) + 0.3·(1 − P).
    static let card = """
        currency: EUR
        prices: {vcpuHour: 20000000, memoryGiBHour: 5000000, diskGiBHour: 100000, networkGiB: 50000000, cpuHour: 0}
        factor: {base: 900000, lowerWeight: 100000, upperWeight: 200000, ratioWeight: 300000, minimum: 900000, maximum: 1500000}
        """

    /// One hour of a domain: 2 vCPUs for 30 minutes, then 3 (still open), then also a policy with
    /// f = 0.9 + 0.085 + 0.04 + 0.09 = 1.115; 1 GiB of memory, 20 GiB of disk, 1 GiB received in each half.
    static func fill(_ store: Store) async throws {
        try await store.query("INSERT INTO account.tenant (id) VALUES ('acme'), ('idle')")
        try await InventoryRepository(store).addHost("host-a", cluster: "cluster-a", uri: "fleet://127.0.0.1:1/host-a")
        try await store.query("UPDATE inventory.host SET proved_until_ns = \(60 * minute)")
        let domain = DomainID(UUID128(high: 0, low: 1))
        try await store.query(
            """
            INSERT INTO inventory.domain (id, name, tenant, host, state, maximum_vcpus, maximum_memory_bytes, managed,
                created_ns)
            VALUES (\(domain), 'web', 'acme', 'host-a', 'running', 8, \(1 << 30), true, 0)
            """)
        try await store.query(
            """
            INSERT INTO inventory.size_segment (domain, host, incarnation_start_ns, start_ns, end_ns, vcpus,
                memory_bytes, disk_bytes)
            VALUES (\(domain), 'host-a', 0, 0, \(30 * minute), 2, \(1 << 30), \(20 << 30)),
                (\(domain), 'host-a', 0, \(30 * minute), NULL, 3, \(1 << 30), \(20 << 30))
            """)
        try await store.query(
            """
            INSERT INTO inventory.meter_reading (domain, host, incarnation_start_ns, at_ns, cpu_time_ns,
                network_received_bytes, network_transmitted_bytes)
            SELECT \(domain), 'host-a', 0, m * \(minute), m * 1000000000, m * \(2 << 30) / 60, 0
            FROM generate_series(0::int8, 90::int8) AS m
            """)
        try await store.query(
            """
            INSERT INTO scheduling.policy VALUES (\(domain), 1, \(30 * minute), 150000, 800000, 700000, 1, 8, 10)
            """)
    }

    /// A running instance, asked over its own sockets by a client of another bus.
    static func withInstance<R: Sendable>(
        of database: TestDatabase, _ body: (BillingAsker) async throws -> R
    ) async throws -> R {
        try await database.withStore(role: "ebb_billing") { store async throws in
            var configuration = BusConfiguration()
            configuration.keyPair = TestKeys.pair
            let bus = try ZeroMQBus(
                instance: InstanceID(UUID128(high: 2, low: 1)), configuration: configuration, log: .quiet
            ) { .zero }
            let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
            await BillingHandlers(store: store, now: { now }, log: .quiet)
                .register(on: server)
            let asking = try ZeroMQBus(
                instance: InstanceID(UUID128(high: 2, low: 2)), configuration: configuration, log: .quiet
            ) { .zero }
            let peer = BusPeer(
                instance: InstanceID(UUID128(high: 2, low: 1)), publishEndpoint: nil, commandEndpoint: server.endpoint,
                publicKey: TestKeys.pair.publicKey)
            let result = try await body(BillingAsker(client: await asking.makeCommandClient(), peer: peer))
            await asking.close()
            await bus.close()
            return result
        }
    }

    /// A database with the facts and the first rate card, put there as a starting instance does; another that starts
    /// then finds it.
    static func withBilling(_ body: (TestDatabase) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ebb-card-\(UUID().uuidString).yaml").path
        try Data(card.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await withDatabase { database in
            try await database.withStore { try await fill($0) }
            try await database.stopClock(at: now.nanoseconds)
            try await database.withStore(role: "ebb_billing") { store async throws in
                let isFirst = try await RateCards(store).insertFirst(from: path)
                let isFirstAgain = try await RateCards(store).insertFirst(from: path)
                #expect(isFirst && !isFirstAgain)
                let complaints = try await RateCards(store).complaints()
                #expect(complaints.isEmpty)
            }
            try await body(database)
        }
    }
}

/// A client of one Billing instance.
struct BillingAsker: Sendable {
    let client: ZeroMQCommandClient
    let peer: BusPeer

    /// The reply's JSON as it came.
    func ask(_ type: MessageType, _ body: [UInt8]) async throws -> [UInt8] {
        let reply = try await client.request(body, type: type, to: peer, idempotencyKey: nil, timeout: .seconds(20))
        return [UInt8](try MessageCodec.decoded(WireJSONDocument.self, from: reply).json)
    }

    func json(_ type: MessageType, _ body: [UInt8]) async throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(try await ask(type, body)))
        return try requireValue(object as? [String: Any], "a JSON object")
    }

    func bill(_ tenant: String, from: Int64, to: Int64) async throws -> [String: Any] {
        try await json(.bill, .of(tenant, from, to))
    }

    /// The failure that the server answered with.
    func refusal(_ type: MessageType, _ body: [UInt8]) async -> Bus.CommandFailure? {
        do {
            _ = try await ask(type, body)
            return nil
        } catch let error as BusError {
            guard case .failed(let failure) = error.code else { return nil }
            return failure
        } catch {
            return nil
        }
    }
}

extension [UInt8] {
    /// A request for a tenant and a period.
    static func of(_ tenant: String, _ from: Int64, _ to: Int64) -> [UInt8] {
        var request = WireBillRequest()
        request.tenantID = tenant
        request.fromNs = from
        request.toNs = to
        return MessageCodec.encoded(request)
    }

    static func json(_ text: String) -> [UInt8] {
        var document = WireJSONDocument()
        document.json = Data(text.utf8)
        return MessageCodec.encoded(document)
    }
}
