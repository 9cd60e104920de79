// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import SchedulerCore

@Suite struct ScalingRuleTests {
    private func inputs(_ percents: [Int64], vcpus: VCPUCount = 2, steal: Int64? = nil) throws -> RuleInputs {
        RuleInputs(
            domain: domainID(1), host: "host-a", at: at(Int64(percents.count)), policyVersion: 3,
            policy: try policy(), windowLength: 10, staleAfterNanoseconds: 20 * interval,
            samples: percents.enumerated().map { sample(Int64($0 + 1), percent: $1, vcpus: vcpus, steal: steal) },
            vcpus: vcpus, ceiling: 8, isManaged: true, hostMode: .enabled, isChangeInFlight: false,
            cooldownUpNanoseconds: 30 * second, cooldownDownNanoseconds: 300 * second,
            stealBound: Utilization(percent: 5), maximumDenials: 4)
    }

    private func find(
        _ percents: [Int64], vcpus: VCPUCount = 2, steal: Int64? = nil,
        _ change: (inout RuleInputs) throws -> Void = { _ in }
    ) throws -> Finding {
        var inputs = try inputs(percents, vcpus: vcpus, steal: steal)
        try change(&inputs)
        return ScalingRule.find(inputs)
    }

    private let busy = Array(repeating: Int64(90), count: 10)
    private let idle = Array(repeating: Int64(5), count: 10)

    @Test("enough breaches above grow by one, below shrink by one")
    func bothWays() throws {
        let grow = try find(busy)
        #expect((grow.verdict, grow.reason, grow.target) == (.grow, .enoughAbove, 3))
        #expect(grow.mean == Utilization(percent: 90))
        #expect(grow.projection == Utilization(percent: 60))
        let shrink = try find(idle)
        #expect((shrink.verdict, shrink.reason, shrink.target) == (.shrink, .enoughBelow, 1))
        #expect(shrink.projection == Utilization(percent: 10))
    }

    @Test("samples older than 2N intervals don't count, those exactly so old do")
    func staleness() throws {
        let recent = try find(busy) { $0.at = at(21) }
        #expect(recent.verdict == .grow)
        #expect(recent.counts?.known == 10)
        let stale = try find(busy) { $0.at = at(25) }
        #expect(stale.counts?.known == 6)
        #expect((stale.verdict, stale.reason) == (.nothing, .tooFewBreaches))
        let gone = try find(busy) { $0.at = at(31) }
        #expect((gone.verdict, gone.reason) == (.nothing, .noKnownSamples))
    }

    @Test("sizes end at the policy's bounds and at the ceiling")
    func bounds() throws {
        #expect(try find(busy, vcpus: 4).reason == .atPolicyMaximum)
        #expect(try find(busy) { $0.ceiling = 2 }.reason == .atCeiling)
        #expect(try find(idle, vcpus: 1).reason == .atPolicyMinimum)
        #expect(try find(busy, vcpus: 4).verdict == .refuse)
    }

    @Test("a domain is not shrunk into a size at which the same load passes U2")
    func shrinkProjection() throws {
        // 7 of 10 below 15 %, but 100 % in the other three: mean 39.1 %, 78.2 % of one vCPU.
        #expect(try find([13, 13, 13, 13, 13, 13, 13, 100, 100, 100]).verdict == .shrink)
        let refused = try find([14, 14, 14, 14, 14, 14, 14, 100, 100, 100]) { $0.policy = try policy(upper: 79) }
        #expect((refused.verdict, refused.reason) == (.refuse, .projectionAboveUpper))
        #expect(refused.projection == Utilization(ppm: 796_000))
        #expect(refused.target == nil)
    }

    @Test("a projection exactly at the bound does not pass it")
    func projectionAtBound() throws {
        let finding = try find([10, 10, 10, 10, 10, 10, 10, 100, 100, 100]) { $0.policy = try policy(upper: 74) }
        #expect(finding.projection == Utilization(percent: 74))
        #expect(finding.verdict == .shrink)
    }

    @Test("a domain is not grown into a size at which the same load is below U1")
    func growProjection() throws {
        let finding = try find([90, 90, 90, 90, 90, 90, 90, 0, 0, 0], vcpus: 1) {
            $0.policy = try policy(lower: 40, upper: 85)
        }
        #expect((finding.verdict, finding.reason) == (.refuse, .projectionBelowLower))
        #expect(finding.projection == Utilization(ppm: 315_000))
    }

    @Test("steal above its bound forbids shrinking, and growing it does not")
    func steal() throws {
        #expect(try find(idle, steal: 5).verdict == .shrink)
        #expect(try find(idle, steal: 6).reason == .steal)
        #expect(try find(busy, steal: 50).verdict == .grow)
    }

    @Test("cooldowns differ by direction and end at their instant")
    func cooldown() throws {
        #expect(try find(busy) { $0.lastChangeAt = at(5) }.reason == .cooldown)
        #expect(try find(busy) { $0.lastChangeAt = at(4) }.verdict == .grow)
        let shrink = try find(idle) { $0.lastChangeAt = at(4) }
        #expect(shrink.reason == .cooldown)
        #expect(shrink.until == at(64))
    }

    @Test("what can't be acted upon is decided all the same, and marked")
    func dry() throws {
        let observed = try find(busy) { $0.hostMode = .observe }
        #expect((observed.verdict, observed.dry) == (.grow, .hostObserved))
        let foreign = try find(busy) { $0.isManaged = false }
        #expect((foreign.verdict, foreign.dry) == (.grow, .notManaged))
        #expect(try find(busy) { $0.hostMode = .draining }.dry == nil)
    }

    @Test("doing nothing has a reason")
    func nothing() throws {
        #expect(try find(busy) { $0.policy = nil }.reason == .noPolicy)
        #expect(try find(busy) { $0.isChangeInFlight = true }.reason == .changeInFlight)
        #expect(try find(busy) { $0.vcpus = nil }.reason == .sizeUnknown)
        #expect(try find([]).reason == .noKnownSamples)
        #expect(try find([90, 90, 50]).reason == .tooFewBreaches)
    }

    @Test("a smaller N looks at the newest samples only")
    func smallerWindow() throws {
        let finding = try find([90, 90, 90, 90, 90, 90, 90, 50, 50, 50]) { $0.windowLength = 5 }
        #expect(
            finding.counts
                == BreachCount(try inputs([50, 50, 90, 90, 50]).samples, policy: try policy(), windowLength: 5))
        #expect(finding.verdict == .nothing)
    }
}
