// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// What a policy would have done: the live core itself, fed with recorded samples and a virtual clock.
///
/// Outcomes are modelled: every growth finds room, every change succeeds after `changeNanoseconds`, nothing else is on
/// the host. What the domain wanted does not depend on what it had, except that a demand which its old size capped may
/// have been larger; such times are marked.
package enum Replay {
    /// Samples oldest first; those that are not newer than the one before are left out.
    package static func run(_ plan: ReplayPlan, over samples: some Sequence<ReplaySample>) -> ReplayResult {
        var run = ReplayRun(plan)
        for sample in samples { run.take(sample) }
        return run.result
    }
}

private struct ReplayRun {
    private let plan: ReplayPlan
    private var state: SchedulerState
    private let terms: SchedulerState.DomainEntry.Terms
    private(set) var result = ReplayResult()
    private var vcpus: Int64
    private var memory: Int64
    private var networkCap: Int64?
    private var lastSampledAt: Timestamp?
    private var sequence: UInt64 = 0
    /// A change that is under way: it takes effect at `due`.
    private var change: (due: Timestamp, operation: Operation)?

    private static let host: HostID = "replay"

    init(_ plan: ReplayPlan) {
        self.plan = plan
        vcpus = Int64(plan.vcpus.count)
        memory = plan.memory.bytes
        networkCap = plan.networkCap
        state = SchedulerState(settings: plan.liveSettings)
        terms = SchedulerState.DomainEntry.Terms(state.settings)
        let host = HostRecord(
            host: Self.host, mode: .enabled, cpuCount: 0, memory: .zero, cpuBound: Utilization(ppm: .max),
            memoryBound: nil)
        let domain = DomainRecord(
            domain: plan.domain, tenant: nil, host: Self.host, vcpus: plan.vcpus,
            ceiling: plan.ceiling ?? plan.policy.maximumVCPUs, memory: plan.memory, isManaged: true,
            memoryCeiling: plan.policy.memory.map { ByteCount($0.maximum) }, networkCap: plan.networkCap)
        state.inventoryChanged(Inventory(hosts: [host], domains: [domain]))
        var options = plan.options
        (options.isOptedOut, options.isDryRun) = (false, false)
        let version = PolicyVersion(
            domain: plan.domain, version: 1, validFrom: .zero, policy: plan.policy, windowLength: plan.windowLength,
            options: options)
        state.policyChanged(version, at: .zero)
    }

    mutating func take(_ sample: ReplaySample) {
        if let lastSampledAt, sample.sampledAt <= lastSampledAt { return }
        lastSampledAt = sample.sampledAt
        let start = sample.sampledAt.advanced(byNanoseconds: -sample.intervalNanoseconds)
        complete(until: sample.sampledAt)
        account(sample, from: start)
        sequence += 1
        let cycle = SchedulerState.DomainEntry.Cycle(
            host: Self.host, sampledAt: sample.sampledAt, intervalStart: start,
            position: SamplePosition(epoch: 0, sequence: sequence), terms: terms)
        guard state.step(reading(sample), of: cycle) else { return }
        act(on: sample)
    }

    /// What the domain would have shown at its replayed size.
    private func reading(_ sample: ReplaySample) -> DomainSample {
        let size = VCPUCount(Int(vcpus))
        var reading = DomainSample(domain: plan.domain, state: sample.demand == nil ? .unknown : .running)
        reading.vcpus = VCPUSizes(maximum: plan.ceiling ?? plan.policy.maximumVCPUs, granted: size)
        reading.cpuUtilization = sample.demand.flatMap { demand in
            Utilization(numerator: Int128(demand.ppmOfOneCore), denominator: Int128(vcpus) * 1_000_000)?.clamped
        }
        reading.stealUtilization = sample.steal
        if plan.policy.memory != nil, let used = sample.memoryUsed, memory > 0 {
            reading.memory = DomainMemory(maximum: plan.memory, allocated: ByteCount(memory), used: used)
            reading.memoryUtilization = Utilization(numerator: Int128(used.bytes), denominator: Int128(memory))
        }
        if let rate = sample.networkBytesPerSecond, let networkCap {
            reading.networkBytesPerSecond = rate
            reading.networkCapBytesPerSecond = networkCap
            reading.networkUtilization = Utilization(numerator: Int128(rate), denominator: Int128(networkCap))
        }
        return reading
    }

    private mutating func account(_ sample: ReplaySample, from start: Timestamp) {
        let interval = sample.intervalNanoseconds
        extend(from: start, to: sample.sampledAt)
        guard let demand = sample.demand else {
            result.unknown += interval
            return
        }
        result.known += interval
        let had = vcpus * 1_000_000
        if demand.ppmOfOneCore > had { result.overloaded += interval }
        if demand.ppmOfOneCore > vcpus * plan.policy.upper.ppm { result.aboveUpper += interval }
        if demand.ppmOfOneCore < vcpus * plan.policy.lower.ppm { result.idle += interval }
        if sample.isCapped { result.capped += interval }
        result.vcpuTime += Int128(vcpus) * Int128(interval)
        result.demandTime += Int128(min(demand.ppmOfOneCore, had)) * Int128(interval) / 1_000_000
    }

    private mutating func extend(from start: Timestamp, to end: Timestamp) {
        let (size, bytes) = (VCPUCount(Int(vcpus)), ByteCount(memory))
        if let last = result.timeline.last, last.vcpus == size, last.memory == bytes, last.networkCap == networkCap {
            result.timeline[result.timeline.count - 1].end = end
        } else {
            result.timeline.append(
                ReplaySegment(
                    start: result.timeline.last?.end ?? start, end: end, vcpus: size, memory: bytes,
                    networkCap: networkCap))
        }
    }

    /// Grants what was asked for, and begins the change.
    private mutating func act(on sample: ReplaySample) {
        let now = sample.sampledAt
        var isGrantAssumed = false
        for directive in state.directives(at: now) {
            guard case .requestPermit(let request) = directive else { continue }
            isGrantAssumed = true
            state.permitGranted(request.decision, permit: request.decision, at: now)
        }
        guard let operation = state.operation(of: plan.domain), let target = operation.finding.target else { return }
        _ = state.directives(at: now)
        result.actions.append(
            ReplayAction(
                at: now, resource: operation.resource, from: operation.inputs.size ?? 0, to: target,
                reason: operation.finding.reason, isGrantAssumed: isGrantAssumed, isFromCapped: sample.isCapped))
        change = (now.advanced(byNanoseconds: plan.changeNanoseconds), operation)
        if plan.changeNanoseconds == 0 { complete(until: now) }
    }

    private mutating func complete(until now: Timestamp) {
        guard let (due, operation) = change, due <= now, let target = operation.finding.target else { return }
        change = nil
        switch operation.resource {
        case .cpu: vcpus = target
        case .memory: memory = target
        case .network: networkCap = target
        }
        state.actionSucceeded(operation.decision, effectiveAt: due, size: target)
        state.forgetOutcomes(of: plan.domain)
        _ = state.directives(at: now)
    }
}

extension ReplayPlan {
    /// Nothing stops a replay: it is about the policy.
    fileprivate var liveSettings: SchedulerSettings {
        var copy = settings
        copy.isDryRun = false
        copy.dryRunTenants = []
        copy.freeze.minimumFailures = .max
        copy.freeze.minimumChanged = .max
        return copy
    }
}
