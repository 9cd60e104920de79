// SPDX-License-Identifier: Apache-2.0

internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// The origin of a domain, once its row was looked up.
enum DomainOrigin: Sendable {
    /// It has no row: it is listed and only observed. Its definition may name another manager.
    case found(manager: String?)
    /// Its row says this host.
    case here(KnownDomain)
    /// Ebb moved it here.
    case movedHere(StoredDomain)
    /// Somebody else moved it here, or it is the copy that runs; its former host proved it up to the instant.
    case strayed(StoredDomain, provedUntil: Timestamp?)
    /// Its migration is still under way at the source, or it was not seen yet that it left its former host.
    case arriving
    /// The copy on another host is the domain; this one is only a copy. `isLive`: both are live.
    case duplicate(of: HostID, isLive: Bool)
}

extension HostLoop {
    /// Takes a cycle's sightings; returns whether every domain is known up to its proof.
    /// - Parameter calledAt: cluster time right before the host was asked.
    func take(_ cycle: HostCycle, calledAt: Timestamp, _ facts: inout [Fact]) async -> Bool {
        var isComplete = true
        leftAt = leftAt.filter { $0.value >= calledAt }
        for seen in cycle.sightings {
            guard trackers[seen.domain] != nil else {
                if leftAt[seen.domain] != nil { continue }
                // Only the present state of a copy matters: its past is not billed.
                let first = duplicates[seen.domain] == nil ? unresolved[seen.domain]?.first : nil
                unresolved[seen.domain] = first.map { [$0, seen] } ?? [seen]
                continue
            }
            facts += await observe(seen)
            if trackers[seen.domain]?.isManaged ?? false, seen.size == nil { isComplete = false }
        }
        // Each domain is seen once: if as many are seen as are known, and no unknown one, these are all.
        if unresolved.isEmpty, duplicates.isEmpty, trackers.count == cycle.sightings.count {
            facts.joinReadings()
            return isComplete
        }
        let present = Set(cycle.sightings.map(\.domain))
        for domain in unresolved.keys where !present.contains(domain) { unresolved[domain] = nil }
        duplicates = duplicates.filter { present.contains($0.key) }
        for domain in trackers.keys.sorted() where !present.contains(domain) {
            guard let tracker = trackers[domain], calledAt >= tracker.settledAt else {
                // Ebb's operation since then shows a newer state than this poll.
                isComplete = false
                continue
            }
            guard !moving.contains(domain), !ordered.contains(domain) else {
                // It is not here now: whoever looks up the effect of an order must not see the former state.
                latest[domain] = nil
                isComplete = false
                continue
            }
            let isForeign = uncertain.remove(domain) == nil
            facts += await depart(domain, movedAt: nil, seenAt: cycle.seenAt, isForeign: isForeign)
        }
        facts.joinReadings()
        return isComplete
    }

    /// One sighting of a domain whose row is known: events, and the facts that follow.
    func observe(_ seen: DomainSighting, isForced: Bool = false) async -> [Fact] {
        guard trackers[seen.domain] != nil else { return [] }
        let former = latest[seen.domain]
        if let former, seen.seenAt < former.seenAt { return [] }
        latest[seen.domain] = seen
        let isShuttingDown = trackers[seen.domain]?.isShuttingDown ?? false
        let isForeign = !ordered.contains(seen.domain) && !isShuttingDown
        noteStop(seen, after: former, isForeign: isForeign)
        let facts = trackers[seen.domain]?.observe(seen, isForced: isForced) ?? []
        noteCap(seen)
        if let former {
            for change in DomainChange.between(former, seen) {
                await publish(change, of: seen.domain, at: seen.sizeEffectiveAt ?? seen.seenAt, isForeign: isForeign)
            }
        }
        return facts
    }

    /// Notes since when a domain is off for a reason that Ebb does not know: it may have moved elsewhere.
    private func noteStop(_ seen: DomainSighting, after former: DomainSighting?, isForeign: Bool) {
        guard CopyRank(seen.state).isHarmless else {
            stoppedAt[seen.domain] = nil
            return
        }
        if former.map({ isForeign && !CopyRank($0.state).isHarmless }) ?? true { stoppedAt[seen.domain] = seen.seenAt }
    }

