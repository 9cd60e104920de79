// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing
import UserGatewayCore

@Suite struct OperationMethodTests {
    @Test("operations are people's; what a service notes of itself is shown to who asks for it by its name")
    func notes() async throws {
        try await GatewayRig.with { rig async throws in
            try await rig.administration.query(
                """
                INSERT INTO audit.entry (sequence, outbox, at_ns, actor, action, subject, detail, hash, service)
                SELECT n, n, n, actor, 'policy.set', 'web-1', '{}'::jsonb, sha256(actor::bytea), service FROM (VALUES
                    (1, 'ada', 'usergateway'), (2, 'scheduler', 'scheduler'), (3, 'root', NULL)) e(n, actor, service)
                """)
            func actors(_ parameters: [String: JSONValue] = [:]) async throws -> [String] {
                try await rig.call("operation.list", parameters)["items"]?.items?.compactMap { $0["actor"]?.text } ?? []
            }
            #expect(try await actors() == ["root", "ada"])
            #expect(try await actors(["actor": "scheduler"]) == ["scheduler"])
        }
    }

    @Test(
        "what Logger has not sealed yet is listed too, and to a tenant without the chain's numbers, which are everybody's"
    )
    func unsealed() async throws {
        try await GatewayRig.with { rig async throws in
            try await rig.administration.query(
                """
                INSERT INTO audit.entry (sequence, outbox, at_ns, actor, action, subject, detail, hash, service)
                VALUES (9, 0, 9, 'ada', 'vm.stop', 'web-1', '{}', sha256('ada'), 'usergateway')
                """)
            try await rig.administration.query(
                """
                INSERT INTO audit.outbox (at_ns, actor, action, subject, detail, service)
                VALUES (10, 'ada', 'vm.start', 'web-1', '{}', 'usergateway')
                """)
            func listed(by person: GatewayRig.Person) async throws -> [[String?]] {
                let items = try await rig.call("operation.list", ["actor": "ada"], as: person)["items"]?.items ?? []
                return items.map { [$0["action"]?.text, $0["sequence"]?.integer.map(String.init)] }
            }
            #expect(try await listed(by: GatewayRig.root) == [["vm.start", nil], ["vm.stop", "9"]])
            #expect(try await listed(by: GatewayRig.ada) == [["vm.start", nil], ["vm.stop", nil]])
        }
    }

    @Test(
        "an operation that had nothing to do says so, to whoever asked for it and whoever looks at it",
        arguments: [
            ("resume", "it runs already; nothing was done"), ("start", "it runs already; nothing was done"),
            ("restore", "it runs already; nothing was done"), ("suspend", "it is paused already; nothing was done"),
            ("shutdown", "it is off already; nothing was done"), ("destroy", "it is off already; nothing was done"),
            ("save", "it is saved already; nothing was done"), ("resize", "it has that size already; nothing was done"),
            ("reboot", "it is so already; nothing was done"),
        ])
    func heldAlready(verb: String, sentence: String) async throws {
        try await GatewayRig.with { rig async throws in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            let command = UUID128(high: 8, low: 1)
            func finish(_ result: String) async throws {
                try await rig.administration.query(
                    "UPDATE cluster.command SET state = 'succeeded', finished_ns = created_ns, result = \(result)::jsonb"
                )
            }
            try await rig.administration.query(
                """
                INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, created_ns,
                    deadline_ns)
                VALUES (\(command), 'host-a', \(domain), \(verb), '{}', 'ada', 'k', cluster.now_ns(),
                    cluster.now_ns() + 600000000000)
                """)
            try await finish("{}")
            let parameters: [String: JSONValue] = ["id": .string(command.description)]
            #expect(try await rig.call("operation.show", parameters)["message"] == nil)
            try await finish(#"{"heldAlready": true}"#)
            for person in [GatewayRig.ada, GatewayRig.root] {
                #expect(try await rig.call("operation.show", parameters, as: person)["message"] == .string(sentence))
            }
        }
    }

    @Test("pausing what is paused answers that it is so already")
    func answersAlready() async throws {
        try await GatewayRig.with { rig async throws in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            async let answer = rig.call("vm.suspend", ["vm": "web-1"], as: GatewayRig.ada)
            try await eventually("its host has ended it") {
                try await !rig.administration.query(
                    """
                    UPDATE cluster.command SET state = 'succeeded', finished_ns = created_ns,
                        result = '{"heldAlready": true}' WHERE state = 'queued' RETURNING id
                    """
                ).isEmpty
            }
            let outcome = try await answer
            #expect(outcome["state"] == "succeeded")
            #expect(outcome["message"] == "it is paused already; nothing was done", "\(outcome)")
        }
    }
}
