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

@Suite("Billing on real edges")
struct BillingTests {
    static let minute: Int64 = 60_000_000_000

    /// 0.02 EUR per vCPU·hour, 0.005 per GiB·hour of memory, 0.0001 of disk, 0.05 per GiB of network;
    /// f = 0.9 + 0.1·(1 − U1) + 0.2·(1 − U2) + 0.3·(1 − P).
    static let card = """
        currency: EUR
        prices: {vcpuHour: 20000000, memoryGiBHour: 5000000, diskGiBHour: 100000, networkGiB: 50000000, cpuHour: 0}
        factor: {base: 900000, lowerWeight: 100000, upperWeight: 200000, ratioWeight: 300000, minimum: 900000, maximum: 1500000}
        """

    /// One hour of a domain: 2 vCPUs for 30 minutes, then 3 (still open), then also a policy with
    /// f = 0.9 + 0.085 + 0.04 + 0.09 = 1.115; 1 GiB of memory, 20 GiB of disk, 1 GiB received in each half.
    private func fill(_ store: Store) async throws {
        try await store.query("INSERT INTO account.tenant (id) VALUES ('acme'), ('idle')")
        try await InventoryRepository(store).addHost("host-a", cluster: "cluster-a", uri: "fleet://127.0.0.1:1/host-a")
        try await store.query("UPDATE inventory.host SET proved_until_ns = \(60 * Self.minute)")
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
            VALUES (\(domain), 'host-a', 0, 0, \(30 * Self.minute), 2, \(1 << 30), \(20 << 30)),
                (\(domain), 'host-a', 0, \(30 * Self.minute), NULL, 3, \(1 << 30), \(20 << 30))
            """)
        try await store.query(
            """
            INSERT INTO inventory.meter_reading (domain, host, incarnation_start_ns, at_ns, cpu_time_ns,
                network_received_bytes, network_transmitted_bytes)
            SELECT \(domain), 'host-a', 0, m * \(Self.minute), m * 1000000000, m * \(2 << 30) / 60, 0
            FROM generate_series(0::int8, 90::int8) AS m
            """)
        try await store.query(
            """
            INSERT INTO scheduling.policy VALUES (\(domain), 1, \(30 * Self.minute), 150000, 800000, 700000, 1, 8, 10)
            """)
    }

    /// A running instance, asked over its own sockets by a client of another bus.
    private func withInstance<R: Sendable>(
        of database: TestDatabase, _ body: (Asker) async throws -> R
    ) async throws -> R {
        try await database.withStore(role: "ebb_billing") { store in
            let bus = try ZeroMQBus(instance: InstanceID(UUID128(high: 2, low: 1)), log: .quiet) { .zero }
            let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
            await BillingHandlers(store: store, now: { Timestamp(nanoseconds: 100 * Self.minute) }, log: .quiet)
                .register(on: server)
            let asking = try ZeroMQBus(instance: InstanceID(UUID128(high: 2, low: 2)), log: .quiet) { .zero }
            let peer = BusPeer(
                instance: InstanceID(UUID128(high: 2, low: 1)), publishEndpoint: nil, commandEndpoint: server.endpoint,
                publicKey: nil)
            let result = try await body(Asker(client: await asking.makeCommandClient(), peer: peer))
            await asking.close()
            await bus.close()
            return result
        }
    }

    @Test("a bill over segments, readings, a policy and a rate card is exact to the nano-unit")
    func exactBill() async throws {
        try await withBilling { database in
            try await withInstance(of: database) { asker in
                let bill = try await asker.bill("acme", from: 0, to: 60 * Self.minute)
                #expect(bill["currency"] as? String == "EUR")
                let items = try #require(bill["items"] as? [[String: Any]])
                let amounts = items.map { item in
                    ["resource", "part", "factorPpm", "amountNano"].map { "\(item[$0] ?? "")" }.joined(separator: " ")
                }
                // 2 vCPUs and 1 of 3 for half an hour each, and 2 of 3 at f; memory, disk and bytes have no rule.
                #expect(
                    amounts == [
                        "vcpu base 1000000 30000000", "vcpu elastic 1115000 22300000", "memory base 1000000 5000000",
                        "disk base 1000000 2000000", "network base 1000000 100000000", "cpu-time base 1000000 0",
                    ])
                #expect(bill["rulesVersion"] as? Int == 2)
                #expect(bill["totalNano"] as? String == "159300000")
                let fixed = try #require(bill["fixedSize"] as? [String: Any])
                #expect(fixed["totalNano"] as? String == "147000000")
                #expect(fixed["savedNano"] as? String == "-12300000")
                let text = try #require(bill["text"] as? String)
                #expect(text.contains("total: 0.1593 EUR"))
                #expect(text.contains("at a fixed size, web, 2 vCPUs throughout: 0.147 EUR"))
            }
        }
    }

    @Test("an open size is billed up to where its host was last seen, and what is unknown after it is not")
    func provedUntil() async throws {
        try await withBilling { database in
            try await withInstance(of: database) { asker in
                let bill = try await asker.bill("acme", from: 59 * Self.minute, to: 400 * Self.minute)
                let items = try #require(bill["items"] as? [[String: Any]])
                let compute = items.filter { $0["resource"] as? String == "vcpu" }.map { $0["quantity"] as? String }
                #expect(compute == ["\(Self.minute)", "\(2 * Self.minute)"])
            }
        }
    }

    @Test("two instances give the same bytes, also of usage")
    func identicalBytes() async throws {
        try await withBilling { database in
            try await withInstance(of: database) { first in
                try await withInstance(of: database) { second in
                    for type in [MessageType.bill, .usage] {
                        let one = try await first.ask(type, .of("acme", 0, 60 * Self.minute))
                        let other = try await second.ask(type, .of("acme", 0, 60 * Self.minute))
                        #expect(one == other)
                        #expect(!one.isEmpty)
                    }
                }
            }
        }
    }

    @Test("usage keeps the host, and a tenant without domains used nothing")
    func usage() async throws {
        try await withBilling { database in
            try await withInstance(of: database) { asker in
                let usage = try await asker.json(.usage, .of("acme", 0, 60 * Self.minute))
                let items = try #require(usage["items"] as? [[String: Any]])
                let compute = try #require(items.first)
                #expect(compute["host"] as? String == "host-a")
                #expect(compute["quantity"] as? String == "\(150 * Self.minute)")
                let idle = try await asker.json(.usage, .of("idle", 0, 60 * Self.minute))
                #expect((idle["items"] as? [Any])?.isEmpty == true)
            }
        }
    }

    @Test("an unknown tenant is not found, and an impossible period is refused with the reason")
    func refusals() async throws {
        try await withBilling { database in
            try await withInstance(of: database) { asker in
                #expect(await asker.refusal(.bill, .of("nobody", 0, 1))?.code == "not-found")
                #expect(await asker.refusal(.bill, .of("acme", 5, 5))?.code == "invalid")
                #expect(await asker.refusal(.usage, .of("acme", 6, 5))?.code == "invalid")
                #expect(await asker.refusal(.bill, .of("ACME", 0, 1))?.code == "invalid")
                let long = await asker.refusal(.bill, .of("acme", 0, 401 * 1_440 * Self.minute))
                #expect(long?.message.contains("400 days") == true)
            }
        }
    }

    @Test("policies are priced with the factor of the card that holds, in their order")
    func factors() async throws {
        try await withBilling { database in
            try await withInstance(of: database) { asker in
                let bounds = { (lower: Int, upper: Int, ratio: Int) in
                    #"{"lowerPpm":\#(lower),"upperPpm":\#(upper),"ratioPpm":\#(ratio)}"#
                }
                let asked = [bounds(150_000, 800_000, 700_000), bounds(0, 1_000_000, 1_000_000)]
                let answer = try await asker.json(
                    .showFactors, .json(#"{"policies":[\#(asked.joined(separator: ","))]}"#))
                let factors = try #require(answer["factorsPpm"] as? [Int])
                // The first is that of the bill above.
                #expect(factors.count == 2 && factors[0] == 1_115_000, "\(factors)")
                let wrong = await asker.refusal(.showFactors, .json(#"{"policies":[\#(bounds(2, 1, 1))]}"#))
                #expect(wrong?.code == "invalid" && wrong?.message.contains("lower bound U1") == true)
            }
        }
    }

    @Test("a new rate card holds from its instant, is refused in the past and in another currency")
    func rates() async throws {
        try await withBilling { database in
            try await withInstance(of: database) { asker in
                let prices = #""prices":{"vcpuHour":30000000,"memoryGiBHour":0,"diskGiBHour":0,"networkGiB":0}"#
                let set = try await asker.json(.setRates, .json(#"{"card":{"currency":"EUR",\#(prices)}}"#))
                #expect(set["version"] as? Int == 2)
                let then = try await asker.json(.showRates, .json(#"{"atNs":0}"#))
                #expect(then["version"] as? Int == 1)
                let now = try await asker.json(.showRates, .json("{}"))
                #expect(now["version"] as? Int == 2)
                let past = await asker.refusal(
                    .setRates, .json(#"{"card":{"currency":"EUR",\#(prices)},"validFromNs":7}"#))
                #expect(past?.code == "invalid")
                let dollars = await asker.refusal(.setRates, .json(#"{"card":{"currency":"USD",\#(prices)}}"#))
                #expect(dollars?.code == "conflict")
                let unknown = await asker.refusal(.setRates, .json(#"{"card":{"currency":"EUR","price":{}}}"#))
                #expect(unknown?.message.contains("card.price") == true)
            }
        }
    }

    @Test("the rate card of the deployment is valid")
    func shippedCard() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let card = try RateCards.read(root.appending(path: "compose/rate-card.yaml").path)
        #expect(card.prices.vcpuHour == 20_000_000)
    }

    @Test(
        "a rate card that can't be used stops the service with the key named",
        arguments: [
            ("currency: EUR", "prices is missing"),
            ("currency: EUR\nprices: {vcpuHour: 1, memoryGiBHour: 1, diskGiBHour: 1}", "prices.networkGiB is missing"),
            (card + "\ncolour: red", "colour: no such key"),
            (card.replacing("vcpuHour: 20000000", with: "vcpuHour: cheap"), "prices.vcpuHour must be a whole number"),
            (card.replacing("vcpuHour: 20000000", with: "vcpuHour: -1"), "the price of vcpu must not be negative"),
            (card.replacing("maximum: 1500000", with: "maximum: 1200000"), "f reaches from"),
            (card.replacing("EUR", with: "euro"), "three capital letters"),
        ])
    func badCard(text: String, fault: String) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ebb-card-\(UUID().uuidString).yaml").path
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let error = try #require(throws: StartupError.self) { try RateCards.read(path) }
        #expect(error.code == .configuration)
        #expect(error.message.contains("billing.rateCard"))
        #expect(error.message.contains(fault), "\(error.message)")
    }

    /// A database with the facts and the first rate card, put there as a starting instance does; another that starts
    /// then finds it.
    private func withBilling(_ body: (TestDatabase) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ebb-card-\(UUID().uuidString).yaml").path
        try Data(Self.card.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await withDatabase { database in
            try await database.withStore { try await fill($0) }
            try await database.withStore(role: "ebb_billing") { store in
                #expect(try await RateCards(store).insertFirst(from: path))
                #expect(try await !RateCards(store).insertFirst(from: path))
                try await RateCards(store).check()
            }
            try await body(database)
        }
    }
}

/// A client of one Billing instance.
private struct Asker: Sendable {
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
    fileprivate static func of(_ tenant: String, _ from: Int64, _ to: Int64) -> [UInt8] {
        var request = WireBillRequest()
        request.tenantID = tenant
        request.fromNs = from
        request.toNs = to
        return MessageCodec.encoded(request)
    }

    fileprivate static func json(_ text: String) -> [UInt8] {
        var document = WireJSONDocument()
        document.json = Data(text.utf8)
        return MessageCodec.encoded(document)
    }
}
