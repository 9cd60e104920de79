// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

@Suite struct UtilizationWindowTests {
    private func window(_ percents: [Int64], length: Int = 10) -> UtilizationWindow {
        var window = UtilizationWindow()
        for (index, percent) in percents.enumerated() {
            let t = Int64(index + 1)
            window.record(sample(t, percent: percent), intervalStart: at(t - 1), keeping: length)
        }
        return window
    }

    private func due(_ percents: [Int64], ratio: Int64 = 70) throws -> Direction? {
        try BreachCount(window(percents).samples, policy: policy(ratio: ratio), windowLength: 10).due
    }

    @Test("M breaches are enough before the window is full")
    func notFull() throws {
        #expect(try due([81, 81, 81, 81, 81, 81]) == nil)
        #expect(try due([81, 81, 81, 81, 81, 81, 81]) == .up)
        #expect(try due([14, 14, 14, 14, 14, 14, 14]) == .down)
    }

    @Test("a sample at a bound is not a breach")
    func atBound() throws {
        #expect(try due(Array(repeating: 80, count: 10)) == nil)
        #expect(try due(Array(repeating: 15, count: 10)) == nil)
    }

    @Test("the window slides: an old breach leaves as the eleventh sample comes")
    func slides() throws {
        #expect(try due([90, 50, 50, 50, 90, 90, 90, 90, 90, 90]) == .up)
        #expect(try due([90, 50, 50, 50, 50, 90, 90, 90, 90, 90, 90]) == nil)
    }

    @Test("the ratio decides M", arguments: [(1, 1), (70, 7), (71, 8), (100, 10)])
    func ratio(percent: Int64, needed: Int) throws {
        #expect(try policy(ratio: percent).breachesNeeded(windowLength: 10) == needed)
        #expect(try due(Array(repeating: 90, count: needed), ratio: percent) == .up)
        #expect(try due(Array(repeating: 90, count: needed - 1), ratio: percent) == nil)
    }

    @Test("growing wins where both directions have their breaches")
    func bothDirections() throws {
        #expect(try due([5, 90], ratio: 10) == .up)
    }

    @Test("an interval that began before the restart does not count, the next one does")
    func restart() {
        var window = window([90, 90, 90])
        window.restart(countingFrom: Timestamp(nanoseconds: 3 * interval + 1))
        #expect(window.samples.isEmpty)
        let refused1 = window.record(sample(4, percent: 90), intervalStart: at(3), keeping: 10)
        #expect(!refused1)
        let taken2 = window.record(sample(5, percent: 90), intervalStart: at(4), keeping: 10)
        #expect(taken2)
    }

    @Test("nothing counts while a change is in flight")
    func suspended() {
        var window = window([90])
        window.suspend()
        let refused3 = window.record(sample(50, percent: 90), intervalStart: at(49), keeping: 10)
        #expect(!refused3)
        #expect(window.samples.isEmpty)
    }

    @Test("a sample that is not newer is a repetition and fills no slot")
    func repetition() {
        var window = window([90, 90])
        let refused4 = window.record(sample(2, percent: 10), intervalStart: at(1), keeping: 10)
        #expect(!refused4)
        let refused5 = window.record(sample(1, percent: 10), intervalStart: at(0), keeping: 10)
        #expect(!refused5)
        #expect(window.samples.count == 2)
    }
}
