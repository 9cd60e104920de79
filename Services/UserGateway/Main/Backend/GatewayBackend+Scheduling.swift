// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// The queue of growths, assessments, and what people set for clusters and tenants.
extension GatewayBackend {
    func listQueue(_ request: Request) async throws(MethodError) -> JSONValue {
        let tenant = try await tenantMeant(request)
        let queue = try await reading { try await WaitingGrowthRepository(store).list(tenant: tenant) }
        var items: [JSONValue] = []
        let domains = try await domains(queue.map(\.growth.domain), for: request.principal)
        for queued in queue {
            let domain = domains[queued.growth.domain]
            items.append([
                "vm": .string(domain?.name ?? queued.growth.domain.description),
                "tenant": domain?.tenant.map { .string($0.name) } ?? .null,
                "resource": .string(queued.growth.resource.rawValue), "missing": .integer(queued.growth.missing),
                "weight": .integer(Int64(queued.growth.weight)), "since": .instant(queued.growth.since),
                "position": .integer(Int64(queued.position)),
            ])
        }
        return ["items": .array(items)]
    }

    /// What Ebb would have done with the VMs of a host, a cluster, or all.
    func assess(_ request: Request) async throws(MethodError) -> JSONValue {
        let now = runtime.clock.now()
        let from = request.instant("from") ?? now.advanced(by: .seconds(-7 * 86_400))
        let to = min(request.instant("to") ?? now, now)
        guard from < to else { throw MethodError(.invalid, "the period must begin before it ends") }
        let hosts = try await reading { try await inventory.hosts() }
        if let name = request.text("host"), !hosts.contains(where: { $0.id.name == name }) {
            throw .notFound("host", name)
        }
        if let name = request.text("cluster"), !hosts.contains(where: { $0.cluster.name == name }) {
            throw .notFound("cluster", name)
        }
        let chosen = hosts.filter { host in
            request.text("host").map { host.id.name == $0 } ?? true
                && request.text("cluster").map { host.cluster.name == $0 } ?? true
        }.map(\.id)
        return try await askScheduler(
            .assess, AssessQuestion(hosts: chosen, from: from, to: to), shard: nil, request)
    }

    // MARK: - Settings

    func showCluster(_ request: Request) async throws(MethodError) -> JSONValue {
        let cluster = try await cluster(request)
        let setting = try await reading { try await SchedulingSettingsRepository(store).cluster(cluster) }
        return try Self.describe(setting ?? ClusterSetting(cluster: cluster))
    }

    func setCluster(_ request: Request) async throws(MethodError) -> JSONValue {
        let cluster = try await cluster(request)
        let shares = try Self.placementShares(request)
        let blackouts = try request.values["blackouts"].map { value throws(MethodError) in
            guard let list = [Blackout](json: value.line) else {
                throw MethodError(.invalid, "the blackouts can't be read")
            }
            return list
        }
        let changed = try await reading {
            try await store.transaction { transaction in
                try await audit(request, on: cluster.name, request.values, in: transaction)
                return try await SchedulingSettingsRepository(store).change(
                    cluster, by: request.principal.name, at: runtime.clock.now(), in: transaction
                ) { setting in
                    setting.isDryRun = request.boolean("dryRun") ?? setting.isDryRun
                    setting.blackouts = blackouts?.json ?? setting.blackouts
                    setting.weights = shares ?? setting.weights
                    setting.movesInPerHost = request.integer("movesInPerHost").map { Int($0) } ?? setting.movesInPerHost
                    setting.movesOutPerHost =
                        request.integer("movesOutPerHost").map { Int($0) } ?? setting.movesOutPerHost
                    setting.movesPerCluster =
                        request.integer("movesPerCluster").map { Int($0) } ?? setting.movesPerCluster
                    setting.moveRestNanoseconds =
                        request.integer("moveRestNanoseconds") ?? setting.moveRestNanoseconds
                }
            }
        }
        return try Self.describe(changed)
    }

    /// `nil`: they stay as they are.
    private static func placementShares(
        _ request: Request
    ) throws(MethodError) -> ClusterSetting.PlacementShares? {
        let shares = ["weightResponsePpm", "weightCpuPpm", "weightMemoryPpm"].compactMap { request.integer($0) }
        guard !shares.isEmpty else { return nil }
        guard shares.count == 3, shares.reduce(0, +) == 1_000_000 else {
            throw MethodError(.invalid, "give all three weights of placement; their sum is 1000000")
        }
        return ClusterSetting.PlacementShares(response: shares[0], cpu: shares[1], memory: shares[2])
    }

    func setTenant(_ request: Request) async throws(MethodError) -> JSONValue {
        let tenant = try await tenant(request.text("tenant") ?? "")
        let clusters = try await wantedClusters(request)
        let changed = try await reading {
            try await store.transaction { transaction in
                try await audit(request, on: tenant.name, request.values, in: transaction)
                if let clusters {
                    try await AccountRepository(store).setClusters(of: tenant, to: clusters, in: transaction)
                }
                return try await SchedulingSettingsRepository(store).change(
                    tenant, by: request.principal.name, at: runtime.clock.now(), in: transaction
                ) { setting in
                    setting.weight = request.integer("weight").map { Int($0) } ?? setting.weight
                    setting.isDryRun = request.boolean("dryRun") ?? setting.isDryRun
                }
            }
        }
        let allowed = try await reading { try await AccountRepository(store).clusters(of: tenant) }
        return [
            "tenant": .string(tenant.name), "weight": .integer(Int64(changed.weight)),
            "dryRun": .bool(changed.isDryRun), "clusters": .array(allowed.map { .string($0.name) }),
        ]
    }

    /// The clusters that a tenant will be allowed; each must have a host. `nil`: they stay as they are.
    private func wantedClusters(_ request: Request) async throws(MethodError) -> [ClusterID]? {
        guard let names = request.values["clusters"]?.items?.compactMap(\.text) else { return nil }
        let known = Set(try await reading { try await inventory.hosts() }.map(\.cluster))
        var clusters: [ClusterID] = []
        for name in names {
            guard let cluster = ClusterID(name), known.contains(cluster) else { throw .notFound("cluster", name) }
            clusters.append(cluster)
        }
        return clusters
    }

    private func cluster(_ request: Request) async throws(MethodError) -> ClusterID {
        let name = request.text("cluster") ?? ""
        let hosts = try await reading { try await inventory.hosts() }
        guard let cluster = ClusterID(name), hosts.contains(where: { $0.cluster == cluster }) else {
            throw .notFound("cluster", name)
        }
        return cluster
    }

    private static func describe(_ setting: ClusterSetting) throws(MethodError) -> JSONValue {
        .object(omittingNil: [
            "cluster": .string(setting.cluster.name), "dryRun": .bool(setting.isDryRun),
            "blackouts": try JSONValue.decoded(setting.blackouts.utf8),
            "weightResponsePpm": setting.weights.map { .integer($0.response) },
            "weightCpuPpm": setting.weights.map { .integer($0.cpu) },
            "weightMemoryPpm": setting.weights.map { .integer($0.memory) },
            "movesInPerHost": setting.movesInPerHost.map { .integer(Int64($0)) },
            "movesOutPerHost": setting.movesOutPerHost.map { .integer(Int64($0)) },
            "movesPerCluster": setting.movesPerCluster.map { .integer(Int64($0)) },
            "moveRestNanoseconds": setting.moveRestNanoseconds.map { .integer($0) },
        ])
    }
}
