// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    /// What was done and by whom, newest first, or one actor, which may be a service. An owner sees what its own people did.
    func listOperations(_ request: Request) async throws(MethodError) -> JSONValue {
        if request.boolean("running") == true { return try await listRunning(request) }
        var query: Query = "SELECT * FROM audit.entry WHERE at_ns >= \(request.instant("since") ?? .zero)"
        if let tenant = request.principal.tenant {
            query += " AND actor IN (SELECT name FROM account.principal WHERE tenant = \(tenant))"
        }
        if let actor = request.text("actor") {
            query += " AND actor = \(actor)"
        } else {
            // What the services note of what they carried out is asked for by their names.
            query += " AND (service IS NULL OR actor <> service)"
        }
        if request.text("vm") != nil {
            let subject = try await subject(request)
            query += " AND subject = \(subject.name) AND \(Self.isNoNamesakes(of: subject))"
        }
        let limit = Int(request.integer("limit") ?? 50)
        let statement = query + " ORDER BY sequence DESC LIMIT \(limit + 1)"
        let rows = try await reading { try await store.query(statement) }
        var items: [JSONValue] = []
        for row in rows.prefix(limit) {
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
        return ["items": .array(items), "truncated": .bool(rows.count > limit)]
    }

    /// Changes of VMs that have not ended, newest first, as far as the caller can see the VMs.
    private func listRunning(_ request: Request) async throws(MethodError) -> JSONValue {
        var query: Query = Self.commandQuery + " WHERE c.state IN ('queued', 'claimed')"
        query += " AND c.created_ns >= \(request.instant("since") ?? .zero)"
        if let tenant = request.principal.tenant { query += " AND \(Self.commandTenant) = \(tenant)" }
        if let actor = request.text("actor") { query += " AND c.principal = \(actor)" }
        let own = try await ownPeople(of: request.principal)
        // Of others a tenant learns not even whether one of that name ordered something.
        if let own, let actor = request.text("actor"), !own.contains(actor) { return ["items": []] }
        if request.text("vm") != nil {
            let subject = try await subject(request)
            query += " AND c.domain = \(subject.id)"
        }
        let limit = Int(request.integer("limit") ?? 50)
        let statement = query + " ORDER BY c.created_ns DESC, c.id LIMIT \(limit + 1)"
        let operations = try await reading { try await store.query(statement).map { try StoredOperation($0) } }
        return [
            "truncated": .bool(operations.count > limit),
            "items": .array(
                operations.prefix(limit).map { operation in
                    let record = operation.record
                    return .object(omittingNil: [
                        "at": .instant(record.command.createdAt),
                        "actor": .string(Self.actor(of: record, own)),
                        "action": .string("vm.\(record.command.verb)"), "subject": .string(operation.name),
                        "id": .string(record.id.description), "state": .string(record.state.rawValue),
                        "progressPpm": record.progressPPM.map { .integer($0) },
                        "progress": Self.progress(of: record, own),
                    ])
                }),
        ]
    }

    /// How far a command is. What belongs to others looks like what is not there.
    func showOperation(_ request: Request) async throws(MethodError) -> JSONValue {
        let text = request.text("id") ?? ""
        let found = try await reading { () -> StoredOperation? in
            guard let id = UUID128(text) else { return nil }
            return try await store.query(Self.commandQuery + " WHERE c.id = \(id)").first.map {
                try StoredOperation($0)
            }
        }
        guard let operation = found, request.principal.canSee(tenant: operation.tenant) else {
            throw .notFound("operation", text)
        }
        let record = operation.record
        let failure = Self.failure(of: record, named: operation.name)?.seen(by: request.principal)
        let result = CommandResult(record.outcome?.result)
        let own = try await ownPeople(of: request.principal)
        // What Monitor says of a success or on the way is in its own words.
        let said =
            own == nil
            ? record.outcome?.message.map { Self.naming(record.command.domain, operation.name, in: $0) } : nil
        let wait = await wait(of: record)
        let message = failure?.message ?? said ?? wait
        return .object(omittingNil: [
            "command": .string(record.id.description), "id": .string(record.command.domain.description),
            "vm": .string(operation.name), "action": .string(record.command.verb),
            "state": .string(record.state.rawValue), "actor": .string(Self.actor(of: record, own)),
            "host": .string(try await visible(result.host ?? record.command.host, to: request.principal)),
            "vcpus": record.outcome == nil ? nil : .nullable(result.vcpus?.count),
            "progressPpm": record.progressPPM.map { .integer($0) },
            "progress": Self.progress(of: record, own),
            "reason": failure.map { .string($0.reason.rawValue) },
            "message": message.map { .string($0) },
            "createdAt": .instant(record.command.createdAt), "finishedAt": record.finishedAt.map { .instant($0) },
        ])
    }

    /// What is being done. To a tenant that it is: the words are Monitor's, and how much is done is a number.
    private static func progress(of record: CommandRecord, _ own: Set<String>?) -> JSONValue? {
        record.progressText.map { own == nil ? .string($0) : "it goes on" }
    }

    /// Who ordered a command. To a tenant the provider's people have no names.
    private static func actor(of record: CommandRecord, _ own: Set<String>?) -> String {
        let name = record.command.principal
        return TenantText.actor(name, isOwn: own?.contains(name) ?? true)
    }

    /// The audit names its subjects: an entry of a time in which another VM of the same tenant had the name is of that.
    private static func isNoNamesakes(of subject: Subject) -> Query {
        """
        NOT EXISTS (SELECT 1 FROM inventory.domain_ownership o JOIN inventory.domain_ownership own
                ON own.domain = \(subject.id) AND own.tenant = o.tenant
            WHERE o.domain <> \(subject.id) AND o.name = subject
                AND (\(subject.tenant)::text IS NULL OR o.tenant = \(subject.tenant))
                AND o.from_ns <= at_ns AND (o.until_ns IS NULL OR o.until_ns > at_ns))
        """
    }

    /// Whose a command is: the tenant that it makes a VM for, or whose the VM was when it was given. Clocks may differ by a
    /// second.
    private static let commandTenant: Query = """
        CASE WHEN c.verb IN ('create', 'adopt') THEN c.arguments->>'tenant'
            ELSE coalesce(inventory.owner_at(c.domain, c.created_ns),
                inventory.owner_at(c.domain, c.created_ns + 1000000000)) END
        """

    /// With the last name that the VM had for whom the command was.
    private static let commandQuery: Query = """
        SELECT c.*, \(commandTenant) AS vm_tenant, coalesce(
            (SELECT o.name FROM inventory.domain_ownership o
                WHERE o.domain = c.domain AND o.tenant = \(commandTenant) ORDER BY o.from_ns DESC LIMIT 1),
            c.arguments->>'name', d.name, c.domain::text) AS vm_name
        FROM cluster.command c LEFT JOIN inventory.domain d ON d.id = c.domain
        """
}

/// A command and the VM that it is about.
private struct StoredOperation {
    let record: CommandRecord
    let name: String
    let tenant: TenantID?

    init(_ row: Row) throws {
        record = try CommandRecord(row)
        name = try row.string("vm_name")
        tenant = try row.tenantOrNil("vm_tenant")
    }
}
