// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore

@testable internal import Client

@Suite("What can't be undone")
struct ConsentTests {
    /// A command line of each method that the registry says can't be undone, and what it asks.
    private static let commands: [String: (line: String, question: String)] = [
        "vm.delete": ("vm delete web-1 web-2", "Delete web-1, web-2 with disks?"),
        "vm.revert": ("vm revert web-1 monday", "Take web-1 back to monday and lose what it did since?"),
        "vm.snapshotdelete": ("vm snapshot delete web-1 monday", "Delete snapshot monday of web-1?"),
        "vm.release": ("vm release web-1", "Give web-1 back?"),
        "vm.shutdown": ("vm shutdown web-1 --force", "Cut the power of web-1?"),
        "host.remove": ("host remove host-a", "Forget the host host-a?"),
        "token.revoke": (
            "token revoke 6f1f0e5e-0000-4000-8000-000000000006",
            "Revoke the token 6f1f0e5e-0000-4000-8000-000000000006 and end its sessions?"
        ),
    ]

    private static let final = MethodRegistry.ebb.methods.filter { $0.finality != .never }.map(\.name)

    @Test(
        "without a terminal it needs --yes, with one it is asked by name, and nothing is sent before", arguments: final)
    func asks(method: String) async throws {
        let (line, question) = try #require(Self.commands[method], "say here how \(method) is typed and asked")
        try await withGateway { gateway in
            let token = FakeMethods.administratorToken
            let alone = await ebb(gateway, line, token: token)
            #expect(alone.code == 64 && alone.output.isEmpty && alone.errors.contains("add --yes"), "\(alone)")
            let refused = await ebb(gateway, line, token: token, isInteractive: true, input: ["n"])
            #expect(refused.code == 1 && refused.errors.contains("nothing was "), "\(refused)")
            #expect(refused.errors.hasPrefix(question) && refused.errors.contains(" [y/N] "), "\(refused)")
            #expect(await ebb(gateway, line, token: token, isInteractive: true).code == 1)
            #expect(gateway.methods.calls.isEmpty)
            #expect(await ebb(gateway, line, token: token, isInteractive: true, input: ["yes"]).code == 0)
            #expect(await ebb(gateway, line + " --yes", token: token).code == 0)
            #expect(gateway.methods.calls.allSatisfy { $0.method == method })
        }
    }

    @Test("a VM that is typed as a UUID is asked about by its name")
    func namesVMs() async throws {
        try await withGateway { gateway in
            let id = "6f1f0e5e-0000-4000-8000-000000000002"
            let outcome = await ebb(gateway, "vm delete \(id) --keep-disk", isInteractive: true, input: ["n"])
            #expect(outcome.errors.hasPrefix("Delete web-1 (\(id)) and keep the disks? [y/N] "), "\(outcome)")
            #expect(gateway.methods.calls.map(\.method) == ["vm.show"])
        }
    }

    @Test(
        "what can be undone is not asked about",
        arguments: ["vm shutdown web-1", "vm pause web-1", "host drain host-a"])
    func asksNothing(line: String) async throws {
        try await withGateway { gateway in
            #expect(await ebb(gateway, line, token: FakeMethods.administratorToken).code == 0)
        }
    }
}
