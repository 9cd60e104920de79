// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Chooses the CPU bounds of a managed policy: from a family of policies, the one with the lowest price over the domain's
/// own past.
///
/// A policy that keeps the goal has the price of its cost: capacity · time, where a resize counts as half an hour of its
/// height, so that of two policies with the same cost the one that changes less is chosen. A policy that misses the goal
/// pays more: for being overloaded twice as long as the goal allows, a quarter of the largest size all the time; for
/// three times as long, two quarters. So a goal is kept as long as that is worth its cost, and no machine stays at its
/// largest size because of a few readings. Only the given history has any influence, and the same history gives the
/// same choice.
package enum ManagedPolicy {
    /// What a choice is made for.
    package struct Question: Hashable, Sendable {
        package var goal: ManagedGoal
        /// The tenant's smallest and largest size, multiples of the step: the choice lies between them.
        package var minimum: Capacity
        package var maximum: Capacity
        package var step: CapacityStep
        package var terms: ReplayTerms
        /// The cooldown is the tenant's own: no other is chosen.
        package var isCooldownFixed: Bool
        /// The present policy, if it was chosen before: it is kept unless another one is clearly better.
        package var present: ScalingPolicy?
        /// The cooldown that was chosen with it; `nil`: that of `terms`.
        package var presentCooldown: Cooldown?

        package init(
            goal: ManagedGoal, minimumVCPUs: VCPUCount = 1, maximumVCPUs: VCPUCount, terms: ReplayTerms,
            present: ScalingPolicy? = nil
        ) {
            self.init(
                goal: goal, minimum: Capacity(minimumVCPUs), maximum: Capacity(maximumVCPUs), step: .whole,
                terms: terms)
            self.present = present
        }

        package init(
            goal: ManagedGoal, minimum: Capacity, maximum: Capacity, step: CapacityStep, terms: ReplayTerms,
            isCooldownFixed: Bool = false
        ) {
            self.goal = goal
            self.minimum = minimum
            self.maximum = maximum
            self.step = step
            self.terms = terms
            self.isCooldownFixed = isCooldownFixed
        }

        /// The vCPUs that must be online at the two sizes.
        package var minimumVCPUs: VCPUCount { minimum.vcpus }
        package var maximumVCPUs: VCPUCount { maximum.vcpus }

        /// Throws if the sizes are out of order or not on the step's grid.
        fileprivate func balanced() throws(ScalingPolicy.Fault) -> ScalingPolicy {
            guard let grid = CapacityGrid(minimum: minimum, maximum: maximum, step: step) else {
                guard step == .whole, minimum.isWhole, maximum.isWhole else {
                    throw .sizesOffGrid(minimum: minimum, maximum: maximum, step: step)
                }
                throw .sizesOutOfOrder(minimum: minimum.vcpus, maximum: maximum.vcpus)
            }
            return try PolicyPreset.balanced.policy(grid: grid)
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
        let balanced = try question.balanced()
        guard history.spanNanoseconds >= shortestHistory else {
            return ManagedChoice(balanced, question: question, span: history.spanNanoseconds)
        }
        let tried = trials(grid(question).filter(isAllowed), question: question, history: history)
        guard let best = tried.min(by: { $0.price < $1.price }) else {
            return ManagedChoice(balanced, question: question, span: history.spanNanoseconds)
        }
        let present = tried.first {
            $0.policy == question.present && $0.cooldown == question.presentCooldown ?? question.terms.cooldown
                && isHeld($0, against: best, among: tried)
        }
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
}
