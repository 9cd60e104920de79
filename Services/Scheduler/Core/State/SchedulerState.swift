// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Decides for one cluster which domain grows, shrinks or moves. Performs no I/O and never reads a clock: events come
/// in with their instants, directives go out, and the shell reports what became of them.
///
/// The rule runs at every known sample, at that sample's own instant, so late delivery does not change what is
/// decided. Feed what happened before a restart with `recall…`, decisions before samples: that fills the state and
/// decides nothing.
package struct SchedulerState: Hashable, Sendable, Codable {
    package internal(set) var settings: SchedulerSettings
    var hosts = SortedTable<HostID, HostEntry>()
    var domains = SortedTable<DomainID, DomainEntry>()
    var permits = SortedTable<UUID128, OpenPermit>()
    /// Policies may be known before the inventory lists their domain.
    var policies = SortedTable<DomainID, PolicyVersion>()
    /// The domains with an operation, by decision.
    var active = SortedTable<UUID128, DomainID>()
    /// Growths that wait for room, in the order in which they came.
    var waiting: [DomainResource] = []
    /// New domains that were given a host and whose policy or place is not known yet.
    var placed = SortedTable<DomainID, PlacedDomain>()
    var freezes: [Freeze] = []
    var guardian = FreezeGuardian()
    /// Not handed out yet.
    var pending: [Directive] = []
    /// Nobody reads the records: none is made.
    var isReplay = false

    package init(settings: SchedulerSettings) { self.settings = settings }

    struct DomainResource: Hashable, Sendable, Codable {
        var domain: DomainID
        var resource: Resource
    }

    /// The policy that holds for a domain; `nil` without a subscription.
    package func policy(of domain: DomainID) -> PolicyVersion? { policies[domain] }

    /// What is under way for a domain.
    package func operation(of domain: DomainID) -> Operation? { domains[domain]?.operation }

    /// The window of a domain's resource as it stands.
    package func window(of domain: DomainID, _ resource: Resource = .cpu) -> UtilizationWindow? {
        domains[domain]?[resource].window
    }

    /// Samples that are kept for a domain without a policy, so that one that is subscribed later starts with them.
    static let lengthWithoutPolicy = 12
}

// MARK: - Events

extension SchedulerState {
    /// Takes hosts, domains and open permits as they are now; what is not listed any more is forgotten.
    package mutating func inventoryChanged(_ inventory: Inventory) {
        let hostIDs = Set(inventory.hosts.map(\.host))
        let domainIDs = Set(inventory.domains.map(\.domain))
        hosts.keep { host, _ in hostIDs.contains(host) }
        policies.keep { domain, _ in domains[domain] == nil || domainIDs.contains(domain) }
        domains.keep { domain, _ in domainIDs.contains(domain) }
        active.keep { _, domain in domainIDs.contains(domain) }
        waiting.removeAll { !domainIDs.contains($0.domain) }
        for record in inventory.hosts {
            if hosts[record.host] == nil { hosts[record.host] = HostEntry(record: record) }
            hosts.update(record.host) { $0.record = record }
        }
        // In the order of their ids, so that a first inventory is appended and not inserted.
        for record in inventory.domains.sorted(by: { $0.domain < $1.domain }) {
            if domains[record.domain] == nil {
                domains[record.domain] = DomainEntry(record: record)
                if let version = policies[record.domain] { domains.update(record.domain) { $0.adopt(version) } }
            }
            domains.update(record.domain) { $0.take(record) }
        }
        permits = SortedTable()
        for permit in inventory.permits { permits[permit.permit] = permit }
    }

    /// A new version of a policy holds. CPU samples are kept and judged by the new rule at once; the other windows begin
    /// again with it.
    package mutating func policyChanged(_ version: PolicyVersion, at now: Timestamp) {
        if let known = policies[version.domain], known.version >= version.version { return }
        policies[version.domain] = version
        domains.update(version.domain) { $0.adopt(version) }
        guard let entry = domains[version.domain], entry.cpu.window.count > 0 else { return }
        if let place = domains.place(of: version.domain) { evaluate(at: place, at: now) }
    }

    /// What is frozen now, all of it.
    package mutating func freezeChanged(_ freezes: [Freeze], at now: Timestamp) {
        self.freezes = freezes
        guardian.listed(freezes, at: now)
    }

    /// A cycle of one host arrived: the rule runs for every domain in it whose sample is known.
    package mutating func observe(_ sample: HostSample, position: SamplePosition) {
        let news = fold(sample, position: position)
        let now = sample.sampledAt
        for move in news.foreign { noteForeignMove(of: move.domain, from: move.source, at: now) }
        for item in news.unsteady { evaluate(at: item.place, item.resource, at: now) }
        for domain in news.followed { followUp(domain, at: now) }
        guard let place = news.host else { return }
        relieve(at: place, at: now)
        drain(at: place, at: now)
    }

    /// Feeds a stored sample: it fills windows and decides nothing. Oldest first.
    package mutating func recall(_ sample: HostSample, position: SamplePosition) {
        _ = fold(sample, position: position)
        recallAttempts(on: sample.host, at: sample.sampledAt)
    }

    /// Runs the rule for every domain, as a sample at `now` would: whose samples have stopped is said here.
    package mutating func evaluateAll(at now: Timestamp) {
        let terms = DomainEntry.Terms(settings)
        for place in domains.keys.indices {
            if !domains[at: place].isSteady(.cpu, at: now, terms: terms) { evaluate(at: place, .cpu, at: now) }
            let trigger = domains.values[place].trigger
            if trigger.hasMemory, !domains[at: place].isSteady(.memory, at: now, terms: terms) {
                evaluate(at: place, .memory, at: now)
            }
            if trigger.hasNetwork, !domains[at: place].isSteady(.network, at: now, terms: terms) {
                evaluate(at: place, .network, at: now)
            }
            if !domains.values[place].followUps.isEmpty { followUp(domains.keys[place], at: now) }
        }
        for place in hosts.keys.indices {
            relieve(at: place, at: now)
            drain(at: place, at: now)
        }
    }
}

