// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import SchedulerCore
import Store

/// Reads what a domain wanted in the past from its stored samples, page by page.
struct DemandReader: Sendable {
    let store: Store
    /// What one sample stands for, where the next is not near.
    let samplingInterval: Int64

    private static let pageSize = 10_000

    /// A domain's past with the sizes that it began with.
    struct Past: Sendable {
        var samples: [ReplaySample] = []
        var first: DomainSample?
        var last: DomainSample?
        var vcpus: VCPUCount? { last?.vcpus.map { $0.confirmed ?? $0.granted } }
    }

    /// Oldest first; a hole longer than two intervals is one sample of which nothing is known.
    func past(of domain: DomainID, in period: TimeRange) async throws -> Past {
        var past = Past()
        var before: Timestamp?
        try await read(domain, in: period) { point in
            let gap = before.map { point.sampledAt.nanoseconds(since: $0) } ?? samplingInterval
            let interval = gap > 0 && gap <= 2 * samplingInterval ? gap : samplingInterval
            if gap > 2 * samplingInterval {
                past.samples.append(
                    ReplaySample(
                        sampledAt: point.sampledAt.advanced(byNanoseconds: -interval),
                        intervalNanoseconds: gap - interval, demand: nil))
            }
            past.samples.append(
                ReplaySample(point.sample, sampledAt: point.sampledAt, intervalNanoseconds: interval))
            if point.sample.vcpus != nil {
                past.first = past.first ?? point.sample
                past.last = point.sample
            }
            before = point.sampledAt
        }
        return past
    }

    /// What a delegated policy is chosen from.
    func history(of domain: DomainID, in period: TimeRange) async throws -> DemandHistory {
        var history = DemandHistory(intervalNanoseconds: samplingInterval)
        try await read(domain, in: period) { point in
            let reading = point.sample
            guard reading.state == .running || reading.state == .blocked, let use = reading.cpuUtilization,
                let vcpus = reading.vcpus
            else { return }
            history.append(at: point.sampledAt, utilization: use, vcpus: vcpus.confirmed ?? vcpus.granted)
        }
        return history
    }

    private func read(_ domain: DomainID, in period: TimeRange, _ take: (DomainPoint) -> Void) async throws {
        var rest: TimeRange? = period
        while let now = rest, !now.isEmpty {
            try Task.checkCancellation()
            let points = try await LogRepository(store).series(of: domain, in: now, limit: Self.pageSize)
            for point in points { take(point) }
            guard points.count == Self.pageSize, let newest = points.last else { return }
            rest = TimeRange(newest.sampledAt.advanced(byNanoseconds: 1), now.end)
        }
    }
}
