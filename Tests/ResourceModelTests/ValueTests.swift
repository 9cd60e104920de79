// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@Suite("Values")
struct ValueTests {
    @Test(
        "a ratio that N can't represent is what N makes of it",
        arguments: [
            (700_000, 10, 700_000), (700_000, 12, 750_000), (1, 3, 333_333), (650_000, 3, 666_667),
            (1_000_000, 7, 1_000_000),
        ])
    func trueRatio(ratio: Int64, length: Int, expected: Int64) throws {
        let policy = try ScalingPolicy(
            lower: .zero, upper: .full, ratio: Utilization(ppm: ratio), maximumVCPUs: 4)
        #expect(policy.trueRatio(windowLength: length) == Utilization(ppm: expected))
    }

    @Test(
        "a share that is exactly on a bound stays on it, whatever the interval",
        arguments: [3, 7, 100_000_003, 5_000_000_019])
    func rounding(_ interval: Int64) {
        // 15 % of two vCPUs over the interval, as a counter in whole nanoseconds has it.
        let used = (Int128(interval) * 2 * 150_000 + 500_000) / 1_000_000
        let share = Utilization(numerator: used, denominator: Int128(interval) * 2)
        if interval > 1_000_000 { #expect(share == Utilization(percent: 15)) }
        #expect(Utilization(numerator: 1, denominator: 0) == nil)
        #expect(Utilization(numerator: -1, denominator: 5) == nil)
    }

    @Test("a share is shown with as many decimals as it needs")
    func shareText() {
        #expect(Utilization(percent: 80).description == "80 %")
        #expect(Utilization(ppm: 72_500).description == "7.25 %")
        #expect(Utilization(ppm: 1).description == "0.0001 %")
        #expect(Utilization(ppm: -10_000).description == "-1 %")
    }

    @Test("bytes are shown in the largest binary unit that divides them")
    func bytesText() {
        #expect(ByteCount.mebibytes(512).description == "512 MiB")
        #expect(ByteCount(clamping: 1_500).description == "1500 B")
        #expect(ByteCount(clamping: -1) == .zero)
    }

    @Test("an instant is shown in RFC 3339 with its nanoseconds, also before 1970 and on leap days")
    func instantText() {
        #expect(Timestamp.zero.description == "1970-01-01T00:00:00.000000000Z")
        #expect(Timestamp(nanoseconds: 951_782_400_000_000_001).description == "2000-02-29T00:00:00.000000001Z")
        #expect(Timestamp(nanoseconds: -1).description == "1969-12-31T23:59:59.999999999Z")
    }

    @Test("UUIDs survive text and bytes, and nothing else is one", arguments: 0..<50)
    func identifiers(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let id = UUID128.random(using: &generator)
        #expect(UUID128(id.description) == id, "seed \(seed)")
        #expect(UUID128(id.description.uppercased()) == id)
        #expect(UUID128(bytes: id.bytes) == id)
        #expect(UUID128(id.description.dropLast()) == nil)
        #expect(UUID128(id.description.replacing("-", with: "_")) == nil)
        #expect(UUID128(bytes: id.bytes.dropLast()) == nil)
    }

    @Test("names are 1 to 63 of a-z 0-9 . _ -, the first a letter or digit")
    func names() {
        for good in ["a", "host-1", "1.2_3", String(repeating: "x", count: 63)] { #expect(HostID(good) != nil) }
        for bad in ["", "-a", ".a", "A", "a b", "ä", "a/b", String(repeating: "x", count: 64)] {
            #expect(HostID(bad) == nil, "\(bad)")
        }
    }

    @Test("half-open periods contain their start and not their end")
    func periods() throws {
        let instant = { Timestamp(nanoseconds: $0) }
        let period = try #require(TimeRange(instant(10), instant(20)))
        #expect(period.contains(instant(10)) && !period.contains(instant(20)))
        #expect(TimeRange(instant(2), instant(1)) == nil)
        let next = try #require(TimeRange(instant(20), instant(30)))
        #expect(period.intersection(next) == nil)
        #expect(period.intersection(period) == period)
    }

    @Test(
        "a policy that can't be is refused with what is wrong",
        arguments: [
            (80, 15, 700_000), (15, 15, 700_000), (15, 101, 700_000), (-1, 80, 700_000), (15, 80, 0),
            (15, 80, 1_000_001),
        ])
    func faultyPolicies(_ lower: Int64, _ upper: Int64, _ ratio: Int64) {
        #expect(throws: ScalingPolicy.Fault.self) {
            try ScalingPolicy(
                lower: Utilization(percent: lower), upper: Utilization(percent: upper), ratio: Utilization(ppm: ratio),
                maximumVCPUs: 4)
        }
    }

    @Test(
        "M is the ratio of N rounded up, and at least 1",
        arguments: [(700_000, 10, 7), (1, 10, 1), (650_000, 10, 7), (1_000_000, 12, 12)])
    func breaches(_ ratio: Int64, _ length: Int, _ expected: Int) throws {
        let policy = try ScalingPolicy(
            lower: Utilization(percent: 15), upper: Utilization(percent: 80), ratio: Utilization(ppm: ratio),
            maximumVCPUs: 4)
        #expect(policy.breachesNeeded(windowLength: length) == expected)
    }
}
