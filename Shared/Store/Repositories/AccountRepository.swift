// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

package struct TenantRow: Hashable, Sendable {
    package let id: TenantID
    package let createdAt: Timestamp
}

/// Who a token stands for.
package struct PrincipalRow: Hashable, Sendable {
    package let id: UUID128
    package let name: String
    /// As `account.principal.role` has it.
    package let role: String
    /// `nil` exactly for the provider's roles.
    package let tenant: TenantID?

    package init(id: UUID128, name: String, role: String, tenant: TenantID?) {
        self.id = id
        self.name = name
        self.role = role
        self.tenant = tenant
    }
}

/// `account`: tenants, principals and the hashes of their tokens. UserGateway writes.
package struct AccountRepository: Sendable {
    private let runner: any QueryRunner

    /// Works on a store, and inside a transaction.
    package init(_ runner: any QueryRunner) { self.runner = runner }

    /// - Throws: `uniqueViolation` if there is one of that name.
    package func createTenant(_ id: TenantID) async throws(StoreError) -> TenantRow {
        let rows = try await runner.query("INSERT INTO account.tenant (id) VALUES (\(id)) RETURNING *")
        guard let row = rows.first else {
            throw StoreError(.invalidResult, operation: "create a tenant", message: "nothing came back")
        }
        return TenantRow(id: id, createdAt: try row.timestamp("created_ns"))
    }

    /// By name.
    package func tenants() async throws(StoreError) -> [TenantRow] {
        var tenants: [TenantRow] = []
        for row in try await runner.query("SELECT * FROM account.tenant ORDER BY id") {
            tenants.append(
                TenantRow(id: TenantID(trusted: try row.string("id")), createdAt: try row.timestamp("created_ns")))
        }
        return tenants
    }

    package func tenantExists(_ id: TenantID) async throws(StoreError) -> Bool {
        try await !runner.query("SELECT 1 FROM account.tenant WHERE id = \(id)").isEmpty
    }

    package func principal(named name: String) async throws(StoreError) -> PrincipalRow? {
        let rows = try await runner.query("SELECT * FROM account.principal WHERE name = \(name)")
        return try rows.first.map { row throws(StoreError) in try Self.principal(row) }
    }

    /// - Throws: `uniqueViolation` if there is one of that name, `foreignKeyViolation` if its tenant does not exist.
    package func createPrincipal(_ principal: PrincipalRow) async throws(StoreError) {
        _ = try await runner.query(
            """
            INSERT INTO account.principal (id, name, tenant, role)
            VALUES (\(principal.id), \(principal.name), \(principal.tenant), \(principal.role))
            """)
    }

    /// - Parameter hash: SHA-256 of the token; the token itself is stored nowhere.
    package func addToken(hash: [UInt8], for principal: UUID128, expiresAt: Timestamp) async throws(StoreError) {
        _ = try await runner.query(
            "INSERT INTO account.token (hash, principal, expires_ns) VALUES (\(hash), \(principal), \(expiresAt))")
    }

    /// Who this token stands for at `now`; `nil` if it is unknown, has expired or was revoked.
    package func principal(tokenHash hash: [UInt8], at now: Timestamp) async throws(StoreError) -> PrincipalRow? {
        let rows = try await runner.query(
            """
            SELECT p.* FROM account.token t JOIN account.principal p ON p.id = t.principal
            WHERE t.hash = \(hash) AND t.expires_ns > \(now) AND t.revoked_ns IS NULL
            """)
        return try rows.first.map { row throws(StoreError) in try Self.principal(row) }
    }

    private static func principal(_ row: Row) throws(StoreError) -> PrincipalRow {
        PrincipalRow(
            id: try row.uuid("id"), name: try row.string("name"), role: try row.string("role"),
            tenant: try row.tenantOrNil("tenant"))
    }
}
