// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// A decision as it was made: a row of `scheduling.decision`.
package struct DecisionRow: Hashable, Sendable {
    package var id: UUID128
    package var cluster: ClusterID
    package var epoch: Int64
    package var domain: DomainID
    package var at: Timestamp
    package var verdict: Recognised<Verdict>
    package var rulesVersion: Int
    package var summary: String
    /// Canonical JSON, kept to the byte.
    package var record: String
    /// The command that it ordered.
    package var command: UUID128?

    package init(
        id: UUID128, cluster: ClusterID, epoch: Int64, domain: DomainID, at: Timestamp,
        verdict: Recognised<Verdict>,
        rulesVersion: Int, summary: String, record: String, command: UUID128? = nil
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

/// An outcome of a decision; there may be several, in the order of their instants.
package struct DecisionOutcome: Hashable, Sendable {
    package var decision: UUID128
    package var at: Timestamp
    package var outcome: Recognised<ActionEnd>
    package var detail: String

    package init(decision: UUID128, at: Timestamp, outcome: Recognised<ActionEnd>, detail: String) {
        self.decision = decision
        self.at = at
        self.outcome = outcome
        self.detail = detail
    }
}

/// Which decisions to list; every condition that is set must hold.
package struct DecisionFilter: Hashable, Sendable {
    package var domain: DomainID?
    /// Only decisions about domains that were the tenant's at that time.
    package var tenant: TenantID?
    package var period: TimeRange?
    /// How many at most; the newest first.
    package var limit: Int

    package init(domain: DomainID? = nil, tenant: TenantID? = nil, period: TimeRange? = nil, limit: Int = 100) {
        self.domain = domain
        self.tenant = tenant
        self.period = period
        self.limit = limit
    }
}

/// Decisions and their outcomes. Nothing is ever changed or removed.
package struct DecisionRepository: Sendable {
    let store: Store
    private let commands: CommandRepository
    package init(_ store: Store) {
        self.store = store
        commands = CommandRepository(store)
    }

    /// Records a decision and queues the command that it orders, both or neither. A decision that exists already, and
    /// its command, stay as they are: an instance that took over may decide the same again. Throws `fenced`.
    @discardableResult
    package func insert(
        _ decision: DecisionRow, command: NewCommand? = nil, under claim: ShardClaim,
        in transaction: Transaction? = nil
    ) async throws -> CommandRecord? {
        try await store.fenced(claim, in: transaction) { transaction in
            try await add(decision, command: command?.id, claim, in: transaction)
            guard let command else { return nil }
            return try await commands.enqueue(command, in: transaction)
        }
    }

    /// Records decisions that order no command, all or none. Throws `fenced`.
    package func insert(_ decisions: [DecisionRow], under claim: ShardClaim) async throws {
        try await store.fenced(claim) { transaction in
            for decision in decisions { try await add(decision, command: nil, claim, in: transaction) }
        }
    }

    private func add(
        _ decision: DecisionRow, command: UUID128?, _ claim: ShardClaim, in transaction: Transaction
    ) async throws {
        _ = try await transaction.query(
            """
            INSERT INTO scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary,
                record, command)
            VALUES (\(decision.id), \(decision.cluster), \(claim.epoch), \(decision.domain), \(decision.at),
                \(decision.verdict.text), \(decision.rulesVersion), \(decision.summary), \(decision.record),
                \(command ?? decision.command))
            ON CONFLICT (id) DO NOTHING
            """)
    }

    /// Adds an outcome; the same instant of the same decision is kept once. Throws `fenced`.
    package func addOutcome(
        _ outcome: DecisionOutcome, under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                INSERT INTO scheduling.decision_outcome (decision, at_ns, outcome, detail)
                VALUES (\(outcome.decision), \(outcome.at), \(outcome.outcome.text), \(outcome.detail))
                ON CONFLICT DO NOTHING
                """)
        }
    }

    package func outcomes(of decision: UUID128) async throws(StoreError) -> [DecisionOutcome] {
        let rows = try await store.query(
            "SELECT * FROM scheduling.decision_outcome WHERE decision = \(decision) ORDER BY at_ns")
        var outcomes: [DecisionOutcome] = []
        for row in rows {
            outcomes.append(
                DecisionOutcome(
                    decision: try row.uuid("decision"), at: try row.timestamp("at_ns"),
                    outcome: Recognised(try row.string("outcome")), detail: try row.string("detail")))
        }
        return outcomes
    }

    /// Newest first.
    package func list(_ filter: DecisionFilter) async throws(StoreError) -> [DecisionRow] {
        var query: Query = "SELECT s.* FROM scheduling.decision s WHERE true"
        if let domain = filter.domain { query += " AND s.domain = \(domain)" }
        query += " AND \(Query.isOwned(by: filter.tenant, domain: "s.domain", at: "s.at_ns"))"
        if let period = filter.period { query += " AND s.at_ns >= \(period.start) AND s.at_ns < \(period.end)" }
        return try await decisions(query + " ORDER BY s.at_ns DESC, s.id LIMIT \(max(0, filter.limit))")
    }

    /// - Parameter owner: only if its domain was this tenant's at that time; `nil`: any tenant's.
    package func fetch(_ id: UUID128, ownedBy owner: TenantID? = nil) async throws(StoreError) -> DecisionRow? {
        try await decisions(
            """
            SELECT s.* FROM scheduling.decision s
            WHERE s.id = \(id) AND \(Query.isOwned(by: owner, domain: "s.domain", at: "s.at_ns"))
            """
        ).first
    }

    /// These decisions, in one statement whatever their number.
    package func fetch(_ ids: [UUID128]) async throws(StoreError) -> [DecisionRow] {
        guard !ids.isEmpty else { return [] }
        let texts = TextArray(ids.map(\.description))
        return try await decisions("SELECT * FROM scheduling.decision WHERE id = ANY(\(texts)::uuid[])")
    }

    /// The decision that held for a domain at an instant: the newest one not after it.
    package func decision(for domain: DomainID, at instant: Timestamp) async throws(StoreError) -> DecisionRow? {
        try await decisions(
            """
            SELECT * FROM scheduling.decision WHERE domain = \(domain) AND at_ns <= \(instant)
            ORDER BY at_ns DESC, id DESC LIMIT 1
            """
        ).first
    }

    func decisions(_ query: Query) async throws(StoreError) -> [DecisionRow] {
        var decisions: [DecisionRow] = []
        for row in try await store.query(query) { decisions.append(try DecisionRow(row)) }
        return decisions
    }
}

extension DecisionRow {
    fileprivate init(_ row: Row) throws(StoreError) {
        self.init(
            id: try row.uuid("id"), cluster: ClusterID(trusted: try row.string("cluster")),
            epoch: try row.int64("epoch"), domain: try row.domain("domain"), at: try row.timestamp("at_ns"),
            verdict: Recognised(try row.string("verdict")), rulesVersion: try row.int("rules_version"),
            summary: try row.string("summary"), record: try row.string("record"),
            command: try row.uuidOrNil("command"))
    }
}
