// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import BillingCore

@Suite struct MeteringTests {
    private func network(
        _ readings: [MeterReading], period: TimeRange = range(0, 60), cuts: [Timestamp] = []
    ) -> [Int128] {
        Metering.counters(of: readings, within: period, cuts: cuts).filter { $0.resource == .network }.map(\.quantity)
    }

    @Test("each reading adds its growth, and a life that began at zero has a reading of zero")
    func growth() {
        #expect(network([reading(0, received: 0), reading(1, received: 10), reading(2, received: 25)]) == [10, 15])
    }

    @Test("a life's first reading is a baseline: what was counted before it is nobody's")
    func firstReading() {
        #expect(network([reading(1, received: 40_000_000_000), reading(2, received: 40_000_000_015)]) == [15])
    }

    @Test("a reading at the first observation is what the rest is measured from")
    func baseline() {
        #expect(network([reading(5, received: 1_000, start: 5), reading(6, received: 1_007, start: 5)]) == [7])
    }

    @Test("a new incarnation begins at zero, and the unread tail of the old one is not billed")
    func incarnations() {
        let readings = [
            reading(1, received: 10), reading(10, received: 0, start: 10), reading(12, received: 4, start: 10),
            reading(5, received: 30),
        ]
        #expect(network(readings) == [20, 4])
    }

    @Test("an unknown reading is passed over, and a counter that falls grows nothing")
    func unknown() {
        #expect(network([reading(1, received: 10), reading(2, received: nil), reading(3, received: 16)]) == [6])
        #expect(network([reading(1, received: 10), reading(2, received: 3), reading(3, received: 5)]) == [2])
    }

    @Test("an interval across a boundary splits by time: floor, the remainder to the later part")
    func proRata() {
        let readings = [reading(0, received: 0), reading(3, received: 10)]
        #expect(network(readings, cuts: [at(1)]) == [3, 7])
        #expect(network(readings, cuts: [at(1), at(2)]) == [3, 3, 4])
    }

    @Test("over random boundaries and bills no byte is lost and none is billed twice", arguments: 1...100)
    func conservation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (time, bytes): (Int64, Int64) = (0, 0)
        let readings =
            [reading(0, received: 0)]
            + (0..<20).map { _ in
                time += .random(in: 1...9, using: &random)
                bytes += .random(in: 0...1_000, using: &random)
                return reading(time, received: bytes)
            }
        let cuts = (0..<5).map { _ in Timestamp(nanoseconds: .random(in: 0...(time * minute), using: &random)) }
        let boundary = Int64.random(in: 1..<time, using: &random)
        let first = network(readings, period: range(0, boundary), cuts: cuts)
        let second = network(readings, period: range(boundary, time), cuts: cuts)
        #expect((first + second).reduce(0, +) == Int128(bytes), "seed \(seed)")
    }

    @Test("whatever counters do, the parts of a period add up to it, however it is cut", arguments: 1...200)
    func additivity(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var time: Int64 = 0
        let readings = (0..<25).map { number in
            time += .random(in: 1...9, using: &random)
            // Falls, unknown readings, new lives.
            let value = Int64.random(in: 0...1_000_000, using: &random)
            return reading(
                time, received: Int.random(in: 0..<6, using: &random) == 0 ? nil : value, start: number < 15 ? 0 : 60,
                transmitted: value / 3)
        }
        let end = time + 3
        let bounds = Set((0..<6).map { _ in Int64.random(in: 1..<end, using: &random) }).sorted()
        let parts = zip([0] + bounds, bounds + [end]).map { network(readings, period: range($0, $1)).reduce(0, +) }
        #expect(network(readings, period: range(0, end)).reduce(0, +) == parts.reduce(0, +), "seed \(seed)")
    }
}
