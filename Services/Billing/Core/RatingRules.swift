// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

/// The rules that decide what f multiplies, by which use becomes terms C · X · f. They are named and versioned, so that
/// a change can be compared with the rules before it.
package enum RatingRules: Int, Hashable, Sendable, Codable, CaseIterable {
    /// Everything that a domain uses while it has a policy, by the policy's bounds alone, whether the policy may act or
    /// not.
    case wholeUse = 1
    /// What the policy may take back: for a resource with a scaling rule, the part of X above the rule's minimum. The
    /// part up to the minimum, and every resource without a rule, has f = 1.
    ///
    /// - An opt-out or a dry run of the policy itself, and a lower bound of 0 (nothing is ever below it), take nothing
    ///   back: f = 1 throughout. What the provider causes (a freeze, a dry run that the provider sets for a tenant or a
    ///   cluster, a host that is only observed, an outage) is not in a policy's version and changes nothing.
    /// - vCPUs and memory have rules. Disks have none. Bytes and CPU time are already used: a rule for the network
    ///   takes back a cap, which is a speed, and no byte that was sent, so their f is 1.
    /// - U1 and U2 are those of the resource's own rule, so that bounds of one rule never make another resource cheaper.
    ///
    /// The minimum is the policy's smallest size as it stands, a fraction of a vCPU too; between which sizes the policy
    /// moves, its step, changes nothing.
    ///
    /// So f depends on rate card, policy version and the segment's size alone, and cost never falls as a size grows:
    /// min(X, minimum) + f · max(0, X − minimum) is monotone in X for every f ≥ 0.
    case takenBack = 2

    package static let current = RatingRules.takenBack
}

/// The part of a size that f multiplies.
struct Elastic: Hashable, Sendable {
    /// In thousandths of a vCPU or in bytes: the part of a size up to this is base.
    let minimum: Int64
    let factor: Utilization
}

extension RatingRules {
    /// The part of `resource` that f multiplies under a policy's version and a rate card; `nil`: nothing.
    func elastic(_ resource: MeteredResource, under version: PolicyVersion?, by card: RateCard) -> Elastic? {
        guard let version, let policy = version.policy else { return nil }
        switch self {
        case .wholeUse: return Elastic(minimum: 0, factor: card.factor.value(for: policy))
        case .takenBack:
            guard !version.options.isOptedOut, !version.options.isDryRun,
                let rule = policy.takingRule(of: resource), rule.lower > .zero
            else { return nil }
            let factor = card.factor.value(lower: rule.lower, upper: rule.upper, ratio: version.ratedRatio)
            return Elastic(minimum: rule.minimum, factor: factor)
        }
    }
}

extension ScalingPolicy {
    /// The rule that may take some of a metered resource's size back; `nil`: none may.
    fileprivate func takingRule(
        of resource: MeteredResource
    ) -> (lower: Utilization, upper: Utilization, minimum: Int64)? {
        switch resource {
        case .vcpu: (lower, upper, grid.minimum.thousandths)
        case .memory: memory.map { ($0.lower, $0.upper, $0.minimum) }
        case .disk, .network, .cpuTime, .blockIO: nil
        }
    }
}

extension Usage {
    /// One part of a use, with its own size and f.
    struct Part: Hashable, Sendable {
        let part: LinePart
        let factor: Utilization
        let quantity: Int128
        let size: Int64?
    }

    /// The use cut exactly at the minimum: sizes are integers, so nothing is rounded. Empty parts are left out. A
    /// counter has no size, so its use is completely elastic or completely base.
    func parts(_ elastic: Elastic?) -> [Part] {
        let all = Part(part: .base, factor: PricingFactor.withoutSubscription, quantity: quantity, size: size)
        guard let elastic else { return [all] }
        guard let size else {
            return [Part(part: .elastic, factor: elastic.factor, quantity: quantity, size: nil)]
        }
        let base = min(size, max(0, elastic.minimum))
        let above = Int128(size - base) * Int128(period.nanoseconds)
        let parts = [
            Part(part: .base, factor: PricingFactor.withoutSubscription, quantity: quantity - above, size: base),
            Part(part: .elastic, factor: elastic.factor, quantity: above, size: size - base),
        ]
        return parts.filter { $0.quantity > 0 }
    }
}
