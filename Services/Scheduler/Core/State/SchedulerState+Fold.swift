// SPDX-License-Identifier: Apache-2.0

import ResourceModel

// Folding samples in: it fills windows, and tells for whom the rule has to be run.

extension SchedulerState {
    /// What a sample brought.
    struct News {
        /// In the sample's order: has a new known sample, and may be due for something else than last time.
        private(set) var unsteady: [(place: Int, resource: Resource)] = []
        /// Has outcomes to be measured.
        private(set) var followed: [DomainID] = []
        private(set) var foreign: [(domain: DomainID, departure: DomainEntry.Departure)] = []
        /// Where the host stands in the table of hosts.
        fileprivate(set) var host: Int?

        // Seldom, and so no part of the loop.
        @inline(never)
        fileprivate mutating func addUnsteady(_ place: Int, _ resource: Resource) { unsteady.append((place, resource)) }
        @inline(never)
        fileprivate mutating func addFollowed(_ domain: DomainID) { followed.append(domain) }
        @inline(never)
        fileprivate mutating func addForeign(_ domain: DomainID, _ departure: DomainEntry.Departure) {
            foreign.append((domain, departure))
        }
    }

    /// Takes figures and samples in.
    mutating func fold(_ sample: HostSample, position: SamplePosition) -> News {
        let interval = max(0, sample.intervalNanoseconds ?? settings.samplingInterval)
        let cycle = DomainEntry.Cycle(
            sampledAt: sample.sampledAt, intervalStart: sample.sampledAt.advanced(byNanoseconds: -interval),
            position: position, terms: DomainEntry.Terms(settings))
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
            if let stolen = readings[index].stealUtilization {
                steal += stolen.ppm
                stealKnown += 1
            }
            guard domains.values[place].isNews(cycle) else { continue }
            var told = DomainEntry.Told()
            if domains.values[place].isFamiliar(readings[index].incarnation, on: sample.host)
                || arrive(readings[index], at: place, on: sample.host, of: cycle, into: &news)
            {
                let gist = DomainEntry.Gist(
                    state: readings[index].state,
                    vcpus: readings[index].vcpus?.confirmed ?? readings[index].vcpus?.granted,
                    ceiling: readings[index].vcpus?.maximum, allocated: readings[index].memory?.allocated,
                    cpu: readings[index].cpuUtilization, steal: readings[index].stealUtilization,
                    networkCap: readings[index].networkCapBytesPerSecond)
                told = domains[at: place].take(gist, of: cycle)
                if told.isRunning, domains.values[place].trigger.hasOthers {
                    domains[at: place].takeOthers(readings[index], of: cycle, &told)
                }
            }
            note(told, at: place, of: cycle, into: &news)
        }
        guard let place = news.host else { return news }
        let meanSteal = stealKnown > 0 ? Utilization(ppm: steal / stealKnown) : nil
        hosts[at: place].places.guesses = guesses
        hosts[at: place].take(sample, intervalStart: cycle.intervalStart, steal: meanSteal, settings: settings)
        return news
    }

    /// Whether a reading of another host or another life than we know is believed.
    @inline(never)
    private mutating func arrive(
        _ reading: DomainSample, at place: Int, on host: HostID, of cycle: DomainEntry.Cycle, into news: inout News
    ) -> Bool {
        let arrival = domains[at: place].arrive(
            reading.incarnation, isActive: reading.state.isActive, on: host, of: cycle)
        guard case .believed(let departure) = arrival else { return false }
        if let departure { news.addForeign(domains.keys[place], departure) }
        return true
    }

    @inline(__always)
    private mutating func note(
        _ told: DomainEntry.Told, at place: Int, of cycle: DomainEntry.Cycle, into news: inout News
    ) {
        let (now, terms) = (cycle.sampledAt, cycle.terms)
        if told.hasCPU, !domains[at: place].isSteady(.cpu, at: now, terms: terms) { news.addUnsteady(place, .cpu) }
        if told.hasMemory, !domains[at: place].isSteady(.memory, at: now, terms: terms) {
            news.addUnsteady(place, .memory)
        }
        if told.hasNetwork, !domains[at: place].isSteady(.network, at: now, terms: terms) {
            news.addUnsteady(place, .network)
        }
        guard !domains.values[place].followUps.isEmpty else { return }
        domains[at: place].measure(at: now)
        news.addFollowed(domains.keys[place])
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
    /// One reading of the only domain, as part of a cycle of its host; for a replay, which has no neighbours.
    /// Returns whether something came of it.
    @inline(__always)
    mutating func step(_ gist: DomainEntry.Gist, of cycle: DomainEntry.Cycle) -> Bool {
        guard domains.count == 1, domains.values[0].isNews(cycle) else { return false }
        return finish(domains[at: 0].take(gist, of: cycle), of: cycle)
    }

    /// The same with all of the reading, for rules of memory and network.
    mutating func step(_ gist: DomainEntry.Gist, with reading: DomainSample, of cycle: DomainEntry.Cycle) -> Bool {
        guard domains.count == 1, domains.values[0].isNews(cycle) else { return false }
        var told = domains[at: 0].take(gist, of: cycle)
        if told.isRunning { domains[at: 0].takeOthers(reading, of: cycle, &told) }
        return finish(told, of: cycle)
    }

    @inline(__always)
    private mutating func finish(_ told: DomainEntry.Told, of cycle: DomainEntry.Cycle) -> Bool {
        var news = News()
        note(told, at: 0, of: cycle, into: &news)
        for item in news.unsteady { evaluate(at: item.place, item.resource, at: cycle.sampledAt) }
        return !pending.isEmpty
    }

    /// A replay asks for no outcomes.
    mutating func forgetOutcomes(of domain: DomainID) { domains.update(domain) { $0.followUps = [] } }
}
