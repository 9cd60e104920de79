// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Who did what: an entry of the outbox, sealed or not yet.
package struct AuditRow: Hashable, Sendable {
    /// Its place in the sealed chain; `nil` for a moment after the act.
    package let sequence: Int64?
    package let at: Timestamp
    package let actor: String
    package let action: String
    package let subject: String
    /// JSON.
    package let detail: String
}

/// `audit`: everybody appends in the transaction of the act, Logger seals, nobody changes.
package struct AuditRepository: Sendable {
    private let runner: any QueryRunner

    /// Pass the transaction of the act to `append`.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    /// - Parameter detail: JSON, without secrets.
    package func append(
        actor: String, action: String, subject: String, detail: String
    ) async throws(StoreError) {
        _ = try await runner.query(
            """
            INSERT INTO audit.outbox (actor, action, subject, detail)
            VALUES (\(actor), \(action), \(subject), \(detail)::jsonb)
            """)
    }

    /// Gives at most `limit` entries of the outbox their sequence and hash; returns how many.
    ///
    /// - Throws: `fenced` if the claim is not ours any more.
    package func seal(_ claim: ShardClaim, limit: Int) async throws(StoreError) -> Int {
        let count = try await runner.query("SELECT audit.seal(\(claim.epoch), \(limit)::int4) AS count").first?.int("count")
        guard let count, count >= 0 else { throw .fenced(claim) }
        return count
    }

    /// Sealed entries, newest first, at most `limit`.
    ///
    /// - Parameter subjects: only acts on one of these; `nil` for all.
    package func list(
        actor: String? = nil, subjects: [String]? = nil, since: Timestamp = .zero, limit: Int
    ) async throws(StoreError) -> [AuditRow] {
        var query: Query =
            "SELECT sequence, at_ns, actor, action, subject, detail FROM audit.entry WHERE at_ns >= \(since)"
        if let actor { query += " AND actor = \(actor)" }
        if let subjects {
            query += " AND subject = ANY(string_to_array(\(subjects.joined(separator: "\n")), chr(10)))"
        }
        var entries: [AuditRow] = []
        for row in try await runner.query(query + " ORDER BY sequence DESC LIMIT \(limit)") {
            entries.append(
                AuditRow(
                    sequence: try row.int64OrNil("sequence"), at: try row.timestamp("at_ns"),
                    actor: try row.string("actor"), action: try row.string("action"),
                    subject: try row.string("subject"), detail: try row.string("detail")))
        }
        return entries
    }
}
