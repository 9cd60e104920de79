// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import MonitorCore
internal import ResourceModel
internal import Store

/// A domain as the database has it, with its open size segment.
struct KnownDomain: Sendable {
    let row: StoredDomain
    /// `nil`: it has no open size segment on this host.
    let size: SizeTracker.Known?
}

/// What an earlier owner wrote down about a host.
struct KnownHost: Sendable {
    let domains: [KnownDomain]
    /// Domains whose migration was under way.
    let moving: Set<DomainID>
    /// Domains with a command under way.
    let ordered: Set<DomainID>
    /// Domains whose migration has an unknown outcome.
    let uncertain: Set<DomainID>
    let provedUntil: Timestamp?
    /// The meters of the lives that the rows name.
    let meters: [DomainID: LastMeter]
    /// Domains of other hosts that were seen here too.
    let duplicates: [DomainID]

    /// Lives that go on, so that a restart begins no new ones.
    var incarnations: [DomainID: HostSampler.KnownIncarnation] {
        var known: [DomainID: HostSampler.KnownIncarnation] = [:]
        for domain in domains {
            guard let life = domain.row.incarnation else { continue }
            let wasActive =
                domain.row.state.isActive || domain.row.state == .unknown && domain.size?.size.vcpus ?? 1 > 0
            known[domain.row.id] = .init(life, isActive: wasActive, meter: meters[domain.row.id].map { KnownMeter($0) })
        }
        return known
    }

    static func load(_ host: HostID, claim: ShardClaim, from edges: MonitorEdges, at now: Timestamp) async throws
        -> KnownHost
    {
        let record = try await edges.inventory.host(host)
        let rows = try await edges.inventory.domains(.host(host))
        var open: [DomainID: StoredSegment] = [:]
        if let ahead = TimeRange(now, .distantFuture) {
            for segment in try await edges.inventory.segments(.host(host), in: ahead)
            where segment.end == nil && segment.host == host {
                open[segment.domain] = segment
            }
        }
        let abandoned = try await edges.commands.abandoned(before: claim)
        return KnownHost(
            domains: rows.map { row in
                KnownDomain(row: row, size: open[row.id].map { .init($0, provedUntil: record?.provedUntil) })
            },
            moving: Set(abandoned.filter { $0.command.verb == .migrate }.map(\.command.domain)),
            ordered: Set(abandoned.map(\.command.domain)),
            uncertain: Set(try await edges.commands.uncertainMigrations(from: host).map(\.command.domain)),
            provedUntil: record?.provedUntil, meters: try await edges.inventory.lastMeters(on: host),
            duplicates: try await edges.inventory.duplicates(on: host))
    }
}

extension KnownMeter {
    init(_ stored: LastMeter) { self.init(counters: stored.counters, devices: stored.devices) }
}

extension SizeTracker.Known {
    init(_ segment: StoredSegment, provedUntil: Timestamp?) {
        self.init(
            incarnationStart: segment.incarnationStart,
            size: DomainSize(
                vcpus: segment.vcpus, capacity: segment.capacity, memory: segment.memory, disk: segment.disk),
            provedUntil: max(provedUntil ?? segment.start, segment.start))
    }
}
