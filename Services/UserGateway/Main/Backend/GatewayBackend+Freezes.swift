// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// The row makes a freeze permanent; the message to every Monitor makes it hold at once, also without the database. A
// tenant's own people and the provider freeze each for themselves: either freeze holds, whatever becomes of the other.
extension GatewayBackend {
    func setFreeze(_ request: Request) async throws(MethodError) -> JSONValue {
        let scope = try await scope(request)
        let wanted = FreezeRecord(
            scope.subject, reason: request.text("reason") ?? "", principal: request.principal.name, isAutomatic: false,
            createdAt: runtime.clock.now(), isTenants: request.principal.tenant != nil)
        async let reach = tellMonitors(wanted, isFrozen: true)
        let stored: FreezeRecord
        do throws(MethodError) {
            stored = try await reading {
                let replaced = try await FreezeRepository(store).list().first { $0.takesThePlace(of: wanted) }
                try await store.transaction { transaction in
                    // The former one's end and reason stay in the history.
                    if let replaced { try await FreezeRepository(store).unfreeze(replaced, in: transaction) }
                    try await FreezeRepository(store).freeze(wanted, in: transaction)
                    try await audit(request, on: scope.name, request.given, in: transaction)
                }
                return try await FreezeRepository(store).list().first { $0.takesThePlace(of: wanted) } ?? wanted
            }
        } catch {
            let reached = await reach.reached
            guard reached > 0 else { throw error }
            throw MethodError(
                error.reason, "\(error.message); \(reached) Monitors hold the freeze, and it is not recorded",
                toTenants: "\(TenantText.unavailable); the freeze holds already, and it is not recorded",
                hint: "freeze again when the database answers", retryAfterMilliseconds: error.retryAfterMilliseconds)
        }
        return await describe(stored, scope, isFrozen: true, await reach, request)
    }

    /// Ends the caller's own side's freeze. The provider ends a tenant's only if it says so.
    func clearFreeze(_ request: Request) async throws(MethodError) -> JSONValue {
        let scope = try await scope(request)
        let all = try await reading { try await FreezeRepository(store).list().filter { $0.subject == scope.subject } }
        let isTenants = request.principal.tenant != nil || request.boolean("ofTenant") == true
        guard let standing = all.first(where: { $0.isTenants == isTenants }) else {
            throw Self.nothingToEnd(of: scope, all, request.principal, isTenants: isTenants)
        }
        try await reading {
            try await store.transaction { transaction in
                guard try await FreezeRepository(store).unfreeze(standing, in: transaction) else {
                    throw MethodError(
                        .conflict, "the freeze of '\(scope.name)' has changed meanwhile", hint: "see 'ebb freeze list'")
                }
                try await audit(request, on: scope.name, request.given, in: transaction)
            }
        }
        let reach = await tellMonitors(standing, isFrozen: false)
        return await describe(standing, scope, isFrozen: all.count > 1, reach, request)
    }

    private static func nothingToEnd(
        of scope: Scope, _ standing: [FreezeRecord], _ caller: Principal, isTenants: Bool
    ) -> MethodError {
        guard !standing.isEmpty else {
            return MethodError(.notFound, "'\(scope.name)' is not frozen", hint: "see 'ebb freeze list'")
        }
        if caller.tenant != nil {
            return MethodError(
                .denied, "'\(scope.name)' was frozen by the provider", hint: "ask the provider to end it")
        }
        return isTenants
            ? MethodError(
                .notFound, "'\(scope.name)' was frozen by the provider alone", hint: "leave out --of-tenant")
            : MethodError(
                .notFound, "'\(scope.name)' was frozen by its tenant alone", hint: "give --of-tenant to end that freeze"
            )
    }

    /// The freezes. A tenant sees those of its VMs, its own, and those of clusters that its VMs are in.
    func listFreezes(_ request: Request) async throws(MethodError) -> JSONValue {
        let freezes = try await reading { try await FreezeRepository(store).list() }
        let domains = try await domains(for: request.principal)
        let names = Dictionary(domains.map { ($0.id, $0.name) }) { first, _ in first }
        var clusters: Set<ClusterID>?
        if request.principal.tenant != nil {
            let own = Set(domains.map(\.host))
            let hosts = try await reading { try await inventory.hosts() }
            clusters = Set(hosts.filter { own.contains($0.id) }.map(\.cluster))
        }
        let visible = freezes.filter { freeze in
            switch freeze.subject {
            case .domain(let domain): request.principal.tenant == nil || names[domain] != nil
            case .tenant(let tenant): request.principal.tenant == nil || request.principal.tenant == tenant
            case .cluster(let cluster): clusters?.contains(cluster) ?? true
            case .unrecognised: request.principal.tenant == nil
            }
        }
        var items: [JSONValue] = []
        let own = try await ownPeople(of: request.principal)
        for freeze in visible {
            let name = if case .domain(let domain) = freeze.subject { names[domain] } else { String?.none }
            items.append(
                .object(try await describe(freeze, named: name ?? freeze.subject.id, for: request.principal, own)))
        }
        return ["items": .array(items)]
    }

    // MARK: -

