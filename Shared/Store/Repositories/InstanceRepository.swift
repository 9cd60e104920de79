// SPDX-License-Identifier: Apache-2.0

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
    /// Where health and metrics are.
    package let adminEndpoint: String?
    /// CURVE public key in Z85; `nil` only on loopback and `ipc://`.
    package let publicKey: String?
    package let version: String
    /// Counts up with every renewal. Who was not seen to renew for the TTL is dead.
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

/// When an instance was heard of: one that is listed, or one that ended without taking its leave.
package struct InstanceSighting: Hashable, Sendable {
    package let id: InstanceID
    package let service: ServiceKind
    package let version: String
    package let commandEndpoint: String?
    package let adminEndpoint: String?
    package let startedAt: Timestamp
    /// When it last renewed its row, by the database's clock.
    package let renewedAt: Timestamp
    /// Whether its row is there still.
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

/// Who runs: `cluster.instance`.
package struct InstanceRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Announces an instance, or what changed about it. Its heartbeat goes on counting.
    package func register(_ instance: InstanceRecord) async throws(StoreError) {
        try await store.query(
            """
            INSERT INTO cluster.instance
                (id, service, publish_endpoint, command_endpoint, admin_endpoint, public_key, version)
            VALUES (\(instance.id), \(instance.service.rawValue), \(instance.publishEndpoint),
                \(instance.commandEndpoint), \(instance.adminEndpoint), \(instance.publicKey), \(instance.version))
            ON CONFLICT (id) DO UPDATE SET publish_endpoint = excluded.publish_endpoint,
                command_endpoint = excluded.command_endpoint, admin_endpoint = excluded.admin_endpoint,
                public_key = excluded.public_key, version = excluded.version,
                heartbeat = cluster.instance.heartbeat + 1
            """)
    }

    /// Raises the heartbeat by one and returns it; `nil` if somebody removed the instance: it must register again.
    package func renew(_ id: InstanceID) async throws(StoreError) -> Int64? {
        try await store.query(
            "UPDATE cluster.instance SET heartbeat = heartbeat + 1 WHERE id = \(id) RETURNING heartbeat"
        ).first?.int64("heartbeat")
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

    /// Removes an instance that is dead and remembers it as missing; `false` if it has renewed its row since `heartbeat`.
    /// The shards that it owned have no owner then, at the same epoch.
    @discardableResult
    package func bury(_ id: InstanceID, heartbeat: Int64) async throws(StoreError) -> Bool {
        try await store.query("SELECT cluster.bury_instance(\(id), \(heartbeat)) AS done").first?.bool("done") ?? false
    }

    /// Every instance that there is, and those that ended without taking their leave, by service and id.
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

    /// Removes an instance that takes its leave; the shards that it owned have no owner then, at the same epoch.
    package func delete(_ id: InstanceID) async throws(StoreError) {
        try await store.query("DELETE FROM cluster.instance WHERE id = \(id)")
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
