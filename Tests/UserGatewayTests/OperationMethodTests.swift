// SPDX-License-Identifier: Apache-2.0

import Store
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
}
