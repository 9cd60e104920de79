// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import Logging
internal import Messages
package import ResourceModel
internal import Synchronization

/// The bus of one process over ZeroMQ: one reactor thread and one context behind every publisher, subscriber, command
/// server and client that is made here.
///
/// Close it. A process must not fork while one is open: libzmq aborts.
package final class ZeroMQBus: Sendable {
    private let shared: BusShared

    /// - Parameters:
    ///   - instance: what every message names as its source; new at each start of the process.
    ///   - allowList: the keys that may connect; this instance's own key always may.
    ///   - clock: cluster time, for envelopes.
    ///   - generator: message ids and the jitter of back-off.
    /// - Throws: `system` if descriptors or threads can't be had, or libzmq was built without CURVE.
    package init(
        instance: InstanceID, configuration: BusConfiguration = BusConfiguration(), allowList: AllowList = AllowList(),
        generator: any RandomNumberGenerator & Sendable = BufferedSystemGenerator(),
        log: Logger, clock: @escaping @Sendable () -> Timestamp
    ) throws(BusError) {
        let keyPair: CurveKeyPair
        if let given = configuration.keyPair { keyPair = given } else { keyPair = try .generate() }
        shared = BusShared(
            instance: instance, configuration: configuration, keyPair: keyPair, allowList: allowList,
            reactor: try ZeroMQReactor(name: "ebb-bus", configuration: configuration),
            random: SharedRandom(generator), log: log, clock: clock)
    }

    deinit {
        let shared = shared
        Task { await shared.closeAll() }
    }

    /// The key by which others know this instance, in Z85.
    package var publicKey: String { shared.keyPair.publicKey }

    /// Binds a publisher, for instance to `tcp://127.0.0.1:*`; its `endpoint` has the port that it got.
    ///
    /// - Throws: `addressInUse`, `refused` (no endpoint that may be used), `system`.
    package func makePublisher(bind endpoint: String) async throws(BusError) -> ZeroMQPublisher {
        let publisher = ZeroMQPublisher(shared)
        try await publisher.open(bind: endpoint)
        shared.add(publisher)
        return publisher
    }

    /// A subscriber of these topics (prefixes). It asks for replays through a client of its own.
    package func makeSubscriber(topics: [Topic]) async -> ZeroMQSubscriber {
        let subscriber = ZeroMQSubscriber(topics: topics, client: await makeCommandClient(), shared)
        await subscriber.start()
        shared.add(subscriber)
        return subscriber
    }

    /// Binds a command server. Throws as `makePublisher`.
    package func makeCommandServer(bind endpoint: String) async throws(BusError) -> ZeroMQCommandServer {
        let server = ZeroMQCommandServer(shared)
        try await server.open(bind: endpoint)
        shared.add(server)
        return server
    }

    package func makeCommandClient() async -> ZeroMQCommandClient {
        let client = ZeroMQCommandClient(shared)
        await client.start()
        shared.add(client)
        return client
    }

    /// Closes everything that was made here: streams of deliveries end, waiting requests fail as `closed`.
    package func close() async { await shared.closeAll() }
}

/// A part that a bus makes and closes.
protocol BusParticipant: AnyObject, Sendable {
    func close() async
}

/// What all participants of one bus have in common.
final class BusShared: Sendable {
    let instance: InstanceID
    let configuration: BusConfiguration
    let keyPair: CurveKeyPair
    let allowList: AllowList
    let reactor: ZeroMQReactor
    let random: SharedRandom
    let log: Logger
    let clock: @Sendable () -> Timestamp
    private let participants = Mutex<[ObjectIdentifier: any BusParticipant]>([:])
    private let authentication = Mutex<SocketID?>(nil)

    init(
        instance: InstanceID, configuration: BusConfiguration, keyPair: CurveKeyPair, allowList: AllowList,
        reactor: ZeroMQReactor, random: SharedRandom, log: Logger, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.instance = instance
        self.configuration = configuration
        self.keyPair = keyPair
        self.allowList = allowList
        self.reactor = reactor
        self.random = random
        self.log = log
        self.clock = clock
    }

    func add(_ participant: any BusParticipant) {
        participants.withLock { $0[ObjectIdentifier(participant)] = participant }
    }

    func remove(_ participant: any BusParticipant) {
        participants.withLock { $0[ObjectIdentifier(participant)] = nil }
    }

    func closeAll() async {
        let all = participants.withLock { Array($0.values) }
        for participant in all { await participant.close() }
    }

    /// Opens and binds a socket that others connect to. On the reactor's thread.
    ///
    /// - Returns: the socket and the endpoint that it got.
    func bound(
        _ role: SocketTable.Role, to endpoint: String, onReadable: @escaping () -> Void = {},
        onBroken: @escaping () -> Void
    ) throws(BusError) -> (SocketID, String) {
        let security = try EndpointPolicy.server(endpoint, configuration, keyPair)
        if case .server = security { try startAuthentication() }
        let socket = try reactor.sockets.open(role, security, onReadable: onReadable, onBroken: onBroken)
        do {
            return (socket, try reactor.sockets.bind(socket, to: endpoint))
        } catch {
            reactor.sockets.close(socket)
            throw error
        }
    }

    /// Opens and connects a socket. On the reactor's thread.
    func connected(
        _ role: SocketTable.Role, to peer: BusPeer, at endpoint: String, subscriptions: [Topic] = [],
        onReadable: @escaping () -> Void, onBroken: @escaping () -> Void
    ) throws(BusError) -> SocketID {
        let security = try EndpointPolicy.client(
            endpoint, key: peer.publicKey, isFleet: peer.acceptsAnyInstance, configuration, keyPair)
        let socket = try reactor.sockets.open(role, security, onReadable: onReadable, onBroken: onBroken)
        do {
            for topic in subscriptions { try reactor.sockets.subscribe(socket, to: topic.text) }
            try reactor.sockets.connect(socket, to: endpoint)
            return socket
        } catch {
            reactor.sockets.close(socket)
            throw error
        }
    }

    private func startAuthentication() throws(BusError) {
        guard authentication.withLock({ $0 == nil }) else { return }
        let authenticator = Authenticator(ownKey: keyPair.publicKey, allowList: allowList, log: log)
        let socket = try authenticator.open(in: reactor.sockets)
        authentication.withLock { $0 = socket }
    }
}

/// One random source for several actors.
final class SharedRandom: Sendable {
    private let generator: Mutex<any RandomNumberGenerator & Sendable>

    init(_ generator: any RandomNumberGenerator & Sendable) { self.generator = Mutex(generator) }

    func identifier() -> UUID128 { generator.withLock { UUID128.random(using: &$0) } }

    /// The upper half of a pause, so that clients that were refused together don't come back together.
    func jittered(_ pause: Duration) -> Duration {
        let whole = max(2, pause.wholeNanoseconds)
        return .nanoseconds(generator.withLock { Int64.random(in: whole / 2...whole, using: &$0) })
    }
}
