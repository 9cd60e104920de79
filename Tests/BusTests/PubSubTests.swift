// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Messages
import ResourceModel
import TestSupport
import Testing

/// Over real sockets, one test at a time: descriptors and threads are counted.
@Suite(.serialized) struct ZeroMQTests {}

extension ZeroMQTests {
    @Suite struct PubSubTests {
        @Test("messages arrive in order, once each, over tcp and ipc", arguments: ["tcp://127.0.0.1:*", "ipc://*"])
        func inOrder(_ endpoint: String) async throws {
            let instance = newInstance()
            try await withBus(instance) { bus in
                let source = try await Source(bus, instance, bind: endpoint)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(to: source.peer)
                try await subscriber.connect(to: source.peer)
                let recorder = Recorder(subscriber.deliveries)
                try await source.publish(100)
                #expect(await eventually { recorder.end() == 100 })
                #expect(recorder.sequences() == Array(1...100))
                #expect(recorder.lost().isEmpty)
            }
        }

        @Test("ten thousand messages pass")
        func throughput() async throws {
            let instance = newInstance()
            try await withBus(instance, quickConfiguration { $0.spoolMessagesPerStream = 20_000 }) { bus in
                let source = try await Source(bus, instance)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(to: source.peer)
                let recorder = Recorder(subscriber.deliveries)
                try await source.publish(10_000, bytes: 500)
                #expect(await eventually(within: .seconds(60)) { recorder.end() == 10_000 })
                #expect(accounted(recorder.deliveries) == 10_000)
                #expect(recorder.lost().isEmpty)
            }
        }

        @Test("a subscriber of host/1/ hears nothing of host/10/")
        func prefixes() async throws {
            let instance = newInstance()
            try await withBus(instance) { bus in
                let source = try await Source(bus, instance)
                let subscriber = await bus.makeSubscriber(topics: [.host("1")])
                try await subscriber.connect(to: source.peer)
                let recorder = Recorder(subscriber.deliveries)
                try await source.publish(5, on: stream("10"))
                try await source.publish(5, on: stream("1"))
                try await source.publish(5, on: stream("10"))
                #expect(await eventually { recorder.end(of: stream("1")) == 5 })
                // A connection keeps its order: what this one overtakes was never sent.
                try await source.publish(1, on: stream("1"))
                #expect(await eventually { recorder.end(of: stream("1")) == 6 })
                #expect(recorder.deliveries.count == 6)
            }
        }

        @Test("a late joiner gets what is spooled, and is not told of what was gone before it came")
        func lateJoiner() async throws {
            let instance = newInstance()
            try await withBus(instance, quickConfiguration { $0.spoolMessagesPerStream = 10 }) { bus in
                let source = try await Source(bus, instance)
                try await source.publish(50)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(to: source.peer)
                let recorder = Recorder(subscriber.deliveries)
                #expect(await eventually { recorder.end() == 50 })
                #expect(recorder.sequences() == Array(41...50))
                #expect(recorder.lost().isEmpty)
            }
        }

        @Test("a late joiner that goes on after a position is told what it misses", arguments: [0, 20] as [UInt64])
        func resumed(_ position: UInt64) async throws {
            let instance = newInstance()
            try await withBus(instance, quickConfiguration { $0.spoolMessagesPerStream = 10 }) { bus in
                let source = try await Source(bus, instance)
                try await source.publish(50)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                await subscriber.resume(stream(), after: position)
                try await subscriber.connect(to: source.peer)
                let recorder = Recorder(subscriber.deliveries)
                #expect(await eventually { recorder.end() == 50 })
                #expect(recorder.lost() == [position + 1...40])
                #expect(recorder.sequences() == Array(41...50))
            }
        }

