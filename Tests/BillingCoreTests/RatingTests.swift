// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import BillingCore

@Suite struct RatingTests {
    @Test("the worked example: 2 vCPUs for half an hour, then 3 elsewhere, of which 1 is the minimum, at f = 0.75")
    func workedExample() throws {
        let flat = PricingFactor(
            base: Utilization(percent: 75), minimum: Utilization(percent: 75), maximum: Utilization(percent: 75))
        let bill = try Rating.bill(
            inputs(
                [segment(0, 30, vcpus: 2), segment(30, 60, vcpus: 3, host: "host-b")],
                policies: [policy(from: 0, maximum: 4)], cards: [card(factor: flat)]))
        let hour: Int128 = 60 * Int128(minute)
        #expect(bill.lines.map(\.part) == [.base, .elastic])
        #expect(bill.lines.map(\.quantity.units) == [hour, hour * 3 / 2])
        #expect(bill.lines.map(\.details).map { $0.map(\.host) } == [["host-a", "host-b"], ["host-a", "host-b"]])
        #expect(bill.lines.map(\.details).map { $0.map(\.size) } == [[1, 1], [1, 2]])
        #expect(bill.lines.map(\.amountNanos) == [20_000_000, 22_500_000])
        #expect(bill.totalNanos == 42_500_000)
        #expect(bill.unbilled.isEmpty)
        let text = bill.terms()
        #expect(text.contains("web vcpu, base: 0.02 EUR per vCPU·hour · 3600000000000 vCPU·ns · f 100 % = 0.02 EUR"))
        #expect(
            text.contains("web vcpu, elastic: 0.02 EUR per vCPU·hour · 5400000000000 vCPU·ns · f 75 % = 0.0225 EUR"))
        #expect(text.hasSuffix("total: 0.0425 EUR"))
    }

    @Test("memory, disk, network, CPU time and block I/O are each their own line, the last two at price 0")
    func resources() throws {
        let given = inputs(
            [segment(0, 60, vcpus: 1, memory: .gibibytes(2), disk: .gibibytes(20))],
            readings: [
                reading(0, received: 0, cpuTime: 0, transmitted: 0, blockRead: 0, blockWritten: 5),
                reading(60, received: 1 << 30, cpuTime: 7, transmitted: 1 << 29, blockRead: 1 << 30, blockWritten: 9),
            ])
        let bill = try Rating.bill(given)
        let amounts = bill.lines.map { "\($0.resource.rawValue) \($0.amountNanos)" }
        #expect(
            amounts == [
                "vcpu 20000000", "memory 10000000", "disk 2000000", "network 15000000", "cpu-time 0", "block-io 0",
            ])
        #expect(bill.lines.last?.quantity == 1_073_741_828)
        #expect(bill.totals.map(\.amountNanos) == bill.lines.map(\.amountNanos))
        #expect(bill.totalNanos == 47_000_000)
        #expect(try Rating.usage(given).rows.map(\.quantity.units)[3...] == [3 << 29, 7, 1_073_741_828])
    }

    @Test("a stopped domain pays for its disk only")
    func stopped() throws {
        let bill = try Rating.bill(inputs([segment(0, 60, vcpus: 0, disk: .gibibytes(20))]))
        #expect(bill.lines.map(\.resource) == [.disk])
    }

    @Test("a price change, a policy change and a cleared subscription each begin at their instant")
    func boundaries() throws {
        let cleared = PolicyVersion(domain: web, version: 2, validFrom: at(45), policy: nil, windowLength: 10)
        let bill = try Rating.bill(
            inputs(
                [segment(0, 60, vcpus: 2)], policies: [policy(from: 15), cleared],
                cards: [card(factor: factor), card(version: 2, from: 30, vcpu: 40_000_000, factor: factor)]))
        // f(15 %, 80 %, 70 %) = 0.9 + 0.085 + 0.04 + 0.09
        let terms = bill.lines.map { "\($0.part) \($0.unitPriceNanos) \($0.factor.ppm) \($0.amountNanos)" }
        #expect(
            terms == [
                "base 20000000 1000000 15000000", "base 40000000 1000000 30000000",
                "elastic 20000000 1115000 5575000", "elastic 40000000 1115000 11150000",
            ])
        #expect(bill.lines.map(\.details).map { $0.map(\.policyVersion) } == [[0, 1], [1, 0], [1], [1]])
    }

    @Test("a line is rounded once, half to even", arguments: [(1, 0), (2, 1), (3, 2), (5, 2), (7, 4), (4, 2)])
    func rounding(halves: Int64, nanos: Int64) {
        // Half a nano-unit per metered unit.
        let amount = Rating.amount(
            quantity: Int128(halves), priceNanos: 1, factor: Utilization(percent: 50), unit: 1)
        #expect(amount == Int128(nanos))
    }

    @Test("many small readings are not rounded one by one")
    func roundedOnce() throws {
        // Each minute's byte costs 0.009 nano-units.
        let readings = (0...60).map { reading($0, received: $0) }
        #expect(try Rating.bill(inputs([], readings: readings)).totalNanos == 1)
        #expect(
            try Rating.bill(inputs([], readings: [reading(0, received: 0), reading(1, received: 1)])).totalNanos == 0)
    }

    @Test("what a bill can't hold is refused by name, and the largest it can hold is exact")
    func overflow() throws {
        #expect(Rating.amount(quantity: .max, priceNanos: .max, factor: .full, unit: 1) == nil)
        #expect(Rating.amount(quantity: 1, priceNanos: .max, factor: .full, unit: 1) == Int128(Int64.max))
        #expect(Rating.amount(quantity: .max, priceNanos: 1, factor: .full, unit: .max / 4_000_000) == 4_000_000)
        #expect(Rating.amount(quantity: .max, priceNanos: .max, factor: .full, unit: 1_000) == nil)
    }

    @Test("time that no segment covers is not billed but listed")
    func unknownTime() throws {
        let bill = try Rating.bill(inputs([segment(10, 20, vcpus: 1), segment(30, 50, vcpus: 1)]))
        #expect(bill.unbilled.map(\.period) == [range(0, 10), range(20, 30), range(50, 60)])
        #expect(bill.totalNanos == 10_000_000)
        #expect(bill.terms().contains("web: not billed, nothing is known of \(range(20, 30))"))
    }

    @Test("no instant is billed twice, nor without a rate card, nor in two currencies")
    func faults() throws {
        #expect(throws: BillingFault.overlappingSegments(web, at: at(29))) {
            try Rating.bill(inputs([segment(0, 30, vcpus: 1), segment(29, 60, vcpus: 2)]))
        }
        #expect(throws: BillingFault.noRateCard(at: at(0))) {
            try Rating.bill(inputs([segment(0, 60, vcpus: 1)], cards: [card(from: 10)]))
        }
        #expect(throws: BillingFault.noRateCard(at: at(0))) { try Rating.bill(inputs([], cards: [])) }
        #expect(throws: BillingFault.mixedCurrencies("EUR", "USD")) {
            try Rating.bill(inputs([], cards: [card(), card(version: 2, from: 9, currency: "USD")]))
        }
    }

    @Test("a fixed size costs what the same hours would have at that size, without a subscription")
    func fixedSize() throws {
        let given = inputs(
            [segment(0, 20, vcpus: 2), segment(20, 40, vcpus: 4), segment(40, 60, vcpus: 0, disk: .gibibytes(1))],
            policies: [try policy(from: 0)], cards: [card(factor: factor)])
        let fixed = try Rating.fixedSizeBill(given, capacity: Capacity(4))
        #expect(fixed.lines.filter { $0.resource == .vcpu }.map(\.amountNanos) == [53_333_333])
        #expect(fixed.lines.allSatisfy { $0.factor == .full })
    }

    @Test(
        "cutting segments, or giving the inputs in another order, changes not one byte of the bill", arguments: 1...200)
    func splitting(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var segments: [SizeSegment] = []
        var time: Int64 = 0
        while time < 55 {
            let end = time + .random(in: 1...15, using: &random)
            segments.append(
                SizeSegment(
                    domain: web, host: Bool.random(using: &random) ? "host-a" : "host-b", period: range(time, end),
                    capacity: Capacity(VCPUCount(clamping: .random(in: 0...4, using: &random))),
                    memory: ByteCount(clamping: .random(in: 0...9_999_999_999, using: &random)), disk: .gibibytes(20)))
            time = end + .random(in: 0...2, using: &random)
        }
        var readings: [MeterReading] = []
        for (t, bytes) in zip([3, 9, 21, 40, 58, 70] as [Int64], [5, 5, 900, 12_345, 99_999, 100_001] as [Int64]) {
            readings.append(reading(t, received: bytes, cpuTime: bytes * 7, transmitted: bytes / 3))
        }
        let whole = inputs(
            segments, readings: readings, policies: [try policy(from: 7), try policy(version: 2, from: 33, ratio: 20)],
            cards: [card(factor: factor), card(version: 2, from: 25, vcpu: 12_345_677, factor: factor)])
        var cut = whole
        cut.segments = segments.flatMap { $0.cut(3, using: &random) }
        cut.segments.shuffle(using: &random)
        cut.readings.shuffle(using: &random)
        cut.policies.shuffle(using: &random)
        cut.rateCards.shuffle(using: &random)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let bill = try Rating.bill(whole)
        #expect(try encoder.encode(bill) == encoder.encode(Rating.bill(cut)), "seed \(seed)")
        #expect(try JSONDecoder().decode(Bill.self, from: encoder.encode(bill)) == bill, "seed \(seed)")
        #expect(
            bill.totalNanos.units == bill.lines.map(\.amountNanos.units).reduce(0, +), "seed \(seed)")
    }
}
