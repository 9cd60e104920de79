// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

// What becomes of a decision: permits, steps, outcomes.
//
//     grow:   find ─► permit on own host ─┬─ granted ─► resize ─────────────────────────────► ended
//                                         └─ denied ──► place ─┬─ permit on target ─► migrate ─► resize ─► ended
//                                                              └─ no host ─► refused, queued, asked again later
//     shrink: find ─► resize ─► ended
//     move:   plan ─► permit on target ─► migrate ─► ended

extension SchedulerState {
    /// Room was granted: the first step is due, and the decision is recorded.
    package mutating func permitGranted(_ decision: UUID128, permit: UUID128, at now: Timestamp) {
        guard let domain = domain(of: decision), var operation = domains[domain]?.operation,
            !operation.phase.isChanging
        else {
            // The permit came too late: nothing waits for it any more.
            pending.append(.releasePermit(permit))
            return
        }
        guard !isFrozenMeanwhile(domain, at: now) else {
            pending.append(.releasePermit(permit))
            return cancel(operation)
        }
        operation.permit = permit
        if let request = openRequest(of: operation) {
            permits[permit] = OpenPermit(
                permit: permit, host: request.host, domain: domain, vcpus: request.vcpus, memory: request.memory)
        }
        let isMigration = operation.phase == .awaitingTargetPermit
        enter(isMigration ? .migrating : .resizing, operation, at: now)
    }

