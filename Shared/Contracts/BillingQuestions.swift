// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What `rate.show` asks: which rate card holds at an instant.
package struct RatesRequest: JSONDocument, Hashable {
    /// Nanoseconds of cluster time; `nil`: now.
    package var atNs: Int64?

    package init(at instant: Timestamp?) { atNs = instant?.nanoseconds }
}

/// What `rate.set` asks: a card is to hold from an instant on that is not past.
///
/// - Parameter Card: what it says, as people write it. Billing alone reads it.
package struct SetRatesRequest<Card: Codable & Sendable>: JSONDocument {
    package var card: Card
    /// Nanoseconds of cluster time; `nil`: now.
    package var validFromNs: Int64?

    package init(card: Card, validFrom instant: Timestamp?) {
        self.card = card
        validFromNs = instant?.nanoseconds
    }
}

/// What `rate.withdraw` asks: to remove a card that does not hold yet.
package struct WithdrawRatesRequest: JSONDocument, Hashable {
    package var version: Int64
    /// Who withdraws it, for the record.
    package var principal: String

    package init(version: Int64, principal: String) {
        self.version = version
        self.principal = principal
    }
}

/// What Scheduler asks before it chooses a policy: the f that each of these policies would be priced with.
package struct FactorsRequest: JSONDocument, Hashable {
    /// How many policies one request may have.
    package static let limit = 10_000

    /// The parts of a policy on which f depends.
    package struct Bounds: Hashable, Sendable, Codable {
        package var lowerPpm: Int64
        package var upperPpm: Int64
        package var ratioPpm: Int64

        /// Throws what is wrong with them.
        package var policy: ScalingPolicy {
            get throws(ScalingPolicy.Fault) {
                try ScalingPolicy(
                    lower: Utilization(ppm: lowerPpm), upper: Utilization(ppm: upperPpm),
                    ratio: Utilization(ppm: ratioPpm), maximumVCPUs: 1)
            }
        }
    }

    package var policies: [Bounds]

    package init(_ policies: [ScalingPolicy]) {
        self.policies = policies.map { policy in
            Bounds(lowerPpm: policy.lower.ppm, upperPpm: policy.upper.ppm, ratioPpm: policy.ratio.ppm)
        }
    }
}

/// The answer to `FactorsRequest`: f of each policy, in the order of the request.
package struct FactorAnswer: JSONDocument, Hashable {
    package var factorsPpm: [Int64]

    package init(factorsPpm: [Int64]) { self.factorsPpm = factorsPpm }
}
