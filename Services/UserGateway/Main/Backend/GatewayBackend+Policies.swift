// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import UserGatewayCore

// Policies: shown from the database, changed and replayed by Scheduler.
extension GatewayBackend {
    func showPolicy(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        return try await policy(of: domain, for: request.principal)
    }

    func setPolicy(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        try await checkHosts(request.values["pinnedHosts"], for: domain)
        return try await store(change: try request.policyChange, of: domain, request)
    }

    /// Throws `NOT_FOUND` for the first name that is not a host's, and `INVALID` for a host to which the VM can never
    /// move.
    ///
    /// - Parameter domain: the VM that must stay on them, if it exists already.
    func checkHosts(_ names: JSONValue?, for domain: VisibleVM? = nil) async throws(MethodError) {
        let names = names?.items?.compactMap(\.text) ?? []
        guard !names.isEmpty else { return }
        let hosts = try await reading { try await inventory.hosts() }
        let clusters = Dictionary(hosts.map { ($0.id, $0.cluster) }) { first, _ in first }
        for name in names {
            guard let host = HostID(name), let cluster = clusters[host] else { throw .notFound("host", name) }
            guard let domain, let own = clusters[domain.host], own != cluster else { continue }
            throw MethodError(
                .invalid, "'\(host)' belongs to cluster '\(cluster)', and '\(domain.name)' to '\(own)'",
                hint: "name hosts of '\(own)': see 'ebb host list --cluster \(own)'")
        }
    }

    func pinPolicy(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        let current = try await reading { try await PolicyRepository(store).current(domain.id) }
        guard current?.options.goal != nil else {
            throw MethodError(.conflict, "the policy of '\(domain.name)' is not managed: its bounds are the tenant's")
        }
        var change = PolicyChange()
        change.managed = false
        return try await store(change: change, of: domain, request)
    }

    func clearPolicy(_ request: Request) async throws(MethodError) -> JSONValue {
        try await store(change: nil, of: try await domain(request), request)
    }

    private func store(
        change: PolicyChange?, of domain: VisibleVM, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        try await self.change(change, of: domain, request)
        try await reading { try await audit(request, on: domain.name, request.values, in: store) }
        return try await policy(of: domain, for: request.principal)
    }

    /// Asks Scheduler to change a policy, by the parameters of `policy.set`; `nil` ends it.
    func change(_ change: PolicyChange?, of domain: VisibleVM, _ request: Request) async throws(MethodError) {
        let body = WireSetPolicy.with {
            $0.domainUuid = Data(domain.id.uuid.bytes)
            if let change { $0.changeJson = Data(change.json.utf8) }
        }
        _ = try await ask(
            .scheduler, .setPolicy, MessageCodec.encoded(body), shard: try await shard(of: domain), request)
    }

    /// What a policy would have done with a VM.
    func replayPolicy(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        let now = runtime.clock.now()
        let from = request.instant("from") ?? now
        let to = min(request.instant("to") ?? now, now)
        guard from < to else { throw MethodError(.invalid, "the period must begin before it ends") }
        let question = ReplayQuestion(domain: domain.id, from: from, to: to, change: try request.policyChange)
        let answer = try await askScheduler(.replayPolicy, question, shard: shard(of: domain), request)
        var members = answer.members ?? [:]
        members["vm"] = .string(domain.name)
        members["from"] = .instant(from)
        members["to"] = .instant(to)
        return .object(members)
    }

    /// The shard of the cluster that decides for a domain.
    func shard(of domain: VisibleVM) async throws(MethodError) -> ShardKey {
        guard let host = try await reading({ try await inventory.host(domain.host) }) else {
            throw .notFound("VM", domain.name)
        }
        return ShardKey(kind: .cluster, id: host.cluster.name)
    }

