// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Glibc
import Messages
import ResourceModel
import Synchronization
import Testing

extension ZeroMQTests {
    @Suite struct CurveTests {
        private static let echo: MessageType = "test.echo.v1"

        private func secured(_ pair: CurveKeyPair) -> BusConfiguration { quickConfiguration { $0.keyPair = pair } }

        @Test("a key pair derives from its secret key, and is never shown with it")
        func keys() throws {
            let pair = try CurveKeyPair.generate()
            #expect(CurveKeyPair(secretKey: pair.secretKey) == pair)
            #expect(CurveKeyPair(secretKey: "too short") == nil)
            #expect(!"\(pair)".contains(pair.secretKey))
            #expect(!String(reflecting: pair).contains(pair.secretKey))
        }

        @Test("a newcomer gets through to a peer with an old allow-list within three seconds", arguments: [40, 500])
        func newcomer(_ heartbeatMilliseconds: Int) async throws {
            func secured(_ pair: CurveKeyPair) -> BusConfiguration {
                var configuration = BusConfiguration()
                configuration.heartbeatInterval = .milliseconds(heartbeatMilliseconds)
                configuration.keyPair = pair
                return configuration
            }
            let (serverKeys, clientKeys) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
            let (serverInstance, clientInstance) = (newInstance(), newInstance())
            // The newcomer registered after the server's last look: only a refresh shows it.
            let serverList = AllowList([]) { [clientKeys.publicKey] }
            try await withBus(serverInstance, secured(serverKeys), allowList: serverList) { serving in
                let source = try await Source(serving, serverInstance, key: serverKeys.publicKey)
                await source.server.handle(Self.echo) { body, _ in body }
                try await source.publish(3)
                try await withBus(clientInstance, secured(clientKeys)) { asking in
                    let start = ContinuousClock.now
                    let client = await asking.makeCommandClient()
                    let subscriber = await asking.makeSubscriber(topics: [.allHosts])
                    try await subscriber.connect(to: source.peer)
                    let recorder = Recorder(subscriber.deliveries)
                    let reply = try await client.request(
                        [1], type: Self.echo, to: source.peer, idempotencyKey: nil, timeout: .seconds(3))
                    #expect(reply == [1])
                    #expect(await eventually(within: .seconds(3) - start.duration(to: .now)) { recorder.end() == 3 })
                }
            }
        }

        @Test("after 'try again' libzmq itself connects again, when the handshake's interval is over")
        func tryAgain() async throws {
            let (serverKeys, clientKeys) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
            let (serverInstance, clientInstance) = (newInstance(), newInstance())
            let list = AllowList([]) { [clientKeys.publicKey] }
            // No heartbeat within the test: nothing of ours makes the socket anew.
            func secured(_ pair: CurveKeyPair) -> BusConfiguration {
                quickConfiguration { configuration in
                    configuration.keyPair = pair
                    configuration.heartbeatInterval = .seconds(600)
                }
            }
            try await withBus(serverInstance, secured(serverKeys), allowList: list) { serving in
                let source = try await Source(serving, serverInstance, key: serverKeys.publicKey)
                await source.server.handle(Self.echo) { body, _ in body }
                try await withBus(clientInstance, secured(clientKeys)) { asking in
                    let reply = try await asking.makeCommandClient().request(
                        [1], type: Self.echo, to: source.peer, idempotencyKey: nil, timeout: .seconds(20))
                    #expect(reply == [1])
                }
            }
        }

