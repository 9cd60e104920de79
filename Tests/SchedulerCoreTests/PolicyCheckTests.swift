// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite struct PolicyCheckTests {
    private func check(
        lower: Int64, upper: Int64, minimum: VCPUCount = 1, maximum: VCPUCount = 4, ratio: Int64 = 70
    ) throws -> PolicyCheck {
        PolicyCheck(
            try policy(lower: lower, upper: upper, ratio: ratio, minimum: minimum, maximum: maximum), windowLength: 10,
            settings: .platform)
    }

    @Test("a policy whose U1 at the next size is above U2 at this one must flap, and is refused with the numbers")
    func flaps() throws {
        #expect(try check(lower: 40, upper: 80).isAcceptable)
        let refused = try check(lower: 41, upper: 80)
        #expect(refused.refusals.count == 1)
        #expect(refused.refusals.first?.contains("between 1 and 2 vCPUs") == true)
        #expect(refused.refusals.first?.contains("lower U1 to 40 % or less") == true)
        #expect(try check(lower: 53, upper: 80, minimum: 2).isAcceptable)
        #expect(try !check(lower: 54, upper: 80, minimum: 2).isAcceptable)
        #expect(try check(lower: 79, upper: 80, minimum: 2, maximum: 2).isAcceptable, "one size can't flap")
    }

    @Test("exactly the refused policies have a load that fits no size", arguments: 1...200)
    func everyLoadFits(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let lower = Int64.random(in: 0...90, using: &random)
        let upper = Int64.random(in: (lower + 1)...100, using: &random)
        let minimum = Int.random(in: 1...3, using: &random)
        let maximum = Int.random(in: minimum...8, using: &random)
        let isAcceptable = try check(
            lower: lower, upper: upper, minimum: VCPUCount(clamping: minimum), maximum: VCPUCount(clamping: maximum)
        ).isAcceptable
        // Loads between the idlest and the busiest that the sizes are for, in hundredths of a core's percent.
        let loads = (lower * 100 * Int64(minimum))...(upper * 100 * Int64(maximum))
        let isHomeless = loads.contains { load in
            !(minimum...maximum).contains { size in
                load >= lower * 100 * Int64(size) && load <= upper * 100 * Int64(size)
            }
        }
        #expect(isAcceptable == !isHomeless, "seed \(seed): \(lower) to \(upper) %, \(minimum) to \(maximum) vCPUs")
    }

    @Test("bounds for memory and network must be further apart than one step")
    func amounts() throws {
        let rule = { (lower: Int64) in
            try ResourceRule(
                lower: Utilization(percent: lower), upper: Utilization(percent: 80), minimum: 1_000_000,
                maximum: 1_000_000_000)
        }
        let refused = PolicyCheck(
            try PolicyPreset.balanced.policy(maximumVCPUs: 4, memory: rule(77), network: rule(73)), windowLength: 12,
            settings: .platform)
        #expect(refused.refusals.count == 2)
        let accepted = PolicyCheck(
            try PolicyPreset.balanced.policy(maximumVCPUs: 4, memory: rule(76), network: rule(72)), windowLength: 12,
            settings: .platform)
        #expect(accepted.isAcceptable)
        #expect(accepted.worstCases.map(\.resource) == Resource.allCases)
    }

    @Test("every preset is acceptable", arguments: PolicyPreset.allCases)
    func presets(preset: PolicyPreset) throws {
        let policy = try preset.policy(maximumVCPUs: 8)
        #expect(
            PolicyCheck(
                policy, options: PolicyOptions(preset: preset), windowLength: preset.windowLength, settings: .platform
            ).isAcceptable)
    }

    @Test("the worst case of the platform's cooldowns: a pair of actions per 330 s, and the way through the sizes once")
    func worstCase() throws {
        let worst = try #require(check(lower: 30, upper: 80).worstCases.first)
        #expect((worst.restUp, worst.restDown, worst.steps) == (35 * second, 300 * second, 3))
        #expect(worst.actions(within: 3_600 * second) == 2 * 11 + 3)
        #expect(worst.actions(within: 60 * second) == 2)
    }
}
