// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import BillingCore

@Suite("Whatever was metered is billed or refused")
struct BillingFuzzTests {
    @Test("segments, readings, policies and prices from the ends of their ranges")
    func bills() {
        Fuzz.run("bills", rounds: 1_500) { fuzz in
            let period = fuzz.period().flatMap { $0.isEmpty ? nil : $0 } ?? range(0, 60)
            let domains = (0..<2).compactMap { number in
                (fuzz.period() ?? range(0, 1)).isEmpty
                    ? nil
                    : BillableDomain(
                        domain: DomainID(UUID128(high: 0, low: UInt64(number))), name: fuzz.text(),
                        owned: [fuzz.period() ?? period])
            }
            let inputs = BillingInputs(
                tenant: "acme", period: period, knownUntil: fuzz.instant(), domains: domains,
                segments: (0..<4).compactMap { _ in
                    fuzz.period().map {
                        SizeSegment(
                            domain: fuzz.domain(of: 2), host: fuzz.host(), period: $0,
                            capacity: fuzz.capacity(), memory: fuzz.bytes(), disk: fuzz.bytes())
                    }
                },
                readings: (0..<6).map { _ in
                    MeterReading(
                        domain: fuzz.domain(of: 2), host: fuzz.host(), incarnationStart: fuzz.instant(),
                        at: fuzz.instant(),
                        counters: DomainCounters(
                            cpuTimeNanoseconds: fuzz.optional { $0.int64() },
                            networkReceivedBytes: fuzz.optional { $0.int64() },
                            networkTransmittedBytes: fuzz.optional { $0.int64() },
                            blockReadBytes: fuzz.optional { $0.int64() }))
                }, policies: [], rateCards: [fuzz.card()])
            guard let bill = try? Rating.bill(inputs) else { return }
            _ = bill.terms()
            _ = try? Rating.fixedSizeBill(inputs, capacity: fuzz.capacity())
        }
    }

    @Test("a rate card with any numbers is refused, or prices every policy")
    func cards() throws {
        let policy = try ScalingPolicy(lower: .zero, upper: .full, ratio: Utilization(ppm: 1), maximumVCPUs: 1)
        Fuzz.run("rate cards", rounds: 5_000) { fuzz in
            let card = fuzz.card()
            guard (try? card.validate()) != nil else { return }
            #expect(card.factor.value(for: policy) >= .zero)
        }
    }
}

extension Fuzz {
    /// Whole and not.
    fileprivate mutating func capacity() -> Capacity {
        chance(50) ? Capacity(vcpus()) : Capacity(clamping: int64())
    }

    fileprivate mutating func card() -> RateCard {
        RateCard(
            version: chance(90) ? 1 : int64(), validFrom: chance(90) ? .zero : instant(), currency: "EUR",
            prices: Dictionary(MeteredResource.allCases.map { ($0, int64()) }) { first, _ in first },
            factor: PricingFactor(
                base: share(), lowerWeight: share(), upperWeight: share(), ratioWeight: share(), minimum: share(),
                maximum: share()))
    }
}
