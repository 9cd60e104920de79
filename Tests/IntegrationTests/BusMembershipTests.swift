// SPDX-License-Identifier: Apache-2.0

import Bus
import Messages
import ResourceModel
import Store
import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

/// Who gets through to an instance: whoever has a row and lives.
@Suite struct BusMembershipTests {
    private static let echo: MessageType = "test.echo.v1"

    /// A bus with keys of its own, and its row as its registration writes it.
    private func makeInstance(
        _ number: UInt64, _ store: Store, allowList: AllowList = AllowList()
    ) throws -> (bus: ZeroMQBus, record: InstanceRecord) {
        let id = InstanceID(UUID128(high: 6, low: number))
        let bus = try ZeroMQBus(instance: id, allowList: allowList, log: .quiet) { .zero }
        return (
            bus,
            InstanceRecord(
                id: id, service: .monitor, publishEndpoint: nil, commandEndpoint: "tcp://127.0.0.1:1",
                publicKey: bus.publicKey, version: "test")
        )
    }

    @Test("strangers and the dead are refused; who registered a moment ago gets through at its first try")
    func whoGetsThrough() async throws {
        try await withStore { store async throws in
            let (instances, peers) = (InstanceRepository(store), PeerDirectory())
            let server = try makeInstance(1, store, allowList: await peers.allowList(from: instances))
            let commands = try await server.bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
            let askers = Mutex<[InstanceID]>([])
            await commands.handle(Self.echo) { body, context in
                askers.withLock { $0.append(context.source) }
                return body
            }
            let peer = BusPeer(
                instance: server.record.id, publishEndpoint: nil, commandEndpoint: commands.endpoint,
                publicKey: server.bus.publicKey)
            func ask(_ bus: ZeroMQBus, within limit: Duration) async throws {
                _ = try await bus.makeCommandClient().request(
                    [], type: Self.echo, to: peer, idempotencyKey: nil, timeout: limit)
            }
            let (dead, stranger, newcomer) = (
                try makeInstance(2, store), try makeInstance(3, store), try makeInstance(4, store)
            )
            // The dead one's row is still there.
            try await instances.enroll(dead.record)
            await peers.update([server.record], dead: [dead.record.id])
            for bus in [dead.bus, stranger.bus] {
                let error = await #expect(throws: BusError.self) { try await ask(bus, within: .seconds(1)) }
                #expect(error?.code == .deadline)
            }
            // Its row is written, and nobody has looked since.
            try await instances.enroll(newcomer.record)
            try await ask(newcomer.bus, within: .seconds(10))
            // The next look finds it dead.
            await peers.update([server.record], dead: [dead.record.id, newcomer.record.id])
            let error = await #expect(throws: BusError.self) { try await ask(newcomer.bus, within: .seconds(1)) }
            #expect(error?.code == .deadline)
            #expect(askers.withLock { $0 } == [newcomer.record.id])
            for bus in [server.bus, dead.bus, stranger.bus, newcomer.bus] { await bus.close() }
        }
    }
}
