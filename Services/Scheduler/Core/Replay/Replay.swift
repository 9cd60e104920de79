// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

/// What a policy would have done: the live core itself, fed with recorded samples and a virtual clock.
///
/// Outcomes are modelled: every growth finds room, every change succeeds after `changeNanoseconds`, nothing else is on
/// the host. A domain's demand does not depend on its size, except that a demand that its old size capped may have been
/// larger; such times are marked.
package enum Replay {
    /// Samples come oldest first; a sample that is not newer than the one before is left out.
    package static func run(_ plan: ReplayPlan, over samples: [ReplaySample]) -> ReplayResult {
        var run = ReplayRun(plan)
        for sample in samples { run.take(sample) }
        return run.end()
    }
}

private struct ReplayRun {
    private let plan: ReplayPlan
    private let ceiling: VCPUCount
    private let hasMemory: Bool
    private let hasOthers: Bool
    private let bounds: WindowBounds
    private var state: SchedulerState
    private var cycle: SchedulerState.DomainEntry.Cycle
    private var result = ReplayResult()
    /// Whether the sizes are still those of the timeline's last segment, which gets its end when they change.
    private var isSegmentOpen = false
    private var vcpus: Int64
    private var memory: Int64
    private var networkCap: Int64?
    private var lastSampledAt: Timestamp?
    /// A change that is under way: it takes effect at `changeDue`.
    private var change: Operation?
    private var changeDue = Timestamp.distantFuture

    private static let host: HostID = "replay"

    init(_ plan: ReplayPlan) {
        self.plan = plan
        ceiling = plan.ceiling ?? plan.policy.maximumVCPUs
        hasMemory = plan.policy.memory != nil
        hasOthers = hasMemory || plan.policy.network != nil
        bounds = WindowBounds(lower: plan.policy.lower, upper: plan.policy.upper)
        vcpus = Int64(plan.vcpus.count)
        memory = plan.memory.bytes
        networkCap = plan.networkCap
        state = SchedulerState(settings: plan.liveSettings)
        state.isReplay = true
        cycle = SchedulerState.DomainEntry.Cycle(
            sampledAt: .zero, intervalStart: .zero,
            position: SamplePosition(epoch: 0, sequence: 0),
            terms: SchedulerState.DomainEntry.Terms(state.settings))
        let host = HostRecord(
            host: Self.host, mode: .enabled, cpuCount: 0, memory: .zero, cpuBound: Utilization(ppm: .max),
            memoryBound: nil)
        let domain = DomainRecord(
            domain: plan.domain, tenant: nil, host: Self.host, vcpus: plan.vcpus,
            ceiling: ceiling, memory: plan.memory, isManaged: true,
            memoryCeiling: plan.policy.memory.map { ByteCount(clamping: $0.maximum) }, networkCap: plan.networkCap)
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
        let start = sample.sampledAt.advanced(byNanoseconds: -sample.intervalNanoseconds)
        complete(until: sample.sampledAt)
        lastSampledAt = sample.sampledAt
        account(sample, from: start)
        cycle.sampledAt = sample.sampledAt
        cycle.intervalStart = start
        cycle.position = SamplePosition(epoch: 0, sequence: cycle.position.sequence + 1)
        let summary = summary(sample)
        let hasEffect =
            hasOthers ? state.step(summary, with: reading(sample), of: cycle) : state.step(summary, of: cycle)
        if hasEffect { act(on: sample) }
    }

    /// What the domain would have shown at its replayed size. Inlined, so that the replay is not copied for it.
    @inline(__always)
    private func summary(_ sample: ReplaySample) -> SchedulerState.DomainEntry.ReadingSummary {
        var summary = SchedulerState.DomainEntry.ReadingSummary(state: .unknown)
        summary.vcpus = VCPUCount(clamping: Int(vcpus))
        summary.ceiling = ceiling
        if hasMemory, sample.memoryUsed != nil, memory > 0 { summary.allocated = ByteCount(clamping: memory) }
        if sample.networkPeakBytesPerSecond != nil { summary.networkCap = networkCap }
        summary.steal = sample.steal
        guard let demand = sample.demand else { return summary }
        summary.state = .running
        summary.cpu =
            Utilization(numerator: Int128(demand.ppmOfOneCore), denominator: Int128(vcpus) * 1_000_000)?.clamped
        return summary
    }

