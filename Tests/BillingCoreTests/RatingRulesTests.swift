// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import BillingCore

/// f of the shipped rate card.
private let shipped = PricingFactor(
    base: Utilization(percent: 60), lowerWeight: Utilization(percent: 10), upperWeight: Utilization(percent: 20),
    ratioWeight: Utilization(percent: 10), minimum: Utilization(percent: 60), maximum: .full)

@Suite struct RatingRulesTests {
    private func lines(
        _ policies: [PolicyVersion], vcpus: VCPUCount = 2, readings: [MeterReading] = [],
        rules: RatingRules = .current
    ) throws -> [String] {
        let hour = segment(0, 60, vcpus: vcpus, memory: .gibibytes(4), disk: .gibibytes(20))
        let bill = try Rating.bill(
            inputs([hour], readings: readings, policies: policies, cards: [card(factor: shipped)]), rules: rules)
        return bill.lines.map { "\($0.resource.rawValue) \($0.part) \($0.factor) \($0.amountNanos)" }
    }

    /// 2 vCPUs, 4 GiB and 20 GiB for an hour at full price.
    private let fullPrice = ["vcpu base 100 % 40000000", "memory base 100 % 20000000", "disk base 100 % 2000000"]

    private func memoryRule(
        _ lower: Int64 = 50, _ upper: Int64 = 85, from minimum: ByteCount = .gibibytes(1),
        to maximum: ByteCount = .gibibytes(8)
    ) throws -> ResourceRule {
        try ResourceRule(
            lower: Utilization(percent: lower), upper: Utilization(percent: upper), minimum: minimum.bytes,
            maximum: maximum.bytes)
    }

    @Test("a policy that can take nothing back earns nothing, however aggressive its bounds and ratio are")
    func discountForNothing() throws {
        var (optedOut, dry) = (PolicyOptions(), PolicyOptions())
        optedOut.isOptedOut = true
        dry.isDryRun = true
        let idle = [
            try policy(from: 0, lower: 99, upper: 100, ratio: 100, minimum: 2, maximum: 2),
            try policy(from: 0, lower: 99, upper: 100, ratio: 100, minimum: 4, maximum: 8),
            try policy(from: 0, lower: 0, upper: 100, ratio: 100),
            try policy(from: 0, lower: 99, upper: 100, ratio: 100, memory: memoryRule(), options: optedOut),
            try policy(from: 0, lower: 99, upper: 100, ratio: 100, memory: memoryRule(), options: dry),
            try policy(from: 0, minimum: 2, memory: memoryRule(0)),
            try policy(from: 0, minimum: 2, memory: memoryRule(99, 100, from: .gibibytes(4))),
            PolicyVersion(domain: web, version: 1, validFrom: at(0), policy: nil, windowLength: 10),
        ]
        for version in idle { #expect(try lines([version]) == fullPrice, "\(version)") }
        // What bounds alone made of the first of them.
        #expect(try lines([idle[0]], rules: .wholeUse).first == "vcpu elastic 60.1 % 24040000")
    }

    @Test("f multiplies what lies above the minimum of the resource's own rule, by its own bounds, and nothing else")
    func ownRules() throws {
        let network = try ResourceRule(
            lower: Utilization(percent: 30), upper: Utilization(percent: 80), minimum: 1, maximum: 1_000)
        let version = try policy(from: 0, memory: memoryRule(), network: network)
        let used = try lines(
            [version], readings: [reading(0, received: 0, cpuTime: 0), reading(60, received: 1 << 30, cpuTime: 7)])
        // f = 0.6 + 0.1 · 0.85 + 0.2 · 0.2 + 0.1 · 0.3 for CPU, 0.6 + 0.1 · 0.5 + 0.2 · 0.15 + 0.1 · 0.3 for memory.
        #expect(
            used == [
                "vcpu base 100 % 20000000", "vcpu elastic 75.5 % 15100000", "memory base 100 % 5000000",
                "memory elastic 71 % 10650000", "disk base 100 % 2000000", "network base 100 % 10000000",
                "cpu-time base 100 % 0",
            ])
        #expect(try lines([policy(from: 0)])[2...] == fullPrice[1...])
    }

    @Test("a version counts with the ratio that N represents where it has one, else with the stated one")
    func trueRatio() throws {
        let stated = try policy(from: 0, ratio: 70)
        let really = try policy(from: 0, ratio: 70, trueRatio: Utilization(percent: 75))
        #expect(try lines([stated]).dropFirst().first == "vcpu elastic 75.5 % 15100000")
        #expect(try lines([really]).dropFirst().first == "vcpu elastic 75 % 15000000")
    }

