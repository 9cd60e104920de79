// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import SchedulerCore
import Testing

/// Plays a small cluster against a state: hosts whose load is what their domains want, one cycle per interval, and
/// Monitor and the shell, which carry everything out within an interval.
final class Cluster {
    struct Guest {
        var id: DomainID
        var host: HostID
        var vcpus: Int = 1
        /// What it wants, in parts per million of one core; `nil`: its figures are unknown.
        var demand: Int64? = 200_000
        var memory = ByteCount.mebibytes(1_024)
        /// `nil`: unknown, as all figures that may be `nil`.
        var memoryUsed: ByteCount? = .mebibytes(512)
        var networkCap: Int64?
        var networkRate: Int64? = 0
        var swapIn: Int64 = 0
        var majorFaults: Int64 = 0
        var steal: Utilization?
        var isManaged = true
        var isRunning = true
        /// Whether its host can tell its state.
        var isKnown = true
        var immovable: String?
        var tenant: TenantID = "acme"
        var life: Int64 = 1
        var lifeStart = Timestamp.zero
    }

    var state: SchedulerState
    var hosts: [HostRecord]
    var guests: [Guest]
    var records: [DecisionRecord] = []
    var outcomes: [OutcomeRow] = []
    var frozen: [Freeze] = []
    /// Migrations that were ordered, in order.
    var moves: [MigrateDirective] = []
    var locates: [LocateDirective] = []
    /// Hosts whose promised room decides about permits; others always grant.
    var strictHosts: Set<HostID> = []
    /// Hosts that deny every permit, whatever their promised room.
    var closedHosts: Set<HostID> = []
    /// Tenants that have all that they may have.
    var sated: Set<TenantID> = []
    var failsMigrations: Set<HostID> = []
    /// What a migration that fails says.
    var failureMessage: String?
    /// What hosts were found to have.
    var abilities = SortedTable<HostID, KnownAbilities>()
    /// What a domain's own host says of its moving, when it is asked.
    var mobility: [DomainID: (needs: DomainNeeds?, obstacle: String?)] = [:]
    /// Whether what is ordered is carried out.
    var isCarriedOut = true
    private(set) var time: Int64 = 0
    private var permits: UInt64 = 0
    /// All that was fed to the state, and all that it handed out, in order, each with its time.
    private(set) var fed: [(time: Int64, event: Event)] = []
    private(set) var handedOut: [(time: Int64, directive: Directive)] = []

    /// What a state is fed with.
    enum Event {
        case sample(HostSample, SamplePosition)
        case granted(UUID128, permit: UUID128, at: Timestamp)
        case denied(UUID128, host: HostID, reason: String, isOverQuota: Bool = false, at: Timestamp)
        case succeeded(UUID128, at: Timestamp, size: Int64?)
        case failed(UUID128, at: Timestamp, message: String?)

        func feed(_ state: inout SchedulerState) {
            switch self {
            case .sample(let sample, let position): state.observe(sample, position: position)
            case .granted(let decision, let permit, let now):
                state.permitGranted(decision, permit: permit, at: now)
            case .denied(let decision, let host, let reason, let isOverQuota, let now):
                state.permitDenied(decision, host: host, reason: reason, isOverQuota: isOverQuota, at: now)
            case .succeeded(let decision, let now, let size):
                state.actionSucceeded(decision, effectiveAt: now, size: size)
            case .failed(let decision, let now, let message):
                state.actionFailed(decision, at: now, message: message)
            }
        }
    }

    private func feed(_ event: Event) {
        fed.append((time, event))
        event.feed(&state)
    }

    init(_ hosts: [HostRecord], _ guests: [Guest], settings: SchedulerSettings = .platform) {
        state = SchedulerState(settings: settings)
        (self.hosts, self.guests) = (hosts, guests)
        refresh()
    }

    var now: Timestamp { at(time) }

    subscript(number: UInt64) -> Guest {
        get { guests[index(of: domainID(number))] }
        set { guests[index(of: domainID(number))] = newValue }
    }

    func index(of domain: DomainID) -> Int { guests.firstIndex { $0.id == domain } ?? 0 }

    /// The inventory as it stands.
    var inventory: Inventory {
        Inventory(
            hosts: hosts,
            domains: guests.map { guest in
                DomainRecord(
                    domain: guest.id, tenant: guest.tenant, host: guest.host,
                    vcpus: guest.isRunning ? VCPUCount(clamping: guest.vcpus) : 0, ceiling: 8,
                    memory: guest.isRunning ? guest.memory : .zero, isManaged: guest.isManaged,
                    memoryCeiling: .gibibytes(8), networkCap: guest.networkCap, immovable: guest.immovable)
            }, abilities: abilities)
    }

    func refresh() { state.inventoryChanged(inventory) }

