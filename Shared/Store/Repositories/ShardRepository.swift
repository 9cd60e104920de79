// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Who owns one shard, as it was read.
package struct ShardRecord: Hashable, Sendable {
    package let kind: ShardKind
    package let id: String
    /// Raised by every take-over.
    package let epoch: Int64
    package let owner: InstanceID?

    package init(kind: ShardKind, id: String, epoch: Int64, owner: InstanceID?) {
        self.kind = kind
        self.id = id
        self.epoch = epoch
        self.owner = owner
    }
}

/// The owners of shards: `cluster.shard`.
package struct ShardRepository: Sendable {
    let store: Store
    package init(_ store: Store) { self.store = store }

    /// Makes the rows that are missing, at epoch 0 and without an owner.
    package func ensure(_ kind: ShardKind, _ ids: [String]) async throws(StoreError) {
        try await store.query("SELECT cluster.ensure_shards(\(kind.rawValue), \(TextArray(ids))::text[])")
    }

    /// All shards of a kind, by id.
    package func list(_ kind: ShardKind) async throws(StoreError) -> [ShardRecord] {
        let rows = try await store.query(
            "SELECT kind, id, epoch, owner FROM cluster.shard WHERE kind = \(kind.rawValue) ORDER BY id")
        var shards: [ShardRecord] = []
        for row in rows {
            shards.append(
                ShardRecord(
                    kind: try row.value("kind"), id: try row.string("id"), epoch: try row.int64("epoch"),
                    owner: try row.uuidOrNil("owner").map { InstanceID($0) }))
        }
        return shards
    }

    /// Takes a shard over from the state that the caller saw, under a new epoch; `nil` if it changed since, or if its owner
    /// has renewed its row within its time to live.
    ///
    /// Waits for transactions that hold the old epoch, up to the statement's deadline (then `timeout`: try again).
    package func claim(
        _ seen: ShardRecord, by credential: InstanceCredential
    ) async throws(StoreError) -> ShardClaim? {
        let rows = try await store.query(
            """
            SELECT cluster.claim_shard(\(credential.id), \(credential.secret), \(seen.kind.rawValue), \(seen.id),
                \(seen.epoch), \(seen.owner)) AS epoch
            """)
        guard let epoch = try rows.first?.int64OrNil("epoch") else { return nil }
        return ShardClaim(kind: seen.kind, id: seen.id, epoch: epoch)
    }

    /// Gives up a shard of the credential's instance; `false` if it was lost already.
    @discardableResult
    package func release(_ claim: ShardClaim, by credential: InstanceCredential) async throws(StoreError) -> Bool {
        let rows = try await store.query(
            """
            SELECT cluster.release_shard(\(credential.id), \(credential.secret), \(claim.kind.rawValue), \(claim.id),
                \(claim.epoch)) AS released
            """)
        return try rows.first?.bool("released") == true
    }

    /// Whether `owner` holds the claim right now. A write needs `Store.fenced`, not this.
    package func isCurrent(_ claim: ShardClaim, owner: InstanceID) async throws(StoreError) -> Bool {
        let rows = try await store.query(
            """
            SELECT 1 FROM cluster.shard WHERE kind = \(claim.kind.rawValue) AND id = \(claim.id)
                AND epoch = \(claim.epoch) AND owner = \(owner)
            """)
        return !rows.isEmpty
    }
}
