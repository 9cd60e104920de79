// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Chooses the CPU bounds of a managed policy: from a grid of policies, the one with the lowest price over the domain's
/// own past.
///
/// Each policy of the grid is a floor (its smallest size), U2, and M of N; U1 is as high as it can be without flapping
/// at the floor, so that added vCPUs are given back soon. M is a quarter or half of N: a policy that waits for a whole
/// window acts late.
///
/// A policy that keeps the goal has the price of its cost: vCPUs · time, where a resize counts as half an hour of one
/// vCPU, so that of two policies with the same cost the one with fewer resizes is chosen. A policy that misses the goal
/// pays more: for being overloaded twice as long as the goal allows, a quarter of the largest size all the time; for
/// three times as long, two quarters. So a goal is kept as long as that is worth its cost, and no machine stays at its
/// largest size because of a few readings. Only the given history has any influence, and the same history gives the
/// same choice.
package enum ManagedPolicy {
    /// What a choice is made for.
    package struct Question: Hashable, Sendable {
        package var goal: ManagedGoal
        /// The tenant's smallest and largest size: the choice lies between them.
        package var minimumVCPUs: VCPUCount
        package var maximumVCPUs: VCPUCount
        package var terms: ReplayTerms
        /// The present policy, if it was chosen before: it is kept unless another one is clearly better.
        package var present: ScalingPolicy?

        package init(
            goal: ManagedGoal, minimumVCPUs: VCPUCount = 1, maximumVCPUs: VCPUCount, terms: ReplayTerms,
            present: ScalingPolicy? = nil
        ) {
            self.goal = goal
            self.minimumVCPUs = minimumVCPUs
            self.maximumVCPUs = maximumVCPUs
            self.terms = terms
            self.present = present
        }
    }

    /// With a shorter history the balanced preset is chosen.
    package static let shortestHistory: Int64 = 300_000_000_000

    /// Throws if the question's sizes are out of order.
    ///
    /// - Parameter isAllowed: leaves policies of the grid out, such as those that would be priced higher.
    package static func choose(
        _ question: Question, from history: DemandHistory, allowing isAllowed: (ScalingPolicy) -> Bool = { _ in true }
    ) throws(ScalingPolicy.Fault) -> ManagedChoice {
        let balanced = try PolicyPreset.balanced.policy(
            minimumVCPUs: question.minimumVCPUs, maximumVCPUs: question.maximumVCPUs)
        guard history.spanNanoseconds >= shortestHistory else {
            return ManagedChoice(balanced, question: question, span: history.spanNanoseconds)
        }
        let tried = grid(question).filter(isAllowed).map { Trial($0, question: question, history: history) }
        guard let best = tried.min(by: { $0.price < $1.price }) else {
            return ManagedChoice(balanced, question: question, span: history.spanNanoseconds)
        }
        let present = tried.first { $0.policy == question.present && isHeld($0, against: best, among: tried) }
        return ManagedChoice(present ?? best, best: best, among: tried, question: question, history: history)
    }

    /// Whether the present policy stays: if the best one is hardly better. But if keeping the goal is worth its cost, a
    /// present policy that misses the goal does not stay.
    private static func isHeld(_ present: Trial, against best: Trial, among tried: [Trial]) -> Bool {
        present.price <= best.price + best.price / 20
            && (present.isGoalKept || !tried.contains { $0.isGoalKept && $0.price <= present.price })
    }

    /// How long after a choice over `nanoseconds` of history the next choice is due: when the history has grown by a
    /// fifth, after 5 minutes at the earliest and an hour at the latest; daily once there is a whole day.
    package static func nextChoice(after nanoseconds: Int64) -> Int64 {
        let day: Int64 = 86_400_000_000_000
        guard nanoseconds < day else { return day }
        return min(max(nanoseconds / 5, shortestHistory), day / 24)
    }

    /// A share of each size that is held back in the trials, because a short history has not seen the worst yet: a fifth
    /// at the beginning, a tenth after an hour, less than a hundredth after a day.
    package static func headroom(after nanoseconds: Int64) -> Utilization {
        let hour: Int64 = 3_600_000_000_000
        return Utilization(numerator: Int128(hour), denominator: 5 * (Int128(hour) + Int128(max(0, nanoseconds))))
            ?? .zero
    }

    /// U2 in percent. At 99 % a domain grows only if its size limits it.
    private static let uppers: [Int64] = [70, 80, 90, 99]

    /// The policies from which one is chosen, in a fixed order: of equal ones the first is chosen.
    package static func grid(_ question: Question) -> [ScalingPolicy] {
        let length = question.terms.windowLength
        let counts = Set([max(1, length / 4), max(1, length / 2)]).sorted()
        return floors(question).flatMap { floor in
            uppers.flatMap { upper in
                counts.compactMap { count in
                    try? ScalingPolicy(
                        lower: Utilization(percent: upper * floor / (floor + 1)), upper: Utilization(percent: upper),
                        ratio: Utilization(ppm: Int64(count) * 1_000_000 / Int64(length)),
                        minimumVCPUs: VCPUCount(clamping: Int(floor)), maximumVCPUs: question.maximumVCPUs)
                }
            }
        }
    }

    /// Every size, or 16 of them if there are more.
    private static func floors(_ question: Question) -> [Int64] {
        let (smallest, largest) = (Int64(question.minimumVCPUs.count), Int64(question.maximumVCPUs.count))
        guard smallest > 0, smallest <= largest else { return [] }
        let steps = min(largest - smallest, 15)
        guard steps > 0 else { return [smallest] }
        return (0...steps).map { smallest + (largest - smallest) * $0 / steps }
    }
}

/// One policy of the grid over the history.
struct Trial: Sendable {
    let policy: ScalingPolicy
    let figures: ReplayFigures
    /// vCPUs · samples, plus the cost of the resizes.
    let cost: Int64
    let isGoalKept: Bool
    /// The cost plus the price of a missed goal; comparable only within one question.
    let price: Int128

    init(_ policy: ScalingPolicy, question: ManagedPolicy.Question, history: DemandHistory) {
        self.policy = policy
        var replay = DemandReplay(
            policy, terms: question.terms, size: policy.minimumVCPUs,
            intervalNanoseconds: history.intervalNanoseconds)
        figures = replay.play(history, headroom: ManagedPolicy.headroom(after: history.spanNanoseconds))
        cost = figures.allocated + figures.resizes * (Self.resizeCost / history.intervalNanoseconds)
        let goal = Int128(question.goal.overloadedShare.ppm)
        let excess = Int128(figures.strained) * 1_000_000 - Int128(figures.samples) * goal
        isGoalKept = excess <= 0
        // Everything times 4 · goal, so that nothing is divided. A goal of zero counts as one millionth.
        price = 4 * max(1, goal) * Int128(cost) + max(0, excess) * Int128(question.maximumVCPUs.count)
    }

    /// Half an hour of one vCPU, in nanoseconds.
    private static let resizeCost: Int64 = 1_800_000_000_000
}
