// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

extension QuotaAmounts {
    init(_ row: Row) throws(StoreError) {
        self.init()
        for resource in QuotaResource.allCases { self[resource] = try row.int64OrNil(resource.column) }
    }
}

extension QuotaResource {
    fileprivate var column: String {
        switch self {
        case .memory, .disk: rawValue + "_bytes"
        case .vms, .vcpus, .snapshots, .tokens: rawValue
        }
    }
}

/// Why a tenant may not have what it asked for: it would exceed its quota.
package struct QuotaRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let tenant: TenantID
    package let resource: QuotaResource
    package let asked: Int64
    package let used: Int64
    package let quota: Int64

    package init(tenant: TenantID, resource: QuotaResource, asked: Int64, used: Int64, quota: Int64) {
        self.tenant = tenant
        self.resource = resource
        self.asked = asked
        self.used = used
        self.quota = quota
    }

    package var description: String {
        "tenant '\(tenant)' has \(resource.text(used)), asks for \(resource.text(asked)) more, and its quota is "
            + resource.text(quota)
    }
}

/// Quotas of tenants: `account.tenant_quota`. A tenant without one has no limit.
package struct QuotaRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// The limits of a tenant; a resource without a limit is not in it.
    package func quota(
        of tenant: TenantID, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> QuotaAmounts {
        let rows = try await (runner ?? store).query("SELECT * FROM account.tenant_quota WHERE tenant = \(tenant)")
        return try rows.first.map { row throws(StoreError) in try QuotaAmounts(row) } ?? QuotaAmounts()
    }

    /// The same, locked: nobody else changes the limits before the transaction ends.
    package func lockedQuota(
        of tenant: TenantID, in transaction: Transaction
    ) async throws(StoreError) -> QuotaAmounts {
        try await transaction.query("SELECT 1 FROM account.tenant WHERE id = \(tenant) FOR NO KEY UPDATE")
        return try await quota(of: tenant, in: transaction)
    }

    /// What a tenant has of every resource, including what is promised to it and ordered for it.
    package func use(of tenant: TenantID, at now: Timestamp) async throws(StoreError) -> QuotaAmounts {
        let rows = try await store.query("SELECT * FROM account.tenant_use(\(tenant), \(now))")
        return try rows.first.map { row throws(StoreError) in try QuotaAmounts(row) } ?? QuotaAmounts()
    }

    /// What a domain counts for in its owner's quota, whoever the owner is.
    package func share(of domain: DomainID) async throws(StoreError) -> QuotaAmounts {
        let rows = try await store.query(
            "SELECT vcpus, memory_bytes, disk_bytes FROM inventory.domain_share WHERE domain = \(domain)")
        guard let row = rows.first else { return QuotaAmounts() }
        return [
            .vms: 1, .vcpus: try row.int64("vcpus"), .memory: try row.int64("memory_bytes"),
            .disk: try row.int64("disk_bytes"),
        ]
    }

    /// Sets all limits of a tenant: a resource that is not in `quota` has none. A limit below what the tenant has takes
    /// nothing away from it.
    package func set(
        _ quota: QuotaAmounts, of tenant: TenantID, by principal: String, at now: Timestamp,
        in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        try await (runner ?? store).query(
            """
            INSERT INTO account.tenant_quota (tenant, vms, vcpus, memory_bytes, disk_bytes, snapshots, tokens,
                principal, changed_ns)
            VALUES (\(tenant), \(quota[.vms]), \(quota[.vcpus]), \(quota[.memory]), \(quota[.disk]),
                \(quota[.snapshots]), \(quota[.tokens]), \(principal), \(now))
            ON CONFLICT (tenant) DO UPDATE SET vms = excluded.vms, vcpus = excluded.vcpus,
                memory_bytes = excluded.memory_bytes, disk_bytes = excluded.disk_bytes,
                snapshots = excluded.snapshots, tokens = excluded.tokens, principal = excluded.principal,
                changed_ns = excluded.changed_ns
            """)
    }

    /// Why a tenant may not have `asked` in addition; `nil`: it may. Run it in the transaction that writes what the
    /// tenant gets: until it ends, other requests of the same tenant wait, so that together they don't exceed the
    /// quota.
    package static func refusal(
        of tenant: TenantID, asking asked: QuotaAmounts, at now: Timestamp, in runner: any QueryRunner
    ) async throws(StoreError) -> QuotaRefusal? {
        let rows = try await runner.query(
            """
            SELECT * FROM account.check_quota(\(tenant), \(now), \(asked[.vms] ?? 0), \(asked[.vcpus] ?? 0),
                \(asked[.memory] ?? 0), \(asked[.disk] ?? 0), \(asked[.snapshots] ?? 0), \(asked[.tokens] ?? 0))
            """)
        guard let row = rows.first else { return nil }
        let resource = try row.value("resource", as: QuotaResource.self)
        return QuotaRefusal(
            tenant: tenant, resource: resource, asked: asked[resource] ?? 0, used: try row.int64("used"),
            quota: try row.int64("quota"))
    }

    /// The same for a domain that is to become so large; `nil` of a size: it stays. What the domain has or is promised
    /// already is not asked for again.
    static func refusal(
        of tenant: TenantID, growing domain: DomainID, to size: (vcpus: VCPUCount?, memory: ByteCount?),
        at now: Timestamp, in transaction: Transaction
    ) async throws(StoreError) -> QuotaRefusal? {
        let vcpus = size.vcpus.map { Int64($0.count) }
        let rows = try await transaction.query(
            "SELECT * FROM account.check_size(\(tenant), \(now), \(domain), \(vcpus), \(size.memory?.bytes))")
        guard let row = rows.first else { return nil }
        return QuotaRefusal(
            tenant: tenant, resource: try row.value("resource", as: QuotaResource.self),
            asked: try row.int64("asked"), used: try row.int64("used"), quota: try row.int64("quota"))
    }
}
