// SPDX-License-Identifier: Apache-2.0

import Contracts
import Cryptography
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    func createVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let wanted = try await wantedVM(request)
        let taken = try await domain(named: wanted.name, of: wanted.tenant, for: request.principal)
        if let taken, taken.id != wanted.id {
            let isMissing = taken.missingSince != nil
            throw MethodError(
                .conflict, "there is a VM '\(wanted.name)' already\(isMissing ? ", which is missing" : "")",
                hint: isMissing ? "its host does not have it any more: 'ebb vm delete \(wanted.name)' forgets it" : nil)
        }
        let host = request.text("host").flatMap { HostID($0) }
        let cluster = request.text("cluster").flatMap { ClusterID($0) }
        if let host, let cluster, try await self.host(host).cluster != cluster {
            throw MethodError(
                .invalid, "'\(host)' does not belong to cluster '\(cluster)'", hint: "give one of the two")
        }
        var place = PlaceRequirements(options: try await placeOptions(request), tenant: wanted.tenant)
        place.network = request.text("network")
        // A disk that begins as an image lies in the image's pool.
        if request.text("image") != nil { place.pool = request.text("pool") ?? VMBoot.defaultPool }
        // Checked first: a tenant that has reached its quota does not even ask for room.
        let share = QuotaShare(tenant: wanted.tenant, amounts: [.vms: 1, .disk: wanted.size.diskBytes])
        try await reading { try await take(share.amounts, for: share.tenant, in: store) }
        let permit = try await firstRoom(
            for: wanted, in: try await clusters(cluster, of: host, for: wanted.tenant, place, request.principal),
            on: host, place, request)
        return try await run(
            request, domain: wanted.id, name: wanted.name, host: permit.host, verb: .create, wanted.arguments,
            permit: permit.id, counting: share)
    }

    /// The clusters for a new VM, in the order in which they are tried: the named one or its host's, which must be one
    /// of the tenant's; otherwise the one with most of its affinity group, since a group shares a host; otherwise all
    /// of the tenant's clusters, by how many VMs it has there, then by name.
    private func clusters(
        _ named: ClusterID?, of host: HostID?, for tenant: TenantID, _ place: PlaceRequirements, _ principal: Principal
    ) async throws(MethodError) -> [ClusterID] {
        let hosts = try await reading { try await inventory.hosts() }
        let allowed = try await reading { try await AccountRepository(store).clusters(of: tenant) }
        var wanted = named
        if let host { wanted = try await self.host(host).cluster }
        if let wanted {
            guard hosts.contains(where: { $0.cluster == wanted }) else { throw .notFound("cluster", wanted.name) }
            guard allowed.isEmpty || allowed.contains(wanted) else {
                throw MethodError(
                    .invalid, "tenant '\(tenant)' may not have VMs in cluster '\(wanted)'",
                    hint: "let it with 'ebb tenant set \(tenant) --cluster \(wanted)'")
            }
            return [wanted]
        }
        let clusters = Set(hosts.map(\.cluster)).filter { allowed.isEmpty || allowed.contains($0) }
        guard !clusters.isEmpty else {
            throw MethodError(
                .noRoom, hosts.isEmpty ? "there is no host yet" : "no cluster of tenant '\(tenant)' has a host",
                toTenants: TenantText.noRoom, hint: "add one with 'ebb host add'")
        }
        let own = try await domains(of: tenant, for: principal)
        let homes = Dictionary(hosts.map { ($0.id, $0.cluster) }) { first, _ in first }
        if let group = place.options["affinity"]?.text, clusters.count > 1 {
            let members = try await members(of: group, own)
            if let home = Self.byCount(clusters, members.compactMap { homes[$0.host] }, isOnlyUsed: true).first {
                return [home]
            }
        }
        return Self.byCount(clusters, own.compactMap { homes[$0.host] }, isOnlyUsed: false)
    }

    /// The tenant's VMs of an affinity group, also those that are so new that they have no policy yet.
    private func members(of group: String, _ own: [VisibleVM]) async throws(MethodError) -> [VisibleVM] {
        let policies = try await reading { try await PolicyRepository(store).allCurrent() }
        let coming = try await reading { try await PlaceRepository(store).coming() }
        let ids = Set(policies.filter { $0.options.affinityGroup == group }.map(\.domain))
            .union(coming.filter { $0.options.affinityGroup == group }.map(\.domain))
        return own.filter { ids.contains($0.id) }
    }

    /// Sorted by how often they are in `uses`, the most frequent first, equal ones by name.
    private static func byCount(
        _ clusters: Set<ClusterID>, _ uses: [ClusterID], isOnlyUsed: Bool
    ) -> [ClusterID] {
        let counts = uses.reduce(into: [ClusterID: Int]()) { $0[$1, default: 0] += 1 }
        return clusters.filter { !isOnlyUsed || counts[$0] != nil }
            .sorted { (counts[$1, default: 0], $0) < (counts[$0, default: 0], $1) }
    }

    /// Gets room in the first cluster that has some: each is tried, whatever the one before it answered. If there are
    /// several, it does not wait long for one whose Scheduler is away.
    private func firstRoom(
        for wanted: WantedVM, in clusters: [ClusterID], on host: HostID?, _ place: PlaceRequirements, _ request: Request
    ) async throws(MethodError) -> Permitted {
        var refusal: MethodError?
        for cluster in clusters {
            do throws(MethodError) {
                return try await room(
                    for: wanted.id, on: host, in: cluster, purpose: .create,
                    vcpus: VCPUCount(clamping: Int(wanted.size.vcpus)),
                    memory: ByteCount(clamping: wanted.size.memoryBytes), place: place, request,
                    within: clusters.count > 1 ? Self.patience : .seconds(3_600))
            } catch {
                guard let rank = Self.hopes.firstIndex(of: error.reason) else { throw error }
                // The first refusal of those that may change the soonest.
                let best = refusal.flatMap { Self.hopes.firstIndex(of: $0.reason) } ?? .max
                if rank < best { refusal = host == nil ? error.ofNoNamedHost : error }
            }
        }
        throw refusal ?? MethodError(.noRoom, TenantText.noRoom)
    }

    /// Why one cluster gives no room while another one may, what may change the soonest first: its Scheduler is away or
    /// has too much to do, its hosts are full, or they take nothing new.
    private static let hopes: [ErrorReason] = [.unavailable, .busy, .noRoom, .conflict]

    /// How long each of several clusters may take to answer.
    private static let patience = Duration.seconds(5)

    /// The groups and hosts that a new VM requires. Scheduler gets them with the permit's request, and makes them the
    /// VM's policy.
    private func placeOptions(_ request: Request) async throws(MethodError) -> JSONValue {
        let names: Set = ["affinity", "antiAffinity", "pinnedHosts"]
        let place = (request.values.members ?? [:]).filter { names.contains($0.key) }
        try await checkHosts(place["pinnedHosts"])
        return .object(place)
    }

    /// A VM that a request asks for.
    private struct WantedVM {
        let id: DomainID
        let name: String
        let tenant: TenantID
        let size: VMSize
        let arguments: CommandArguments
    }

    private func wantedVM(_ request: Request) async throws(MethodError) -> WantedVM {
        guard let named = request.principal.tenant?.name ?? request.text("tenant") else {
            throw MethodError(.invalid, "a VM belongs to a tenant: say which with --tenant")
        }
        let tenant = try await tenant(named)
        let size = try VMSize(request.values)
        let name = request.text("name") ?? ""
        guard DomainID(name) == nil else {
            throw MethodError(
                .invalid, "'\(name)' is a UUID, and would stand for the VM that has this UUID",
                hint: "give the VM another name")
        }
        let arguments = CommandArguments.creation(
            named: name, for: tenant, size, flavor: request.text("flavor"), boot: try VMBoot.source(request.values))
        return WantedVM(id: Self.identity(of: request), name: name, tenant: tenant, size: size, arguments: arguments)
    }

    /// Derived from the idempotency key, so that a repeated request names the same VM.
    private static func identity(of request: Request) -> DomainID {
        var bytes = Array(SHA256.hash("\(request.principal.name)\n\(request.idempotencyKey)").prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return DomainID(UUID128(bytes: bytes) ?? UUID128(high: 0, low: 0))
    }
}

extension MethodError {
    /// The same for somebody who named no host: where hosts take nothing new, tenants read nothing of "its host".
    fileprivate var ofNoNamedHost: MethodError {
        guard reason == .conflict else { return self }
        return MethodError(reason, message, toTenants: TenantText.closed, hint: hint)
    }
}
