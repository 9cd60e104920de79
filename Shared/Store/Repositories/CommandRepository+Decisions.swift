// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

extension CommandRepository {
    /// Commands of decisions that have not ended, on these hosts, oldest first: what a Scheduler that takes over goes on
    /// following.
    package func underWay(on hosts: [HostID]) async throws(StoreError) -> [CommandRecord] {
        var commands: [CommandRecord] = []
        let rows = try await store.query(
            """
            SELECT * FROM cluster.command WHERE host = ANY(\(TextArray(hosts.map(\.name)))::text[])
                AND decision IS NOT NULL AND state IN ('queued', 'claimed') ORDER BY created_ns, id
            """)
        for row in rows { commands.append(try CommandRecord(row)) }
        return commands
    }
}
