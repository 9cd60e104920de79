// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

// What becomes of a decision: permits, steps, outcomes.
//
//     grow:   find ─► permit on own host ─┬─ granted ─► resize ─────────────────────────────► ended
//                                         └─ denied ──► place ─┬─ permit on target ─► migrate ─► resize ─► ended
//                                                              └─ no host ─► refused, asked again later
//     shrink: find ─► resize ─► ended

extension SchedulerState {
    /// Room was given: the first step is due, and the decision is recorded.
    package mutating func permitGranted(_ decision: UUID128, permit: UUID128, at now: Timestamp) {
        guard let domain = domain(of: decision), var operation = domains[domain]?.operation,
            !operation.phase.isChanging
        else {
            // It came too late: nobody waits for it any more.
            pending.append(.releasePermit(permit))
            return
        }
        operation.permit = permit
        if let request = openRequest(of: operation) {
            permits[permit] = OpenPermit(
                permit: permit, host: request.host, domain: domain, vcpus: request.vcpus, memory: request.memory)
        }
        let isMigration = operation.phase == .awaitingTargetPermit
        enter(isMigration ? .migrating : .resizing, operation, at: now)
    }

    /// No room there: another host is looked for, or the decision ends as refused.
    package mutating func permitDenied(_ decision: UUID128, host: HostID, reason: String, at now: Timestamp) {
        guard let domain = domain(of: decision), let entry = domains[domain], var operation = entry.operation,
            !operation.phase.isChanging
        else { return }
        operation.denials.append(Denial(host: host, at: now, reason: reason))
        let placement = place(operation, entry: entry, at: now)
        operation.placement = placement
        let isExhausted = operation.denials.count >= operation.inputs.maximumDenials
        guard placement.chosen != nil, !isExhausted else { return giveUp(operation, at: now) }
        operation.phase = .awaitingTargetPermit
        operation.since = now
        domains.update(domain) { $0.operation = operation }
        if let request = openRequest(of: operation) { pending.append(.requestPermit(request)) }
    }

    /// Monitor has begun the present step.
    package mutating func actionStarted(_ decision: UUID128, at now: Timestamp) {
        guard let domain = domain(of: decision) else { return }
        domains.update(domain) { entry in
            entry.operation?.isStarted = true
            entry.operation?.since = now
        }
    }

    /// The present step took effect at `effectiveAt`, with `vcpus` seen afterwards where that is known.
    package mutating func actionSucceeded(_ decision: UUID128, effectiveAt: Timestamp, vcpus: VCPUCount? = nil) {
        guard let domain = domain(of: decision), let operation = domains[domain]?.operation else { return }
        switch operation.phase {
        case .awaitingPermit, .awaitingTargetPermit: return
        case .migrating:
            domains.update(domain) { entry in
                entry.record.host = operation.placement?.chosen ?? entry.record.host
                entry.lastMove?.endedAt = effectiveAt
                entry.lastChangeAt = effectiveAt
            }
            enter(.resizing, operation, at: effectiveAt)
        case .resizing:
            end(domain, operation: operation) { entry in
                entry.record.vcpus = vcpus ?? operation.finding.target
                entry.changed(at: effectiveAt)
            }
        }
    }

    /// The present step had no effect. The window begins again, so a retry needs M breaches once more.
    package mutating func actionFailed(_ decision: UUID128, at now: Timestamp) {
        guard let domain = domain(of: decision), let operation = domains[domain]?.operation else { return }
        end(domain, operation: operation) { entry in
            if operation.phase == .migrating { entry.lastMove = nil }
            entry.window.restart(countingFrom: now)
        }
    }

    /// Nobody knows whether the present step had its effect. The domain is left alone for a while, and its permit is
    /// not released but expires: the room may be taken.
    package mutating func actionUnknown(_ decision: UUID128, at now: Timestamp) {
        guard let domain = domain(of: decision), let operation = domains[domain]?.operation else { return }
        let settling = now.advanced(byNanoseconds: settings.settleAfterUnknown)
        end(domain, operation: operation, releasing: false) { entry in
            if operation.phase == .migrating { entry.lastMove?.endedAt = now }
            entry.settlingUntil = settling
            entry.changed(at: now)
        }
    }