    /// What a request wants to freeze, if its caller can see it.
    private func scope(_ request: Request) async throws(MethodError) -> Scope {
        let cluster = request.text("cluster")
        guard cluster == nil || request.text("vm") == nil && request.text("tenant") == nil else {
            throw MethodError(.invalid, "a freeze is of one VM, one tenant or one cluster", hint: "give one of them")
        }
        if request.text("vm") != nil {
            let domain = try await domain(request)
            return Scope(subject: .domain(domain.id), name: domain.name)
        }
        if let tenant = request.principal.tenant?.name ?? request.text("tenant") {
            guard let id = TenantID(tenant) else { throw .notFound("tenant", tenant) }
            let isKnown = try await ifReadable { try await AccountRepository(store).hasTenant(id) }
            guard isKnown ?? true else { throw .notFound("tenant", tenant) }
            return Scope(subject: .tenant(id), name: tenant)
        }
        guard let cluster else {
            throw MethodError(
                .invalid, "what is to be frozen was not said", hint: "give a VM, a tenant or a cluster")
        }
        guard let id = ClusterID(cluster) else { throw .notFound("cluster", cluster) }
        let known = try await ifReadable { try await inventory.hosts().map(\.cluster) }
        guard known?.contains(id) ?? true else { throw .notFound("cluster", cluster) }
        return Scope(subject: .cluster(id), name: cluster)
    }

    /// What the database says, or `nil` while it can't be used: a freeze must not wait for it.
    private func ifReadable<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws(MethodError) -> Value? {
        do {
            return try await reading(body)
        } catch  where error.reason == .unavailable {
            return nil
        }
    }

    /// Sends the freeze to every live Monitor, all at once. A Monitor that does not answer in time reads it from the
    /// database.
    private func tellMonitors(_ freeze: FreezeRecord, isFrozen: Bool) async -> Reach {
        let monitors = await runtime.peers.instances(of: .monitor)
        let body = MessageCodec.encoded(
            FreezeNotice(
                freeze.subject, frozen: isFrozen, reason: freeze.reason, principal: freeze.principal,
                isTenants: freeze.isTenants))
        let timeout = runtime.settings.duration("gateway.freezeTimeout")
        let unreached = await withTaskGroup(of: InstanceRecord?.self) { group in
            for monitor in monitors {
                group.addTask { [client = runtime.client] in
                    let answer = try? await client.request(
                        body, type: .freezeSet, to: monitor.peer, idempotencyKey: nil, timeout: timeout)
                    return answer == nil ? monitor : nil
                }
            }
            var unreached: [InstanceRecord] = []
            for await monitor in group { if let monitor { unreached.append(monitor) } }
            return unreached
        }
        return Reach(reached: monitors.count - unreached.count, unreached: unreached.sorted { $0.id < $1.id })
    }

    private func describe(
        _ freeze: FreezeRecord, _ scope: Scope, isFrozen: Bool, _ reach: Reach, _ request: Request
    ) async -> JSONValue {
        let isProvider = request.principal.role.isProvider
        let unreached = reach.unreached.map { monitor in
            JSONValue.object(omittingNil: [
                "instance": .string(monitor.id.description),
                "endpoint": isProvider ? .string(monitor.peer.commandEndpoint) : nil,
            ])
        }
        let description = try? await describe(
            freeze, named: scope.name, for: request.principal, ownPeople(of: request.principal))
        return .object(
            (description ?? [:]).merging([
                "frozen": .bool(isFrozen), "reached": .integer(Int64(reach.reached)), "unreached": .array(unreached),
            ]) { own, _ in own })
    }

    private func describe(
        _ freeze: FreezeRecord, named name: String, for principal: Principal, _ own: Set<String>?
    ) async throws(MethodError) -> [String: JSONValue] {
        guard let tenant = principal.tenant else {
            return describe(freeze, freeze.subject.id, name, freeze.reason, freeze.principal)
        }
        let isOwn = own?.contains(freeze.principal) ?? true
        let reason = isOwn ? freeze.reason : TenantText.freeze(isAutomatic: freeze.isAutomatic)
        let who = TenantText.actor(freeze.principal, isOwn: isOwn)
        guard case .cluster(let frozen) = freeze.subject else {
            return describe(freeze, freeze.subject.id, name, reason, who)
        }
        let cluster = try await pseudonym(of: frozen.name, kind: .cluster, for: tenant)
        return describe(freeze, cluster, cluster, reason, who)
    }

    private func describe(
        _ freeze: FreezeRecord, _ id: String, _ name: String, _ reason: String, _ who: String
    ) -> [String: JSONValue] {
        [
            "scope": .string(freeze.subject.scope), "id": .string(id), "name": .string(name),
            "reason": .string(reason), "principal": .string(who), "automatic": .bool(freeze.isAutomatic),
            "byTenant": .bool(freeze.isTenants), "createdAt": .instant(freeze.createdAt),
        ]
    }
}

/// The subject of a freeze, and its name for people.
private struct Scope: Sendable {
    let subject: FreezeSubject
    let name: String
}

/// Which Monitors have confirmed.
private struct Reach: Sendable {
    let reached: Int
    let unreached: [InstanceRecord]
}

extension FreezeRecord {
    /// Whether it is the same side's freeze of the same subject.
    fileprivate func takesThePlace(of other: FreezeRecord) -> Bool {
        subject == other.subject && isTenants == other.isTenants
    }
}
