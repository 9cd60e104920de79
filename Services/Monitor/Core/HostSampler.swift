// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Turns consecutive readings of one host into samples of it and of every domain on it. Pure: the same readings give
/// the same samples.
package struct HostSampler: Hashable, Sendable {
    /// The last reading of the host itself; its domains' readings are in their samplers.
    private struct Former: Hashable, Sendable {
        let instant: ReadingInstant
        let cpuCount: Int
        let memory: ByteCount
        let cpuTimeNanoseconds: Int64?
        let controlDomainCPUTimeNanoseconds: Int64?

        init(_ reading: HostReading, at instant: ReadingInstant) {
            self.instant = instant
            cpuCount = reading.cpuCount
            memory = reading.memory
            cpuTimeNanoseconds = reading.cpuTimeNanoseconds
            controlDomainCPUTimeNanoseconds = reading.controlDomainCPUTimeNanoseconds
        }
    }

    private let host: HostID
    /// Lives of domains that this process has not seen yet.
    private var known: [DomainID: KnownIncarnation]
    private var former: Former?
    private var domains: [DomainID: DomainSampler] = [:]

    /// What an earlier process wrote down about a domain's life.
    package struct KnownIncarnation: Hashable, Sendable {
        package let incarnation: Incarnation
        /// Whether the domain ran when it was written.
        package let isActive: Bool
        /// `nil`: no meter of the life was written.
        package let meter: KnownMeter?

        package init(_ incarnation: Incarnation, isActive: Bool, meter: KnownMeter? = nil) {
            self.incarnation = incarnation
            self.isActive = isActive
            self.meter = meter
        }
    }

    /// - Parameter known: lives that an earlier process wrote down, so that a restart of Monitor begins no new ones.
    package init(host: HostID, known: [DomainID: KnownIncarnation] = [:]) {
        self.host = host
        self.known = known
    }

    /// Takes a reading. Derived figures are unknown in a first reading, and over an interval in which the size, the
    /// host or the incarnation changed.
    package mutating func observe(
        _ observation: HostObservation, orders: (DomainID) -> DomainOrders = { _ in DomainOrders() }
    ) -> HostCycle {
        let (instant, reading) = (observation.instant, observation.reading)
        var cycle = HostCycle(
            sample: HostSample(
                host: host, sampledAt: instant.seenAt,
                intervalNanoseconds: former.flatMap { instant.nanoseconds(since: $0.instant) },
                figures: HostFigures(cpuCount: reading.cpuCount, memory: reading.memory), domains: []),
            sightings: [], departed: [], rejections: [], seenAt: instant.seenAt, provedAt: instant.provedAt)
        observeDomains(observation, orders: orders, &cycle)
        if domains.count > cycle.sightings.count { removeDeparted(&cycle) }
        observeHost(observation, &cycle)
        former = Former(reading, at: instant)
        return cycle
    }

    /// Takes what an operation's own answer shows of a domain, between two readings.
    package mutating func sight(
        _ seen: DomainReading, at instant: ReadingInstant, asked: VCPUCount? = nil
    ) -> DomainSighting {
        var sampler = domains[seen.domain] ?? newSampler(seen.domain)
        defer { domains[seen.domain] = sampler }
        return sampler.sight(seen, at: instant, asked: asked).sighting
    }

    /// The domain left the host by Ebb's own order: the next reading does not report it as departed.
    package mutating func forget(_ domain: DomainID) { (domains[domain], known[domain]) = (nil, nil) }

    /// The sample of a cycle in which the host did not answer: its domains are unknown, not off. `nil` if the host was
    /// never read.
    package func unreachable(at now: Timestamp, responseLoss: Utilization? = nil) -> HostSample? {
        guard let last = former else { return nil }
        return HostSample(
            host: host, sampledAt: now, intervalNanoseconds: nil,
            figures: HostFigures(cpuCount: last.cpuCount, memory: last.memory, responseLoss: responseLoss),
            domains: domains.keys.sorted().map { DomainSample(domain: $0, state: .unknown) })
    }

    private mutating func observeDomains(
        _ observation: HostObservation, orders: (DomainID) -> DomainOrders, _ cycle: inout HostCycle
    ) {
        var used: Int128? = 0
        cycle.sample.domains.reserveCapacity(observation.reading.domains.count)
        cycle.sightings.reserveCapacity(observation.reading.domains.count)
        for seen in observation.reading.domains.sorted(by: { $0.domain < $1.domain }) {
            // A domain that is listed twice counts once.
            guard cycle.sightings.last?.domain != seen.domain else { continue }
            let outcome = domains.values[place(of: seen.domain)]
                .observe(seen, at: observation.instant, orders: orders(seen.domain))
            cycle.sample.domains.append(outcome.sample)
            cycle.sightings.append(outcome.sighting)
            cycle.rejections += outcome.rejections.map { RejectedReading(domain: seen.domain, reason: $0) }
            guard seen.state.isActive || seen.state == .unknown else { continue }
            // One unknown domain makes the sum unknown: the sum of the others would look like an idle host.
            used = used.flatMap { sum in
                outcome.cpuTime.map { sum + Int128($0.used) * 1_000_000 / Int128($0.interval) }
            }
        }
        cycle.sample.figures.domainsUtilization = used.flatMap {
            guard former != nil else { return nil }
            return Utilization(numerator: $0, denominator: 1_000_000 * Int128(observation.reading.cpuCount))
        }
    }

    private mutating func removeDeparted(_ cycle: inout HostCycle) {
        let present = Set(cycle.sightings.map(\.domain))
        cycle.departed = domains.keys.filter { !present.contains($0) }.sorted()
        for domain in cycle.departed { domains[domain] = nil }
    }

    /// The index of a domain's sampler, so that it is changed in place; a new domain gets one.
    private mutating func place(of domain: DomainID) -> Dictionary<DomainID, DomainSampler>.Index {
        while true {
            if let place = domains.index(forKey: domain) { return place }
            domains[domain] = newSampler(domain)
        }
    }

    /// What was written down is used once: a domain that went and came back meanwhile may have another life.
    private mutating func newSampler(_ domain: DomainID) -> DomainSampler {
        let known = known.removeValue(forKey: domain)
        return DomainSampler(
            incarnations: IncarnationTracker(
                host: host, known: known?.incarnation, isActive: known?.isActive ?? false), meter: known?.meter)
    }

    private func observeHost(_ observation: HostObservation, _ cycle: inout HostCycle) {
        let now = observation.reading
        cycle.sample.figures.responseTimeNanoseconds = observation.responseTimeNanoseconds
        cycle.sample.figures.responseMethod = observation.responseMethod
        cycle.sample.figures.responseLoss = observation.responseLoss
        if let used = now.memoryUsed {
            if used > now.memory {
                cycle.rejections.append(RejectedReading(domain: nil, reason: .memoryBeyondMaximum))
            } else {
                cycle.sample.figures.memoryUsed = used
            }
        }
        guard let former, let interval = cycle.sample.intervalNanoseconds else { return }
        cycle.sample.figures.cpuUtilization =
            share(
                now.cpuTimeNanoseconds, former.cpuTimeNanoseconds, interval, now.cpuCount, &cycle)?.clamped
        cycle.sample.figures.controlDomainUtilization = share(
            now.controlDomainCPUTimeNanoseconds, former.controlDomainCPUTimeNanoseconds, interval, now.cpuCount, &cycle)
        let figures = cycle.sample.figures
        if now.cpuTimeNanoseconds == nil, let control = figures.controlDomainUtilization,
            let domains = figures.domainsUtilization
        {
            // Xen gives no CPU time of the host itself: it is the sum over all domains, Domain 0 included.
            cycle.sample.figures.cpuUtilization = Utilization(ppm: control.ppm + domains.ppm).clamped
        }
    }

    /// A difference of CPU time as a share of all cores.
    private func share(
        _ now: Int64?, _ before: Int64?, _ interval: Int64, _ cores: Int, _ cycle: inout HostCycle
    ) -> Utilization? {
        guard let now, let before else { return nil }
        let used = now.subtractedOrClamped(before)
        let reason = PlausibilityGate.checkCPU(used: used, steal: nil, vcpus: cores, interval: interval)
        if let reason {
            cycle.rejections.append(RejectedReading(domain: nil, reason: reason))
            return nil
        }
        return Utilization(numerator: Int128(used), denominator: Int128(interval) * Int128(cores))
    }
}

/// What Ebb ordered for a domain, as far as the hypervisor may not show it.
package struct DomainOrders: Hashable, Sendable {
    /// The vCPUs that were asked for last.
    package var asked: VCPUCount?
    /// Bytes per second; `nil`: no cap.
    package var networkCap: Int64?

    package init(asked: VCPUCount? = nil, networkCap: Int64? = nil) {
        self.asked = asked
        self.networkCap = networkCap
    }
}

/// The result of one reading of a host.
package struct HostCycle: Hashable, Sendable {
    package var sample: HostSample
    /// In order of domain.
    package var sightings: [DomainSighting]
    /// Domains of the last reading that are not on the host any more.
    package var departed: [DomainID]
    package var rejections: [RejectedReading]
    package var seenAt: Timestamp
    package var provedAt: Timestamp
}
