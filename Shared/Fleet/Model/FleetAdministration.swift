// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Steers the simulation itself: no hypervisor has these. As JSON an object with one key, for instance
/// `{"play": {"domain": "…", "trace": {"loads_ppm": [850000]}}}`.
package enum FleetAdministration: Hashable, Sendable, Codable {
    /// Starts a trace over the domain's load source.
    case play(domain: DomainID, trace: LoadTrace)
    /// Replaces a domain's load source and ends its trace.
    case load(domain: DomainID, source: LoadSource)
    case habits(domain: DomainID, habits: GuestHabits)
    /// How the guest behaves from now on; what is absent stays.
    case guest(
        domain: DomainID, conduct: GuestConduct?, report: GuestReport?, hidesStatistics: Bool? = nil)
    /// What becomes of a guest without anybody's order: it crashes and is kept, goes to sleep, or is paused by its host,
    /// which (`isHeld`) pauses it again whenever it is resumed.
    case state(domain: DomainID, state: DomainState, reason: StateReason? = nil, isHeld: Bool = false)
    /// Something that an administrator does on the host, without its owner.
    case foreign(domain: DomainID, action: ForeignAction)
    /// Hangs, kills or revives a host. A dead host's domains are shut off when it comes up again.
    case condition(host: HostID, condition: HostCondition)
    /// Steps a host's wall clock by an amount and sets its drift.
    case clock(host: HostID, stepNanoseconds: Int64, driftPPM: Int64)
    case responseTime(host: HostID, nanoseconds: Int64)
    /// Scripts a failure; see `FleetFault`.
    case fault(host: HostID?, domain: DomainID?, verb: String?, times: Int?, effect: FleetFault.Effect)
    case clearFaults
    /// Asks for the true timeline up to now: of these domains, or of all.
    case truth(domains: [DomainID]?)

    private enum CodingKeys: String, CodingKey {
        case play, load, habits, guest, state, foreign, condition, clock, fault, truth
        case responseTime = "response_time"
        case clearFaults = "clear_faults"
    }

    private enum GuestCodingKeys: String, CodingKey {
        case domain, conduct, report
        case hidesStatistics = "hides_statistics"
    }

    private enum StateCodingKeys: String, CodingKey {
        case domain, state, reason
        case isHeld = "held"
    }

    private enum ClockCodingKeys: String, CodingKey {
        case host
        case stepNanoseconds = "step_ns"
        case driftPPM = "drift_ppm"
    }

    private enum ResponseTimeCodingKeys: String, CodingKey {
        case host
        case nanoseconds = "ns"
    }

    /// Whether it only asks and changes nothing.
    package var isQuestion: Bool {
        if case .truth = self { true } else { false }
    }
}

extension Fleet {
    /// Does it at this instant. Returns the truth if that was asked for.
    package mutating func administer(
        _ administration: FleetAdministration, at instant: Timestamp
    ) throws(FleetRefusal) -> FleetTruth? {
        let now = settle(until: instant)
        switch administration {
        case .play(let domain, let trace):
            try require(trace.fault)
            try change(domain, at: now) { $0.load.play(trace, at: now) }
        case .load(let domain, let source):
            try require(source.fault)
            try change(domain, at: now) { $0.load.follow(source, at: now) }
        case .habits(let domain, let habits):
            try require(habits.fault)
            try change(domain, at: now) { $0.habits = habits }
        case .guest(let domain, let conduct, let report, let hidesStatistics):
            try require(conduct?.fault)
            try change(domain, at: now) { guest in
                guest.conduct = conduct ?? guest.conduct
                guest.report = report ?? guest.report
                guest.hidesStatistics = hidesStatistics ?? guest.hidesStatistics
            }
        case .state(let domain, let state, let reason, let isHeld):
            try require(
                [.running, .blocked, .paused, .crashed, .pmSuspended].contains(state)
                    ? nil : "a guest that runs can become running, blocked, paused, crashed or pm-suspended")
            try change(domain, at: now) { $0.isHeld = isHeld }
            setState(state, reason, of: domain, at: now)
        case .foreign(let domain, let action):
            try begin(foreign: action.change(of: domain, in: self), at: now)
        case .fault(let host, let domain, let verb, let times, let effect):
            let fault = FleetFault(host: host, domain: domain, verb: verb, times: times, effect: effect)
            try require(
                fault.fault ?? (faults.count < Limits.faults ? nil : "there are \(Limits.faults) faults already"))
            faults.append(fault)
        case .clearFaults:
            faults = []
        case .condition(let host, let condition):
            setCondition(condition, of: try index(of: host), at: now)
        case .clock(let host, let step, let drift):
            try setClock(of: try index(of: host), stepNanoseconds: step, driftPPM: drift, at: now)
        case .responseTime(let host, let nanoseconds):
            try require(Limits.duration.contains(nanoseconds) ? nil : "a response takes 0 to 24 hours")
            hosts[try index(of: host)].responseTimeNanoseconds = nanoseconds
        case .truth(let domains):
            return truth(until: now, of: domains.map(Set.init))
        }
        return nil
    }

    private func require(_ fault: String?) throws(FleetRefusal) {
        if let fault { throw FleetRefusal(.invalid, fault) }
    }

    private func index(of host: HostID) throws(FleetRefusal) -> Int {
        guard let index = hostIndex[host] else { throw FleetRefusal(.notFound, "the fleet has no host \(host)") }
        return index
    }

    private mutating func change(
        _ domain: DomainID, at now: Timestamp, _ body: (inout SimulatedDomain) -> Void
    ) throws(FleetRefusal) {
        guard let place = find(domain) else { throw FleetRefusal(.notFound, "the fleet has no domain \(domain)") }
        hosts[place.host].change(place.domain, at: now, limits: configuration.truth, body)
    }

    private mutating func setClock(
        of host: Int, stepNanoseconds: Int64, driftPPM: Int64, at now: Timestamp
    ) throws(FleetRefusal) {
        let (offset, overflow) = hosts[host].clock.offsetNanoseconds.addingReportingOverflow(stepNanoseconds)
        try require(!overflow && Limits.clockOffset.contains(offset) ? nil : "a clock is off by at most 10 years")
        try require(Limits.driftPPM.contains(driftPPM) ? nil : "a clock drifts by at most 100000 ppm")
        hosts[host].adjustClock(stepNanoseconds: stepNanoseconds, driftPPM: driftPPM, at: now)
    }

    private mutating func setCondition(_ condition: HostCondition, of host: Int, at now: Timestamp) {
        guard condition != hosts[host].condition else { return }
        hosts[host].condition = condition
        guard condition == .dead else { return }
        let id = hosts[host].id
        abort("host \(id) lost power", at: now) { $0.host == host || $0.change.target == id }
        for index in hosts[host].domains.indices where hosts[host].domains[index].state.isActive {
            hosts[host].end(index, state: .shutoff, at: now, limits: configuration.truth)
        }
    }
}
