// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Store
import TestSupport

/// A store with one enabled host, its owner and a domain: what most tests begin with.
struct World: Sendable {
    let database: TestDatabase
    let store: Store
    let owner: InstanceID
    let host: HostID = "h-1"
    let domain = DomainID(UUID128(high: 1, low: 1))
    let claim: ShardClaim
    let cluster: ShardClaim

    var inventory: InventoryRepository { InventoryRepository(store) }
    var shards: ShardRepository { ShardRepository(store) }
    var commands: CommandRepository { CommandRepository(store) }

    /// Another instance of a service.
    static func instance(_ number: UInt64) -> InstanceID { InstanceID(UUID128(high: 0xA, low: number)) }

    /// Takes the shard over as somebody else: the world's own claim is stale then.
    func takeOver(_ kind: ShardKind = .host, _ id: String = "h-1") async throws -> ShardClaim {
        let thief = Self.instance(99)
        try await InstanceRepository(store).enroll(.plain(thief))
        return try await seizeShard(kind, id, by: thief, in: store)
    }

    /// Another host, owned by the same instance.
    func addHost(_ id: HostID) async throws -> ShardClaim {
        try await inventory.addHost(id, cluster: "c-1", uri: "fleet://\(id)")
        return try await seizeShard(.host, id.name, by: owner, in: store)
    }

    func addDomain(_ number: UInt64, on claim: ShardClaim, vcpus: Int = 1, memory: ByteCount = .gibibytes(1))
        async throws
        -> DomainID
    {
        let id = DomainID(UUID128(high: 1, low: number))
        try await inventory.insertDomain(.plain(id, "vm-\(number)"), under: claim)
        let seen = DomainObservation(
            state: .running,
            vcpus: VCPUSizes(maximum: 8, granted: VCPUCount(clamping: vcpus), confirmed: VCPUCount(clamping: vcpus)),
            memory: DomainMemory(maximum: .gibibytes(8), allocated: memory))
        try await inventory.observe(id, seen, under: claim)
        return id
    }
}

func withWorld(poolSize: Int = 4, _ body: (World) async throws -> Void) async throws {
    try await withDatabase { database in
        try await database.withStore(poolSize: poolSize) { store in
            let owner = World.instance(1)
            try await InstanceRepository(store).enroll(.plain(owner))
            try await AccountRepository(store).addTenant("t-1")
            try await InventoryRepository(store).addHost("h-1", cluster: "c-1", uri: "fleet://h-1")
            let claim = try await seizeShard(.host, "h-1", by: owner, in: store)
            let cluster = try await seizeShard(.cluster, "c-1", by: owner, in: store)
            let world = World(database: database, store: store, owner: owner, claim: claim, cluster: cluster)
            try await world.inventory.insertDomain(.plain(world.domain, "vm-1"), under: claim)
            // As old as test time.
            try await store.query(
                "UPDATE inventory.domain SET created_ns = 0, tenant_since_ns = 0 WHERE id = \(world.domain)")
            try await store.query("UPDATE inventory.domain_ownership SET from_ns = 0 WHERE domain = \(world.domain)")
            try await body(world)
        }
    }
}

extension InstanceRecord {
    static func plain(_ id: InstanceID, _ service: ServiceKind = .monitor) -> InstanceRecord {
        InstanceRecord(
            id: id, service: service, publishEndpoint: nil, commandEndpoint: "tcp://127.0.0.1:1", version: "1")
    }
}

extension NewDomain {
    static func plain(_ id: DomainID, _ name: String) -> NewDomain {
        NewDomain(
            id: id, name: name, tenant: "t-1", isManaged: true, state: .shutoff, maximumVCPUs: 8,
            maximumMemory: .gibibytes(8))
    }
}

extension NewCommand {
    static func resize(
        _ domain: DomainID, to vcpus: Int = 2, key: String, host: HostID = "h-1", number: UInt64 = 1,
        at created: Timestamp = at(0), deadline: Int64 = 1_000
    ) -> NewCommand {
        NewCommand(
            id: UUID128(high: 7, low: number), host: host, domain: domain, verb: .resize,
            arguments: .size(vcpus: VCPUCount(clamping: vcpus)), principal: "p", idempotencyKey: key,
            createdAt: created,
            deadline: created.advanced(by: .seconds(deadline)))
    }
}

/// Seconds of test time as an instant.
func at(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

private let start = Int64(Date().timeIntervalSince1970)

/// So many seconds after the start of the tests: an instant that a service may give.
func recent(_ seconds: Int64) -> Timestamp { at(start + seconds) }

func code(_ error: any Error) -> StoreError.Code? { (error as? StoreError)?.code }