    /// There is no room on the host: another host is looked for, or the decision ends as refused. `isOverQuota`: no
    /// other host may give it either, since the tenant has reached its quota; the growth is then not queued, since it
    /// would hold up others.
    package mutating func permitDenied(
        _ decision: UUID128, host: HostID, reason: String, isOverQuota: Bool = false, at now: Timestamp
    ) {
        guard let domain = domain(of: decision), let entry = domains[domain], var operation = entry.operation,
            !operation.phase.isChanging
        else { return }
        guard !isFrozenMeanwhile(domain, at: now) else { return cancel(operation) }
        operation.denials.append(Denial(host: host, at: now, reason: reason, isOverQuota: isOverQuota ? true : nil))
        guard !isOverQuota else {
            operation.placement = nil
            return giveUp(operation, at: now)
        }
        if operation.move == nil, let obstacle = obstacle(toMoving: entry, toGrow: true, at: now) {
            return giveUp(operation, obstacle: makeRoom(for: operation, at: now) ?? obstacle, at: now)
        }
        operation.placement = place(operation, entry: entry, at: now)
        let isExhausted = operation.denials.count >= operation.inputs.maximumDenials
        if operation.move == nil, operation.denials.count == 1, let neighbour = makeRoom(for: operation, at: now) {
            return giveUp(operation, obstacle: neighbour, at: now)
        }
        guard operation.placement?.chosen != nil, remainsUseful(&operation), !isExhausted else {
            return giveUp(operation, at: now)
        }
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

    /// Monitor reports progress of the present step: while there is progress, the step is waited for, however long it
    /// takes.
    package mutating func actionProgressed(_ decision: UUID128, at now: Timestamp) {
        guard let domain = domain(of: decision), domains[domain]?.operation?.phase.isChanging == true else { return }
        domains.update(domain) { $0.operation?.since = now }
    }

    /// The present step took effect at `effectiveAt`. `vcpus`, or `size` of another resource, is what was seen
    /// afterwards, if known.
    package mutating func actionSucceeded(
        _ decision: UUID128, effectiveAt: Timestamp, vcpus: VCPUCount? = nil, size: Int64? = nil
    ) {
        guard let domain = domain(of: decision), let operation = domains[domain]?.operation else { return }
        switch operation.phase {
        case .awaitingPermit, .awaitingTargetPermit: return
        case .migrating: migrated(domain, operation, at: effectiveAt)
        case .resizing:
            let reached = size ?? vcpus.map { Int64($0.count) } ?? operation.finding.target ?? 0
            end(domain, operation: operation) { $0.resized(operation, to: reached, at: effectiveAt) }
            succeeded(domain, operation, at: effectiveAt)
        }
    }

    /// The present step had no effect. The window begins again, so a retry needs M breaches once more; after a failed
    /// migration the domain backs off, and tries another target next time. If `message` names a reason that still
    /// holds, the pair of hosts or the domain is blocked, and the failure does not count towards a freeze of the
    /// cluster.
    package mutating func actionFailed(_ decision: UUID128, at now: Timestamp, message: String? = nil) {
        guard let domain = domain(of: decision), let operation = domains[domain]?.operation else { return }
        let moves = settings.moves
        let failure = operation.phase == .migrating ? message.flatMap { MoveFailure(message: $0) } : nil
        if let failure { block(operation, failure, at: now) }
        end(domain, operation: operation) { entry in
            if operation.phase == .migrating {
                entry.lastMove = nil
                entry.rest.failed(target: operation.placement?.chosen, at: now, moves)
            }
            entry.reopen(after: operation, at: now)
        }
        guard failure == nil else { return }
        guardian.ended(failed: true, at: now)
        guardAgainstFailures(at: now)
    }

    /// Nobody knows whether the present step had its effect: the hosts are asked. The domain is left alone for a while,
    /// and its permit is not released but expires, since the room may be in use. An unknown outcome is not a failure.
    package mutating func actionUnknown(_ decision: UUID128, at now: Timestamp) {
        guard let domain = domain(of: decision), let entry = domains[domain], let operation = entry.operation
        else { return }
        let settling = now.advanced(byNanoseconds: settings.settleAfterUnknown)
        let target = operation.phase == .migrating ? operation.placement?.chosen : nil
        end(domain, operation: operation, releasing: false) { entry in
            if operation.phase == .migrating { entry.lastMove?.endedAt = now }
            entry.settlingUntil = settling
            entry.unresolved = decision
            entry.changed(after: operation, at: now)
        }
        let hosts = [entry.record.host] + [target].compactMap(\.self)
        pending.append(.locate(LocateDirective(decision: decision, domain: domain, hosts: hosts)))
    }

    /// The hosts were asked about a step with an unknown outcome: the domain is on `host`, with `vcpus` if known;
    /// `nil`: no host knows, and the domain rests until samples show it.
    package mutating func located(
        _ decision: UUID128, of domain: DomainID, on host: HostID?, vcpus: VCPUCount? = nil, at now: Timestamp
    ) {
        guard domains[domain]?.unresolved == decision, let host else { return }
        domains.update(domain) { entry in
            entry.unresolved = nil
            entry.settlingUntil = nil
            if let move = entry.lastMove, move.target != host { entry.lastMove = nil }
            entry.record.host = host
            if let vcpus { entry.record.vcpus = vcpus }
        }
    }

    /// Everything that must be done now. Each directive is handed out once; `wakeUp` is repeated as long as it holds.
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
}

extension SchedulerState {
    /// Begins a step: records the decision with the first one, closes the window, hands out the directive.
    mutating func enter(_ phase: Operation.Phase, _ operation: Operation, at now: Timestamp) {
        let domain = operation.inputs.domain
        if !operation.phase.isChanging {
            record(operation, at: now)
            guardian.began(domain, at: now)
            guardAgainstFailures(at: now)
        }
        var next = operation
        next.phase = phase
        next.since = now
        next.isStarted = false
        let move = phase == .migrating ? next.placement.flatMap(Move.init) : nil
        domains.update(domain) { entry in
            entry.operation = next
            if phase == .migrating {
                for resource in Resource.allCases { entry[resource].window.suspend() }
            } else {
                entry[next.resource].window.suspend()
            }
            if let move { entry.lastMove = move }
        }
        if let directive = step(of: next) { pending.append(directive) }
    }

    private mutating func record(_ operation: Operation, at now: Timestamp) {
        guard !isReplay else { return }
        let record = record(of: operation, at: now)
        if let plan = operation.move {
            noteMove(record, RecordedMove(cause: plan.cause, obstacle: record.obstacle, dry: record.outcome.dry))
        } else {
            note(record)
        }
    }

