// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Testing
internal import UserGatewayCore

@testable internal import Client

@Suite("Client's tokens, people and quotas")
struct ClientAccountTests {
    @Test("tokens are listed and revoked by their ids, people disabled and enabled")
    func people() async throws {
        try await withGateway { gateway in
            let list = await ebb(gateway, "token list --principal bob --all")
            #expect(list.code == 0 && list.output.contains("6f1f0e5e-0000-4000-8000-000000000006  bob"), "\(list)")
            for line in [
                "token revoke 6f1f0e5e-0000-4000-8000-000000000006 --yes --idempotency-key k", "principal list",
                "principal disable bob --idempotency-key k", "principal enable bob --idempotency-key k",
            ] {
                let outcome = await ebb(gateway, line)
                #expect(outcome.code == 0 && outcome.output.contains("bob"), "\(outcome)")
            }
            let calls = gateway.methods.calls
            #expect(
                calls.map(\.method) == [
                    "token.list", "token.revoke", "principal.list", "principal.disable", "principal.enable",
                ])
            #expect(calls[0].params == ["principal": "bob", "all": true])
            #expect(calls[1].params == ["id": "6f1f0e5e-0000-4000-8000-000000000006", "idempotencyKey": "k"])
        }
    }

    @Test("a quota is set in human units, lifted with none, and shown with what is used")
    func quotas() async throws {
        try await withGateway { gateway in
            let line = "tenant quota set acme --vms 10 --memory 64G --tokens none --idempotency-key k"
            let outcome = await ebb(gateway, line, token: FakeMethods.administratorToken)
            #expect(outcome.code == 0, "\(outcome)")
            let expected: JSONValue = [
                "tenant": "acme", "vms": 10, "memoryBytes": 68_719_476_736, "tokens": .null, "idempotencyKey": "k",
            ]
            #expect(gateway.methods.calls.map(\.params) == [expected])
            #expect(
                await ebb(gateway, "tenant quota show").output == """
                    RESOURCE     USED  QUOTA
                    vms             3     10
                    vcpus           7     40
                    memory      6 GiB   none
                    disk       60 GiB   none
                    snapshots       1   none
                    tokens          4   none

                    """)
            #expect(await ebb(gateway, "tenant quota set acme --vms many").code == 64)
        }
    }

    @Test("a logout revokes the token and forgets it, and keeps the rest of the context")
    func logsOut() async throws {
        try await withGateway { gateway in
            try await withTemporaryDirectory { home in
                let environment = ["XDG_CONFIG_HOME": home]
                let login = await ebb(
                    ["login", "--context", "lab", "--endpoint", gateway.endpoint], environment: environment,
                    input: [FakeMethods.ownerToken])
                #expect(login.code == 0)
                let logout = await ebb(["logout"], environment: environment)
                #expect(logout.code == 0 && logout.errors.contains("as ada"), "\(logout)")
                let file = try ContextFile.load(home + "/ebb/config.yaml")
                #expect(file.contexts["lab"]?.token == nil && file.contexts["lab"]?.endpoint == gateway.endpoint)
                let after = await ebb(["vm", "list"], environment: environment)
                #expect(after.code == 77 && after.errors.contains("run ebb login"), "\(after)")
                #expect(gateway.methods.calls.map(\.method).last == "session.logout")
            }
        }
    }
}