    func subscribe(
        _ number: UInt64, _ policy: ScalingPolicy?, windowLength: Int = 12, options: PolicyOptions = PolicyOptions()
    ) {
        let version = (state.policy(of: domainID(number))?.version ?? 0) + 1
        state.policyChanged(
            PolicyVersion(
                domain: domainID(number), version: version, validFrom: now, policy: policy,
                windowLength: windowLength, options: options), at: now)
    }

    /// The cycle of one host at the present instant.
    func sample(of host: HostRecord) -> HostSample {
        let here = guests.filter { $0.host == host.host }
        let wanted = here.reduce(Int64(0)) { $0 + served($1) }
        return HostSample(
            host: host.host, sampledAt: now, intervalNanoseconds: interval,
            figures: HostFigures(
                cpuCount: host.cpuCount, memory: host.memory,
                cpuUtilization: Utilization(ppm: min(1_000_000, wanted / Int64(max(1, host.cpuCount)))),
                memoryUsed: here.reduce(.zero) { $1.isRunning ? $0.addingClamped($1.memory) : $0 },
                responseTimeNanoseconds: 100_000, responseMethod: .simulated),
            domains: here.map(reading))
    }

    /// What a guest keeps busy: no more than it has.
    func served(_ guest: Guest) -> Int64 {
        guest.isRunning ? min(guest.demand ?? 0, Int64(guest.vcpus) * 1_000_000) : 0
    }

    private func reading(_ guest: Guest) -> DomainSample {
        guard guest.isKnown else { return DomainSample(domain: guest.id, state: .unknown) }
        guard guest.isRunning else { return DomainSample(domain: guest.id, state: .shutoff) }
        let incarnation = Incarnation(host: guest.host, hypervisorID: guest.life, start: guest.lifeStart)
        var reading = DomainSample(
            domain: guest.id, state: .running, incarnation: incarnation,
            vcpus: VCPUSizes(maximum: 8, granted: VCPUCount(clamping: guest.vcpus)),
            memory: DomainMemory(maximum: .gibibytes(8), allocated: guest.memory, used: guest.memoryUsed),
            cpuCap: CPUCap.none)
        reading.cpuUtilization = guest.demand.map { _ in Utilization(ppm: served(guest) / Int64(guest.vcpus)) }
        reading.stealUtilization = guest.steal
        reading.memoryUtilization = guest.memoryUsed.flatMap {
            Utilization(numerator: Int128($0.bytes), denominator: Int128(guest.memory.bytes))
        }
        reading.swapInDelta = guest.swapIn
        reading.majorFaultsDelta = guest.majorFaults
        if let cap = guest.networkCap {
            reading.networkBytesPerSecond = guest.networkRate
            reading.networkCapBytesPerSecond = cap
            reading.networkUtilization = guest.networkRate.flatMap {
                Utilization(numerator: Int128($0), denominator: Int128(cap))
            }
        }
        return reading
    }

    /// One interval: every host is sampled, and what is ordered is carried out.
    func tick(_ count: Int = 1, _ change: (Cluster) -> Void = { _ in }) {
        for _ in 0..<count {
            time += 1
            change(self)
            for host in hosts where host.isUp {
                feed(.sample(sample(of: host), SamplePosition(epoch: 1, sequence: UInt64(time))))
            }
            perform()
        }
    }

    /// Carries out what is handed out, until nothing is any more.
    func perform() {
        var batch = state.directives(at: now)
        while batch.contains(where: { if case .wakeUp = $0 { false } else { true } }) {
            handedOut += batch.map { (time, $0) }
            for directive in batch { perform(directive) }
            batch = state.directives(at: now)
        }
    }

    private func perform(_ directive: Directive) {
        switch directive {
        case .record(let record):
            #expect(record.verify() == nil, "\(record.summary)")
            records.append(record)
        case .recordOutcome(let row): outcomes.append(row)
        case .freeze(let freeze):
            frozen.append(freeze)
            state.freezeChanged([freeze], at: now)
        case .locate(let locate): locates.append(locate)
        case .requestPermit(let request): answer(request)
        case .migrate(let move): migrate(move)
        case .resize(let resize) where isCarriedOut:
            guests[index(of: resize.domain)].vcpus = resize.vcpus.count
            feed(.succeeded(resize.decision, at: now, size: Int64(resize.vcpus.count)))
        case .resizeMemory(let resize) where isCarriedOut:
            guests[index(of: resize.domain)].memory = resize.memory
            feed(.succeeded(resize.decision, at: now, size: resize.memory.bytes))
        case .capNetwork(let cap) where isCarriedOut:
            guests[index(of: cap.domain)].networkCap = cap.bytesPerSecond
            feed(.succeeded(cap.decision, at: now, size: cap.bytesPerSecond))
        default: break
        }
    }

