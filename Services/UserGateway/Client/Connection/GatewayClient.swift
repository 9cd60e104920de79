// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import NIOCore
internal import NIOExtras
internal import NIOPosix
internal import ResourceModel
internal import TLS
internal import UserGatewayCore

/// A conversation with a gateway, one request after another.
struct GatewayClient {
    private static let maximumAnswer = 16 << 20

    private var lines: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let endpoint: Endpoint
    private var lastID: Int64 = 0
    /// Before the login nothing was requested.
    private var isLoggedIn = false

    /// Connects, logs in, runs `body`, closes; all within the settings' timeout.
    static func withSession<Value: Sendable>(
        _ settings: ConnectionSettings, _ body: @escaping @Sendable (inout GatewayClient) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await connect(settings, body) }
            group.addTask {
                try await Task.sleep(for: settings.timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else {
                throw ClientFailure(
                    .timedOut,
                    "\(settings.endpoint) did not answer within \(settings.timeout); what was asked may still be done:"
                        + " look, or allow more with --timeout")
            }
            return value
        }
    }

    /// Calls a method; throws `ClientFailure` with the gateway's reason, or with what does not fit, in the names of the
    /// command line.
    mutating func call(_ method: String, _ parameters: [String: JSONValue] = [:]) async throws -> JSONValue {
        let definition = MethodRegistry.ebb[method]
        if let definition, let fault = FlagNames.fault(in: parameters, of: definition) {
            throw ClientFailure(.badData, fault)
        }
        let interruption = Surroundings.current.interruption
        if definition?.isMutating == true {
            interruption.say(
                "ebb: interrupted before the gateway answered: what was asked for may still be done; look before asking again"
            )
        }
        defer { if definition?.isMutating == true { interruption.say(nil) } }
        lastID += 1
        let request = RPCRequest(id: .integer(lastID), method: method, parameters: parameters)
        do {
            try await send(request)
            while let line = try await lines.next(isolation: #isolation) {
                guard case .response(let response) = try answer(in: line) else { continue }
                // An error without an id is about the connection: the gateway's last line.
                guard response.id == request.id || response.id == .null else { continue }
                return try response.result.get()
            }
        } catch let error as RPCError {
            throw ClientFailure(error, of: definition)
        } catch let error as ChannelError {
            throw lost("\(error)")
        } catch let error as IOError {
            throw lost(Self.reason(error))
        } catch is NIOExtrasErrors.LeftOverBytesError {
            throw otherProtocol
        }
        throw lost("it closed the connection")
    }

    private func answer(in line: ByteBuffer) throws -> RPCCodec.Answer {
        do {
            return try RPCCodec.decodeAnswer(
                line.readableBytesView, limits: JSONLimits(bytes: Self.maximumAnswer, values: 10_000_000))
        } catch {
            throw otherProtocol
        }
    }

    private var otherProtocol: ClientFailure {
        ClientFailure(
            .unreachable, "what answers at \(endpoint) does not speak Ebb's protocol; if it speaks TLS, use tls://")
    }

    /// The system's words, without those of the library around them.
    private static func reason(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)) }

    private func send(_ request: RPCRequest) async throws {
        do {
            try await outbound.write(ByteBuffer(bytes: RPCCodec.encode(request)))
        } catch is ChannelError {
            // Reading shows why the connection has ended: the gateway's last line, or TLS's error.
        }
    }

    private func lost(_ cause: String) -> ClientFailure {
        guard isLoggedIn else {
            return ClientFailure(
                .retryable,
                "the gateway at \(endpoint) ended the connection before the login (\(cause)): nothing was asked of it; "
                    + "try again")
        }
        return ClientFailure(
            .unreachable, "lost the gateway at \(endpoint) before it answered (\(cause)); look before asking again")
    }

    private static func connect<Value: Sendable>(
        _ settings: ConnectionSettings, _ body: @escaping @Sendable (inout GatewayClient) async throws -> Value
    ) async throws -> Value {
        let endpoint = settings.endpoint
        let tls = try endpoint.isTLS ? makeTLSClient(settings) : nil
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(10))
                .connect(host: endpoint.host, port: endpoint.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let tls {
                            let isAddress =
                                endpoint.host.contains(":") || endpoint.host.allSatisfy { $0.isNumber || $0 == "." }
                            try pipeline.addHandler(tls.handler(serverName: isAddress ? nil : endpoint.host))
                        }
                        try pipeline.addHandler(
                            ByteToMessageHandler(LineBasedFrameDecoder(), maximumBufferSize: maximumAnswer))
                        return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw unreachable(endpoint, error)
        }
        return try await channel.executeThenClose { inbound, outbound in
            var client = GatewayClient(lines: inbound.makeAsyncIterator(), outbound: outbound, endpoint: endpoint)
            do {
                try await client.greet(settings.token)
            } catch  where TLSClient.isRefusal(error) {
                throw unreachable(endpoint, error)
            }
            return try await body(&client)
        }
    }

    private mutating func greet(_ token: AccessToken) async throws {
        _ = try await call(
            "session.hello", ["client": .string("ebb \(ReleaseVersion.text)"), "protocol": ["min": 1, "max": 1]])
        _ = try await call("session.login", ["token": .string(token.text)])
        isLoggedIn = true
    }

    private static func makeTLSClient(_ settings: ConnectionSettings) throws -> TLSClient {
        do {
            return try TLSClient(authorityFile: settings.caFile)
        } catch {
            let authority = settings.caFile.map { "'\($0)'" } ?? "of the system"
            throw ClientFailure(.configuration, "can't speak TLS with the authority \(authority): \(error)")
        }
    }

    private static func unreachable(_ endpoint: Endpoint, _ error: any Error) -> ClientFailure {
        let cause =
            switch error {
            case let error as IOError: reason(error)
            case let error as NIOConnectionError:
                (error.connectionErrors.first?.error as? IOError).map(reason) ?? "no address answers"
            default: "\(error)"
            }
        if TLSClient.isRefusal(error) {
            return ClientFailure(.unreachable, "can't reach the gateway at \(endpoint): \(TLSClient.reason(of: error))")
        }
        return ClientFailure(
            .unreachable, "can't reach the gateway at \(endpoint): \(cause); does it run, and is --endpoint right?")
    }
}

extension GatewayClient {
    private init(
        lines: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, endpoint: Endpoint
    ) {
        self.lines = lines
        self.outbound = outbound
        self.endpoint = endpoint
    }
}
