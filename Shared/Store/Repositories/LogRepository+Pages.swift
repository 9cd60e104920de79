// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

extension LogRepository {
    /// The newest of a domain's stored samples in a period, on whatever host, oldest first. To go on page by page, give
    /// the first sample of one page as the bound of the next.
    ///
    /// - Parameters:
    ///   - owner: only from the time in which the domain was this tenant's; `nil`: from any time.
    ///   - before: only samples before this one; `nil`: from the end of the period.
    package func newest(
        of domain: DomainID, in period: TimeRange, ownedBy owner: TenantID? = nil, before: DomainPoint? = nil,
        limit: Int
    ) async throws(StoreError) -> [DomainPoint] {
        var bound: Query = "sampled_ns < \(period.end)"
        if let before {
            bound = """
                sampled_ns <= \(before.sampledAt)
                    AND (sampled_ns, stream_epoch, sequence) < (\(before.sampledAt), \(before.epoch), \(before.sequence))
                """
        }
        let rows = try await store.query(
            """
            SELECT * FROM (
                SELECT * FROM log.sample WHERE domain = \(domain) AND sampled_ns >= \(period.start) AND \(bound)
                    AND \(Query.isOwned(by: owner, domain: "\(domain)", at: "sampled_ns"))
                ORDER BY sampled_ns DESC, stream_epoch DESC, sequence DESC LIMIT \(limit)
            ) newest ORDER BY sampled_ns, stream_epoch, sequence
            """)
        return store.setAside.read(rows, of: "log.sample", by: Self.sampleKey + ["domain"]) { row throws(StoreError) in
            try DomainPoint(row)
        }
    }
}
