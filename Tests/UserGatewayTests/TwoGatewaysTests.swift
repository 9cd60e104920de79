// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOExtras
import NIOPosix
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing
import UserGatewayCore

@testable import UserGatewayMain

/// Two servers with the settings that they have by default, and one database.
@Suite("Two gateways on one database")
struct TwoGatewaysTests {
    private enum End: CaseIterable {
        case revoked, disabled, expired
    }

    @Test("a session ends within a second on either gateway, whichever of them was told, once its token holds no more")
    func endsWithinASecond() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await withTwoGateways(rig) { ports in
                for end in End.allCases {
                    let token = try await makeToken(rig, lasts: end == .expired ? .seconds(2) : .seconds(600))
                    try await withThrowingTaskGroup(of: ContinuousClock.Instant.self) { group in
                        let (opened, isOpen) = AsyncStream<Void>.makeStream()
                        for port in ports {
                            group.addTask { try await ending(of: token.text, at: port) { isOpen.yield() } }
                        }
                        var waiting = opened.makeAsyncIterator()
                        for _ in ports { await waiting.next() }
                        let since = try await bring(end, to: token, rig)
                        for try await ended in group {
                            #expect(ended - since <= .seconds(1), "\(end): \(ended - since)")
                            #expect(ended >= since || end != .expired, "it ended \(since - ended) too early")
                        }
                    }
                    if end == .disabled {
                        try await rig.call("principal.enable", ["principal": "zoe"], as: GatewayRig.chief)
                    }
                }
            }
        }
    }

    private struct Token {
        let text: String
        let id: UUID128
        let ends: ContinuousClock.Instant
    }

    /// Of zoe's.
    private func makeToken(_ rig: GatewayRig, lasts lifetime: Duration) async throws -> Token {
        var generator = SystemRandomNumberGenerator()
        let token = AccessToken.random(using: &generator)
        let (now, ends) = (rig.backend.runtime.clock.now(), ContinuousClock.now + lifetime)
        try await AccountRepository(rig.administration).addToken(
            hash: token.hash, for: GatewayRig.zoe.id, createdAt: now, expiresAt: now.advanced(by: lifetime))
        let rows = try await rig.administration.query("SELECT id FROM account.token WHERE hash = \(token.hash)")
        return Token(text: token.text, id: try #require(rows.first).uuid("id"), ends: ends)
    }

    /// Ends a token's validity; returns when that was done.
    private func bring(_ end: End, to token: Token, _ rig: GatewayRig) async throws -> ContinuousClock.Instant {
        switch end {
        case .revoked: try await rig.call("token.revoke", ["id": .string(token.id.description)], as: GatewayRig.zoe)
        case .disabled: try await rig.call("principal.disable", ["principal": "zoe"], as: GatewayRig.chief)
        case .expired: return token.ends
        }
        return .now
    }

    /// Logs in, asks on and on, and says when the connection was closed.
    private func ending(
        of token: String, at port: Int, _ isOpen: @Sendable () -> Void
    ) async throws -> ContinuousClock.Instant {
        let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(
            host: "127.0.0.1", port: port
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineBasedFrameDecoder()))
                return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await client.executeThenClose { inbound, outbound in
            var lines = inbound.makeAsyncIterator()
            _ = try await lines.next()
            let requests = [
                RPCRequest(id: .integer(1), method: "session.login", parameters: ["token": .string(token)]),
                RPCRequest(id: .integer(2), method: "vm.list"),
            ]
            for request in requests {
                try await outbound.write(ByteBuffer(bytes: RPCCodec.encode(request)))
                let answer = try #require(try await lines.next())
                #expect(String(buffer: answer).contains("\"result\""), "\(String(buffer: answer))")
            }
            isOpen()
            while try await lines.next() != nil {}
            return .now
        }
    }

    private func withTwoGateways(_ rig: GatewayRig, _ body: ([Int]) async throws -> Void) async throws {
        var configuration = GatewayServerConfiguration()
        configuration.port = 0
        let servers = try (1...2).map { number in
            try GatewayServer(
                configuration: configuration, identity: ServerIdentity(version: "0", instance: "test-\(number)"),
                methods: GatewayBackend(rig.backend.runtime), log: .quiet)
        }
        let serving = servers.map { server in Task { try await server.run() } }
        var failure: (any Error)?
        do {
            var ports: [Int] = []
            for server in servers { ports.append(try await server.boundAddress().port) }
            try await body(ports)
        } catch {
            failure = error
        }
        for task in serving {
            task.cancel()
            _ = await task.result
        }
        if let failure { throw failure }
    }
}
