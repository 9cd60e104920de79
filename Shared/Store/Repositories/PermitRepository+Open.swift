// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

extension PermitRepository {
    /// Extends an open permit at least up to an instant; `false` if it is not open.
    @discardableResult
    package func extend(_ id: UUID128, until instant: Timestamp) async throws(StoreError) -> Bool {
        let rows = try await store.query(
            """
            UPDATE scheduling.permit SET expires_ns = greatest(expires_ns, \(instant))
            WHERE id = \(id) AND state = 'open' RETURNING id
            """)
        return !rows.isEmpty
    }

    /// Permits that hold room at `now`, by host and id.
    package func open(at now: Timestamp) async throws(StoreError) -> [Permit] {
        let rows = try await store.query(
            "SELECT * FROM scheduling.permit WHERE state = 'open' AND expires_ns > \(now) ORDER BY host, id")
        return store.setAside.read(rows, of: "scheduling.permit", by: ["id", "host"]) { row throws(StoreError) in
            try Permit(row)
        }
    }
}
