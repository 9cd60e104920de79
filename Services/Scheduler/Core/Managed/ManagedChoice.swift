// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The policy that was chosen for a managed policy, its figures over the domain's own past, and why it was chosen.
package struct ManagedChoice: Hashable, Sendable, Codable {
    /// With rules for CPU only.
    package let policy: ScalingPolicy
    /// The N with which it was tried.
    package let windowLength: Int
    /// The cooldown that belongs to it; `nil`: the one that the question gave.
    package let cooldown: Cooldown?
    /// `nil`: there is no history yet, and the policy is the balanced preset.
    package let expected: Expectation?
    /// In plain words, one sentence per fact.
    package let why: String

    /// The replay's figures. The future may differ.
    package struct Expectation: Hashable, Sendable, Codable {
        package let samples: Int64
        /// The length of the history that was replayed, gaps included.
        package let spanNanoseconds: Int64
        package let overloadedShare: Utilization
        /// 1 − used / allocated.
        package let slack: Utilization
        /// The number of resizes within the history.
        package let resizes: Int64
        /// `false`: no policy within the tenant's sizes would have kept the goal, or only at a cost that it is not worth.
        package let isGoalKept: Bool
    }

    /// The choice if there is no history to choose by.
    init(_ balanced: ScalingPolicy, question: ManagedPolicy.Question, span: Int64) {
        policy = balanced
        windowLength = question.terms.windowLength
        cooldown = nil
        expected = nil
        why =
            "the balanced preset: \(Self.length(span)) of history is less than "
            + "\(Self.length(ManagedPolicy.shortestHistory)), too little to choose by"
    }

    /// - Parameter best: the policy with the lowest price of all that were tried; the present policy may have been
    ///   taken instead.
    init(
        _ taken: Trial, best: Trial, among tried: [Trial], question: ManagedPolicy.Question, history: DemandHistory
    ) {
        policy = taken.policy
        windowLength = question.terms.windowLength
        cooldown = taken.cooldown == question.terms.cooldown ? nil : taken.cooldown
        let span = history.spanNanoseconds
        expected = Expectation(
            samples: taken.figures.samples, spanNanoseconds: span, overloadedShare: taken.figures.overloadedShare,
            slack: taken.figures.slack, resizes: taken.figures.resizes, isGoalKept: taken.isGoalKept)
        var sentences = [Self.outcome(taken, span: span, question: question), Self.judged(taken, span: span)]
        let isBest = taken.policy == best.policy && taken.cooldown == best.cooldown
        if !isBest {
            sentences.append("It holds already, and the best of \(tried.count) policies is better by less than 5 %.")
        }
        sentences.append(
            taken.isGoalKept
                ? Self.kept(taken, isBest: isBest, tried: tried, question: question)
                : Self.missed(taken, tried: tried, question: question))
        why = sentences.joined(separator: " ")
    }

    private static func outcome(_ taken: Trial, span: Int64, question: ManagedPolicy.Question) -> String {
        "Over the last \(length(span)) of this machine, \(terms(taken, question)), would have been overloaded in "
            + "\(percent(taken.figures.overloadedShare)) of \(taken.figures.samples) samples, with "
            + "\(percent(taken.figures.slack)) idle and \(taken.figures.resizes) resizes."
    }

    private static func judged(_ taken: Trial, span: Int64) -> String {
        "The goal is judged with \(ManagedPolicy.headroom(after: span)) of each size held back, because the past has not "
            + "shown the worst yet: then it is \(percent(taken.figures.strainedShare))."
    }

    private static func kept(
        _ taken: Trial, isBest: Bool, tried: [Trial], question: ManagedPolicy.Question
    ) -> String {
        let goal = "keeps the goal of at most \(question.goal.overloadedShare)"
        let standing = isBest ? "It is the cheapest of \(tried.count) policies that \(goal)." : "It \(goal)."
        let cheaper = tried.filter { !$0.isGoalKept && $0.cost < taken.cost }.max { $0.cost < $1.cost }
        guard let cheaper else { return standing }
        return standing + " The next cheaper one, \(terms(cheaper, question)), would have missed the goal with "
            + "\(percent(cheaper.figures.strainedShare))."
    }

    private static func missed(_ taken: Trial, tried: [Trial], question: ManagedPolicy.Question) -> String {
        let goal = "keeps the goal of at most \(question.goal.overloadedShare)"
        guard let keeper = tried.filter(\.isGoalKept).min(by: { $0.cost < $1.cost }) else {
            return "None of \(tried.count) policies within the sizes allowed \(goal): raise the maximum size to get "
                + "nearer."
        }
        let more =
            Utilization(
                numerator: keeper.cost - taken.cost, denominator: max(1, taken.cost)) ?? .zero
        return
            "The cheapest of \(tried.count) policies that \(goal), \(terms(keeper, question)), would have cost "
            + "\(percent(more)) more, and that is not worth it: being overloaded twice as long as the goal allows counts "
            + "as a quarter of the largest size."
    }

    private static func terms(_ trial: Trial, _ question: ManagedPolicy.Question) -> String {
        let length = question.terms.windowLength
        let (policy, grid) = (trial.policy, trial.policy.grid)
        let rest =
            trial.cooldown == question.terms.cooldown
            ? "" : ", and at least \(Self.length(trial.cooldown.downNanoseconds)) before a shrink"
        return "\(grid.minimum) to \(grid.maximum) vCPUs" + (grid.step == .whole ? "" : " in steps of \(grid.step)")
            + " with U1 \(policy.lower), U2 \(policy.upper) and "
            + "\(policy.breachesNeeded(windowLength: length)) of \(length) samples" + rest
    }

    /// Hundredths of a percent are enough for people.
    private static func percent(_ share: Utilization) -> Utilization { Utilization(ppm: share.ppm / 100 * 100) }

    private static func length(_ nanoseconds: Int64) -> String {
        let minutes = nanoseconds / 60_000_000_000
        return minutes < 120 ? "\(minutes) min" : minutes < 2_880 ? "\(minutes / 60) h" : "\(minutes / 1_440) days"
    }
}
