// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BenchSupport
import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import Synchronization

/// What both measurements of the bus take.
struct BusOptions: ParsableArguments {
    @Option(help: "Bytes of each body.") var size = 64
    @Option(help: "Messages to send.") var count = 100_000

    var body: [UInt8] { [UInt8](repeating: 7, count: size) }
}

/// Two services on one machine: each its own bus, with a context and a thread.
struct TwoServices {
    let publisher: ZeroMQPublisher
    let server: ZeroMQCommandServer
    /// How the other reaches them.
    let peer: BusPeer
    let other: ZeroMQBus
    private let bus: ZeroMQBus

    init(_ options: BusOptions) async throws {
        let keys = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
        let allowed = AllowList([keys.0.publicKey, keys.1.publicKey])
        let instance = Self.newInstance()
        bus = try Self.bus(instance, keys.0, allowed)
        other = try Self.bus(Self.newInstance(), keys.1, allowed)
        server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        publisher = try await bus.makePublisher(bind: "tcp://127.0.0.1:*")
        await publisher.serveReplays(on: server)
        peer = BusPeer(
            instance: instance, publishEndpoint: publisher.endpoint, commandEndpoint: server.endpoint,
            publicKey: keys.0.publicKey)
    }

    func close() async {
        await other.close()
        await bus.close()
    }

    static func newInstance() -> InstanceID {
        var generator = SystemRandomNumberGenerator()
        return InstanceID(.random(using: &generator))
    }

    private static func bus(
        _ instance: InstanceID, _ keys: CurveKeyPair, _ allowed: AllowList
    ) throws -> ZeroMQBus {
        var configuration = BusConfiguration()
        configuration.keyPair = keys
        return try ZeroMQBus(
            instance: instance, configuration: configuration, allowList: allowed, log: log,
            clock: { Timestamp(nanoseconds: monotonicNanoseconds()) })
    }
}

/// `MonitorBench publish`: from `publish` to the consumer of the deliveries.
struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Published reports per second.")

    /// Hosts that publish at once, as Monitor's loops do.
    private static let hosts = 16
    /// Reports under way at most: below what makes the bus drop some and replay them.
    private static let window = 3_000

    struct Measurement: Encodable {
        let perSecond: Double
        /// On all threads of both sides.
        let cpuMicrosecondsEach: Double
        let lost: Int
    }

    @OptionGroup var options: BusOptions

    func run() async throws {
        let services = try await TwoServices(options)
        let subscriber = await services.other.makeSubscriber(topics: [.allHosts])
        let flow = Flow()
        let consumer = Task { for await delivery in subscriber.deliveries { flow.take(delivery) } }
        try await subscriber.connect(to: services.peer)
        try await send(Self.hosts * 64, by: services.publisher, flow)
        let (start, cpu) = (monotonicNanoseconds(), processCPUNanoseconds())
        let sent = try await send(options.count, by: services.publisher, flow)
        let (end, cpuEnd) = (monotonicNanoseconds(), processCPUNanoseconds())
        try answer(
            Measurement(
                perSecond: Double(sent) * 1e9 / Double(end - start),
                cpuMicrosecondsEach: Double(cpuEnd - cpu) / Double(sent) / 1e3, lost: flow.lost))
        consumer.cancel()
        await services.close()
    }

    /// Publishes, and returns when all of it has arrived.
    @discardableResult
    private func send(_ count: Int, by publisher: ZeroMQPublisher, _ flow: Flow) async throws -> Int {
        let each = count / Self.hosts
        let body = options.body
        try await withThrowingTaskGroup { group in
            for host in 1...Self.hosts {
                let stream = StreamID(topic: .host(HostID(trusted: "host-\(host)")), epoch: 1)
                group.addTask {
                    for _ in 0..<each {
                        while flow.underway >= Self.window { try await Task.sleep(for: .milliseconds(1)) }
                        flow.sent()
                        try await publisher.publish(body, type: .hostReport, on: stream, at: .zero)
                    }
                }
            }
            try await group.waitForAll()
        }
        while flow.underway > 0 { try await Task.sleep(for: .milliseconds(1)) }
        return each * Self.hosts
    }
}

/// How many reports are under way.
private final class Flow: Sendable {
    private let published = Atomic(0)
    private let accounted = Atomic(0)
    private let missing = Atomic(0)

    var underway: Int { published.load(ordering: .relaxed) - accounted.load(ordering: .relaxed) }
    var lost: Int { missing.load(ordering: .relaxed) }
    func sent() { published.wrappingAdd(1, ordering: .relaxed) }

    func take(_ delivery: Delivery) {
        switch delivery {
        case .message: accounted.wrappingAdd(1, ordering: .relaxed)
        case .lost(_, let range):
            accounted.wrappingAdd(range.count, ordering: .relaxed)
            missing.wrappingAdd(range.count, ordering: .relaxed)
        }
    }
}

/// `MonitorBench request`: round trips of a command, one after another.
struct Request: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Round trip of a command that answers with its body.")

    struct Measurement: Encodable {
        let p50Microseconds: Double
        let p99Microseconds: Double
        let cpuMicrosecondsEach: Double
    }

    @OptionGroup var options: BusOptions

    func run() async throws {
        let services = try await TwoServices(options)
        await services.server.handle("bench.echo.v1") { body, _ in body }
        let client = await services.other.makeCommandClient()
        let body = options.body
        var rounds: [Double] = []
        func round() async throws {
            let start = monotonicNanoseconds()
            _ = try await client.request(
                body, type: "bench.echo.v1", to: services.peer, idempotencyKey: nil, timeout: .seconds(10))
            rounds.append(Double(monotonicNanoseconds() - start) / 1e3)
        }
        for _ in 0..<200 { try await round() }
        rounds = []
        let cpu = processCPUNanoseconds()
        for _ in 0..<options.count { try await round() }
        let used = processCPUNanoseconds() - cpu
        try answer(
            Measurement(
                p50Microseconds: percentile(0.5, of: rounds), p99Microseconds: percentile(0.99, of: rounds),
                cpuMicrosecondsEach: Double(used) / Double(options.count) / 1e3))
        await services.close()
    }
}
