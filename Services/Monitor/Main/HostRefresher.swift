// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Brings a host's loop what the database says about its domains, so that the loop itself never waits for the database.
actor HostRefresher {
    private let host: HostID
    private let claim: ShardClaim
    private let loop: HostLoop
    private let proofs: ProofWriter
    private let edges: MonitorEdges
    private let configuration: MonitorConfiguration
    private let capAgain: @Sendable () async -> Void
    /// Since when domains of other hosts are seen here too.
    private var strangers: [DomainID: ContinuousClock.Instant] = [:]
    /// Recorded copies of other hosts' domains, with their states.
    private var recorded: [DomainID: DomainState]
    private var twins: [HostID] = []
    /// Domains of other hosts that run here and for which it is not decided yet which copy is the domain.
    private var undecided: Set<DomainID> = []

    init(
        host: HostID, claim: ShardClaim, duplicates: [DomainID], loop: HostLoop, proofs: ProofWriter,
        edges: MonitorEdges, configuration: MonitorConfiguration, capAgain: @escaping @Sendable () async -> Void
    ) {
        self.capAgain = capAgain
        self.host = host
        self.claim = claim
        self.proofs = proofs
        recorded = Dictionary(uniqueKeysWithValues: duplicates.map { ($0, .unknown) })
        self.loop = loop
        self.edges = edges
        self.configuration = configuration
    }

    /// Reads until cancelled; while the database is away the loop goes on with what it knows.
    func run() async {
        var rowsAreDue = ContinuousClock.now
        // Each host's rows are read at another moment: if a thousand hosts' rows were read at once, commands would wait
        // for seconds.
        var pause = configuration.rowsInterval / 1_024 * Int(1 + loop.meterPhase % 1_024)
        while !Task.isCancelled {
            do {
                if ContinuousClock.now >= rowsAreDue {
                    try await readRows()
                    try await lookForTwins()
                    rowsAreDue = .now + pause
                    pause = configuration.rowsInterval
                }
                let (listedAt, unknown, lacksCaps) = await loop.openQuestions
                if lacksCaps { await capAgain() }
                undecided = []
                if !unknown.isEmpty || !recorded.isEmpty { try await resolve(unknown) }
                // By now it is known of everything that runs here.
                if let listedAt, undecided.isEmpty { await proofs.note(claim, listedAt: listedAt) }
            } catch {
                edges.log.debug(
                    "rows can't be read back", metadata: ["host.id": "\(host)", "error": "\(error)"])
            }
            await edges.pacer.sleep(for: configuration.refreshInterval)
        }
    }

    /// Other hosts took these domains, so that the ones here are copies; a domain may have come back meanwhile.
    func taken(_ domains: [DomainID]) async throws {
        let new = domains.filter { recorded[$0] == nil }
        for (domain, row) in try await edges.inventory.domains(new) {
            recorded[domain] = .unknown
            if row.host != host { await loop.lost(domain) }
        }
    }

    private func readRows() async throws {
        let rows = try await edges.inventory.domains(.host(host))
        let elsewhere = await loop.refresh(rows)
        for (domain, row) in try await edges.inventory.domains(elsewhere)
        where row.host != host && row.deletedAt == nil { await loop.lost(domain) }
    }

    private func resolve(_ domains: [DomainID]) async throws {
        strangers = strangers.filter { domains.contains($0.key) }
        let rows = try await edges.inventory.domains(domains)
        var holders: [HostID: StoredHost] = [:]
        for row in rows.values where row.host != host && holders[row.host] == nil {
            holders[row.host] = try await edges.inventory.host(row.host)
        }
        for domain in domains {
            let row = rows[domain].flatMap { $0.deletedAt == nil ? $0 : nil }
            await loop.resolve(domain, as: try await origin(of: domain, row, holder: row.flatMap { holders[$0.host] }))
        }
        try await recordDuplicates(await loop.copies)
    }

    private func origin(of domain: DomainID, _ row: StoredDomain?, holder: StoredHost?) async throws -> DomainOrigin {
        guard let row else { return .found(manager: try await loop.hypervisor.manager(of: domain)) }
        guard row.host == host else { return try await contested(row, holder) }
        guard row.missingSince == nil, try await known(row).size == nil,
            try await edges.commands.moves(of: domain).first(where: { $0.target == host && $0.state != .failed }) != nil
        else { return .here(try await known(row)) }
        // The source's owner wrote the row, and this host has no segment of the domain yet.
        return .movedHere(row)
    }

    /// Decides about a domain whose row says another host: which of the two copies is the domain.
    private func contested(_ row: StoredDomain, _ holder: StoredHost?) async throws -> DomainOrigin {
        guard let seen = await loop.sighting(of: row.id) else { return .arriving }
        let since = strangers[row.id] ?? .now
        strangers[row.id] = since
        let isThere = holder?.removedAt == nil && row.missingSince == nil
        let there = holder?.facts.state == .up ? row.state : .unknown
        let contest = CopyContest(
            here: seen.state, there: isThere ? there : nil, move: try await move(of: row),
            isSettled: ContinuousClock.now - since >= configuration.pollInterval * 3)
        switch contest.ruling {
        case .wait:
            if CopyRank(seen.state).isLive, contest.move != .underWay { undecided.insert(row.id) }
            return .arriving
        case .yield(let isLive): return .duplicate(of: row.host, isLive: isLive)
        case .take(let isForeign):
            // The state in its row is as old as its host's last answer.
            let isStale = !isForeign || there == .unknown || !isThere
            let beaten = CopyRank(seen.state).beatenStates + (isStale ? [row.state] : [])
            let isTaken = try await edges.store.transaction { transaction in
                let revision = try await edges.inventory.observe(
                    row.id, DomainObservation(seen, asked: row.askedVCPUs), taking: beaten, under: claim,
                    in: transaction)
                // Its former host may still have a copy: that is not known until the host was read.
                if revision != nil, isForeign, isThere {
                    try await edges.inventory.noteCopy(
                        of: row.id, on: row.host, at: edges.clock.now(), in: transaction)
                }
                return revision != nil
            }
            guard isTaken else {
                undecided.insert(row.id)
                return .arriving
            }
            var isOurs = !isForeign
            if isForeign { isOurs = try await isUncertain(row) }
            return isOurs ? .movedHere(row) : .strayed(row, provedUntil: holder?.provedUntil)
        }
    }

    /// Whether Ebb's own migration to this host, in the same life of the domain, has an unknown outcome.
    private func isUncertain(_ row: StoredDomain) async throws -> Bool {
        guard let last = try await edges.commands.moves(of: row.id, limit: 1).first, last.isUncertain,
            last.target == host
        else { return false }
        return (row.incarnation?.start ?? .zero) <= (last.claimedAt ?? .zero)
    }

    /// Ebb's own move of the domain between its host and this one.
    private func move(of row: StoredDomain) async throws -> CopyContest.Move {
        let moves = try await edges.commands.moves(of: row.id).filter { $0.target == host || $0.host == host }
        if moves.contains(where: { $0.state == .queued || $0.state == .claimed }) { return .underWay }
        guard let last = moves.first, last.state == .succeeded, last.target == host,
            last.finishedAt ?? .zero >= row.incarnation?.start ?? .zero
        else { return .none }
        return .endedHere
    }

    /// Writes down which copies of other hosts' domains are here.
    private func recordDuplicates(_ present: [DomainID: DomainState]) async throws {
        let open = await loop.unknownDomains
        for domain in Set(present.keys).union(recorded.keys).sorted() where present[domain] != recorded[domain] {
            // It is here, and it is not decided yet which of the copies is the domain.
            if present[domain] == nil, open.contains(domain) { continue }
            try await edges.inventory.setDuplicate(domain, present[domain], at: edges.clock.now(), under: claim)
            recorded[domain] = present[domain]
        }
    }

    /// Looks for hosts that show the same UUID; reports when that changes.
    private func lookForTwins() async throws {
        guard let uuid = await loop.hostUUID else { return }
        let found = try await edges.inventory.hosts(sharing: uuid, with: host)
        if found != twins, !found.isEmpty { await loop.noticedTwins(found) }
        twins = found
    }

    private func known(_ row: StoredDomain) async throws -> KnownDomain {
        guard let ahead = TimeRange(edges.clock.now(), .distantFuture) else { return KnownDomain(row: row, size: nil) }
        let open = try await edges.inventory.segments(of: row.id, in: ahead).last { $0.end == nil && $0.host == host }
        return KnownDomain(row: row, size: open.map { .init($0, provedUntil: $0.hostProvedUntil) })
    }
}
