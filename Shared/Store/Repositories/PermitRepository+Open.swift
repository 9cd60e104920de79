// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

extension PermitRepository {
    /// Permits that hold room at `now`, by host and id.
    package func open(at now: Timestamp) async throws(StoreError) -> [Permit] {
        var permits: [Permit] = []
        let rows = try await store.query(
            "SELECT * FROM scheduling.permit WHERE state = 'open' AND expires_ns > \(now) ORDER BY host, id")
        for row in rows { permits.append(try Permit(row)) }
        return permits
    }
}