    /// The instant since when another host must have been listed before it is known that a domain that is off or
    /// missing here does not run there; `nil`: Ebb itself ended it here.
    func stoppedSince(_ row: StoredDomain) -> Timestamp? {
        latest[row.id] == nil ? max(startedAt, row.missingSince ?? .zero) : stoppedAt[row.id]
    }

    /// Takes note that a domain is not here any more: closes its facts, and marks its row unless Ebb moved it. Without
    /// `movedAt`, a complete listing showed that it is gone.
    func depart(_ domain: DomainID, movedAt: Timestamp?, seenAt: Timestamp, isForeign: Bool) async -> [Fact] {
        guard var tracker = trackers.removeValue(forKey: domain) else { return [] }
        (latest[domain], stoppedAt[domain]) = (nil, nil)
        uncertain.remove(domain)
        var facts = tracker.departed(movedAt: movedAt, seenAt: seenAt)
        if movedAt == nil { facts.append(.absent(domain, at: seenAt)) }
        let change = DomainChange(
            kind: "migrated-out", detail: isForeign ? "it is not on the host any more" : "moved by Ebb")
        await publish(change, of: domain, at: movedAt ?? seenAt, isForeign: isForeign)
        return facts
    }

    /// Domains whose row must be looked up, in order.
    var unknownDomains: [DomainID] { unresolved.keys.sorted() }

    /// What is to be looked up or mended, in one answer: it is asked for every second, of every host.
    var openQuestions: (listedAt: Timestamp?, unknown: [DomainID], lacksCaps: Bool) {
        (listedAt, unknownDomains, !uncapped.isEmpty)
    }

    /// The copies of other hosts' domains that are here, as last seen.
    var copies: [DomainID: DomainState] {
        Dictionary(
            uniqueKeysWithValues: duplicates.keys.map { ($0, unresolved[$0]?.last?.state ?? .unknown) })
    }

    /// The last look at a domain whose row is not known to say this host.
    func sighting(of domain: DomainID) -> DomainSighting? { unresolved[domain]?.last }

    /// The domain's row says another host now: what is here is a copy, which is neither billed nor changed. The other
    /// host's first size segment ends the one that is open here.
    func lost(_ domain: DomainID) async {
        guard var tracker = trackers.removeValue(forKey: domain) else { return }
        stoppedAt[domain] = nil
        uncertain.remove(domain)
        unresolved[domain] = latest.removeValue(forKey: domain).map { [$0] }
        let readings = tracker.isManaged ? tracker.meter.endOfLife() : []
        if !readings.isEmpty { await writer.append([.readings(readings)]) }
    }

    /// Takes what was found out about a domain's row, and then processes its sightings so far.
    func resolve(_ domain: DomainID, as origin: DomainOrigin) async {
        guard let sightings = unresolved[domain], let last = sightings.last, trackers[domain] == nil else { return }
        var facts: [Fact] = []
        switch origin {
        case .arriving: return
        case .duplicate(let other, let isLive):
            if duplicates.updateValue(isLive, forKey: domain) != isLive {
                await noticedDuplicate(domain, of: other, isLive: isLive)
            }
            return
        case .found(let manager):
            trackers[domain] = DomainTracker(
                isManaged: false, size: SizeTracker(domain: domain),
                meter: schedule(domain, since: .distantFuture), asked: nil)
            facts.append(.found(NewDomain(found: last, manager: manager)))
        case .here(let known):
            trackers[domain] = DomainTracker(
                known, interval: configuration.readingInterval, phase: meterPhase,
                watchedSince: max(known.row.tenantSince, known.row.missingSince ?? .zero))
            // It was missing: its size begins anew, also if it is off and has no life yet.
            if known.row.missingSince != nil {
                trackers[domain]?.size = SizeTracker(
                    domain: domain, arrivedAt: last.seenAt, ownedSince: known.row.tenantSince)
            }
        case .movedHere(let row):
            trackers[domain] = tracker(of: row, size: SizeTracker(domain: domain, ownedSince: row.tenantSince))
            await arrived(domain, sightings[0], isForeign: false)
        case .strayed(let row, let provedUntil):
            let size = SizeTracker(
                domain: domain, formerHostProvedUntil: provedUntil, arrivedAt: last.seenAt, ownedSince: row.tenantSince)
            let isCopy = duplicates[domain] != nil
            trackers[domain] = tracker(of: row, size: size, watchedSince: isCopy ? last.seenAt : .zero)
            await arrived(domain, sightings[0], isForeign: true)
        }
        unresolved[domain] = nil
        duplicates[domain] = nil
        for seen in sightings { facts += await observe(seen) }
        await writer.append(facts)
    }

