// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Prices in nano-units of a currency per pricing unit, and f. Immutable: a new price is a new version.
package struct RateCard: Hashable, Sendable, Codable {
    /// Counts up, from 1.
    package let version: Int64
    /// It holds from this instant until the next version's.
    package let validFrom: Timestamp
    /// Three capital letters, ISO 4217.
    package let currency: String
    /// C_i in nano-units of the currency per pricing unit; a resource that is left out has price 0.
    package let prices: [MeteredResource: Int64]
    package let factor: PricingFactor

    package init(
        version: Int64, validFrom: Timestamp, currency: String, prices: [MeteredResource: Int64],
        factor: PricingFactor = .one
    ) {
        self.version = version
        self.validFrom = validFrom
        self.currency = currency
        self.prices = prices
        self.factor = factor
    }

    /// C_i in nano-units of the currency per pricing unit.
    package func price(of resource: MeteredResource) -> Int64 { prices[resource] ?? 0 }

    /// The highest price of a new card: a million units of the currency per pricing unit. A line at this price, with
    /// the highest f and the largest size for a century, and a million such lines together, stay below 2^127
    /// nano-units.
    package static let highestPriceNanos: Int64 = 1_000_000_000_000_000

    /// Throws unless version, currency, prices and f can be used for a bill; every stored card is checked by this.
    package func validate() throws(BillingFault) { try validate(highestPrice: .max) }

    /// Throws unless the card may be set: as `validate`, and no price may be so high that a line could be too large for
    /// a bill.
    package func validateAsNew() throws(BillingFault) { try validate(highestPrice: Self.highestPriceNanos) }

    private func validate(highestPrice: Int64) throws(BillingFault) {
        guard version > 0 else { throw .invalidRateCard("its version must be positive, not \(version)") }
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard currency.utf8.count == 3, currency.utf8.allSatisfy(letters.contains) else {
            throw .invalidRateCard("currency must be three capital letters, such as EUR, not '\(currency.prefix(64))'")
        }
        for resource in MeteredResource.allCases {
            let price = price(of: resource)
            guard price >= 0, price <= highestPrice else {
                throw .invalidRateCard(
                    "prices.\(resource.priceKey) must be 0 to \(highestPrice) nano-units (at most "
                        + Money.text(nanos: highestPrice, currency: currency)
                        + " per \(resource.pricingUnit)), not \(price)")
            }
        }
        try factor.validate()
    }
}

/// Why no bill can be made; names the cause.
package enum BillingFault: Error, Hashable, Sendable, CustomStringConvertible {
    case invalidRateCard(String)
    case noRateCard(at: Timestamp)
    case mixedCurrencies(String, String)
    /// An instant of a domain would be billed twice.
    case overlappingSegments(DomainID, at: Timestamp)
    case overflow(DomainID, MeteredResource)

    package var description: String {
        switch self {
        case .invalidRateCard(let reason): "the rate card can't be used: \(reason)"
        case .noRateCard(let instant): "no rate card holds at \(instant); load one that is valid from then"
        case .mixedCurrencies(let first, let second):
            "the rate cards of one bill must have one currency, not \(first) and \(second)"
        case .overlappingSegments(let domain, let instant):
            "two size segments of domain \(domain) both hold at \(instant)"
        case .overflow(let domain, let resource):
            "the \(resource.rawValue) of domain \(domain) is more than a bill can hold; split the period"
        }
    }
}
