// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import ServiceKit
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway's tokens and people")
struct TokenMethodTests {
    /// A token of somebody, and the session that it opens.
    private func logIn(
        _ name: String, _ role: String, tenant: String? = nil, in rig: GatewayRig
    ) async throws -> Login {
        let parameters: [String: JSONValue] = .init(
            uniqueKeysWithValues: [("principal", .string(name)), ("role", .string(role))]
                + (tenant.map { [("tenant", .string($0))] } ?? []))
        let made = try await rig.call("token.create", parameters, as: GatewayRig.chief)
        return try await rig.backend.authenticate(token: made["token"]?.text ?? "")
    }

    private func isRefused(_ login: Login, in rig: GatewayRig) async -> Bool {
        do {
            _ = try await rig.backend.authenticate(token: login.token.text)
            return false
        } catch {
            return error.reason == .denied
        }
    }

    @Test("a token is listed without its secret, revoked by its id, and its sessions are told why they end")
    func revokes() async throws {
        try await GatewayRig.with { rig in
            let login = try await logIn("bob", "member", tenant: "acme", in: rig)
            let other = try await logIn("bob", "member", tenant: "acme", in: rig)
            let listed = try await rig.call("token.list", as: GatewayRig.ada)
            #expect(listed["items"]?.items?.count == 2 && !listed.line.contains(login.token.text))
            #expect(try await rig.backend.ended([login.tokenID, other.tokenID]).isEmpty)
            let id: [String: JSONValue] = ["id": .string(login.tokenID.description)]
            let revoked = try await rig.call("token.revoke", id, as: GatewayRig.ada)
            #expect(revoked["state"] == "revoked" && revoked["revokedAt"] != nil)
            #expect(try await rig.call("token.revoke", id, as: GatewayRig.ada) == revoked)
            // Any gateway asks the same.
            let ended = try await GatewayBackend(rig.backend.runtime).ended([login.tokenID, other.tokenID])
            #expect(ended.keys.sorted() == [login.tokenID])
            #expect(ended[login.tokenID]?.reason == .denied)
            #expect(ended[login.tokenID]?.message == "this session has ended: its token was revoked")
            let isFirstRefused = await isRefused(login, in: rig)
            let isOtherRefused = await isRefused(other, in: rig)
            #expect(isFirstRefused && !isOtherRefused)
            #expect(try await rig.audited().filter { $0.contains("revoke") } == ["ada token.revoke bob"])
            let all = try await rig.call("token.list", ["all": true], as: GatewayRig.ada)["items"]?.items
            #expect(Set(all?.compactMap { $0["state"]?.text } ?? []) == ["valid", "revoked"])
        }
    }

    @Test("an expired token is shown as expired, and ends its sessions")
    func expires() async throws {
        try await GatewayRig.with { rig in
            let login = try await logIn("bob", "member", tenant: "acme", in: rig)
            try await rig.administration.query("UPDATE account.token SET expires_ns = 1 WHERE id = \(login.tokenID)")
            let ended = try await rig.backend.ended([login.tokenID])
            #expect(ended[login.tokenID]?.message == "this session has ended: its token has expired")
            #expect(try await rig.call("token.list", as: GatewayRig.ada)["items"] == [])
            let all = try await rig.call("token.list", ["all": true], as: GatewayRig.ada)["items"]?.items
            #expect(all?.map { $0["state"] } == ["expired"])
        }
    }

