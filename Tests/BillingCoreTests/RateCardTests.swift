// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import BillingCore

@Suite struct RateCardTests {
    private func scalingPolicy(_ lower: Int64, _ upper: Int64, _ ratio: Int64) throws -> ScalingPolicy {
        try ScalingPolicy(
            lower: Utilization(ppm: lower), upper: Utilization(ppm: upper), ratio: Utilization(ppm: ratio),
            maximumVCPUs: 4)
    }

    @Test("f is 1 without a subscription, whatever the card says")
    func withoutSubscription() throws {
        #expect(factor.value(for: nil) == .full)
        #expect(try factor.value(for: scalingPolicy(150_000, 800_000, 700_000)) == Utilization(ppm: 1_115_000))
    }

    @Test("f stays within its bounds and never falls when U1, U2 or the ratio is lowered", arguments: 1...200)
    func monotone(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let share = { (random: inout SeededGenerator) in Utilization(ppm: .random(in: 0...500_000, using: &random)) }
        let (a, b, c) = (share(&random), share(&random), share(&random))
        let base = Utilization(ppm: .random(in: 1...2_000_000, using: &random))
        let random1 = PricingFactor(
            base: base, lowerWeight: a, upperWeight: b, ratioWeight: c, minimum: base,
            maximum: Utilization(ppm: base.ppm + a.ppm + b.ppm + c.ppm))
        try random1.validate()
        for _ in 0..<50 {
            let lower = Int64.random(in: 1..<999_999, using: &random)
            let upper = Int64.random(in: (lower + 1)...1_000_000, using: &random)
            let ratio = Int64.random(in: 2...1_000_000, using: &random)
            let value = random1.value(for: try scalingPolicy(lower, upper, ratio))
            #expect(value >= random1.minimum && value <= random1.maximum, "seed \(seed)")
            let lowered = [
                try scalingPolicy(.random(in: 0..<lower, using: &random), upper, ratio),
                try scalingPolicy(lower, .random(in: (lower + 1)...upper, using: &random), ratio),
                try scalingPolicy(lower, upper, .random(in: 1..<ratio, using: &random)),
            ]
            for policy in lowered { #expect(random1.value(for: policy) >= value, "seed \(seed): \(policy)") }
        }
    }

    @Test("an f that falls, or leaves its bounds in a corner, is refused when the card is loaded")
    func invalidFactors() throws {
        try factor.validate()
        let hundred = Utilization.full
        let cases = [
            PricingFactor(base: hundred, lowerWeight: Utilization(ppm: -1), minimum: .zero, maximum: hundred),
            PricingFactor(base: hundred, upperWeight: Utilization(ppm: 1), minimum: .zero, maximum: hundred),
            PricingFactor(base: .zero, minimum: Utilization(ppm: 1), maximum: hundred),
            PricingFactor(base: hundred, minimum: hundred, maximum: .zero),
            PricingFactor(base: hundred, minimum: hundred, maximum: Utilization(percent: 10_001)),
            PricingFactor(
                base: hundred, ratioWeight: Utilization(ppm: .max), minimum: hundred, maximum: Utilization(percent: 200)
            ),
        ]
        for invalid in cases { #expect(throws: BillingFault.self) { try invalid.validate() } }
    }

    @Test("a card with a negative price, a strange currency or no version is refused")
    func invalidCards() throws {
        try card().validate()
        let fault = #expect(throws: BillingFault.self) { try card(vcpu: -1).validate() }
        #expect(fault?.description.contains("prices.vcpuHour must be 0 to") == true)
        #expect(throws: BillingFault.self) { try card(currency: "eur").validate() }
        #expect(throws: BillingFault.self) { try card(version: 0).validate() }
    }

    @Test(
        "a million lines of the largest sizes for a century at the highest price and f are billable",
        arguments: MeteredResource.allCases)
    func highestPrice(resource: MeteredResource) throws {
        let century: Int128 = 36_525 * 86_400_000_000_000
        // Bytes of a counter: 64 bits both ways, beyond which it can't be read.
        let most: [MeteredResource: Int128] = [
            .vcpu: Int128(Capacity.limit.thousandths) * century, .memory: (1 << 50) * century,
            .disk: (1 << 50) * century,
            .network: 2 * Int128(Int64.max), .cpuTime: 65_536 * century, .blockIO: 2 * Int128(Int64.max),
        ]
        let price = RateCard.highestPriceNanos
        let quantity = try #require(most[resource])
        let amount = try #require(
            Rating.amount(
                quantity: quantity, priceNanos: price, factor: PricingFactor.limit,
                unit: resource.unitsPerPricingUnit))
        #expect(!amount.multipliedReportingOverflow(by: 1_000_000).overflow)
        let dear = RateCard(
            version: 1, validFrom: .zero, currency: "EUR", prices: [resource: price + 1])
        let fault = #expect(throws: BillingFault.self) { try dear.validateAsNew() }
        #expect(fault?.description.contains("prices.\(resource.priceKey) must be") == true)
        // One that was stored before there was this limit is still billed by.
        try dear.validate()
    }

    @Test(
        "amounts have at least two decimals and at most nine",
        arguments: [
            (12_500_000_000, "12.50 EUR"), (1, "0.000000001 EUR"), (0, "0.00 EUR"), (-55_000_000, "-0.055 EUR"),
        ])
    func money(nanos: Int64, text: String) {
        #expect(Money.text(nanos: nanos, currency: "EUR") == text)
    }
}
