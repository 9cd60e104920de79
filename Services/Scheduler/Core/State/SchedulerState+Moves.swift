// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

// Moves that are not for the domain's own growth: relief of a host, drain, room for a neighbour.

extension SchedulerState {
    /// Moves a domain away from `host` if it has been overloaded for M of N samples and that helps.
    mutating func relieve(at place: Int, at now: Timestamp) {
        guard hosts.values[place].load.isDue(settings.moves) else { return }
        let host = hosts.keys[place]
        guard hosts.values[place].record.mode == .enabled, !hosts.values[place].restsFromRelief(at: now),
            hosts.values[place].isTimeToPlan(at: now, every: settings.retryAfterNoRoom),
            hasBudget(from: host), !hasUnseenMove(on: host), blackoutEnd(at: now) == nil,
            let facts = snapshot(at: now).hosts.first(where: { $0.record.host == host })
        else { return }
        let need = hosts.values[place].need(facts, settings.moves)
        let ranked = MovePlan.ranked(options(on: host, cause: .relief, at: now), need: need)
        _ = begin(MovePlan(cause: .relief, source: host, need: need, options: ranked, settings), at: now)
    }

    /// Moves one more domain away from `host` if it is being drained; a domain that can't move is recorded, and does
    /// not stop the others.
    mutating func drain(at place: Int, at now: Timestamp) {
        guard hosts.values[place].record.mode == .draining else { return }
        let host = hosts.keys[place]
        // Moves by others are not a reason to leave the host full: its drain was ordered.
        guard hosts.values[place].drainPausesUntil.map({ now >= $0 }) ?? true, hasBudget(from: host) else { return }
        let need = MoveNeed(cpu: 0, memory: 0, vcpus: 0)
        let ranked = MovePlan.ranked(options(on: host, cause: .drain, at: now), need: need)
        for option in ranked where option.obstacle != .changeInFlight {
            let plan = MovePlan(cause: .drain, source: host, need: need, options: [option], settings)
            if begin(plan, at: now), !hasBudget(from: host) { return }
        }
        hosts.update(host) { $0.drainPausesUntil = now.advanced(byNanoseconds: settings.retryAfterNoRoom) }
    }

    /// Moves a neighbour so that `operation`'s domain can grow where it is, if the domain itself can't move, or if the
    /// neighbour costs far less. Returns the obstacle that the growth records for this; `nil`: no neighbour moves.
    mutating func makeRoom(for operation: Operation, at now: Timestamp) -> MoveObstacle? {
        let (domain, host) = (operation.inputs.domain, operation.inputs.host)
        guard let entry = domains[domain], let request = openRequest(of: operation), hasBudget(from: host),
            !hasUnseenMove(on: host), blackoutEnd(at: now) == nil,
            let facts = snapshot(at: now).hosts.first(where: { $0.record.host == host })
        else { return nil }
        let need = MoveNeed(
            cpu: 0, memory: max(0, request.memory.bytes - facts.freeMemoryBytes),
            vcpus: max(0, Int64(request.vcpus.count - facts.freeVCPUs)))
        guard need.memory > 0 || need.vcpus > 0 else { return nil }
        let own = MoveOption(
            domain: domain, vcpus: 0, memory: entry.record.memory, demand: operation.demand, obstacle: nil)
        let canMove = operation.placement?.chosen != nil
        let share = settings.moves.neighbourCostShare
        let cheap = options(on: host, cause: .makeRoom(domain), at: now).filter { option in
            option.domain != domain && option.obstacle == nil && need.isMet(by: option)
                && (!canMove || Int128(option.cost) * 1_000_000 <= Int128(own.cost) * Int128(share.ppm))
        }
        let ranked = MovePlan.ranked(cheap, need: need)
        let plan = MovePlan(cause: .makeRoom(domain), source: host, need: need, options: ranked, settings)
        guard !ranked.isEmpty, begin(plan, at: now) else { return nil }
        return active.values.last { domains[$0]?.operation?.move?.cause == .makeRoom(domain) }
            .map { .neighbourMoves($0) }
    }

