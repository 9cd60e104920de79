// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Chooses the CPU bounds of a delegated policy: of a grid of policies the one with the lowest price over the domain's
/// own past.
///
/// Each policy of the grid is a floor (its smallest size), U2, and M of N; U1 is as high as it can be without flapping
/// at the floor, so that what was added is given back soon. M is a quarter or half of N: what waits for a whole window
/// comes late.
///
/// A policy that keeps the goal has the price of its cost: vCPUs · time, where a resize counts as half an hour of one
/// vCPU, so that of two that cost the same the quieter is chosen. One that misses the goal pays on top: a quarter of the
/// largest size, all the time, for being overloaded twice as long as the goal allows, two quarters for thrice. So a goal
/// is kept as long as that is worth its cost, and no machine is held at its largest size for the sake of a few readings.
/// Nothing but the history that is given has any influence, and the same history gives the same choice.
package enum ManagedPolicy {
    /// What a choice is made for.
    package struct Question: Hashable, Sendable {
        package var goal: ManagedGoal
        /// The tenant's smallest and largest size: the choice lies within.
        package var minimumVCPUs: VCPUCount
        package var maximumVCPUs: VCPUCount
        package var terms: ReplayTerms
        /// What holds now, if it was chosen before: it is kept unless another is clearly better.
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

    /// With less there is no history to speak of: the balanced preset holds.
    package static let shortestHistory: Int64 = 300_000_000_000

    /// Throws where the question's sizes are out of order.
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

    /// What holds already stays where the best is hardly better; but where keeping the goal is worth its cost, what misses
    /// it goes.
    private static func isHeld(_ present: Trial, against best: Trial, among tried: [Trial]) -> Bool {
        present.price <= best.price + best.price / 20
            && (present.isGoalKept || !tried.contains { $0.isGoalKept && $0.price <= present.price })
    }

    /// When a choice is due again after one that was made over `nanoseconds` of history: when the history has grown by
    /// a fifth, after 5 minutes at the earliest and an hour at the latest; daily once there is a whole day.
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

    /// U2 in percent. At 99 % only a domain that is held back grows.
    private static let uppers: [Int64] = [70, 80, 90, 99]

    /// What a choice is made from. In a fixed order: of equals the first is chosen.
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

    /// Every size, or 16 of them where there are more.
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
    /// vCPUs · samples, with what resizes count for.
    let cost: Int64
    let isGoalKept: Bool
    /// The cost with what a missed goal counts for; comparable only within one question.
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
        // Everything times 4 · goal, so that nothing is divided. A goal of zero is one of a millionth.
        price = 4 * max(1, goal) * Int128(cost) + max(0, excess) * Int128(question.maximumVCPUs.count)
    }

    /// Half an hour of one vCPU, in nanoseconds.
    private static let resizeCost: Int64 = 1_800_000_000_000
}
