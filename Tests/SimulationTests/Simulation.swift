// SPDX-License-Identifier: Apache-2.0

import Contracts
import FleetModel
import ResourceModel
import SchedulerCore

/// Scheduler's core over a simulated fleet in virtual time: samples get lost, come twice and come late; calls fail and
/// lose their answers; hosts hang and die; Scheduler itself is killed and starts again from what is stored.
///
/// Everything comes from one seed: the same seed gives the same transcript, to the byte.
struct Simulation {
    static let second: Int64 = 1_000_000_000
    static let interval = 5 * second

    private(set) var fleet: Fleet
    private(set) var state: SchedulerState
    private(set) var now = Timestamp(nanoseconds: 1_000_000 * Simulation.second)
    private(set) var random: SeededGenerator
    private var samplers: [HostID: FleetSampler] = [:]
    let hosts: [HostConfiguration]
    let policies: [PolicyVersion]
    private let settings: SchedulerSettings

    /// What an outage does not take: the database, the queue of commands, stored samples.
    private(set) var stored = Stored()
    /// One line for everything that was ordered and what came of it.
    private(set) var transcript: [String] = []
    private(set) var faults: [String] = []
    private(set) var restarts = 0
    /// Whether anything goes wrong any more.
    var isCalm = false

    struct Stored {
        var records: [DecisionRecord] = []
        var ends: [UUID128: SchedulerState.RecalledEnd] = [:]
        var permits: [UUID128: OpenPermit] = [:]
        /// Commands by key, in the order in which they came: they outlive Scheduler.
        var commands: [Command] = []
        var samples: [(sample: HostSample, position: SamplePosition)] = []
        var sequence: UInt64 = 0
        var nextPermit: UInt64 = 1
    }

    struct Command {
        let key: String
        let decision: UUID128
        let domain: DomainID
        let host: HostID
        let change: FleetChange
        let permit: UUID128?
        let begunAt: Timestamp
        var isOver = false
    }

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        var generator = random
        var number: UInt64 = 0
        hosts = (0..<Int.random(in: 2...4, using: &generator)).map { host in
            let domains = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                number += 1
                return FleetDomainDefinition(
                    id: DomainID(UUID128(high: 1, low: number)), name: "vm-\(number)", tenant: "acme", maximumVCPUs: 6,
                    vcpus: .random(in: 1...2, using: &generator), memory: .mebibytes(512), disk: .gibibytes(1))
            }
            return HostConfiguration(
                id: HostID(trusted: "host-\(host)"), cores: .random(in: 2...6, using: &generator),
                memory: .gibibytes(8), domains: domains)
        }
        fleet = try Fleet(
            FleetConfiguration(
                seed: seed, hosts: hosts,
                durations: OperationDurations(resize: Self.second / 2, migrate: 8 * Self.second)), at: now)
        var settings = SchedulerSettings.platform
        settings.freeze.minimumChanged = .max
        settings.freeze.minimumFailures = .max
        settings.outcomeTimeout = 120 * Self.second
        settings.moves.budget.restNanoseconds = 120 * Self.second
        self.settings = settings
        let start = now
        policies = try hosts.flatMap(\.domains).map { domain in
            let preset = PolicyPreset.allCases.randomElement(using: &generator) ?? .balanced
            return PolicyVersion(
                domain: domain.id, version: 1, validFrom: start,
                policy: try preset.policy(maximumVCPUs: 5), windowLength: preset.windowLength,
                options: PolicyOptions(preset: preset))
        }
        random = generator
        state = SchedulerState(settings: settings)
        for host in hosts { samplers[host.id] = FleetSampler() }
        boot(SchedulerState(settings: settings))
    }

    /// One interval.
    mutating func step() {
        now = now.advanced(byNanoseconds: Self.interval)
        misbehave()
        state.inventoryChanged(inventory)
        for host in hosts { sample(host.id) }
        settleCommands()
        perform()
    }

    private mutating func chance(_ oneIn: Int) -> Bool { !isCalm && Int.random(in: 0..<oneIn, using: &random) == 0 }

    private mutating func misbehave() {
        for host in hosts where chance(150) {
            condition(host.id, [.hung, .dead, .up].randomElement(using: &random) ?? .up)
        }
        if chance(20) || isCalm {
            for host in hosts where isCalm || Bool.random(using: &random) { condition(host.id, .up) }
        }
        for policy in policies where Int.random(in: 0..<30, using: &random) == 0 && !isCalm {
            let load = Int64.random(in: 0...1_300_000, using: &random)
            _ = try? fleet.administer(.load(domain: policy.domain, source: .constant(ppm: load)), at: now)
        }
        if chance(60) { fault(.loseAnswer) }
        if chance(60) { fault(.fail(afterNanoseconds: Self.second, message: "the monitor said no")) }
        if chance(80) { boot(SchedulerState(settings: settings)) }
    }

    private mutating func condition(_ host: HostID, _ condition: HostCondition) {
        _ = try? fleet.administer(.condition(host: host, condition: condition), at: now)
    }

    private mutating func fault(_ effect: FleetFault.Effect) {
        _ = try? fleet.administer(.fault(host: nil, domain: nil, verb: nil, times: 1, effect: effect), at: now)
    }
}

