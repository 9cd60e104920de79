// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// Which rate card and policy hold when.
struct Schedule: Sendable {
    /// The terms that one domain has at one instant.
    struct Terms: Sendable {
        let card: RateCard
        let factor: Utilization
        /// Zero without a subscription.
        let policyVersion: Int64
    }

    let currency: String
    private let cards: [RateCard]
    private let policies: SortedTable<DomainID, [PolicyVersion]>

    /// Validates every card; throws if none is given or if currencies differ.
    init(_ inputs: BillingInputs) throws(BillingFault) {
        // A card of the same instant replaces the earlier version.
        cards = inputs.rateCards.sorted { ($0.validFrom, $0.version) < ($1.validFrom, $1.version) }
        guard let first = cards.first else { throw .noRateCard(at: inputs.period.start) }
        for card in cards {
            try card.validate()
            guard card.currency == first.currency else { throw .mixedCurrencies(first.currency, card.currency) }
        }
        currency = first.currency
        var policies = SortedTable<DomainID, [PolicyVersion]>()
        for version in inputs.policies.sorted(by: { ($0.validFrom, $0.version) < ($1.validFrom, $1.version) }) {
            policies[version.domain] = (policies[version.domain] ?? []) + [version]
        }
        self.policies = policies
    }

    /// Every instant at which the domain's price or f may change.
    func cuts(for domain: DomainID) -> [Timestamp] {
        cards.map(\.validFrom) + (policies[domain] ?? []).map(\.validFrom)
    }

    /// `nil` before the first rate card.
    func terms(for domain: DomainID, at instant: Timestamp) -> Terms? {
        guard let card = cards.last(where: { $0.validFrom <= instant }) else { return nil }
        let version = policies[domain]?.last { $0.validFrom <= instant }
        guard let version, let policy = version.policy else {
            return Terms(card: card, factor: PricingFactor.withoutSubscription, policyVersion: 0)
        }
        return Terms(card: card, factor: card.factor.value(for: policy), policyVersion: version.version)
    }
}