    /// All that is to be done now. Each directive is handed out once; `wakeUp` is repeated as long as it holds.
    package mutating func directives(at now: Timestamp) -> [Directive] {
        for domain in active.values { expire(domain, at: now) }
        var result = pending
        pending = []
        let deadlines = active.values.compactMap {
            domains[$0]?.operation?.since.advanced(byNanoseconds: settings.outcomeTimeout)
        }
        if let next = deadlines.min() { result.append(.wakeUp(at: next)) }
        return result
    }

    /// Runs the rule for one domain, records what it found if that is news, and begins what is due.
    mutating func evaluate(_ domain: DomainID, at now: Timestamp) {
        guard let entry = domains[domain], entry.operation == nil else { return }
        let inputs = inputs(of: entry, at: now)
        let finding = ScalingRule.find(inputs)
        let id = DecisionIdentity.make(
            domain: domain, position: entry.window.samples.last?.position, policyVersion: inputs.policyVersion, at: now)
        guard finding.target != nil, finding.dry == nil else {
            return note(
                DecisionRecord(id: id, tenant: entry.record.tenant, inputs: inputs, finding: finding, decidedAt: now))
        }
        let operation = Operation(
            decision: id, inputs: inputs, finding: finding, phase: .awaitingPermit, since: now)
        active[id] = domain
        guard finding.verdict == .grow else { return enter(.resizing, operation, at: now) }
        domains.update(domain) { $0.operation = operation }
        if let request = openRequest(of: operation) { pending.append(.requestPermit(request)) }
    }

    /// Everything that the rule looks at, as it stands at `now`.
    func inputs(of entry: DomainEntry, at now: Timestamp) -> RuleInputs {
        let record = entry.record
        let version = policies[record.domain]
        let length = version?.windowLength ?? 0
        return RuleInputs(
            domain: record.domain, host: record.host, at: now, policyVersion: version?.version ?? 0,
            policy: version?.policy, windowLength: length,
            staleAfterNanoseconds: 2 * Int64(length) * settings.samplingInterval, samples: entry.window.samples,
            vcpus: record.vcpus, ceiling: record.ceiling, isManaged: record.isManaged,
            hostMode: hosts[record.host]?.record.mode,
            isChangeInFlight: entry.operation?.phase.isChanging ?? false, lastChangeAt: entry.lastChangeAt,
            cooldownUpNanoseconds: settings.cooldownUp, cooldownDownNanoseconds: settings.cooldownDown,
            stealBound: settings.stealBound, maximumDenials: settings.maximumPlacementAttempts + 1,
            noRoomUntil: entry.noRoomUntil, settlingUntil: entry.settlingUntil)
    }
}

extension SchedulerState {
    /// Begins a step: records the decision with the first one, closes the window, hands out the directive.
    private mutating func enter(_ phase: Operation.Phase, _ operation: Operation, at now: Timestamp) {
        let domain = operation.inputs.domain
        if !operation.phase.isChanging { note(record(of: operation, at: now)) }
        var next = operation
        next.phase = phase
        next.since = now
        next.isStarted = false
        let move = phase == .migrating ? next.placement.flatMap(Move.init) : nil
        domains.update(domain) { entry in
            entry.operation = next
            entry.window.suspend()
            if let move { entry.lastMove = move }
        }
        if let directive = step(of: next) { pending.append(directive) }
    }

    private func step(of operation: Operation) -> Directive? {
        let domain = operation.inputs.domain
        guard let host = domains[domain]?.record.host else { return nil }
        if operation.phase == .migrating, let target = operation.placement?.chosen, let permit = operation.permit {
            return .migrate(
                MigrateDirective(
                    decision: operation.decision, domain: domain, source: host, target: target, permit: permit))
        }
        return operation.finding.target.map {
            .resize(
                ResizeDirective(
                    decision: operation.decision, domain: domain, host: host, vcpus: $0, permit: operation.permit))
        }
    }

