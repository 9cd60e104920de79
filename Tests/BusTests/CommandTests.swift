// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Messages
import ResourceModel
import Synchronization
import TestSupport
import Testing

/// A handler that waits until it is let go, and counts.
private actor Gate {
    private(set) var entered = 0
    private var isOpen = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        entered += 1
        if isOpen { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}

extension ZeroMQTests {
    @Suite struct CommandTests {
        private static let echo: MessageType = "test.echo.v1"

        private func withServer<Value>(
            _ configuration: BusConfiguration = quickConfiguration(),
            _ body: (ZeroMQBus, ZeroMQCommandServer, BusPeer) async throws -> Value
        ) async throws -> Value {
            let instance = newInstance()
            return try await withBus(instance, configuration) { bus in
                let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
                let peer = BusPeer(
                    instance: instance, publishEndpoint: nil, commandEndpoint: server.endpoint,
                    publicKey: TestKeys.pair.publicKey)
                return try await body(bus, server, peer)
            }
        }

        private func ask(
            _ client: some CommandClient, _ peer: BusPeer, _ body: [UInt8] = [], key: String? = nil,
            within timeout: Duration = .seconds(20)
        ) async throws -> [UInt8] {
            try await client.request(body, type: Self.echo, to: peer, idempotencyKey: key, timeout: timeout)
        }

        @Test("each of many requests at once gets its own reply")
        func replies() async throws {
            try await withServer { bus, server, peer in
                await server.handle(Self.echo) { body, _ in body + [0] }
                let client = await bus.makeCommandClient()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in UInt8(0)..<200 {
                        group.addTask {
                            let reply = try await ask(client, peer, [number])
                            #expect(reply == [number, 0])
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }

        @Test("a handler sees who asks, the key, what time is left and the trace")
        func context() async throws {
            try await withServer { bus, server, peer in
                let seen = Mutex<(CommandContext, String?)?>(nil)
                await server.handle(Self.echo) { _, context in
                    seen.withLock { $0 = (context, TraceContext.traceparent) }
                    return []
                }
                let client = await bus.makeCommandClient()
                try await TraceContext.$traceparent.withValue("00-a-b-01") {
                    _ = try await ask(client, peer, key: "order-17", within: .seconds(9))
                }
                let (context, trace) = try #require(seen.withLock { $0 })
                #expect(context.source == peer.instance)
                #expect(context.idempotencyKey == "order-17")
                #expect(context.timeout > .zero && context.timeout <= .seconds(9))
                #expect(context.traceparent == "00-a-b-01")
                #expect(trace == "00-a-b-01")
            }
        }

        @Test("a handler's failure reaches the client as it is")
        func failure() async throws {
            try await withServer { bus, server, peer in
                await server.handle(Self.echo) { _, _ throws(Bus.CommandFailure) in
                    throw .notOwner("host-1 is another's")
                }
                let client = await bus.makeCommandClient()
                let error = await #expect(throws: BusError.self) { try await ask(client, peer) }
                #expect(error?.code == .failed(.notOwner("host-1 is another's")))
            }
        }

        @Test("a command that nobody serves is refused by name")
        func unknown() async throws {
            try await withServer { bus, _, peer in
                let client = await bus.makeCommandClient()
                let error = await #expect(throws: BusError.self) { try await ask(client, peer) }
                #expect(error?.message.contains("test.echo.v1") == true)
            }
        }

        @Test("a full server is asked again until it has room")
        func busyThenServed() async throws {
            try await withServer(quickConfiguration { $0.maximumConcurrentCommands = 1 }) { bus, server, peer in
                let gate = Gate()
                await server.handle(Self.echo) { body, _ in
                    await gate.pass()
                    return body
                }
                let client = await bus.makeCommandClient()
                try await withThrowingTaskGroup(of: [UInt8].self) { group in
                    group.addTask { try await ask(client, peer, [1]) }
                    #expect(await eventually { await gate.entered == 1 })
                    group.addTask { try await ask(client, peer, [2]) }
                    group.addTask { try await ask(client, peer, [3]) }
                    await gate.open()
                    var replies: Set<[UInt8]> = []
                    for try await reply in group { replies.insert(reply) }
                    #expect(replies == [[1], [2], [3]])
                }
            }
        }

        @Test("a server that stays full, or a reply that never comes, ends at the deadline")
        func deadline() async throws {
            try await withServer(quickConfiguration { $0.maximumConcurrentCommands = 1 }) { bus, server, peer in
                let gate = Gate()
                await server.handle(Self.echo) { body, _ in
                    await gate.pass()
                    return body
                }
                let client = await bus.makeCommandClient()
                let neverAnswered = await #expect(throws: BusError.self) {
                    try await ask(client, peer, within: .milliseconds(200))
                }
                #expect(neverAnswered?.code == .deadline)
                let alwaysBusy = await #expect(throws: BusError.self) {
                    try await ask(client, peer, within: .milliseconds(200))
                }
                #expect(alwaysBusy?.code == .deadline)
                #expect(await gate.entered == 1)
                await gate.open()
                // The late reply found nobody, and the connection still serves.
                let served = try await ask(client, peer, [5])
                #expect(served == [5])
            }
        }

        @Test("a handler whose client has given up is cancelled")
        func cancelledHandler() async throws {
            try await withServer { bus, server, peer in
                let isCancelled = Mutex(false)
                await server.handle(Self.echo) { _, _ in
                    try? await Task.sleep(for: .seconds(600))
                    isCancelled.withLock { $0 = Task.isCancelled }
                    return []
                }
                let client = await bus.makeCommandClient()
                // The handler ends at the client's deadline; which of the two then comes first says nothing.
                _ = try? await ask(client, peer, within: .milliseconds(100))
                #expect(await eventually { isCancelled.withLock { $0 } })
            }
        }

        @Test("nobody there ends at the deadline, and a server that comes later is found")
        func serverComesLater() async throws {
            let (instance, other) = (newInstance(), newInstance())
            try await withBus(instance) { bus in
                let endpoint = try await withBus(other) {
                    try await $0.makeCommandServer(bind: "tcp://127.0.0.1:*").endpoint
                }
                let peer = BusPeer(
                    instance: other, publishEndpoint: nil, commandEndpoint: endpoint, publicKey: TestKeys.pair.publicKey
                )
                let client = await bus.makeCommandClient()
                let error = await #expect(throws: BusError.self) {
                    try await ask(client, peer, within: .milliseconds(300))
                }
                #expect(error?.code == .deadline)
                try await withBus(other) { late in
                    let server = try await late.makeCommandServer(bind: endpoint)
                    await server.handle(Self.echo) { body, _ in body }
                    #expect(try await ask(client, peer, [9]) == [9])
                }
            }
        }

        @Test("a request reaches only the instance that it is meant for")
        func wrongInstance() async throws {
            try await withServer { bus, server, peer in
                let calls = Mutex(0)
                await server.handle(Self.echo) { body, _ in
                    calls.withLock { $0 += 1 }
                    return body
                }
                let former = BusPeer(
                    instance: newInstance(), publishEndpoint: nil, commandEndpoint: peer.commandEndpoint,
                    publicKey: TestKeys.pair.publicKey)
                let client = await bus.makeCommandClient()
                let error = await #expect(throws: BusError.self) {
                    try await ask(client, former, within: .milliseconds(300))
                }
                #expect(error?.code == .deadline)
                #expect(calls.withLock { $0 } == 0)
            }
        }

        @Test("bodies beyond the limit are refused in both directions")
        func large() async throws {
            let configuration = quickConfiguration { $0.maximumFrameBytes = 50_000 }
            try await withServer(configuration) { bus, server, peer in
                let limit = configuration.maximumBodyBytes
                await server.handle(Self.echo) { body, _ in body.isEmpty ? [UInt8](repeating: 0, count: 50_001) : body }
                let client = await bus.makeCommandClient()
                let request = await #expect(throws: BusError.self) {
                    try await ask(client, peer, [UInt8](repeating: 0, count: limit + 1))
                }
                #expect(request?.code == .tooLarge)
                let reply = await #expect(throws: BusError.self) { try await ask(client, peer) }
                guard case .failed(let failure) = reply?.code else {
                    Issue.record("\(String(describing: reply))")
                    return
                }
                #expect(failure.code == .internal)
                let largest = try await ask(client, peer, [UInt8](repeating: 1, count: limit))
                #expect(largest.count == limit)
            }
        }

        @Test("closing ends what is in flight, on both sides")
        func closeInFlight() async throws {
            try await withServer { bus, server, peer in
                let gate = Gate()
                await server.handle(Self.echo) { body, _ in
                    await gate.pass()
                    return body
                }
                let client = await bus.makeCommandClient()
                let waiting = Task { try await ask(client, peer, within: .seconds(600)) }
                #expect(await eventually { await gate.entered == 1 })
                await bus.close()
                await #expect(throws: BusError.self) { try await waiting.value }
                let error = await #expect(throws: BusError.self) { try await ask(client, peer) }
                #expect(error?.code == .closed)
                await gate.open()
            }
        }

        @Test("a caller that is cancelled waits no longer")
        func cancelledCaller() async throws {
            try await withServer { bus, server, peer in
                let gate = Gate()
                await server.handle(Self.echo) { body, _ in
                    await gate.pass()
                    return body
                }
                let client = await bus.makeCommandClient()
                let task = Task { try await ask(client, peer, within: .seconds(600)) }
                #expect(await eventually { await gate.entered == 1 })
                task.cancel()
                await #expect(throws: BusError.self) { try await task.value }
                await gate.open()
            }
        }
    }
}