    /// A migration is done: the first of two steps, or the only one.
    private mutating func migrated(_ domain: DomainID, _ operation: Operation, at effectiveAt: Timestamp) {
        let rest = effectiveAt.advanced(byNanoseconds: settings.moves.budget.restNanoseconds)
        let source = domains[domain]?.record.host
        domains.update(domain) { entry in
            entry.record.host = operation.placement?.chosen ?? entry.record.host
            entry.lastMove?.endedAt = effectiveAt
            entry.rest.moved(until: rest)
            for resource in Resource.allCases { entry[resource].changed(at: effectiveAt) }
        }
        for host in [source, operation.placement?.chosen].compactMap(\.self) {
            hosts.update(host) { entry in
                entry.load.restart(countingFrom: effectiveAt)
                if entry.record.mode == .draining { entry.drainPausesUntil = nil }
            }
        }
        if let source { wake(source) }
        guard operation.move != nil else { return enter(.resizing, operation, at: effectiveAt) }
        end(domain, operation: operation) { _ in }
        succeeded(domain, operation, at: effectiveAt)
    }

    private mutating func succeeded(_ domain: DomainID, _ operation: Operation, at effectiveAt: Timestamp) {
        guardian.ended(failed: false, at: effectiveAt)
        domains.update(domain) { $0.follow(operation, from: effectiveAt) }
        if operation.finding.verdict == .shrink, let host = domains[domain]?.record.host { wake(host) }
    }

    private func step(of operation: Operation) -> Directive? {
        let (decision, domain) = (operation.decision, operation.inputs.domain)
        guard let host = domains[domain]?.record.host else { return nil }
        if operation.phase == .migrating, let target = operation.placement?.chosen, let permit = operation.permit {
            return .migrate(
                MigrateDirective(decision: decision, domain: domain, source: host, target: target, permit: permit))
        }
        guard let size = operation.finding.target else { return nil }
        switch operation.resource {
        case .cpu:
            return .resize(
                ResizeDirective(
                    decision: decision, domain: domain, host: host, vcpus: VCPUCount(clamping: Int(size)),
                    permit: operation.permit))
        case .memory:
            return .resizeMemory(
                MemoryDirective(
                    decision: decision, domain: domain, host: host, memory: ByteCount(clamping: size),
                    permit: operation.permit))
        case .network:
            return .capNetwork(
                NetworkCapDirective(decision: decision, domain: domain, host: host, bytesPerSecond: size))
        }
    }

    /// The permit request for which an operation waits.
    func openRequest(of operation: Operation) -> PermitRequest? {
        guard let entry = domains[operation.inputs.domain] else { return nil }
        if operation.isMove {
            guard let placement = operation.placement, let host = placement.chosen else { return nil }
            return PermitRequest(
                decision: operation.decision, domain: operation.inputs.domain, host: host, purpose: .migrate,
                vcpus: placement.request.vcpus, memory: placement.request.memory, demand: placement.request.demand)
        }
        guard let target = operation.finding.target else { return nil }
        let missing = target - (operation.inputs.size ?? 0)
        let isCPU = operation.resource == .cpu
        return PermitRequest(
            decision: operation.decision, domain: operation.inputs.domain, host: entry.record.host, purpose: .grow,
            vcpus: isCPU ? VCPUCount(clamping: Int(missing)) : 0, memory: isCPU ? .zero : ByteCount(clamping: missing),
            demand: CPUDemand(ppmOfOneCore: 0))
    }

    /// No host has room, or the move does not help any more: this is recorded, and tried again after a while. The
    /// window stays, since nothing has changed.
    mutating func giveUp(_ operation: Operation, obstacle: MoveObstacle? = nil, at now: Timestamp) {
        let domain = operation.inputs.domain
        var ended = operation
        if let obstacle { ended.obstacle = obstacle }
        record(ended, at: now)
        active[operation.decision] = nil
        domains.update(domain) { $0.operation = nil }
        guard operation.move == nil else { return }
        if operation.denials.last?.isOverQuota == true {
            leave(domain, operation.resource)
        } else {
            wait(domain, operation.resource, missing: operation, at: now)
        }
        pause(domain, operation.resource, after: now)
    }

