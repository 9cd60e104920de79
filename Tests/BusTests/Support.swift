// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Logging
import Messages
import ResourceModel
import Synchronization
import TestSupport
import Testing

/// SplitMix64: the same seed gives the same run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Waits for what a socket or another thread does in its own time.
func eventually(within limit: Duration = .seconds(20), _ condition: @Sendable () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return await condition()
}

func newInstance() -> InstanceID {
    var generator = SystemRandomNumberGenerator()
    return InstanceID(.random(using: &generator))
}

func stream(_ host: HostID = "host-1", epoch: UInt64 = 1) -> StreamID {
    StreamID(topic: .host(host), epoch: epoch)
}

func message(
    _ sequence: UInt64, of stream: StreamID = stream(), from source: InstanceID = InstanceID(UUID128(high: 0, low: 1)),
    body: [UInt8] = []
) -> BusMessage {
    BusMessage(stream: stream, sequence: sequence, type: .hostReport, source: source, sentAt: .zero, body: body)
}

let now: @Sendable () -> Timestamp = { Timestamp(nanoseconds: 1) }

/// Fast heartbeats, so that tests don't wait for them.
func quickConfiguration(_ change: (inout BusConfiguration) -> Void = { _ in }) -> BusConfiguration {
    var configuration = BusConfiguration()
    configuration.keyPair = TestKeys.pair
    configuration.heartbeatInterval = .milliseconds(40)
    configuration.reconnectInterval = .milliseconds(10)
    change(&configuration)
    return configuration
}

/// Opens a bus, and closes it whatever happens.
func withBus<Value>(
    _ instance: InstanceID = newInstance(), _ configuration: BusConfiguration = quickConfiguration(),
    allowList: AllowList = AllowList(), _ body: (ZeroMQBus) async throws -> Value
) async throws -> Value {
    var log = Logger(label: "bus-tests")
    log.logLevel = .critical
    let bus = try ZeroMQBus(
        instance: instance, configuration: configuration, allowList: allowList, log: log, clock: now)
    do {
        let value = try await body(bus)
        await bus.close()
        return value
    } catch {
        await bus.close()
        throw error
    }
}

/// A publisher with its command server, as every publishing service has.
struct Source {
    let instance: InstanceID
    let publisher: ZeroMQPublisher
    let server: ZeroMQCommandServer
    let peer: BusPeer

    init(
        _ bus: ZeroMQBus, _ instance: InstanceID, bind: String = "tcp://127.0.0.1:*",
        key: String = TestKeys.pair.publicKey
    ) async throws {
        self.instance = instance
        publisher = try await bus.makePublisher(bind: bind)
        server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        await publisher.serveReplays(on: server)
        peer = BusPeer(
            instance: instance, publishEndpoint: publisher.endpoint, commandEndpoint: server.endpoint, publicKey: key)
    }

    func publish(_ count: Int, on stream: StreamID = stream(), bytes: Int = 0) async throws {
        for _ in 0..<count {
            try await publisher.publish([UInt8](repeating: 7, count: bytes), type: .hostReport, on: stream, at: .zero)
        }
    }
}

/// Remembers what a subscriber delivers.
final class Recorder: Sendable {
    private let received = Mutex<[Delivery]>([])
    private let isFinished = Mutex(false)

    init(_ deliveries: AsyncStream<Delivery>) {
        Task {
            for await delivery in deliveries { received.withLock { $0.append(delivery) } }
            isFinished.withLock { $0 = true }
        }
    }

    var deliveries: [Delivery] { received.withLock { $0 } }
    var hasEnded: Bool { isFinished.withLock { $0 } }

    func sequences(of stream: StreamID = stream()) -> [UInt64] {
        deliveries.compactMap { delivery in
            guard case .message(let message) = delivery, message.stream == stream else { return nil }
            return message.sequence
        }
    }

    func lost(of stream: StreamID = stream()) -> [ClosedRange<UInt64>] {
        deliveries.compactMap { delivery in
            guard case .lost(stream, let range) = delivery else { return nil }
            return range
        }
    }

    /// How far the stream has come, in deliveries and losses.
    func end(of stream: StreamID = stream()) -> UInt64 {
        max(sequences(of: stream).last ?? 0, lost(of: stream).last?.upperBound ?? 0)
    }
}

/// The sequences that deliveries account for, in their order: `nil` if any is missing, repeated or out of order.
func accounted(_ deliveries: [Delivery], from first: UInt64 = 1) -> UInt64? {
    var next = first
    for delivery in deliveries {
        switch delivery {
        case .message(let message):
            guard message.sequence == next else { return nil }
            next += 1
        case .lost(_, let range):
            guard range.lowerBound == next else { return nil }
            next = range.upperBound + 1
        }
    }
    return next - 1
}
