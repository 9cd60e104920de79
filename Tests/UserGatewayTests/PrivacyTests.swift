// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

/// Every method that a tenant may call, made from the registry.
@Suite("A tenant sees nothing of others")
struct PrivacyTests {
    /// The tenant's people, one of each role.
    static let people = [Role.owner, .member, .billingViewer].compactMap { role in
        GatewayRig.Person(
            id: UUID128(high: 7, low: 1), name: role == .owner ? "ada" : "abe-\(role.rawValue)", role: role,
            tenant: "acme")
    }

    /// The methods that a role may call, apart from those of the connection itself, with the parameters of their examples that
    /// it may give.
    private static func calls(of role: Role) -> [(MethodDefinition, [String: JSONValue])] {
        MethodRegistry.ebb.methods.filter { method in
            method.allows(role) && method.access != .everybody && GatewayBackend.answered.contains(method.name)
        }.map { method in
            let allowed = method.parameters.filter { $0.roles?.contains(role) ?? true }.map(\.name)
            return (method, method.example.parameters.filter { allowed.contains($0.key) })
        }
    }

    /// What a call comes to, as text: the answer, or the error with its hint.
    private static func text(
        _ rig: GatewayRig, _ method: String, _ parameters: [String: JSONValue], _ person: GatewayRig.Person,
        within limit: Duration = .seconds(2)
    ) async throws -> String {
        do {
            return try await rig.call(method, parameters, as: person, within: limit).line
        } catch let error as MethodError {
            return "\(error.message) \(error.hint ?? "")"
        }
    }

    /// The same, and what it comes to when it is repeated under its idempotency key.
    private static func texts(
        _ rig: GatewayRig, _ method: MethodDefinition, _ parameters: [String: JSONValue], _ person: GatewayRig.Person,
        _ key: String
    ) async throws -> [String] {
        guard method.isMutating else { return [try await text(rig, method.name, parameters, person)] }
        let keyed = parameters.merging(["idempotencyKey": .string(key)]) { $1 }
        return [
            try await text(rig, method.name, keyed, person), try await text(rig, method.name, keyed, person),
        ]
    }

    /// The values to try for a method's parameters: own VMs in each state, another's, one that is not there, and ids alike.
    private static func variations(
        _ method: MethodDefinition, _ example: [String: JSONValue], _ corpus: PrivacyCorpus
    ) -> [[String: JSONValue]] {
        var all = [example]
        if method.parameters.contains(where: { $0.name == "vm" }) {
            let names = [
                "web-1", "web-2", corpus.own.description, corpus.foreign.description, "ledger-q7-not", "nothing",
            ]
            all = names.map { name in example.merging(["vm": .string(name)]) { $1 } }
            if method.parameters.contains(where: { $0.name == "vm" && !$0.isRequired }) {
                all.append(example.filter { $0.key != "vm" })
            }
        }
        if method.parameters.contains(where: { $0.name == "id" }) {
            all = [8, 6].flatMap { high in (1...3).map { low in PrivacyCorpus.id(high, low) } }.map { id in
                example.merging(["id": .string(id.description)]) { $1 }
            }
        }
        if method.name == "vm.create" {
            all = ["web-1", "web-8", "web-9", "web-10", "web-11"].map { name in
                ["name": .string(name), "flavor": "tiny", "affinity": "db"]
            }
        }
        if method.name == "token.create" {
            all = ["ada", "zoe", "root", "olaf-q8", "new"].map { ["principal": .string($0), "role": "member"] }
        }
        return all
    }

    /// Whether a text has a secret; of a number, whether it stands there as one: it may be part of an instant, of an id or of
    /// a pseudonym by chance.
    private static func has(_ secret: String, in text: String) -> Bool {
        guard secret.allSatisfy(\.isNumber) else { return text.contains(secret) }
        func isPart(_ neighbour: Character?) -> Bool {
            neighbour.map { $0.isLetter || $0.isNumber || $0 == "-" } ?? false
        }
        return text.ranges(of: secret).contains { range in
            !isPart(text[..<range.lowerBound].last) && !isPart(text[range.upperBound...].first)
        }
    }

