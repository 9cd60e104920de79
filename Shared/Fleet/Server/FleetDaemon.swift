// SPDX-License-Identifier: Apache-2.0

import Bus
import Logging
import Messages
import ResourceModel

/// The composition root of `ebb-fleet`: the one place that names the bus's implementation.
enum FleetDaemon {
    /// Binds the command server. A hung host's calls are held until their callers give up, so it must let as many run
    /// at once as `concurrency`; the truth of a large fleet is one frame of up to `largestFrame` bytes. Beyond loopback it
    /// serves only on a private network that somebody names.
    static func makeServer(
        endpoint: String, privateNetwork: String?, concurrency: Int, largestFrame: Int
    ) async throws -> any CommandServer {
        let network = privateNetwork == nil ? FleetNetwork.loopback : FleetNetwork(of: endpoint)
        var configuration = configuration(on: network, largestFrame: largestFrame)
        configuration.servesFleet = true
        configuration.maximumConcurrentCommands = concurrency
        let bus = try makeBus(configuration)
        return OwnServer(bus: bus, server: try await bus.makeCommandServer(bind: endpoint))
    }

    /// Makes the client that the administrative subcommands use: for the endpoint that somebody typed, wherever it is.
    static func makeClient(endpoint: String, largestFrame: Int) async throws -> any CommandClient {
        let bus = try makeBus(configuration(on: FleetNetwork(of: endpoint), largestFrame: largestFrame))
        return OwnClient(bus: bus, client: await bus.makeCommandClient())
    }

    /// A fleet simulates: it holds nothing of anybody's and has no keys.
    private static func configuration(on network: FleetNetwork, largestFrame: Int) -> BusConfiguration {
        var configuration = BusConfiguration()
        configuration.fleetNetwork = network
        configuration.maximumFrameBytes = largestFrame
        return configuration
    }

    private static func makeBus(_ configuration: BusConfiguration) throws -> ZeroMQBus {
        var generator = SystemRandomNumberGenerator()
        let clock = FleetClock.live(notBefore: .zero)
        return try ZeroMQBus(
            instance: InstanceID(UUID128.random(using: &generator)), configuration: configuration,
            log: Logger(label: "ebb-fleet"), clock: clock.now)
    }
}

/// A server together with the bus that it is the only user of: a bus closes when nobody holds it.
private struct OwnServer: CommandServer {
    let bus: ZeroMQBus
    let server: any CommandServer

    func handle(_ type: MessageType, with handler: @escaping CommandHandler) async {
        await server.handle(type, with: handler)
    }

    func close() async { await bus.close() }
}

/// The same for a client.
private struct OwnClient: CommandClient {
    let bus: ZeroMQBus
    let client: any CommandClient

    func request(
        _ body: [UInt8], type: MessageType, to peer: BusPeer, idempotencyKey: String?, timeout: Duration
    ) async throws(BusError) -> [UInt8] {
        try await client.request(body, type: type, to: peer, idempotencyKey: idempotencyKey, timeout: timeout)
    }
}