    private func arrived(_ domain: DomainID, _ seen: DomainSighting, isForeign: Bool) async {
        let change = DomainChange(kind: "migrated-in", detail: isForeign ? "from another host" : "moved by Ebb")
        await publish(change, of: domain, at: seen.incarnation?.start ?? seen.seenAt, isForeign: isForeign)
    }

    /// Takes what the database now says about the host's domains: which were adopted or released, and what was asked.
    /// Returns the domains that are here and have no such row.
    func refresh(_ rows: [StoredDomain]) -> [DomainID] {
        for row in rows {
            guard var tracker = trackers[row.id] else { continue }
            tracker.asked = row.askedVCPUs ?? tracker.asked
            // A row from before a change that is not written yet is ignored.
            if tracker.isManaged != row.isManaged, row.tenantSince >= tracker.ownedSince {
                tracker.changeOwner(
                    isManaged: row.isManaged, since: row.tenantSince, row.id,
                    meter: schedule(row.id, since: row.tenantSince))
            }
            trackers[row.id] = tracker
        }
        let known = Set(rows.map(\.id))
        return trackers.keys.filter { !known.contains($0) && !moving.contains($0) && !ordered.contains($0) }.sorted()
    }

    /// The domain as last seen; unknown as long as its row is unknown.
    func presence(of domain: DomainID) -> DomainPresence {
        guard isUp, hasPolled else { return .unknown }
        guard let seen = latest[domain] else { return unresolved[domain] == nil ? .absent : .unknown }
        return .present(
            DomainLook(
                seen.state, seen.stateReason, granted: seen.vcpus?.granted, confirmed: seen.vcpus?.confirmed,
                memory: seen.memory?.allocated, cpuCap: seen.cpuCap))
    }

    /// A size report came too late to be written: two owners crossed, or a domain moved.
    func reportedStale(_ fact: SizeFact) async {
        let change = DomainChange(
            kind: "report-stale", detail: "\(fact.size.vcpus) vCPUs since \(fact.since) came too late")
        await publish(change, of: fact.domain, at: fact.observedAt, isForeign: false)
    }
}

extension HostLoop {
    /// A domain that begins a life here.
    /// - Parameter watchedSince: since when its meters count.
    fileprivate func tracker(
        of row: StoredDomain, size: SizeTracker, watchedSince: Timestamp = .zero
    ) -> DomainTracker {
        DomainTracker(
            isManaged: row.isManaged, ownedSince: row.tenantSince, size: size,
            meter: schedule(row.id, since: max(watchedSince, row.tenantSince)), asked: row.askedVCPUs,
            caps: DomainCaps(row))
    }

    /// - Parameter since: since when the domain is watched.
    func schedule(_ domain: DomainID, since: Timestamp) -> MeterSchedule {
        MeterSchedule(
            domain: domain, interval: configuration.readingInterval, phase: meterPhase, watchedSince: since)
    }
}

extension NewDomain {
    fileprivate init(found seen: DomainSighting, manager: String?) {
        self.init(
            id: seen.domain, name: seen.name, tenant: nil, isManaged: false, state: seen.state,
            maximumVCPUs: seen.vcpus?.maximum ?? 1, maximumMemory: seen.memory?.maximum ?? .zero,
            disk: seen.disk ?? .zero, foreignManager: manager)
    }
}
