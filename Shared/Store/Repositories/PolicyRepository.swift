// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// `scheduling.policy`: every version of every subscription; rows are only ever added. Scheduler writes.
package struct PolicyRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    /// Adds the next version, valid from `now` or just after its predecessor, whichever is later.
    ///
    /// - Parameter policy: `nil` clears the subscription.
    /// - Throws: `uniqueViolation` if another version was added at the same time: try again.
    package func append(
        _ policy: ScalingPolicy?, windowLength: Int, for domain: DomainID, at now: Timestamp
    ) async throws(StoreError) -> PolicyVersion {
        let rows = try await runner.query(
            """
            INSERT INTO scheduling.policy
            SELECT \(domain), coalesce(max(version), 0) + 1, greatest(\(now), coalesce(max(valid_from_ns) + 1, 0)),
                \(policy?.lower), \(policy?.upper), \(policy?.ratio), \(policy?.minimumVCPUs), \(policy?.maximumVCPUs),
                \(windowLength)
            FROM scheduling.policy WHERE domain = \(domain)
            RETURNING *
            """)
        guard let row = rows.first else {
            throw StoreError(.invalidResult, operation: "add a policy version", message: "nothing came back")
        }
        return try Self.version(row)
    }

    /// The version in force; `nil` if the domain never had one.
    package func current(_ domain: DomainID) async throws(StoreError) -> PolicyVersion? {
        let rows = try await runner.query(
            "SELECT * FROM scheduling.policy WHERE domain = \(domain) ORDER BY version DESC LIMIT 1")
        return try rows.first.map { row throws(StoreError) in try Self.version(row) }
    }

    /// All versions, oldest first.
    package func history(_ domain: DomainID) async throws(StoreError) -> [PolicyVersion] {
        try await versions("SELECT * FROM scheduling.policy WHERE domain = \(domain) ORDER BY version")
    }

    /// All versions of all domains of a tenant, by domain and version.
    package func history(of tenant: TenantID) async throws(StoreError) -> [PolicyVersion] {
        try await versions(
            """
            SELECT p.* FROM scheduling.policy p JOIN inventory.domain d ON d.id = p.domain
            WHERE d.tenant = \(tenant) ORDER BY p.domain, p.version
            """)
    }

    /// The version in force of every domain on a cluster's hosts, by domain.
    package func current(in cluster: ClusterID) async throws(StoreError) -> [PolicyVersion] {
        try await versions(
            """
            SELECT DISTINCT ON (p.domain) p.* FROM scheduling.policy p
            JOIN inventory.domain d ON d.id = p.domain AND d.deleted_ns IS NULL
            JOIN inventory.host h ON h.id = d.host
            WHERE h.cluster = \(cluster) ORDER BY p.domain, p.version DESC
            """)
    }

    private func versions(_ query: Query) async throws(StoreError) -> [PolicyVersion] {
        var versions: [PolicyVersion] = []
        for row in try await runner.query(query) { versions.append(try Self.version(row)) }
        return versions
    }

    private static func version(_ row: Row) throws(StoreError) -> PolicyVersion {
        var policy: ScalingPolicy?
        if let lower = try row.utilizationOrNil("lower_ppm"), let upper = try row.utilizationOrNil("upper_ppm"),
            let ratio = try row.utilizationOrNil("ratio_ppm")
        {
            do {
                policy = try ScalingPolicy(
                    lower: lower, upper: upper, ratio: ratio, minimumVCPUs: try row.vcpus("minimum_vcpus"),
                    maximumVCPUs: try row.vcpus("maximum_vcpus"))
            } catch let error as StoreError {
                throw error
            } catch {
                throw StoreError(.invalidResult, operation: "read a policy", message: "\(error)")
            }
        }
        return PolicyVersion(
            domain: try row.domain("domain"), version: try row.int64("version"),
            validFrom: try row.timestamp("valid_from_ns"), policy: policy, windowLength: try row.int("window_length"))
    }
}
