// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    func addHost(_ request: Request) async throws(MethodError) -> JSONValue {
        guard let id = request.text("host").flatMap({ HostID($0) }), let uri = request.text("uri"),
            let cluster = request.text("cluster").flatMap({ ClusterID($0) })
        else { throw MethodError(.invalid, "a host needs a name, a cluster and a URI") }
        let defaults = HostLimits()
        let limits = HostLimits(
            cpuOvercommit: request.integer("cpuOvercommitPpm").map(Utilization.init(ppm:)) ?? defaults.cpuOvercommit,
            memoryOvercommit: request.integer("memoryOvercommitPpm").map(Utilization.init(ppm:))
                ?? defaults.memoryOvercommit,
            reservedVCPUs: VCPUCount(Int(request.integer("reservedVcpus") ?? 0)),
            reservedMemory: ByteCount(request.integer("reservedMemoryBytes") ?? 0),
            cpuBound: request.integer("cpuBoundPpm").map(Utilization.init(ppm:)) ?? defaults.cpuBound)
        do {
            try await store.transaction { transaction in
                try await inventory.addHost(id, cluster: cluster, uri: uri, limits: limits, in: transaction)
                try await audit(request, on: id.name, ["uri": .string(uri)], in: transaction)
            }
        } catch let error as StoreError where error.code == .uniqueViolation {
            throw MethodError(.conflict, "there is a host '\(id)' already, or one with the URI \(uri)")
        } catch {
            return try await reading { throw error }
        }
        return try await describe(host: id)
    }

    func listHosts(_ request: Request) async throws(MethodError) -> JSONValue {
        let cluster = request.text("cluster").flatMap { ClusterID($0) }
        let hosts = try await reading { try await inventory.hosts(in: cluster) }
        let domains = try await reading { try await inventory.domains(.all) }
        var items: [JSONValue] = []
        for host in hosts { items.append(try await describe(host, domains: domains)) }
        return ["items": .array(items)]
    }

    func showHost(_ request: Request) async throws(MethodError) -> JSONValue {
        try await describe(host: try hostName(request))
    }

    func enableHost(_ request: Request) async throws(MethodError) -> JSONValue {
        try await setMode(.enabled, request)
    }

    func observeHost(_ request: Request) async throws(MethodError) -> JSONValue {
        try await setMode(.observe, request)
    }

    private func setMode(_ mode: HostMode, _ request: Request) async throws(MethodError) -> JSONValue {
        let id = try hostName(request)
        do {
            try await store.transaction { transaction in
                try await inventory.setMode(of: id, to: mode, in: transaction)
                try await audit(request, on: id.name, ["mode": .string(mode.rawValue)], in: transaction)
            }
        } catch let error as StoreError where error.code == .notFound {
            throw .notFound("host", id.name)
        } catch {
            return try await reading { throw error }
        }
        return try await describe(host: id)
    }

    private func hostName(_ request: Request) throws(MethodError) -> HostID {
        let text = request.text("host") ?? ""
        guard let id = HostID(text) else { throw .notFound("host", text) }
        return id
    }

    private func describe(host id: HostID) async throws(MethodError) -> JSONValue {
        guard let host = try await reading({ try await inventory.host(id) }) else { throw .notFound("host", id.name) }
        let domains = try await reading { try await inventory.domains(.host(id)) }
        return try await describe(host, domains: domains)
    }

    private func describe(_ host: HostRecord, domains: [DomainRecord]) async throws(MethodError) -> JSONValue {
        let own = domains.filter { $0.host == host.id }
        let figures = try await latestFigures(of: host.id)
        return [
            "name": .string(host.id.name), "cluster": .string(host.cluster.name), "uri": .string(host.uri),
            "mode": .string(host.mode.rawValue), "state": .string(host.facts.state.rawValue),
            "cpuCount": .nullable(host.facts.cpuCount), "memoryBytes": .nullable(host.facts.memory?.bytes),
            "vcpus": .integer(Int64(own.reduce(0) { $0 + ($1.confirmedVCPUs?.count ?? 0) })),
            "vms": .integer(Int64(own.count)), "cpuUtilizationPpm": .nullable(figures?.cpuUtilization?.ppm),
            "memoryUsedBytes": .nullable(figures?.memoryUsed?.bytes),
            "responseTimeNanoseconds": .nullable(figures?.responseTimeNanoseconds),
            "cpuOvercommitPpm": .integer(host.limits.cpuOvercommit.ppm),
            "memoryOvercommitPpm": .integer(host.limits.memoryOvercommit.ppm),
            "reservedVcpus": .integer(Int64(host.limits.reservedVCPUs.count)),
            "reservedMemoryBytes": .integer(host.limits.reservedMemory.bytes),
            "cpuBoundPpm": .integer(host.limits.cpuBound.ppm),
        ]
    }

    /// The newest stored figures, unless they are older than a minute: unknown is not what it once was.
    private func latestFigures(of host: HostID) async throws(MethodError) -> HostFigures? {
        let now = runtime.clock.now()
        return try await reading {
            try await LogRepository(store).recentSamples(
                of: [host], since: now.advanced(by: .seconds(-60)), cyclesPerHost: 1
            ).last?.sample.figures
        }
    }
}
