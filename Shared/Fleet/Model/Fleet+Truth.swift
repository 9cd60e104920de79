// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

extension Fleet {
    /// The true timeline of these domains, or of all, up to this instant (or up to `latest` if that is later). It
    /// changes nothing: what would happen until then is played on a copy.
    package func truth(until instant: Timestamp, of domains: Set<DomainID>? = nil) -> FleetTruth {
        var copy = self
        let end = copy.settle(until: instant)
        for index in copy.hosts.indices { copy.hosts[index].settle(at: end) }
        return copy.settledTruth(at: end, of: domains)
    }

    private func settledTruth(at end: Timestamp, of chosen: Set<DomainID>?) -> FleetTruth {
        let isChosen = { (domain: DomainID) in chosen?.contains(domain) ?? true }
        var domains: [TruthDomain] = []
        for domain in gone where isChosen(domain.id) { domains.append(domain.truth(on: nil, at: end)) }
        for host in hosts {
            for domain in host.domains where isChosen(domain.id) { domains.append(domain.truth(on: host.id, at: end)) }
        }
        domains.sort { ($0.id, $0.segments.first?.start ?? end) < ($1.id, $1.segments.first?.start ?? end) }
        let operations = log.operations + pending.compactMap { $0.operation(on: hosts[$0.host].id) }
        return FleetTruth(
            seed: configuration.seed, start: start, until: end, hosts: hosts.map { $0.truth(at: end) },
            domains: domains, operations: operations.filter { isChosen($0.domain) },
            violations: log.violations.filter { isChosen($0.domain) }, dropped: log.dropped + goneDropped)
    }
}

extension PendingEvent {
    /// The operation as one that is under way; `nil` for what a guest will do by itself.
    func operation(on host: HostID) -> TruthOperation? {
        guard case .finish = kind else { return nil }
        return TruthOperation(
            verb: change.verb, host: host, domain: change.domain, target: change.target, callID: token.id,
            epoch: token.epoch, requestedAt: requestedAt, effectiveAt: nil, outcome: "under-way", message: "")
    }
}

extension SimulatedHost {
    /// Call it when the host is settled at `end`.
    func truth(at end: Timestamp) -> TruthHost {
        TruthHost(
            id: id, condition: condition, cores: cores, memory: memory, cpuTimeNanoseconds: cpuTimes.total,
            controlDomainCPUTimeNanoseconds: cpuTimes.control, clock: clock.wall(at: end), epoch: epoch)
    }
}

extension SimulatedDomain {
    /// Call it when the domain is settled at `end`; `host` is `nil` for one that was undefined.
    func truth(on host: HostID?, at end: Timestamp) -> TruthDomain {
        var incarnations = history.incarnations
        if let host, let life { incarnations.append(TruthIncarnation(host: host, life, end: nil)) }
        return TruthDomain(
            id: id, name: definition.name, tenant: definition.tenant,
            segments: history.segments + [history.openSegment(until: end)].compactMap(\.self),
            incarnations: incarnations, served: history.served, readings: history.readings, dropped: history.dropped)
    }
}
