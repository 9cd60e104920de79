// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite struct ManagedGridTests {
    private static let minute: Int64 = 60 * second

    private func question(
        _ step: CapacityStep, goal percent: Int64 = 2, maximum: VCPUCount = 8, isCooldownFixed: Bool = false
    ) -> ManagedPolicy.Question {
        ManagedPolicy.Question(
            goal: ManagedGoal(overloadedShare: Utilization(percent: percent)), minimum: step.capacity,
            maximum: Capacity(maximum), step: step, terms: ReplayTerms(.platform, windowLength: 12),
            isCooldownFixed: isCooldownFixed)
    }

    /// One sample a minute of a machine of 8 vCPUs; `demand` is in percent of one vCPU.
    private func history(_ count: Int, _ demand: (Int) -> Int64) -> DemandHistory {
        var history = DemandHistory(intervalNanoseconds: Self.minute)
        for t in 0..<count {
            history.append(
                at: Timestamp(nanoseconds: Int64(t + 1) * Self.minute),
                utilization: Utilization(ppm: demand(t) * 1_250), vcpus: 8)
        }
        return history
    }

    @Test("no policy that can be chosen must flap, whatever the step and the sizes", arguments: CapacityStep.allCases)
    func acceptable(step: CapacityStep) {
        for maximum in [1, 2, 8, 64, 65_536] {
            let grid = ManagedPolicy.grid(question(step, maximum: VCPUCount(clamping: maximum)))
            #expect(!grid.isEmpty && grid.count <= 16 * 8)
            for policy in grid {
                #expect(policy.grid.step == step && policy.grid.maximum == Capacity(clamping: maximum * 1_000))
                let check = PolicyCheck(policy, windowLength: 12, settings: .platform)
                #expect(check.isAcceptable, "\(check.refusals)")
            }
        }
    }

    @Test("the floors that are tried lie on the grid, from the smallest size to the largest, at most sixteen")
    func floors() {
        let texts = { (step: CapacityStep, maximum: VCPUCount) in
            ManagedPolicy.floors(question(step, maximum: maximum)).map(\.description)
        }
        #expect(texts(.tenth, 2) == ["0.1", "0.2", "0.3", "0.5", "0.8", "1.2", "1.8", "2"])
        #expect(texts(.quarter, 2) == ["0.25", "0.5", "0.75", "1.25", "2"])
        #expect(texts(.whole, 4) == ["1", "2", "3", "4"])
        #expect(texts(.whole, 64).count == 16 && texts(.whole, 64).last == "64")
        #expect(texts(.tenth, 65_536).count <= 16 && texts(.tenth, 65_536).last == "65536")
    }

    @Test("an idle machine gets the smallest size of its grid", arguments: CapacityStep.allCases)
    func idle(step: CapacityStep) throws {
        let choice = try ManagedPolicy.choose(question(step), from: history(1_440) { _ in 2 })
        #expect(choice.policy.grid.minimum == step.capacity)
        #expect(choice.expected?.isGoalKept == true)
    }

    @Test("smaller steps leave less idle at the same goal")
    func finer() throws {
        let past = history(2_880) { (480..<1_080).contains($0 % 1_440) ? 130 : 12 }
        let slacks = try CapacityStep.allCases.map { step in
            try #require(ManagedPolicy.choose(question(step), from: past).expected).slack
        }
        #expect(slacks == slacks.sorted(by: >), "\(slacks)")
        #expect(slacks.first != slacks.last)
    }

    @Test("before there is history the balanced preset holds on the grid; sizes that are not on it are refused")
    func sizes() throws {
        let choice = try ManagedPolicy.choose(question(.tenth), from: history(0) { _ in 0 })
        #expect(choice.policy.grid == CapacityGrid(minimum: .floor, maximum: Capacity(8), step: .tenth))
        var odd = question(.quarter)
        odd.minimum = Capacity(clamping: 300)
        #expect(throws: ScalingPolicy.Fault.self) { try ManagedPolicy.choose(odd, from: history(0) { _ in 0 }) }
        odd.step = .whole
        odd.maximum = Capacity(clamping: 8_500)
        #expect(throws: ScalingPolicy.Fault.self) { try ManagedPolicy.choose(odd, from: history(0) { _ in 0 }) }
    }

    @Test("what no size could have helped has no price: a machine that is often at its maximum is not held there")
    func helpless() throws {
        // Fully busy for a third of the day, and idle for the rest but for some readings of half a vCPU.
        let past = history(4_320) { $0 % 1_440 < 480 ? 800 : $0 % 33 == 0 ? 50 : 10 }
        let asked = question(.quarter, goal: 5)
        let choice = try ManagedPolicy.choose(asked, from: past)
        let dear = ManagedPolicy.grid(asked).map { Trial($0, question: asked, history: past) }
        let held = try #require(dear.min { $0.price < $1.price })
        #expect(choice.policy.grid.minimum < held.policy.grid.minimum)
        #expect(choice.expected?.isGoalKept == false)
        #expect(choice.policy.grid.minimum < Capacity(1))
        #expect(choice.why.contains("raise the maximum size"), "\(choice.why)")
    }

    @Test(
        "a longer rest before shrinks is chosen where it pays, kept while it holds, and never against the tenant's own")
    func cooldown() throws {
        // Bursts of three minutes every ten: who gives back at once is overloaded again.
        let past = history(1_440) { $0 % 10 < 3 ? 150 : 10 }
        let choice = try ManagedPolicy.choose(question(.tenth, goal: 10), from: past)
        let long = Cooldown(upNanoseconds: 30 * second, downNanoseconds: 12 * Self.minute)
        #expect(choice.cooldown == long, "\(choice.why)")
        #expect(choice.why.contains("at least 12 min before a shrink"), "\(choice.why)")
        var again = question(.tenth, goal: 10)
        again.present = choice.policy
        again.presentCooldown = choice.cooldown
        #expect(try ManagedPolicy.choose(again, from: past) == choice)
        let fixed = try ManagedPolicy.choose(question(.tenth, goal: 10, isCooldownFixed: true), from: past)
        #expect(fixed.cooldown == nil)
        #expect(try ManagedPolicy.choose(question(.whole, goal: 10), from: past).cooldown == nil)
    }

    @Test("says the sizes and the step in plain words")
    func words() throws {
        let choice = try ManagedPolicy.choose(question(.quarter), from: history(1_440) { _ in 10 })
        #expect(choice.why.contains("0.25 to 8 vCPUs in steps of 0.25 with U1"), "\(choice.why)")
    }

    @Test("a policy of whole vCPUs is written as it always was, another one with its grid")
    func coding() throws {
        let whole = try PolicyPreset.balanced.policy(maximumVCPUs: 8)
        let text = String(decoding: try JSONEncoder.sorted.encode(whole), as: UTF8.self)
        #expect(text == #"{"lower":300000,"maximumVCPUs":8,"minimumVCPUs":1,"ratio":666666,"upper":800000}"#)
        let grid = try #require(CapacityGrid(minimum: .floor, maximum: Capacity(8), step: .tenth))
        for policy in [whole, try PolicyPreset.balanced.policy(grid: grid)] {
            let bytes = try JSONEncoder.sorted.encode(policy)
            #expect(try JSONDecoder().decode(ScalingPolicy.self, from: bytes) == policy)
        }
        #expect(try PolicyPreset.balanced.policy(grid: grid).minimumVCPUs == 1)
    }
}

extension JSONEncoder {
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}
