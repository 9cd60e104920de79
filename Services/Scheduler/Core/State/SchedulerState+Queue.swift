// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

// Due growths that find no room wait in a queue, by their tenant's weight, then by age. No growth overtakes one that
// stands before it.

extension SchedulerState {
    /// The growths that wait for room on `host`, in the order in which they are served.
    package func queue(of host: HostID) -> [WaitingGrowth] {
        waiting.compactMap { item in
            guard let entry = domains[item.domain], entry.record.host == host else { return nil }
            return waitingGrowth(of: entry, item.resource)
        }.sorted { $0.precedes($1) }
    }

    /// The growths for which a domain waits, and how many on its host are served before each.
    package func queuePlace(of domain: DomainID, at now: Timestamp) -> [(growth: WaitingGrowth, ahead: Int)] {
        guard let entry = domains[domain] else { return [] }
        return Resource.allCases.compactMap { resource in
            waitingGrowth(of: entry, resource).map { ($0, growthsAhead(of: domain, resource, at: now)) }
        }
    }

    /// How many growths of the same resource on the same host would be served before this one, if it were due at `now`.
    func growthsAhead(of domain: DomainID, _ resource: Resource, at now: Timestamp) -> Int {
        guard !waiting.isEmpty, let entry = domains[domain] else { return 0 }
        let own =
            waitingGrowth(of: entry, resource)
            ?? WaitingGrowth(
                domain: domain, tenant: entry.record.tenant, resource: resource, missing: 0,
                weight: weight(of: entry.record), since: now)
        return waiting.count { item in
            guard item.resource == resource, item.domain != domain, let other = domains[item.domain],
                other.record.host == entry.record.host, sendsSamples(other, at: now),
                let growth = waitingGrowth(of: other, resource)
            else { return false }
            return growth.precedes(own)
        }
    }

    /// Decides by the rule's finding whether a growth goes on waiting.
    mutating func keepWaiting(_ domain: DomainID, _ resource: Resource, finding: Finding, at now: Timestamp) {
        switch finding.reason {
        case .queued:
            wait(domain, resource, missing: nil, at: now)
        case .noRoom, .cooldown, .settling, .blackout, .enoughAbove, .outsideSizes, .memoryPressure: break
        default: leave(domain, resource)
        }
    }

    mutating func wait(_ domain: DomainID, _ resource: Resource, missing operation: Operation?, at now: Timestamp) {
        let size = operation.flatMap { ended in
            ended.finding.target.map { $0 - (ended.inputs.size ?? 0) }
        }
        domains.update(domain) { entry in
            entry[resource].waitingSince = entry[resource].waitingSince ?? now
            if let size { entry[resource].missing = size }
        }
        let item = DomainResource(domain: domain, resource: resource)
        if !waiting.contains(item) { waiting.append(item) }
    }

    /// A waiting growth asks for room again at fixed intervals from the beginning of its wait, so that a new instance
    /// asks at the same times as the former one.
    mutating func pause(_ domain: DomainID, _ resource: Resource, after now: Timestamp) {
        let pause = max(1, settings.retryAfterNoRoom)
        domains.update(domain) { entry in
            let start = entry[resource].waitingSince ?? now
            let next = (now.nanoseconds(since: start) / pause + 1) * pause
            entry[resource].noRoomUntil = start.advanced(byNanoseconds: next)
        }
    }

    mutating func leave(_ domain: DomainID, _ resource: Resource) {
        domains.update(domain) { entry in
            entry[resource].waitingSince = nil
            entry[resource].noRoomUntil = nil
        }
        guard !waiting.isEmpty else { return }
        let item = DomainResource(domain: domain, resource: resource)
        waiting.removeAll { $0 == item }
    }

    /// Room became free on `host`: the first waiting growth asks again at its domain's next sample.
    mutating func wake(_ host: HostID) {
        var served: Set<Resource> = []
        for growth in queue(of: host) where served.insert(growth.resource).inserted {
            domains.update(growth.domain) { $0[growth.resource].noRoomUntil = nil }
        }
    }

    private func waitingGrowth(of entry: DomainEntry, _ resource: Resource) -> WaitingGrowth? {
        guard let since = entry[resource].waitingSince else { return nil }
        return WaitingGrowth(
            domain: entry.record.domain, tenant: entry.record.tenant, resource: resource,
            missing: entry[resource].missing, weight: weight(of: entry.record), since: since)
    }

    private func weight(of record: DomainRecord) -> Int {
        record.tenant.flatMap { settings.tenantWeights[$0] } ?? 100
    }

    /// Whether a domain still sends samples; one whose samples have stopped must not hold up others.
    private func sendsSamples(_ entry: DomainEntry, at now: Timestamp) -> Bool {
        entry.lastSampledAt.map { now.nanoseconds(since: $0) <= 3 * settings.samplingInterval } ?? false
    }
}

extension WaitingGrowth {
    func precedes(_ other: WaitingGrowth) -> Bool {
        guard weight == other.weight else { return weight > other.weight }
        return (since, domain) < (other.since, other.domain)
    }
}
