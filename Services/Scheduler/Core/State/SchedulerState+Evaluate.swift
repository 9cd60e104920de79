// SPDX-License-Identifier: Apache-2.0

import ResourceModel

extension SchedulerState {
    /// Runs the rule for one resource of the domain at `place` of the table, records what it found if that is news, and
    /// begins what is due.
    mutating func evaluate(at place: Int, _ resource: Resource = .cpu, at now: Timestamp) {
        guard domains.values[place].isIdle else { return }
        let domain = domains.keys[place]
        let inputs = inputs(at: place, resource, at: now)
        let finding = ScalingRule.find(inputs)
        let isWaiting = domains.values[place][resource].waitingSince != nil || !waiting.isEmpty
        if isWaiting || finding.reason == .queued { keepWaiting(domain, resource, finding: finding, at: now) }
        domains[at: place][resource].steady = Steady(finding, resource) ?? (isReplay ? Steady(resting: finding) : nil)
        let isDue = finding.target != nil && finding.dry == nil
        let reason = RecordedReason(verdict: finding.verdict, reason: finding.reason, dry: finding.dry)
        // Most findings are no news: a record is made of the others only.
        guard isDue || (!isReplay && domains.values[place][resource].recorded != reason) else { return }
        let id = DecisionIdentity.make(
            domain: domain, position: inputs.samples.last?.position, policyVersion: inputs.policyVersion, at: now,
            purpose: resource.purpose)
        guard isDue else {
            let tenant = domains.values[place].record.tenant
            return note(DecisionRecord(id: id, tenant: tenant, inputs: inputs, finding: finding, decidedAt: now))
        }
        let operation = Operation(decision: id, inputs: inputs, finding: finding, phase: .awaitingPermit, since: now)
        active[id] = domain
        // Room on a network is nobody's to promise.
        guard finding.verdict == .grow, resource != .network else { return enter(.resizing, operation, at: now) }
        domains[at: place].operation = operation
        if let request = openRequest(of: operation) { pending.append(.requestPermit(request)) }
    }

    /// Everything that the rule looks at, as it stands at `now`, for the domain at `place` of the table.
    func inputs(at place: Int, _ resource: Resource = .cpu, at now: Timestamp) -> RuleInputs {
        // A span lends the entry; the array would copy it.
        let entries = domains.values.span
        let (record, track) = (entries[place].record, entries[place][resource])
        let version = policies.place(of: record.domain, near: place).map { policies.values[$0] }
        let length = version?.windowLength ?? 0
        let cooldown = version?.options.restAfterChange
        var inputs = RuleInputs(
            domain: record.domain, host: record.host, at: now, policyVersion: version?.version ?? 0,
            policy: version?.policy, windowLength: length,
            staleAfterNanoseconds: 2 * Int64(length) * settings.samplingInterval, samples: track.window.samples,
            vcpus: record.vcpus, ceiling: record.ceiling, isManaged: record.isManaged,
            hostMode: hosts[record.host]?.record.mode,
            isChangeInFlight: !entries[place].isIdle && entries[place].operation?.phase.isChanging == true,
            lastChangeAt: track.lastChangeAt,
            cooldownUpNanoseconds: cooldown?.upNanoseconds ?? settings.cooldownUp,
            cooldownDownNanoseconds: cooldown?.downNanoseconds ?? settings.cooldownDown,
            stealBound: settings.stealBound, maximumDenials: settings.maximumPlacementAttempts + 1,
            noRoomUntil: track.noRoomUntil.flatMap { now < $0 ? $0 : nil }, settlingUntil: entries[place].settlingUntil)
        inputs.recordedResource = resource
        if settings.unknownBound < .full { inputs.unknownBound = settings.unknownBound }
        if track.window.unknownRun > 0 { inputs.unknownRun = track.window.unknownRun }
        if version?.options.isOptedOut == true { inputs.isOptedOut = true }
        if settings.projectsByPeak, resource == .cpu { inputs.projectsByPeak = true }
        inputs.dryRun = dryRun(of: record, options: version?.options)
        inputs.freezeReason = freezeReason(of: record, at: now)
        inputs.blackoutUntil = blackoutEnd(at: now)
        let ahead = growthsAhead(of: record.domain, resource, at: now)
        if ahead > 0 { inputs.queuedBehind = ahead }
        switch resource {
        case .cpu: break
        case .memory:
            inputs.memory = record.memory > .zero ? record.memory : nil
            inputs.memoryCeiling = record.memoryCeiling
            inputs.memorySettings = settings.memory
            inputs.memoryBeforeShrink = entries[place].memoryBeforeShrink
            inputs.pressure = entries[place].pressure
        case .network: inputs.networkCap = record.networkCap
        }
        return inputs
    }

    private func dryRun(of record: DomainRecord, options: PolicyOptions?) -> DryReason? {
        if settings.isDryRun { return .dryRunOfCluster }
        if let tenant = record.tenant, settings.dryRunTenants.contains(tenant) { return .dryRunOfTenant }
        return options?.isDryRun == true ? .dryRunOfDomain : nil
    }

    /// Records a decision about a size unless it says the same as the last one. An action is always news.
    mutating func note(_ record: DecisionRecord) {
        let outcome = record.outcome
        let reason = RecordedReason(verdict: outcome.verdict, reason: outcome.reason, dry: outcome.dry)
        let isAction = outcome.host != nil && outcome.dry == nil
        let resource = record.inputs.resource
        let isNews = domains.update(record.inputs.domain) { entry in
            defer { entry[resource].recorded = reason }
            return isAction || entry[resource].recorded != reason
        }
        if isNews == true { pending.append(.record(record)) }
    }
}

extension SchedulerState.Steady {
    /// `nil`: the next sample may change the finding although the same direction is due.
    fileprivate init?(_ finding: Finding, _ resource: Resource) {
        switch (finding.verdict, finding.reason) {
        case (.nothing, .tooFewBreaches): self = .whileDue(nil)
        case (.nothing, .noPolicy), (.nothing, .optedOut): self = .always
        case (.refuse, .atPolicyMaximum), (.refuse, .atPolicyMinimum), (.refuse, .atCeiling):
            guard resource != .network, let due = finding.counts?.due else { return nil }
            self = .whileDue(due)
        default: return nil
        }
    }
}

extension SchedulerState.Steady {
    /// `nil`: the direction that is due does not wait for the end of a cooldown. Until then nothing can be done in it.
    fileprivate init?(resting finding: Finding) {
        guard finding.reason == .cooldown, let until = finding.until, let due = finding.counts?.due else { return nil }
        self = .resting(due, until: until)
    }
}

extension PolicyOptions {
    /// The policy's own cooldown, else its preset's; `nil`: the platform's.
    var restAfterChange: Cooldown? { cooldown ?? preset?.cooldown }
}

extension Resource {
    /// Keeps the decisions of one sample apart. Zero for CPU: its ids are those of rules version 1.
    fileprivate var purpose: UInt64 {
        switch self {
        case .cpu: 0
        case .memory: 1
        case .network: 2
        }
    }
}
