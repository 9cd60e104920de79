// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import UserGatewayCore

/// Room that Scheduler promised.
struct Permitted: Sendable {
    let id: UUID128
    let host: HostID
    /// What was overridden by force; `nil`: nothing.
    let overridden: String?
}

/// What somebody says of the place of what takes room.
struct PlaceWish: Sendable {
    /// Of a new VM: its groups and hosts, by the names of `policy.set`.
    var options: JSONValue = [:]
    /// Of a new VM: whose it will be.
    var tenant: TenantID?
    /// Of a new VM: what its host must have.
    var pool: String?
    var network: String?
    /// Of a move: although something speaks against it.
    var isForced = false
}

extension GatewayBackend {
    /// Asks Scheduler for room; without a host it chooses one of the cluster.
    func room(
        for domain: DomainID, on host: HostID?, in cluster: ClusterID? = nil, purpose: PermitPurpose,
        vcpus: VCPUCount, memory: ByteCount, place: PlaceWish = PlaceWish(), _ request: Request
    ) async throws(MethodError) -> Permitted {
        let cluster = try await self.cluster(cluster, of: host)
        let wish = WirePermitRequest.with {
            $0.clusterID = cluster.name
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.purpose = purpose.rawValue
            $0.vcpus = UInt32(clamping: vcpus.count)
            $0.memoryBytes = UInt64(clamping: memory.bytes)
            $0.hostID = host?.name ?? ""
            $0.affinityGroup = place.options["affinity"]?.text ?? ""
            $0.antiAffinityGroup = place.options["antiAffinity"]?.text ?? ""
            $0.pinnedHostIds = place.options["pinnedHosts"]?.items?.compactMap(\.text) ?? []
            $0.tenant = place.tenant?.name ?? ""
            $0.storagePool = place.pool ?? ""
            $0.network = place.network ?? ""
            $0.isForced = place.isForced
        }
        let answer: [UInt8]
        do throws(MethodError) {
            answer = try await ask(
                .scheduler, .permitRequest, MessageCodec.encoded(wish),
                shard: ShardKey(kind: .cluster, id: cluster.name), request)
        } catch {
            // A refusal names the hosts that were thought of.
            throw try await discreet(error, for: request.principal)
        }
        guard let reply = try? MessageCodec.decoded(WirePermitReply.self, from: answer),
            let id = UUID128(bytes: reply.permitID), let granted = HostID(reply.hostID)
        else { throw MethodError(.internal, "the scheduler's answer can't be read") }
        return Permitted(id: id, host: granted, overridden: reply.overridden.isEmpty ? nil : reply.overridden)
    }

    /// The named cluster, else the named host's, else the only one that there is.
    func cluster(_ named: ClusterID? = nil, of host: HostID?) async throws(MethodError) -> ClusterID {
        if let named { return named }
        if let host { return try await self.host(host).cluster }
        let clusters = Set(try await reading { try await inventory.hosts() }.map(\.cluster)).sorted()
        guard let first = clusters.first else {
            throw MethodError(.noRoom, "there is no host yet", hint: "add one with 'ebb host add'")
        }
        guard clusters.count == 1 else {
            throw MethodError(
                .invalid, "there are \(clusters.count) clusters: \(clusters.map(\.name).joined(separator: ", "))",
                hint: "say which with --cluster, or which host with --host")
        }
        return first
    }

    /// Queues a command for a VM that is there, has it carried out, and says what came of it.
    func run(
        _ request: Request, on domain: DomainRecord, verb: String, _ arguments: [String: JSONValue] = [:],
        permit: Permitted? = nil, taking time: Duration = .zero
    ) async throws(MethodError) -> JSONValue {
        try await run(
            request, domain: domain.id, name: domain.name, host: domain.host, verb: verb, arguments, permit: permit?.id,
            taking: time)
    }

    /// Queues the command with its audit entry, has it carried out, and says what came of it.
    ///
    /// - Parameter time: what it may take once it is begun, beyond what every command may.
    func run(
        _ request: Request, domain: DomainID, name: String, host: HostID, verb: String,
        _ arguments: [String: JSONValue], permit: UUID128?, taking time: Duration
    ) async throws(MethodError) -> JSONValue {
        var generator = SystemRandomNumberGenerator()
        let now = runtime.clock.now()
        let command = NewCommand(
            id: UUID128.random(using: &generator), host: host, domain: domain, verb: verb,
            arguments: JSONValue.object(arguments).line, principal: request.principal.name,
            idempotencyKey: request.idempotencyKey, permit: permit, createdAt: now,
            deadline: now.advanced(by: .seconds(60) + time))
        let stored = try await reading {
            try await store.transaction { transaction in
                let stored = try await CommandRepository(store).enqueue(command, in: transaction)
                if stored.id == command.id {
                    try await audit(request, on: name, .object(arguments), in: transaction)
                } else if let permit {
                    // A repeated key has its own permit, or needs none any more.
                    try await PermitRepository(store).setState(of: permit, to: .released, in: transaction)
                }
                return stored
            }
        }
        return try await result(of: stored, name: name, request)
    }

    /// Waits for the end where the caller does; else only for as long as most commands take, so that the host's owner
    /// has it and its answer is not news of yesterday.
    private func result(
        of stored: CommandRecord, name: String, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        let waits = request.boolean("wait") != false
        let timeout = waits ? request.timeout : min(request.timeout, .milliseconds(400))
        let ended = await CommandDispatch(runtime).outcome(
            of: stored, timeout: timeout, aside: { wait in await request.context.waiting(wait) })
        if let ended {
            return try await outcome(of: ended, name: name, request)
        }
        guard !waits else {
            throw MethodError(
                .outcomeUnknown, "\(stored.command.verb) of '\(name)' was begun and its end was not seen",
                hint: "look with 'ebb operation show \(stored.id)'")
        }
        let latest = try await reading { try await CommandRepository(store).fetch(stored.id) } ?? stored
        return try await outcome(of: latest, name: name, request)
    }

    private func outcome(
        of record: CommandRecord, name: String, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        // Why it failed may name hosts.
        if let failure = Self.failure(of: record) { throw try await discreet(failure, for: request.principal) }
        let result = CommandResult(record.outcome?.result)
        return .object(omittingNil: [
            "vm": .string(name), "id": .string(record.command.domain.description),
            "action": .string(record.command.verb), "command": .string(record.id.description),
            "state": .string(record.state.rawValue),
            "host": .string(visible(result.host ?? record.command.host, to: request.principal)),
            "vcpus": record.outcome == nil ? nil : .nullable(result.vcpus?.count),
        ])
    }

    /// Why a command failed, as a method fails; `nil` if it did not.
    static func failure(of record: CommandRecord) -> MethodError? {
        guard let outcome = record.outcome, !outcome.succeeded else { return nil }
        let message = outcome.message ?? "it failed"
        return switch outcome.code {
        case "outcome-unknown": MethodError(.outcomeUnknown, message)
        case "observed", "not-enabled", "not-managed", "invalid", "state", "draining": MethodError(.invalid, message)
        case "conflict", "revision", "moved", "frozen", "foreign-manager", "aborted", "interrupted", "partial",
            "size-not-confirmed", "hypervisor", "no-effect", "guest-refused":
            MethodError(.conflict, message)
        case "not-found": MethodError(.notFound, message)
        default: MethodError(.unavailable, message)
        }
    }
}
