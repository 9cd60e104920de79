// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import UserGatewayCore

extension GatewayBackend {
    /// How many samples are read at once; others have their turn before the next page.
    private static let samplePage = 1_000

    /// The newest samples of a period with their hosts' load, the oldest first.
    func samples(
        of subject: Subject, in period: TimeRange, newest limit: Int, _ request: Request
    ) async throws(MethodError) -> [JSONValue] {
        var pages: [[JSONValue]] = []
        var left = limit
        var before: DomainPoint?
        while left > 0 {
            let (wanted, end) = (min(left, Self.samplePage), before)
            let page = try await reading {
                try await LogRepository(historyStore).newest(
                    of: subject.id, in: period, ownedBy: subject.tenant, before: end, limit: wanted)
            }
            guard let first = page.first else { break }
            pages.append(try await describe(page, request))
            left -= page.count
            before = first
            await request.context.waiting {}
        }
        return pages.reversed().flatMap { $0 }
    }

    /// Samples beside their hosts' load.
    private func describe(_ points: [DomainPoint], _ request: Request) async throws(MethodError) -> [JSONValue] {
        let hosts = Set(points.map(\.host))
        let names = try await visible(hosts, to: request.principal)
        var loads: [HostID: [Timestamp: HostFigures]] = [:]
        // A tenant must not know what else its host does.
        if request.principal.tenant == nil, let first = points.first, let last = points.last,
            let period = TimeRange(first.sampledAt, last.sampledAt.advanced(byNanoseconds: 1))
        {
            for host in hosts {
                let series = try await reading { try await LogRepository(historyStore).series(of: host, in: period) }
                loads[host] = Dictionary(series.map { ($0.sampledAt, $0.figures) }) { first, _ in first }
            }
        }
        return points.map { point in
            let figures = loads[point.host]?[point.sampledAt]
            return [
                "at": .instant(point.sampledAt), "atNanoseconds": .integer(point.sampledAt.nanoseconds),
                "host": .string(names[point.host] ?? ""),
                "state": .string(point.sample.state.rawValue),
                "vcpus": .nullable(point.sample.vcpus?.confirmed?.count),
                "capacityThousandths": .nullable(point.sample.capacity?.thousandths),
                "cpuUtilizationPpm": .nullable(point.sample.cpuUtilization?.ppm),
                "cpuDemandPpm": .nullable(point.sample.cpuDemand?.ppm),
                "virtCpuUsagePpm": .nullable(point.sample.virtCPUUsage?.ppm),
                "hostCpuUtilizationPpm": .nullable(figures?.cpuUtilization?.ppm),
            ]
        }
    }
}
