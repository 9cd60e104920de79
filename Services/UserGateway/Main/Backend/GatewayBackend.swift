// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Logging
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import UserGatewayCore

/// Answers the gateway's methods: from PostgreSQL what exists, from the other services what must be done.
struct GatewayBackend: GatewayMethods {
    let runtime: ServiceRuntime
    /// For costly reads, so that they do not hold up others.
    let historyStore: Store

    /// - Parameter historyStore: separate connections for costly reads; `nil`: the service's.
    init(_ runtime: ServiceRuntime, historyStore: Store? = nil) {
        self.runtime = runtime
        self.historyStore = historyStore ?? runtime.store
    }

    var store: Store { runtime.store }
    var inventory: InventoryRepository { InventoryRepository(runtime.store) }

    func call(
        _ method: String, params: JSONValue, principal: Principal, context: CallContext
    ) async throws(MethodError) -> JSONValue {
        var generator = SystemRandomNumberGenerator()
        let request = Request(
            method: method, values: params, principal: principal, context: context,
            idempotencyKey: params["idempotencyKey"]?.text ?? UUID128.random(using: &generator).description)
        guard let definition = MethodRegistry.ebb[method], let handler = Self.handler(of: definition) else {
            throw MethodError(.internal, "\(method) is in the registry and nobody answers it")
        }
        do throws(MethodError) {
            guard definition.isMutating else { return try await handler(self)(request) }
            return try await once(request, definition, handler(self))
        } catch {
            throw error.seen(by: principal)
        }
    }

    typealias Handler = @Sendable (Request) async throws(MethodError) -> JSONValue

    /// The handler of a method: from its declaration, else a function of this type.
    private static func handler(of definition: MethodDefinition) -> (@Sendable (GatewayBackend) -> Handler)? {
        guard let order = definition.order else { return handlers[definition.name] }
        return { backend in
            { request async throws(MethodError) in try await backend.carryOut(order(request.values), request) }
        }
    }

    /// Handlers of methods for which the declaration in the registry is not enough.
    private static let handlers: [String: @Sendable (GatewayBackend) -> Handler] =
        hostHandlers.merging(vmHandlers) { first, _ in first }.merging([
            "tenant.create": { $0.createTenant }, "tenant.list": { $0.listTenants },
            "token.create": { $0.createToken }, "token.list": { $0.listTokens },
            "token.revoke": { $0.revokeToken }, "session.logout": { $0.logOut },
            "principal.list": { $0.listPrincipals }, "principal.disable": { $0.disablePrincipal },
            "principal.enable": { $0.enablePrincipal },
            "quota.show": { $0.showQuota }, "quota.set": { $0.setQuota },
            "freeze.set": { $0.setFreeze }, "freeze.clear": { $0.clearFreeze }, "freeze.list": { $0.listFreezes },
            "policy.show": { $0.showPolicy }, "policy.set": { $0.setPolicy }, "policy.clear": { $0.clearPolicy },
            "policy.pin": { $0.pinPolicy }, "policy.replay": { $0.replayPolicy },
            "decision.list": { $0.listDecisions }, "decision.why": { $0.why }, "decision.show": { $0.showDecision },
            "decision.verify": { $0.verifyDecisions }, "decision.outcomes": { $0.listOutcomes },
            "queue.list": { $0.listQueue }, "assess.show": { $0.assess }, "cluster.show": { $0.showCluster },
            "cluster.set": { $0.setCluster }, "tenant.set": { $0.setTenant },
            "usage.show": { $0.showUsage }, "bill.show": { $0.showBill },
            "bill.comparerules": { $0.compareRules },
            "rate.show": { $0.showRates }, "rate.set": { $0.setRates }, "rate.list": { $0.listRates },
            "rate.withdraw": { $0.withdrawRates },
            "service.list": { $0.listServices }, "status.show": { $0.showStatus },
            "operation.list": { $0.listOperations }, "operation.show": { $0.showOperation },
        ]) { first, _ in first }

