// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// One host with its domains. Everything that concerns only this host happens here, so that sampling one host costs
/// nothing for the others.
struct SimulatedHost: Sendable {
    let id: HostID
    let cores: Int
    let memory: ByteCount
    let controlDomainPPM: Int64
    let uuid: UUID128?
    private(set) var clock: HostClock
    var responseTimeNanoseconds: Int64
    var condition = HostCondition.up
    /// The highest epoch that a mutating call carried.
    var epoch: UInt64 = 0
    var calls = CallMemory()
    /// By id.
    private(set) var domains: [SimulatedDomain] = []

    private var lastHypervisorID: Int64 = 0
    private var guestCPU = ExactCounter()
    private var controlCPU = ExactCounter()
    /// Rate at which `guestCPU` grows since `settledAt`.
    private var guestPPM: Int64 = 0
    private var settledAt: Int64
    private var nextLoadChange: Timestamp?

    init(_ configuration: HostConfiguration, at instant: Timestamp) {
        id = configuration.id
        uuid = configuration.uuid
        cores = configuration.cores
        memory = configuration.memory
        controlDomainPPM = configuration.controlDomainSharePPM * Int64(configuration.cores)
        responseTimeNanoseconds = configuration.responseTimeNanoseconds
        clock = HostClock(
            start: instant, offsetNanoseconds: configuration.clockOffsetNanoseconds,
            driftPPM: configuration.clockDriftPPM)
        settledAt = clock.monotonic(at: instant)
    }

    /// Index of a domain in `domains`.
    func index(of domain: DomainID) -> Int? {
        let index = lowerBound(of: domain)
        return index < domains.count && domains[index].id == domain ? index : nil
    }

