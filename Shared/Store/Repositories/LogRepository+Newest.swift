// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The newest stored figures of a host or domain, and how old they may become.
package struct NewestFigures<Figures: Hashable & Sendable>: Hashable, Sendable {
    package let sampledAt: Timestamp
    /// From one reading of its host to the next, in nanoseconds; `nil`: not known yet.
    package let interval: Int64?
    package let figures: Figures
}

extension LogRepository {
    /// How many readings are used to find out how often a host is read: after a pause one of their intervals is long.
    private static let intervals = 3

    /// The newest figures of each of these hosts since an instant; a host without any is left out.
    package func newest(
        of hosts: [HostID], since: Timestamp
    ) async throws(StoreError) -> [HostID: NewestFigures<HostFigures>] {
        guard !hosts.isEmpty else { return [:] }
        let rows = try await store.query(
            """
            SELECT c.* FROM unnest(\(TextArray(hosts.map(\.name)))::text[]) AS h(id), LATERAL (
                SELECT s.*, min(interval_ns) OVER () AS least_interval_ns FROM (
                    SELECT * FROM log.host_sample WHERE host = h.id AND sampled_ns >= \(since)
                    ORDER BY sampled_ns DESC, stream_epoch DESC, sequence DESC LIMIT \(Self.intervals)) s
                ORDER BY sampled_ns DESC, stream_epoch DESC, sequence DESC LIMIT 1) c
            """)
        let found = store.setAside.read(rows, of: "log.host_sample", by: ["host", "sampled_ns"]) {
            row throws(StoreError) in
            (
                try row.host("host"),
                NewestFigures(
                    sampledAt: try row.timestamp("sampled_ns"), interval: try row.int64OrNil("least_interval_ns"),
                    figures: try HostFigures(row))
            )
        }
        return Dictionary(found) { first, _ in first }
    }

    /// The newest sample of each of these domains since an instant, and not from before it was its tenant's; a domain
    /// without any is left out.
    package func newest(
        of domains: [DomainID], since: Timestamp
    ) async throws(StoreError) -> [DomainID: DomainPoint] {
        guard !domains.isEmpty else { return [:] }
        let rows = try await store.query(
            """
            SELECT c.* FROM inventory.domain d, LATERAL (
                SELECT * FROM log.sample WHERE domain = d.id AND sampled_ns >= \(since)
                    AND (d.tenant IS NULL OR sampled_ns >= d.tenant_since_ns)
                ORDER BY sampled_ns DESC, stream_epoch DESC, sequence DESC LIMIT 1) c
            WHERE d.id = ANY(\(TextArray(domains.map(\.description)))::uuid[])
            """)
        let found = store.setAside.read(rows, of: "log.sample", by: ["host", "sampled_ns", "domain"]) {
            row throws(StoreError) in
            DomainPoint(
                sampledAt: try row.timestamp("sampled_ns"), host: try row.host("host"),
                epoch: try row.int64("stream_epoch"), sequence: try row.int64("sequence"),
                sample: try DomainSample(row))
        }
        return Dictionary(found.map { ($0.sample.domain, $0) }) { first, _ in first }
    }
}
