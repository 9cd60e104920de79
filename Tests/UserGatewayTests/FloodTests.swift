// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ResourceModel
import Store
import Synchronization
import TestSupport
import Testing
import UserGatewayCore

@testable import UserGatewayMain

/// Prints what a tenant waits alone and beside another that floods. It takes half a minute and wants the machine for itself:
///
///     EBB_TEST_FLOOD=1 swift test --skip-build --filter FloodTests
@Suite(.enabled(if: ProcessInfo.processInfo.environment["EBB_TEST_FLOOD"] != nil, "it is measured by name"))
struct FloodTests {
    private static let connections = 500
    private static let rounds = 400

    @Test("a tenant that floods the gateway over 500 connections at most doubles what another waits")
    func measures() async throws {
        try await GatewayRig.with { rig in
            let tokens = try await furnish(rig)
            var configuration = GatewayServerConfiguration()
            configuration.port = 0
            configuration.ordinaryWork.places = 4
            // All come from one address, at once.
            configuration.maximumConnectionsPerAddress = 1_024
            configuration.maximumConnections = 2_048
            configuration.loginBurst = 1_024
            let server = try GatewayServer(
                configuration: configuration, identity: ServerIdentity(version: "0", instance: "test"),
                methods: rig.backend, log: .quiet)
            let serving = Task { try await server.run() }
            let port = try await server.boundAddress().port
            // Threads of their own: a client must not take the server's.
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            _ = try await Self.measure(port, group, tokens.quiet)
            let alone = try await Self.measure(port, group, tokens.quiet)
            let flood = Flood(tokens.loud)
            try await flood.open(Self.connections, port, group)
            try await eventually(within: .seconds(60), "the flood runs") { flood.answers > Self.connections }
            let (answers, begun) = (flood.answers, ContinuousClock.now)
            let flooded = try await Self.measure(port, group, tokens.quiet)
            let rate = Double(flood.answers - answers) / ((ContinuousClock.now - begun) / .seconds(1))
            print("alone:   \(alone)")
            print("flooded: \(flooded), beside \(Int(rate)) answers a second to the flood (\(flood.refusals) busy)")
            serving.cancel()
            _ = await serving.result
            try await group.shutdownGracefully()
            #expect(flooded.p99 <= alone.p99 * 2)
        }
    }

    private func furnish(_ rig: GatewayRig) async throws -> (loud: String, quiet: String) {
        try await rig.addHost("host-a")
        for number in UInt64(1)...40 {
            try await rig.addDomain(number, "web-\(number)", tenant: number % 2 == 0 ? "acme" : "zeta")
        }
        var texts: [String] = []
        for (person, seed) in [(GatewayRig.ada, UInt64(1)), (GatewayRig.zoe, 2)] {
            var random = SeededGenerator(seed: seed)
            let token = AccessToken.random(using: &random)
            try await AccountRepository(rig.administration).addToken(
                hash: token.hash, for: person.id, createdAt: .zero, expiresAt: .distantFuture)
            texts.append(token.text)
        }
        return (texts[0], texts[1])
    }

    private struct Latencies: CustomStringConvertible {
        let sorted: [Duration]

        var p50: Duration { sorted[sorted.count / 2] }
        var p99: Duration { sorted[sorted.count * 99 / 100] }

        var description: String {
            func milliseconds(_ duration: Duration) -> String {
                (duration / .milliseconds(1)).formatted(.number.precision(.fractionLength(1))) + " ms"
            }
            return "p50 \(milliseconds(p50)), p99 \(milliseconds(p99)), of \(sorted.count)"
        }
    }

    /// One request after another on a connection of its own.
    private static func measure(
        _ port: Int, _ group: MultiThreadedEventLoopGroup, _ token: String
    ) async throws -> Latencies {
        let client = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineBasedFrameDecoder()))
                return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await client.executeThenClose { inbound, outbound in
            var lines = inbound.makeAsyncIterator()
            _ = try await lines.next()
            try await outbound.write(Flood.login(token))
            _ = try await lines.next()
            var latencies: [Duration] = []
            for _ in 1...rounds {
                let start = ContinuousClock.now
                try await outbound.write(Flood.question)
                let answer = try #require(try await lines.next())
                latencies.append(.now - start)
                let items = try JSONValue(parsing: answer.readableBytesView)["result"]?["items"]?.items
                #expect(items?.count == 20)
            }
            return Latencies(sorted: latencies.sorted())
        }
    }
}

/// Connections of one principal, each of which asks again as soon as it is answered.
private final class Flood: Sendable {
    static let question = ByteBuffer(
        bytes: RPCCodec.encode(RPCRequest(id: .integer(1), method: "vm.list")))

    static func login(_ token: String) -> ByteBuffer {
        ByteBuffer(
            bytes: RPCCodec.encode(
                RPCRequest(id: .integer(0), method: "session.login", parameters: ["token": .string(token)])))
    }

    private let token: String
    private let state = Mutex((answers: 0, refusals: 0))

    init(_ token: String) { self.token = token }

    var answers: Int { state.withLock { $0.answers } }
    var refusals: Int { state.withLock { $0.refusals } }

    func open(_ count: Int, _ port: Int, _ group: MultiThreadedEventLoopGroup) async throws {
        for _ in 1...count {
            _ = try await ClientBootstrap(group: group).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineBasedFrameDecoder()))
                    try channel.pipeline.syncOperations.addHandler(Asker(self))
                }
            }.connect(host: "127.0.0.1", port: port).get()
        }
    }

    private func count(_ answer: ByteBuffer) {
        let isRefusal = answer.readableBytes < 1_000 && String(buffer: answer).contains("BUSY")
        state.withLock { state in
            state.answers += 1
            state.refusals += isRefusal ? 1 : 0
        }
    }

    private final class Asker: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let flood: Flood
        private var hasLoggedIn = false

        init(_ flood: Flood) { self.flood = flood }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if hasLoggedIn { flood.count(unwrapInboundIn(data)) }
            let next = hasLoggedIn ? Flood.question : Flood.login(flood.token)
            // The greeting comes first, then the answer to the login.
            hasLoggedIn = true
            context.writeAndFlush(wrapOutboundOut(next), promise: nil)
        }
    }
}