// MARK: - Starting

extension Simulation {
    /// Scheduler is gone and another instance takes over, with what is stored.
    private mutating func boot(_ fresh: SchedulerState) {
        restarts += 1
        state = fresh
        state.inventoryChanged(inventory)
        for policy in policies { state.policyChanged(policy, at: now) }
        for record in stored.records { state.recallDecision(record, ended: stored.ends[record.id]) }
        for command in stored.commands where !command.isOver {
            guard let record = stored.records.last(where: { $0.id == command.decision }) else { continue }
            let isSecond = record.outcome.verdict == .migrate && command.key.hasSuffix("/resize")
            state.recallOperation(record, permit: command.permit, hasMigrated: isSecond, at: now)
        }
        let since = now.advanced(byNanoseconds: -30 * Self.interval)
        for (sample, position) in stored.samples where sample.sampledAt > since {
            state.recall(sample, position: position)
        }
        _ = state.directives(at: now)
    }

    /// What the fleet truly has, as Monitor would have stored it.
    private var inventory: Inventory {
        var copy = fleet
        var domains: [DomainRecord] = []
        for host in hosts {
            guard case .answer(let answer) = copy.handle(FleetRequest(host: host.id, operation: .inventory()), at: now)
            else {
                domains += known.filter { $0.host == host.id }
                continue
            }
            domains += answer.domains.map { domain in
                let isActive = domain.state.isActive
                return DomainRecord(
                    domain: domain.definition.id, tenant: "acme", host: host.id,
                    vcpus: isActive ? VCPUCount(clamping: domain.grantedVCPUs) : 0,
                    ceiling: VCPUCount(clamping: domain.definition.maximumVCPUs),
                    memory: isActive ? domain.memory : .zero,
                    isManaged: true, memoryCeiling: domain.definition.memory)
            }
        }
        return Inventory(
            hosts: hosts.map { host in
                HostRecord(
                    host: host.id, mode: .enabled, isUp: isUp(host.id), cpuCount: host.cores, memory: host.memory)
            }, domains: domains.sorted { $0.domain < $1.domain },
            permits: stored.permits.values.sorted { $0.permit < $1.permit })
    }

    /// The domains that a host which does not answer had at the beginning: enough for the inventory to keep them.
    private var known: [DomainRecord] {
        hosts.flatMap { host in
            host.domains.map { domain in
                DomainRecord(
                    domain: domain.id, tenant: "acme", host: host.id, vcpus: nil, ceiling: 6, memory: domain.memory,
                    isManaged: true)
            }
        }
    }

    private func isUp(_ host: HostID) -> Bool {
        var copy = fleet
        if case .answer = copy.handle(FleetRequest(host: host, operation: .ping), at: now) { return true }
        return false
    }
}

// MARK: - Samples

extension Simulation {
    private mutating func sample(_ host: HostID) {
        guard case .answer(let answer) = fleet.handle(FleetRequest(host: host, operation: .sample), at: now),
            let sample = samplers[host]?.sample(answer, of: host, at: now)
        else { return }
        stored.sequence += 1
        let position = SamplePosition(epoch: 1, sequence: stored.sequence)
        stored.samples.append((sample, position))
        if stored.samples.count > 400 { stored.samples.removeFirst(200) }
        guard !chance(12) else { return }
        state.observe(sample, position: position)
        if chance(12) { state.observe(sample, position: position) }
        if chance(20), let old = stored.samples.randomElement(using: &random) {
            state.observe(old.sample, position: old.position)
        }
    }
}

// MARK: - Directives

extension Simulation {
    private mutating func perform() {
        var batch = state.directives(at: now)
        var rounds = 0
        while batch.contains(where: { if case .wakeUp = $0 { false } else { true } }) {
            for directive in batch { perform(directive) }
            batch = state.directives(at: now)
            rounds += 1
            guard rounds < 1_000 else { return faults.append("directives never end") }
        }
    }

    private mutating func perform(_ directive: Directive) {
        switch directive {
        case .record(let record):
            if let mismatch = record.verify() { faults.append("a record does not verify: \(mismatch)") }
            stored.records.append(record)
            transcript.append("\(now.nanoseconds) \(record.id) \(record.summary)")
        case .requestPermit(let request): answer(request)
        case .releasePermit(let permit): stored.permits[permit] = nil
        case .resize(let resize):
            order(
                resize.idempotencyKey, resize.decision, resize.domain, on: resize.host, permit: resize.permit,
                .resize(resize.domain, vcpus: resize.vcpus.count, memory: nil))
            if !(1...5).contains(resize.vcpus.count) { faults.append("\(resize.vcpus) vCPUs are out of bounds") }
        case .migrate(let move):
            order(
                move.idempotencyKey, move.decision, move.domain, on: move.source, permit: move.permit,
                .migrate(move.domain, to: move.target, targetEpoch: 1))
        case .locate(let locate): locateDomain(locate)
        default: break
        }
    }

