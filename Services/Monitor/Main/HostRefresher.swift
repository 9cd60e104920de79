// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Brings a host's loop what the database says of its domains, so that the loop itself never waits for it.
actor HostRefresher {
    private let host: HostID
    private let claim: ShardClaim
    private let loop: HostLoop
    private let edges: MonitorEdges
    private let configuration: MonitorConfiguration
    /// Since when domains that another host has are seen here as well.
    private var strangers: [DomainID: ContinuousClock.Instant] = [:]
    private var duplicates: Set<DomainID> = []
    private var twins: [HostID] = []

    init(
        host: HostID, claim: ShardClaim, duplicates: [DomainID], loop: HostLoop, edges: MonitorEdges,
        configuration: MonitorConfiguration
    ) {
        self.host = host
        self.claim = claim
        self.duplicates = Set(duplicates)
        self.loop = loop
        self.edges = edges
        self.configuration = configuration
    }

    /// Reads until cancelled; while the database is away the loop goes on with what it knows.
    func run() async {
        var rowsAreDue = ContinuousClock.now
        // Each host's at their own moment: read back all at once, a thousand hosts' would hold up commands for seconds.
        var pause = configuration.rowsInterval / 1_024 * Int(1 + loop.meterPhase % 1_024)
        while !Task.isCancelled {
            do {
                if ContinuousClock.now >= rowsAreDue {
                    await loop.refresh(try await edges.inventory.domains(.host(host)))
                    try await lookForTwins()
                    rowsAreDue = .now + pause
                    pause = configuration.rowsInterval
                }
                let unknown = await loop.unknownDomains
                if !unknown.isEmpty || !duplicates.isEmpty { try await resolve(unknown) }
            } catch {
                edges.log.debug(
                    "rows can't be read back", metadata: ["host.id": "\(host)", "error": "\(error)"])
            }
            await edges.pacer.sleep(for: configuration.refreshInterval)
        }
    }

    private func resolve(_ domains: [DomainID]) async throws {
        strangers = strangers.filter { domains.contains($0.key) }
        for domain in domains { await loop.resolve(domain, as: try await origin(of: domain)) }
        try await recordDuplicates(await loop.duplicates)
    }

    private func origin(of domain: DomainID) async throws -> DomainOrigin {
        guard let row = try await edges.inventory.domain(domain), row.deletedAt == nil else {
            return .found(manager: try await loop.hypervisor.describe(domain)?.manager)
        }
        if row.host == host, row.missingSince != nil { return .here(try await known(row)) }
        if try await isMovedHere(domain, row) { return .movedHere(row) }
        if row.host == host { return .here(try await known(row)) }
        switch try await migration(of: domain)?.state {
        case .queued, .claimed: return .arriving
        case .succeeded: return .movedHere(row)
        default: return try await strange(row)
        }
    }

    /// A domain of another host by its row, which no command of Ebb's moved here. Somebody else moved it, and its former
    /// host lets it go within a poll or can't be asked; one that goes on having it has another domain.
    private func strange(_ row: DomainRecord) async throws -> DomainOrigin {
        let former = try await edges.inventory.host(row.host)
        guard row.state != .unknown, let former, former.facts.state == .up, former.removedAt == nil else {
            return .strayed(row, provedUntil: former?.provedUntil)
        }
        let since = strangers[row.id] ?? .now
        strangers[row.id] = since
        return ContinuousClock.now - since < configuration.pollInterval * 3 ? .arriving : .duplicate(of: row.host)
    }

    /// Writes down which copies of other hosts' domains are here.
    private func recordDuplicates(_ present: Set<DomainID>) async throws {
        for domain in present.symmetricDifference(duplicates).sorted() {
            let isDuplicate = present.contains(domain)
            try await edges.inventory.setDuplicate(domain, isDuplicate, at: edges.clock.now(), under: claim)
            if isDuplicate { duplicates.insert(domain) } else { duplicates.remove(domain) }
        }
    }

    /// Hosts that say the same UUID of themselves; reported when that changes.
    private func lookForTwins() async throws {
        guard let uuid = await loop.hostUUID else { return }
        let found = try await edges.inventory.hosts(sharing: uuid, with: host)
        if found != twins, !found.isEmpty { await loop.noticedTwins(found) }
        twins = found
    }

    /// Whether the row is here already since the source's owner wrote it, while this host has no segment of it yet.
    private func isMovedHere(_ domain: DomainID, _ row: DomainRecord) async throws -> Bool {
        guard row.host == host, try await known(row).size == nil else { return false }
        return try await migration(of: domain) != nil
    }

    /// The newest command that moves the domain here.
    private func migration(of domain: DomainID) async throws -> CommandRecord? {
        try await edges.commands.history(of: domain, limit: 16).first { record in
            record.command.verb == CommandVerb.migrate.rawValue
                && CommandArguments(record.command.arguments)?.target == host.name && record.state != .failed
        }
    }

    private func known(_ row: DomainRecord) async throws -> KnownDomain {
        guard let ahead = TimeRange(edges.clock.now(), .distantFuture) else { return KnownDomain(row: row, size: nil) }
        let open = try await edges.inventory.segments(of: row.id, in: ahead).last { $0.end == nil && $0.host == host }
        return KnownDomain(row: row, size: open.map { .init($0, provedUntil: $0.hostProvedUntil) })
    }
}