    /// Tries the options in their order, and begins the first that has a target and helps. The others are recorded with
    /// their reasons. Returns whether a move was begun.
    ///
    /// - Parameter home: the host of the rest of its affinity group, for a domain that must join the group.
    mutating func begin(_ given: MovePlan, home: HostID? = nil, at now: Timestamp) -> Bool {
        var plan = given
        var lastPlacement: PlacementResult?
        var attempts = 0
        let snapshot = snapshot(at: now)
        for index in plan.options.indices where plan.options[index].obstacle == nil {
            attempts += 1
            guard attempts <= Self.maximumAttempts else {
                plan.options[index].obstacle = .noTarget
                continue
            }
            let (placement, obstacle) = judge(plan.options[index], plan: &plan, home: home, in: snapshot, at: now)
            lastPlacement = placement
            guard obstacle == nil else {
                plan.options[index].obstacle = obstacle
                continue
            }
            plan.chosen = plan.options[index].domain
            break
        }
        hosts.update(plan.source) { $0.lastPlan = plan }
        guard let domain = plan.chosen ?? plan.options.first?.domain, let place = domains.place(of: domain) else {
            return false
        }
        var operation = operation(movingAt: place, plan: plan, at: now)
        operation.placement = plan.chosen != nil || plan.options.count == 1 ? lastPlacement : nil
        guard plan.chosen != nil else {
            operation.obstacle = plan.options.first?.obstacle
            note(move: operation, at: now)
            return false
        }
        let record = record(of: operation, at: now)
        guard record.outcome.dry == nil else {
            noteMove(record, RecordedMove(cause: plan.cause, obstacle: nil, dry: record.outcome.dry))
            return false
        }
        active[operation.decision] = domain
        domains.update(domain) { $0.operation = operation }
        if let request = openRequest(of: operation) { pending.append(.requestPermit(request)) }
        return true
    }

    /// How many placements one plan tries, so that a pass over a large host ends.
    private static let maximumAttempts = 16

    private func judge(
        _ option: MoveOption, plan: inout MovePlan, home: HostID?, in snapshot: PlacementSnapshot, at now: Timestamp
    ) -> (PlacementResult?, MoveObstacle?) {
        guard let entry = domains[option.domain] else { return (nil, .notRunning) }
        let request = PlacementRequest(
            domain: option.domain, source: plan.source, presentVCPUs: option.vcpus, vcpus: option.vcpus,
            memory: option.memory, demand: option.demand)
        let placement = placement(for: request, of: entry, home: home, in: snapshot, at: now)
        guard let target = placement.chosen else {
            return (placement, placement.keepingTie.map { .tied($0) } ?? .noTarget)
        }
        guard plan.cause == .relief else { return (placement, nil) }
        guard
            let improvement = Improvement(
                moving: placement.request, from: placement.facts(of: plan.source), to: placement.facts(of: target))
        else { return (placement, .loadUnknown) }
        guard improvement.isEnough(plan.minimumImprovement) else { return (placement, .noImprovement(improvement)) }
        plan.improvement = improvement
        return (placement, nil)
    }

    private func operation(movingAt place: Int, plan: MovePlan, at now: Timestamp) -> Operation {
        let inputs = inputs(at: place, at: now)
        let id = DecisionIdentity.make(
            domain: inputs.domain, position: inputs.samples.last?.position, policyVersion: inputs.policyVersion,
            at: now, purpose: .move)
        return Operation(
            decision: id, inputs: inputs, finding: ScalingRule.find(inputs), move: plan, phase: .awaitingTargetPermit,
            since: now)
    }

    private mutating func note(move operation: Operation, at now: Timestamp) {
        guard let plan = operation.move else { return }
        noteMove(
            record(of: operation, at: now), RecordedMove(cause: plan.cause, obstacle: operation.obstacle, dry: nil))
    }

    /// Records a decision about a move unless it says the same as the last one. A move is always recorded.
    mutating func noteMove(_ record: DecisionRecord, _ move: RecordedMove) {
        let isAction = record.outcome.verdict == .migrate && record.outcome.dry == nil
        let isNew = domains.update(record.inputs.domain) { entry in
            defer { entry.recordedMove = move }
            return isAction || !(entry.recordedMove?.says(move) ?? false)
        }
        if isNew == true { pending.append(.record(record)) }
    }