    private mutating func answer(_ request: PermitRequest) {
        let facts = state.snapshot(at: now).hosts.first { $0.record.host == request.host }
        let shortage = facts.flatMap {
            missing(on: $0, vcpus: request.vcpus, memory: request.memory, demand: request.demand)
        }
        if let shortage {
            state.permitDenied(request.decision, host: request.host, reason: shortage.description, at: now)
        } else {
            let permit = UUID128(high: 2, low: stored.nextPermit)
            stored.nextPermit += 1
            stored.permits[permit] = OpenPermit(
                permit: permit, host: request.host, domain: request.domain, vcpus: request.vcpus,
                memory: request.memory)
            state.permitGranted(request.decision, permit: permit, at: now)
        }
    }

    private mutating func order(
        _ key: String, _ decision: UUID128, _ domain: DomainID, on host: HostID, permit: UUID128?,
        _ change: FleetChange
    ) {
        guard !stored.commands.contains(where: { $0.key == key }) else {
            return faults.append("\(key) is ordered twice")
        }
        if let other = stored.commands.first(where: { $0.domain == domain && !$0.isOver }) {
            faults.append("\(domain) has \(other.key) under way when \(key) is ordered")
        }
        transcript.append("\(now.nanoseconds) \(key)")
        stored.commands.append(
            Command(
                key: key, decision: decision, domain: domain, host: host, change: change, permit: permit, begunAt: now))
        state.actionStarted(decision, at: now)
    }

    /// Asks the hosts how far each command is, as Monitor does.
    private mutating func settleCommands() {
        for index in stored.commands.indices where !stored.commands[index].isOver {
            let command = stored.commands[index]
            let request = FleetRequest(
                host: command.host, operation: .change(command.change, FleetCallToken(id: token(command.key), epoch: 1))
            )
            switch fleet.handle(request, at: now) {
            case .answer: end(index, succeeded: true)
            case .refused(let refusal):
                transcript.append("\(now.nanoseconds) \(command.key) \(refusal.message)")
                end(index, succeeded: false)
            case .wait: break
            case .hang, .unreachable:
                if now.nanoseconds(since: command.begunAt) > 60 * Self.second { giveUp(index) }
            }
        }
    }

    private mutating func end(_ index: Int, succeeded: Bool) {
        stored.commands[index].isOver = true
        let command = stored.commands[index]
        let isFirstStep = command.key.hasSuffix("/migrate")
        let record = stored.records.last { $0.id == command.decision }
        if succeeded {
            let hasMore = isFirstStep && record?.move == nil
            if !hasMore { stored.ends[command.decision] = .succeeded(at: now) }
            state.actionSucceeded(command.decision, effectiveAt: now)
        } else {
            stored.ends[command.decision] = .failed(at: now)
            state.actionFailed(command.decision, at: now)
        }
        transcript.append("\(now.nanoseconds) \(command.key) \(succeeded ? "done" : "failed")")
    }

    private mutating func giveUp(_ index: Int) {
        stored.commands[index].isOver = true
        transcript.append("\(now.nanoseconds) \(stored.commands[index].key) unknown")
        state.actionUnknown(stored.commands[index].decision, at: now)
    }

    private mutating func locateDomain(_ locate: LocateDirective) {
        let found = locate.hosts.first { host in
            guard case .answer(let answer) = fleet.handle(FleetRequest(host: host, operation: .inventory()), at: now)
            else { return false }
            return answer.domains.contains { $0.definition.id == locate.domain && $0.state.isActive }
        }
        state.located(locate.decision, of: locate.domain, on: found, at: now)
    }

    /// The same for the same key.
    private func token(_ key: String) -> UUID128 {
        let words = key.utf8.reduce(into: (UInt64(0xCBF2_9CE4_8422_2325), UInt64(1))) { words, byte in
            words.0 = (words.0 ^ UInt64(byte)) &* 0x100_0000_01B3
            words.1 = (words.1 &* 31) &+ UInt64(byte)
        }
        return UUID128(high: words.0, low: words.1)
    }
}

/// What is missing on a host, as the shell judges it: measured use only where the request brings some.
private func missing(on facts: HostFacts, vcpus: VCPUCount, memory: ByteCount, demand: CPUDemand) -> Rejection? {
    var facts = facts
    if demand.ppmOfOneCore == 0 { facts.cpuUtilization = .zero }
    return Placement.shortage(on: facts, vcpus: vcpus, memory: memory, demand: demand)
}