    /// Actions were frozen while a permit was awaited: the next sample decides again, and records it as not done.
    private mutating func cancel(_ operation: Operation) {
        active[operation.decision] = nil
        domains.update(operation.inputs.domain) { $0.operation = nil }
    }

    private func isFrozenMeanwhile(_ domain: DomainID, at now: Timestamp) -> Bool {
        domains[domain].map { freezeReason(of: $0.record, at: now) != nil } ?? false
    }

    func record(of operation: Operation, at now: Timestamp) -> DecisionRecord {
        DecisionRecord(
            id: operation.decision, tenant: domains[operation.inputs.domain]?.record.tenant, inputs: operation.inputs,
            finding: operation.finding, denials: operation.denials, placement: operation.placement,
            move: operation.move, obstacle: operation.obstacle, decidedAt: now)
    }

    private mutating func end(
        _ domain: DomainID, operation: Operation, releasing: Bool = true, _ change: (inout DomainEntry) -> Void
    ) {
        active[operation.decision] = nil
        domains.update(domain) { entry in
            entry.operation = nil
            entry.forgetSteady()
            change(&entry)
        }
        if domains[domain]?[operation.resource].waitingSince == nil { leave(domain, operation.resource) }
        guard releasing, let permit = operation.permit else { return }
        permits[permit] = nil
        pending.append(.releasePermit(permit))
    }

    /// Ends a phase that had no report for too long: a permit as denied, a step as unknown.
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
    /// The resource has its new size.
    fileprivate mutating func resized(_ operation: Operation, to size: Int64, at instant: Timestamp) {
        switch operation.resource {
        case .cpu: record.vcpus = VCPUCount(clamping: Int(clamping: size))
        case .memory:
            let isShrink = operation.finding.verdict == .shrink
            memoryBeforeShrink = isShrink ? operation.inputs.memory : nil
            record.memory = ByteCount(clamping: size)
            pressure = nil
        case .network: record.networkCap = size
        }
        changed(after: operation, at: instant)
    }

    /// Opens the windows that were closed for the operation's present step, from `instant` on, as after a change.
    fileprivate mutating func changed(after operation: Operation, at instant: Timestamp) {
        guard operation.phase == .migrating else {
            return self[operation.resource].changed(at: instant)
        }
        for resource in Resource.allCases { self[resource].changed(at: instant) }
    }

    /// The same if nothing has changed.
    mutating func reopen(after operation: Operation, at instant: Timestamp) {
        let resources = operation.phase == .migrating ? Resource.allCases : [operation.resource]
        for resource in resources { self[resource].window.restart(countingFrom: instant) }
    }
}

extension SchedulerState.MoveRest {
    mutating func moved(until instant: Timestamp) {
        until = instant
        cause = .moved
        failures = 0
    }

    mutating func failed(target: HostID?, at now: Timestamp, _ settings: MoveSettings) {
        failures += 1
        let factor = (1 as Int64) << Int64(min(20, failures - 1))
        let (wait, isTooLong) = settings.backoffNanoseconds.multipliedReportingOverflow(by: factor)
        let longest = settings.maximumBackoffNanoseconds
        until = now.advanced(byNanoseconds: isTooLong ? longest : min(longest, wait))
        cause = .failed
        guard let target else { return }
        failedTargets.removeAll { $0.host == target || $0.until <= now }
        failedTargets.append(
            SchedulerState.FailedTarget(host: target, until: now.advanced(byNanoseconds: longest)))
    }
}

extension SchedulerState.Move {
    fileprivate init?(_ placement: PlacementResult) {
        guard let chosen = placement.chosen else { return nil }
        self.init(request: placement.request, target: chosen)
    }
}
