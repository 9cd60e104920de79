// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

extension LogRepository {
    static let sampleKey = ["host", "sampled_ns"]

    /// The newest stored cycles of every host, at most `cyclesPerHost` each and none before `since`, oldest first:
    /// Scheduler rebuilds its windows from them. Each has its place in its stream, and its domains are sorted by id.
    /// `before`: no cycles at or after it.
    package func recentSamples(
        of hosts: [HostID], since: Timestamp, before: Timestamp = .distantFuture, cyclesPerHost: Int
    ) async throws(StoreError) -> [LoggedReport] {
        let names = TextArray(hosts.map(\.name))
        let cycles: Query = """
            SELECT c.* FROM unnest(\(names)::text[]) AS h(id), LATERAL (
                SELECT * FROM log.host_sample
                WHERE host = h.id AND sampled_ns >= \(since) AND sampled_ns < \(before)
                ORDER BY sampled_ns DESC, stream_epoch DESC, sequence DESC LIMIT \(cyclesPerHost)) c
            """
        let hostRows = try await store.query(cycles + " ORDER BY c.sampled_ns, c.host, c.stream_epoch, c.sequence")
        let domainRows = try await store.query(
            """
            SELECT s.* FROM (\(cycles)) c JOIN log.sample s ON s.host = c.host AND s.sampled_ns = c.sampled_ns
                AND s.stream_epoch = c.stream_epoch AND s.sequence = c.sequence
            ORDER BY s.sampled_ns, s.host, s.stream_epoch, s.sequence, s.domain
            """)
        var domains: [Cycle: [DomainSample]] = [:]
        let samples = store.setAside.read(domainRows, of: "log.sample", by: Self.sampleKey + ["domain"]) {
            row throws(StoreError) in (try Cycle(row), try DomainSample(row))
        }
        for (cycle, sample) in samples { domains[cycle, default: []].append(sample) }
        return store.setAside.read(hostRows, of: "log.host_sample", by: Self.sampleKey) { row throws(StoreError) in
            let cycle = try Cycle(row)
            let host = HostID(trusted: cycle.host)
            let sample = HostSample(
                host: host, sampledAt: try row.timestamp("sampled_ns"),
                intervalNanoseconds: try row.int64OrNil("interval_ns"), figures: try HostFigures(row),
                domains: domains[cycle] ?? [])
            return LoggedReport(
                stream: StreamID(topic: .host(host), epoch: UInt64(clamping: cycle.epoch)), sequence: cycle.sequence,
                sample: sample)
        }
    }

    /// A domain's newest stored samples in a period, oldest first, on whatever host.
    /// - Parameters:
    ///   - owner: only from the time in which the domain was this tenant's; `nil`: from any time.
    ///   - limit: how many at most; the oldest are cut off.
    package func series(
        of domain: DomainID, in period: TimeRange, ownedBy owner: TenantID? = nil, limit: Int = 10_000
    ) async throws(StoreError) -> [DomainPoint] {
        let rows: [Row] = try await store.query(
            """
            SELECT * FROM log.sample WHERE domain = \(domain) AND sampled_ns >= \(period.start)
                AND sampled_ns < \(period.end)
                AND \(Query.isOwned(by: owner, domain: "\(domain)", at: "sampled_ns"))
            ORDER BY sampled_ns DESC, stream_epoch DESC, sequence DESC LIMIT \(limit)
            """
        ).reversed()
        return store.setAside.read(rows, of: "log.sample", by: Self.sampleKey + ["domain"]) { row throws(StoreError) in
            try DomainPoint(row)
        }
    }

    /// A host's own newest stored figures in a period, at most `limit`, oldest first.
    package func series(
        of host: HostID, in period: TimeRange, limit: Int = 10_000
    ) async throws(StoreError) -> [HostPoint] {
        let rows: [Row] = try await store.query(
            """
            SELECT * FROM log.host_sample WHERE host = \(host) AND sampled_ns >= \(period.start)
                AND sampled_ns < \(period.end)
            ORDER BY sampled_ns DESC, stream_epoch DESC, sequence DESC LIMIT \(limit)
            """
        ).reversed()
        return store.setAside.read(rows, of: "log.host_sample", by: Self.sampleKey) { row throws(StoreError) in
            HostPoint(sampledAt: try row.timestamp("sampled_ns"), figures: try HostFigures(row))
        }
    }

    /// The newest events of a domain (or with `nil` of all) in a period, at most `limit`, oldest first.
    package func events(
        of domain: DomainID? = nil, in period: TimeRange, limit: Int = 1_000
    ) async throws(StoreError) -> [LoggedEvent] {
        let rows: [Row] = try await store.query(
            """
            SELECT * FROM log.event WHERE (\(domain) IS NULL OR domain = \(domain)) AND at_ns >= \(period.start)
                AND at_ns < \(period.end)
            ORDER BY at_ns DESC, topic DESC, stream_epoch DESC, sequence DESC LIMIT \(limit)
            """
        ).reversed()
        return store.setAside.read(rows, of: "log.event", by: ["topic", "sequence"]) { row throws(StoreError) in
            LoggedEvent(
                stream: try row.stream(epoch: "stream_epoch"),
                sequence: try row.int64("sequence"), at: try row.timestamp("at_ns"),
                kind: try row.string("kind"), host: try row.hostOrNil("host"),
                domain: try row.uuidOrNil("domain").map { DomainID($0) }, detail: try row.string("detail"),
                isForeign: try row.bool("is_foreign"))
        }
    }
}

/// The key that distinguishes one host's cycles.
private struct Cycle: Hashable {
    let host: String
    let epoch: Int64
    let sequence: Int64

    init(_ row: Row) throws(StoreError) {
        host = try row.string("host")
        epoch = try row.int64("stream_epoch")
        sequence = try row.int64("sequence")
    }
}

extension DomainPoint {
    init(_ row: Row) throws(StoreError) {
        self.init(
            sampledAt: try row.timestamp("sampled_ns"), host: try row.host("host"),
            epoch: try row.int64("stream_epoch"), sequence: try row.int64("sequence"), sample: try DomainSample(row))
    }
}
