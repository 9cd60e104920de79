// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    /// What was done and by whom, newest first, or one actor, which may be a service. An owner sees what its own people did.
    func listOperations(_ request: Request) async throws(MethodError) -> JSONValue {
        // A tenant must not even learn whether somebody else of that name did something, not by the time it takes either.
        let own = try await ownPeople(of: request.principal)
        if let own, let actor = request.text("actor"), !own.contains(actor) {
            return ["items": [], "truncated": false]
        }
        if request.boolean("running") == true { return try await listRunning(request, own) }
        let limit = Int(request.integer("limit") ?? 50)
        var filter = AuditFilter(limit: limit + 1)
        filter.since = request.instant("since") ?? .zero
        filter.peopleOf = try await peopleAskedFor(request)
        filter.actor = request.text("actor")
        if request.text("vm") != nil {
            let subject = try await subject(request)
            filter.subject = AuditFilter.Subject(domain: subject.id, name: subject.name, tenant: subject.tenant)
        }
        let wanted = filter
        let entries = try await reading { try await AuditRepository(store).newest(wanted) }
        // The chain has everybody's entries: its numbers would show a tenant how much others do.
        let isTenant = request.principal.tenant != nil
        var items: [JSONValue] = []
        for entry in entries.prefix(limit) {
            let event = entry.event
            items.append(
                .object(omittingNil: [
                    "sequence": isTenant ? nil : entry.sequence.map { .integer($0) }, "at": .instant(event.at),
                    "actor": .string(event.actor),
                    "action": .string(event.action), "subject": .string(event.subject),
                    "detail": try JSONValue.decoded(event.detail.utf8),
                ]))
        }
        return ["items": .array(items), "truncated": .bool(entries.count > limit)]
    }

    /// The tenant whose people are meant: for a tenant's people their own; for the provider's people the one that they
    /// name, unless it only says whose VM is meant.
    private func peopleAskedFor(_ request: Request) async throws(MethodError) -> TenantID? {
        guard request.principal.tenant != nil || request.text("vm") == nil else { return nil }
        return try await tenantMeant(request)
    }

    /// Changes of VMs that have not ended, newest first, as far as the caller can see the VMs.
    private func listRunning(_ request: Request, _ own: Set<String>?) async throws(MethodError) -> JSONValue {
        let limit = Int(request.integer("limit") ?? 50)
        var filter = OrderedCommandFilter(limit: limit + 1)
        filter.since = request.instant("since") ?? .zero
        filter.tenant = try await peopleAskedFor(request)
        filter.principal = request.text("actor")
        if request.text("vm") != nil { filter.domain = try await subject(request).id }
        let wanted = filter
        let operations = try await reading { try await CommandRepository(store).underway(wanted) }
        return [
            "truncated": .bool(operations.count > limit),
            "items": .array(
                operations.prefix(limit).map { operation in
                    let record = operation.record
                    return .object(omittingNil: [
                        "at": .instant(record.command.createdAt),
                        "actor": .string(Self.actor(of: record, own)),
                        "action": .string("vm.\(record.command.verb.text)"), "subject": .string(operation.domainName),
                        "id": .string(record.id.description), "state": .string(record.state.rawValue),
                        "progressPpm": record.progressPPM.map { .integer($0) },
                        "progress": Self.progress(of: record, own),
                    ])
                }),
        ]
    }

    /// How far a command is. A command of others looks like one that does not exist.
    func showOperation(_ request: Request) async throws(MethodError) -> JSONValue {
        let text = request.text("id") ?? ""
        let found = try await reading { () -> OrderedCommand? in
            guard let id = UUID128(text) else { return nil }
            return try await CommandRepository(store).ordered(id, of: request.principal.tenant)
        }
        guard let operation = found, request.principal.canSee(tenant: operation.tenant) else {
            throw .notFound("operation", text)
        }
        let record = operation.record
        let failure = Self.failure(of: record, named: operation.domainName)?.seen(by: request.principal)
        let result = CommandResult(record.outcome?.result)
        let own = try await ownPeople(of: request.principal)
        // Monitor's messages about a success or about progress are in its own words.
        let said =
            own == nil
            ? record.outcome?.message.map { Self.naming(record.command.domain, operation.domainName, in: $0) } : nil
        let already = result.heldAlready == true ? AlreadyText.sentence(record.command.verb) : nil
        let wait = await wait(of: record)
        let message = failure?.message ?? said ?? already ?? wait
        return .object(omittingNil: [
            "command": .string(record.id.description), "id": .string(record.command.domain.description),
            "vm": .string(operation.domainName), "action": .string(record.command.verb.text),
            "state": .string(record.state.rawValue), "actor": .string(Self.actor(of: record, own)),
            "host": .string(try await visible(result.host ?? record.command.host, to: request.principal)),
            "vcpus": record.outcome == nil ? nil : .nullable(result.vcpus?.count),
            "capacityThousandths": result.leftByCap.map { .integer($0.thousandths) },
            "progressPpm": record.outcome == nil ? record.progressPPM.map { .integer($0) } : nil,
            "progress": Self.progress(of: record, own),
            "reason": failure.map { .string($0.reason.rawValue) },
            "message": message.map { .string($0) },
            "createdAt": .instant(record.command.createdAt), "finishedAt": record.finishedAt.map { .instant($0) },
        ])
    }

    /// What is being done; nothing once it has ended. A tenant reads only that something is: the words are Monitor's, and
    /// the progress is a number.
    private static func progress(of record: CommandRecord, _ own: Set<String>?) -> JSONValue? {
        guard record.outcome == nil else { return nil }
        return record.progressText.map { own == nil ? .string($0) : "it goes on" }
    }

    /// Who ordered a command. For a tenant the provider's people have no names.
    private static func actor(of record: CommandRecord, _ own: Set<String>?) -> String {
        let name = record.command.principal
        return TenantText.actor(name, isOwn: own?.contains(name) ?? true)
    }
}