    private static let hostHandlers: [String: @Sendable (GatewayBackend) -> Handler] = [
        "host.add": { $0.addHost }, "host.list": { $0.listHosts }, "host.show": { $0.showHost },
        "host.label": { $0.labelHost }, "host.set": { $0.setHost }, "host.enable": { $0.enableHost },
        "host.observe": { $0.observeHost }, "host.drain": { $0.drainHost }, "host.remove": { $0.removeHost },
        "host.prepare": { $0.prepareHost }, "host.check": { $0.checkHosts },
    ]

    private static let vmHandlers: [String: @Sendable (GatewayBackend) -> Handler] = [
        "vm.create": { $0.createVM }, "vm.list": { $0.listVMs }, "vm.show": { $0.showVM },
        "vm.resize": { $0.resizeVM }, "vm.migrate": { $0.migrateVM }, "vm.revert": { $0.revertVM },
        "vm.snapshotdelete": { $0.deleteSnapshot }, "vm.prepare": { $0.prepareVM }, "vm.adopt": { $0.adoptVM },
        "vm.check": { $0.checkVM }, "vm.preview": { $0.previewVM }, "vm.snapshots": { $0.listSnapshots },
        "vm.console": { $0.readConsole }, "vm.addresses": { $0.listAddresses }, "flavor.list": { $0.listFlavors },
        "sample.list": { $0.listSamples },
    ]

    /// The methods that have a handler: by their declaration, or by a function written by hand.
    static var answered: Set<String> {
        let declared = MethodRegistry.ebb.methods.filter { $0.order != nil }.map(\.name)
        return handledByHand.union(declared)
    }
    static var handledByHand: Set<String> { Set(handlers.keys) }
}

/// One call, with typed access to its checked parameters.
struct Request: Sendable {
    let method: String
    let values: JSONValue
    let principal: Principal
    let context: CallContext
    /// The key that identifies this request; a fresh one if the caller gave none.
    let idempotencyKey: String
    /// The attempt under its key; `nil` if the caller gave none.
    var attempt: RequestAttempt?

    func text(_ name: String) -> String? { values[name]?.text }
    func integer(_ name: String) -> Int64? { values[name]?.integer }
    func boolean(_ name: String) -> Bool? { values[name]?.boolean }
    /// The caller's parameters for the audit, without those about the call itself.
    var given: JSONValue {
        .object((values.members ?? [:]).filter { $0.key != "idempotencyKey" && $0.key != "wait" })
    }

    func instant(_ name: String) -> Timestamp? { text(name).flatMap { RFC3339.timestamp($0) } }

    /// How long the caller still waits.
    var timeout: Duration { max(.milliseconds(1), context.deadline - .now) }
}

extension GatewayBackend {
    /// Reads from the database; a failure there is not the caller's fault.
    func reading<Value: Sendable>(_ body: () async throws -> Value) async throws(MethodError) -> Value {
        do {
            return try await body()
        } catch let error as MethodError {
            throw error
        } catch let error as StoreError {
            throw Self.failure(error)
        } catch {
            runtime.log.error("a method failed", metadata: ["error": "\(error)"])
            throw MethodError(.internal, "it went wrong inside of Ebb; the gateway's log says how")
        }
    }

    private static func failure(_ error: StoreError) -> MethodError {
        switch error.code {
        case .conflict, .uniqueViolation:
            MethodError(.conflict, error.message, toTenants: "it contradicts something that is there already")
        case .outcomeUnknown:
            MethodError(
                .outcomeUnknown, "whether it was done is not known: \(error.message)",
                toTenants: "whether it was done is not known: look, or repeat it with its idempotencyKey",
                hint: "look, or repeat it with its idempotencyKey")
        case .notFound: MethodError(.notFound, error.message, toTenants: "what it is about is not there any more")
        case .foreignKeyViolation, .checkViolation:
            MethodError(.invalid, error.message, toTenants: "its values don't fit what is there")
        case .invalidResult:
            MethodError(
                .internal, "a stored row can't be read: \(error.operation): \(error.message)",
                toTenants: TenantText.unavailable,
                hint: "'ebb service list -o wide' names such rows; an administrator mends them in the database")
        default:
            MethodError(
                .unavailable, "the database can't be used: \(error.message)", toTenants: TenantText.unavailable,
                hint: "try again", retryAfterMilliseconds: 1_000)
        }
    }

