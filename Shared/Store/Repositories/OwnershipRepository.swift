// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A half-open period in which a domain was one tenant's, by one name: a row of `inventory.domain_ownership`.
package struct OwnershipPeriod: Hashable, Sendable {
    package let domain: DomainID
    package let tenant: TenantID
    package let name: String
    package let from: Timestamp
    /// `nil`: it still lasts.
    package let until: Timestamp?

    init(_ row: Row) throws(StoreError) {
        domain = try row.domain("domain")
        tenant = TenantID(trusted: try row.string("tenant"))
        name = try row.string("name")
        from = try row.timestamp("from_ns")
        until = try row.timestampOrNil("until_ns")
    }

    /// The period as a range, which ends in the distant future if the period still lasts.
    package var range: TimeRange? { TimeRange(from, until ?? .distantFuture) }
}

extension [OwnershipPeriod] {
    /// The periods without their names: two periods that touch become one. They must be in order.
    package func joined() -> [TimeRange] {
        compactMap(\.range).reduce(into: []) { result, next in
            guard let last = result.last, last.end == next.start, let both = TimeRange(last.start, next.end) else {
                return result.append(next)
            }
            result[result.count - 1] = both
        }
    }
}

/// Who owned a domain when. The database itself keeps it, in the transaction of each change of `inventory.domain`.
package struct OwnershipRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    /// Names of a domain's snapshots that were taken while it was another tenant's.
    package func snapshots(of domain: DomainID, notOf tenant: TenantID) async throws(StoreError) -> Set<String> {
        let rows = try await runner.query(
            """
            SELECT s.name FROM inventory.snapshot s WHERE s.domain = \(domain)
                AND inventory.owner_at(s.domain, s.taken_ns) <> \(tenant)
            """)
        var names: Set<String> = []
        for row in rows { names.insert(try row.string("name")) }
        return names
    }

    /// A domain's periods, all or one tenant's, oldest first.
    package func periods(
        of domain: DomainID, tenant: TenantID? = nil
    ) async throws(StoreError) -> [OwnershipPeriod] {
        try await periods(
            """
            SELECT * FROM inventory.domain_ownership WHERE domain = \(domain)
                AND (\(tenant)::text IS NULL OR tenant = \(tenant)) ORDER BY from_ns
            """)
    }

    /// Which domains had a name at an instant: at most one of `tenant`, or with `nil` at most one of each tenant.
    package func named(
        _ name: String, tenant: TenantID?, at instant: Timestamp
    ) async throws(StoreError) -> [OwnershipPeriod] {
        try await periods(
            """
            SELECT * FROM inventory.domain_ownership WHERE name = \(name)
                AND (\(tenant)::text IS NULL OR tenant = \(tenant))
                AND from_ns <= \(instant) AND (until_ns IS NULL OR until_ns > \(instant)) ORDER BY domain
            """)
    }

    /// Which domains have a name, then those that had it, the most recent first.
    package func named(_ name: String, tenant: TenantID?) async throws(StoreError) -> [OwnershipPeriod] {
        let all = try await periods(
            """
            SELECT * FROM inventory.domain_ownership WHERE name = \(name)
                AND (\(tenant)::text IS NULL OR tenant = \(tenant))
            ORDER BY until_ns DESC NULLS FIRST, domain
            """)
        let living = all.filter { $0.until == nil }
        return living.isEmpty ? Array(all.prefix(1)) : living
    }

    /// The last names that a tenant's domains had while they were its own.
    package func names(of domains: [DomainID], tenant: TenantID) async throws(StoreError) -> [DomainID: String] {
        guard !domains.isEmpty else { return [:] }
        var names: [DomainID: String] = [:]
        for row in try await runner.query(
            """
            SELECT DISTINCT ON (domain) domain, name FROM inventory.domain_ownership
            WHERE tenant = \(tenant) AND domain = ANY(\(TextArray(domains.map(\.description)))::uuid[])
            ORDER BY domain, from_ns DESC
            """)
        {
            names[try row.domain("domain")] = try row.string("name")
        }
        return names
    }

    /// Every domain that is or was a tenant's.
    package func domains(of tenant: TenantID) async throws(StoreError) -> Set<DomainID> {
        var domains: Set<DomainID> = []
        for row in try await runner.query(
            "SELECT DISTINCT domain FROM inventory.domain_ownership WHERE tenant = \(tenant)")
        {
            domains.insert(try row.domain("domain"))
        }
        return domains
    }

    /// The tenant that owned a domain at an instant; `nil`: nobody.
    package func owner(of domain: DomainID, at instant: Timestamp) async throws(StoreError) -> TenantID? {
        try await runner.query("SELECT inventory.owner_at(\(domain), \(instant)) AS tenant").first?.tenantOrNil(
            "tenant")
    }

    /// Since when the tenant that owned a domain at an instant had owned it without a break.
    package func since(of domain: DomainID, at instant: Timestamp) async throws(StoreError) -> Timestamp {
        let all = try await periods(of: domain)
        guard let owner = all.last(where: { $0.from <= instant })?.tenant else { return .zero }
        let own = all.filter { $0.tenant == owner }.joined().last { $0.contains(instant) }
        // Nobody owned it: since the last period ended.
        return own?.start ?? all.compactMap(\.until).filter { $0 <= instant }.max() ?? .zero
    }

    /// The ownership that the upgrade assumed for the time before ownership had dates, one line for each period.
    package func guesses() async throws(StoreError) -> [String] {
        let rows = try await runner.query(
            """
            SELECT g.*, d.name FROM inventory.ownership_guess g JOIN inventory.domain d ON d.id = g.domain
            ORDER BY g.domain, g.from_ns
            """)
        var lines: [String] = []
        for row in rows {
            let (name, id) = (try row.string("name"), try row.domain("domain"))
            let (from, source) = (try row.timestamp("from_ns"), try row.string("from_source"))
            var line = "\(name) (\(id)) was \(try row.string("tenant"))'s from \(from) (\(source))"
            if let until = try row.timestampOrNil("until_ns") {
                line += " until \(until) (\(try row.stringOrNil("until_source") ?? ""))"
            }
            lines.append(line)
        }
        return lines
    }

    private func periods(_ query: Query) async throws(StoreError) -> [OwnershipPeriod] {
        var periods: [OwnershipPeriod] = []
        for row in try await runner.query(query) { periods.append(try OwnershipPeriod(row)) }
        return periods
    }
}

extension Query {
    /// The condition that `domain` was the tenant's at `instant` (both SQL); with `nil` it always holds.
    static func isOwned(by tenant: TenantID?, domain: Query, at instant: Query) -> Query {
        guard let tenant else { return "true" }
        return """
            EXISTS (SELECT 1 FROM inventory.domain_ownership o WHERE o.domain = \(domain) AND o.tenant = \(tenant)
                AND o.from_ns <= \(instant) AND (o.until_ns IS NULL OR o.until_ns > \(instant)))
            """
    }
}
