// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import SchedulerCore

/// One machine whose capacity follows the rule on a grid of sizes: the rule sees what the capacity lets through, and
/// every change of size is done at once.
struct GridMachine {
    /// By what its policy is chosen.
    enum Rule {
        case preset(PolicyPreset)
        case managed(ManagedGoal)
    }

    private var replay: DemandReplay
    /// What the rule sees: the use of the capacity.
    private var seen = DemandHistory(intervalNanoseconds: LiveMachine.interval)
    /// What a managed policy learns from: a capped sample hides some of the demand.
    private var learned = DemandHistory(intervalNanoseconds: LiveMachine.interval)
    private var policy: ScalingPolicy
    private var question: ManagedPolicy.Question
    private var isManaged = false
    private var nextChoice: Int64 = 0
    private var resizes: Int64 = 0

    /// How far back a managed policy looks on the platform, where raw samples are kept for seven days.
    private static let remembered: Int64 = 7 * 86_400_000_000_000

    init(_ rule: Rule, grid: CapacityGrid, first: Capacity) throws {
        var preset = PolicyPreset.balanced
        var goal = ManagedGoal.standard
        switch rule {
        case .preset(let chosen): preset = chosen
        case .managed(let wanted): (goal, isManaged) = (wanted, true)
        }
        let terms = ReplayTerms(
            LiveMachine.settings, windowLength: preset.windowLength, options: PolicyOptions(preset: preset))
        policy = try preset.policy(grid: grid)
        question = ManagedPolicy.Question(
            goal: goal, minimum: grid.minimum, maximum: grid.maximum, step: grid.step, terms: terms)
        replay = DemandReplay(policy, terms: terms, capacity: first, intervalNanoseconds: LiveMachine.interval)
    }

    /// Plays a machine from its beginning.
    static func play(
        _ demand: Demand, rule: Rule, step: CapacityStep, first: Capacity, into worth: inout GridWorth
    ) throws {
        let provisioned = Capacity(VCPUCount(clamping: demand.vcpus))
        guard let grid = CapacityGrid(minimum: step.capacity, maximum: provisioned, step: step) else {
            throw BenchFault("\(provisioned) vCPUs are no multiple of \(step)")
        }
        var machine = try GridMachine(rule, grid: grid, first: first)
        for (place, wanted) in demand.readings.enumerated() {
            guard let wanted else { continue }
            worth.add(wanted: wanted, capacity: machine.replay.capacity.thousandths)
            try machine.observe(wanted, at: Timestamp(nanoseconds: Int64(place + 1) * LiveMachine.interval))
        }
        worth.end(provisioned: provisioned.thousandths, resizes: machine.resizes, readings: demand.readings.count)
    }

    private mutating func observe(_ wanted: Int64, at now: Timestamp) throws {
        let capacity = replay.capacity
        let used = Utilization(numerator: Int128(wanted), denominator: Int128(capacity.thousandths) * 1_000)?.clamped
        guard let used else { return }
        seen.append(at: now, utilization: used, capacity: capacity, demand: used)
        learned.append(at: now, utilization: used, capacity: capacity)
        if replay.judgeNewest(of: seen) { resizes += 1 }
        if isManaged { try choose() }
    }

    private mutating func choose() throws {
        guard seen.spanNanoseconds >= nextChoice else { return }
        nextChoice = seen.spanNanoseconds + ManagedPolicy.nextChoice(after: seen.spanNanoseconds)
        learned.keep(nanoseconds: Self.remembered)
        let choice = try ManagedPolicy.choose(question, from: learned)
        let isNew = choice.policy != policy || choice.cooldown != question.presentCooldown
        question.present = choice.policy
        question.presentCooldown = choice.cooldown
        guard isNew else { return }
        policy = choice.policy
        let cooldown = choice.cooldown ?? question.terms.cooldown
        if replay.change(to: policy, cooldown: cooldown, after: seen) { resizes += 1 }
    }
}

/// What a rule came to over many machines.
struct GridWorth {
    private var allocated: Int64 = 0
    private var provisioned: Int64 = 0
    private var used: Int64 = 0
    private var overloaded: Int64 = 0
    private var samples: Int64 = 0
    private var resizes: Int64 = 0
    private var readings: Int64 = 0
    private var shares: [Double] = []
    /// Of the machine that is being played.
    private var present: (allocated: Int64, samples: Int64) = (0, 0)

    /// - Parameters:
    ///   - wanted: in parts per million of one vCPU.
    ///   - capacity: in thousandths.
    mutating func add(wanted: Int64, capacity: Int64) {
        present.allocated += capacity
        present.samples += 1
        used += min(wanted, capacity * 1_000)
        if wanted > capacity * 1_000 { overloaded += 1 }
    }

    /// - Parameter readings: the known and the unknown ones, 288 for each day.
    mutating func end(provisioned size: Int64, resizes count: Int64, readings all: Int) {
        allocated += present.allocated
        provisioned += present.samples * size
        samples += present.samples
        if present.samples > 0 { shares.append(Double(present.allocated) / Double(present.samples * size)) }
        present = (0, 0)
        resizes += count
        readings += Int64(all)
    }

    /// Of what is provisioned, over all machines together, and the mean of the machines' own shares.
    var share: Double { Double(allocated) / Double(max(1, provisioned)) }
    var meanShare: Double { shares.reduce(0, +) / Double(max(1, shares.count)) }
    var slack: Double { 1 - Double(used) / 1_000 / Double(max(1, allocated)) }
    var overloadedPercent: Double { 100 * Double(overloaded) / Double(max(1, samples)) }
    var resizesPerDay: Double { Double(resizes) * Double(Traces.readingsPerDay) / Double(max(1, readings)) }
}
