// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOExtras
internal import NIOPosix
internal import UserGatewayCore

/// Speaks bytes to a gateway, well or badly.
struct RawClient {
    private var lines: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let channel: any Channel

    /// Connects, runs `body`, closes. The greeting is read already unless `readsGreeting` is false.
    static func connect(
        _ port: Int, readsGreeting: Bool = true, _ body: @Sendable (inout RawClient) async throws -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineBasedFrameDecoder()))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        try await channel.executeThenClose { inbound, _ in
            var client = RawClient(lines: inbound.makeAsyncIterator(), channel: channel.channel)
            if readsGreeting { _ = try await client.receive() }
            try await body(&client)
        }
    }

    /// Sends text as it is; a line needs its line break.
    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }

    func closeOutput() async throws { try await channel.close(mode: .output).get() }

    /// The next line; `nil` when the gateway has closed.
    mutating func receive() async throws -> JSONValue? {
        guard let line = try await lines.next(isolation: #isolation) else { return nil }
        return try JSONValue(parsing: line.readableBytesView)
    }

    mutating func request(_ id: Int, _ method: String, _ parameters: JSONValue = [:]) async throws -> JSONValue? {
        try await send(Self.line(id, method, parameters))
        return try await receive()
    }

    mutating func login(_ token: String = FakeMethods.ownerToken) async throws -> JSONValue? {
        try await request(0, "session.login", ["token": .string(token)])
    }

    static func line(_ id: Int, _ method: String, _ parameters: JSONValue = [:]) -> String {
        let request = RPCRequest(id: .integer(Int64(id)), method: method, parameters: parameters.members ?? [:])
        return String(decoding: RPCCodec.encode(request), as: UTF8.self)
    }

    private init(lines: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, channel: any Channel) {
        self.lines = lines
        self.channel = channel
    }
}
