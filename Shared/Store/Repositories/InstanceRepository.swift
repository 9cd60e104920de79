// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import ResourceModel

/// The five services.
package enum ServiceKind: String, Hashable, Sendable, Codable, CaseIterable {
    case monitor, scheduler, billing, logger, usergateway
}

/// One running process of a service, as it announces itself.
package struct InstanceRecord: Hashable, Sendable {
    package let id: InstanceID
    package let service: ServiceKind
    /// Where it publishes; `nil` if it publishes nothing.
    package let publishEndpoint: String?
    package let commandEndpoint: String
    /// Where its health and metrics are served.
    package let adminEndpoint: String?
    /// CURVE public key in Z85, by which the others know it; `nil`: nobody on the bus talks to it.
    package let publicKey: String?
    package let version: String
    /// Counts up with every renewal. An instance that was not seen to renew for the TTL is dead.
    package let heartbeat: Int64

    package init(
        id: InstanceID, service: ServiceKind, publishEndpoint: String?, commandEndpoint: String,
        adminEndpoint: String? = nil, publicKey: String? = nil, version: String, heartbeat: Int64 = 0
    ) {
        self.id = id
        self.service = service
        self.publishEndpoint = publishEndpoint
        self.commandEndpoint = commandEndpoint
        self.adminEndpoint = adminEndpoint
        self.publicKey = publicKey
        self.version = version
        self.heartbeat = heartbeat
    }
}

/// When an instance was last seen: one that is listed, or one that ended without removing its row.
package struct InstanceSighting: Hashable, Sendable {
    package let id: InstanceID
    package let service: ServiceKind
    package let version: String
    package let commandEndpoint: String?
    package let adminEndpoint: String?
    package let startedAt: Timestamp
    /// When it last renewed its row, by the database's clock.
    package let renewedAt: Timestamp
    /// Whether its row still exists.
    package let isListed: Bool
    /// How many shards it owns.
    package let shards: Int

    package init(
        id: InstanceID, service: ServiceKind, version: String, commandEndpoint: String? = nil,
        adminEndpoint: String? = nil, startedAt: Timestamp, renewedAt: Timestamp, isListed: Bool, shards: Int = 0
    ) {
        self.id = id
        self.service = service
        self.version = version
        self.commandEndpoint = commandEndpoint
        self.adminEndpoint = adminEndpoint
        self.startedAt = startedAt
        self.renewedAt = renewedAt
        self.isListed = isListed
        self.shards = shards
    }
}

/// The running instances: `cluster.instance`.
package struct InstanceRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Announces the credential's instance, or what changed about it. Its heartbeat goes on counting.
    ///
    /// - Parameter timeToLive: at most 600 s; after this time without a renewal others may take its shards.
    /// - Throws: `insufficientPrivilege` for an instance with another secret, or for a service that is not that of the
    ///   session's role.
    package func register(
        _ instance: InstanceRecord, by credential: InstanceCredential, timeToLive: Duration
    ) async throws(StoreError) {
        try await store.query(
            """
            SELECT cluster.register_instance(\(credential.id), \(credential.secret), \(instance.service.rawValue),
                \(timeToLive.wholeNanoseconds), \(instance.publishEndpoint), \(instance.commandEndpoint),
                \(instance.adminEndpoint), \(instance.publicKey), \(instance.version))
            """)
    }

    /// Raises the heartbeat by one and returns it; `nil` if somebody removed the instance: it must register again. Also
    /// writes which rows its store has set aside, the first hundred of them.
    package func renew(_ credential: InstanceCredential) async throws(StoreError) -> Int64? {
        let lines = store.setAside.entries.prefix(100).map { String($0.description.prefix(1_000)) }
        let json = (try? JSONEncoder().encode(lines)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
        return try await store.query(
            """
            SELECT cluster.renew_instance(\(credential.id), \(credential.secret)) AS heartbeat,
                cluster.note_set_aside(\(credential.id), \(credential.secret), \(json)::jsonb)
            """
        ).first?.int64OrNil("heartbeat")
    }

    /// What each instance has set aside, as it last wrote; instances that have set aside nothing are left out.
    package func setAside() async throws(StoreError) -> [InstanceID: [String]] {
        var lines: [InstanceID: [String]] = [:]
        for row in try await store.query("SELECT id, set_aside FROM cluster.instance WHERE set_aside <> '[]'") {
            let text = try row.string("set_aside")
            lines[InstanceID(try row.uuid("id"))] = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        }
        return lines
    }

    /// All instances, or one service's, by id.
    package func list(_ service: ServiceKind? = nil) async throws(StoreError) -> [InstanceRecord] {
        let rows = try await store.query(
            """
            SELECT * FROM cluster.instance
            WHERE \(service?.rawValue)::text IS NULL OR service = \(service?.rawValue) ORDER BY id
            """)
        return store.setAside.read(rows, of: "cluster.instance", by: ["id", "service"]) { row throws(StoreError) in
            try InstanceRecord(row)
        }
    }

    /// Removes the credential's own instance; its shards then have no owner, at the same epoch.
    package func remove(_ credential: InstanceCredential) async throws(StoreError) {
        try await store.query("SELECT cluster.remove_instance(\(credential.id), \(credential.secret))")
    }

    /// Removes others that are silent and remembers them as missing; the database keeps those that have renewed their row within their time to live.
    package func removeSilent(
        _ instances: [InstanceID], by credential: InstanceCredential
    ) async throws(StoreError) {
        guard !instances.isEmpty else { return }
        let silent = TextArray(instances.map(\.description))
        try await store.query(
            "SELECT cluster.remove_silent_instances(\(credential.id), \(credential.secret), \(silent)::uuid[])")
    }

    /// Every listed instance, and those that ended without removing their rows, by service and id.
    package func sightings() async throws(StoreError) -> [InstanceSighting] {
        let rows = try await store.query(
            """
            SELECT i.id, service, version, command_endpoint, admin_endpoint, started_ns, renewed_ns, true AS is_listed,
                (SELECT count(*) FROM cluster.shard s WHERE s.owner = i.id) AS shards FROM cluster.instance i
            UNION ALL SELECT m.id, service, version, NULL, admin_endpoint, started_ns, renewed_ns, false, 0
                FROM cluster.missing_instance m
                WHERE NOT EXISTS (SELECT 1 FROM cluster.instance i WHERE i.id = m.id)
            ORDER BY service, id
            """)
        return store.setAside.read(rows, of: "cluster.instance", by: ["id", "service"]) { row throws(StoreError) in
            InstanceSighting(
                id: InstanceID(try row.uuid("id")), service: try row.value("service"),
                version: try row.string("version"), commandEndpoint: try row.stringOrNil("command_endpoint"),
                adminEndpoint: try row.stringOrNil("admin_endpoint"), startedAt: try row.timestamp("started_ns"),
                renewedAt: try row.timestamp("renewed_ns"), isListed: try row.bool("is_listed"),
                shards: try row.int("shards"))
        }
    }
}

extension InstanceRecord {
    fileprivate init(_ row: Row) throws(StoreError) {
        self.init(
            id: InstanceID(try row.uuid("id")), service: try row.value("service"),
            publishEndpoint: try row.stringOrNil("publish_endpoint"),
            commandEndpoint: try row.string("command_endpoint"), adminEndpoint: try row.stringOrNil("admin_endpoint"),
            publicKey: try row.stringOrNil("public_key"), version: try row.string("version"),
            heartbeat: try row.int64("heartbeat"))
    }
}
