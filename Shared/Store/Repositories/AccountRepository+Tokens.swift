// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Whether somebody may log in with a token, and if not, why not.
package enum TokenState: String, Hashable, Sendable, Codable, CaseIterable {
    case valid, revoked, expired
    /// Its principal is disabled.
    case disabled
}

/// A token as it is kept: never the secret, only its hash.
package struct TokenRecord: Hashable, Sendable {
    /// The id by which people name the token.
    package let id: UUID128
    package let hash: [UInt8]
    package let principal: StoredPrincipal
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    package let revokedAt: Timestamp?

    package func state(at now: Timestamp) -> TokenState {
        if revokedAt != nil { return .revoked }
        if expiresAt <= now { return .expired }
        return principal.disabledAt == nil ? .valid : .disabled
    }

    init(_ row: Row) throws(StoreError) {
        id = try row.uuid("token")
        hash = try row.bytes("hash")
        principal = try StoredPrincipal(row)
        createdAt = try row.timestamp("token_created_ns")
        expiresAt = try row.timestamp("expires_ns")
        revokedAt = try row.timestampOrNil("revoked_ns")
    }
}

/// Which tokens to list.
package struct TokenFilter: Hashable, Sendable {
    /// Only this principal's.
    package var principal: String?
    /// Only those of this tenant's people.
    package var tenant: TenantID?
    /// Also those that are not valid any more.
    package var includesEnded = false
    package var limit = 1_000

    package init() {}
}

extension AccountRepository {
    private static let columns: Query = """
        SELECT p.*, t.id AS token, t.hash, t.created_ns AS token_created_ns, t.expires_ns, t.revoked_ns
        FROM account.token t JOIN account.principal p ON p.id = t.principal
        """

    /// Keeps a token by the hash of its secret; returns its id.
    @discardableResult
    package func addToken(
        hash: [UInt8], for principal: UUID128, createdAt: Timestamp, expiresAt: Timestamp,
        in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> UUID128 {
        let rows = try await (runner ?? store).query(
            """
            INSERT INTO account.token (hash, principal, created_ns, expires_ns)
            VALUES (\(hash), \(principal), \(createdAt), \(expiresAt)) RETURNING id
            """)
        guard let row = rows.first else {
            throw StoreError(.invalidResult, operation: "keep a token", message: "no row came back")
        }
        return try row.uuid("id")
    }

    /// The token whose secret has this hash, also one that is not valid any more; `nil` if there is none.
    package func token(withHash hash: [UInt8]) async throws(StoreError) -> TokenRecord? {
        try await records("\(Self.columns) WHERE t.hash = \(hash)", in: store).first
    }

    package func token(_ id: UUID128, in runner: (any QueryRunner)? = nil) async throws(StoreError) -> TokenRecord? {
        try await records("\(Self.columns) WHERE t.id = \(id)", in: runner ?? store).first
    }

    /// The ones of these tokens that are not valid any more, or never existed, each with the reason.
    package func ended(_ ids: [UUID128], at now: Timestamp) async throws(StoreError) -> [UUID128: TokenState] {
        guard !ids.isEmpty else { return [:] }
        let texts = TextArray(ids.map(\.description))
        let known = try await records("\(Self.columns) WHERE t.id = ANY(\(texts)::uuid[])", in: store)
        let states = Dictionary(known.map { ($0.id, $0.state(at: now)) }) { first, _ in first }
        var ended: [UUID128: TokenState] = [:]
        for id in ids where states[id] != .valid { ended[id] = states[id] ?? .revoked }
        return ended
    }

    /// Tokens by principal, the newest first.
    package func tokens(_ filter: TokenFilter, at now: Timestamp) async throws(StoreError) -> [TokenRecord] {
        try await records(
            """
            \(Self.columns)
            WHERE (\(filter.principal)::text IS NULL OR p.name = \(filter.principal))
                AND (\(filter.tenant)::text IS NULL OR p.tenant = \(filter.tenant))
                AND (\(filter.includesEnded)
                    OR t.revoked_ns IS NULL AND t.expires_ns > \(now) AND p.disabled_ns IS NULL)
            ORDER BY p.name, t.created_ns DESC, t.id LIMIT \(filter.limit)
            """, in: store)
    }

    /// A principal's tokens, the oldest first, also those that are not valid any more.
    package func tokens(
        of principal: UUID128, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> [TokenRecord] {
        try await records(
            "\(Self.columns) WHERE t.principal = \(principal) ORDER BY t.created_ns, t.hash", in: runner ?? store)
    }

    /// `false` if there is no such token, or it is revoked already.
    @discardableResult
    package func revokeToken(
        _ id: UUID128, at now: Timestamp, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> Bool {
        let rows = try await (runner ?? store).query(
            "UPDATE account.token SET revoked_ns = \(now) WHERE id = \(id) AND revoked_ns IS NULL RETURNING id")
        return !rows.isEmpty
    }

    private func records(_ query: Query, in runner: any QueryRunner) async throws(StoreError) -> [TokenRecord] {
        var tokens: [TokenRecord] = []
        for row in try await runner.query(query) { tokens.append(try TokenRecord(row)) }
        return tokens
    }
}
