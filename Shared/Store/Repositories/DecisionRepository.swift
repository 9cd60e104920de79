// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A decision as stored: what is searched for beside the record itself.
package struct DecisionRow: Hashable, Sendable {
    package let id: UUID128
    package let cluster: ClusterID
    package let epoch: Int64
    package let domain: DomainID
    package let at: Timestamp
    /// `grow`, `shrink`, `migrate`, `refuse` or `nothing`.
    package let verdict: String
    package let rulesVersion: Int
    package let summary: String
    /// Canonical JSON, to the byte.
    package let record: String
    /// The command that carries it out.
    package let command: UUID128?

    package init(
        id: UUID128, cluster: ClusterID, epoch: Int64, domain: DomainID, at: Timestamp, verdict: String,
        rulesVersion: Int, summary: String, record: String, command: UUID128?
    ) {
        self.id = id
        self.cluster = cluster
        self.epoch = epoch
        self.domain = domain
        self.at = at
        self.verdict = verdict
        self.rulesVersion = rulesVersion
        self.summary = summary
        self.record = record
        self.command = command
    }
}

/// What became of a decision.
package struct DecisionOutcomeRow: Hashable, Sendable {
    package let decision: UUID128
    package let at: Timestamp
    /// `succeeded`, `failed` or `outcome-unknown`.
    package let outcome: String
    package let detail: String

    package init(decision: UUID128, at: Timestamp, outcome: String, detail: String) {
        self.decision = decision
        self.at = at
        self.outcome = outcome
        self.detail = detail
    }
}

/// `scheduling.decision` and its outcomes; rows are only ever added. Scheduler writes.
package struct DecisionRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction (where a decision stands with its command).
    package init(_ runner: any QueryRunner) { self.runner = runner }

    /// Stores a decision once: the same id again changes nothing. Returns whether it was new.
    @discardableResult
    package func insert(_ decision: DecisionRow) async throws(StoreError) -> Bool {
        let rows = try await runner.query(
            """
            INSERT INTO scheduling.decision
                (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record, command)
            VALUES (\(decision.id), \(decision.cluster), \(decision.epoch), \(decision.domain), \(decision.at),
                \(decision.verdict), \(decision.rulesVersion), \(decision.summary), \(decision.record),
                \(decision.command))
            ON CONFLICT (id) DO NOTHING RETURNING id
            """)
        return !rows.isEmpty
    }

    package func insertOutcome(_ outcome: DecisionOutcomeRow) async throws(StoreError) {
        _ = try await runner.query(
            """
            INSERT INTO scheduling.decision_outcome (decision, at_ns, outcome, detail)
            VALUES (\(outcome.decision), \(outcome.at), \(outcome.outcome), \(outcome.detail))
            ON CONFLICT (decision, at_ns) DO NOTHING
            """)
    }

    package func fetch(_ id: UUID128) async throws(StoreError) -> DecisionRow? {
        try await decisions("SELECT * FROM scheduling.decision WHERE id = \(id)").first
    }

    /// Newest first, at most `limit`.
    ///
    /// - Parameters:
    ///   - tenant: only decisions about its domains.
    ///   - domain: only decisions about this one.
    package func list(
        tenant: TenantID? = nil, domain: DomainID? = nil, since: Timestamp = .zero, limit: Int
    ) async throws(StoreError) -> [DecisionRow] {
        var query: Query = "SELECT c.* FROM scheduling.decision c WHERE c.at_ns >= \(since)"
        if let domain { query += " AND c.domain = \(domain)" }
        if let tenant {
            query += " AND c.domain IN (SELECT d.id FROM inventory.domain d WHERE d.tenant = \(tenant))"
        }
        return try await decisions(query + " ORDER BY c.at_ns DESC, c.id LIMIT \(limit)")
    }

    /// The last decision about a domain at or before an instant.
    package func last(about domain: DomainID, at instant: Timestamp) async throws(StoreError) -> DecisionRow? {
        try await decisions(
            """
            SELECT * FROM scheduling.decision WHERE domain = \(domain) AND at_ns <= \(instant)
            ORDER BY at_ns DESC, id LIMIT 1
            """
        ).first
    }

    /// The latest outcome of each of these decisions.
    package func outcomes(of decisions: [UUID128]) async throws(StoreError) -> [UUID128: DecisionOutcomeRow] {
        var outcomes: [UUID128: DecisionOutcomeRow] = [:]
        let ids = "{" + decisions.map(\.description).joined(separator: ",") + "}"
        let rows = try await runner.query(
            """
            SELECT DISTINCT ON (decision) * FROM scheduling.decision_outcome
            WHERE decision = ANY(\(ids)::uuid[]) ORDER BY decision, at_ns DESC
            """)
        for row in rows {
            let outcome = DecisionOutcomeRow(
                decision: try row.uuid("decision"), at: try row.timestamp("at_ns"), outcome: try row.string("outcome"),
                detail: try row.string("detail"))
            outcomes[outcome.decision] = outcome
        }
        return outcomes
    }

    private func decisions(_ query: Query) async throws(StoreError) -> [DecisionRow] {
        var decisions: [DecisionRow] = []
        for row in try await runner.query(query) {
            decisions.append(
                DecisionRow(
                    id: try row.uuid("id"), cluster: ClusterID(trusted: try row.string("cluster")),
                    epoch: try row.int64("epoch"), domain: try row.domain("domain"), at: try row.timestamp("at_ns"),
                    verdict: try row.string("verdict"), rulesVersion: try row.int("rules_version"),
                    summary: try row.string("summary"), record: try row.string("record"),
                    command: try row.uuidOrNil("command")))
        }
        return decisions
    }
}
