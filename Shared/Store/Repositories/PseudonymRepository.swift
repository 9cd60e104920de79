// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The pseudonyms that one tenant reads in place of the provider's names: `account.pseudonym`.
///
/// A pseudonym is drawn at random when a name is first shown to a tenant; it is derived from nothing. Deleting its row
/// erases what it stood for.
package struct PseudonymRepository: Sendable {
    /// The kind of thing that a name belongs to. Raw values are those of `account.pseudonym.kind`, and begin the
    /// pseudonyms.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case host, cluster
    }

    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// The pseudonyms that a tenant reads for these names, such as `host-20481957340162`; missing ones are made.
    package func pseudonyms(
        for names: Set<String>, kind: Kind, tenant: TenantID
    ) async throws(StoreError) -> [String: String] {
        var known = try await read(names, kind, tenant)
        // Another gateway may draw for the same name at the same time: the first pseudonym stays. If two names draw the
        // same digits, they draw again.
        for _ in 0..<3 where known.count < names.count {
            let missing = names.filter { known[$0] == nil }.sorted()
            let drawn = missing.map { _ in Self.draw(kind) }
            try await store.query(
                """
                INSERT INTO account.pseudonym (tenant, kind, name, pseudonym)
                SELECT \(tenant), \(kind.rawValue), n.name, n.pseudonym
                FROM unnest(\(TextArray(missing))::text[], \(TextArray(drawn))::text[]) AS n(name, pseudonym)
                ON CONFLICT DO NOTHING
                """)
            known = try await read(names, kind, tenant)
        }
        guard known.count == names.count else {
            throw StoreError(
                .invalidResult, operation: "draw pseudonyms", message: "pseudonyms can't be kept; try again")
        }
        return known
    }

    private func read(
        _ names: Set<String>, _ kind: Kind, _ tenant: TenantID
    ) async throws(StoreError) -> [String: String] {
        guard !names.isEmpty else { return [:] }
        let rows = try await store.query(
            """
            SELECT name, pseudonym FROM account.pseudonym
            WHERE tenant = \(tenant) AND kind = \(kind.rawValue) AND name = ANY(\(TextArray(names.sorted()))::text[])
            """)
        var known: [String: String] = [:]
        for row in rows { known[try row.string("name")] = try row.string("pseudonym") }
        return known
    }

    /// Digits only: no pseudonym looks like a part of a name.
    private static func draw(_ kind: Kind) -> String {
        let digits = String(UInt64.random(in: 0..<100_000_000_000_000))
        return "\(kind.rawValue)-" + String(repeating: "0", count: 14 - digits.count) + digits
    }
}
