// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// A row of `cluster.freeze`: while it exists, no decision's command runs for its subject.
package struct FreezeRecord: Hashable, Sendable {
    package var subject: FreezeSubject
    package var reason: String
    package var principal: String
    /// Whether Scheduler froze by itself, since too much failed or changed.
    package var isAutomatic: Bool
    package var createdAt: Timestamp
    /// Whether a tenant's own people ordered it; otherwise the provider's or Ebb itself. Stored as what `principal` is.
    package var isTenants: Bool

    package init(
        _ subject: FreezeSubject, reason: String, principal: String, isAutomatic: Bool, createdAt: Timestamp,
        isTenants: Bool = false
    ) {
        self.isTenants = isTenants
        self.subject = subject
        self.reason = reason
        self.principal = principal
        self.isAutomatic = isAutomatic
        self.createdAt = createdAt
    }

    init(_ row: Row) throws(StoreError) {
        subject = FreezeSubject(scope: try row.string("scope"), id: try row.string("id"))
        reason = try row.string("reason")
        principal = try row.string("principal")
        isAutomatic = try row.bool("is_automatic")
        isTenants = try row.bool("by_tenant")
        // The freeze holds, whatever instant the row has.
        createdAt = Timestamp(nanoseconds: try row.int64("created_ns"))
    }
}

/// Freezes: `cluster.freeze`.
package struct FreezeRepository: Sendable {
    let store: Store
    package init(_ store: Store) { self.store = store }

    /// Adds a freeze; if the same side has frozen the same subject already, that freeze stays. The other side's freeze
    /// is another one, and both hold.
    package func freeze(_ freeze: FreezeRecord, in runner: (any QueryRunner)? = nil) async throws(StoreError) {
        try await (runner ?? store).query(
            """
            INSERT INTO cluster.freeze (scope, id, reason, principal, is_automatic, created_ns)
            VALUES (\(freeze.subject.scope), \(freeze.subject.id), \(freeze.reason), \(freeze.principal),
                \(freeze.isAutomatic), \(freeze.createdAt)) ON CONFLICT DO NOTHING
            """)
    }

    /// Ends this freeze, and not another one that took its place meanwhile; `false` if it does not hold any more.
    @discardableResult
    package func unfreeze(
        _ freeze: FreezeRecord, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> Bool {
        let rows = try await (runner ?? store).query(
            """
            DELETE FROM cluster.freeze WHERE scope = \(freeze.subject.scope) AND id = \(freeze.subject.id)
                AND principal = \(freeze.principal) AND reason = \(freeze.reason)
                AND is_automatic = \(freeze.isAutomatic) AND by_tenant = \(freeze.isTenants) RETURNING id
            """)
        return !rows.isEmpty
    }

    /// The freezes that hold now, by scope and id, the provider's before a tenant's.
    package func list() async throws(StoreError) -> [FreezeRecord] {
        try await records("SELECT * FROM cluster.freeze ORDER BY scope, id, by_tenant")
    }

    /// The freezes that held at an instant, in the same order.
    package func list(at instant: Timestamp) async throws(StoreError) -> [FreezeRecord] {
        try await records(
            """
            SELECT * FROM cluster.freeze_timeline
            WHERE created_ns <= \(instant) AND (ended_ns IS NULL OR ended_ns > \(instant))
            ORDER BY scope, id, by_tenant
            """)
    }

    private func records(_ query: Query) async throws(StoreError) -> [FreezeRecord] {
        try await store.query(query).map { row throws(StoreError) in try FreezeRecord(row) }
    }
}
