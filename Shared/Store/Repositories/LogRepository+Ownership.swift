// SPDX-License-Identifier: Apache-2.0

package import Contracts

extension LogRepository {
    /// Up to where each stream of these topics is stored; for a stream that is missing nothing is stored yet.
    package func watermarks(
        of topics: [Topic], in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> [StreamID: Int64] {
        let rows = try await (runner ?? store).query(
            "SELECT topic, epoch, sequence FROM log.watermark WHERE topic = ANY(\(TextArray(topics.map(\.text)))::text[])"
        )
        var watermarks: [StreamID: Int64] = [:]
        for row in rows {
            let stream = try row.stream(epoch: "epoch")
            watermarks[stream] = try row.int64("sequence")
        }
        return watermarks
    }

    /// Makes the shards that are missing: one per host by its id, one per cluster as `<prefix><id>`, and the sealer's.
    package func ensureShards(clusterPrefix prefix: String) async throws(StoreError) {
        try await store.query(
            """
            SELECT cluster.ensure_shards(k.kind, array_agg(k.id)) FROM (
                SELECT 'log' AS kind, id FROM inventory.host
                UNION SELECT 'log', \(prefix)::text || cluster FROM inventory.host
                UNION SELECT 'audit', 'main') k
            WHERE NOT EXISTS (SELECT 1 FROM cluster.shard s WHERE s.kind = k.kind AND s.id = k.id)
            GROUP BY k.kind
            """)
    }
}
