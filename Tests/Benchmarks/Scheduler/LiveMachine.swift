// SPDX-License-Identifier: Apache-2.0

import Contracts
internal import ResourceModel
internal import SchedulerCore

/// One machine under the scheduler's core itself: it gets what Monitor would report at the size that the machine has,
/// and every action is done at once.
struct LiveMachine {
    private(set) var size = VCPUCount(clamping: Int(Machine.first))
    private var state: SchedulerState
    private var policy: ScalingPolicy
    private var version: Int64 = 0
    private var now = Timestamp.zero
    private var history = DemandHistory(intervalNanoseconds: interval)
    private var nextChoice: Int64 = 0
    private var question: ManagedPolicy.Question

    static let interval: Int64 = 300_000_000_000
    static let windowLength = 12
    private static let host: HostID = "host-a"
    private static let domain = DomainID(UUID128(high: 0, low: 1))

    /// The platform's settings, with samples every five minutes.
    static var settings: SchedulerSettings {
        var settings = SchedulerSettings.platform
        settings.samplingInterval = interval
        return settings
    }

    init(_ policy: ScalingPolicy, goal: ManagedGoal = .standard) {
        self.policy = policy
        let terms = ReplayTerms(Self.settings, windowLength: Self.windowLength)
        question = ManagedPolicy.Question(
            goal: goal, maximumVCPUs: VCPUCount(clamping: Int(Machine.largest)), terms: terms)
        state = SchedulerState(settings: Self.settings)
        let host = HostRecord(host: Self.host, mode: .enabled, cpuCount: 64, memory: .gibibytes(256))
        let domain = DomainRecord(
            domain: Self.domain, tenant: nil, host: Self.host, vcpus: size,
            ceiling: VCPUCount(clamping: Int(Machine.largest)),
            memory: .gibibytes(1), isManaged: true)
        state.inventoryChanged(Inventory(hosts: [host], domains: [domain]))
        subscribe(policy)
    }

    /// The sizes under a policy that stays.
    static func sizes(_ machine: Machine, policy: ScalingPolicy) -> [Int64] {
        var live = LiveMachine(policy)
        return machine.demand.map { demand in
            defer { live.observe(demand) }
            return Int64(live.size.count)
        }
    }

    /// The sizes under a managed policy, which is chosen again as the history grows. It learns from what was seen at
    /// the size that the machine had, and from nothing that comes later.
    static func sizes(_ machine: Machine, goal: ManagedGoal) throws -> [Int64] {
        var live = try LiveMachine(Preset.balanced.policy(), goal: goal)
        return try machine.demand.map { demand in
            let size = Int64(live.size.count)
            live.observe(demand)
            try live.choose()
            return size
        }
    }

    private mutating func subscribe(_ policy: ScalingPolicy) {
        self.policy = policy
        version += 1
        state.policyChanged(
            PolicyVersion(
                domain: Self.domain, version: version, validFrom: now, policy: policy,
                windowLength: Self.windowLength), at: now)
        act()
    }

    private mutating func observe(_ demand: Int64) {
        now = now.advanced(byNanoseconds: Self.interval)
        let vcpus = Int128(size.count)
        let used = Utilization(numerator: Int128(demand), denominator: vcpus * 100)?.clamped
        let figures = HostFigures(
            cpuCount: 64, memory: .gibibytes(256), cpuUtilization: Utilization(percent: 20),
            memoryUsed: .gibibytes(32), responseTimeNanoseconds: 100_000, responseMethod: .simulated)
        let reading = DomainSample(
            domain: Self.domain, state: .running, vcpus: VCPUSizes(maximum: 8, granted: size), cpuUtilization: used)
        state.observe(
            HostSample(
                host: Self.host, sampledAt: now, intervalNanoseconds: Self.interval, figures: figures,
                domains: [reading]),
            position: SamplePosition(epoch: 1, sequence: UInt64(now.nanoseconds / Self.interval)))
        if let used { history.append(at: now, utilization: used, vcpus: size) }
        act()
    }

    /// Grants every permit and does every resize.
    private mutating func act() {
        for directive in state.directives(at: now) {
            guard case .requestPermit(let request) = directive else { continue }
            state.permitGranted(request.decision, permit: request.decision, at: now)
        }
        guard let operation = state.operation(of: Self.domain), let target = operation.finding.target else { return }
        _ = state.directives(at: now)
        size = VCPUCount(clamping: Int(target))
        state.actionSucceeded(operation.decision, effectiveAt: now, size: target)
        _ = state.directives(at: now)
    }

    private mutating func choose() throws {
        guard history.spanNanoseconds >= nextChoice else { return }
        nextChoice = history.spanNanoseconds + ManagedPolicy.nextChoice(after: history.spanNanoseconds)
        let choice = try ManagedPolicy.choose(question, from: history)
        question.present = choice.policy
        if choice.policy != policy { subscribe(choice.policy) }
    }
}

/// A policy with a name, for machines of 1 to 8 vCPUs.
struct Preset {
    let name: String
    let preset: PolicyPreset

    static let balanced = Preset(name: "balanced", preset: .balanced)
    static let all = [PolicyPreset.aggressive, .balanced, .conservative].map { Preset(name: $0.rawValue, preset: $0) }

    func policy() throws -> ScalingPolicy { try preset.policy(maximumVCPUs: VCPUCount(clamping: Int(Machine.largest))) }
}
