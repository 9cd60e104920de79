// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A shard as the database has it.
package struct ShardRow: Hashable, Sendable {
    package let kind: ShardKind
    package let id: String
    /// Counts up at every claim.
    package let epoch: Int64
    package let owner: InstanceID?
}

/// `cluster.shard`: who owns what. An epoch never goes back and never has two owners.
package struct ShardRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    /// Adds rows for shards that have none; others stay as they are.
    package func ensure(_ kind: ShardKind, ids: [String]) async throws(StoreError) {
        guard !ids.isEmpty else { return }
        _ = try await runner.query(
            """
            INSERT INTO cluster.shard (kind, id)
            SELECT \(kind.rawValue), unnest(string_to_array(\(ids.sorted().joined(separator: "\n")), chr(10)))
            ON CONFLICT (kind, id) DO NOTHING
            """)
    }

    /// All shards of a kind, by id.
    package func list(_ kind: ShardKind) async throws(StoreError) -> [ShardRow] {
        try await rows("SELECT * FROM cluster.shard WHERE kind = \(kind.rawValue) ORDER BY id")
    }

    package func fetch(_ kind: ShardKind, id: String) async throws(StoreError) -> ShardRow? {
        try await rows("SELECT * FROM cluster.shard WHERE kind = \(kind.rawValue) AND id = \(id)").first
    }

    /// Takes the shard from exactly the state that was seen, raising its epoch; waits for writes under the old one.
    ///
    /// - Returns: the new epoch; `nil` if somebody else was faster.
    package func claim(
        _ kind: ShardKind, id: String, by instance: InstanceID, expectedEpoch: Int64, expectedOwner: InstanceID?
    ) async throws(StoreError) -> Int64? {
        let rows = try await runner.query(
            """
            UPDATE cluster.shard SET epoch = epoch + 1, owner = \(instance)
            WHERE kind = \(kind.rawValue) AND id = \(id) AND epoch = \(expectedEpoch)
                AND owner IS NOT DISTINCT FROM \(expectedOwner)
            RETURNING epoch
            """)
        return try rows.first.map { row throws(StoreError) in try row.int64("epoch") }
    }

    /// Gives the shard up, unless it has been taken already.
    package func release(_ kind: ShardKind, id: String, epoch: Int64) async throws(StoreError) {
        _ = try await runner.query(
            """
            UPDATE cluster.shard SET owner = NULL
            WHERE kind = \(kind.rawValue) AND id = \(id) AND epoch = \(epoch)
            """)
    }

    /// Whether the claim still holds at this instant; for dependent writes use `Transaction.require`.
    package func isCurrent(_ claim: ShardClaim) async throws(StoreError) -> Bool {
        try await !runner.query(
            """
            SELECT 1 FROM cluster.shard
            WHERE kind = \(claim.kind.rawValue) AND id = \(claim.id) AND epoch = \(claim.epoch)
            """
        ).isEmpty
    }

    private func rows(_ query: Query) async throws(StoreError) -> [ShardRow] {
        var shards: [ShardRow] = []
        for row in try await runner.query(query) {
            shards.append(
                ShardRow(
                    kind: try row.value("kind"), id: try row.string("id"), epoch: try row.int64("epoch"),
                    owner: try row.uuidOrNil("owner").map(InstanceID.init)))
        }
        return shards
    }
}
