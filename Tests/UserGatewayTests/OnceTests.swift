// SPDX-License-Identifier: Apache-2.0

import Contracts
import Cryptography
import ResourceModel
import ServiceKit
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Idempotency keys")
struct OnceTests {
    /// Somebody of a role that may call a method.
    private static func caller(of method: MethodDefinition) throws -> GatewayRig.Person {
        try #require([GatewayRig.root, GatewayRig.chief, GatewayRig.ada].first { method.allows($0.role) })
    }

    /// A key as another gateway would have taken it.
    private func attempt(by person: GatewayRig.Person, heldFor time: Duration, in rig: GatewayRig) -> RequestAttempt {
        let now = rig.backend.runtime.clock.now()
        let bytes = [UInt8](repeating: 7, count: 32)
        return RequestAttempt(
            principal: person.id, key: "k", body: bytes, secret: bytes, heldUntil: now.advanced(by: time),
            expiresAt: now.advanced(by: .seconds(60)))
    }

    @Test(
        "every mutation refuses a key that was used for something else, and does nothing",
        arguments: MethodRegistry.ebb.methods.filter(\.isMutating).map(\.name))
    func refusesOtherBody(name: String) async throws {
        try await GatewayRig.with { rig in
            let method = try #require(MethodRegistry.ebb[name])
            let caller = try Self.caller(of: method)
            let keys = RequestKeyRepository(rig.administration)
            let taken = attempt(by: caller, heldFor: .seconds(10), in: rig)
            #expect(try await keys.claim(taken, at: rig.backend.runtime.clock.now()) == .begun)
            let parameters = method.example.parameters.merging(["idempotencyKey": "k"]) { own, _ in own }
            let error = try await rig.failure(name, parameters, as: caller)
            #expect(error.reason == .conflict && error.message.contains("idempotency key 'k' was used"), "\(error)")
            #expect(try await rig.audited() == [])
        }
    }