    /// Whether a move still helps after a permit was denied and another target was chosen.
    func remainsUseful(_ operation: inout Operation) -> Bool {
        guard var plan = operation.move, plan.cause == .relief, operation.placement?.chosen != nil else { return true }
        guard let placement = operation.placement, let target = placement.chosen,
            let improvement = Improvement(
                moving: placement.request, from: placement.facts(of: plan.source), to: placement.facts(of: target))
        else {
            operation.obstacle = .loadUnknown
            return false
        }
        guard improvement.isEnough(plan.minimumImprovement) else {
            operation.obstacle = .noImprovement(improvement)
            return false
        }
        plan.improvement = improvement
        operation.move = plan
        return true
    }

    /// Takes note of a move that we did not decide: the domain rests, and so does relief of both hosts. After a move
    /// that somebody ordered from Ebb it rests as after one of our own moves.
    mutating func noteForeignMove(of domain: DomainID, _ departure: DomainEntry.Departure, at now: Timestamp) {
        guard let place = domains.place(of: domain) else { return }
        let record = domains.values[place].record
        let (source, moves) = (departure.source, settings.moves)
        let until = now.advanced(
            byNanoseconds: departure.isOrdered ? moves.budget.restNanoseconds : moves.foreignRestNanoseconds)
        restAfterForeignMove(
            of: domain, from: source, to: record.host, isOrdered: departure.isOrdered, at: now, until: until)
        let inputs = inputs(at: place, at: now)
        var finding = ScalingRule.find(inputs)
        (finding.verdict, finding.reason) = (.nothing, departure.isOrdered ? .orderedMove : .foreignMove)
        (finding.target, finding.dry, finding.until) = (nil, nil, until)
        let id = DecisionIdentity.make(
            domain: domain, position: nil, policyVersion: inputs.policyVersion, at: now, purpose: .foreignMove)
        note(
            DecisionRecord(
                id: id, tenant: record.tenant, inputs: inputs, finding: finding, foreignSource: source,
                decidedAt: now))
    }

    mutating func restAfterForeignMove(
        of domain: DomainID, from source: HostID, to target: HostID, isOrdered: Bool, at now: Timestamp,
        until: Timestamp
    ) {
        domains.update(domain) { entry in
            entry.rest.until = until
            entry.rest.cause = isOrdered ? .moved : .foreign
        }
        for host in [source, target] {
            hosts.update(host) { entry in
                if !isOrdered { entry.reliefRestsUntil = until }
                entry.load.restart(countingFrom: now)
            }
        }
    }
}

extension SchedulerState.RecordedMove {
    /// Whether both say the same, apart from instants and figures.
    fileprivate func says(_ other: Self) -> Bool {
        cause == other.cause && dry == other.dry && obstacle?.kind == other.obstacle?.kind
    }
}

extension MovePlan {
    init(
        cause: MoveCause, source: HostID, need: MoveNeed, options: [MoveOption], _ settings: SchedulerSettings
    ) {
        self.init(
            cause: cause, source: source, need: need, minimumImprovement: settings.moves.minimumImprovement,
            options: Array(options.prefix(Self.maximumOptions)))
    }
}

extension SchedulerState.HostEntry {
    /// Whether it is time to plan: when the overload begins, and then once in each `period` of the clock, so that a new
    /// instance plans at the same times as the former one.
    fileprivate func isTimeToPlan(at now: Timestamp, every period: Int64) -> Bool {
        guard !load.hasBecomeDue, period > 0, let intervalStart else { return true }
        return now.nanoseconds / period != intervalStart.nanoseconds / period
    }

    fileprivate func restsFromRelief(at now: Timestamp) -> Bool { reliefRestsUntil.map { now < $0 } ?? false }

    /// How much must leave the host for it to be within its bounds.
    fileprivate func need(_ facts: HostFacts, _ settings: MoveSettings) -> MoveNeed {
        let excess = (facts.cpuUtilization?.ppm ?? 0) - record.cpuBound.ppm
        let bound = Int128(record.memory.bytes) * Int128(record.memoryBound?.ppm ?? .max) / 1_000_000
        let surplus = Int128(facts.memoryUsed?.bytes ?? 0) - bound
        return MoveNeed(
            cpu: load.isCPUDue(settings) ? max(1, excess * Int64(record.cpuCount)) : 0,
            memory: load.isMemoryDue(settings) ? max(1, Int64(clamping: surplus)) : 0, vcpus: 0)
    }
}
