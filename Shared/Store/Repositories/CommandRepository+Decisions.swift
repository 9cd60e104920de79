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

/// A migration that a person ordered and that has not ended.
package struct OrderedMoveRow: Hashable, Sendable {
    package let domain: DomainID
    /// The host's name as it was ordered.
    package let target: String
}

extension CommandRepository {
    /// Migrations under way that Scheduler did not decide.
    package func orderedMoves() async throws(StoreError) -> [OrderedMoveRow] {
        var moves: [OrderedMoveRow] = []
        let rows = try await store.query(
            """
            SELECT domain, arguments->>'target' AS target FROM cluster.command
            WHERE state IN ('queued', 'claimed') AND verb = 'migrate' AND decision IS NULL ORDER BY created_ns, id
            """)
        for row in rows {
            guard let target = try row.stringOrNil("target") else { continue }
            moves.append(OrderedMoveRow(domain: try row.domain("domain"), target: target))
        }
        return moves
    }
}
