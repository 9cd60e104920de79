// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

extension ShardRepository {
    /// One shard's row; `nil` if there is none.
    package func fetch(_ kind: ShardKind, _ id: String) async throws(StoreError) -> ShardRecord? {
        let rows = try await store.query(
            "SELECT epoch, owner FROM cluster.shard WHERE kind = \(kind.rawValue) AND id = \(id)")
        guard let row = rows.first else { return nil }
        return ShardRecord(
            kind: kind, id: id, epoch: try row.int64("epoch"),
            owner: try row.uuidOrNil("owner").map { InstanceID($0) })
    }
}
