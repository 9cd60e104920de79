// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    /// Instances that have registered, with the shards that each owns.
    func listServices(_ request: Request) async throws(MethodError) -> JSONValue {
        let rows = try await reading {
            try await store.query(
                """
                SELECT i.*, (SELECT count(*) FROM cluster.shard s WHERE s.owner = i.id) AS shards
                FROM cluster.instance i ORDER BY i.service, i.id
                """)
        }
        let items: [JSONValue] = try await reading {
            try rows.map { row in
                [
                    "service": .string(try row.string("service")), "id": .string(try row.uuid("id").description),
                    "version": .string(try row.string("version")),
                    "commandEndpoint": .string(try row.string("command_endpoint")),
                    "adminEndpoint": try row.stringOrNil("admin_endpoint").map { .string($0) } ?? .null,
                    "shards": .integer(try row.int64("shards")),
                    "startedAt": .instant(try row.timestamp("started_ns")),
                ]
            }
        }
        return ["items": .array(items)]
    }

    /// What was done and by whom, newest first. An owner sees what its own people did.
    func listOperations(_ request: Request) async throws(MethodError) -> JSONValue {
        var query: Query = "SELECT * FROM audit.entry WHERE at_ns >= \(request.instant("since") ?? .zero)"
        if let tenant = request.principal.tenant {
            query += " AND actor IN (SELECT name FROM account.principal WHERE tenant = \(tenant))"
        }
        if let actor = request.text("actor") { query += " AND actor = \(actor)" }
        if request.text("vm") != nil {
            let domain = try await domain(request)
            query += " AND subject = \(domain.name)"
        }
        let statement = query + " ORDER BY sequence DESC LIMIT \(request.integer("limit") ?? 50)"
        let rows = try await reading { try await store.query(statement) }
        var items: [JSONValue] = []
        for row in rows {
            let entry = try await reading {
                [
                    "sequence": JSONValue.integer(try row.int64("sequence")),
                    "at": .instant(try row.timestamp("at_ns")), "actor": .string(try row.string("actor")),
                    "action": .string(try row.string("action")), "subject": .string(try row.string("subject")),
                    "detail": try JSONValue.decoded(try row.string("detail").utf8),
                ]
            }
            items.append(.object(entry))
        }
        return ["items": .array(items)]
    }
}
