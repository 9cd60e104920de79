// SPDX-License-Identifier: Apache-2.0

import LoggerCore
import Logging
import ResourceModel
import Store

/// Maintains what the log needs: a shard per host and cluster, the days' partitions, and no days beyond the retention.
struct LogKeeper: Sendable {
    private static let interval: Duration = .seconds(1)
    private static let day: Duration = .seconds(86_400)
    private static let partitionInterval: Duration = .seconds(600)

    private let edges: LoggerEdges
    private let retention: Duration
    private let repository: LogRepository

    init(_ edges: LoggerEdges, retention: Duration) {
        self.edges = edges
        self.retention = retention
        repository = LogRepository(edges.store)
    }

    /// Runs until cancelled.
    func run() async {
        var partitionsAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            do {
                if partitionsAt.map({ ContinuousClock.now - $0 >= Self.partitionInterval }) ?? true {
                    try await ensurePartitions()
                    partitionsAt = .now
                }
                try await ensureShards()
            } catch {
                edges.log.warning("the log's partitions and shards can't be kept", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Makes the partitions from yesterday, which a spool may still replay, until tomorrow; drops days beyond the
    /// retention.
    func ensurePartitions() async throws(StoreError) {
        let now = edges.now()
        guard let days = TimeRange(now.advanced(byNanoseconds: -Self.day.wholeNanoseconds), now.advanced(by: Self.day))
        else { return }
        let oldest = max(0, now.nanoseconds - max(retention, Self.day * 2).wholeNanoseconds)
        try await repository.ensurePartitions(for: days, keepFrom: Timestamp(nanoseconds: oldest))
    }

    func ensureShards() async throws(StoreError) {
        try await repository.ensureShards(clusterPrefix: LogShard.clusterPrefix)
    }
}
