// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Something that somebody did, for the audit.
package struct AuditEvent: Hashable, Sendable {
    package var at: Timestamp
    /// Who: a person whom the gateway knows, or the service that did it. The session's role may not write in another
    /// name.
    package var actor: String
    /// What was done, such as `policy.set`.
    package var action: String
    /// Whom or what it was done to.
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

extension AuditEvent {
    fileprivate init(_ row: Row) throws(StoreError) {
        self.init(
            at: try row.timestamp("at_ns"), actor: try row.string("actor"), action: try row.string("action"),
            subject: try row.string("subject"), detail: try row.string("detail"))
    }
}

/// A sealed entry of the chain.
package struct AuditEntry: Hashable, Sendable {
    /// From 1, without holes.
    package let sequence: Int64
    package let event: AuditEvent
    /// Whose session wrote it, as the database saw it: a service, or an administrator's role. `nil`: it was written
    /// before this was kept.
    package let service: String?
    /// The text that is hashed: `hash` is the hash over the previous entry's hash (for the first entry: SHA-256 of `ebb
    /// audit`) and this text.
    package let canonical: String
    package let hash: [UInt8]

    init(_ row: Row) throws(StoreError) {
        sequence = try row.int64("sequence")
        event = try AuditEvent(row)
        service = try row.stringOrNil("service")
        canonical = try row.string("canonical")
        hash = try row.bytes("hash")
    }
}

/// An entry as people list it.
package struct AuditListing: Hashable, Sendable {
    /// `nil`: it waits to be sealed.
    package let sequence: Int64?
    package let event: AuditEvent
}

/// Which entries to list; a condition that is `nil` does not count.
package struct AuditFilter: Hashable, Sendable {
    /// A VM by its name, and only in the times in which it had that name.
    package struct Subject: Hashable, Sendable {
        package let domain: DomainID
        package let name: String
        /// Only while the VM was this tenant's; `nil`: at any time.
        package let tenant: TenantID?

        package init(domain: DomainID, name: String, tenant: TenantID?) {
            self.domain = domain
            self.name = name
            self.tenant = tenant
        }
    }

    package var since = Timestamp.zero
    /// Only what this tenant's own people did.
    package var peopleOf: TenantID?
    /// Who did it; `nil`: anybody. A service's notes about what it carried out are listed only for the service's own
    /// name.
    package var actor: String?
    package var subject: Subject?
    package var limit: Int

    package init(limit: Int) { self.limit = limit }
}

/// The audit outbox and its sealed chain: `audit`. Nobody can change or remove an entry.
package struct AuditRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Puts an event into the outbox, in the transaction of the act itself. Throws `insufficientPrivilege` if the
    /// session's role may not write in the actor's name.
    package static func append(_ event: AuditEvent, in runner: any QueryRunner) async throws(StoreError) {
        try await runner.query(
            """
            SELECT audit.append(\(event.at), \(event.actor), \(event.action), \(event.subject), \(event.detail)::jsonb)
            """)
    }

    /// When the oldest entry that waits to be sealed was written; `nil`: none waits.
    package func oldestUnsealed() async throws(StoreError) -> Timestamp? {
        try await store.query("SELECT at_ns FROM audit.outbox ORDER BY id LIMIT 1").first?.timestamp("at_ns")
    }

    /// Notes what a service has carried out because another instance asked for it over the bus, whatever that instance
    /// was; in the transaction of the act itself.
    ///
    /// - Parameters:
    ///   - asker: the instance that asked.
    ///   - principal: in whose name that instance says it asked; `nil`: it does not say.
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

    /// Seals at most `limit` waiting entries by giving them their sequence and hash; returns how many. Throws `fenced`.
    package func seal(under claim: ShardClaim, limit: Int = 1_000) async throws(StoreError) -> Int {
        let rows = try await store.query("SELECT audit.seal(\(claim.epoch), \(limit)::int4) AS count")
        guard let count = try rows.first?.int("count"), count >= 0 else { throw .fenced(claim) }
        return count
    }

    /// Sealed entries after a sequence, in order.
    package func list(after sequence: Int64, limit: Int = 1_000) async throws(StoreError) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        for row in try await store.query(
            """
            SELECT e.*, audit.canonical(sequence, at_ns, actor, action, subject, detail, service) AS canonical
            FROM audit.entry e WHERE sequence > \(sequence) ORDER BY sequence LIMIT \(limit)
            """)
        {
            entries.append(try AuditEntry(row))
        }
        return entries
    }

    /// Newest first, also entries that Logger has not sealed yet.
    package func newest(_ filter: AuditFilter) async throws(StoreError) -> [AuditListing] {
        let wanted = Self.condition(filter)
        let rows = try await store.query(
            """
            SELECT * FROM (
                (SELECT sequence, outbox, at_ns, actor, action, subject, detail FROM audit.entry
                    WHERE \(wanted) ORDER BY sequence DESC LIMIT \(filter.limit))
                UNION ALL
                (SELECT NULL, id, at_ns, actor, action, subject, detail FROM audit.outbox
                    WHERE \(wanted) ORDER BY id DESC LIMIT \(filter.limit))
            ) listed ORDER BY sequence DESC NULLS FIRST, outbox DESC LIMIT \(filter.limit)
            """)
        return store.setAside.read(rows, of: "audit.entry", by: ["outbox"]) { row throws(StoreError) in
            AuditListing(sequence: try row.int64OrNil("sequence"), event: try AuditEvent(row))
        }
    }

    private static func condition(_ filter: AuditFilter) -> Query {
        var query: Query = "at_ns >= \(filter.since)"
        if let tenant = filter.peopleOf {
            query += " AND actor IN (SELECT name FROM account.principal WHERE tenant = \(tenant))"
        }
        if let actor = filter.actor {
            query += " AND actor = \(actor)"
        } else {
            query += " AND (service IS NULL OR actor <> service)"
        }
        if let subject = filter.subject {
            query += " AND subject = \(subject.name) AND \(isNoNamesakes(of: subject))"
        }
        return query
    }

    /// The audit names its subjects. This excludes entries from times in which another VM of the same tenant had the
    /// name.
    private static func isNoNamesakes(of subject: AuditFilter.Subject) -> Query {
        """
        NOT EXISTS (SELECT 1 FROM inventory.domain_ownership o JOIN inventory.domain_ownership own
                ON own.domain = \(subject.domain) AND own.tenant = o.tenant
            WHERE o.domain <> \(subject.domain) AND o.name = subject
                AND (\(subject.tenant)::text IS NULL OR o.tenant = \(subject.tenant))
                AND o.from_ns <= at_ns AND (o.until_ns IS NULL OR o.until_ns > at_ns))
        """
    }
}
