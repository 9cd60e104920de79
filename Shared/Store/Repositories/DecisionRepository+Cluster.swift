// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// A position in a reading of all decisions; the first decision is after `start`.
package struct DecisionPosition: Hashable, Sendable {
    package let at: Timestamp
    package let id: UUID128

    /// Before every decision.
    package static let start = DecisionPosition(at: .zero, id: UUID128(high: 0, low: 0))

    package init(at: Timestamp, id: UUID128) {
        self.at = at
        self.id = id
    }
}

// Queries about a whole cluster: all of its decisions, and those that are under way.
extension DecisionRepository {
    /// Decisions of a cluster after `position`, oldest first, at most `limit`: page by page through all of them.
    package func page(
        of cluster: ClusterID, after position: DecisionPosition, limit: Int
    ) async throws(StoreError) -> [DecisionRow] {
        try await decisions(
            """
            SELECT * FROM scheduling.decision WHERE cluster = \(cluster)
                AND (at_ns, id) > (\(position.at), \(position.id)) ORDER BY at_ns, id LIMIT \(max(0, limit))
            """)
    }

    /// Decisions that ordered a command and whose end is not recorded, if they were made since `since` or their command
    /// is still open, oldest first. An instance that takes over the cluster goes on with them.
    package func unfinished(of cluster: ClusterID, since: Timestamp) async throws(StoreError) -> [DecisionRow] {
        try await decisions(
            """
            SELECT * FROM scheduling.decision d WHERE cluster = \(cluster) AND command IS NOT NULL
                AND (at_ns >= \(since)
                    OR id IN (SELECT decision FROM cluster.command WHERE state IN ('queued', 'claimed')))
                AND NOT EXISTS (SELECT FROM scheduling.decision_outcome o WHERE o.decision = d.id)
            ORDER BY at_ns, id
            """)
    }

    /// From `since` to before `before`, oldest first: moves of any domain of a cluster, also those that a person
    /// ordered, and every change of these domains. The rests after them may be longer than all other rests.
    package func actions(
        of cluster: ClusterID, changing domains: [DomainID], since: Timestamp, before: Timestamp
    ) async throws(StoreError) -> [DecisionRow] {
        let ids = TextArray(domains.map(\.description))
        let orderedMove = "%\"reason\":\"\(Reason.orderedMove.rawValue)\"%"
        return try await decisions(
            """
            SELECT * FROM scheduling.decision WHERE cluster = \(cluster) AND at_ns >= \(since) AND at_ns < \(before)
                AND (command IS NOT NULL AND (verdict = \(Verdict.migrate.rawValue) OR domain = ANY(\(ids)::text[]::uuid[]))
                    OR verdict = \(Verdict.nothing.rawValue) AND record LIKE \(orderedMove))
            ORDER BY at_ns, id
            """)
    }

    /// The last outcome of each decision that has one.
    package func outcomes(of decisions: [UUID128]) async throws(StoreError) -> [UUID128: DecisionOutcome] {
        guard !decisions.isEmpty else { return [:] }
        let ids = TextArray(decisions.map(\.description))
        let rows = try await store.query(
            """
            SELECT DISTINCT ON (decision) * FROM scheduling.decision_outcome
            WHERE decision = ANY(\(ids)::text[]::uuid[]) ORDER BY decision, at_ns DESC
            """)
        var outcomes: [UUID128: DecisionOutcome] = [:]
        for row in rows {
            let decision = try row.uuid("decision")
            outcomes[decision] = DecisionOutcome(
                decision: decision, at: try row.timestamp("at_ns"), outcome: Recognised(try row.string("outcome")),
                detail: try row.string("detail"))
        }
        return outcomes
    }

    /// The newest decision before `before` about each domain of a cluster that is not deleted, by domain.
    package func latest(
        of cluster: ClusterID, since: Timestamp, before: Timestamp = .distantFuture
    ) async throws(StoreError) -> [DecisionRow] {
        try await decisions(
            """
            SELECT DISTINCT ON (d.domain) d.* FROM scheduling.decision d
                JOIN inventory.domain v ON v.id = d.domain AND v.deleted_ns IS NULL
            WHERE d.cluster = \(cluster) AND d.at_ns >= \(since) AND d.at_ns < \(before)
            ORDER BY d.domain, d.at_ns DESC, d.id DESC
            """)
    }
}