    private func answer(_ request: PermitRequest) {
        if request.purpose == .migrate, let told = mobility[request.domain] {
            state.examined(request.decision, needs: told.needs, obstacle: told.obstacle, at: now)
            guard state.awaits(request) else { return }
        }
        if guests.contains(where: { $0.id == request.domain && sated.contains($0.tenant) }) {
            let reason = "it has what it may have"
            return feed(.denied(request.decision, host: request.host, reason: reason, isOverQuota: true, at: now))
        }
        if closedHosts.contains(request.host) {
            return feed(.denied(request.decision, host: request.host, reason: "it is closed", at: now))
        }
        let facts = state.snapshot(at: now).hosts.first { $0.record.host == request.host }
        if strictHosts.contains(request.host), let facts,
            let shortage = missing(
                on: facts, vcpus: request.vcpus, memory: request.memory, demand: request.demand)
        {
            feed(.denied(request.decision, host: request.host, reason: shortage.description, at: now))
        } else {
            permits += 1
            feed(.granted(request.decision, permit: UUID128(high: 7, low: permits), at: now))
        }
    }

    private func migrate(_ move: MigrateDirective) {
        moves.append(move)
        guard isCarriedOut else { return }
        guard !failsMigrations.contains(move.target) else {
            return feed(.failed(move.decision, at: now, message: failureMessage))
        }
        relocate(move.domain, to: move.target)
        feed(.succeeded(move.decision, at: now, size: nil))
    }

    /// Also what somebody else does.
    func relocate(_ domain: DomainID, to host: HostID) {
        let index = index(of: domain)
        guests[index].host = host
        guests[index].life += 1
        guests[index].lifeStart = now
    }

    /// A state that begins with the inventory and knows nothing of the past.
    func started() -> SchedulerState {
        var started = SchedulerState(settings: state.settings)
        started.inventoryChanged(inventory)
        return started
    }

    /// A state as an instance has it that starts now: the inventory, and what is stored of the past.
    func recalled() -> SchedulerState {
        var recalled = started()
        for guest in guests { state.policy(of: guest.id).map { recalled.policyChanged($0, at: now) } }
        let ends = fed.reduce(into: [UUID128: SchedulerState.RecalledEnd]()) { ends, fed in
            switch fed.event {
            case .succeeded(let decision, let instant, _): ends[decision] = .succeeded(at: instant)
            case .failed(let decision, let instant, let message):
                ends[decision] = .failed(at: instant, message: message)
            case .sample, .granted, .denied: break
            }
        }
        for record in records { recalled.recallDecision(record, ended: ends[record.id]) }
        for fed in fed where fed.time > time - 24 {
            if case .sample(let sample, let position) = fed.event { recalled.recall(sample, position: position) }
        }
        return recalled
    }

    func drain(_ host: HostID) {
        for index in hosts.indices where hosts[index].host == host { hosts[index].mode = .draining }
        refresh()
    }

    func reasons(_ number: UInt64) -> [Reason] {
        records.filter { $0.inputs.domain == domainID(number) }.map(\.outcome.reason)
    }

    func last(_ number: UInt64) -> DecisionRecord? { records.last { $0.inputs.domain == domainID(number) } }
}

/// A guest of one vCPU; `memory` in MiB, half of it used.
func guest(
    _ number: UInt64, _ host: HostID = "host-a", demand: Int64? = 1_000_000, memory: Int64 = 1_024,
    _ change: (inout Cluster.Guest) -> Void = { _ in }
) -> Cluster.Guest {
    var guest = Cluster.Guest(
        id: domainID(number), host: host, vcpus: 1, demand: demand, memory: .mebibytes(memory),
        memoryUsed: .mebibytes(memory / 2))
    change(&guest)
    return guest
}

/// Hosts of four cores, which are sampled in this order.
func smallCluster(
    _ guests: [Cluster.Guest], hosts: [HostID] = ["host-a", "host-b"],
    _ change: (inout SchedulerSettings) -> Void = { _ in }
) -> Cluster {
    var settings = SchedulerSettings.platform
    change(&settings)
    return Cluster(hosts.map { hostRecord($0) }, guests, settings: settings)
}

/// VM 1 is on its way off host-a, which is drained; nobody tells how that ends.
func leavingCluster() -> Cluster {
    let cluster = smallCluster([guest(1, demand: 100_000)])
    cluster.isCarriedOut = false
    cluster.tick()
    cluster.drain("host-a")
    cluster.tick()
    return cluster
}

/// VM 1's growth is under way on host-a; nobody tells how that ends.
func growingCluster() throws -> Cluster {
    let cluster = smallCluster([guest(1)])
    cluster.isCarriedOut = false
    cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4))
    cluster.tick(3)
    return cluster
}

/// What is missing on a host, as the shell judges it: measured use only where the request brings some.
func missing(on facts: HostFacts, vcpus: VCPUCount, memory: ByteCount, demand: CPUDemand) -> Rejection? {
    var facts = facts
    if demand.ppmOfOneCore == 0 { facts.cpuUtilization = .zero }
    return Placement.shortage(on: facts, vcpus: vcpus, memory: memory, demand: demand)
}