    @Test("base and elastic part add up to the size, to the unit, and each is rounded once")
    func exactSplit() throws {
        let odd = try policy(from: 0, memory: memoryRule(from: ByteCount(clamping: 333_333_333)))
        let given = inputs(
            (0..<60).map { segment($0, $0 + 1, vcpus: 3, memory: ByteCount(clamping: 1_000_000_007 + $0)) },
            policies: [odd],
            cards: [card(factor: shipped)])
        let bill = try Rating.bill(given)
        let used = try Rating.usage(given).rows
        #expect(bill.lines.count == 4)
        for (resource, whole) in [(MeteredResource.vcpu, used[0]), (.memory, used[1])] {
            let parts = bill.lines.filter { $0.resource == resource }.map(\.quantity.units)
            #expect(parts.reduce(0, +) == whole.quantity.units && parts.count == 2)
        }
        #expect(bill.lines[2].quantity.units == 333_333_333 * 60 * Int128(minute))
    }

    @Test(
        "with f above 0 a smaller size never costs more, whatever the policy and however it changes",
        arguments: 1...100)
    func smallerIsNeverDearer(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let base = Int64.random(in: 1...1_500_000, using: &random)
        let weights = (0..<3).map { _ in Utilization(ppm: .random(in: 0...400_000, using: &random)) }
        let factor = PricingFactor(
            base: Utilization(ppm: base), lowerWeight: weights[0], upperWeight: weights[1], ratioWeight: weights[2],
            minimum: .zero, maximum: Utilization(percent: 1_000))
        var policies: [PolicyVersion] = []
        for version in 1...3 as ClosedRange<Int64> {
            let minimum = Int.random(in: 1...6, using: &random)
            let memory = ByteCount(clamping: Int64.random(in: 1...4_000_000_000, using: &random))
            policies.append(
                try policy(
                    version: version, from: version * 15, lower: .random(in: 0...50, using: &random),
                    upper: .random(in: 51...100, using: &random), ratio: .random(in: 1...100, using: &random),
                    minimum: VCPUCount(clamping: minimum), memory: memoryRule(from: memory, to: .gibibytes(8))))
        }
        let prices = RateCard(
            version: 1, validFrom: .zero, currency: "EUR",
            prices: [
                .vcpu: .random(in: 0...99, using: &random), .memory: .random(in: 0...99, using: &random), .disk: 3,
            ], factor: factor)
        var (large, small): ([SizeSegment], [SizeSegment]) = ([], [])
        for start in stride(from: 0, to: 60, by: 5) as StrideTo<Int64> {
            let vcpus = Int.random(in: 0...8, using: &random)
            let memory = Int64.random(in: 0...8_000_000_000, using: &random)
            large.append(
                segment(start, start + 5, vcpus: VCPUCount(clamping: vcpus), memory: ByteCount(clamping: memory)))
            small.append(
                segment(
                    start, start + 5, vcpus: VCPUCount(clamping: Int.random(in: 0...vcpus, using: &random)),
                    memory: ByteCount(clamping: Int64.random(in: 0...memory, using: &random))))
        }
        let costs = try [small, large].map {
            try Rating.bill(inputs($0, policies: policies, cards: [prices])).totalNanos
        }
        #expect(costs[0] <= costs[1], "seed \(seed)")
    }

    @Test("the rules before can still be rated, and the comparison is their difference")
    func comparison() throws {
        let given = inputs(
            [segment(0, 60, vcpus: 2, disk: .gibibytes(20))], policies: [try policy(from: 0)],
            cards: [card(factor: shipped)])
        let comparison = try Rating.comparison(given)
        #expect(comparison.former.rules == .wholeUse && comparison.present.rules == .takenBack)
        // 40 and 2 thousandths at 0.755, then 20 at 1, 20 at 0.755 and 2 at 1.
        #expect(comparison.former.totalNanos == 31_710_000)
        #expect(comparison.present.totalNanos == 37_100_000)
        #expect(comparison.differenceNanos == 5_390_000)
    }

    @Test("use is shown without any rate card")
    func usageWithoutPrices() throws {
        let given = inputs([segment(0, 60, vcpus: 2)], policies: [try policy(from: 7)], cards: [])
        #expect(try Rating.usage(given).rows.map(\.quantity.units) == [120 * Int128(minute)])
        #expect(throws: BillingFault.noRateCard(at: at(0))) { try Rating.bill(given) }
    }

    @Test("a card that does not hold in the period can't spoil its bill")
    func otherCards() throws {
        let given = inputs(
            [segment(20, 40, vcpus: 3)],
            cards: [
                card(currency: "eur"), card(version: 2, from: 10), card(version: 3, from: 50, vcpu: -1),
                card(version: 4, from: 51, currency: "USD"),
            ], period: range(20, 50))
        #expect(try Rating.bill(given).totalNanos == 20_000_000)
    }
}
