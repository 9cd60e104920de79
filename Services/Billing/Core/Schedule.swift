// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// Which rate card and policy hold when, and which terms the rules derive from them.
struct Schedule: Sendable {
    /// The terms of one resource of one domain at one instant.
    struct Terms: Sendable {
        let card: RateCard
        /// `nil`: f multiplies nothing.
        let elastic: Elastic?
        /// Zero without a subscription.
        let policyVersion: Int64
    }

    let currency: String
    let rules: RatingRules
    private let cards: [RateCard]
    private let policies: [DomainID: [PolicyVersion]]

    /// Takes only the cards that hold within the period, so that no other card can prevent the bill: throws if there is
    /// none, if one can't be used, or if their currencies differ.
    init(_ inputs: BillingInputs, rules: RatingRules) throws(BillingFault) {
        self.rules = rules
        // A later card of the same instant replaces an earlier version.
        let ordered = inputs.rateCards.sorted { ($0.validFrom, $0.version) < ($1.validFrom, $1.version) }
        let first = ordered.lastIndex { $0.validFrom <= inputs.period.start } ?? 0
        cards = ordered.dropFirst(first).filter { $0.validFrom < inputs.period.end }
        guard let oldest = cards.first else { throw .noRateCard(at: inputs.period.start) }
        for card in cards {
            try card.validate()
            guard card.currency == oldest.currency else { throw .mixedCurrencies(oldest.currency, card.currency) }
        }
        currency = oldest.currency
        policies = Dictionary(
            grouping: inputs.policies.sorted { ($0.validFrom, $0.version) < ($1.validFrom, $1.version) }, by: \.domain)
    }

    /// Every instant at which the domain's price or f may change.
    func cuts(for domain: DomainID) -> [Timestamp] {
        cards.map(\.validFrom) + (policies[domain] ?? []).map(\.validFrom)
    }

    /// Throws before the first rate card.
    func terms(
        for domain: DomainID, of resource: MeteredResource, at instant: Timestamp
    ) throws(BillingFault) -> Terms {
        guard let card = cards.holding(at: instant, from: \.validFrom) else { throw .noRateCard(at: instant) }
        let version = policies[domain]?.holding(at: instant, from: \.validFrom)
        return Terms(
            card: card, elastic: rules.elastic(resource, under: version, by: card),
            policyVersion: version?.policy == nil ? 0 : version?.version ?? 0)
    }
}

extension Array {
    /// The last element that holds at an instant; the elements are in order of `from`.
    fileprivate func holding(at instant: Timestamp, from: (Element) -> Timestamp) -> Element? {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if from(self[middle]) <= instant { low = middle + 1 } else { high = middle }
        }
        return low > startIndex ? self[low - 1] : nil
    }
}