    /// The permit that an operation waits for.
    private func openRequest(of operation: Operation) -> PermitRequest? {
        guard let target = operation.finding.target, let entry = domains[operation.inputs.domain] else { return nil }
        let isMigration = operation.phase == .awaitingTargetPermit
        let present = operation.inputs.vcpus ?? 0
        guard let host = isMigration ? operation.placement?.chosen : operation.inputs.host else { return nil }
        return PermitRequest(
            decision: operation.decision, domain: operation.inputs.domain, host: host,
            purpose: isMigration ? .migrate : .grow, vcpus: isMigration ? target : target - present.count,
            memory: isMigration ? entry.record.memory : .zero,
            demand: isMigration ? operation.demand : CPUDemand(ppmOfOneCore: 0))
    }

    private func place(_ operation: Operation, entry: DomainEntry, at now: Timestamp) -> PlacementResult {
        let request = PlacementRequest(
            domain: entry.record.domain, source: entry.record.host, presentVCPUs: operation.inputs.vcpus ?? 0,
            vcpus: operation.finding.target ?? 0, memory: entry.record.memory, demand: operation.demand,
            denied: operation.denials.map(\.host))
        return Placement.place(request, in: snapshot(at: now), weights: settings.weights)
    }

    /// No host has room: recorded, and asked again after a while. The window stays: nothing has changed.
    private mutating func giveUp(_ operation: Operation, at now: Timestamp) {
        let until = now.advanced(byNanoseconds: settings.retryAfterNoRoom)
        note(record(of: operation, at: now))
        active[operation.decision] = nil
        domains.update(operation.inputs.domain) { entry in
            entry.operation = nil
            entry.noRoomUntil = until
        }
    }

    private func record(of operation: Operation, at now: Timestamp) -> DecisionRecord {
        DecisionRecord(
            id: operation.decision, tenant: domains[operation.inputs.domain]?.record.tenant, inputs: operation.inputs,
            finding: operation.finding, denials: operation.denials, placement: operation.placement, decidedAt: now)
    }

    /// Records a decision unless it says the same as the last one. An action is always news.
    private mutating func note(_ record: DecisionRecord) {
        let outcome = record.outcome
        let reason = RecordedReason(verdict: outcome.verdict, reason: outcome.reason, dry: outcome.dry)
        let isAction = outcome.target != nil && outcome.dry == nil
        let isNews = domains.update(record.inputs.domain) { entry in
            defer { entry.recorded = reason }
            return isAction || entry.recorded != reason
        }
        if isNews == true { pending.append(.record(record)) }
    }

    private mutating func end(
        _ domain: DomainID, operation: Operation, releasing: Bool = true, _ change: (inout DomainEntry) -> Void
    ) {
        active[operation.decision] = nil
        domains.update(domain) { entry in
            entry.operation = nil
            change(&entry)
        }
        guard releasing, let permit = operation.permit else { return }
        permits[permit] = nil
        pending.append(.releasePermit(permit))
    }

    /// A phase without a report for too long ends: a permit as denied, a step as unknown.
    private mutating func expire(_ domain: DomainID, at now: Timestamp) {
        guard let operation = domains[domain]?.operation,
            now.nanoseconds(since: operation.since) >= settings.outcomeTimeout
        else { return }
        guard operation.phase.isChanging else {
            let host = openRequest(of: operation)?.host ?? operation.inputs.host
            return permitDenied(operation.decision, host: host, reason: "no answer in time", at: now)
        }
        actionUnknown(operation.decision, at: now)
    }

    private func domain(of decision: UUID128) -> DomainID? { active[decision] }
}

extension SchedulerState.DomainEntry {
    fileprivate mutating func changed(at instant: Timestamp) {
        lastChangeAt = instant
        noRoomUntil = nil
        window.restart(countingFrom: instant)
    }
}

extension SchedulerState.Move {
    fileprivate init?(_ placement: PlacementResult) {
        guard let chosen = placement.chosen else { return nil }
        self.init(request: placement.request, target: chosen)
    }
}

extension Operation {
    /// What the domain keeps busy, by the mean of the samples that were decided from.
    fileprivate var demand: CPUDemand {
        CPUDemand(utilization: finding.mean ?? .full, vcpus: inputs.vcpus ?? 0)
    }
}
