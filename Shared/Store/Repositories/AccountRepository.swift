// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import Cryptography
package import ResourceModel

/// Somebody who may sign in.
package struct StoredPrincipal: Hashable, Sendable {
    package let id: UUID128
    /// Unique over all tenants.
    package let name: String
    /// `nil` for the provider's own people.
    package let tenant: TenantID?
    package let role: Role
    /// Since when its tokens are disabled; `nil`: it may log in.
    package var disabledAt: Timestamp?

    package init(id: UUID128, name: String, tenant: TenantID?, role: Role) {
        self.id = id
        self.name = name
        self.tenant = tenant
        self.role = role
    }

    init(_ row: Row) throws(StoreError) {
        id = try row.uuid("id")
        name = try row.string("name")
        tenant = try row.tenantOrNil("tenant")
        role = try row.value("role")
        disabledAt = try row.timestampOrNil("disabled_ns")
    }
}

/// Tenants, principals and tokens: `account`.
package struct AccountRepository: Sendable {
    let store: Store
    package init(_ store: Store) { self.store = store }

    /// SHA-256 of a token's secret text: what is stored and looked up.
    package static func hash(ofToken secret: String) -> [UInt8] { SHA256.hash(secret) }

    /// Adds a tenant; an existing one stays as it is. Returns whether it is new.
    @discardableResult
    package func addTenant(_ id: TenantID, in runner: (any QueryRunner)? = nil) async throws(StoreError) -> Bool {
        let rows = try await (runner ?? store).query(
            "INSERT INTO account.tenant (id) VALUES (\(id)) ON CONFLICT DO NOTHING RETURNING id")
        return !rows.isEmpty
    }

    /// Whether there is such a tenant.
    package func hasTenant(_ id: TenantID) async throws(StoreError) -> Bool {
        try await !store.query("SELECT 1 FROM account.tenant WHERE id = \(id)").isEmpty
    }

    /// Every tenant and since when it exists, by name.
    package func tenantsAndStarts() async throws(StoreError) -> [(tenant: TenantID, createdAt: Timestamp)] {
        var tenants: [(tenant: TenantID, createdAt: Timestamp)] = []
        for row in try await store.query("SELECT id, created_ns FROM account.tenant ORDER BY id") {
            tenants.append((TenantID(trusted: try row.string("id")), try row.timestamp("created_ns")))
        }
        return tenants
    }

    package func tenants() async throws(StoreError) -> [TenantID] {
        var tenants: [TenantID] = []
        for row in try await store.query("SELECT id FROM account.tenant ORDER BY id") {
            tenants.append(TenantID(trusted: try row.string("id")))
        }
        return tenants
    }

    /// The clusters that a tenant's new VMs may be placed in, in order; empty: every cluster.
    package func clusters(of tenant: TenantID) async throws(StoreError) -> [ClusterID] {
        var clusters: [ClusterID] = []
        let rows = try await store.query(
            "SELECT cluster FROM account.tenant_cluster WHERE tenant = \(tenant) ORDER BY cluster")
        for row in rows { clusters.append(ClusterID(trusted: try row.string("cluster"))) }
        return clusters
    }

    /// Sets in which clusters a tenant's new VMs may be placed; empty: in every one. VMs that exist already stay.
    package func setClusters(
        of tenant: TenantID, to clusters: [ClusterID], in runner: any QueryRunner
    ) async throws(StoreError) {
        try await runner.query("DELETE FROM account.tenant_cluster WHERE tenant = \(tenant)")
        try await runner.query(
            """
            INSERT INTO account.tenant_cluster (tenant, cluster)
            SELECT DISTINCT \(tenant)::text, unnest(\(TextArray(clusters.map(\.name)))::text[])
            """)
    }

    /// Throws `uniqueViolation` if the name is taken.
    package func addPrincipal(
        _ principal: StoredPrincipal, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) {
        try await (runner ?? store).query(
            """
            INSERT INTO account.principal (id, name, tenant, role)
            VALUES (\(principal.id), \(principal.name), \(principal.tenant), \(principal.role.rawValue))
            """)
    }

    package func principal(
        named name: String, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> StoredPrincipal? {
        let rows = try await (runner ?? store).query("SELECT * FROM account.principal WHERE name = \(name)")
        guard let row = rows.first else { return nil }
        return try StoredPrincipal(row)
    }

    /// The tenant's own principal for a name that its people use: `name` itself, or `name@tenant`. Other tenants'
    /// principals are not read, so that the answer says nothing about them.
    package func principal(
        named name: String, of tenant: TenantID, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> StoredPrincipal? {
        let rows = try await (runner ?? store).query(
            """
            SELECT * FROM account.principal WHERE tenant = \(tenant) AND name IN (\(name), \(Self.name(name, at: tenant)))
            ORDER BY length(name) LIMIT 1
            """)
        return try rows.first.map { row throws(StoreError) in try StoredPrincipal(row) }
    }

    /// The name of a principal that a tenant's own people make, such as `bob@acme`: it can't be the name of a principal
    /// of the provider or of another tenant, since no plain name has an `@`.
    package static func name(_ name: String, at tenant: TenantID) -> String { "\(name)@\(tenant)" }

    /// Everybody, by name.
    package func principals() async throws(StoreError) -> [StoredPrincipal] {
        var principals: [StoredPrincipal] = []
        for row in try await store.query("SELECT * FROM account.principal ORDER BY name") {
            principals.append(try StoredPrincipal(row))
        }
        return principals
    }

    /// Disables a principal's tokens from `instant` on, or enables them again with `nil`. Returns whether that changed
    /// anything.
    @discardableResult
    package func disable(
        _ principal: UUID128, at instant: Timestamp?, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> Bool {
        let rows = try await (runner ?? store).query(
            """
            UPDATE account.principal SET disabled_ns = \(instant)
            WHERE id = \(principal) AND (disabled_ns IS NULL) = \(instant != nil) RETURNING id
            """)
        return !rows.isEmpty
    }

    /// A tenant's people, or with `nil` the provider's people, by name.
    package func principals(of tenant: TenantID?) async throws(StoreError) -> [StoredPrincipal] {
        var principals: [StoredPrincipal] = []
        let rows = try await store.query(
            "SELECT * FROM account.principal WHERE tenant IS NOT DISTINCT FROM \(tenant) ORDER BY name")
        for row in rows { principals.append(try StoredPrincipal(row)) }
        return principals
    }
}