    @Test("everybody sees and revokes the own tokens, an owner those of its tenant, an administrator all")
    func scopes() async throws {
        try await GatewayRig.with { rig in
            let bob = try await logIn("bob", "member", tenant: "acme", in: rig)
            let zed = try await logIn("zed", "member", tenant: "zeta", in: rig)
            let ops = try await logIn("ops", "operator", in: rig)
            func names(_ person: GatewayRig.Person) async throws -> [String] {
                try await rig.call("token.list", as: person)["items"]?.items?.compactMap { $0["principal"]?.text } ?? []
            }
            #expect(try await names(GatewayRig.ada) == ["bob"])
            #expect(try await names(bob.principal) == ["bob"])
            #expect(try await names(ops.principal) == ["ops"])
            #expect(try await names(GatewayRig.chief) == ["bob", "ops", "zed"])
            for login in [zed, ops] {
                let text = login.tokenID.description
                for person in [GatewayRig.ada, bob.principal] {
                    #expect(
                        try await rig.failure("token.revoke", ["id": .string(text)], as: person)
                            == .notFound("token", text))
                }
            }
            let own: [String: JSONValue] = ["id": .string(bob.tokenID.description)]
            #expect(try await rig.call("token.revoke", own, as: bob.principal)["state"] == "revoked")
        }
    }

    @Test("a logout revokes the token of the session that asks, and no other")
    func logsOut() async throws {
        try await GatewayRig.with { rig in
            let bob = try await logIn("bob", "member", tenant: "acme", in: rig)
            let other = try await logIn("bob", "member", tenant: "acme", in: rig)
            let answer = try await rig.call("session.logout", as: bob.principal, login: bob)
            #expect(answer["principal"] == "bob" && answer["tenant"] == "acme")
            #expect(try await rig.backend.ended([bob.tokenID, other.tokenID]).keys.sorted() == [bob.tokenID])
            #expect(try await rig.audited().last == "bob session.logout bob")
        }
    }

    @Test("nobody is called as a service is, in whose name it writes to the audit")
    func leavesServicesTheirNames() async throws {
        try await GatewayRig.with { rig in
            for service in ServiceKind.allCases {
                let parameters: [String: JSONValue] = ["principal": .string(service.rawValue), "role": "operator"]
                let refusal = try await rig.failure("token.create", parameters, as: GatewayRig.chief)
                #expect(refusal.message.contains("is a service"), "\(refusal)")
            }
            let own: [String: JSONValue] = ["principal": "monitor", "role": "member"]
            #expect(try await rig.call("token.create", own, as: GatewayRig.ada)["principal"] == "monitor@acme")
        }
    }

    @Test("two sessions of somebody that log out under the same key are not taken for one")
    func logsOutOfEach() async throws {
        try await GatewayRig.with { rig in
            let bob = try await logIn("bob", "member", tenant: "acme", in: rig)
            let other = try await logIn("bob", "member", tenant: "acme", in: rig)
            let parameters: [String: JSONValue] = ["idempotencyKey": "k"]
            _ = try await rig.call("session.logout", parameters, as: bob.principal, login: bob)
            await #expect(throws: MethodError.self) {
                try await rig.call("session.logout", parameters, as: other.principal, login: other)
            }
            #expect(try await rig.backend.ended([bob.tokenID, other.tokenID]).keys.sorted() == [bob.tokenID])
        }
    }

    @Test("whom an owner made is listed, disabled and enabled by the typed name and by the full one, not by itself")
    func namesOwnPeople() async throws {
        try await GatewayRig.with { rig in
            let made = try await rig.call(
                "token.create", ["principal": "bob", "role": "owner"], as: GatewayRig.ada)
            #expect(made["principal"] == "bob@acme")
            let bob = try await rig.backend.authenticate(token: made["token"]?.text ?? "").principal
            for (person, names) in [
                (GatewayRig.ada, ["bob", "bob@acme"]), (bob, ["bob", "bob@acme"]), (GatewayRig.chief, ["bob@acme"]),
            ] {
                for name in names {
                    let parameters: [String: JSONValue] = ["principal": .string(name)]
                    let listed = try await rig.call("token.list", parameters, as: person)["items"]?.items
                    #expect(listed?.map { $0["principal"] } == ["bob@acme"], "\(name) to \(person.name)")
                    guard person != bob else {
                        let refusal = try await rig.failure("principal.disable", parameters, as: person)
                        #expect(refusal.message == "'bob@acme' can't disable itself")
                        continue
                    }
                    #expect(try await rig.call("principal.disable", parameters, as: person)["disabled"] == true)
                    #expect(try await rig.call("principal.enable", parameters, as: person)["disabled"] == false)
                }
            }
        }
    }

    @Test("a disabled principal's sessions end and no token of it is valid, until it is enabled again")
    func disables() async throws {
        try await GatewayRig.with { rig in
            let bob = try await logIn("bob", "member", tenant: "acme", in: rig)
            let parameters: [String: JSONValue] = ["principal": "bob"]
            #expect(
                try await rig.failure("principal.disable", parameters, as: GatewayRig.zoe)
                    == .notFound("principal", "bob"))
            #expect(try await rig.call("principal.disable", parameters, as: GatewayRig.ada)["disabled"] == true)
            #expect(
                try await rig.backend.ended([bob.tokenID])[bob.tokenID]?.message
                    == "this session has ended: its principal was disabled")
            let isRefusedNow = await isRefused(bob, in: rig)
            #expect(isRefusedNow)
            let more: [String: JSONValue] = ["principal": "bob", "role": "member"]
            #expect(try await rig.failure("token.create", more, as: GatewayRig.ada).reason == .conflict)
            let people = try await rig.call("principal.list", as: GatewayRig.ada)["items"]?.items
            #expect(people?.map { $0["principal"] } == ["ada", "bob"] && people?.last?["disabled"] == true)
            #expect(
                try await rig.failure("principal.disable", ["principal": "ada"], as: GatewayRig.ada).reason == .conflict
            )
            #expect(try await rig.call("principal.enable", parameters, as: GatewayRig.ada)["disabled"] == false)
            #expect(try await rig.backend.ended([bob.tokenID]).isEmpty)
            let changes = try await rig.audited().filter { $0.contains("principal.") }
            #expect(changes == ["ada principal.disable bob", "ada principal.enable bob"])
        }
    }

    @Test("a repeated token.create tells the same secret, which is stored nowhere; another session can't have it")
    func repeatsSecret() async throws {
        try await GatewayRig.with { rig in
            let chief = try await logIn("boss", "administrator", in: rig)
            let again = try await logIn("boss", "administrator", in: rig)
            let parameters: [String: JSONValue] = ["principal": "ops", "role": "operator", "idempotencyKey": "k"]
            let first = try await rig.call("token.create", parameters, as: chief.principal, login: chief)
            let secret = try #require(first["token"]?.text)
            #expect(try await rig.call("token.create", parameters, as: chief.principal, login: chief) == first)
            #expect(try await rig.backend.authenticate(token: secret).principal.name == "ops")
            let rows = try await rig.administration.query("SELECT answer FROM account.request_key")
            #expect(try rows.allSatisfy { try !$0.string("answer").contains(secret) } && rows.count == 1)
            let error = try await rig.failure("token.create", parameters, as: again.principal, login: again)
            #expect(error.reason == .conflict && !error.message.contains(secret))
            #expect(
                try await rig.call("token.list", ["principal": "ops"], as: GatewayRig.chief)["items"]?.items?.count == 1
            )
        }
    }
}
