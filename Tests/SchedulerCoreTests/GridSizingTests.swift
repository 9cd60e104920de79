// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite struct GridSizingTests {
    /// U1 30 %, U2 80 %: their middle is 55 %.
    private func sizing(
        _ step: CapacityStep, minimum: Int64? = nil, maximum: Int64 = 4_000, lower: Int64 = 30, upper: Int64 = 80
    ) throws -> GridSizing {
        let grid = try #require(
            CapacityGrid(
                minimum: Capacity(clamping: minimum ?? step.thousandths), maximum: Capacity(clamping: maximum),
                step: step))
        return GridSizing(grid: grid, lower: Utilization(percent: lower), upper: Utilization(percent: upper))
    }

    /// A window at `size`, of demands in thousandths of a vCPU.
    private func window(_ size: Int64, _ demands: [Int64]) -> GridWindow {
        let highest = demands.max() ?? 0
        return GridWindow(
            highest: highest * 1_000, percentile: GridWindow.percentile(of: demands.map { $0 * 1_000 }),
            use: Utilization(numerator: Int128(min(highest, size)), denominator: Int128(size)) ?? .full)
    }

    private func target(_ sizing: GridSizing, _ direction: Direction, _ size: Int64, _ demands: [Int64]) -> Int64? {
        sizing.target(direction, from: Capacity(clamping: size), seeing: window(size, demands))?.thousandths
    }

    @Test(
        "a domain grows to the smallest size at which its highest demand lies in the middle of the bounds or below",
        arguments: [
            (.half, 1_000, 850, 2_000), (.half, 1_000, 820, 1_500), (.quarter, 1_000, 850, 1_750),
            (.quarter, 250, 210, 500), (.tenth, 1_000, 850, 1_600), (.tenth, 100, 90, 200), (.tenth, 1_000, 825, 1_500),
            (.tenth, 3_500, 3_000, 4_000),
        ] as [(CapacityStep, Int64, Int64, Int64)])
    func grows(step: CapacityStep, size: Int64, demand: Int64, target: Int64) throws {
        #expect(try self.target(sizing(step), .up, size, [100, demand, 0]) == target)
    }

    @Test(
        "with a capped sample a domain grows at least to one and a half times its size, rounded up, within the maximum",
        arguments: [
            (.half, 500, 500, 1_000), (.half, 1_500, 1_425, 3_000), (.quarter, 250, 250, 500),
            (.quarter, 1_000, 949, 1_750), (.tenth, 100, 95, 200), (.tenth, 300, 300, 600),
            (.tenth, 3_000, 3_000, 4_000),
        ] as [(CapacityStep, Int64, Int64, Int64)])
    func growsWhenCapped(step: CapacityStep, size: Int64, demand: Int64, target: Int64) throws {
        #expect(try self.target(sizing(step), .up, size, [demand]) == target)
        // Bounds whose middle is above two thirds ask for less than half as much again.
        #expect(try self.target(sizing(.tenth, lower: 70, upper: 90), .up, 1_000, [950]) == 1_500)
        #expect(try self.target(sizing(.tenth, lower: 70, upper: 90), .up, 1_000, [949]) == 1_200)
    }

    @Test("a demand that is known beyond the size is grown to at once, however far it is")
    func growsToKnownDemand() throws {
        #expect(try target(sizing(.quarter), .up, 250, [1_100]) == 2_000)
        #expect(try target(sizing(.quarter), .up, 250, [Int64.max / 2_000]) == 4_000)
    }

    @Test(
        "a domain shrinks to the smallest size that nine in ten samples leave below the middle, and none above U2",
        arguments: [
            (.half, 2_000, 500, 500, 1_000), (.quarter, 2_000, 500, 500, 1_000), (.tenth, 2_000, 500, 500, 1_000),
            (.tenth, 2_000, 549, 549, 1_000), (.tenth, 2_000, 550, 550, 1_100), (.tenth, 2_000, 100, 560, 700),
            (.tenth, 2_000, 100, 561, 800), (.quarter, 2_000, 0, 0, 250), (.tenth, 4_000, 0, 0, 100),
        ] as [(CapacityStep, Int64, Int64, Int64, Int64)])
    func shrinks(step: CapacityStep, size: Int64, ordinary: Int64, highest: Int64, target: Int64) throws {
        let demands = Array(repeating: ordinary, count: 11) + [highest]
        #expect(try self.target(sizing(step), .down, size, demands) == target)
    }

    @Test(
        "a window with one capped sample never shrinks, whatever the rest", arguments: CapacityStep.allCases.dropFirst()
    )
    func cappedStays(step: CapacityStep) throws {
        let idle = Array(repeating: Int64(0), count: 11)
        #expect(try target(sizing(step), .down, 2_000, idle + [1_900]) == nil)
        #expect(try target(sizing(step), .down, 2_000, idle + [1_599]) == nil, "the projection is above U2")
        #expect(try target(sizing(step, upper: 99), .down, 2_000, idle + [1_400]) == 1_500)
    }

    @Test("with whole vCPUs it is one more or one less, where the projection passes, as it always was")
    func whole() throws {
        let whole = try sizing(.whole)
        #expect(target(whole, .up, 1_000, [1_000]) == 2_000)
        #expect(target(whole, .up, 2_000, [2_000]) == 3_000)
        #expect(target(whole, .up, 2_000, [800]) == nil)
        #expect(target(whole, .up, 4_000, [4_000]) == nil)
        #expect(target(whole, .down, 4_000, [0]) == 3_000)
        #expect(target(whole, .down, 3_000, [1_600]) == 2_000)
        #expect(target(whole, .down, 3_000, [1_601]) == nil)
        #expect(target(whole, .down, 1_000, [0]) == nil)
    }

    @Test("a size that is not on the grid moves onto it in the direction that is due")
    func offGrid() throws {
        #expect(try target(sizing(.whole), .up, 1_500, [1_500]) == 2_000)
        #expect(try target(sizing(.whole), .down, 1_500, [0]) == 1_000)
        #expect(try target(sizing(.quarter), .up, 300, [270]) == 500)
        #expect(try target(sizing(.quarter), .down, 600, [270]) == 500)
        #expect(try target(sizing(.half, minimum: 1_000), .up, 300, [270]) == 1_000)
        #expect(try target(sizing(.half, maximum: 2_000), .down, 3_000, [900]) == 2_000)
    }

    @Test("every choice is the smallest size of the grid that does what it must", arguments: 0..<40)
    func bruteForce(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for step in CapacityStep.allCases.dropFirst() {
            let upper = Int64.random(in: 20...100, using: &random)
            let lower = Int64.random(in: 0..<upper, using: &random)
            let sizing = try sizing(step, maximum: 5_000, lower: lower, upper: upper)
            let sizes = stride(from: step.thousandths, through: 5_000, by: Int(step.thousandths))
            for _ in 0..<40 {
                let size = Int64.random(in: 1...5_000, using: &random)
                let busiest = Int64.random(in: 0...size, using: &random)
                let demands = (0..<12).map { _ in Int64.random(in: 0...busiest, using: &random) }
                let highest = demands.max() ?? 0
                let ordinary = demands.sorted()[10]
                let isCapped = highest * 100 >= size * 95
                let grown = sizes.first {
                    $0 > size && 200 * highest <= (lower + upper) * $0 && (!isCapped || 2 * $0 >= 3 * size)
                }
                let note = "seed \(seed), \(size) of step \(step), \(lower) to \(upper) %: \(demands)"
                #expect(target(sizing, .up, size, demands) == (grown ?? (size < 5_000 ? 5_000 : nil)), "\(note)")
                let use = Utilization(numerator: Int128(highest), denominator: Int128(size)) ?? .full
                let shrunk = sizes.first {
                    200 * ordinary < (lower + upper) * $0
                        && ScalingRule.projection(use, from: size, to: $0) <= Utilization(percent: upper)
                }
                let down = isCapped ? nil : shrunk.flatMap { $0 < size ? $0 : nil }
                #expect(target(sizing, .down, size, demands) == down, "\(note)")
            }
        }
    }

    @Test("whatever a window shows, the size stays within the policy's, or does not move", arguments: 0..<20)
    func hostile(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for step in CapacityStep.allCases {
            let sizing = try sizing(step, maximum: Capacity.limit.thousandths, lower: 0, upper: 1)
            for _ in 0..<50 {
                let window = GridWindow(
                    highest: Int64.random(in: Int64.min...Int64.max, using: &random),
                    percentile: Int64.random(in: Int64.min...Int64.max, using: &random),
                    use: Utilization(ppm: Int64.random(in: Int64.min...Int64.max, using: &random)))
                let size = Capacity(clamping: Int64.random(in: Capacity.bounds, using: &random))
                for direction in [Direction.up, .down] {
                    let target = sizing.target(direction, from: size, seeing: window)
                    #expect(target.map { sizing.grid.contains($0) && $0 != size } ?? true, "seed \(seed)")
                }
            }
        }
    }

    @Test("the nearest-rank 90th percentile is the smallest value that nine tenths of the values do not pass")
    func percentile() {
        #expect(GridWindow.percentile(of: [Int64]()) == 0)
        #expect(GridWindow.percentile(of: [7]) == 7)
        #expect(GridWindow.percentile(of: 1...10) == 9)
        #expect(GridWindow.percentile(of: 1...12) == 11)
        #expect(GridWindow.percentile(of: [5, 1, 1, 1, 1, 1, 1, 1, 1, 1]) == 1)
    }
}