    /// Appends to the audit, in the transaction of the act, and notes there that the request has acted. Only a method
    /// that the registry declares as a mutation, and that holds its key, may do that.
    func audit(
        _ request: Request, on subject: String, _ detail: JSONValue, in runner: any QueryRunner
    ) async throws(StoreError) {
        guard MethodRegistry.ebb[request.method]?.isMutating == true else {
            throw StoreError(
                .notFound, operation: "audit \(request.method)",
                message: "\(request.method) is not declared as a mutation, so it may change nothing")
        }
        if let attempt = request.attempt, try await !RequestKeyRepository.act(attempt, in: runner) {
            throw StoreError(
                .conflict, operation: "act under a key",
                message: "idempotency key '\(attempt.key)' was taken over by another request: use a new key")
        }
        try await AuditRepository.append(
            AuditEvent(
                at: runtime.clock.now(), actor: request.principal.name, action: request.method, subject: subject,
                detail: detail.line), in: runner)
    }

    /// Asks another service; its failures become the method's.
    ///
    /// - Parameter limit: how long it may take, if that is shorter than the caller waits.
    func ask(
        _ service: ServiceKind, _ type: MessageType, _ body: [UInt8], shard: ShardKey? = nil, _ request: Request,
        within limit: Duration = .seconds(3_600)
    ) async throws(MethodError) -> [UInt8] {
        let deadline = min(request.context.deadline, .now + limit)
        var last: MethodError?
        let begun = ContinuousClock.now
        while ContinuousClock.now < deadline {
            let peers = await candidates(service, shard)
            // A service that restarts is back within this time; nobody waits longer for one that is away.
            if peers.isEmpty, ContinuousClock.now - begun > Self.absencePatience { break }
            for peer in peers {
                do {
                    return try await request.context.asking {
                        let left = max(.milliseconds(1), deadline - .now)
                        return try await ask(peer, type, body, timeout: min(left, .seconds(30)))
                    }
                } catch {
                    guard case .failed(let failure) = (error as? BusError)?.code else {
                        last = nil
                        continue
                    }
                    guard failure.isRetryable else { throw Self.failure(failure, of: service) }
                    last = Self.failure(failure, of: service)
                }
            }
            // A call that waits for a service that is away must not hold up calls to one that is there.
            await request.context.waiting { try? await Task.sleep(for: .milliseconds(200)) }
            if Task.isCancelled { break }
        }
        if let last { throw last }
        throw await absence(of: service, shard: shard)
    }

    /// How long to wait for a service without a live instance.
    static let absencePatience = Duration.seconds(10)

    /// The error if no instance of a service answered: which service is away, since when, and until when it was waited
    /// for.
    func absence(of service: ServiceKind, shard: ShardKey?) async -> MethodError {
        let until = runtime.clock.now()
        let everybody = await runtime.peers.instances(of: service)
        let who: String
        if everybody.isEmpty {
            let since = await lastSeen(service).map { " since \($0)" } ?? ""
            who = "no \(service.rawValue) is running\(since)"
        } else if await candidates(service, shard).isEmpty, let shard {
            who = "no \(service.rawValue) has taken up \(shard.kind.rawValue) '\(shard.id)' yet"
        } else {
            who = "the \(service.rawValue) does not answer"
        }
        let toTenants = "the \(service.rawValue) of the provider does not answer; it was waited for until \(until)"
        return MethodError(
            .unavailable, "\(who); it was waited for until \(until)", toTenants: toTenants,
            hint: "see 'ebb status'", retryAfterMilliseconds: 1_000)
    }