        @Test("strangers never get a message through, while those who are known do")
        func strangers() async throws {
            let (serverKeys, friendKeys, strangerKeys) =
                (try CurveKeyPair.generate(), try CurveKeyPair.generate(), try CurveKeyPair.generate())
            let (serverInstance, friendInstance, strangerInstance) = (newInstance(), newInstance(), newInstance())
            let refreshes = Mutex(0)
            let list = AllowList([friendKeys.publicKey], minimumRefreshInterval: .milliseconds(1)) {
                refreshes.withLock { $0 += 1 }
                return [friendKeys.publicKey]
            }
            let sources = Mutex<Set<InstanceID>>([])
            try await withBus(serverInstance, secured(serverKeys), allowList: list) { serving in
                let source = try await Source(serving, serverInstance, key: serverKeys.publicKey)
                await source.server.handle(Self.echo) { body, context in
                    sources.withLock { _ = $0.insert(context.source) }
                    return body
                }
                try await withBus(friendInstance, secured(friendKeys)) { friendly in
                    try await withBus(strangerInstance, secured(strangerKeys)) { strange in
                        // As a simulated fleet is asked: without CURVE.
                        let plain = BusPeer(
                            instance: serverInstance, publishEndpoint: source.peer.publishEndpoint,
                            commandEndpoint: source.peer.commandEndpoint, publicKey: nil, acceptsAnyInstance: true)
                        let strangers = [source.peer, plain]
                        var recorders: [Recorder] = []
                        for peer in strangers {
                            let subscriber = await strange.makeSubscriber(topics: [.allHosts])
                            try await subscriber.connect(to: peer)
                            recorders.append(Recorder(subscriber.deliveries))
                        }
                        let friend = await friendly.makeSubscriber(topics: [.allHosts])
                        try await friend.connect(to: source.peer)
                        let friendRecorder = Recorder(friend.deliveries)
                        let (friendClient, strangerClient) =
                            (await friendly.makeCommandClient(), await strange.makeCommandClient())
                        await withTaskGroup(of: BusError.Code?.self) { group in
                            for peer in strangers {
                                group.addTask {
                                    do throws(BusError) {
                                        _ = try await strangerClient.request(
                                            [], type: Self.echo, to: peer, idempotencyKey: nil, timeout: .seconds(2))
                                        return nil
                                    } catch { return error.code }
                                }
                            }
                            for await code in group { #expect(code == .deadline) }
                        }
                        try await source.publish(5)
                        for _ in 0..<20 {
                            _ = try await friendClient.request(
                                [], type: Self.echo, to: source.peer, idempotencyKey: nil, timeout: .seconds(20))
                        }
                        #expect(await eventually { friendRecorder.end() == 5 })
                        #expect(refreshes.withLock { $0 } > 0)
                        #expect(sources.withLock { $0 } == [friendInstance])
                        #expect(recorders.allSatisfy { $0.deliveries.isEmpty })
                    }
                }
            }
        }

        @Test("who is removed from the allow-list is cut off, and the others go on without a loss")
        func removed() async throws {
            let (serverKeys, firstKeys, secondKeys) =
                (try CurveKeyPair.generate(), try CurveKeyPair.generate(), try CurveKeyPair.generate())
            let instances = [newInstance(), newInstance(), newInstance()]
            let list = AllowList([firstKeys.publicKey, secondKeys.publicKey])
            try await withBus(instances[0], secured(serverKeys), allowList: list) { serving in
                let source = try await Source(serving, instances[0], key: serverKeys.publicKey)
                await source.server.handle(Self.echo) { body, _ in body }
                try await withBus(instances[1], secured(firstKeys)) { staying in
                    try await withBus(instances[2], secured(secondKeys)) { leaving in
                        let subscribers = [
                            await staying.makeSubscriber(topics: [.allHosts]),
                            await leaving.makeSubscriber(topics: [.allHosts]),
                        ]
                        for subscriber in subscribers { try await subscriber.connect(to: source.peer) }
                        let recorders = subscribers.map { Recorder($0.deliveries) }
                        let client = await leaving.makeCommandClient()
                        _ = try await client.request(
                            [], type: Self.echo, to: source.peer, idempotencyKey: nil, timeout: .seconds(20))
                        try await source.publish(3)
                        #expect(await eventually { recorders.allSatisfy { $0.end() == 3 } })

                        list.replace(with: [firstKeys.publicKey])
                        let error = await #expect(throws: BusError.self) {
                            try await client.request(
                                [], type: Self.echo, to: source.peer, idempotencyKey: nil, timeout: .milliseconds(500))
                        }
                        #expect(error?.code == .deadline)
                        try await source.publish(3)
                        #expect(await eventually { recorders[0].end() == 6 })
                        #expect(recorders[0].sequences() == Array(1...6))
                        #expect(recorders[1].end() == 3)
                    }
                }
            }
        }

