// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

/// `ebb-usergateway`: the one door for tenants and operators.
@main
struct UserGatewayDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ebb-usergateway",
        abstract: "The door for tenants and operators: JSON-RPC 2.0, one line per message, over TCP or TLS.",
        discussion: ServiceOptions.discussion(of: .usergateway), version: ReleaseVersion.text)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await ServiceLauncher.run(.usergateway, options) { runtime in try await serve(runtime) }
    }

    private func serve(_ runtime: ServiceRuntime) async throws {
        let membership = runtime.membership(shardKinds: [], callDeadline: .zero, handlers: .none)
        let server: GatewayServer
        let backend = GatewayBackend(runtime)
        do {
            server = try GatewayServer(
                configuration: try configuration(runtime.settings),
                identity: ServerIdentity(version: ReleaseVersion.text, instance: runtime.instance.description),
                methods: backend, log: runtime.log)
        } catch let error as GatewayServerError {
            throw StartupError.configuration(error.message)
        }
        try await withThrowingTaskGroup { group in
            group.addTask { await membership.run() }
            group.addTask { await backend.forgetKeys() }
            group.addTask {
                do {
                    try await server.run()
                } catch let error as GatewayServerError {
                    throw StartupError.unavailable(error.message)
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func configuration(_ settings: Settings) throws(StartupError) -> GatewayServerConfiguration {
        var configuration = GatewayServerConfiguration()
        let bind = settings.text("gateway.bind")
        guard let colon = bind.lastIndex(of: ":"), let port = Int(bind[bind.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw .configuration("gateway.bind must be host:port, not '\(bind)'") }
        configuration.host = String(bind[..<colon])
        configuration.port = port
        switch (settings.optionalText("gateway.certificateFile"), settings.optionalText("gateway.privateKeyFile")) {
        case (let certificate?, let key?):
            configuration.tls = GatewayServerConfiguration.TLS(certificatePath: certificate, keyPath: key)
        case (nil, nil): break
        default: throw .configuration("gateway.certificateFile and gateway.privateKeyFile go together: set both")
        }
        configuration.allowsPlainOffLoopback = settings.boolean("gateway.allowPlain")
        configuration.maximumConnections = settings.integer("gateway.connections")
        configuration.callTimeout = settings.duration("gateway.requestTimeout")
        return configuration
    }
}
