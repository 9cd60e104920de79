// SPDX-License-Identifier: Apache-2.0

import Contracts
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
        do throws(HypervisorURIError) {
            _ = try HypervisorURI(uri)
        } catch {
            throw MethodError(
                .invalid, "the host's URI is refused: \(error)",
                hint:
                    "write for example qemu+tls://10.0.0.1/system, xen+tls://10.0.0.1/system or fleet://10.0.0.1:7500/h1"
            )
        }
        let labels = Self.labels(request.values["labels"])
        do {
            try await store.transaction { transaction in
                try await inventory.addHost(
                    id, cluster: cluster, uri: uri, limits: Self.limits(request, over: HostLimits()), in: transaction)
                if !labels.isEmpty { try await inventory.setLabels(of: id, to: labels, in: transaction) }
                try await audit(
                    request, on: id.name, ["uri": .string(uri), "cluster": .string(cluster.name)], in: transaction)
            }
        } catch let error as StoreError where error.code == .uniqueViolation {
            throw MethodError(.conflict, "there is a host '\(id)' already, or one with the URI \(uri)")
        } catch {
            return try await reading { throw error }
        }
        return try await describe(host: id, for: request.principal)
    }

    func listHosts(_ request: Request) async throws(MethodError) -> JSONValue {
        let cluster = request.text("cluster").flatMap { ClusterID($0) }
        let wanted = Self.labels(request.values["labels"])
        let inCluster = try await reading { try await inventory.hosts(in: cluster) }
        if let cluster, inCluster.isEmpty { throw .notFound("cluster", cluster.name) }
        let hosts = inCluster.filter { host in wanted.allSatisfy { host.labels[$0.key] == $0.value } }
        let domains = try await domains(for: request.principal)
        var items: [JSONValue] = []
        let sights = try await sights(of: hosts)
        for host in hosts { items.append(.object(describe(host, domains: domains, sights[host.id]))) }
        return ["items": .array(items)]
    }

    func showHost(_ request: Request) async throws(MethodError) -> JSONValue {
        let host = try await host(request)
        let domains = try await domains(on: host.id, for: request.principal)
        let duplicates = try await reading { () -> [HostID] in
            guard let uuid = host.facts.uuid else { return [] }
            return try await inventory.hosts(sharing: uuid, with: host.id)
        }
        let twins = try await reading { try await inventory.duplicates(on: host.id) }
        let sight = try await sights(of: [host])[host.id]
        let (figures, age) = (sight?.figures, sight?.age ?? Age(of: nil, interval: nil, now: .zero))
        let capabilities = try host.facts.capabilities.map { text throws(MethodError) in
            try JSONValue.decoded(text.utf8)
        }
        let known = host.facts.capabilities.flatMap { HypervisorCapabilities(json: $0) }
        let details: [String: JSONValue] = [
            "driver": .nullable(known?.driver), "hypervisorVersion": .nullable(known?.version),
            "sampling": .nullable(known.map { $0.hasBulkStatistics ? "bulk" : "per-domain" }),
            "controlDomainUtilizationPpm": .nullable(figures?.controlDomainUtilization?.ppm),
            "responseLossPpm": .nullable(figures?.responseLoss?.ppm),
            "domainsUtilizationPpm": .nullable(figures?.domainsUtilization?.ppm), "capabilities": capabilities ?? [:],
            "duplicates": .array(duplicates.map { .string($0.name) }),
            "duplicateDomains": .array(twins.map { .string($0.description) }),
            "domains": .array(
                domains.sorted { ($0.name, $0.id) < ($1.name, $1.id) }.map { domain in
                    [
                        "name": .string(domain.name), "id": .string(domain.id.description),
                        "tenant": .nullable(domain.tenant?.name), "state": .string(Self.shownState(of: domain, age)),
                        "vcpus": .nullable(age.known(domain.confirmedVCPUs?.count)),
                        "memoryBytes": .nullable(age.known(domain.memory?.bytes)), "managed": .bool(domain.isManaged),
                        "manager": .nullable(domain.foreignManager),
                    ]
                }),
            "staying": .array(try await staying(of: host, domains)),
        ]
        return .object(describe(host, domains: domains, sight).merging(details) { _, detail in detail })
    }

    /// The VMs that could not be moved away from a draining host, with the last reason for each.
    private func staying(of host: StoredHost, _ domains: [VisibleVM]) async throws(MethodError) -> [JSONValue] {
        guard host.mode == .draining else { return [] }
        var staying: [JSONValue] = []
        for domain in domains.sorted(by: { ($0.name, $0.id) < ($1.name, $1.id) }) {
            let filter = DecisionFilter(domain: domain.id, limit: 20)
            let refusal = try await reading { try await DecisionRepository(store).list(filter) }
                .first { $0.verdict == .migrate || $0.verdict == .refuse && Self.isOfDrain($0) }
            guard let refusal, refusal.verdict == .refuse else { continue }
            staying.append(["name": .string(domain.name), "reason": .string(refusal.summary)])
        }
        return staying
    }

    private static func isOfDrain(_ decision: DecisionRow) -> Bool {
        DecisionExcerpt(json: decision.record)?.moveCause == .drain
    }

    func labelHost(_ request: Request) async throws(MethodError) -> JSONValue {
        let host = try await host(request)
        let removed = request.values["remove"]?.items?.compactMap(\.text) ?? []
        return try await change(host.id, request) { transaction in
            let present = try await inventory.lockedHost(host.id, in: transaction)?.labels ?? host.labels
            let labels = present.filter { !removed.contains($0.key) }
                .merging(Self.labels(request.values["set"])) { _, new in new }
            guard labels.count <= 64 else {
                throw MethodError(.invalid, "'\(host.id)' would have \(labels.count) labels; 64 are the limit")
            }
            try await inventory.setLabels(of: host.id, to: labels, in: transaction)
        }
    }

    func setHost(_ request: Request) async throws(MethodError) -> JSONValue {
        let host = try await host(request)
        guard request.given.members?.count ?? 0 > 1 else {
            throw MethodError(
                .invalid, "nothing to set for '\(host.id)' was given", hint: "give for instance 'cpuOvercommitPpm'")
        }
        return try await change(host.id, request) { transaction in
            let present = try await inventory.lockedHost(host.id, in: transaction)?.limits ?? host.limits
            try await inventory.setLimits(of: host.id, to: Self.limits(request, over: present), in: transaction)
        }
    }

    func enableHost(_ request: Request) async throws(MethodError) -> JSONValue {
        try await refuseTwin(of: try await host(request))
        return try await setMode(.enabled, request)
    }

    /// The room of one machine under two names would be given away twice.
    private func refuseTwin(of host: StoredHost) async throws(MethodError) {
        guard let uuid = host.facts.uuid else { return }
        let twins = try await reading { try await inventory.hosts(sharing: uuid, with: host.id) }
        let used = try await reading { try await inventory.hosts() }
            .filter { twins.contains($0.id) && $0.mode != .observe }.map { "'\($0.id)'" }
        guard !used.isEmpty else { return }
        throw MethodError(
            .conflict,
            "'\(host.id)' says that it is the same machine as \(used.joined(separator: ", ")): both have UUID \(uuid)",
            hint: "remove one of them; if they are two machines, set host_uuid in libvirtd.conf on one")
    }

    func observeHost(_ request: Request) async throws(MethodError) -> JSONValue { try await setMode(.observe, request) }
    func drainHost(_ request: Request) async throws(MethodError) -> JSONValue { try await setMode(.draining, request) }

    /// Removes a host. The row stays, since bills and events name it; nothing on the machine is changed.
    func removeHost(_ request: Request) async throws(MethodError) -> JSONValue {
        let host = try await host(request)
        let domains = try await domains(on: host.id, for: request.principal)
        let managed = domains.filter { $0.isManaged && $0.deletedAt == nil }.map(\.name).sorted()
        guard managed.isEmpty else {
            let named = managed.prefix(10).joined(separator: ", ") + (managed.count > 10 ? ", …" : "")
            throw MethodError(
                .conflict, "'\(host.id)' has \(managed.count) VMs that Ebb manages: \(named)",
                hint: "have it emptied with 'ebb host drain \(host.id)', or release or delete them")
        }
        let before = describe(host, domains: domains, try await sights(of: [host])[host.id])
        _ = try await change(host.id, request, isGone: true) { transaction in
            try await inventory.removeHost(host.id, at: runtime.clock.now(), in: transaction)
        }
        return .object(before)
    }

    // MARK: -

    private func setMode(_ mode: HostMode, _ request: Request) async throws(MethodError) -> JSONValue {
        try await change(try await host(request).id, request) { transaction in
            try await inventory.setMode(of: try hostName(request), to: mode, in: transaction)
        }
    }

    /// Changes a host's row together with its audit entry; returns the host afterwards.
    private func change(
        _ id: HostID, _ request: Request, isGone: Bool = false, _ body: (Transaction) async throws -> Void
    ) async throws(MethodError) -> JSONValue {
        try await reading {
            try await store.transaction { transaction in
                try await body(transaction)
                try await audit(request, on: id.name, request.given, in: transaction)
            }
        }
        return isGone ? [:] : try await describe(host: id, for: request.principal)
    }

    private func hostName(_ request: Request) throws(MethodError) -> HostID {
        let text = request.text("host") ?? ""
        guard let id = HostID(text) else { throw .notFound("host", text) }
        return id
    }

    /// The host that a request names, if it is one of Ebb's.
    func host(_ request: Request) async throws(MethodError) -> StoredHost {
        try await host(try hostName(request))
    }

    func host(_ id: HostID) async throws(MethodError) -> StoredHost {
        guard let host = try await reading({ try await inventory.host(id) }), host.removedAt == nil else {
            throw MethodError(
                .notFound, MethodError.notFound("host", id.name).message, toTenants: "its host is not there any more")
        }
        return host
    }

    private func describe(host id: HostID, for principal: Principal) async throws(MethodError) -> JSONValue {
        let host = try await host(id)
        let domains = try await domains(on: id, for: principal)
        return .object(describe(host, domains: domains, try await sights(of: [host])[id]))
    }

    private func describe(
        _ host: StoredHost, domains: [VisibleVM], _ sight: HostSight?
    ) -> [String: JSONValue] {
        let own = domains.filter { $0.host == host.id && $0.missingSince == nil }
        let figures = sight?.figures
        let state = sight?.age.known(host.facts.state) ?? .unknown
        return [
            "name": .string(host.id.name), "cluster": .string(host.cluster.name), "uri": .string(host.uri),
            "mode": .string(host.mode.rawValue), "state": .string(state.rawValue),
            "labels": .object(host.labels.mapValues { .string($0) }),
            "cpuCount": .nullable(host.facts.cpuCount), "memoryBytes": .nullable(host.facts.memory?.bytes),
            "vcpus": .nullable(sight?.age.known(Self.vcpus(of: own))),
            "vms": .nullable(sight?.age.known(own.count)),
            "foreign": .nullable(sight?.age.known(own.count { !$0.isManaged })),
            "cpuUtilizationPpm": .nullable(figures?.cpuUtilization?.ppm),
            "memoryUsedBytes": .nullable(figures?.memoryUsed?.bytes),
            "responseTimeNanoseconds": .nullable(figures?.responseTimeNanoseconds),
            "ageNanoseconds": .nullable(sight?.age.nanoseconds),
            "cpuOvercommitPpm": .integer(host.limits.cpuOvercommit.ppm),
            "memoryOvercommitPpm": .integer(host.limits.memoryOvercommit.ppm),
            "reservedVcpus": .integer(Int64(host.limits.reservedVCPUs.count)),
            "reservedMemoryBytes": .integer(host.limits.reservedMemory.bytes),
            "cpuBoundPpm": .integer(host.limits.cpuBound.ppm),
        ]
    }

    /// The vCPUs of the running domains; `nil` if those of one are not known.
    private static func vcpus(of domains: [VisibleVM]) -> Int? {
        let running = domains.filter { $0.state.isActive }.map { $0.confirmedVCPUs?.count }
        return running.contains(nil) ? nil : running.reduce(0) { $0 + ($1 ?? 0) }
    }

    /// A host's limits with the changes of a request.
    private static func limits(_ request: Request, over present: HostLimits) -> HostLimits {
        HostLimits(
            cpuOvercommit: request.integer("cpuOvercommitPpm").map(Utilization.init(ppm:)) ?? present.cpuOvercommit,
            memoryOvercommit: request.integer("memoryOvercommitPpm").map(Utilization.init(ppm:))
                ?? present.memoryOvercommit,
            reservedVCPUs: request.integer("reservedVcpus").map { VCPUCount(clamping: Int($0)) }
                ?? present.reservedVCPUs,
            reservedMemory: request.integer("reservedMemoryBytes").map { ByteCount(clamping: $0) }
                ?? present.reservedMemory,
            cpuBound: request.integer("cpuBoundPpm").map(Utilization.init(ppm:)) ?? present.cpuBound)
    }

    private static func labels(_ value: JSONValue?) -> [String: String] {
        (value?.members ?? [:]).compactMapValues(\.text)
    }
}
