// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ResourceModel
internal import UserGatewayCore

/// Revokes the token that commands use, and deletes it here.
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Revoke the token of a gateway's context, and forget it.",
        discussion: """
            The token is not valid any more, wherever it is used; other tokens of the same principal go on. Only a token that a \
            login kept is forgotten here: one of --token-file, EBB_TOKEN or EBB_TOKEN_FILE is revoked alone.

            Examples:
              ebb logout
              ebb logout --context lab
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    mutating func run() async throws {
        let surroundings = Surroundings.current
        let settings = try ConnectionSettings(global)
        let key = MutationOptions.newKey()
        let identity = try await GatewayClient.withSession(settings) { client in
            try await client.call("session.logout", ["idempotencyKey": .string(key)])
        }
        surroundings.writeError("Logged out of \(settings.endpoint) as \(identity["principal"]?.text ?? "-").\n")
        guard let path = ContextFile.path(surroundings.environment) else { return }
        var file = try ContextFile.load(path)
        let names = file.contexts.filter { $0.value.token == settings.token.text }.map(\.key)
        guard !names.isEmpty else { return }
        for name in names { file.contexts[name]?.token = nil }
        try file.save(path)
    }
}
