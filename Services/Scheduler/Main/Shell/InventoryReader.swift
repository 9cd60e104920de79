// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import SchedulerCore
import Store

/// Reads from the database what the core must know of a cluster.
struct InventoryReader: Sendable {
    let cluster: ClusterID
    let store: Store

    /// A cluster as it is now.
    struct Reading: Sendable {
        let inventory: Inventory
        let hosts: Set<HostID>
        /// Since when each domain is its tenant's, or nobody's.
        let domains: [DomainID: Timestamp]
        /// Policies of these domains, and of others.
        let policies: [PolicyVersion]
    }

    /// Not on its caller's actor: with many domains it takes half a second, and the cluster's decisions must go on
    /// meanwhile.
    @concurrent
    func read(at now: Timestamp) async throws -> Reading {
        let (inventory, since) = try await inventoryAndOwnership(at: now)
        return Reading(
            inventory: inventory, hosts: Set(inventory.hosts.map(\.host)), domains: since,
            policies: try await PolicyRepository(store).allCurrent())
    }

    /// Hosts, their domains and open permits; also a domain that existed at `now` and is deleted since, and its host.
    @concurrent
    func inventory(at now: Timestamp, with domain: DomainID) async throws -> Inventory {
        let row = try await InventoryRepository(store).domain(domain)
        let deleted = row.flatMap { row in row.deletedAt.flatMap { $0 > now ? row : nil } }
        return try await inventoryAndOwnership(at: now, with: deleted).0
    }

    private func inventoryAndOwnership(
        at now: Timestamp, with deleted: StoredDomain? = nil
    ) async throws -> (Inventory, [DomainID: Timestamp]) {
        var hosts = try await InventoryRepository(store).hosts(in: cluster)
        if let deleted, !hosts.contains(where: { $0.id == deleted.host }) {
            hosts += try await InventoryRepository(store).host(deleted.host).map { [$0] } ?? []
        }
        let ids = Set(hosts.map(\.id))
        var domains = try await InventoryRepository(store).domains(.all).filter { ids.contains($0.host) }
        if let deleted { domains.append(deleted) }
        let permits = try await PermitRepository(store).open(at: now).filter { ids.contains($0.host) }
        let orders = try await CommandRepository(store).orderedMoves().compactMap { move -> OrderedMove? in
            guard let target = HostID(move.target), ids.contains(target) else { return nil }
            return OrderedMove(
                domain: move.domain, target: target, until: now.advanced(byNanoseconds: Self.orderTime))
        }
        let abilities = try await abilities(of: hosts)
        let bound = Set(hosts.filter { Self.canMigrate($0) == false }.map(\.id))
        let inventory = Inventory(
            hosts: hosts.map(Self.host),
            domains: domains.map { Self.domain($0, isBound: bound.contains($0.host)) },
            permits: permits.map { permit in
                OpenPermit(
                    permit: permit.id, host: permit.host, domain: permit.domain, vcpus: permit.vcpus,
                    memory: permit.memory)
            }, orders: orders, abilities: abilities)
        return (inventory, Dictionary(domains.map { ($0.id, $0.tenantSince) }) { first, _ in first })
    }

    /// Each host's abilities; for a host that was not asked yet only its driver, as its Monitor found it.
    private func abilities(of hosts: [StoredHost]) async throws -> SortedTable<HostID, KnownAbilities> {
        var known = SortedTable<HostID, KnownAbilities>()
        for host in hosts {
            guard let driver = Self.capabilities(host)?.driver else { continue }
            known[host.id] = KnownAbilities(HostAbilities(driver: driver), knownUntil: .zero)
        }
        for row in try await HostAbilitiesRepository(store).list(of: cluster) {
            known[row.host] = KnownAbilities(row.abilities, knownUntil: row.knownUntil)
        }
        return known
    }

    /// How long after its order has ended an arrival may be seen.
    private static let orderTime: Int64 = 600_000_000_000

    private static func host(_ record: StoredHost) -> HostRecord {
        HostRecord(
            host: record.id, mode: record.mode, isUp: record.facts.state == .up, cpuCount: record.facts.cpuCount ?? 0,
            memory: record.facts.memory ?? .zero, cpuOvercommit: record.limits.cpuOvercommit,
            memoryOvercommit: record.limits.memoryOvercommit, reservedVCPUs: record.limits.reservedVCPUs,
            reservedMemory: record.limits.reservedMemory, cpuBound: record.limits.cpuBound)
    }

    /// A domain that is stopped, saved or missing takes no vCPUs and no memory; a domain in an unknown state still
    /// does.
    private static func domain(_ record: StoredDomain, isBound: Bool) -> DomainRecord {
        let isOff = record.holdsNoRoom
        let vcpus = isOff ? 0 : record.confirmedVCPUs ?? record.grantedVCPUs
        return DomainRecord(
            domain: record.id, tenant: record.tenant, host: record.host, vcpus: vcpus, ceiling: record.maximumVCPUs,
            memory: isOff ? .zero : record.memory ?? record.maximumMemory, isManaged: record.isManaged,
            memoryCeiling: record.maximumMemory, networkCap: record.networkCapBytesPerSecond,
            leftByCap: vcpus.flatMap { record.seenCPUCap.binding(of: $0) },
            immovable: immovable(record, isBound: isBound && !isOff))
    }

    private static func immovable(_ record: StoredDomain, isBound: Bool) -> String? {
        if record.missingSince != nil { return "its host does not have it any more" }
        if record.state == .saved { return "its memory is saved on its host: restore it first" }
        return isBound ? "the hypervisor of its host can't send a running VM elsewhere" : nil
    }

    /// Whether the host's driver can send running domains elsewhere, as its Monitor found; `nil`: not known yet.
    private static func canMigrate(_ record: StoredHost) -> Bool? { capabilities(record)?.canMigrate }

    private static func capabilities(_ record: StoredHost) -> HypervisorCapabilities? {
        record.facts.capabilities.flatMap { HypervisorCapabilities(json: $0) }
    }
}
