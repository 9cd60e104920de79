// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// f(U1, U2, P): the factor by which a subscription multiplies every price, declared in the rate card.
///
///     f = base + ⌊a·(1 − U1) + b·(1 − U2) + c·(1 − P)⌋        floored to whole parts per million
///
/// - U1, U2: the lower and upper bound, each 0…1; P: the ratio M/N, 0…1, lower is more aggressive;
/// - base: f of the most conservative policy, U1 = U2 = P = 1;
/// - a, b, c: what is added as U1, U2 and P go down to 0.
///
/// Linear with a, b, c ≥ 0, so f never falls when U1 or U2 is lowered or the ratio made more aggressive, and its
/// extremes lie in the corners: base at (1, 1, 1) and base + a + b + c at (0, 0, 0). A card whose corners leave
/// `minimum…maximum` is refused. Without a subscription f is 1.
package struct PricingFactor: Hashable, Sendable, Codable {
    package let base: Utilization
    /// a.
    package let lowerWeight: Utilization
    /// b.
    package let upperWeight: Utilization
    /// c.
    package let ratioWeight: Utilization
    package let minimum: Utilization
    package let maximum: Utilization

    /// f of a domain without a subscription.
    package static let withoutSubscription = Utilization.full
    /// The largest f that a card may have: ten thousand percent.
    package static let limit = Utilization(percent: 10_000)

    package init(
        base: Utilization, lowerWeight: Utilization = .zero, upperWeight: Utilization = .zero,
        ratioWeight: Utilization = .zero, minimum: Utilization, maximum: Utilization
    ) {
        self.base = base
        self.lowerWeight = lowerWeight
        self.upperWeight = upperWeight
        self.ratioWeight = ratioWeight
        self.minimum = minimum
        self.maximum = maximum
    }

    /// The factor 1 for every policy.
    package static let one = PricingFactor(base: .full, minimum: .full, maximum: .full)

    /// Throws unless f is bounded and monotone over every policy; names the key of the card.
    package func validate() throws(BillingFault) {
        let weights = [("lowerWeight", lowerWeight), ("upperWeight", upperWeight), ("ratioWeight", ratioWeight)]
        let limit = Self.limit.ppm
        for (key, value) in weights where value < .zero || value > Self.limit {
            throw .invalidRateCard(
                "factor.\(key) must be 0 to \(limit), not \(value.ppm): f must not fall when a bound is lowered")
        }
        for (key, value) in [("minimum", minimum), ("maximum", maximum)] where value < .zero || value > Self.limit {
            throw .invalidRateCard("factor.\(key) must be 0 to \(limit), not \(value.ppm)")
        }
        guard minimum <= maximum else {
            throw .invalidRateCard("factor.minimum, \(minimum.ppm), is above factor.maximum, \(maximum.ppm)")
        }
        guard base >= minimum, base <= maximum else {
            throw .invalidRateCard(
                "factor.base must lie within factor.minimum and factor.maximum, \(minimum.ppm) to \(maximum.ppm), "
                    + "not \(base.ppm)")
        }
        // Each is at most `limit`, so the sum fits.
        let highest = weights.reduce(base.ppm) { $0 + $1.1.ppm }
        guard highest <= maximum.ppm else {
            throw .invalidRateCard(
                "factor.maximum is \(maximum.ppm), but f reaches from \(base.ppm) to \(highest): base and the three "
                    + "weights together must not pass it")
        }
    }

    /// f of a policy's rule for CPU; 1 without a policy.
    package func value(for policy: ScalingPolicy?) -> Utilization {
        guard let policy else { return Self.withoutSubscription }
        return value(lower: policy.lower, upper: policy.upper, ratio: policy.ratio)
    }

    /// f(U1, U2, P), each from 0 to 1.
    package func value(lower: Utilization, upper: Utilization, ratio: Utilization) -> Utilization {
        let distance = { (share: Utilization) in 1_000_000 - share.ppm }
        let added =
            lowerWeight.ppm * distance(lower) + upperWeight.ppm * distance(upper) + ratioWeight.ppm * distance(ratio)
        return Utilization(ppm: base.ppm + added / 1_000_000)
    }
}