    @Test("what is not declared as a mutation can't act: its audit entry is refused")
    func needsDeclaration() async throws {
        try await GatewayRig.with { rig in
            let request = Request(
                method: "vm.list", values: [:], principal: GatewayRig.root,
                context: CallContext(remoteAddress: "127.0.0.1", deadline: .now + .seconds(1)), idempotencyKey: "k")
            await #expect(throws: StoreError.self) {
                try await rig.backend.audit(request, on: "x", [:], in: rig.backend.store)
            }
        }
    }

    @Test("who waits for another request with its key holds up nobody meanwhile", .timeLimit(.minutes(1)))
    func waitsOutside() async throws {
        try await GatewayRig.with { rig in
            var configuration = GatewayServerConfiguration()
            // One place for each tenant's and each provider's person's work.
            configuration.ordinaryWork = FairQueue.Limits(places: 2)
            configuration.turnTimeout = .seconds(5)
            let gate = TenantGate(configuration)
            let parameters: [String: JSONValue] = ["name": "new", "idempotencyKey": "k"]
            let place = try await gate.place(for: Party(GatewayRig.chief), .ordinary, bytes: 0)
            let context = CallContext(
                remoteAddress: "127.0.0.1", deadline: .now + .seconds(20), login: nil, place: place)
            let request = Request(
                method: "tenant.create", values: .object(parameters), principal: GatewayRig.chief, context: context,
                idempotencyKey: "k")
            var taken = attempt(by: GatewayRig.chief, heldFor: .seconds(20), in: rig)
            taken = RequestAttempt(
                principal: taken.principal, key: "k", body: SHA256.hash("tenant.create\n\(request.given.line)"),
                secret: taken.secret, heldUntil: taken.heldUntil, expiresAt: taken.expiresAt)
            let keys = RequestKeyRepository(rig.administration)
            #expect(try await keys.claim(taken, at: rig.backend.runtime.clock.now()) == .begun)
            async let answer = rig.backend.call(
                "tenant.create", params: .object(parameters), principal: GatewayRig.chief, context: context)
            let other = try await gate.place(for: Party(GatewayRig.chief), .ordinary, bytes: 0)
            other.end()
            try await keys.release(taken)
            #expect(try await answer["name"] == "new")
            place.end()
        }
    }

    @Test("the same key and body gets the same answer, done once; a key is each principal's own")
    func repeats() async throws {
        try await GatewayRig.with { rig in
            let parameters: [String: JSONValue] = ["name": "new", "idempotencyKey": "k"]
            let first = try await rig.call("tenant.create", parameters, as: GatewayRig.chief)
            #expect(try await rig.call("tenant.create", parameters, as: GatewayRig.chief) == first)
            #expect(try await rig.audited() == ["chief tenant.create new"])
            let other = parameters.merging(["name": "other"]) { _, new in new }
            #expect(try await rig.failure("tenant.create", other, as: GatewayRig.chief).reason == .conflict)
            let setting: [String: JSONValue] = ["tenant": "new", "vms": 3, "idempotencyKey": "k"]
            #expect(try await rig.call("quota.set", setting)["tenant"] == "new")
            #expect(try await rig.failure("tenant.create", ["name": "new"], as: GatewayRig.chief).reason == .conflict)
        }
    }

    @Test("a refusal is the same for its repeats; what trying again may mend is tried again")
    func repeatsRefusals() async throws {
        try await GatewayRig.with { rig in
            let parameters: [String: JSONValue] = ["tenant": "new", "weight": 7, "idempotencyKey": "k"]
            let refusal = try await rig.failure("tenant.set", parameters)
            #expect(refusal == .notFound("tenant", "new"))
            try await rig.call("tenant.create", ["name": "new"], as: GatewayRig.chief)
            #expect(try await rig.failure("tenant.set", parameters) == refusal)

            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme", state: .shutoff)
            let start: [String: JSONValue] = ["vm": "web-1", "wait": false, "idempotencyKey": "s"]
            let away = try await rig.failure("vm.start", start, within: .milliseconds(300))
            #expect(away.reason == .unavailable)
            let scheduler = try await rig.addPeer(.scheduler, number: 1, owning: [.init(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: Questions())
            await rig.announce([scheduler])
            #expect(try await rig.call("vm.start", start)["state"] == "queued")
        }
    }

    @Test("of equal requests at once one acts, and all get its answer")
    func races() async throws {
        try await GatewayRig.with { rig in
            let parameters: [String: JSONValue] = ["name": "new", "idempotencyKey": "k"]
            let answers = try await withThrowingTaskGroup(of: JSONValue.self) { group in
                for _ in 1...5 {
                    group.addTask { try await rig.call("tenant.create", parameters, as: GatewayRig.chief) }
                }
                return try await group.reduce(into: Set<JSONValue>()) { $0.insert($1) }
            }
            #expect(answers.count == 1)
            #expect(try await rig.audited() == ["chief tenant.create new"])
        }
    }

    @Test("while the first request goes on, its repeat is told to come back")
    func underWay() async throws {
        try await GatewayRig.with { rig in
            let parameters: [String: JSONValue] = ["name": "new", "idempotencyKey": "k"]
            _ = try await rig.call("tenant.create", parameters, as: GatewayRig.chief)
            // As if the first were at work still.
            let later = rig.backend.runtime.clock.now().advanced(by: .seconds(60))
            try await rig.administration.query(
                "UPDATE account.request_key SET answer = NULL, has_acted = false, held_until_ns = \(later)")
            let error = try await rig.failure(
                "tenant.create", parameters, as: GatewayRig.chief, within: .milliseconds(400))
            #expect(error.reason == .busy)
            // As if its gateway had died after the act.
            try await rig.administration.query(
                "UPDATE account.request_key SET has_acted = true, held_until_ns = 0")
            let lost = try await rig.failure("tenant.create", parameters, as: GatewayRig.chief)
            #expect(lost.reason == .outcomeUnknown)
        }
    }

    @Test("a repeated order of a VM asks for no room again, and tells how far the first one is")
    func repeatsOrders() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let rooms = Questions()
            let scheduler = try await rig.addPeer(.scheduler, number: 1, owning: [.init(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: rooms)
            await rig.announce([scheduler])
            let parameters: [String: JSONValue] = [
                "name": "web-1", "flavor": "tiny", "wait": false, "idempotencyKey": "k",
            ]
            let first = try await rig.call("vm.create", parameters, as: GatewayRig.ada)
            let second = try await rig.call("vm.create", parameters, as: GatewayRig.ada)
            #expect(second == first && first["state"] == "queued" && rooms.all.count == 1)
            try await rig.administration.query("UPDATE cluster.command SET state = 'succeeded', finished_ns = 1")
            let third = try await rig.call("vm.create", parameters, as: GatewayRig.ada)
            #expect(third["command"] == first["command"] && third["state"] == "succeeded" && rooms.all.count == 1)
            let larger = parameters.merging(["flavor": "small"]) { _, new in new }
            #expect(try await rig.failure("vm.create", larger, as: GatewayRig.ada).reason == .conflict)
        }
    }

    @Test("room that was promised to an order that can't be given goes back at once")
    func givesRoomBack() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme", state: .shutoff)
            let scheduler = try await rig.addPeer(.scheduler, number: 1, owning: [.init(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: Questions())
            await rig.announce([scheduler])
            let permit = UUID128(high: 4, low: 4)
            try await rig.administration.query(
                """
                INSERT INTO scheduling.permit (id, host, domain, purpose, vcpus, memory_bytes, expires_ns)
                VALUES (\(permit), 'host-a', \(domain), 'start', 2, 1, 7258118400000000000)
                """)
            // The key was used in a time before keys were kept.
            _ = try await CommandRepository(rig.administration).enqueue(
                NewCommand(
                    id: UUID128(high: 7, low: 1), host: "host-a", domain: domain, verb: .reboot,
                    principal: "root", idempotencyKey: "k", createdAt: .zero, deadline: .zero))
            let error = try await rig.failure("vm.start", ["vm": "web-1", "wait": false, "idempotencyKey": "k"])
            #expect(error.reason == .conflict)
            #expect(try await PermitRepository(rig.administration).fetch(permit)?.state == .released)
        }
    }
}
