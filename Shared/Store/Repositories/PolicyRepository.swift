// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import ResourceModel

/// Tenants' policies, version by version: `scheduling.policy`. Nothing is ever changed or removed.
package struct PolicyRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Appends a version, valid from `now` or just after the previous one, whichever is later, and not before the
    /// domain was its present tenant's: clocks differ a little. `policy` `nil`: cleared. `claim` is the claim of the
    /// domain's cluster. Throws `fenced`.
    ///
    /// - Parameter choice: if the platform chose the bounds: from what and why, as a JSON object.
    package func append(
        _ policy: ScalingPolicy?, options: PolicyOptions = PolicyOptions(), choice: String? = nil,
        for domain: DomainID, windowLength: Int, at now: Timestamp, under claim: ShardClaim,
        in transaction: Transaction? = nil
    ) async throws -> PolicyVersion {
        let optionsText = try options.stored
        return try await store.fenced(claim, in: transaction) { transaction in
            // One writer per domain at a time, so that versions have no holes.
            try await transaction.hold("scheduling.policy \(domain)")
            let rows = try await transaction.query(
                """
                INSERT INTO scheduling.policy (domain, version, valid_from_ns, lower_ppm, upper_ppm, ratio_ppm,
                    minimum_vcpus, maximum_vcpus, window_length, memory_lower_ppm, memory_upper_ppm,
                    minimum_memory_bytes, maximum_memory_bytes, network_lower_ppm, network_upper_ppm,
                    minimum_network_bytes_per_second, maximum_network_bytes_per_second, options, choice,
                    true_ratio_ppm)
                SELECT \(domain), coalesce(max(version), 0) + 1, greatest(\(now), max(valid_from_ns) + 1,
                        (SELECT d.tenant_since_ns FROM inventory.domain d WHERE d.id = \(domain))),
                    \(policy?.lower), \(policy?.upper), \(policy?.ratio), \(policy?.minimumVCPUs),
                    \(policy?.maximumVCPUs), \(windowLength), \(policy?.memory?.lower), \(policy?.memory?.upper),
                    \(policy?.memory?.minimum), \(policy?.memory?.maximum), \(policy?.network?.lower),
                    \(policy?.network?.upper), \(policy?.network?.minimum), \(policy?.network?.maximum),
                    \(optionsText)::jsonb, \(choice)::jsonb, \(policy?.trueRatio(windowLength: windowLength))
                FROM scheduling.policy WHERE domain = \(domain) RETURNING *
                """)
            guard let row = rows.first else {
                throw StoreError(.invalidResult, operation: "append a policy", message: "no row came back")
            }
            return try PolicyVersion(row)
        }
    }

    /// Appends a new version after each of these newest versions, with another N and everything else unchanged, in one
    /// statement. `claim` is the claim of the domains' cluster. Throws `fenced`, and `uniqueViolation` if one of them
    /// is not the newest any more.
    package func renew(
        _ versions: [PolicyVersion], windowLength: (PolicyVersion) -> Int, at now: Timestamp, under claim: ShardClaim
    ) async throws -> [PolicyVersion] {
        guard !versions.isEmpty else { return [] }
        let lengths = versions.map(windowLength)
        let ratios = zip(versions, lengths).map { $0.policy?.trueRatio(windowLength: $1).ppm.description ?? "" }
        let rows = try await store.fenced(claim) { transaction in
            try await transaction.query(
                """
                INSERT INTO scheduling.policy (domain, version, valid_from_ns, lower_ppm, upper_ppm, ratio_ppm,
                    minimum_vcpus, maximum_vcpus, window_length, memory_lower_ppm, memory_upper_ppm,
                    minimum_memory_bytes, maximum_memory_bytes, network_lower_ppm, network_upper_ppm,
                    minimum_network_bytes_per_second, maximum_network_bytes_per_second, options, choice,
                    true_ratio_ppm)
                SELECT domain, version + 1, greatest(\(now), valid_from_ns + 1), lower_ppm, upper_ppm, ratio_ppm,
                    minimum_vcpus, maximum_vcpus, n.length::int4, memory_lower_ppm, memory_upper_ppm,
                    minimum_memory_bytes, maximum_memory_bytes, network_lower_ppm, network_upper_ppm,
                    minimum_network_bytes_per_second, maximum_network_bytes_per_second, options, choice,
                    nullif(n.ratio, '')::int8
                FROM unnest(\(TextArray(versions.map(\.domain.description)))::text[],
                        \(TextArray(versions.map(\.version.description)))::text[],
                        \(TextArray(lengths.map(\.description)))::text[], \(TextArray(ratios))::text[])
                    AS n (id, number, length, ratio)
                    JOIN scheduling.policy p ON p.domain = n.id::uuid AND p.version = n.number::int8
                RETURNING *
                """)
        }
        return try rows.map { try PolicyVersion($0) }
    }

    /// The newest version that was made for the domain's present owner; `nil` if there is none. A former owner's
    /// version has no effect.
    package func current(_ domain: DomainID) async throws(StoreError) -> PolicyVersion? {
        try await versions(
            """
            SELECT p.* FROM scheduling.policy p JOIN inventory.domain d ON d.id = p.domain
            WHERE p.domain = \(domain) AND inventory.owner_at(p.domain, p.valid_from_ns) IS NOT DISTINCT FROM d.tenant
            ORDER BY p.version DESC LIMIT 1
            """
        ).first
    }

    /// Why the platform chose a version's bounds, as a JSON object; `nil` where it did not choose them.
    package func choice(_ domain: DomainID, version: Int64) async throws(StoreError) -> String? {
        try await store.query(
            "SELECT choice FROM scheduling.policy WHERE domain = \(domain) AND version = \(version)"
        ).first?.stringOrNil("choice")
    }

    /// All versions, oldest first, of all its owners.
    package func history(_ domain: DomainID) async throws(StoreError) -> [PolicyVersion] {
        try await versions("SELECT * FROM scheduling.policy WHERE domain = \(domain) ORDER BY version")
    }

    /// The version that held at an instant, by the same rule as `current`.
    package func version(_ domain: DomainID, at instant: Timestamp) async throws(StoreError) -> PolicyVersion? {
        try await versions(
            """
            SELECT p.* FROM scheduling.policy p WHERE p.domain = \(domain) AND p.valid_from_ns <= \(instant)
                AND inventory.owner_at(p.domain, p.valid_from_ns)
                    IS NOT DISTINCT FROM inventory.owner_at(p.domain, \(instant))
            ORDER BY p.version DESC LIMIT 1
            """
        ).first
    }

    /// All versions that were made for a tenant, of all domains that are or were its own, by domain and version.
    package func history(
        of tenant: TenantID, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> [PolicyVersion] {
        try await versions(
            """
            SELECT p.* FROM scheduling.policy p JOIN inventory.domain_ownership o ON o.domain = p.domain
            WHERE o.tenant = \(tenant) AND o.from_ns <= p.valid_from_ns
                AND (o.until_ns IS NULL OR o.until_ns > p.valid_from_ns) ORDER BY p.domain, p.version
            """, in: runner)
    }

    /// What `current` gives for every domain that is not deleted, or for these ones of them, by domain.
    package func allCurrent(of domains: [DomainID]? = nil) async throws(StoreError) -> [PolicyVersion] {
        let ids = TextArray((domains ?? []).map(\.description))
        return try await versions(
            """
            SELECT DISTINCT ON (p.domain) p.* FROM scheduling.policy p JOIN inventory.domain d ON d.id = p.domain
            WHERE d.deleted_ns IS NULL AND (\(domains == nil) OR d.id = ANY(\(ids)::uuid[]))
                AND inventory.owner_at(p.domain, p.valid_from_ns) IS NOT DISTINCT FROM d.tenant
            ORDER BY p.domain, p.version DESC
            """)
    }

    private func versions(
        _ query: Query, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> [PolicyVersion] {
        let rows = try await (runner ?? store).query(query)
        return store.setAside.read(rows, of: "scheduling.policy", by: ["domain", "version"]) { row throws(StoreError) in
            try PolicyVersion(row)
        }
    }
}

extension PolicyVersion {
    fileprivate init(_ row: Row) throws(StoreError) {
        self.init(
            domain: try row.domain("domain"), version: try row.int64("version"),
            validFrom: try row.timestamp("valid_from_ns"), policy: try ScalingPolicy(row),
            windowLength: try row.int("window_length"), options: try PolicyOptions(stored: row.stringOrNil("options")),
            trueRatio: try row.utilizationOrNil("true_ratio_ppm"))
    }
}

extension PolicyOptions {
    /// `nil`: there are no options.
    var stored: String? {
        get throws {
            guard self != PolicyOptions() else { return nil }
            return String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        }
    }

    init(stored text: String?) throws(StoreError) {
        guard let text else {
            self.init()
            return
        }
        do {
            self = try JSONDecoder().decode(PolicyOptions.self, from: Data(text.utf8))
        } catch {
            throw StoreError(.invalidResult, operation: "read a policy's options", message: "\(error)")
        }
    }
}

extension ResourceRule {
    /// `nil`: there is no rule.
    fileprivate init?(
        _ row: Row, lower: String, upper: String, minimum: String, maximum: String
    ) throws(StoreError) {
        guard let least = try row.utilizationOrNil(lower) else { return nil }
        let most = try row.utilization(upper)
        let (smallest, largest) = (try row.int64(minimum), try row.int64(maximum))
        do throws(Fault) {
            self = try ResourceRule(lower: least, upper: most, minimum: smallest, maximum: largest)
        } catch {
            throw StoreError(.invalidResult, operation: "read a policy", message: error.description)
        }
    }
}

extension ScalingPolicy {
    /// `nil`: the subscription was cleared.
    fileprivate init?(_ row: Row) throws(StoreError) {
        guard let lower = try row.utilizationOrNil("lower_ppm") else { return nil }
        let (upper, ratio) = (try row.utilization("upper_ppm"), try row.utilization("ratio_ppm"))
        let (minimum, maximum) = (try row.vcpus("minimum_vcpus"), try row.vcpus("maximum_vcpus"))
        let memory = try ResourceRule(
            row, lower: "memory_lower_ppm", upper: "memory_upper_ppm", minimum: "minimum_memory_bytes",
            maximum: "maximum_memory_bytes")
        let network = try ResourceRule(
            row, lower: "network_lower_ppm", upper: "network_upper_ppm", minimum: "minimum_network_bytes_per_second",
            maximum: "maximum_network_bytes_per_second")
        do throws(Fault) {
            self = try ScalingPolicy(
                lower: lower, upper: upper, ratio: ratio, minimumVCPUs: minimum,
                maximumVCPUs: maximum, memory: memory, network: network)
        } catch {
            throw StoreError(.invalidResult, operation: "read a policy", message: error.description)
        }
    }
}