    /// When any instance of a service last renewed its row; `nil`: not known.
    func lastSeen(_ service: ServiceKind) async -> Timestamp? {
        try? await InstanceRepository(store).sightings().filter { $0.service == service }.map(\.renewedAt).max()
    }

    /// Sends one request, which ends when its peer is gone: an instance that was killed a moment ago is still listed,
    /// never answers, and would hold the caller until the deadline.
    private func ask(
        _ peer: BusPeer, _ type: MessageType, _ body: [UInt8], timeout: Duration
    ) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            defer { group.cancelAll() }
            group.addTask { [client = runtime.client] in
                try await client.request(body, type: type, to: peer, idempotencyKey: nil, timeout: timeout)
            }
            group.addTask { [peers = runtime.peers] in
                while await peers.instance(peer.instance) != nil { try await Task.sleep(for: .milliseconds(100)) }
                throw CancellationError()
            }
            guard let reply = try await group.next() else { throw CancellationError() }
            return reply
        }
    }

    /// The shard's owner, else all instances of the service.
    func candidates(_ service: ServiceKind, _ shard: ShardKey?) async -> [BusPeer] {
        let everybody = await runtime.peers.instances(of: service)
        guard let shard, let row = try? await ShardRepository(store).fetch(shard.kind, shard.id), let owner = row.owner
        else { return everybody.map(\.peer) }
        return everybody.filter { $0.id == owner }.map(\.peer)
    }

    /// Another service's messages are for the provider's people. But Scheduler's and Billing's messages about a
    /// tenant's own policy and bill name only what the tenant gave.
    private static func failure(_ failure: CommandFailure, of service: ServiceKind) -> MethodError {
        let isOwn = service == .scheduler || service == .billing
        func error(_ reason: ErrorReason, _ toTenants: String?, retryAfter: Int64? = nil) -> MethodError {
            MethodError(
                reason, failure.message, toTenants: toTenants, hint: retryAfter == nil ? nil : "try again",
                retryAfterMilliseconds: retryAfter)
        }
        return switch failure.code.word {
        case .notFound: error(.notFound, isOwn ? nil : "what it is about is not there")
        case .invalid: error(.invalid, isOwn ? nil : "the host can't answer that for this VM")
        case .conflict: error(.conflict, "something about the VM contradicts it")
        case .denied: error(.noRoom, TenantText.noRoom)
        case .observed: error(.conflict, TenantText.observed)
        case .draining: error(.conflict, TenantText.draining)
        case .underWay:
            MethodError(.conflict, failure.message, hint: "follow it with 'ebb operation list --running'")
        case .quota: .overQuota(failure.message)
        case .busy: error(.busy, TenantText.unavailable, retryAfter: 200)
        case .internal: error(.internal, "it went wrong inside of Ebb; the provider can find out how")
        case .notOwner, .unavailable, .unknownCommand, .fenced, .refused, .unreachable, .deadline, nil:
            error(.unavailable, TenantText.unavailable, retryAfter: 500)
        }
    }
}

extension JSONValue {
    /// The value as one line, with sorted members.
    var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Reads JSON that one of our own services wrote.
    static func decoded(_ bytes: some Sequence<UInt8>) throws(MethodError) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw MethodError(
                .internal, "a service's answer is not valid JSON: \(error)",
                toTenants: "the answer of another service can't be read")
        }
    }

    static func instant(_ timestamp: Timestamp) -> JSONValue { .string(timestamp.description) }
    static func nullable(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    static func nullable(_ value: Int64?) -> JSONValue { value.map { .integer($0) } ?? .null }
    static func nullable(_ value: Int?) -> JSONValue { nullable(value.map { Int64($0) }) }
}