    private func lowerBound(of domain: DomainID) -> Int {
        var low = 0
        var high = domains.count
        while low < high {
            let middle = (low + high) / 2
            if domains[middle].id < domain { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Memory of all active domains.
    var memoryUsed: ByteCount {
        domains.reduce(.zero) { $1.state.isActive ? $0.addingClamped($1.memory) : $0 }
    }

    /// CPU time of the whole host and of its control domain, up to the instant it was settled at.
    var cpuTimes: (total: Int64, control: Int64) { (guestCPU.whole + controlCPU.whole, controlCPU.whole) }

    // MARK: Time

    /// Plays all loads up to this instant. Everything else must not have changed since the last call.
    mutating func advance(to instant: Timestamp) {
        while let change = nextLoadChange, change <= instant {
            for index in domains.indices where domains[index].load.nextChange == change {
                domains[index].load.step(at: change)
            }
            balance(at: change)
        }
    }

    /// Recomputes all rates from the domains' present states and demands. Call it after every change, at its instant.
    ///
    /// Guests get all cores but the control domain's share. Where they demand more, each gets the same part of its
    /// demand, and the rest is steal.
    mutating func balance(at instant: Timestamp) {
        let monotonic = clock.monotonic(at: instant)
        let capacity = Int64(cores) * 1_000_000 - controlDomainPPM
        let demand = domains.reduce(Int64(0)) { $0 + $1.claimPPM }
        var used: Int64 = 0
        for index in domains.indices {
            let rates = domains[index].rates(capacity: capacity, totalDemand: demand)
            used += rates.usedPPM
            if rates != domains[index].rates {
                domains[index].settle(at: monotonic)
                domains[index].setRates(rates)
            }
        }
        if used != guestPPM {
            settleHost(at: monotonic)
            guestPPM = used
        }
        nextLoadChange = domains.lazy.compactMap(\.load.nextChange).min()
    }

    private mutating func settleHost(at monotonic: Int64) {
        guestCPU.add(rate: guestPPM, nanoseconds: monotonic - settledAt, per: RateUnit.cpu)
        controlCPU.add(rate: controlDomainPPM, nanoseconds: monotonic - settledAt, per: RateUnit.cpu)
        settledAt = monotonic
    }

    /// Brings every counter to this instant.
    mutating func settle(at instant: Timestamp) {
        advance(to: instant)
        let monotonic = clock.monotonic(at: instant)
        settleHost(at: monotonic)
        for index in domains.indices { domains[index].settle(at: monotonic) }
    }

    /// Steps the wall clock and sets its drift.
    mutating func adjustClock(stepNanoseconds: Int64, driftPPM: Int64, at instant: Timestamp) {
        settle(at: instant)
        clock.adjust(stepNanoseconds: stepNanoseconds, driftPPM: driftPPM, at: instant)
    }

    // MARK: Domains

    /// Changes one domain at this instant, with its counters up to date, and what follows from it.
    mutating func change(
        _ index: Int, at instant: Timestamp, limits: TruthLimits, _ body: (inout SimulatedDomain) -> Void
    ) {
        advance(to: instant)
        domains[index].settle(at: clock.monotonic(at: instant))
        body(&domains[index])
        domains[index].note(host: id, at: instant, limits: limits)
        balance(at: instant)
    }

    /// Shows one domain a sample that is being served at this instant, with its counters up to date.
    mutating func serve(_ index: Int, at instant: Timestamp, limits: TruthLimits) {
        domains[index].serve(
            by: id, at: instant, hostAt: clock.wall(at: instant), monotonic: clock.monotonic(at: instant),
            limits: limits)
    }

    /// Puts a domain on this host: a new one, or one that comes from another.
    mutating func insert(_ domain: SimulatedDomain, at instant: Timestamp) {
        advance(to: instant)
        var domain = domain
        domain.settledAt = clock.monotonic(at: instant)
        domains.insert(domain, at: lowerBound(of: domain.id))
        balance(at: instant)
    }

    /// Takes an inactive domain off this host.
    mutating func remove(_ index: Int, at instant: Timestamp) -> SimulatedDomain {
        advance(to: instant)
        let domain = domains.remove(at: index)
        balance(at: instant)
        return domain
    }

    /// Begins a life of this domain's counters. A guest that boots brings all granted vCPUs up; one that was restored
    /// or moved goes on as it was.
    mutating func begin(_ index: Int, state: DomainState, boots: Bool, at instant: Timestamp, limits: TruthLimits) {
        lastHypervisorID += 1
        let life = Life(hypervisorID: lastHypervisorID, start: instant, hostStart: clock.wall(at: instant))
        change(index, at: instant, limits: limits) { domain in
            domain.life = life
            domain.boots += 1
            domain.lastServe = nil
            domain.state = state
            (domain.stateReason, domain.isHeld) = (state == .paused ? domain.stateReason : nil, false)
            domain.effectiveAt = life.hostStart
            guard boots else { return }
            domain.boot()
            domain.setVCPUs(granted: domain.grantedVCPUs, online: domain.grantedVCPUs, effectiveAt: life.hostStart)
        }
    }

    /// Ends the life of this domain's counters.
    mutating func end(_ index: Int, state: DomainState, at instant: Timestamp, limits: TruthLimits) {
        let (host, wall) = (id, clock.wall(at: instant))
        change(index, at: instant, limits: limits) { domain in
            if let life = domain.life {
                let incarnation = TruthIncarnation(host: host, life, end: instant)
                domain.history.end(incarnation, limit: limits.entriesPerDomain)
            }
            domain.life = nil
            domain.rates = DomainRates()
            domain.lastServe = nil
            domain.state = state
            domain.stateReason = state == .paused ? domain.stateReason : nil
            domain.effectiveAt = wall
        }
    }
}

extension SimulatedDomain {
    /// Its share of a host that has `capacity` for a `totalDemand`. What its cap takes away counts as steal too.
    func rates(capacity: Int64, totalDemand: Int64) -> DomainRates {
        guard runs else { return DomainRates() }
        let (demand, claim) = (demandPPM, claimPPM)
        let used =
            totalDemand > capacity ? Int64(clamping: Int128(claim) * Int128(capacity) / Int128(totalDemand)) : claim
        return DomainRates(usedPPM: used, stealPPM: demand - used, vcpus: onlineVCPUs)
    }
}

extension SimulatedDomain {
    /// Opens a new segment in the true timeline if anything that it shows changed.
    mutating func note(host: HostID, at instant: Timestamp, limits: TruthLimits) {
        let extent = DomainHistory.Extent(
            host: host, hypervisorID: life?.hypervisorID, incarnationStart: life?.start,
            vcpus: life == nil ? 0 : onlineVCPUs, capacity: life == nil ? .zero : capacity,
            memory: life == nil ? .zero : memory, disk: definition.disk)
        history.note(extent, at: instant, limit: limits.entriesPerDomain)
    }

    /// A sample is served: a trace that goes by samples advances, and the truth keeps what was served.
    mutating func serve(
        by host: HostID, at instant: Timestamp, hostAt: Timestamp, monotonic: Int64, limits: TruthLimits
    ) {
        guard runs, let life, lastServe?.monotonic != monotonic else { return }
        let (last, utilization) = (lastServe, utilization)
        lastServe = Serve(monotonic: monotonic, sizeRevision: sizeRevision)
        if let served = load.serve(isComparable: last != nil), let last {
            let entry = TruthServedLoad(
                trace: served.trace, index: served.index, at: instant, hostAt: hostAt,
                interval: monotonic - last.monotonic, loadPPM: served.loadPPM, vcpus: onlineVCPUs,
                sizeChanged: last.sizeRevision != sizeRevision, utilizationPPM: utilization.ppm, host: host)
            history.add(entry, limit: limits.entriesPerDomain)
        }
        let kept = load.traceCount > 0 ? max(limits.readings, limits.tracedReadings) : limits.readings
        guard kept > 0 else { return }
        let reading = TruthReading(
            host: host, hypervisorID: life.hypervisorID, at: instant, hostAt: hostAt, counters: TruthCounters(life))
        history.add(reading, limit: kept)
    }
}

extension TruthIncarnation {
    init(host: HostID, _ life: Life, end: Timestamp?) {
        self.init(
            host: host, hypervisorID: life.hypervisorID, start: life.start, hostStart: life.hostStart, end: end,
            counters: TruthCounters(life))
    }
}
