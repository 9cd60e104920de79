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

/// Room that Scheduler has promised.
struct Permitted: Sendable {
    let id: UUID128
    let host: HostID
    /// What force has overridden; `nil`: nothing.
    let overridden: String?
}

/// How much of a tenant's quota a command takes as soon as it is queued.
struct QuotaShare: Sendable {
    let tenant: TenantID
    let amounts: QuotaAmounts
}

/// The caller's requirements for the place of a VM.
struct PlaceRequirements: Sendable {
    /// For a new VM: its groups and hosts, by the names of `policy.set`.
    var options: JSONValue = [:]
    /// For a new VM: its future tenant.
    var tenant: TenantID?
    /// For a new VM: the pool that its host must have.
    var pool: String?
    var network: String?
    /// For a move: whether it is done although something speaks against it.
    var isForced = false
}

extension GatewayBackend {
    /// Asks Scheduler for room; without a host it chooses one of the cluster.
    ///
    /// - Parameters:
    ///   - target: for a growth, the sizes that the VM then has; `nil` for one that stays.
    ///   - limit: how long that may take, if that is shorter than the caller waits.
    func room(
        for domain: DomainID, on host: HostID?, in cluster: ClusterID, purpose: PermitPurpose,
        vcpus: VCPUCount, memory: ByteCount, place: PlaceRequirements = PlaceRequirements(),
        target: (vcpus: VCPUCount?, memory: ByteCount?) = (nil, nil), _ request: Request,
        within limit: Duration = .seconds(3_600)
    ) async throws(MethodError) -> Permitted {
        let body = WirePermitRequest.with {
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
            $0.targetVcpus = UInt32(clamping: target.vcpus?.count ?? 0)
            $0.targetMemoryBytes = UInt64(clamping: target.memory?.bytes ?? 0)
        }
        let answer: [UInt8]
        do throws(MethodError) {
            answer = try await ask(
                .scheduler, .permitRequest, MessageCodec.encoded(body),
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

    /// Queues a command for an existing VM, lets its host carry it out, and returns the outcome.
    func run(
        _ request: Request, on domain: VisibleVM, verb: CommandVerb,
        _ arguments: CommandArguments = CommandArguments(),
        permit: Permitted? = nil, counting share: QuotaShare? = nil, taking time: Duration = .zero
    ) async throws(MethodError) -> JSONValue {
        try await run(
            request, domain: domain.id, name: domain.name, host: domain.host, verb: verb, arguments, permit: permit?.id,
            counting: share, taking: time)
    }

    /// Queues the command with its audit entry, lets the host carry it out, and returns the outcome.
    ///
    /// - Parameters:
    ///   - share: how much of a tenant's quota it takes, beside the room of its permit.
    ///   - time: how long it may take once it has begun, in addition to the time of every command of its verb.
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
            // If it is not known whether the command is queued, it may need its room.
            if let permit, error.reason != .outcomeUnknown { await giveBack(permit) }
            throw error
        }
        // A repeated key has its own permit, or needs none any more.
        if let permit, stored.id != command.id { await giveBack(permit) }
        return try await result(of: stored, name: name, request)
    }

    /// How much longer a command may take that copies memory or disks.
    private static var copyingTime: Duration { .seconds(540) }

    /// Releases a permit that no command uses, also when the call is cancelled. A permit that can't be released
    /// expires.
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

    /// Waits for the end if the caller does. Otherwise it waits only as long as most commands take, so that the host's
    /// owner has taken the command and the answer is up to date.
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
            // Nobody waits for a Monitor that is away.
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

    /// What a queued command waits for, and until when; `nil` if an instance that is alive will take it.
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
        let message = result.heldAlready == true ? AlreadyText.sentence(record.command.verb) : await wait(of: record)
        return .object(omittingNil: [
            "vm": .string(name), "id": .string(record.command.domain.description),
            "action": .string(record.command.verb.text), "command": .string(record.id.description),
            "state": .string(record.state.rawValue),
            "host": .string(try await visible(result.host ?? record.command.host, to: request.principal)),
            "vcpus": record.outcome == nil ? nil : .nullable(result.vcpus?.count),
            "capacityThousandths": result.leftByCap.map { .integer($0.thousandths) },
            "message": message.map { .string($0) },
        ])
    }

    /// The failure of a command as a method's error; `nil` if it did not fail.
    /// - Parameter name: the VM's, for whoever reads it.
    static func failure(of record: CommandRecord, named name: String) -> MethodError? {
        guard let outcome = record.outcome, !outcome.succeeded else { return nil }
        return MethodError(
            ErrorReason(outcome.code?.word), naming(record.command.domain, name, in: outcome.message ?? "it failed"),
            toTenants: TenantText.failure(outcome.code?.word, of: record.command.verb))
    }

    /// A service's message, which names a VM by its UUID, with the VM's name instead.
    static func naming(_ domain: DomainID, _ name: String, in message: String) -> String {
        message.replacing("domain \(domain)", with: "'\(name)'").replacing(domain.description, with: "'\(name)'")
    }
}

extension ErrorReason {
    /// The reason for which a method fails whose command ended with this code; `nil`: a code that this version does not
    /// know.
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
    /// The document in the form for the service that reads it.
    init(document: some JSONDocument) {
        // It comes from a request of at most a megabyte, and may be longer when it is encoded again.
        let limits = JSONLimits(bytes: 8 << 20)
        self = (try? JSONValue(parsing: document.json.utf8, limits: limits)) ?? .null
    }
}