        @Test(
            "who comes without a key gets no word, wherever it knocks",
            arguments: ["tcp://127.0.0.1:*", "ipc:///tmp/ebb-curve-\(getpid())"])
        func plainEverywhere(_ endpoint: String) async throws {
            // Nobody configures keys: the bus makes its own.
            let instance = newInstance()
            try await withBus(instance, BusConfiguration()) { serving in
                let server = try await serving.makeCommandServer(bind: endpoint)
                let calls = Mutex(0)
                await server.handle(Self.echo) { body, _ in
                    calls.withLock { $0 += 1 }
                    return body
                }
                func peer(key: String?) -> BusPeer {
                    BusPeer(
                        instance: instance, publishEndpoint: nil, commandEndpoint: server.endpoint, publicKey: key,
                        acceptsAnyInstance: key == nil)
                }
                let own = await serving.makeCommandClient()
                _ = try await own.request(
                    [], type: Self.echo, to: peer(key: serving.publicKey), idempotencyKey: nil, timeout: .seconds(20))
                try await withBus { strange in
                    for key in [nil, serving.publicKey] {
                        let error = await #expect(throws: BusError.self) {
                            try await strange.makeCommandClient().request(
                                [], type: Self.echo, to: peer(key: key), idempotencyKey: nil,
                                timeout: .milliseconds(700))
                        }
                        #expect(error?.code == .deadline)
                    }
                }
                #expect(calls.withLock { $0 } == 1)
            }
        }

        @Test("an instance that advertises no key is asked nothing, also on this machine")
        func keyless() async throws {
            try await withBus { bus in
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                for address in ["127.0.0.1", "10.0.0.7", "127.0.0.1.example.org"] {
                    let peer = BusPeer(
                        instance: newInstance(), publishEndpoint: "tcp://\(address):7301",
                        commandEndpoint: "tcp://\(address):7302", publicKey: nil)
                    let refusal = await #expect(throws: BusError.self) { try await subscriber.connect(to: peer) }
                    #expect(refusal?.code == .refused)
                }
                let error = await #expect(throws: BusError.self) {
                    try await bus.makePublisher(bind: "udp://127.0.0.1:1")
                }
                #expect(error?.code == .refused)
                #expect(error?.description.contains("udp://127.0.0.1:1") == true)
            }
        }

        @Test(
            "a simulated fleet serves without keys on this machine, and beyond it only on a private network that is named",
            arguments: [
                ("tcp://127.0.0.1:*", "", true), ("ipc:///tmp/ebb-fleet-\(getpid())", "", true),
                ("tcp://0.0.0.0:*", "", false), ("tcp://0.0.0.0:*", "fleet, 0.0.0.0", true),
            ])
        func fleetServes(endpoint: String, network: String, isAllowed: Bool) async throws {
            let configuration = quickConfiguration { configuration in
                configuration.servesFleet = true
                configuration.fleetNetwork = FleetNetwork(network)
            }
            try await withBus(newInstance(), configuration) { bus in
                var refusal: BusError.Code?
                do throws(BusError) { _ = try await bus.makeCommandServer(bind: endpoint) } catch {
                    refusal = error.code
                }
                #expect(refusal == (isAllowed ? nil : .refused))
            }
        }

        @Test(
            "a simulated fleet is reached without keys on this machine, and beyond it only on a private network that is named",
            arguments: [
                ("127.0.0.1", "", true), ("localhost", "", true), ("10.0.0.7", "", false), ("fleet", "", false),
                ("fleet", "fleet", true), ("fleet", "simulation,fleet", true), ("fleet.example.org", "fleet", false),
            ])
        func fleetReached(host: String, network: String, isAllowed: Bool) async throws {
            let configuration = quickConfiguration { $0.fleetNetwork = FleetNetwork(network) }
            try await withBus(newInstance(), configuration) { bus in
                let peer = BusPeer(
                    instance: newInstance(), publishEndpoint: nil, commandEndpoint: "tcp://\(host):9", publicKey: nil,
                    acceptsAnyInstance: true)
                let error = await #expect(throws: BusError.self) {
                    try await bus.makeCommandClient().request(
                        [], type: Self.echo, to: peer, idempotencyKey: nil, timeout: .milliseconds(50))
                }
                #expect(error?.code == (isAllowed ? .deadline : .refused))
            }
        }
    }
}
