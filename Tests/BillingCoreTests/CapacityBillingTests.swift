// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import BillingCore

@Suite("Fractions of a vCPU on bills")
struct CapacityBillingTests {
    private let hour = 60 * Int128(minute)
    private let flat = PricingFactor(
        base: Utilization(percent: 75), minimum: Utilization(percent: 75), maximum: Utilization(percent: 75))

    private func policy(
        minimum: Int64, maximum: Int64 = 4_000, step: CapacityStep, version: Int64 = 1, from: Int64 = 0
    ) throws -> PolicyVersion {
        let grid = try #require(
            CapacityGrid(
                minimum: Capacity(clamping: minimum), maximum: Capacity(clamping: maximum), step: step))
        return PolicyVersion(
            domain: web, version: version, validFrom: at(from),
            policy: try ScalingPolicy(
                lower: Utilization(percent: 15), upper: Utilization(percent: 80), ratio: Utilization(percent: 70),
                grid: grid), windowLength: 10)
    }

    @Test(
        "a quarter of a vCPU for four hours costs exactly what one vCPU costs for one", arguments: [1, 7, 20_000_001])
    func quarter(price: Int64) throws {
        let bills = try [segment(0, 240, thousandths: 250), segment(0, 60, thousandths: 1_000)].map {
            try Rating.bill(inputs([$0], cards: [card(vcpu: price)], period: range(0, 240)))
        }
        #expect(bills.map(\.totalNanos) == [Quantity(Int128(price)), Quantity(Int128(price))])
        #expect(bills.map { $0.lines.map(\.unit) } == [[.thousandthVCPUNanosecond], [.vcpuNanosecond]])
        #expect(bills.map { $0.lines.map(\.quantity.units) } == [[1_000 * hour], [hour]])
    }

    @Test("a line is rounded once, half to even, also from thousandths of a vCPU")
    func rounding() throws {
        // Half a nano-unit, one and a half, and a little more than half.
        for (thousandths, nanos) in [(500, 0), (1_500, 2), (501, 1)] as [(Int64, Int128)] {
            let given = inputs([segment(0, 60, thousandths: thousandths)], cards: [card(vcpu: 1)])
            #expect(try Rating.bill(given).totalNanos == Quantity(nanos), "\(thousandths)")
        }
        // Sixty thirds of a minute, each below half a nano-unit.
        let minutes = (0..<60).map { segment($0, $0 + 1, thousandths: $0 % 2 == 0 ? 333 : 334) }
        // 0.3335 vCPU·hours at 3 nano-units.
        #expect(try Rating.bill(inputs(minutes, cards: [card(vcpu: 3)])).totalNanos == 1)
    }

    @Test("whole sizes are billed in the unit, with the numbers and in the words that they always had")
    func whole() throws {
        let bill = try Rating.bill(
            inputs(
                [segment(0, 30, vcpus: 1), segment(30, 60, vcpus: 3)], policies: [policy(minimum: 1_000, step: .whole)])
        )
        #expect(bill.lines.map(\.unit) == [.vcpuNanosecond, .vcpuNanosecond])
        #expect(bill.lines.map(\.quantity.units) == [hour, hour])
        #expect(bill.lines.flatMap(\.details).map(\.size) == [1, 2])
        #expect(bill.lines.flatMap(\.details).allSatisfy { $0.capacity == nil })
        #expect(
            bill.terms().hasPrefix(
                """
                C(acme) = Σ C · X · f over \(range(0, 60))
                web vcpu, base: 0.02 EUR per vCPU·hour · 3600000000000 vCPU·ns · f 100 % = 0.02 EUR
                  host-a \(range(0, 60)): X 3600000000000 of 1 vCPU, policy 1, rate card 1
                web vcpu, elastic: 0.02 EUR per vCPU·hour · 3600000000000 vCPU·ns · f 100 % = 0.02 EUR
                  host-a \(range(30, 60)): X 3600000000000 of 2 vCPUs, policy 1, rate card 1
                """))
    }

    @Test("one size that is not whole makes its line, and no other, count thousandths, whole parts of it too")
    func mixedLine() throws {
        let bill = try Rating.bill(
            inputs(
                [
                    segment(0, 30, thousandths: 2_000, memory: .gibibytes(1)),
                    segment(30, 60, thousandths: 2_500, host: "host-b", memory: .gibibytes(1)),
                ], policies: [policy(minimum: 1_000, step: .half)], cards: [card(factor: flat)]))
        #expect(bill.lines.map(\.unit) == [.vcpuNanosecond, .thousandthVCPUNanosecond, .byteNanosecond])
        #expect(bill.lines.map(\.quantity.units) == [hour, 1_250 * hour, hour << 30])
        #expect(bill.lines.map { $0.details.map(\.size) } == [[1, 1], [nil, nil], [1 << 30, 1 << 30]])
        #expect(
            bill.lines.map { $0.details.map { $0.capacity?.thousandths } } == [
                [nil, nil], [1_000, 1_500], [nil, nil],
            ])
        #expect(bill.lines[1].details.map(\.quantity.units) == [500 * hour, 750 * hour])
        // 1 vCPU·hour, 1.25 at 0.75, 1 GiB·hour.
        #expect(bill.lines.map(\.amountNanos) == [20_000_000, 18_750_000, 5_000_000])
        let text = bill.terms()
        #expect(text.contains("· 4500000000000000 mvCPU·ns · f 75 % = 0.01875 EUR"))
        #expect(text.contains("X 1800000000000000 of 1 vCPU, policy 1"))
        #expect(text.contains("X 2700000000000000 of 1.5 vCPUs, policy 1"))
    }

    @Test("a fractional minimum is the base as it stands, and the step of a policy changes no amount")
    func fractionalMinimum() throws {
        let sizes = [segment(0, 60, thousandths: 1_250)]
        let bill = try Rating.bill(
            inputs(sizes, policies: [policy(minimum: 250, step: .quarter)], cards: [card(factor: flat)]))
        #expect(bill.lines.map(\.part) == [.base, .elastic])
        #expect(bill.lines.map(\.unit) == [.thousandthVCPUNanosecond, .vcpuNanosecond])
        #expect(bill.lines.map(\.quantity.units) == [250 * hour, hour])
        #expect(bill.lines.map(\.amountNanos) == [5_000_000, 15_000_000])
        #expect(bill.lines.flatMap(\.details).map(\.capacity) == [Capacity(clamping: 250), nil])
        #expect(bill.terms().contains("X 900000000000000 of 0.25 vCPU, policy 1"))

        let totals = try [CapacityStep.half, .quarter, .tenth].map { step in
            try Rating.bill(
                inputs(sizes, policies: [policy(minimum: 500, step: step)], cards: [card(factor: flat)])
            ).totalNanos
        }
        #expect(totals == [21_250_000, 21_250_000, 21_250_000])
        // All that the policy may not take back.
        let idle = try Rating.bill(
            inputs([segment(0, 60, thousandths: 200)], policies: [policy(minimum: 250, step: .quarter)]))
        #expect(idle.lines.map(\.part) == [.base] && idle.totalNanos == 4_000_000)
    }

    @Test("a row of usage counts thousandths where any size on that host was not whole")
    func usage() throws {
        let rows = try Rating.usage(
            inputs([
                segment(0, 20, thousandths: 2_000), segment(20, 40, thousandths: 500),
                segment(40, 60, thousandths: 3_000, host: "host-b", disk: .gibibytes(1)),
            ])
        ).rows
        #expect(rows.map(\.unit) == [.thousandthVCPUNanosecond, .vcpuNanosecond, .byteNanosecond])
        #expect(rows.map(\.quantity.units) == [50_000 * Int128(minute), hour, 20 * Int128(minute) << 30])
    }

    @Test("a fixed size may be a fraction, and is that of every time in which the VM ran")
    func fixedSize() throws {
        let given = inputs(
            [
                segment(0, 20, thousandths: 250), segment(20, 40, thousandths: 4_000),
                segment(40, 60, thousandths: 0, disk: .gibibytes(1)),
            ], policies: [try policy(minimum: 250, step: .quarter)], cards: [card(factor: flat)])
        let fixed = try Rating.fixedSizeBill(given, capacity: Capacity(clamping: 750))
        #expect(fixed.lines.map(\.resource) == [.vcpu, .disk])
        // 0.75 vCPU for 40 minutes.
        #expect(fixed.lines[0].amountNanos == 10_000_000 && fixed.lines[0].factor == .full)
    }

    @Test(
        "the largest size for longer than a century is exact at any price, and what a bill can't hold is refused by name"
    )
    func largest() throws {
        let ever = try #require(TimeRange(.zero, .distantFuture))
        let whole = SizeSegment(
            domain: web, host: "host-a", period: ever, capacity: .limit, memory: .zero, disk: .zero)
        let factor = PricingFactor(base: PricingFactor.limit, minimum: .zero, maximum: PricingFactor.limit)
        let given = inputs(
            [whole], policies: [try policy(minimum: 100, step: .tenth)], cards: [card(vcpu: .max, factor: factor)],
            period: ever, owned: [ever])
        let bill = try Rating.bill(given)
        let nanoseconds = Int128(ever.nanoseconds)
        #expect(nanoseconds > 100 * 365 * 24 * hour)
        let parts = bill.lines.map(\.quantity.units)
        #expect(parts == [100 * nanoseconds, 65_535_900 * nanoseconds])
        // Every term of the exact fraction is divisible once it is split into whole vCPU·hours and the rest.
        for (line, times) in zip(bill.lines, [1, 100] as [Int128]) {
            let (hours, rest) = line.quantity.units.quotientAndRemainder(dividingBy: 1_000 * hour)
            let price = Int128(Int64.max) * times
            let exact = hours * price
            let more = line.amountNanos.units - exact
            #expect(rest < 1_000 * hour && more >= 0 && more <= price)
        }
        let unit = MeteredResource.vcpu.unitsPerPricingUnit
        #expect(unit == 1_000 * hour)
        #expect(Rating.amount(quantity: .max, priceNanos: .max, factor: .full, unit: unit) == nil)
        #expect(
            "\(BillingFault.overflow(web, .vcpu))"
                == "the vcpu of domain \(web) is more than a bill can hold; split the period")
    }

    @Test("however sizes on and off the grid are cut, the bill is the same to the byte", arguments: 1...100)
    func cuts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var segments: [SizeSegment] = []
        var time: Int64 = 0
        while time < 60 {
            let end = time + .random(in: 1...15, using: &random)
            let sizes: [Int64] = [333, 250, 1_000, 2_500, 100, 1, .random(in: 0...8_000, using: &random)]
            segments.append(
                segment(time, end, thousandths: sizes.randomElement(using: &random) ?? 0, memory: .gibibytes(1)))
            time = end + .random(in: 0...2, using: &random)
        }
        let whole = inputs(
            segments,
            policies: [
                try policy(minimum: 250, step: .quarter, from: 7),
                try policy(minimum: 300, step: .tenth, version: 2, from: 33),
            ], cards: [card(vcpu: .random(in: 1...99, using: &random), factor: factor)])
        var cut = whole
        cut.segments = segments.flatMap { $0.cut(4, using: &random) }
        cut.segments.shuffle(using: &random)
        let bill = try Rating.bill(whole)
        #expect(try Rating.bill(cut) == bill && Rating.bill(cut).terms() == bill.terms(), "seed \(seed)")
        #expect(try Rating.usage(cut) == Rating.usage(whole), "seed \(seed)")
        #expect(
            try Rating.fixedSizeBill(cut, capacity: Capacity(clamping: 333))
                == Rating.fixedSizeBill(whole, capacity: Capacity(clamping: 333)), "seed \(seed)")
        // What was used is what the lines say, each in its own unit.
        let used = try Rating.usage(whole).rows.first { $0.resource == .vcpu }.map { Self.exact($0.quantity, $0.unit) }
        let billed = bill.lines.filter { $0.resource == .vcpu }.map { Self.exact($0.quantity, $0.unit) }.reduce(0, +)
        #expect(used ?? 0 == billed, "seed \(seed)")
        for line in bill.lines {
            #expect(line.details.map(\.quantity.units).reduce(0, +) == line.quantity.units, "seed \(seed)")
        }
    }

    @Test("the use of a period is that of its parts together, whichever units they are shown in", arguments: 1...100)
    func partition(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let segments = (0..<6 as Range<Int64>).map { number in
            let size: Int64 = Bool.random(using: &random) ? 2_000 : .random(in: 1...3_000, using: &random)
            return segment(number * 10, number * 10 + 10, thousandths: size)
        }
        let middle = Int64.random(in: 1...59, using: &random)
        let used = try [range(0, 60), range(0, middle), range(middle, 60)].map { period in
            try Rating.usage(inputs(segments, period: period)).rows.map { Self.exact($0.quantity, $0.unit) }
                .reduce(0, +)
        }
        #expect(used[0] == used[1] + used[2], "seed \(seed)")
    }

    @Test("a smaller capacity never costs more, whatever the fraction of the minimum", arguments: 1...100)
    func smallerIsNeverDearer(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let minimum = Int64.random(in: 1...40, using: &random) * 100
        let share = Utilization(percent: .random(in: 1...150, using: &random))
        let prices = card(
            vcpu: .random(in: 0...99, using: &random),
            factor: PricingFactor(base: share, minimum: .zero, maximum: share))
        var sizes: [(small: Int64, large: Int64)] = []
        for _ in 0..<12 {
            let large = Int64.random(in: 0...8_000, using: &random)
            sizes.append((.random(in: 0...large, using: &random), large))
        }
        let costs = try [\(small: Int64, large: Int64).small, \.large].map { size in
            let segments = sizes.enumerated().map { number, pair in
                segment(Int64(number) * 5, Int64(number) * 5 + 5, thousandths: pair[keyPath: size])
            }
            let policies = [try policy(minimum: minimum, step: .tenth)]
            return try Rating.bill(inputs(segments, policies: policies, cards: [prices])).totalNanos
        }
        #expect(costs[0] <= costs[1], "seed \(seed)")
    }

    /// In thousandths of a vCPU · ns.
    private static func exact(_ quantity: Quantity, _ unit: MeteredUnit) -> Int128 {
        quantity.units * (unit == .vcpuNanosecond ? 1_000 : 1)
    }
}
