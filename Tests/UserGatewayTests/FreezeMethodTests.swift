// SPDX-License-Identifier: Apache-2.0

import Contracts
import Messages
import ResourceModel
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway's freezes")
struct FreezeMethodTests {
    @Test("a freeze is a row and a message to every Monitor; who does not answer in time is named")
    func freezes() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let questions = Questions()
            let monitor = try await rig.addPeer(.monitor, number: 1)
            await monitor.answer(.freezeSet, with: [:], keeping: questions)
            let hung = try await rig.addPeer(.monitor, number: 2)
            await hung.hang(.freezeSet)
            await rig.announce([monitor, hung])
            let begin = ContinuousClock.now
            let answer = try await rig.call("freeze.set", ["cluster": "main", "reason": "maintenance"])
            #expect(ContinuousClock.now - begin < .seconds(5), "it waited longer than a Monitor may take")
            #expect(answer["frozen"] == true && answer["reached"] == 1 && answer["automatic"] == false)
            #expect(answer["unreached"]?.items?.map { $0["instance"] } == [.string(hung.record.id.description)])
            let told: JSONValue = [
                "scope": "cluster", "id": "main", "frozen": true, "reason": "maintenance", "principal": "root",
                "byTenant": false,
            ]
            #expect(questions.all == [told])
            let rows = try await FreezeRepository(rig.administration).list()
            #expect(rows.map(\.subject) == [.cluster("main")] && rows.map(\.reason) == ["maintenance"])

