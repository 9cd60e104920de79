// SPDX-License-Identifier: Apache-2.0

package import ResourceModel
package import Store

extension InstanceCredential {
    /// The credential of a test's instance: every test knows its secret.
    package static func test(_ id: InstanceID) -> InstanceCredential {
        InstanceCredential(id, secret: [UInt8](repeating: 7, count: 32))
    }
}

extension InstanceRepository {
    /// Registers a test's instance, whose shards others may take at any time.
    package func enroll(_ record: InstanceRecord) async throws(StoreError) {
        try await register(record, by: .test(record.id), timeToLive: .zero)
    }
}

/// Makes a shard any instance's, whoever has it: with an administrator's store.
package func seizeShard(
    _ kind: ShardKind, _ id: String, by owner: InstanceID, in store: Store
) async throws -> ShardClaim {
    try await ShardRepository(store).ensure(kind, [id])
    let rows = try await store.query(
        """
        UPDATE cluster.shard SET owner = \(owner), epoch = epoch + 1 WHERE kind = \(kind.rawValue) AND id = \(id)
        RETURNING epoch
        """)
    guard let epoch = try rows.first?.int64("epoch") else {
        throw ConditionNotMet(description: "there is no shard \(kind)/\(id)")
    }
    return ShardClaim(kind: kind, id: id, epoch: epoch)
}
