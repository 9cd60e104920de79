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

    @Test("a counter is zero when its incarnation begins, and each reading adds its growth")
    func growth() {
        #expect(network([reading(1, received: 10), reading(2, received: 25)]) == [10, 15])
    }

    @Test("a reading at the first observation is what the rest is measured from")
    func baseline() {
        #expect(network([reading(5, received: 1_000, start: 5), reading(6, received: 1_007, start: 5)]) == [7])
    }

    @Test("a new incarnation begins at zero, and the unread tail of the old one is not billed")
    func incarnations() {
        let readings = [reading(1, received: 10), reading(12, received: 4, start: 10), reading(5, received: 30)]
        #expect(network(readings) == [10, 20, 4])
    }

    @Test("an unknown reading is passed over, and a counter that falls grows nothing")
    func unknown() {
        #expect(network([reading(1, received: 10), reading(2, received: nil), reading(3, received: 16)]) == [10, 6])
        #expect(network([reading(1, received: 10), reading(2, received: 3), reading(3, received: 5)]) == [10, 2])
    }

    @Test("an interval across a boundary splits by time: floor, the remainder to the later part")
    func proRata() {
        #expect(network([reading(3, received: 10)], cuts: [at(1)]) == [3, 7])
        #expect(network([reading(3, received: 10)], cuts: [at(1), at(2)]) == [3, 3, 4])
    }

    @Test("over random boundaries and bills no byte is lost and none is billed twice", arguments: 1...100)
    func conservation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (time, bytes): (Int64, Int64) = (0, 0)
        let readings = (0..<20).map { _ in
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
}