    @Test("a number that stands by itself is found, and one within another, an instant or an id is not")
    func findsNumbers() {
        for text in ["7919", #"{"missing":7919}"#, "7919 vCPUs more", "of 7919, and"] {
            #expect(Self.has("7919", in: text))
        }
        for text in ["host-44791956927027", "12:00:05.315179196Z", "00000000-7919-4000-8000-000000000000"] {
            #expect(!Self.has("7919", in: text))
        }
        #expect(Self.has("osprey", in: "an osprey-q2"))
    }

    @Test("no answer, error or document of any method has a name or number of others in it", arguments: people)
    func corpus(person: GatewayRig.Person) async throws {
        try await PrivacyCorpus.with { corpus in
            var texts = 0
            for _ in 0..<2 {
                for (method, example) in Self.calls(of: person.role) {
                    for parameters in Self.variations(method, example, corpus) {
                        texts += 1
                        // What was typed may be said again.
                        let typed = JSONValue.object(parameters).line
                        for text in try await Self.texts(corpus.rig, method, parameters, person, "key \(texts)") {
                            for secret in PrivacyCorpus.secrets + [corpus.foreign.description]
                            where !typed.contains(secret) {
                                // An owner may have made one of the same name of its own.
                                let said = text.replacing("\(secret)@acme", with: "")
                                #expect(
                                    !Self.has(secret, in: said),
                                    "\(secret) in the answer to \(method.name) \(typed): \(text)")
                            }
                        }
                    }
                }
            }
            #expect(texts > (person.role == .billingViewer ? 5 : 250))
        }
    }

    @Test(
        "a VM, decision, operation or token of another's and one that is not there have one answer, by the same statements; one's own has another",
        arguments: people)
    func foreignIsMissing(person: GatewayRig.Person) async throws {
        let statements = StatementLog()
        try await GatewayRig.with(statements: statements) { rig in
            let own = try await Self.furnishThings(rig)
            let (theirs, nobodys) = (DomainID(UUID128(high: 9, low: 1)), DomainID(UUID128(high: 9, low: 77)))
            var compared = 0
            for (method, example) in Self.calls(of: person.role) {
                func seen(_ name: String, _ value: String) async throws -> (answer: String, statements: [String]) {
                    _ = statements.take()
                    let text = try await Self.text(
                        rig, method.name, example.merging([name: .string(value)]) { $1 }, person,
                        within: .milliseconds(200))
                    return (text.replacing(value, with: "it"), statements.take())
                }
                for name in ["vm", "id"] where method.parameters.contains(where: { $0.name == name }) {
                    let things =
                        name == "vm"
                        ? [(own.description, theirs.description, nobodys.description), ("own-1", "web-1", "web-77")]
                        : [
                            (
                                PrivacyCorpus.id(8, 3).description, PrivacyCorpus.id(8, 1).description,
                                PrivacyCorpus.id(8, 2).description
                            )
                        ]
                    for (own, theirs, nobodys) in things {
                        let missing = try await seen(name, nobodys)
                        let foreign = try await seen(name, theirs)
                        #expect(
                            foreign.answer == missing.answer && missing.answer.contains("there is no"), "\(method.name)"
                        )
                        #expect(foreign.statements == missing.statements, "\(method.name)")
                        #expect(!missing.statements.isEmpty, "the server tells of no statements")
                        #expect(try await seen(name, own).answer != missing.answer, "\(method.name) of one's own")
                        compared += 1
                    }
                }
            }
            #expect(compared >= [.owner: 60, .member: 50, .billingViewer: 1][person.role, default: 0], "\(compared)")
        }
    }

    @Test("what is not there is not found, whoever asks and whatever for", arguments: Role.allCases)
    func missing(role: Role) async throws {
        try await GatewayRig.with { rig in
            let person = try #require(
                GatewayRig.Person(
                    id: UUID128(high: 7, low: 4), name: "chief", role: role,
                    tenant: [Role.owner, .member, .billingViewer].contains(role) ? "acme" : nil))
            var asked = 0
            for (method, example) in Self.calls(of: role) {
                for name in ["vm", "id", "host"]
                where method.parameters.contains(where: { $0.name == name && $0.isRequired }) {
                    let nobodys: JSONValue = name == "id" ? .string(UUID128(high: 4, low: 4).description) : "nothing-7"
                    if method.name == "host.add" { continue }
                    let text = try await Self.text(
                        rig, method.name, example.merging([name: nobodys]) { $1 }, person, within: .milliseconds(500))
                    #expect(text.contains("there is no"), "\(method.name) \(name): \(text)")
                    asked += 1
                }
            }
            #expect(asked > 0 || role == .billingViewer)
        }
    }

    /// A VM, a decision, a command and a token of zeta's, and the same of acme's, whose VM is returned.
    private static func furnishThings(_ rig: GatewayRig) async throws -> DomainID {
        try await rig.addHost("host-a")
        let foreign = try await rig.addDomain(1, "web-1", tenant: "zeta")
        let own = try await rig.addDomain(2, "own-1", tenant: "acme")
        for (number, domain, person) in [(UInt64(1), foreign, GatewayRig.zoe), (3, own, GatewayRig.ada)] {
            try await rig.administration.query(
                """
                INSERT INTO scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record)
                VALUES (\(PrivacyCorpus.id(8, number)), 'main', 1, \(domain), cluster.now_ns(), 'nothing', 1, 'x', '{}')
                """)
            try await rig.administration.query(
                """
                INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, state, created_ns,
                    deadline_ns)
                VALUES (\(PrivacyCorpus.id(8, number)), 'host-a', \(domain), 'stop', '{}', \(person.name), 'k', 'queued',
                    cluster.now_ns(), cluster.now_ns())
                """)
            try await rig.administration.query(
                """
                INSERT INTO account.token (id, hash, principal, created_ns, expires_ns)
                VALUES (\(PrivacyCorpus.id(8, number)), sha256(\(person.name)::bytea), \(person.id), 1,
                    cluster.now_ns() + 3600000000000)
                """)
        }
        return own
    }

    @Test("what a tenant writes itself is read as it was written, whatever hosts there are")
    func ownWords() async throws {
        try await GatewayRig.with { rig in
            for host in ["web", "db"] as [HostID] { try await rig.addHost(host) }
            try await rig.addDomain(1, "web", tenant: "acme", host: "db")
            let reason = "web and db are not to be touched: web."
            let frozen = try await rig.call("freeze.set", ["vm": "web", "reason": .string(reason)], as: GatewayRig.ada)
            #expect(frozen["reason"] == .string(reason) && frozen["principal"] == "ada")
            let shown = try await rig.call("vm.show", ["vm": "web"], as: GatewayRig.ada)
            #expect(shown["frozen"] == .string(reason) && shown["name"] == "web")
            #expect(shown["host"]?.text?.hasPrefix("host-") == true)
        }
    }

    @Test(
        "the same host has the same pseudonym in all that a tenant reads, until its row is deleted; its hash tells nothing"
    )
    func pseudonyms() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.addDomain(2, "web-2", tenant: "zeta")
            func host(_ vm: String, _ person: GatewayRig.Person) async throws -> JSONValue? {
                try await rig.call("vm.show", ["vm": .string(vm)], as: person)["host"]
            }
            let first = try await host("web-1", GatewayRig.ada)
            #expect(try await rig.call("vm.list", as: GatewayRig.ada)["items"]?.items?.first?["host"] == first)
            #expect(try await host("web-2", GatewayRig.zoe) != first)
            try await rig.administration.query("DELETE FROM account.pseudonym")
            #expect(try await host("web-1", GatewayRig.ada) != first)
        }
    }

    @Test("an owner's token for a name that another has elsewhere is made as for one that nobody has")
    func tokens() async throws {
        try await GatewayRig.with { rig in
            var made: [String?] = []
            for name in ["zoe", "root", "nobody-yet"] {
                let token = try await rig.call(
                    "token.create", ["principal": .string(name), "role": "member"], as: GatewayRig.ada)
                #expect(token["tenant"] == "acme" && token["role"] == "member")
                made.append(token["principal"]?.text)
            }
            #expect(made == ["zoe@acme", "root@acme", "nobody-yet@acme"])
            // The name is the same person's from then on, and a role that differs is told of the owner's own people only.
            let again: [String: JSONValue] = ["principal": "zoe", "role": "member"]
            #expect(try await rig.call("token.create", again, as: GatewayRig.ada)["principal"] == "zoe@acme")
            let other = again.merging(["role": "owner"]) { $1 }
            #expect(try await rig.failure("token.create", other, as: GatewayRig.ada).reason == .conflict)
            #expect(
                try await rig.call("token.create", ["principal": "ada", "role": "owner"], as: GatewayRig.ada)[
                    "principal"] == "ada")
        }
    }
}
