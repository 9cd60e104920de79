// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Logging
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

/// What a command takes of a tenant's quota as soon as it is queued.
struct QuotaShare: Sendable {
    let tenant: TenantID
    let amounts: QuotaAmounts
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
    ///
    /// - Parameter limit: how long that may take, if that is shorter than what the caller waits.
    func room(
        for domain: DomainID, on host: HostID?, in cluster: ClusterID, purpose: PermitPurpose,
        vcpus: VCPUCount, memory: ByteCount, place: PlaceWish = PlaceWish(), _ request: Request,
        within limit: Duration = .seconds(3_600)
    ) async throws(MethodError) -> Permitted {
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
                shard: ShardKey(kind: .cluster, id: cluster.name), request, within: limit)
        } catch {
            // Without a Monitor no host's room is known.
            guard error.reason == .noRoom, await runtime.peers.instances(of: .monitor).isEmpty else { throw error }
            throw await absence(of: .monitor, shard: nil)
        }
        guard let reply = try? MessageCodec.decoded(WirePermitReply.self, from: answer),
            let id = UUID128(bytes: reply.permitID), let granted = HostID(reply.hostID)
        else { throw MethodError(.internal, "the scheduler's answer can't be read") }
        return Permitted(id: id, host: granted, overridden: reply.overridden.isEmpty ? nil : reply.overridden)
    }

    /// Queues a command for a VM that is there, has it carried out, and says what came of it.
    func run(
        _ request: Request, on domain: VisibleVM, verb: CommandVerb,
        _ arguments: CommandArguments = CommandArguments(),
        permit: Permitted? = nil, counting share: QuotaShare? = nil, taking time: Duration = .zero
    ) async throws(MethodError) -> JSONValue {
        try await run(
            request, domain: domain.id, name: domain.name, host: domain.host, verb: verb, arguments, permit: permit?.id,
            counting: share, taking: time)
    }

    /// Queues the command with its audit entry, has it carried out, and says what came of it.
    ///
    /// - Parameters:
    ///   - share: what it takes of a tenant's quota, beside the room of its permit.
    ///   - time: what it may take once it is begun, beyond what every command of its verb may.
    func run(
        _ request: Request, domain: DomainID, name: String, host: HostID, verb: CommandVerb,
        _ arguments: CommandArguments, permit: UUID128?, counting share: QuotaShare? = nil,
        taking time: Duration = .zero
    ) async throws(MethodError) -> JSONValue {
        var generator = SystemRandomNumberGenerator()
        let now = runtime.clock.now()
        let limit = time + (verb.copies ? Self.copyingTime : .zero)
        let command = NewCommand(
            id: UUID128.random(using: &generator), host: host, domain: domain, verb: verb,
            arguments: arguments, principal: request.principal.name,
            idempotencyKey: request.idempotencyKey, permit: permit, createdAt: now,
            deadline: now.advanced(by: .seconds(60) + limit))
        let stored: CommandRecord
        do throws(MethodError) {
            stored = try await reading {
                try await store.transaction { transaction in
                    if let share { try await take(share.amounts, for: share.tenant, in: transaction) }
                    let stored = try await CommandRepository(store).enqueue(command, in: transaction)
                    if stored.id == command.id {
                        try await audit(request, on: name, JSONValue(document: arguments), in: transaction)
                    }
                    return stored
                }
            }
        } catch {
            // Where nobody knows whether the command is queued, it may need its room.
            if let permit, error.reason != .outcomeUnknown { await giveBack(permit) }
            throw error
        }
        // A repeated key has its own permit, or needs none any more.
        if let permit, stored.id != command.id { await giveBack(permit) }
        return try await result(of: stored, name: name, request)
    }

    /// What copies memory or disks takes its time.
    private static var copyingTime: Duration { .seconds(540) }

    /// Gives back the room of a permit that no command has, also when the call is cancelled. What can't be given back ends
    /// with the permit's time.
    private func giveBack(_ permit: UUID128) async {
        let ending = Task { [store, log = runtime.log] in
            do throws(StoreError) {
                try await PermitRepository(store).setState(of: permit, to: .released)
            } catch {
                log.warning("a permit could not be released; it expires", metadata: ["error": "\(error)"])
            }
        }
        await ending.value
    }

    /// Waits for the end where the caller does; else only for as long as most commands take, so that the host's owner
    /// has it and its answer is not news of yesterday.
    func result(
        of stored: CommandRecord, name: String, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        let waits = request.boolean("wait") != false
        let end = ContinuousClock.now + (waits ? request.timeout : min(request.timeout, .milliseconds(400)))
        var latest = stored
        repeat {
            let part = min(end - .now, Self.absencePatience)
            let ended = await CommandDispatch(runtime).outcome(
                of: latest, timeout: part, aside: { wait in await request.context.waiting(wait) })
            if let ended { return try await outcome(of: ended, name: name, request) }
            latest = try await reading { try await CommandRepository(store).fetch(stored.id) } ?? stored
            // Nobody waits for one that is away.
            if await wait(of: latest) != nil { break }
        } while ContinuousClock.now < end && !Task.isCancelled
        guard !waits else {
            let what = "\(stored.command.verb) of '\(name)'"
            let wait = await self.wait(of: latest)
            throw MethodError(
                .outcomeUnknown,
                wait.map { "\(what) was not begun: \($0)" } ?? "\(what) was begun and its end was not seen",
                hint: "look with 'ebb operation show \(stored.id)'")
        }
        return try await outcome(of: latest, name: name, request)
    }

    /// What a command that nobody has taken yet waits for, and until when; `nil` if somebody who is there will take it.
    func wait(of record: CommandRecord) async -> String? {
        guard record.state == .queued, record.outcome == nil else { return nil }
        let shard = ShardKey(kind: .host, id: record.command.host.name)
        guard await candidates(.monitor, shard).isEmpty else { return nil }
        let since = await lastSeen(.monitor).map { ", last seen at \($0)" } ?? ""
        let isAnyThere = await !runtime.peers.instances(of: .monitor).isEmpty
        let who = isAnyThere ? "no monitor has taken up its host yet" : "no monitor is running\(since)"
        let deadline = record.command.deadline
        return runtime.clock.now() < deadline
            ? "\(who); it waits for one until \(deadline)"
            : "\(who); its time was over at \(deadline), and the next monitor ends it without doing anything"
    }

    private func outcome(
        of record: CommandRecord, name: String, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        if let failure = Self.failure(of: record, named: name) { throw failure }
        let result = CommandResult(record.outcome?.result)
        return .object(omittingNil: [
            "vm": .string(name), "id": .string(record.command.domain.description),
            "action": .string(record.command.verb.text), "command": .string(record.id.description),
            "state": .string(record.state.rawValue),
            "host": .string(try await visible(result.host ?? record.command.host, to: request.principal)),
            "vcpus": record.outcome == nil ? nil : .nullable(result.vcpus?.count),
            "message": await wait(of: record).map { .string($0) },
        ])
    }

    /// Why a command failed, as a method fails; `nil` if it did not.
    /// - Parameter name: the VM's, for whoever reads it.
    static func failure(of record: CommandRecord, named name: String) -> MethodError? {
        guard let outcome = record.outcome, !outcome.succeeded else { return nil }
        return MethodError(
            ErrorReason(outcome.code?.word), naming(record.command.domain, name, in: outcome.message ?? "it failed"),
            toTenants: TenantText.failure(outcome.code?.word, of: record.command.verb))
    }

    /// A message of a service, which knows VMs by their UUIDs, with the VM's name in place of it.
    static func naming(_ domain: DomainID, _ name: String, in message: String) -> String {
        message.replacing("domain \(domain)", with: "'\(name)'").replacing(domain.description, with: "'\(name)'")
    }
}

extension ErrorReason {
    /// How a method fails whose command ended with that code; `nil`: with one that this version does not know.
    fileprivate init(_ code: OutcomeCode?) {
        switch code {
        case .outcomeUnknown: self = .outcomeUnknown
        case .invalid: self = .invalid
        case .conflict, .moved, .frozen, .foreignManager, .aborted, .interrupted, .partial, .sizeNotConfirmed,
            .hypervisor, .noEffect, .guestRefused, .observed, .notManaged, .state, .draining:
            self = .conflict
        case .notFound: self = .notFound
        case .deadline, .notOwner, nil: self = .unavailable
        }
    }
}

extension JSONValue {
    /// As the service that reads it gets it.
    init(document: some JSONDocument) {
        // It was a request of at most a megabyte, and may be longer in other words.
        let limits = JSONLimits(bytes: 8 << 20)
        self = (try? JSONValue(parsing: document.json.utf8, limits: limits)) ?? .null
    }
}
