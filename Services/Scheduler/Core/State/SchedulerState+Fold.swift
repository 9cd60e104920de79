// SPDX-License-Identifier: Apache-2.0

import ResourceModel

// Takes samples: fills windows, and returns for which domains the rule must be run.

extension SchedulerState {
    /// What must be done after a sample.
    struct SampleEffects {
        /// In the sample's order: domains with a new known sample for which another finding than last time is possible.
        private(set) var unsteady: [(place: Int, resource: Resource)] = []
        /// Domains whose actions' outcomes are being measured.
        private(set) var followed: [DomainID] = []
        private(set) var foreign: [(domain: DomainID, departure: DomainEntry.Departure)] = []
        /// The host's place in the table of hosts.
        fileprivate(set) var host: Int?

        // Rare, so not inlined into the loop.
        @inline(never)
        fileprivate mutating func addUnsteady(_ place: Int, _ resource: Resource) { unsteady.append((place, resource)) }
        @inline(never)
        fileprivate mutating func addFollowed(_ domain: DomainID) { followed.append(domain) }
        @inline(never)
        fileprivate mutating func addForeign(_ domain: DomainID, _ departure: DomainEntry.Departure) {
            foreign.append((domain, departure))
        }
    }

    /// Takes the host's figures and the domains' samples.
    mutating func fold(_ sample: HostSample, position: SamplePosition) -> SampleEffects {
        let interval = max(0, sample.intervalNanoseconds ?? settings.samplingInterval)
        let cycle = DomainEntry.Cycle(
            sampledAt: sample.sampledAt, intervalStart: sample.sampledAt.advanced(byNanoseconds: -interval),
            position: position, terms: DomainEntry.Terms(settings))
        var effects = SampleEffects()
        effects.host = hosts.place(of: sample.host)
        var guesses = effects.host.map { hosts.values[$0].places.guesses } ?? []
        if guesses.count != sample.domains.count { guesses = Array(repeating: -1, count: sample.domains.count) }
        var (steal, stealKnown) = (Int64(0), Int64(0))
        // A span lends the members of each reading; the array would copy the reading.
        let readings = sample.domains.span
        for index in readings.indices {
            guard let place = domains.place(of: readings[index].domain, near: guesses[index]) else { continue }
            if guesses[index] != place { guesses[index] = place }
            if let stolen = readings[index].stealUtilization {
                steal += stolen.ppm
                stealKnown += 1
            }
            guard domains.values[place].isNewer(cycle) else { continue }
            var content = DomainEntry.ReadingContent()
            if domains.values[place].isFamiliar(readings[index].incarnation, on: sample.host)
                || arrive(readings[index], at: place, on: sample.host, of: cycle, into: &effects)
            {
                let summary = DomainEntry.ReadingSummary(
                    state: readings[index].state,
                    vcpus: readings[index].vcpus?.confirmed ?? readings[index].vcpus?.granted,
                    ceiling: readings[index].vcpus?.maximum, allocated: readings[index].memory?.allocated,
                    cpu: readings[index].cpuUtilization, steal: readings[index].stealUtilization,
                    networkCap: readings[index].networkCapBytesPerSecond, leftByCap: readings[index].leftByCap)
                content = domains[at: place].take(summary, of: cycle)
                if content.isRunning, domains.values[place].trigger.hasOthers {
                    domains[at: place].takeOthers(readings[index], of: cycle, &content)
                }
            }
            note(content, at: place, of: cycle, into: &effects)
        }
        guard let place = effects.host else { return effects }
        let meanSteal = stealKnown > 0 ? Utilization(ppm: steal / stealKnown) : nil
        hosts[at: place].places.guesses = guesses
        hosts[at: place].take(sample, intervalStart: cycle.intervalStart, steal: meanSteal, settings: settings)
        return effects
    }

    /// Takes a reading of another host or another life than the known one; returns whether it is believed.
    @inline(never)
    private mutating func arrive(
        _ reading: DomainSample, at place: Int, on host: HostID, of cycle: DomainEntry.Cycle,
        into effects: inout SampleEffects
    ) -> Bool {
        let arrival = domains[at: place].arrive(
            reading.incarnation, isActive: reading.state.isActive, on: host, of: cycle)
        guard case .believed(let departure) = arrival else { return false }
        if let departure { effects.addForeign(domains.keys[place], departure) }
        return true
    }

    @inline(__always)
    private mutating func note(
        _ content: DomainEntry.ReadingContent, at place: Int, of cycle: DomainEntry.Cycle,
        into effects: inout SampleEffects
    ) {
        let (now, terms) = (cycle.sampledAt, cycle.terms)
        if content.hasCPU, !domains[at: place].isSteady(.cpu, at: now, terms: terms) {
            effects.addUnsteady(place, .cpu)
        }
        if content.hasMemory, !domains[at: place].isSteady(.memory, at: now, terms: terms) {
            effects.addUnsteady(place, .memory)
        }
        if content.hasNetwork, !domains[at: place].isSteady(.network, at: now, terms: terms) {
            effects.addUnsteady(place, .network)
        }
        guard !domains.values[place].followUps.isEmpty else { return }
        domains[at: place].measure(at: now)
        effects.addFollowed(domains.keys[place])
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
    /// Takes one reading of the only domain, as part of a cycle of its host; for a replay, which has no neighbours.
    /// Returns whether it led to a directive.
    @inline(__always)
    mutating func step(_ summary: DomainEntry.ReadingSummary, of cycle: DomainEntry.Cycle) -> Bool {
        guard domains.count == 1, domains.values[0].isNewer(cycle) else { return false }
        return finish(domains[at: 0].take(summary, of: cycle), of: cycle)
    }

    /// The same with the whole reading, for rules for memory and network.
    mutating func step(_ summary: DomainEntry.ReadingSummary, with reading: DomainSample, of cycle: DomainEntry.Cycle)
        -> Bool
    {
        guard domains.count == 1, domains.values[0].isNewer(cycle) else { return false }
        var content = domains[at: 0].take(summary, of: cycle)
        if content.isRunning { domains[at: 0].takeOthers(reading, of: cycle, &content) }
        return finish(content, of: cycle)
    }

    @inline(__always)
    private mutating func finish(_ content: DomainEntry.ReadingContent, of cycle: DomainEntry.Cycle) -> Bool {
        var effects = SampleEffects()
        note(content, at: 0, of: cycle, into: &effects)
        for item in effects.unsteady { evaluate(at: item.place, item.resource, at: cycle.sampledAt) }
        return !pending.isEmpty
    }

    /// Stops measuring outcomes, which a replay does not need.
    mutating func forgetOutcomes(of domain: DomainID) { domains.update(domain) { $0.followUps = [] } }
}