        @Test("a loss at the tail is seen by the heartbeat and replayed")
        func tailLoss() async throws {
            let (publisherInstance, instance) = (newInstance(), newInstance())
            let configuration = quickConfiguration { configuration in
                configuration.sendHighWaterMark = 10
                configuration.spoolMessagesPerStream = 5_000
            }
            try await withBus(publisherInstance, configuration) { sending in
                try await withBus(instance, quickConfiguration { $0.deliveryBuffer = 20_000 }) { receiving in
                    let source = try await Source(sending, publisherInstance)
                    let subscriber = await receiving.makeSubscriber(topics: [.allHosts])
                    try await subscriber.connect(to: source.peer)
                    let recorder = Recorder(subscriber.deliveries)
                    try await source.publish(1)
                    #expect(await eventually { recorder.end() == 1 })
                    // A burst far beyond the high-water mark, then silence.
                    try await source.publish(4_000, bytes: 2_000)
                    #expect(await eventually { recorder.end() == 4_001 })
                    #expect(accounted(recorder.deliveries) == 4_001)
                    #expect(recorder.lost().isEmpty)
                    let statistics = await subscriber.statistics()
                    #expect(statistics.delivered == 4_001)
                }
            }
        }

        @Test("a stopped subscriber behind small high-water marks accounts for every message when it goes on")
        func stoppedSubscriber() async throws {
            let (publisherInstance, instance) = (newInstance(), newInstance())
            let small = quickConfiguration { configuration in
                configuration.sendHighWaterMark = 10
                configuration.receiveHighWaterMark = 10
                configuration.deliveryBuffer = 10
                configuration.spoolMessagesPerStream = 100
            }
            try await withBus(publisherInstance, small) { sending in
                try await withBus(instance, small) { receiving in
                    let source = try await Source(sending, publisherInstance)
                    let subscriber = await receiving.makeSubscriber(topics: [.allHosts])
                    await subscriber.resume(stream(), after: 0)
                    try await subscriber.connect(to: source.peer)
                    // Nobody consumes. Beyond the kernel's buffers messages must get lost.
                    try await source.publish(6_000, bytes: 4_000)
                    let recorder = Recorder(subscriber.deliveries)
                    #expect(await eventually { recorder.end() == 6_000 })
                    #expect(accounted(recorder.deliveries) == 6_000)
                    let statistics = await subscriber.statistics()
                    let lost = recorder.lost().reduce(0) { $0 + UInt64($1.count) }
                    #expect(lost > 0)
                    #expect(statistics.lost == lost)
                    #expect(statistics.delivered == UInt64(recorder.sequences().count))
                    #expect(statistics.delivered + statistics.lost == 6_000)
                }
            }
        }

        @Test("a publisher that restarts is followed under its new instance and epoch")
        func restarted() async throws {
            let instance = newInstance()
            try await withBus(instance) { receiving in
                let subscriber = await receiving.makeSubscriber(topics: [.allHosts])
                let recorder = Recorder(subscriber.deliveries)
                let first = newInstance()
                let endpoint = try await withBus(first) { bus in
                    let source = try await Source(bus, first)
                    try await subscriber.connect(to: source.peer)
                    try await source.publish(3, on: stream(epoch: 1))
                    #expect(await eventually { recorder.end(of: stream(epoch: 1)) == 3 })
                    return source.publisher.endpoint
                }
                let second = newInstance()
                try await withBus(second) { bus in
                    let source = try await sourceWhenFree(bus, second, endpoint)
                    await subscriber.disconnect(from: first)
                    try await subscriber.connect(to: source.peer)
                    try await source.publish(2, on: stream(epoch: 2))
                    #expect(await eventually { recorder.end(of: stream(epoch: 2)) == 2 })
                }
                #expect(recorder.sequences(of: stream(epoch: 1)) == [1, 2, 3])
                #expect(recorder.sequences(of: stream(epoch: 2)) == [1, 2])
                #expect(recorder.deliveries.count == 5)
            }
        }