    /// Asks Scheduler a question in JSON.
    func askScheduler(
        _ type: MessageType, _ question: some JSONDocument, shard: ShardKey?, _ request: Request,
        within limit: Duration = .seconds(3_600)
    ) async throws(MethodError) -> JSONValue {
        let body = MessageCodec.encoded(WireJSONDocument.with { $0.json = Data(question.json.utf8) })
        let answer = try await ask(.scheduler, type, body, shard: shard, request, within: limit)
        guard let document = try? MessageCodec.decoded(WireJSONDocument.self, from: answer) else {
            throw MethodError(.internal, "the scheduler's answer can't be read")
        }
        return try JSONValue.decoded(document.json)
    }

    // MARK: -

    private func policy(
        of domain: VisibleVM, for principal: Principal
    ) async throws(MethodError) -> JSONValue {
        let version = try await reading { try await PolicyRepository(store).current(domain.id) }
        var members: [String: JSONValue?] = [
            "vm": .string(domain.name), "version": .integer(version?.version ?? 0),
            "validFrom": version.map { .instant($0.validFrom) },
            "windowLength": version.map { .integer(Int64($0.windowLength)) },
        ]
        if let version {
            let choice = try await reading {
                try await PolicyRepository(store).choice(domain.id, version: version.version)
            }
            if let choice { members["choice"] = try JSONValue.decoded(choice.utf8)["text"] }
            members.merge(Self.rules(of: version)) { $1 }
            members.merge(try await options(of: version.options, for: principal)) { $1 }
        }
        return .object(omittingNil: members)
    }

    private static func rules(of version: PolicyVersion) -> [String: JSONValue?] {
        guard let policy = version.policy else { return [:] }
        let needed = policy.breachesNeeded(windowLength: version.windowLength)
        return [
            "lowerPpm": .integer(policy.lower.ppm), "upperPpm": .integer(policy.upper.ppm),
            "ratioPpm": .integer(policy.ratio.ppm), "minVcpus": .integer(Int64(policy.minimumVCPUs.count)),
            "maxVcpus": .integer(Int64(policy.maximumVCPUs.count)), "breachesNeeded": .integer(Int64(needed)),
            "trueRatioPpm": .integer(version.ratedRatio.ppm),
            "memoryLowerPpm": policy.memory.map { .integer($0.lower.ppm) },
            "memoryUpperPpm": policy.memory.map { .integer($0.upper.ppm) },
            "minMemoryBytes": policy.memory.map { .integer($0.minimum) },
            "maxMemoryBytes": policy.memory.map { .integer($0.maximum) },
            "networkLowerPpm": policy.network.map { .integer($0.lower.ppm) },
            "networkUpperPpm": policy.network.map { .integer($0.upper.ppm) },
            "minNetworkBytesPerSecond": policy.network.map { .integer($0.minimum) },
            "maxNetworkBytesPerSecond": policy.network.map { .integer($0.maximum) },
        ]
    }

    private func options(
        of options: PolicyOptions, for principal: Principal
    ) async throws(MethodError) -> [String: JSONValue?] {
        let pins = try await visible(options.pinnedHosts, to: principal)
        return [
            "preset": options.preset.map { .string($0.rawValue) }, "managed": .bool(options.goal != nil),
            "goalPpm": options.goal.map { .integer($0.overloadedShare.ppm) },
            "cooldownUpNanoseconds": options.cooldown.map { .integer($0.upNanoseconds) },
            "cooldownDownNanoseconds": options.cooldown.map { .integer($0.downNanoseconds) },
            "optOut": .bool(options.isOptedOut), "dryRun": .bool(options.isDryRun),
            "affinity": options.affinityGroup.map { .string($0) },
            "antiAffinity": options.antiAffinityGroup.map { .string($0) },
            "pinnedHosts": pins.isEmpty ? nil : .array(options.pinnedHosts.compactMap { pins[$0].map { .string($0) } }),
        ]
    }
}

extension Request {
    /// The parameters that say what to change; those that say which VM, and how to ask, are skipped.
    fileprivate var policyChange: PolicyChange {
        get throws(MethodError) {
            guard let change = PolicyChange(json: values.line) else {
                throw MethodError(.invalid, "the change of the policy can't be read")
            }
            return change
        }
    }
}
