// SPDX-License-Identifier: Apache-2.0

package import Bus
package import Contracts
internal import CoreMetrics
package import Logging
package import ResourceModel
package import Store

/// What every service has once it is up: its identity, its edges and its place among the others.
package struct ServiceRuntime: Sendable {
    package let service: ServiceKind
    package let credential: InstanceCredential
    package let settings: Settings
    package let log: Logger
    package let health: Health
    package let clock: ClusterClock
    package let store: Store
    /// Publishes this instance's streams.
    package let publisher: any StreamPublisher
    /// Follows all publishers' streams under these topics, also as publishers come and go.
    package let subscribe: @Sendable ([Topic]) async -> any StreamSubscriber
    /// A subscriber that follows nobody yet, so that its caller can say where streams go on before it connects. Close
    /// it.
    package let makeSubscriber: @Sendable ([Topic]) async -> any StreamSubscriber
    /// Serves this instance's commands.
    package let server: any CommandServer
    package let client: any CommandClient
    /// Where others reach this instance.
    package let endpoints: AdvertisedEndpoints
    /// Everybody alive, as last seen.
    package let peers: PeerDirectory

    package var instance: InstanceID { credential.id }

    /// A claim-and-renew loop for this instance; run it for as long as the service serves.
    ///
    /// - Parameter timeToLive: after how long a silent instance of this service is dead, if that is sooner than
    ///   `membership.timeToLive` says. The same for every instance of a service.
    package func membership(
        shardKinds: [ShardKind], callDeadline: Duration, timeToLive: Duration? = nil, handlers: OwnershipHandlers,
        isServing: @escaping @Sendable () -> Bool = { true }
    ) -> Membership {
        let common = settings.duration("membership.timeToLive")
        return Membership(
            record: InstanceRecord(
                id: instance, service: service, publishEndpoint: endpoints.publish, commandEndpoint: endpoints.command,
                adminEndpoint: endpoints.admin, publicKey: endpoints.publicKey, version: ReleaseVersion.text),
            credential: credential, shardKinds: shardKinds, store: store,
            interval: settings.duration("membership.heartbeatInterval"),
            timeToLive: timeToLive.map { min($0, common) } ?? common, callDeadline: callDeadline, handlers: handlers,
            health: health, log: log, isServing: isServing,
            peersChanged: { [peers, health, service] records, dead in
                await peers.update(records, dead: dead)
                service.reportHelpers(among: records, to: health)
            })
    }
}

extension ServiceKind {
    /// The services without which this one does less: it has nothing to decide, store or bill, or can't pass on
    /// requests.
    var helpers: [ServiceKind] {
        switch self {
        case .monitor: [.logger]
        case .scheduler: [.monitor, .logger]
        case .billing, .logger: [.monitor]
        case .usergateway: [.monitor, .scheduler, .billing, .logger]
        }
    }

    /// Says on `/readyz` which helpers are missing among the live instances.
    func reportHelpers(among alive: [InstanceRecord], to health: Health) {
        for helper in helpers {
            let isThere = alive.contains { $0.service == helper }
            health.report(
                helper.rawValue, fault: isThere ? nil : "no \(helper.rawValue) is running", isNeeded: false)
        }
    }
}

extension ServiceRuntime {
    /// The database by further connections, beside those of `store`. Close it.
    package func makeStore(connections: Int) throws(StartupError) -> Store {
        try Self.makeStore(service, settings, connections: connections, log: log)
    }

    static func makeStore(
        _ service: ServiceKind, _ settings: Settings, connections: Int, log: Logger
    ) throws(StartupError) -> Store {
        let configuration = StoreConfiguration(
            dsn: settings.text("database.url"), poolSize: connections,
            statementTimeout: settings.duration("database.statementTimeout"),
            applicationName: "ebb-\(service.rawValue)")
        do {
            let store = try Store(configuration: configuration, log: log)
            store.setAside.follow { table, count in
                Gauge(label: "ebb_rows_set_aside", dimensions: [("table", table)]).record(count)
            }
            return store
        } catch {
            throw .configuration("database.url: \(error.message)")
        }
    }
}

/// The endpoints by which others reach this instance.
package struct AdvertisedEndpoints: Sendable {
    package let publish: String?
    package let command: String
    package let admin: String?
    package let publicKey: String
}

/// Everybody alive, of all services; tells subscribers when that changes.
package actor PeerDirectory {
    private var records: [InstanceRecord] = []
    private var followers: [@Sendable ([InstanceRecord]) async -> Void] = []
    /// Instances that are dead and whose rows still exist.
    private(set) var dead: Set<InstanceID> = []

    package init() {}

    /// Calls back with everybody alive now and whenever that changes.
    package func follow(_ follower: @escaping @Sendable ([InstanceRecord]) async -> Void) async {
        followers.append(follower)
        await follower(records)
    }

    func update(_ records: [InstanceRecord], dead: Set<InstanceID> = []) async {
        self.records = records
        self.dead = dead
        for follower in followers { await follower(records) }
    }

    /// Live instances of one service, by id.
    package func instances(of service: ServiceKind) -> [InstanceRecord] {
        records.filter { $0.service == service }.sorted { $0.id < $1.id }
    }

    package func instance(_ id: InstanceID) -> InstanceRecord? { records.first { $0.id == id } }
}

extension PeerDirectory {
    /// The keys of those who may connect: of everybody alive. For a key that is not known the rows are read again,
    /// since a newcomer may have registered a moment ago; an instance that is known to be dead is not let in.
    func allowList(from instances: InstanceRepository) async -> AllowList {
        let allowList = AllowList { [weak self] in
            guard let self, let records = try? await instances.list() else { return nil }
            let dead = await dead
            return Set(records.filter { !dead.contains($0.id) }.compactMap(\.publicKey))
        }
        await follow { alive in allowList.replace(with: Set(alive.compactMap(\.publicKey))) }
        return allowList
    }
}

extension InstanceRecord {
    /// The part of the row that does not change at every renewal.
    var announcement: InstanceRecord {
        InstanceRecord(
            id: id, service: service, publishEndpoint: publishEndpoint, commandEndpoint: commandEndpoint,
            adminEndpoint: adminEndpoint, publicKey: publicKey, version: version)
    }

    /// The instance as the bus addresses it.
    package var peer: BusPeer {
        BusPeer(
            instance: id, publishEndpoint: publishEndpoint, commandEndpoint: commandEndpoint, publicKey: publicKey)
    }
}
