// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// `/livez`, `/readyz`, `/metrics` and `/version` on a port of its own.
package final class AdminServer: Service {
    private let host: String
    private let port: Int
    private let health: Health
    private let registry: PrometheusRegistry
    private let version: String
    private let log: Logger
    private let bound = AsyncStream<Int>.makeStream()

    /// - Parameter address: `host:port`; port 0 takes any.
    /// - Throws: `StartupError` if the address can't be read.
    package init(
        address: String, health: Health, registry: PrometheusRegistry, version: String, log: Logger
    ) throws(StartupError) {
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw .configuration("admin.bind must be host:port, not '\(address)'") }
        host = String(address[..<colon])
        self.port = port
        self.health = health
        self.registry = registry
        self.version = version
        self.log = log
    }

    /// The port that was bound; waits until it is. `nil` if the server ended first.
    package func boundPort() async -> Int? { await bound.stream.first { _ in true } }

    package func run() async throws {
        let application = Application(
            router: router(), configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { [bound] channel in bound.continuation.yield(channel.localAddress?.port ?? 0) },
            logger: log)
        defer { bound.continuation.finish() }
        do {
            try await application.run()
        } catch {
            throw StartupError.unavailable(
                "the admin port \(host):\(port) can't be used (\(error)); set admin.bind to a free one")
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/livez") { _, _ in "ok\n" }
        router.get("/readyz") { [health] _, _ in
            Response(
                status: health.isReady ? .ok : .serviceUnavailable,
                headers: [.contentType: "text/plain; charset=utf-8"],
                body: .init(byteBuffer: .init(string: health.report)))
        }
        router.get("/metrics") { [registry] _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: .init(string: registry.text())))
        }
        router.get("/version") { [version] _, _ in version + "\n" }
        return router
    }
}