// MARK: - Folding samples in

extension SchedulerState {
    /// What a sample brought.
    private struct News {
        /// In the sample's order: has a new known sample, and may be due for something else than last time.
        var unsteady: [(place: Int, resource: Resource)] = []
        /// Has outcomes to be measured.
        var followed: [DomainID] = []
        var foreign: [(domain: DomainID, source: HostID)] = []
        /// Where the host stands in the table of hosts.
        var host: Int?
    }

    /// Takes figures and samples in.
    private mutating func fold(_ sample: HostSample, position: SamplePosition) -> News {
        let interval = sample.intervalNanoseconds ?? settings.samplingInterval
        let cycle = DomainEntry.Cycle(
            host: sample.host, sampledAt: sample.sampledAt,
            intervalStart: sample.sampledAt.advanced(byNanoseconds: -interval), position: position,
            terms: DomainEntry.Terms(settings))
        var news = News()
        news.host = hosts.place(of: sample.host)
        var guesses = news.host.map { hosts.values[$0].places.guesses } ?? []
        if guesses.count != sample.domains.count { guesses = Array(repeating: -1, count: sample.domains.count) }
        var (steal, stealKnown) = (Int64(0), Int64(0))
        // A span lends what is asked for of each reading; the array would copy it.
        let readings = sample.domains.span
        for index in readings.indices {
            guard let place = domains.place(of: readings[index].domain, near: guesses[index]) else { continue }
            if guesses[index] != place { guesses[index] = place }
            let gist = DomainEntry.Gist(
                state: readings[index].state, incarnation: readings[index].incarnation,
                vcpus: readings[index].vcpus?.confirmed ?? readings[index].vcpus?.granted,
                ceiling: readings[index].vcpus?.maximum,
                allocated: readings[index].memory?.allocated, cpu: readings[index].cpuUtilization,
                steal: readings[index].stealUtilization, networkCap: readings[index].networkCapBytesPerSecond)
            fold(gist, others: readings[index], at: place, of: cycle, into: &news)
            guard let stolen = gist.steal else { continue }
            steal += stolen.ppm
            stealKnown += 1
        }
        guard let place = news.host else { return news }
        let meanSteal = stealKnown > 0 ? Utilization(ppm: steal / stealKnown) : nil
        hosts[at: place].places.guesses = guesses
        hosts[at: place].take(sample, intervalStart: cycle.intervalStart, steal: meanSteal, settings: settings)
        return news
    }

    /// `others`: all of the reading, for rules of memory and network.
    @inline(__always)
    private mutating func fold(
        _ gist: DomainEntry.Gist, others reading: @autoclosure () -> DomainSample?, at place: Int,
        of cycle: DomainEntry.Cycle, into news: inout News
    ) {
        var told = domains[at: place].take(gist, of: cycle)
        if told.isRunning, domains.values[place].trigger.hasOthers, let reading = reading() {
            domains[at: place].takeOthers(reading, of: cycle, &told)
        }
        let (now, terms) = (cycle.sampledAt, cycle.terms)
        if told.hasCPU, !domains[at: place].isSteady(.cpu, at: now, terms: terms) {
            news.unsteady.append((place, .cpu))
        }
        if told.hasMemory, !domains[at: place].isSteady(.memory, at: now, terms: terms) {
            news.unsteady.append((place, .memory))
        }
        if told.hasNetwork, !domains[at: place].isSteady(.network, at: now, terms: terms) {
            news.unsteady.append((place, .network))
        }
        if let source = told.foreignSource { news.foreign.append((domains.keys[place], source)) }
        guard !domains.values[place].followUps.isEmpty else { return }
        domains[at: place].measure(told, at: now, since: cycle.intervalStart)
        news.followed.append(domains.keys[place])
    }
}

extension SchedulerState.HostEntry {
    fileprivate mutating func take(
        _ sample: HostSample, intervalStart start: Timestamp, steal: Utilization?, settings: SchedulerSettings
    ) {
        guard sampledAt.map({ $0 < sample.sampledAt }) ?? true else { return }
        figures = sample.figures
        sampledAt = sample.sampledAt
        intervalStart = start
        load.record(sample.figures, steal: steal, intervalStart: start, host: record, settings: settings)
    }
}

extension SchedulerState {
    /// One reading of the only domain, as part of a cycle; for a replay, which has neither hosts nor neighbours.
    /// Returns whether something came of it.
    mutating func step(_ gist: DomainEntry.Gist, of cycle: DomainEntry.Cycle) -> Bool {
        step(gist, others: nil, of: cycle)
    }

    /// The same with all of the reading, for rules of memory and network.
    mutating func step(_ gist: DomainEntry.Gist, with reading: DomainSample, of cycle: DomainEntry.Cycle) -> Bool {
        step(gist, others: reading, of: cycle)
    }

    @inline(__always)
    private mutating func step(
        _ gist: DomainEntry.Gist, others: @autoclosure () -> DomainSample?, of cycle: DomainEntry.Cycle
    ) -> Bool {
        guard domains.count == 1 else { return false }
        var news = News()
        fold(gist, others: others(), at: 0, of: cycle, into: &news)
        for item in news.unsteady { evaluate(at: item.place, item.resource, at: cycle.sampledAt) }
        return !pending.isEmpty
    }

    /// A replay asks for no outcomes.
    mutating func forgetOutcomes(of domain: DomainID) { domains.update(domain) { $0.followUps = [] } }
}
