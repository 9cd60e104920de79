// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Samples, events, watermarks and gaps: `log`.
package struct LogRepository: Sendable {
    let store: Store
    package init(_ store: Store) { self.store = store }

    /// Makes the daily partitions (UTC) that hold the period, at most 366, and drops those that end before `keepFrom`,
    /// unless the administrator wants them kept (`keepSamples`).
    package func ensurePartitions(for period: TimeRange, keepFrom: Timestamp = .zero) async throws(StoreError) {
        try await store.query(
            "SELECT log.maintain_partitions(\(period.start), \(period.end), \(keepFrom))", within: .seconds(30))
    }

    /// Sets how long samples are kept at least, 1 day to 10 years, whatever a Logger asks for; only an administrator
    /// may. Throws `checkViolation` for other durations.
    package func keepSamples(for duration: Duration) async throws(StoreError) {
        try await store.query(
            """
            UPDATE log.retention SET samples_ns = \(duration.wholeNanoseconds), changed_ns = cluster.now_ns()
            """)
    }

    /// Stores the new part of a batch, exactly once: sequences at or below their stream's watermark are skipped, and
    /// the watermarks move in the same transaction. `claim` is the claim of the streams' host. Throws `fenced`, and
    /// `checkViolation` if a sample's day has no partition.
    package func store(
        _ batch: LogBatch, under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws -> LogReceipt {
        try await store.fenced(claim, in: transaction) { transaction in
            var watermarks = try await Self.lockWatermarks(batch.streams, in: transaction)
            let before = watermarks
            var reports: [LoggedReport] = []
            for report in batch.reports.sorted(by: { ($0.stream, $0.sequence) < ($1.stream, $1.sequence) })
            where report.sequence > watermarks[report.stream, default: 0] {
                watermarks[report.stream] = report.sequence
                reports.append(report)
            }
            var events: [LoggedEvent] = []
            for event in batch.events.sorted(by: { ($0.stream, $0.sequence) < ($1.stream, $1.sequence) })
            where event.sequence > watermarks[event.stream, default: 0] {
                watermarks[event.stream] = event.sequence
                events.append(event)
            }
            try await Self.copy(reports, in: transaction)
            try await Self.insert(events, in: transaction)
            for gap in batch.gaps {
                // Sequences below were stored, or recorded as a gap, before.
                let first = max(gap.sequences.lowerBound, before[gap.stream, default: 0] + 1)
                guard first <= gap.sequences.upperBound else { continue }
                try await Self.insert(
                    LoggedGap(stream: gap.stream, sequences: first...gap.sequences.upperBound), transaction)
                watermarks[gap.stream] = max(watermarks[gap.stream, default: 0], gap.sequences.upperBound)
            }
            try await Self.save(watermarks, in: transaction)
            return LogReceipt(reports: reports.count, events: events.count, watermarks: watermarks)
        }
    }

    /// Up to where each stream is stored.
    package func watermarks() async throws(StoreError) -> [StreamID: Int64] {
        try await Self.watermarks("SELECT topic, epoch, sequence FROM log.watermark", store)
    }

    /// Recorded gaps of one topic, by epoch and first sequence.
    package func gaps(of topic: Topic) async throws(StoreError) -> [LoggedGap] {
        let rows = try await store.query(
            "SELECT topic, epoch, first, last FROM log.gap WHERE topic = \(topic.text) ORDER BY epoch, first")
        var gaps: [LoggedGap] = []
        for row in rows {
            let (first, last) = (try row.int64("first"), try row.int64("last"))
            gaps.append(
                LoggedGap(
                    stream: try row.stream(epoch: "epoch"),
                    sequences: first...max(first, last)))
        }
        return gaps
    }

    private static func watermarks(
        _ query: Query, _ runner: some QueryRunner
    ) async throws(StoreError) -> [StreamID: Int64] {
        var watermarks: [StreamID: Int64] = [:]
        for row in try await runner.query(query) {
            let stream = try row.stream(epoch: "epoch")
            watermarks[stream] = try row.int64("sequence")
        }
        return watermarks
    }

    /// Locks the streams' rows (missing ones are made), always in the same order, so that two batches never wait for
    /// each other.
    private static func lockWatermarks(
        _ streams: [StreamID], in transaction: Transaction
    ) async throws(StoreError) -> [StreamID: Int64] {
        guard !streams.isEmpty else { return [:] }
        let keys: [Query] = streams.map { "(\($0.topic.text)::text, \($0.storedEpoch)::int8)" }
        let list = Query.joined(keys, by: ", ")
        try await transaction.query(
            """
            INSERT INTO log.watermark (topic, epoch, sequence) SELECT k.topic, k.epoch, 0
            FROM (VALUES \(list)) AS k(topic, epoch) ORDER BY k.topic, k.epoch ON CONFLICT DO NOTHING
            """)
        return try await watermarks(
            """
            SELECT topic, epoch, sequence FROM log.watermark WHERE (topic, epoch) IN (\(list))
            ORDER BY topic, epoch FOR UPDATE
            """, transaction)
    }

    private static func save(
        _ watermarks: [StreamID: Int64], in transaction: Transaction
    ) async throws(StoreError) {
        guard !watermarks.isEmpty else { return }
        let rows: [Query] = watermarks.sorted { $0.key < $1.key }.map {
            "(\($0.key.topic.text)::text, \($0.key.storedEpoch)::int8, \($0.value)::int8)"
        }
        try await transaction.query(
            """
            UPDATE log.watermark w SET sequence = k.sequence
            FROM (VALUES \(Query.joined(rows, by: ", "))) AS k(topic, epoch, sequence)
            WHERE w.topic = k.topic AND w.epoch = k.epoch AND w.sequence < k.sequence
            """)
    }

    private static func copy(_ reports: [LoggedReport], in transaction: Transaction) async throws(StoreError) {
        guard !reports.isEmpty else { return }
        var (hosts, samples) = (CopyRows.hostSamples, CopyRows.samples)
        for report in reports {
            hosts.append(hostOf: report)
            for domain in report.sample.domains { samples.append(domain, of: report) }
        }
        try await transaction.copy(hosts)
        if samples.count > 0 { try await transaction.copy(samples) }
    }

    private static func insert(_ events: [LoggedEvent], in transaction: Transaction) async throws(StoreError) {
        guard !events.isEmpty else { return }
        var rows = CopyRows(
            into: "log.event",
            columns: [
                "at_ns", "topic", "stream_epoch", "sequence", "kind", "host", "domain", "detail", "is_foreign",
            ])
        for event in events {
            rows.append([
                .int8(event.at.nanoseconds), .text(event.stream.topic.text), .int8(event.stream.storedEpoch),
                .int8(event.sequence), .text(event.kind), .text(event.host?.name), .uuid(event.domain?.uuid),
                .text(event.detail), .bool(event.isForeign),
            ])
        }
        try await transaction.copy(rows)
    }

    private static func insert(_ gap: LoggedGap, _ transaction: Transaction) async throws(StoreError) {
        try await transaction.query(
            """
            INSERT INTO log.gap (topic, epoch, first, last)
            VALUES (\(gap.stream.topic.text), \(gap.stream.storedEpoch), \(gap.sequences.lowerBound), \(gap.sequences.upperBound))
            ON CONFLICT DO NOTHING
            """)
    }
}
