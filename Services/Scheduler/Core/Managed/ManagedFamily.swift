// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The family of policies from which one is chosen.
///
/// Each is a floor (its smallest size), U2, and M of N; U1 is as high as it can be without flapping from the floor on,
/// so that added capacity is given back soon. With whole vCPUs M is a quarter or half of N: a policy that waits for a
/// whole window acts late. With smaller steps the sizes lie closer to the demand, so acting late costs more: M is 1 or a
/// quarter of N, and beside the given cooldown there is one of a whole window before a shrink, so that a policy that
/// acts on one sample has seen a window before it gives back.
extension ManagedPolicy {
    /// U2 in percent. At 99 % a domain grows only if its size limits it.
    private static let uppers: [Int64] = [70, 80, 90, 99]

    /// The policies from which one is chosen, in a fixed order: of equal ones the first is chosen.
    package static func grid(_ question: Question) -> [ScalingPolicy] {
        let length = question.terms.windowLength
        let isWhole = question.step == .whole
        let counts = Set(isWhole ? [max(1, length / 4), max(1, length / 2)] : [1, max(1, length / 4)]).sorted()
        return floors(question).flatMap { floor -> [ScalingPolicy] in
            guard let grid = CapacityGrid(minimum: floor, maximum: question.maximum, step: question.step) else {
                return []
            }
            // A domain of one size needs no more than one policy.
            let isFixed = !isWhole && grid.count == 1
            return uppers.prefix(isFixed ? 1 : uppers.count).flatMap { percent -> [ScalingPolicy] in
                let upper = Utilization(percent: percent)
                let lower = lower(below: upper, grid: grid)
                return counts.prefix(isFixed ? 1 : counts.count).compactMap { count in
                    try? ScalingPolicy(
                        lower: lower, upper: upper,
                        ratio: Utilization(ppm: Int64(count) * 1_000_000 / Int64(length)), grid: grid)
                }
            }
        }
    }

    /// The highest U1 in whole percent that need not flap.
    private static func lower(below upper: Utilization, grid: CapacityGrid) -> Utilization {
        guard grid.step == .whole else {
            let start = Utilization(ppm: upper.ppm - 10_000)
            return GridFlapCheck(grid: grid, upper: upper).largestLower(upTo: start, quantum: 10_000)
        }
        let floor = Int64(grid.minimum.vcpus.count)
        return Utilization(percent: upper.ppm / 10_000 * floor / (floor + 1))
    }

    /// Every whole size, or 16 of them if there are more. With smaller steps the smallest and the largest size, and
    /// between them sizes that grow by the smallest factor that gives no more than 16.
    static func floors(_ question: Question) -> [Capacity] {
        let step = question.step.thousandths
        let (smallest, largest) = (question.minimum.thousandths, question.maximum.thousandths)
        guard smallest > 0, smallest <= largest else { return [] }
        guard question.step == .whole else {
            let factors: [(Int64, Int64)] = [(3, 2), (2, 1), (4, 1)]
            let choices = factors.lazy.map { geometric(question, factor: $0) }
            return choices.first { $0.count <= 16 } ?? [question.minimum, question.maximum]
        }
        let steps = min((largest - smallest) / step, 15)
        guard steps > 0 else { return [question.minimum] }
        return (0...steps).map { place in
            let floor = smallest / step + (largest - smallest) / step * place / steps
            return Capacity(clamping: floor * step)
        }
    }

    /// From the smallest size to the largest, each `factor` times the one before, rounded up to the grid, or the next.
    private static func geometric(_ question: Question, factor: (Int64, Int64)) -> [Capacity] {
        var sizes = [question.minimum]
        while let size = sizes.last, size < question.maximum {
            let wanted = Capacity(clamping: size.thousandths * factor.0 / factor.1)
            let next = max(question.step.roundUp(wanted), question.step.next(above: size))
            sizes.append(min(next, question.maximum))
        }
        return sizes
    }

    /// The cooldowns that are tried with every policy.
    private static func cooldowns(_ question: Question, interval: Int64) -> [Cooldown] {
        let given = question.terms.cooldown
        guard question.step != .whole, !question.isCooldownFixed else { return [given] }
        let window = interval.multipliedOrClamped(by: Int64(question.terms.windowLength))
        let long = Cooldown(
            upNanoseconds: given.upNanoseconds, downNanoseconds: max(given.downNanoseconds, window))
        return long == given ? [given] : [given, long]
    }

    /// Every policy with every cooldown over the history.
    static func trials(_ policies: [ScalingPolicy], question: Question, history: DemandHistory) -> [Trial] {
        let cooldowns = cooldowns(question, interval: history.intervalNanoseconds)
        let headroom = headroom(after: history.spanNanoseconds)
        // What is above the largest size is overloaded under every policy. With whole vCPUs it counts as it always did.
        let helpless =
            question.step == .whole
            ? 0
            : history.count(
                above: Utilization(ppm: 1_000_000 - headroom.ppm), of: question.maximum)
        return policies.flatMap { policy in
            cooldowns.map { Trial(policy, cooldown: $0, question: question, history: history, helpless: helpless) }
        }
    }
}

/// One policy of the family over the history.
struct Trial: Sendable {
    let policy: ScalingPolicy
    let cooldown: Cooldown
    let figures: ReplayFigures
    /// Thousandths of a vCPU · samples, plus the cost of the resizes.
    let cost: Int128
    let isGoalKept: Bool
    /// The cost plus the price of a missed goal; comparable only within one question.
    let price: Int128

    /// - Parameter helpless: how many strained samples no policy could have avoided; they are not in the price.
    init(
        _ policy: ScalingPolicy, cooldown: Cooldown? = nil, question: ManagedPolicy.Question, history: DemandHistory,
        helpless: Int64 = 0
    ) {
        self.policy = policy
        self.cooldown = cooldown ?? question.terms.cooldown
        var terms = question.terms
        terms.cooldown = self.cooldown
        var replay = DemandReplay(
            policy, terms: terms, capacity: policy.grid.minimum, intervalNanoseconds: history.intervalNanoseconds)
        figures = replay.play(history, headroom: ManagedPolicy.headroom(after: history.spanNanoseconds))
        let perResize = Int128(Self.resizeCost / history.intervalNanoseconds)
        cost = Int128(figures.allocatedThousandths) + Int128(figures.resizedThousandths) * perResize
        let goal = Int128(question.goal.overloadedShare.ppm)
        let allowed = Int128(figures.samples) * goal
        isGoalKept = Int128(figures.strained) * 1_000_000 <= allowed
        let excess = max(0, Int128(figures.strained - helpless) * 1_000_000 - allowed)
        // Everything times 4 · goal, so that nothing is divided. A goal of zero counts as one millionth.
        price = 4 * max(1, goal) * cost + excess * Int128(question.maximum.thousandths)
    }

    /// Half an hour, in nanoseconds: so long the height of a resize is paid for.
    private static let resizeCost: Int64 = 1_800_000_000_000
}
