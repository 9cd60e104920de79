// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One running process of a service, as it registered.
package struct InstanceRecord: Hashable, Sendable {
    package let service: String
    package let id: InstanceID
    package let publishEndpoint: String?
    package let commandEndpoint: String
    package let adminEndpoint: String?
    /// CURVE, Z85; `nil` where nothing leaves the machine.
    package let publicKey: String?
    package let version: String
    /// Counts renewals; says nothing by itself, only that it changes.
    package let heartbeat: Int64
    package let startedAt: Timestamp

    package init(
        service: String, id: InstanceID, publishEndpoint: String?, commandEndpoint: String, adminEndpoint: String?,
        publicKey: String?, version: String, heartbeat: Int64 = 0, startedAt: Timestamp = .zero
    ) {
        self.service = service
        self.id = id
        self.publishEndpoint = publishEndpoint
        self.commandEndpoint = commandEndpoint
        self.adminEndpoint = adminEndpoint
        self.publicKey = publicKey
        self.version = version
        self.heartbeat = heartbeat
        self.startedAt = startedAt
    }

    /// For comparing what does not change at every renewal.
    package var withoutHeartbeat: InstanceRecord {
        InstanceRecord(
            service: service, id: id, publishEndpoint: publishEndpoint, commandEndpoint: commandEndpoint,
            adminEndpoint: adminEndpoint, publicKey: publicKey, version: version, startedAt: startedAt)
    }
}

/// `cluster.instance`: who runs. Each instance writes its own row; anybody may delete a dead one's.
package struct InstanceRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    /// Adds the row; the same instance again replaces its endpoints.
    package func register(_ record: InstanceRecord) async throws(StoreError) {
        _ = try await runner.query(
            """
            INSERT INTO cluster.instance
                (service, id, publish_endpoint, command_endpoint, admin_endpoint, public_key, version)
            VALUES (\(record.service), \(record.id), \(record.publishEndpoint), \(record.commandEndpoint),
                \(record.adminEndpoint), \(record.publicKey), \(record.version))
            ON CONFLICT (id) DO UPDATE SET publish_endpoint = excluded.publish_endpoint,
                command_endpoint = excluded.command_endpoint, admin_endpoint = excluded.admin_endpoint
            """)
    }

    /// Counts the heartbeat up; `false` if the row is gone: the others have declared this instance dead.
    package func renew(_ id: InstanceID) async throws(StoreError) -> Bool {
        try await !runner.query(
            "UPDATE cluster.instance SET heartbeat = heartbeat + 1 WHERE id = \(id) RETURNING id"
        ).isEmpty
    }

    /// Everybody, by service and id.
    package func list() async throws(StoreError) -> [InstanceRecord] {
        var records: [InstanceRecord] = []
        for row in try await runner.query("SELECT * FROM cluster.instance ORDER BY service, id") {
            records.append(
                InstanceRecord(
                    service: try row.string("service"), id: InstanceID(try row.uuid("id")),
                    publishEndpoint: try row.stringOrNil("publish_endpoint"),
                    commandEndpoint: try row.string("command_endpoint"),
                    adminEndpoint: try row.stringOrNil("admin_endpoint"),
                    publicKey: try row.stringOrNil("public_key"), version: try row.string("version"),
                    heartbeat: try row.int64("heartbeat"), startedAt: try row.timestamp("started_ns")))
        }
        return records
    }

    /// Takes the row away; its shards become free.
    package func delete(_ id: InstanceID) async throws(StoreError) {
        _ = try await runner.query("DELETE FROM cluster.instance WHERE id = \(id)")
    }
}
