// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Something that somebody did, to be kept.
package struct AuditEvent: Hashable, Sendable {
    package var at: Timestamp
    /// Who: a person whom the gateway knows, or the service that did it. The session's role may write as no other.
    package var actor: String
    /// What, such as `policy.set`.
    package var action: String
    /// To whom or what.
    package var subject: String
    /// A JSON object.
    package var detail: String

    package init(at: Timestamp, actor: String, action: String, subject: String, detail: String = "{}") {
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
    }
}

/// A sealed entry of the chain.
package struct AuditEntry: Hashable, Sendable {
    /// From 1, without holes.
    package let sequence: Int64
    package let event: AuditEvent
    /// Whose session wrote it, as the database saw it: a service, or an administrator's role. `nil`: it is from before this
    /// was kept.
    package let service: String?
    /// What `hash` is taken over, after the previous entry's hash (the first: after SHA-256 of `ebb audit`).
    package let canonical: String
    package let hash: [UInt8]
}

/// The audit outbox and its sealed chain: `audit`. Nobody can change or remove an entry.
package struct AuditRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Puts an event into the outbox: give the transaction of the act itself. Throws `insufficientPrivilege` for an actor
    /// in whose name the session's role may not write.
    package static func append(_ event: AuditEvent, in runner: any QueryRunner) async throws(StoreError) {
        try await runner.query(
            """
            SELECT audit.append(\(event.at), \(event.actor), \(event.action), \(event.subject), \(event.detail)::jsonb)
            """)
    }

    /// Notes what a service has carried out because another instance asked for it over the bus, whoever that was: give the
    /// transaction of the act itself.
    ///
    /// - Parameters:
    ///   - asker: the instance that asked.
    ///   - principal: in whose name it says that it asked; `nil`: it does not say.
    package static func carriedOut(
        _ action: String, on subject: String, by service: ServiceKind, asker: InstanceID, for principal: String? = nil,
        at instant: Timestamp, in runner: any QueryRunner
    ) async throws(StoreError) {
        try await runner.query(
            """
            SELECT audit.append(\(instant), \(service.rawValue), \(action), \(subject),
                jsonb_strip_nulls(jsonb_build_object('asker', \(asker)::uuid, 'principal', \(principal)::text)))
            """)
    }

    /// Gives waiting entries, at most `limit`, their sequence and hash; returns how many. Throws `fenced`.
    package func seal(under claim: ShardClaim, limit: Int = 1_000) async throws(StoreError) -> Int {
        let rows = try await store.query("SELECT audit.seal(\(claim.epoch), \(limit)::int4) AS count")
        guard let count = try rows.first?.int("count"), count >= 0 else { throw .fenced(claim) }
        return count
    }

    /// Sealed entries after a sequence, in order.
    package func list(after sequence: Int64, limit: Int = 1_000) async throws(StoreError) -> [AuditEntry] {
        let rows = try await store.query(
            """
            SELECT e.*, audit.canonical(sequence, at_ns, actor, action, subject, detail, service) AS canonical
            FROM audit.entry e WHERE sequence > \(sequence) ORDER BY sequence LIMIT \(limit)
            """)
        var entries: [AuditEntry] = []
        for row in rows {
            let event = AuditEvent(
                at: try row.timestamp("at_ns"), actor: try row.string("actor"), action: try row.string("action"),
                subject: try row.string("subject"), detail: try row.string("detail"))
            entries.append(
                AuditEntry(
                    sequence: try row.int64("sequence"), event: event, service: try row.stringOrNil("service"),
                    canonical: try row.string("canonical"), hash: try row.bytes("hash")))
        }
        return entries
    }
}
