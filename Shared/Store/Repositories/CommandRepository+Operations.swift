// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A command and the VM that it is about.
package struct OrderedCommand: Hashable, Sendable {
    package let record: CommandRecord
    /// The last name that the VM had while it was `tenant`'s.
    package let domainName: String
    /// The tenant for whom the command makes a VM, or to whom the VM belonged when the command was given.
    package let tenant: TenantID?

    init(_ row: Row) throws(StoreError) {
        record = try CommandRecord(row)
        domainName = try row.string("vm_name")
        tenant = try row.tenantOrNil("vm_tenant")
    }
}

/// Which commands to list; a condition that is `nil` does not count.
package struct OrderedCommandFilter: Hashable, Sendable {
    package var since = Timestamp.zero
    package var tenant: TenantID?
    /// Who ordered it.
    package var principal: String?
    package var domain: DomainID?
    package var limit: Int

    package init(limit: Int) { self.limit = limit }
}

extension CommandRepository {
    /// Commands that have not ended, newest first.
    package func underway(_ filter: OrderedCommandFilter) async throws(StoreError) -> [OrderedCommand] {
        var query = Self.ordered + " WHERE c.state IN ('queued', 'claimed') AND c.created_ns >= \(filter.since)"
        if let tenant = filter.tenant { query += " AND \(Self.tenant) = \(tenant)" }
        if let principal = filter.principal { query += " AND c.principal = \(principal)" }
        if let domain = filter.domain { query += " AND c.domain = \(domain)" }
        var commands: [OrderedCommand] = []
        for row in try await store.query(query + " ORDER BY c.created_ns DESC, c.id LIMIT \(filter.limit)") {
            commands.append(try OrderedCommand(row))
        }
        return commands
    }

    /// One command, whatever its state; `nil`: there is none.
    ///
    /// - Parameter tenant: only if it is this tenant's; `nil`: whosesoever it is.
    package func ordered(_ id: UUID128, of tenant: TenantID? = nil) async throws(StoreError) -> OrderedCommand? {
        let own: Query = " WHERE c.id = \(id) AND (\(tenant)::text IS NULL OR \(Self.tenant) = \(tenant))"
        guard let row = try await store.query(Self.ordered + own).first else { return nil }
        return try OrderedCommand(row)
    }

    /// The tenant of a command. Clocks may differ by a second.
    private static let tenant: Query = """
        CASE WHEN c.verb IN ('create', 'adopt') THEN c.arguments->>'tenant'
            ELSE coalesce(inventory.owner_at(c.domain, c.created_ns),
                inventory.owner_at(c.domain, c.created_ns + 1000000000)) END
        """

    private static let ordered: Query = """
        SELECT c.*, \(tenant) AS vm_tenant, coalesce(
            (SELECT o.name FROM inventory.domain_ownership o
                WHERE o.domain = c.domain AND o.tenant = \(tenant) ORDER BY o.from_ns DESC LIMIT 1),
            c.arguments->>'name', d.name, c.domain::text) AS vm_name
        FROM cluster.command c LEFT JOIN inventory.domain d ON d.id = c.domain
        """
}