    /// The same with the figures for memory and network.
    private func reading(_ sample: ReplaySample) -> DomainSample {
        var reading = DomainSample(domain: plan.domain, state: .running)
        if hasMemory, let used = sample.memoryUsed, memory > 0 {
            reading.memory = DomainMemory(maximum: plan.memory, allocated: ByteCount(clamping: memory), used: used)
            reading.memoryUtilization = Utilization(numerator: Int128(used.bytes), denominator: Int128(memory))
        }
        if let rate = sample.networkPeakBytesPerSecond, let networkCap {
            reading.networkCapBytesPerSecond = networkCap
            reading.networkUtilization = Utilization(numerator: Int128(rate), denominator: Int128(networkCap))
        }
        return reading
    }

    private mutating func account(_ sample: ReplaySample, from start: Timestamp) {
        let interval = sample.intervalNanoseconds
        extend(from: start)
        guard let demand = sample.demand else {
            result.unknown = result.unknown.addedOrClamped(interval)
            return
        }
        result.known = result.known.addedOrClamped(interval)
        let had = vcpus * 1_000_000
        if demand.ppmOfOneCore > had { result.overloaded = result.overloaded.addedOrClamped(interval) }
        if demand.ppmOfOneCore > vcpus * bounds.upper.ppm {
            result.aboveUpper = result.aboveUpper.addedOrClamped(interval)
        }
        if demand.ppmOfOneCore < vcpus * bounds.lower.ppm { result.idle = result.idle.addedOrClamped(interval) }
        if sample.isCapped { result.capped = result.capped.addedOrClamped(interval) }
        result.vcpuTime += Int128(vcpus) * Int128(interval)
        result.demandTime += Self.share(min(demand.ppmOfOneCore, had), of: interval)
    }

    /// `ppm` parts per million of `interval`, without a division of 128 bits where 64 bits are enough.
    private static func share(_ ppm: Int64, of interval: Int64) -> Int128 {
        let (product, isTooLarge) = ppm.multipliedReportingOverflow(by: interval)
        return isTooLarge ? Int128(ppm) * Int128(interval) / 1_000_000 : Int128(product / 1_000_000)
    }

    private mutating func extend(from start: Timestamp) {
        guard !isSegmentOpen else { return }
        isSegmentOpen = true
        result.timeline.append(
            ReplaySegment(
                start: result.timeline.last?.end ?? start, end: start, vcpus: VCPUCount(clamping: Int(vcpus)),
                memory: ByteCount(clamping: memory), networkCap: networkCap))
    }

    private mutating func closeSegment() {
        guard isSegmentOpen, let lastSampledAt else { return }
        isSegmentOpen = false
        result.timeline[result.timeline.count - 1].end = lastSampledAt
    }

    mutating func end() -> ReplayResult {
        closeSegment()
        return result
    }

    /// Grants the requested room, and begins the change.
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
        change = operation
        changeDue = now.advanced(byNanoseconds: plan.changeNanoseconds)
        if plan.changeNanoseconds == 0 { complete(until: now) }
    }

    private mutating func complete(until now: Timestamp) {
        guard changeDue <= now, let operation = change, let target = operation.finding.target else { return }
        let due = changeDue
        (change, changeDue) = (nil, .distantFuture)
        if target != operation.inputs.size { closeSegment() }
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
    /// The settings without freezes and dry runs, since a replay is about the policy.
    fileprivate var liveSettings: SchedulerSettings {
        var copy = settings
        copy.isDryRun = false
        copy.dryRunTenants = []
        copy.freeze.minimumFailures = .max
        copy.freeze.minimumChanged = .max
        return copy
    }
}
