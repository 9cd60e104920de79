// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import SchedulerCore
import Store

/// Reads a domain's past demand from its stored samples, page by page: from the time in which it was a tenant's or,
/// without a tenant, all.
struct DemandReader: Sendable {
    let store: Store
    /// How long a time one sample stands for if the next one is not near.
    let samplingInterval: Int64

    private static let pageSize = 10_000

    /// A domain's past with its sizes at the beginning.
    struct Past: Sendable {
        let samplingInterval: Int64
        private(set) var samples: [ReplaySample] = []
        private(set) var first: DomainSample?
        private(set) var last: DomainSample?
        private var before: Timestamp?
        var vcpus: VCPUCount? { last?.vcpus.map { $0.confirmed ?? $0.granted } }

        init(samplingInterval: Int64) { self.samplingInterval = samplingInterval }

        /// Oldest first; a gap longer than two intervals becomes one unknown sample.
        mutating func take(_ point: DomainPoint) {
            let gap = before.map { point.sampledAt.nanoseconds(since: $0) } ?? samplingInterval
            let interval = gap > 0 && gap <= 2 * samplingInterval ? gap : samplingInterval
            if gap > 2 * samplingInterval {
                samples.append(
                    ReplaySample(
                        sampledAt: point.sampledAt.advanced(byNanoseconds: -interval),
                        intervalNanoseconds: gap - interval, demand: nil))
            }
            samples.append(ReplaySample(point.sample, sampledAt: point.sampledAt, intervalNanoseconds: interval))
            if point.sample.vcpus != nil {
                first = first ?? point.sample
                last = point.sample
            }
            before = point.sampledAt
        }
    }

    func past(of domain: DomainID, ownedBy owner: TenantID?, in period: TimeRange) async throws -> Past {
        let points = try await points(of: domain, owner, in: period)
        var past = Past(samplingInterval: samplingInterval)
        for point in points { past.take(point) }
        return past
    }

    /// The history by which a managed policy is chosen.
    func history(of domain: DomainID, ownedBy owner: TenantID?, in period: TimeRange) async throws -> DemandHistory {
        let points = try await points(of: domain, owner, in: period)
        var history = DemandHistory(intervalNanoseconds: samplingInterval)
        for point in points { history.take(point) }
        return history
    }

    /// All of a period page by page, the oldest first. Not a loop: Swift 6.3.1's optimizer crashes on one that holds a page
    /// across its suspension.
    private func points(
        of domain: DomainID, _ owner: TenantID?, in period: TimeRange, before bound: DomainPoint? = nil
    ) async throws -> [DomainPoint] {
        try Task.checkCancellation()
        let page = try await LogRepository(store).newest(
            of: domain, in: period, ownedBy: owner, before: bound, limit: Self.pageSize)
        guard page.count == Self.pageSize, let oldest = page.first else { return page }
        return try await points(of: domain, owner, in: period, before: oldest) + page
    }
}

extension DemandHistory {
    fileprivate mutating func take(_ point: DomainPoint) {
        let reading = point.sample
        guard reading.state == .running || reading.state == .blocked, let use = reading.cpuUtilization,
            let capacity = reading.capacity
        else { return }
        append(at: point.sampledAt, utilization: use, capacity: capacity, demand: reading.wantedShare)
    }
}
