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

    /// Raises the heartbeat by one and returns it; `nil` if somebody removed the instance: it must register again. Tells
    /// with it which rows its store has set aside, the first hundred of them.
    package func renew(_ id: InstanceID) async throws(StoreError) -> Int64? {
        let lines = store.setAside.entries.prefix(100).map { String($0.description.prefix(1_000)) }
        let json = (try? JSONEncoder().encode(lines)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
        return try await store.query(
            """
            UPDATE cluster.instance SET heartbeat = heartbeat + 1, set_aside = \(json)::jsonb
            WHERE id = \(id) RETURNING heartbeat
            """
        ).first?.int64("heartbeat")
    }

    /// What each instance has set aside, as it said last; those that have nothing are left out.
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

    /// Removes an instance; the shards that it owned have no owner then, at the same epoch.
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
