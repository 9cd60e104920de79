// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import HTTPTypes
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle

/// `/livez`, `/readyz`, `/metrics` and `/version` on a port of its own: one request per connection, and few connections.
package final class AdminServer: Service {
    private let host: String
    private let port: Int
    private let health: Health
    private let registry: PrometheusRegistry
    private let version: String
    private let log: Logger
    private let limits: AdminLimits
    private let bound = AsyncStream<Int>.makeStream()

    /// - Parameter address: `host:port`; port 0 takes any.
    /// - Throws: `StartupError` if the address can't be read.
    package init(
        address: String, health: Health, registry: PrometheusRegistry, version: String, log: Logger,
        limits: AdminLimits = AdminLimits()
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
        self.limits = limits
    }

    /// The port that was bound; waits until it is. `nil` if the server ended first.
    package func boundPort() async -> Int? { await bound.stream.first { _ in true } }

    package func run() async throws {
        defer { bound.continuation.finish() }
        do {
            let connections = AdminConnections(limits)
            let headers = HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: limits.requestBytes, maxHeaderListSize: limits.requestBytes, maxHeaderFieldCount: 64
            )
            let channels = HTTP1Channel.Configuration(
                additionalChannelHandlers: [connections.handler()], httpDecoderConfiguration: headers)
            let server = try HTTPServerBuilder.http1(configuration: channels).buildServer(
                configuration: .init(address: .hostname(host, port: port)),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: log,
                responder: { request, writer, channel in
                    let answer = self.answer(to: request)
                    try await writer.write(response: answer.head, body: answer.body)
                    // What was written is sent first.
                    channel.close(mode: .output, promise: nil)
                },
                onServerRunning: { [bound] channel in bound.continuation.yield(channel.localAddress?.port ?? 0) })
            try await server.run()
        } catch {
            throw StartupError.unavailable(
                "the admin port \(host):\(port) can't be used (\(error)); set admin.bind to a free one")
        }
    }

    private func answer(to request: Request) -> Response {
        switch (request.method, request.uri.path) {
        case (.get, "/livez"): text("ok\n")
        case (.get, "/readyz"): text(health.report, health.isReady ? .ok : .serviceUnavailable)
        case (.get, "/metrics"): text(registry.text(), type: "text/plain; version=0.0.4; charset=utf-8")
        case (.get, "/version"): text(version + "\n")
        default: text("there are GET /livez, /readyz, /metrics and /version\n", .notFound)
        }
    }

    private func text(
        _ text: String, _ status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .date: Self.date(time(nil)), .connection: "close"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// An instant, in seconds since 1970, as HTTP writes it (RFC 9110, 5.6.7).
    static func date(_ instant: time_t) -> String {
        var instant = instant
        var fields = unsafe tm()
        unsafe gmtime_r(&instant, &fields)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = unsafe "\(days[Int(fields.tm_wday)]), \(two(fields.tm_mday)) \(months[Int(fields.tm_mon)])"
        let clock = unsafe [fields.tm_hour, fields.tm_min, fields.tm_sec].map(two).joined(separator: ":")
        return unsafe "\(day) \(fields.tm_year + 1_900) \(clock) GMT"
    }
}