            await rig.announce([monitor])
            let ended = try await rig.call("freeze.clear", ["cluster": "main"])
            #expect(ended["frozen"] == false && ended["unreached"] == [] && questions.all.last?["frozen"] == false)
            #expect(try await FreezeRepository(rig.administration).list().isEmpty)
            #expect(try await rig.failure("freeze.clear", ["cluster": "main"]).reason == .notFound)
            #expect(try await rig.audited() == ["root freeze.set main", "root freeze.clear main"])
        }
    }

    @Test("a tenant freezes its own, sees its own, and can't lift what the provider froze")
    func separatesTenants() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let own = try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.addDomain(2, "web-1", tenant: "zeta")
            let frozen = try await rig.call("freeze.set", ["vm": "web-1", "reason": "load test"], as: GatewayRig.ada)
            #expect(frozen["scope"] == "vm" && frozen["id"] == .string(own.description) && frozen["name"] == "web-1")
            try await rig.call("freeze.set", ["reason": "our release"], as: GatewayRig.zoe)
            try await rig.call("freeze.set", ["vm": "web-1", "tenant": "zeta", "reason": "host-a fails"])

            let adas = try await rig.call("freeze.list", as: GatewayRig.ada)
            #expect(adas["items"]?.items?.map { $0["reason"] } == ["load test"])
            let zoes = try await rig.call("freeze.list", as: GatewayRig.zoe)["items"]?.items ?? []
            #expect(zoes.map { $0["principal"] } == ["zoe", "provider"])
            #expect(zoes.allSatisfy { $0["reason"]?.text?.contains("host-a") == false })
            #expect(try await rig.call("freeze.list")["items"]?.items?.count == 3)
            #expect(try await rig.call("vm.show", ["vm": "web-1"], as: GatewayRig.ada)["frozen"] == "load test")

            let refusal = try await rig.failure("freeze.clear", ["vm": "web-1"], as: GatewayRig.zoe)
            #expect(refusal.reason == .denied)
            let foreign = try await rig.failure(
                "freeze.set", ["vm": .string(own.description), "reason": "x"], as: GatewayRig.zoe)
            #expect(foreign == .notFound("VM", own.description))
            try await rig.call("freeze.clear", ["vm": "web-1"], as: GatewayRig.ada)
            try await rig.call("freeze.clear", [:], as: GatewayRig.zoe)
        }
    }

    @Test("who freezes again gives the own freeze a new reason; the other side's freeze of the same VM stays as it is")
    func freezesAgain() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            func standing() async throws -> [String] {
                try await FreezeRepository(rig.administration).list().map { "\($0.principal): \($0.reason)" }
            }
            func freeze(_ reason: JSONValue, _ person: GatewayRig.Person) async throws -> [String] {
                let tenant: [String: JSONValue] = person.tenant == nil ? ["tenant": "acme"] : [:]
                let answer = try await rig.call(
                    "freeze.set", tenant.merging(["vm": "web-1", "reason": reason]) { own, _ in own }, as: person)
                #expect(answer["reason"] == reason && answer["byTenant"] == .bool(person.tenant != nil))
                return try await standing()
            }
            #expect(try await freeze("load test", GatewayRig.ada) == ["ada: load test"])
            #expect(try await freeze("second test", GatewayRig.ada) == ["ada: second test"])
            #expect(try await freeze("repairs", GatewayRig.root) == ["root: repairs", "ada: second test"])
            #expect(try await freeze("third test", GatewayRig.ada) == ["root: repairs", "ada: third test"])
            #expect(try await freeze("more repairs", GatewayRig.root) == ["root: more repairs", "ada: third test"])
            for person in [GatewayRig.ada, GatewayRig.root] {
                let items = try await rig.call("freeze.list", as: person)["items"]?.items ?? []
                #expect(items.map { $0["byTenant"] } == [false, true])
            }
        }
    }

    @Test(
        "each side ends its own freeze, and the VM stays frozen by the other; the provider ends a tenant's if it says so"
    )
    func endsEach() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let (own, other) = (
                ["vm": "web-1"] as [String: JSONValue], ["vm": "web-1", "tenant": "acme"] as [String: JSONValue]
            )
            func freezeBoth() async throws {
                try await rig.call("freeze.set", own.merging(["reason": "test"]) { $1 }, as: GatewayRig.ada)
                try await rig.call("freeze.set", other.merging(["reason": "repairs"]) { $1 })
            }
            func standing() async throws -> [String] {
                try await FreezeRepository(rig.administration).list().map(\.principal)
            }
            try await freezeBoth()
            #expect(try await rig.call("freeze.clear", other)["frozen"] == true)
            #expect(try await standing() == ["ada"])
            let again = try await rig.failure("freeze.clear", other)
            #expect(again.reason == .notFound && again.hint?.contains("--of-tenant") == true, "\(again)")
            try await freezeBoth()
            #expect(try await rig.call("freeze.clear", own, as: GatewayRig.ada)["frozen"] == true)
            #expect(try await standing() == ["root"])
            #expect(try await rig.failure("freeze.clear", own, as: GatewayRig.ada).reason == .denied)
            let nobodys = try await rig.failure("freeze.clear", other.merging(["ofTenant": true]) { $1 })
            #expect(nobodys.reason == .notFound && nobodys.message.contains("by the provider alone"), "\(nobodys)")
            try await freezeBoth()
            let ended = try await rig.call("freeze.clear", other.merging(["ofTenant": true]) { $1 })
            #expect(ended["byTenant"] == true && ended["frozen"] == true)
            #expect(try await standing() == ["root"])
            #expect(try await rig.call("freeze.clear", other)["frozen"] == false)
        }
    }

    @Test("a freeze of nothing, of two things or of what is not there is refused")
    func refusesScopes() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            #expect(try await rig.failure("freeze.set", ["reason": "x"]).reason == .invalid)
            let both: [String: JSONValue] = ["cluster": "main", "tenant": "acme", "reason": "x"]
            #expect(try await rig.failure("freeze.set", both).reason == .invalid)
            #expect(
                try await rig.failure("freeze.set", ["cluster": "other", "reason": "x"])
                    == .notFound("cluster", "other"))
            #expect(
                try await rig.failure("freeze.set", ["tenant": "nobody", "reason": "x"])
                    == .notFound("tenant", "nobody"))
        }
    }
}
