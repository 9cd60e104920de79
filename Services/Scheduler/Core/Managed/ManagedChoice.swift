// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What was chosen for a delegated policy, what it would have come to over the domain's own past, and why it was chosen.
package struct ManagedChoice: Hashable, Sendable, Codable {
    /// With rules for CPU only.
    package let policy: ScalingPolicy
    /// N that it was tried with.
    package let windowLength: Int
    /// `nil`: there is no history yet, and the policy is the balanced preset.
    package let expected: Expectation?
    /// In plain words, one sentence per fact.
    package let why: String

    /// The replay's figures. The future may differ.
    package struct Expectation: Hashable, Sendable, Codable {
        package let samples: Int64
        /// Of the history that was replayed, with the gaps in it.
        package let spanNanoseconds: Int64
        package let overloadedShare: Utilization
        /// 1 − used / allocated.
        package let slack: Utilization
        /// Within the history.
        package let resizes: Int64
        /// `false`: no policy within the tenant's sizes would have kept the goal; this one came closest.
        package let isGoalKept: Bool
    }

    /// The choice where there is nothing to choose by.
    init(_ balanced: ScalingPolicy, question: ManagedPolicy.Question, span: Int64) {
        policy = balanced
        windowLength = question.terms.windowLength
        expected = nil
        why =
            "the balanced preset: \(Self.length(span)) of history is less than "
            + "\(Self.length(ManagedPolicy.shortestHistory)), too little to choose by"
    }

    /// - Parameter cheaper: the dearest of those that cost less and would have missed the goal.
    init(
        _ best: Trial, cheaper: Trial?, tried: Int, question: ManagedPolicy.Question, history: DemandHistory
    ) {
        policy = best.policy
        windowLength = question.terms.windowLength
        let span = history.spanNanoseconds
        expected = Expectation(
            samples: best.figures.samples, spanNanoseconds: span, overloadedShare: best.figures.overloadedShare,
            slack: best.figures.slack, resizes: best.figures.resizes, isGoalKept: best.isGoalKept)
        var sentences = [Self.outcome(best, span: span, question: question)]
        sentences.append(Self.standing(best, tried: tried, goal: question.goal))
        if let cheaper {
            sentences.append(
                "The next cheaper one, \(Self.terms(cheaper.policy, question)), would have missed the goal with "
                    + "\(Self.share(cheaper.figures)).")
        }
        let headroom = ManagedPolicy.headroom(after: span)
        sentences.append("Of each size \(headroom) was held back in the trials, because the history is short.")
        why = sentences.joined(separator: " ")
    }

    private static func outcome(_ best: Trial, span: Int64, question: ManagedPolicy.Question) -> String {
        "Over the last \(length(span)) of this machine, \(terms(best.policy, question)), would have been overloaded in "
            + "\(share(best.figures)), with \(percent(best.figures.slack)) idle and \(best.figures.resizes) resizes."
    }

    private static func standing(_ best: Trial, tried: Int, goal: ManagedGoal) -> String {
        best.isGoalKept
            ? "It is the cheapest of \(tried) policies that keeps the goal of at most \(goal.overloadedShare)."
            : "None of \(tried) policies within the sizes allowed keeps the goal of at most \(goal.overloadedShare); this "
                + "one comes closest: raise the maximum size to get nearer."
    }

    private static func terms(_ policy: ScalingPolicy, _ question: ManagedPolicy.Question) -> String {
        let length = question.terms.windowLength
        return "\(policy.minimumVCPUs) to \(policy.maximumVCPUs) vCPUs with U1 \(policy.lower), U2 \(policy.upper) and "
            + "\(policy.breachesNeeded(windowLength: length)) of \(length) samples"
    }

    private static func share(_ figures: ReplayFigures) -> String {
        "\(percent(figures.overloadedShare)) of \(figures.samples) samples"
    }

    /// Hundredths of a percent are enough for people.
    private static func percent(_ share: Utilization) -> Utilization { Utilization(ppm: share.ppm / 100 * 100) }

    private static func length(_ nanoseconds: Int64) -> String {
        let minutes = nanoseconds / 60_000_000_000
        return minutes < 120 ? "\(minutes) min" : minutes < 2_880 ? "\(minutes / 60) h" : "\(minutes / 1_440) days"
    }
}
