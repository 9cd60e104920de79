// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

extension CommandRepository {
    /// The commands that a decision gave, oldest first: one for each of its steps.
    package func commands(of decision: UUID128) async throws(StoreError) -> [CommandRecord] {
        var commands: [CommandRecord] = []
        let rows = try await store.query(
            "SELECT * FROM cluster.command WHERE decision = \(decision) ORDER BY created_ns, id")
        for row in rows { commands.append(try CommandRecord(row)) }
        return commands
    }
}
