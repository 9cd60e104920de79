// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite struct GridFlapTests {
    private func grid(_ step: CapacityStep, _ minimum: Int64, _ maximum: Int64) throws -> CapacityGrid {
        try #require(
            CapacityGrid(
                minimum: Capacity(clamping: minimum * step.thousandths),
                maximum: Capacity(clamping: maximum * step.thousandths), step: step))
    }

    /// Every load that can make a domain grow from `size`, and every size to which it then grows, in thousandths: the
    /// definition, counted out. U1 and U2 are in whole percent.
    private func flaps(_ grid: CapacityGrid, _ lower: Int64, _ upper: Int64) -> Bool {
        let sizing = GridSizing(grid: grid, lower: Utilization(percent: lower), upper: Utilization(percent: upper))
        let (step, largest) = (grid.step.thousandths, grid.maximum.thousandths)
        return stride(from: grid.minimum.thousandths, to: largest, by: Int(step)).contains { size in
            (0...size * 20).contains { twentieths in
                // In fifty parts per million of a vCPU, so that 95 % is one of them.
                let highest = twentieths * 50
                let isCapped = 100 * highest >= 95 * size * 1_000
                guard isCapped || 100 * highest > upper * size * 1_000 else { return false }
                let window = GridWindow(highest: highest, percentile: highest, use: .full)
                let target = sizing.target(.up, from: Capacity(clamping: size), seeing: window)
                guard let target = target?.thousandths else { return false }
                return lower * target > (isCapped ? 95 : upper) * size
            }
        }
    }

    @Test("the check refuses exactly the bounds that flap at some size of the grid", arguments: 0..<60)
    func bruteForce(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for step in CapacityStep.allCases.dropFirst() {
            let minimum = Int64.random(in: 1...6, using: &random)
            let grid = try grid(step, minimum, minimum + Int64.random(in: 0...14, using: &random))
            let upper = Int64.random(in: 30...100, using: &random)
            let lower = Int64.random(in: upper / 4..<upper, using: &random)
            let check = GridFlapCheck(grid: grid, upper: Utilization(percent: upper))
            let isFlapping = check.flap(Utilization(percent: lower)) != nil
            let note = "seed \(seed): \(lower) to \(upper) %, \(grid.minimum) to \(grid.maximum) by \(step)"
            #expect(isFlapping == flaps(grid, lower, upper), "\(note)")
            let fitting = (0...lower).last { !flaps(grid, $0, upper) } ?? 0
            let largest = check.largestLower(upTo: Utilization(percent: lower), quantum: 10_000)
            #expect(largest == Utilization(percent: fitting), "\(note)")
        }
    }

    @Test("a policy that must flap on its grid is refused with the sizes and the U1 that fits")
    func refused() throws {
        let policy = { (lower: Int64) in
            try ScalingPolicy(
                lower: Utilization(percent: lower), upper: Utilization(percent: 80), ratio: .full,
                grid: grid(.quarter, 1, 16))
        }
        let refused = PolicyCheck(try policy(41), windowLength: 12, settings: .platform)
        #expect(refused.refusals.count == 1)
        #expect(refused.refusals.first?.contains("between 0.25 and 0.5 vCPUs") == true, "\(refused.refusals)")
        #expect(refused.refusals.first?.contains("lower U1 to 40 % or less") == true, "\(refused.refusals)")
        let accepted = PolicyCheck(try policy(40), windowLength: 12, settings: .platform)
        #expect(accepted.isAcceptable, "\(accepted.refusals)")
        #expect(accepted.worstCases.first?.steps == 15)
    }

    @Test("every preset is acceptable with every step", arguments: PolicyPreset.allCases, CapacityStep.allCases)
    func presets(preset: PolicyPreset, step: CapacityStep) throws {
        let policy = try preset.policy(grid: grid(step, 1, 8_000 / step.thousandths))
        let check = PolicyCheck(policy, windowLength: preset.windowLength, settings: .platform)
        #expect(check.isAcceptable, "\(check.refusals)")
    }

    @Test("the largest grid is checked too, and one size can't flap")
    func extremes() throws {
        let largest = try #require(CapacityGrid(minimum: .floor, maximum: .limit, step: .tenth))
        let check = GridFlapCheck(grid: largest, upper: Utilization(percent: 80))
        #expect(check.flap(Utilization(percent: 79)) != nil)
        #expect(check.largestLower(upTo: Utilization(percent: 79)) > .zero)
        let one = try #require(CapacityGrid(minimum: .floor, maximum: .floor, step: .tenth))
        #expect(GridFlapCheck(grid: one, upper: .full).flap(Utilization(ppm: 999_999)) == nil)
    }
}
