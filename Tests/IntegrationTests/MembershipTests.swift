// SPDX-License-Identifier: Apache-2.0

import Bus
import ResourceModel
import Store
import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

/// Shards and who serves them, on a real database.
@Suite struct MembershipTests {
    @Test("a shard whose row can't be claimed keeps no other from being served, and is named")
    func poisonedShard() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                _ = try await AccountRepository(store).addTenant("acme")
                for host in ["a", "b", "c"] as [HostID] {
                    try await InventoryRepository(store).addHost(host, cluster: "c", uri: "test:///\(host)")
                }
                let shards = ["a", "b", "c"].map { ShardKey(kind: .host, id: $0) }
                let health = Health()
                let id = InstanceID(UUID128(high: 6, low: 1))
                try await database.withStore(role: "ebb_monitor") { own in
                    let membership = Membership(
                        record: InstanceRecord(
                            id: id, service: .monitor, publishEndpoint: nil, commandEndpoint: "tcp://127.0.0.1:1",
                            publicKey: TestKeys.pair.publicKey, version: "test"),
                        credential: .test(id), shardKinds: [.host], store: own, interval: .milliseconds(20),
                        timeToLive: .seconds(2), callDeadline: .zero, handlers: .none, health: health, log: .quiet,
                        peersChanged: { _, _ in })
                    let (epoch, limit) = (Int64(4_611_686_018_427_387_903), shards[0])
                    try await ShardRepository(own).ensure(.host, shards.map(\.id))
                    try await store.query(
                        "UPDATE cluster.shard SET epoch = \(epoch) WHERE kind = 'host' AND id = \(limit.id)")
                    let run = Task { await membership.run() }
                    try await eventually("the others are served") {
                        shards.dropFirst().allSatisfy { membership.ownership.shard($0) != nil }
                    }
                    try await eventually("it is named") { health.report.contains("[~]shards degraded: ") }
                    #expect(membership.ownership.shard(limit) == nil)
                    try await store.query("UPDATE cluster.shard SET epoch = 7 WHERE id = \(limit.id)")
                    try await eventually("it is served") { membership.ownership.shard(limit) != nil }
                    try await eventually("all is well") { health.report.contains("[+]shards ok") }
                    run.cancel()
                    await run.value
                }
            }
        }
    }
}
