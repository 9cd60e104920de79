// SPDX-License-Identifier: Apache-2.0

import Cryptography
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    func listVMs(_ request: Request) async throws(MethodError) -> JSONValue {
        let tenant = request.principal.tenant ?? request.text("tenant").flatMap { TenantID($0) }
        let host = request.text("host").flatMap { HostID($0) }
        let foreign = request.boolean("foreign")
        let limit = Int(request.integer("limit") ?? 1_000)
        let hosts = Set(try await reading { try await inventory.hosts() }.map(\.id))
        let found = try await reading {
            try await inventory.domains(tenant.map { .tenant($0) } ?? host.map { .host($0) } ?? .all)
        }.filter { domain in
            (host ?? domain.host) == domain.host && (foreign ?? !domain.isManaged) != domain.isManaged
                // Of a removed host only what it left behind of Ebb's own would still be of interest, and there is none.
                && hosts.contains(domain.host)
        }.sorted { ($0.tenant?.name ?? "", $0.name, $0.id) < ($1.tenant?.name ?? "", $1.name, $1.id) }
        let context = try await context()
        var items: [JSONValue] = []
        for domain in found.prefix(limit) {
            items.append(try await describe(domain, context, for: request.principal))
        }
        return ["items": .array(items), "truncated": .bool(found.count > limit)]
    }

    func showVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        return try await describe(domain, try await context(), for: request.principal)
    }

    /// What of other tables is shown beside a VM.
    private struct VMContext {
        let policies: [DomainID: PolicyVersion]
        let freezes: [FreezeRecord]
        let clusters: [HostID: ClusterID]
        let waiting: [DomainID: [QueuedGrowth]]
        let broken: [DomainID: [BrokenTieRow]]

        /// For instance `1 vCPU more since 2026-03-01T12:00:00Z, place 2`.
        func waiting(_ domain: DomainRecord) -> String? {
            waiting[domain.id].map { growths in
                growths.map { queued in
                    let unit = queued.growth.resource == .cpu ? "vCPUs" : "bytes of \(queued.growth.resource.rawValue)"
                    return
                        "\(queued.growth.missing) \(unit) more since \(queued.growth.since), place \(queued.position)"
                }.joined(separator: "; ")
            }
        }

        /// Why automatic actions on a VM are stopped; the widest reason.
        func frozen(_ domain: DomainRecord) -> String? {
            let scopes: [(FreezeScope, String?)] = [
                (.cluster, clusters[domain.host]?.name), (.tenant, domain.tenant?.name), (.vm, domain.id.description),
            ]
            return scopes.lazy.compactMap { scope, id in
                freezes.first { $0.scope == scope && $0.id == id }?.reason
            }.first
        }
    }

    private func context() async throws(MethodError) -> VMContext {
        try await reading {
            VMContext(
                policies: Dictionary(try await PolicyRepository(store).allCurrent().map { ($0.domain, $0) }) {
                    first, _ in
                    first
                }, freezes: try await FreezeRepository(store).list(),
                clusters: Dictionary(try await inventory.hosts().map { ($0.id, $0.cluster) }) { first, _ in first },
                waiting: Dictionary(
                    grouping: try await WaitingGrowthRepository(store).list(), by: \.growth.domain),
                broken: Dictionary(grouping: try await PlaceRepository(store).broken(), by: \.domain))
        }
    }

    /// A VM's stored samples with its host's load at the same instant, oldest first.
    func listSamples(_ request: Request) async throws(MethodError) -> JSONValue {
        let subject = try await subject(request)
        let now = runtime.clock.now()
        let since = request.instant("since") ?? now.advanced(by: .seconds(-3_600))
        guard let period = TimeRange(since, max(since, now)) else {
            throw MethodError(.invalid, "'since' lies in the future")
        }
        let limit = Int(request.integer("limit") ?? 1_000)
        return ["items": .array(try await samples(of: subject, in: period, newest: limit, request))]
    }

    /// The VM that a request names, as far as its caller can see it.
    func domain(_ request: Request) async throws(MethodError) -> DomainRecord {
        let name = request.text("vm") ?? ""
        let tenant = request.principal.tenant ?? request.text("tenant").flatMap { TenantID($0) }
        let found = try await reading { () -> [DomainRecord] in
            if let id = DomainID(name) { return try await inventory.domain(id).map { [$0] } ?? [] }
            if let tenant { return try await inventory.domain(tenant: tenant, name: name).map { [$0] } ?? [] }
            return try await inventory.domains(.all).filter { $0.name == name }
        }.filter { $0.deletedAt == nil && request.principal.canSee(tenant: $0.tenant) }
        guard let first = found.first else { throw .notFound("VM", name) }
        guard found.count == 1 else {
            throw MethodError(
                .conflict, "\(found.count) tenants have a VM '\(name)'",
                hint: "say whose with --tenant, or give its UUID")
        }
        return first
    }

    /// A host's name for the provider's people; a stable pseudonym of its own for every tenant.
    func visible(_ host: HostID, to principal: UserGatewayCore.Principal) -> String {
        guard let tenant = principal.tenant else { return host.name }
        return pseudonym(of: host.name, for: tenant, prefix: "host")
    }

    /// A name that stands for `name` in what one tenant reads, the same every time and another for every tenant.
    func pseudonym(of name: String, for tenant: TenantID, prefix: String) -> String {
        let digest = SHA256.hash("\(tenant)\n\(name)")
        let digits = digest.prefix(3).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return "\(prefix)-" + digits.joined()
    }

    private func describe(
        _ domain: DomainRecord, _ context: VMContext, for principal: UserGatewayCore.Principal
    ) async throws(MethodError) -> JSONValue {
        let now = runtime.clock.now()
        let period = TimeRange(now.advanced(by: .seconds(-60)), now)
        let latest = try await reading { () -> DomainSample? in
            guard let period else { return nil }
            return try await LogRepository(store).series(of: domain.id, in: period, ownedBy: domain.tenant).last?.sample
        }
        return [
            "name": .string(domain.name), "id": .string(domain.id.description),
            "tenant": .nullable(domain.tenant?.name), "state": .string(Self.shownState(of: domain)),
            "missingSince": domain.missingSince.map { .instant($0) } ?? .null,
            "host": .string(visible(domain.host, to: principal)), "vcpus": .nullable(domain.confirmedVCPUs?.count),
            "maxVcpus": .integer(Int64(domain.maximumVCPUs.count)), "askedVcpus": .nullable(domain.askedVCPUs?.count),
            "grantedVcpus": .nullable(domain.grantedVCPUs?.count), "memoryBytes": .nullable(domain.memory?.bytes),
            "maxMemoryBytes": .integer(domain.maximumMemory.bytes), "diskBytes": .integer(domain.disk.bytes),
            "cpuUtilizationPpm": .nullable(latest?.cpuUtilization?.ppm),
            "memoryUtilizationPpm": .nullable(latest?.memoryUtilization?.ppm),
            "policy": .nullable(Self.summary(context.policies[domain.id])), "managed": .bool(domain.isManaged),
            "frozen": .nullable(context.frozen(domain)),
            "waiting": .nullable(context.waiting(domain)),
            "broken": .nullable(try await broken(context.broken[domain.id], for: principal)),
            "revision": .integer(domain.revision),
            "cpuCapPpm": .nullable(domain.cpuCapPPM),
            "networkCapBytesPerSecond": .nullable(domain.networkCapBytesPerSecond),
            "nextMaxVcpus": .nullable(domain.pendingMaximumVCPUs?.count),
            "nextMaxMemoryBytes": .nullable(domain.pendingMaximumMemory?.bytes),
            "manager": .nullable(domain.foreignManager), "stateReason": .nullable(domain.stateReason?.text),
            "unmetered": .nullable(domain.unmeteredDevices?.joined(separator: ", ")),
        ]
    }

    /// Its pins and groups that do not hold where it is.
    private func broken(
        _ rows: [BrokenTieRow]?, for principal: UserGatewayCore.Principal
    ) async throws(MethodError) -> String? {
        guard let rows else { return nil }
        return try await discreet(rows.map(\.tie).joined(separator: "; "), for: principal)
    }

    /// A VM that its host does not have any more is in no state.
    static func shownState(of domain: DomainRecord) -> String {
        domain.missingSince == nil ? domain.state.rawValue : "missing"
    }

    /// For instance `15 %..80 %, 7/10`.
    private static func summary(_ version: PolicyVersion?) -> String? {
        version?.policy.map { policy in
            let needed = policy.breachesNeeded(windowLength: version?.windowLength ?? 0)
            return "\(policy.lower)..\(policy.upper), \(needed)/\(version?.windowLength ?? 0)"
        }
    }
}
