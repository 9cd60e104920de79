// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Tenants' policies, version by version: `scheduling.policy`. Nothing is ever changed or removed.
package struct PolicyRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Appends a version, valid from `now` or just after the previous one, whichever is later. `policy` `nil`: cleared.
    /// `claim` is that of the domain's cluster. Throws `fenced`.
    package func append(
        _ policy: ScalingPolicy?, for domain: DomainID, windowLength: Int, at now: Timestamp, under claim: ShardClaim,
        in transaction: Transaction? = nil
    ) async throws -> PolicyVersion {
        try await store.fenced(claim, in: transaction) { transaction in
            // One writer per domain at a time, so that versions have no holes.
            _ = try await transaction.query(
                "SELECT pg_advisory_xact_lock(hashtextextended('scheduling.policy ' || \(domain.description)::text, 0))"
            )
            let rows = try await transaction.query(
                """
                INSERT INTO scheduling.policy (domain, version, valid_from_ns, lower_ppm, upper_ppm, ratio_ppm,
                    minimum_vcpus, maximum_vcpus, window_length)
                SELECT \(domain), coalesce(max(version), 0) + 1, greatest(\(now), max(valid_from_ns) + 1),
                    \(policy?.lower), \(policy?.upper), \(policy?.ratio), \(policy?.minimumVCPUs),
                    \(policy?.maximumVCPUs), \(windowLength)
                FROM scheduling.policy WHERE domain = \(domain) RETURNING *
                """)
            guard let row = rows.first else {
                throw StoreError(.invalidResult, operation: "append a policy", message: "no row came back")
            }
            return try PolicyVersion(row)
        }
    }

    /// The newest version; `nil` if the domain never had one.
    package func current(_ domain: DomainID) async throws(StoreError) -> PolicyVersion? {
        try await versions(
            "SELECT * FROM scheduling.policy WHERE domain = \(domain) ORDER BY version DESC LIMIT 1"
        ).first
    }

    /// All versions, oldest first.
    package func history(_ domain: DomainID) async throws(StoreError) -> [PolicyVersion] {
        try await versions("SELECT * FROM scheduling.policy WHERE domain = \(domain) ORDER BY version")
    }

    /// All versions of all of a tenant's domains, deleted ones included, by domain and version.
    package func history(
        of tenant: TenantID, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> [PolicyVersion] {
        try await versions(
            """
            SELECT p.* FROM scheduling.policy p JOIN inventory.domain d ON d.id = p.domain
            WHERE d.tenant = \(tenant) ORDER BY p.domain, p.version
            """, in: runner)
    }

    /// The newest version of every domain that has one and was not deleted, by domain.
    package func allCurrent() async throws(StoreError) -> [PolicyVersion] {
        try await versions(
            """
            SELECT DISTINCT ON (p.domain) p.* FROM scheduling.policy p JOIN inventory.domain d ON d.id = p.domain
            WHERE d.deleted_ns IS NULL ORDER BY p.domain, p.version DESC
            """)
    }

    private func versions(
        _ query: Query, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> [PolicyVersion] {
        var versions: [PolicyVersion] = []
        for row in try await (runner ?? store).query(query) { versions.append(try PolicyVersion(row)) }
        return versions
    }
}

extension PolicyVersion {
    fileprivate init(_ row: Row) throws(StoreError) {
        self.init(
            domain: try row.domain("domain"), version: try row.int64("version"),
            validFrom: try row.timestamp("valid_from_ns"), policy: try ScalingPolicy(row),
            windowLength: try row.int("window_length"))
    }
}

extension ScalingPolicy {
    /// `nil`: the subscription was cleared.
    fileprivate init?(_ row: Row) throws(StoreError) {
        guard let lower = try row.utilizationOrNil("lower_ppm") else { return nil }
        let (upper, ratio) = (try row.int64("upper_ppm"), try row.int64("ratio_ppm"))
        let (minimum, maximum) = (try row.vcpus("minimum_vcpus"), try row.vcpus("maximum_vcpus"))
        do throws(Fault) {
            self = try ScalingPolicy(
                lower: lower, upper: Utilization(ppm: upper), ratio: Utilization(ppm: ratio), minimumVCPUs: minimum,
                maximumVCPUs: maximum)
        } catch {
            throw StoreError(.invalidResult, operation: "read a policy", message: error.description)
        }
    }
}
