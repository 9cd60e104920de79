// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import ResourceModel
internal import UserGatewayCore

/// Checks a token and keeps it.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Log in to a gateway and keep the token for later commands.",
        discussion: """
            The token comes from --token-file, EBB_TOKEN, EBB_TOKEN_FILE or standard input. Gateway and token are kept \
            in $XDG_CONFIG_HOME/ebb/config.yaml, readable by you only, under the name that --context gives \
            (default: "default").

            Examples:
              ebb login --endpoint tls://cloud.example:7420
              ebb login --context lab --endpoint tcp://127.0.0.1:7420 --token-file token
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    mutating func run() async throws {
        let surroundings = Surroundings.current
        guard let path = ContextFile.path(surroundings.environment) else {
            throw ClientFailure(.configuration, "there is no home to keep the token in; set XDG_CONFIG_HOME")
        }
        let settings = try ConnectionSettings(global, token: token())
        let identity = try await GatewayClient.withSession(settings) { client in try await client.call("session.show") }
        let name = global.context ?? surroundings.environment["EBB_CONTEXT"] ?? "default"
        var file = try ContextFile.load(path)
        file.contexts[name] = ContextFile.Context(
            endpoint: settings.endpoint.description, token: settings.token.text, caFile: settings.caFile)
        file.currentContext = name
        try file.save(path)
        let principal = identity["principal"]?.text ?? "-"
        let role = identity["role"]?.text ?? "-"
        surroundings.writeError("Logged in to \(settings.endpoint) as \(principal) (\(role)); context '\(name)'.\n")
    }

    private func token() throws -> AccessToken {
        let surroundings = Surroundings.current
        if let path = global.tokenFile { return try ConnectionSettings.token(inFile: path) }
        if let token = surroundings.environment["EBB_TOKEN"], !token.isEmpty {
            return try ConnectionSettings.token(token)
        }
        if let path = surroundings.environment["EBB_TOKEN_FILE"], !path.isEmpty {
            return try ConnectionSettings.token(inFile: path)
        }
        if surroundings.isInteractive { surroundings.writeError("Token: ") }
        return try ConnectionSettings.token(surroundings.readLine() ?? "")
    }
}
