// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

/// `ebb-usergateway`: the only entry for tenants and operators.
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
        let loops = LoopWatch()
        let membership = runtime.membership(
            shardKinds: [], callDeadline: .zero, handlers: .none, isServing: { loops.isServing })
        let configuration = try configuration(runtime)
        let historyStore = try runtime.makeStore(connections: configuration.costlyWork.places)
        let backend = GatewayBackend(runtime, historyStore: historyStore)
        do {
            let server = try GatewayServer(
                configuration: configuration,
                identity: ServerIdentity(version: ReleaseVersion.text, instance: runtime.instance.description),
                methods: backend, log: runtime.log)
            try await serve(server, backend, membership, loops, runtime.health)
        } catch let error as GatewayServerError {
            await historyStore.close()
            throw StartupError.configuration(error.message)
        } catch {
            await historyStore.close()
            throw error
        }
        await historyStore.close()
    }

    private func serve(
        _ server: GatewayServer, _ backend: GatewayBackend, _ membership: Membership, _ loops: LoopWatch,
        _ health: Health
    ) async throws {
        // Clients connect at once when the gateway reports that it is ready.
        let listening = Task {
            if (try? await server.boundAddress()) != nil { health.report("listener", fault: nil) }
        }
        defer { listening.cancel() }
        try await withThrowingTaskGroup { group in
            group.addTask { await membership.run() }
            group.addTask { await backend.forgetKeys() }
            group.addTask { await loops.run { health.report("clients", fault: $0) } }
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

    private func configuration(_ runtime: ServiceRuntime) throws(StartupError) -> GatewayServerConfiguration {
        let settings = runtime.settings
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
        configuration.maximumConnections = connections(runtime)
        configuration.callTimeout = settings.duration("gateway.requestTimeout")
        configuration.ordinaryWork.places = settings.integer("database.poolSize")
        configuration.costlyWork.places = settings.integer("gateway.historyPoolSize")
        configuration.tenantRates = rates("tenant", settings)
        configuration.principalRates = rates("principal", settings)
        return configuration
    }

    private func rates(_ whose: String, _ settings: Settings) -> Rates {
        Rates(
            requests: Int64(settings.integer("gateway.\(whose)Requests")),
            bytes: Int64(settings.integer("gateway.\(whose)Bytes")),
            databaseMicroseconds: settings.duration("gateway.\(whose)DatabaseTime").wholeNanoseconds / 1_000)
    }

    /// As many as the settings say, but few enough to leave the rest of the process enough files.
    private func connections(_ runtime: ServiceRuntime) -> Int {
        let settings = runtime.settings
        let (wanted, limit) = (settings.integer("gateway.connections"), DescriptorBudget.raiseLimit())
        let others = ["admin.connections", "database.poolSize", "gateway.historyPoolSize"].map(settings.integer)
        let paused = GatewayServerConfiguration().maximumPausedRefusals
        let count = DescriptorBudget.connections(wanted: wanted, limit: limit, others: others.reduce(paused, +))
        if count < wanted {
            runtime.log.warning(
                "fewer connections than gateway.connections says: raise the process's limit of open files (ulimit -n)",
                metadata: ["connection.limit": "\(count)", "file.limit": "\(limit)"])
        }
        return count
    }
}
