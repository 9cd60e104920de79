// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Contracts
internal import Logging
internal import Messages
internal import ResourceModel
internal import ServiceLifecycle
internal import Store

/// Everything that runs between the start and the end of the edges (admin port, database, bus).
struct ServiceBody: Service {
    let service: ServiceKind
    let credential: InstanceCredential
    let settings: Settings
    let health: Health
    let admin: AdminServer
    let log: Logger
    let serve: @Sendable (ServiceRuntime) async throws -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            let store = try makeStore()
            do {
                try await runOnStore(store)
            } catch is CancellationError {
                log.info("stopping")
            } catch {
                await store.close()
                throw error
            }
            health.drain()
            await store.close()
        }
    }

    private func makeStore() throws(StartupError) -> Store {
        try ServiceRuntime.makeStore(
            service, settings, connections: settings.integer("database.poolSize"), log: log)
    }

    private func runOnStore(_ store: Store) async throws {
        try await waitForDatabase(store)
        let clock = ClusterClock(databaseNow: try await Self.databaseNow(store))
        let peers = PeerDirectory()
        let bus = try await makeBus(store, clock, peers)
        do {
            try await runOnBus(bus, store, clock, peers)
        } catch {
            await bus.close()
            throw error
        }
        await bus.close()
    }

    private func runOnBus(
        _ bus: ZeroMQBus, _ store: Store, _ clock: ClusterClock, _ peers: PeerDirectory
    ) async throws {
        let server: ZeroMQCommandServer
        let publisher: ZeroMQPublisher
        do {
            server = try await bus.makeCommandServer(bind: settings.text("bus.command"))
            publisher = try await bus.makePublisher(bind: settings.text("bus.publish"))
        } catch {
            throw StartupError.unavailable("\(error); set bus.command and bus.publish to free addresses")
        }
        await publisher.serveReplays(on: server)
        let runtime = ServiceRuntime(
            service: service, credential: credential, settings: settings, log: log, health: health, clock: clock,
            store: store, publisher: publisher,
            subscribe: { topics in await Self.subscribe(topics, on: bus, peers: peers, log: log) },
            makeSubscriber: { topics in await bus.makeSubscriber(topics: topics) }, server: server,
            client: await bus.makeCommandClient(),
            endpoints: try await advertise(
                store, publish: publisher.endpoint, command: server.endpoint, publicKey: bus.publicKey), peers: peers)
        health.report("bus", fault: nil)
        log.notice("serving", metadata: ["bus.command": "\(server.endpoint)"])
        try await withThrowingTaskGroup { group in
            group.addTask { try await Self.discipline(clock, by: store) }
            group.addTask { try await serve(runtime) }
            try await group.next()
            group.cancelAll()
        }
    }

    // MARK: - Database

    /// Waits as long as it takes, and says why on `/readyz`; gives up only if waiting can't help.
    private func waitForDatabase(_ store: Store) async throws {
        while true {
            do {
                try await Migrator().check(store)
                health.report("database", fault: nil)
                return
            } catch {
                if error.code == .authenticationFailed { throw StartupError.notPermitted(error.message) }
                if error.code == .schemaTooNew { throw StartupError.configuration(error.message) }
                health.report("database", fault: error.message)
                log.warning("waiting for the database", metadata: ["error": "\(error.message)"])
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private static func databaseNow(_ store: Store) async throws -> Timestamp {
        guard let row = try await store.query("SELECT cluster.now_ns() AS now").first else { return .zero }
        return try row.timestamp("now")
    }

    /// Follows PostgreSQL's clock once a minute; while it is away our own goes on.
    private static func discipline(_ clock: ClusterClock, by store: Store) async throws {
        while true {
            try await Task.sleep(for: .seconds(60))
            if let now = try? await databaseNow(store) { clock.discipline(databaseNow: now) }
        }
    }

    // MARK: - Bus

    /// The bus makes this instance's key pair, anew at each start. Its public half stands in the instance's row; the
    /// rows of the live instances are the list of who may connect.
    private func makeBus(_ store: Store, _ clock: ClusterClock, _ peers: PeerDirectory) async throws -> ZeroMQBus {
        var configuration = BusConfiguration()
        configuration.heartbeatInterval = settings.duration("bus.heartbeatInterval")
        configuration.spoolMessagesPerStream = settings.integer("bus.spoolMessages")
        if service == .monitor { configuration.fleetNetwork = FleetNetwork(settings.text("monitor.fleetNetwork")) }
        let allowList = await peers.allowList(from: InstanceRepository(store))
        return try ZeroMQBus(instance: credential.id, configuration: configuration, allowList: allowList, log: log) {
            clock.now()
        }
    }

    /// A subscriber that follows whoever publishes, as instances come and go.
    private static func subscribe(
        _ topics: [Topic], on bus: ZeroMQBus, peers: PeerDirectory, log: Logger
    ) async -> any StreamSubscriber {
        let subscriber = await bus.makeSubscriber(topics: topics)
        let followed = FollowedPeers()
        await peers.follow { records in
            let (come, gone) = await followed.update(records.map(\.peer).filter { $0.publishEndpoint != nil })
            for instance in gone { await subscriber.disconnect(from: instance) }
            for peer in come {
                do {
                    try await subscriber.connect(to: peer)
                } catch {
                    log.error(
                        "a publisher can't be followed", metadata: ["peer": "\(peer.instance)", "error": "\(error)"])
                }
            }
        }
        return subscriber
    }

    /// Endpoints as others reach them: a bound wildcard becomes the configured host, else the address that the database
    /// sees us by, else loopback.
    private func advertise(
        _ store: Store, publish: String, command: String, publicKey: String
    ) async throws -> AdvertisedEndpoints {
        let row = try await store.query("SELECT host(inet_client_addr()) AS address").first
        let seen = try row?.stringOrNil("address")
        let host = settings.optionalText("bus.advertiseHost") ?? seen ?? "127.0.0.1"
        let adminPort = await admin.boundPort()
        return AdvertisedEndpoints(
            publish: Self.advertised(publish, host: host), command: Self.advertised(command, host: host),
            admin: adminPort.map { Self.advertisedAdmin(bind: settings.text("admin.bind"), port: $0, host: host) },
            publicKey: publicKey)
    }

    /// The address to which it is bound, with the port that it got.
    static func advertisedAdmin(bind: String, port: Int, host: String) -> String {
        let bound = bind.lastIndex(of: ":").map { String(bind[..<$0]) } ?? bind
        let isWildcard = ["", "*", "0.0.0.0", "::", "[::]"].contains(bound)
        let name = isWildcard ? host : bound
        return "http://\(name.contains(":") && !name.hasPrefix("[") ? "[\(name)]" : name):\(port)"
    }

    static func advertised(_ endpoint: String, host: String) -> String {
        for wildcard in ["tcp://0.0.0.0:", "tcp://*:", "tcp://[::]:"] where endpoint.hasPrefix(wildcard) {
            return "tcp://\(host):" + endpoint.dropFirst(wildcard.count)
        }
        return endpoint
    }
}

/// The publishers that one subscriber follows.
private actor FollowedPeers {
    private var peers: Set<BusPeer> = []

    /// Takes the publishers that are there now; returns which are new and which are gone.
    func update(_ present: [BusPeer]) -> (come: [BusPeer], gone: [InstanceID]) {
        let come = present.filter { !peers.contains($0) }
        let gone = peers.subtracting(present).map(\.instance).sorted()
        peers = Set(present)
        return (come, gone)
    }
}