        @Test("what a publisher still owed when it vanished is reported as lost")
        func vanished() async throws {
            let (publisherInstance, instance) = (newInstance(), newInstance())
            try await withBus(publisherInstance) { sending in
                try await withBus(instance, quickConfiguration { $0.replayTimeout = .milliseconds(50) }) { receiving in
                    let publisher = try await sending.makePublisher(bind: "tcp://127.0.0.1:*")
                    // Nobody serves its replays.
                    let peer = BusPeer(
                        instance: publisherInstance, publishEndpoint: publisher.endpoint,
                        commandEndpoint: "tcp://127.0.0.1:9", publicKey: TestKeys.pair.publicKey)
                    for _ in 0..<3 { try await publisher.publish([], type: .hostReport, on: stream(), at: .zero) }
                    let subscriber = await receiving.makeSubscriber(topics: [.allHosts])
                    await subscriber.resume(stream(), after: 1)
                    try await subscriber.connect(to: peer)
                    let recorder = Recorder(subscriber.deliveries)
                    #expect(await eventually { recorder.lost() == [2...3] })
                    #expect(recorder.sequences().isEmpty)
                }
            }
        }

        @Test("an instance that is disconnected and comes back goes on where it was")
        func reconnected() async throws {
            let instance = newInstance()
            try await withBus(instance) { bus in
                let source = try await Source(bus, instance)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(to: source.peer)
                let recorder = Recorder(subscriber.deliveries)
                try await source.publish(3)
                #expect(await eventually { recorder.end() == 3 })
                await subscriber.disconnect(from: instance)
                try await source.publish(3)
                try await subscriber.connect(to: source.peer)
                #expect(await eventually { recorder.end() == 6 })
                #expect(recorder.sequences() == Array(1...6))
            }
        }

        @Test("a connection that is silent for three heartbeats is made anew")
        func silent() async throws {
            try await withBus { bus in
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(
                    to: BusPeer(
                        instance: newInstance(), publishEndpoint: "tcp://127.0.0.1:9",
                        commandEndpoint: "tcp://127.0.0.1:9", publicKey: TestKeys.pair.publicKey))
                #expect(await eventually { await subscriber.statistics().reconnections >= 2 })
            }
        }

        @Test("the messages of an impostor are refused")
        func impostor() async throws {
            let instance = newInstance()
            try await withBus(instance) { bus in
                let source = try await Source(bus, instance)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(
                    to: BusPeer(
                        instance: newInstance(), publishEndpoint: source.publisher.endpoint,
                        commandEndpoint: source.server.endpoint, publicKey: TestKeys.pair.publicKey))
                let recorder = Recorder(subscriber.deliveries)
                #expect(
                    await eventually {
                        try? await source.publish(1)
                        return await subscriber.statistics().refused > 0
                    })
                #expect(recorder.deliveries.isEmpty)
            }
        }

        @Test("a body beyond the limit is refused, and the largest one passes, also by replay")
        func large() async throws {
            let instance = newInstance()
            try await withBus(instance, quickConfiguration { $0.maximumFrameBytes = 100_000 }) { bus in
                let source = try await Source(bus, instance)
                let limit = quickConfiguration { $0.maximumFrameBytes = 100_000 }.maximumBodyBytes
                let error = await #expect(throws: BusError.self) { try await source.publish(1, bytes: limit + 1) }
                #expect(error?.code == .tooLarge)
                try await source.publish(2, bytes: limit)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(to: source.peer)
                let recorder = Recorder(subscriber.deliveries)
                #expect(await eventually { recorder.end() == 2 })
                try await source.publish(1, bytes: limit)
                #expect(await eventually { recorder.end() == 3 })
                #expect(recorder.lost().isEmpty)
            }
        }

        /// A socket lets go of its address a moment after it was closed.
        private func sourceWhenFree(
            _ bus: ZeroMQBus, _ instance: InstanceID, _ endpoint: String
        ) async throws -> Source {
            for _ in 0..<1_000 {
                do {
                    return try await Source(bus, instance, bind: endpoint)
                } catch let error as BusError where error.code == .addressInUse {
                    await Task.yield()
                }
            }
            return try await Source(bus, instance, bind: endpoint)
        }
    }
}
