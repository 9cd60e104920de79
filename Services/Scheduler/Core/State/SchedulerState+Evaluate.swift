// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

extension SchedulerState {
    /// Runs the rule for one resource of the domain at `place` of the table, records what it found if that is new, and
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
        // Most findings are not new: a record is made only of the others.
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
        // Nobody promises room on a network.
        guard finding.verdict == .grow, resource != .network else { return enter(.resizing, operation, at: now) }
        domains[at: place].operation = operation
        if let request = openRequest(of: operation) { pending.append(.requestPermit(request)) }
    }

    /// Everything that the rule looks at, as it is at `now`, for the domain at `place` of the table.
    func inputs(at place: Int, _ resource: Resource = .cpu, at now: Timestamp) -> RuleInputs {
        // Spans lend the tables' values; arrays would copy them, and every domain passes through this code.
        let entries = domains.values.span
        let track = entries[place][resource]
        let host = hosts.place(of: entries[place].record.host)
        var inputs = RuleInputs(
            domain: entries[place].record.domain, host: entries[place].record.host, at: now, policyVersion: 0,
            policy: nil, windowLength: 0, staleAfterNanoseconds: 0, samples: track.window.samples,
            vcpus: entries[place].record.vcpus, ceiling: entries[place].record.ceiling,
            isManaged: entries[place].record.isManaged, hostMode: host.map { hosts.values[$0].record.mode },
            isChangeInFlight: !entries[place].isIdle && entries[place].operation?.phase.isChanging == true,
            lastChangeAt: track.lastChangeAt, cooldownUpNanoseconds: settings.cooldownUp,
            cooldownDownNanoseconds: settings.cooldownDown, stealBound: settings.stealBound,
            maximumDenials: settings.maximumPlacementAttempts + 1,
            noRoomUntil: track.noRoomUntil.flatMap { now < $0 ? $0 : nil }, settlingUntil: entries[place].settlingUntil)
        inputs.recordedResource = resource
        if settings.unknownBound < .full { inputs.unknownBound = settings.unknownBound }
        if track.window.unknownRun > 0 { inputs.unknownRun = track.window.unknownRun }
        if settings.projectsByPeak, resource == .cpu { inputs.projectsByPeak = true }
        let policy = policies.place(of: inputs.domain, near: place)
        if let policy { add(policy, to: &inputs) }
        inputs.dryRun = dryRun(of: entries[place].record.tenant, policy: policy)
        inputs.freezeReason = freezeReason(of: entries[place].record, at: now)
        inputs.blackoutUntil = blackoutEnd(at: now)
        let ahead = growthsAhead(of: inputs.domain, resource, at: now)
        if ahead > 0 { inputs.queuedBehind = ahead }
        switch resource {
        case .cpu: inputs.leftByCap = entries[place].record.leftByCap
        case .memory:
            let memory = entries[place].record.memory
            inputs.memory = memory > .zero ? memory : nil
            inputs.memoryCeiling = entries[place].record.memoryCeiling
            inputs.memorySettings = settings.memory
            inputs.memoryBeforeShrink = entries[place].memoryBeforeShrink
            inputs.pressure = entries[place].pressure
        case .network: inputs.networkCap = entries[place].record.networkCap
        }
        return inputs
    }

    /// Adds the policy at `place` of the table of policies.
    private func add(_ place: Int, to inputs: inout RuleInputs) {
        let versions = policies.values.span
        inputs.policyVersion = versions[place].version
        inputs.policy = versions[place].policy
        inputs.windowLength = versions[place].windowLength
        inputs.staleAfterNanoseconds = 2 * Int64(versions[place].windowLength) * settings.samplingInterval
        if let cooldown = versions[place].options.restAfterChange {
            inputs.cooldownUpNanoseconds = cooldown.upNanoseconds
            inputs.cooldownDownNanoseconds = cooldown.downNanoseconds
        }
        if versions[place].options.isOptedOut { inputs.isOptedOut = true }
    }

    private func dryRun(of tenant: TenantID?, policy: Int?) -> DryReason? {
        if settings.isDryRun { return .dryRunOfCluster }
        if let tenant, settings.dryRunTenants.contains(tenant) { return .dryRunOfTenant }
        return policy.map { policies.values[$0].options.isDryRun } == true ? .dryRunOfDomain : nil
    }

    /// Records a decision about a size unless it says the same as the last one. An action is always recorded.
    mutating func note(_ record: DecisionRecord) {
        let outcome = record.outcome
        let reason = RecordedReason(verdict: outcome.verdict, reason: outcome.reason, dry: outcome.dry)
        let isAction = outcome.host != nil && outcome.dry == nil
        let resource = record.inputs.resource
        let isNew = domains.update(record.inputs.domain) { entry in
            defer { entry[resource].recorded = reason }
            return isAction || entry[resource].recorded != reason
        }
        if isNew == true { pending.append(.record(record)) }
    }
}

extension SchedulerState.Steady {
    /// `nil` if the next sample may change the finding although the same direction is due.
    fileprivate init?(_ finding: Finding, _ resource: Resource) {
        switch (finding.verdict, finding.reason) {
        case (.nothing, .tooFewBreaches): self = .whileDue(nil)
        case (.nothing, .noPolicy), (.nothing, .optedOut), (.nothing, .underCap): self = .always
        case (.refuse, .atPolicyMaximum), (.refuse, .atPolicyMinimum), (.refuse, .atCeiling):
            guard resource != .network, let due = finding.counts?.due else { return nil }
            self = .whileDue(due)
        default: return nil
        }
    }
}

extension SchedulerState.Steady {
    /// `nil` unless the due direction waits for the end of a cooldown, before which nothing can be done in it.
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
    fileprivate var purpose: DecisionIdentity.Purpose {
        switch self {
        case .cpu: .cpu
        case .memory: .memory
        case .network: .network
        }
    }
}
