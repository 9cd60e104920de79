// SPDX-License-Identifier: Apache-2.0

import Contracts
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
        #expect(try find(busy) { $0.leftByCap = Capacity("0.5") }.reason == .underCap)
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

    @Test("a size that the policy does not allow is brought to the nearest that it does, without waiting for breaches")
    func outsideSizes() throws {
        let grow = try find([30], vcpus: 1) { $0.policy = try policy(minimum: 3) }
        #expect((grow.verdict, grow.reason, grow.target) == (.grow, .outsideSizes, 3), "10 % there, and yet")
        let shrink = try find([10], vcpus: 6)
        #expect((shrink.verdict, shrink.reason, shrink.target) == (.shrink, .outsideSizes, 4))
        let busy = try find([70], vcpus: 6)
        #expect((busy.verdict, busy.reason) == (.refuse, .projectionAboveUpper), "not into a size that is too small")
    }

    @Test("where the peak is judged by, one high sample forbids a shrink that the mean would allow")
    func peak() throws {
        let percents: [Int64] = [5, 5, 5, 5, 50, 5, 5, 5, 5, 5]
        #expect(try find(percents).verdict == .shrink)
        let refused = try find(percents) { $0.projectsByPeak = true }
        #expect((refused.reason, refused.projection) == (.projectionAboveUpper, .full))
    }

    @Test("on a host that is in no inventory nothing is done")
    func unknownHost() throws {
        #expect(try find(busy) { $0.hostMode = nil }.dry == .hostObserved)
    }

    private func memory(
        _ percents: [Int64], lower: Int64 = 40, upper: Int64 = 80, size: ByteCount, maximum: ByteCount = .gibibytes(64),
        _ change: (inout RuleInputs) throws -> Void = { _ in }
    ) throws -> Finding {
        try find(percents) {
            $0.policy = try PolicyPreset.balanced.policy(
                maximumVCPUs: 4,
                memory: ResourceRule(
                    lower: Utilization(percent: lower), upper: Utilization(percent: upper), minimum: 1,
                    maximum: maximum.bytes))
            $0.recordedResource = .memory
            ($0.memory, $0.memoryCeiling) = (size, .gibibytes(64))
            try change(&$0)
        }
    }

    @Test("memory is at most doubled in one step, and grows to the policy's maximum where less than a step is left")
    func memoryGrowth() throws {
        let doubled = try memory(busy, lower: 10, upper: 30, size: .gibibytes(1))
        #expect(doubled.target == ByteCount.gibibytes(2).bytes)
        let last = try memory(busy, size: .gibibytes(1), maximum: .mebibytes(1_100))
        #expect((last.verdict, last.target) == (.grow, ByteCount.mebibytes(1_100).bytes))
    }

    @Test("memory of which five percent are less than a granule is as small as it gets")
    func smallestMemory() throws {
        let finding = try memory(idle, size: .mebibytes(8))
        #expect((finding.verdict, finding.reason) == (.refuse, .atPolicyMinimum))
    }

    @Test("a network cap is at most doubled in one step")
    func networkGrowth() throws {
        let finding = try find(busy) {
            $0.policy = try PolicyPreset.balanced.policy(
                maximumVCPUs: 4,
                network: ResourceRule(
                    lower: Utilization(percent: 5), upper: Utilization(percent: 25), minimum: 1, maximum: 100_000_000))
            ($0.recordedResource, $0.networkCap) = (.network, 1_000_000)
        }
        #expect((finding.verdict, finding.target) == (.grow, 2_000_000))
    }

    @Test("each resource rests after its own change, in either direction", arguments: Resource.allCases)
    func cooldownOfEach(resource: Resource) throws {
        let rested = { (percents: [Int64], seconds: Int64) throws -> Reason in
            try find(percents) {
                let amounts = try ResourceRule(
                    lower: Utilization(percent: 20), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
                $0.policy = try PolicyPreset.balanced.policy(maximumVCPUs: 4, memory: amounts, network: amounts)
                $0.recordedResource = resource
                ($0.memory, $0.memoryCeiling, $0.networkCap) = (.gibibytes(1), .gibibytes(64), 1_000_000)
                $0.lastChangeAt = $0.at.advanced(byNanoseconds: -seconds * second)
            }.reason
        }
        #expect(try rested(busy, 29) == .cooldown)
        #expect(try rested(busy, 30) == .enoughAbove)
        #expect(try rested(idle, 299) == .cooldown)
        #expect(try rested(idle, 300) == .enoughBelow)
    }

    @Test("while nobody knows what became of an action, not even a guest that lacks memory gets more")
    func settling() throws {
        let cluster = Cluster(
            [hostRecord("host-a")], [Cluster.Guest(id: domainID(1), host: "host-a", swapIn: 2_000_000)])
        cluster.isCarriedOut = false
        let amounts = try ResourceRule(
            lower: Utilization(percent: 30), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
        cluster.subscribe(1, try PolicyPreset.balanced.policy(maximumVCPUs: 4, memory: amounts))
        cluster.tick()
        let operation = try #require(cluster.state.operation(of: domainID(1)))
        #expect(operation.finding.reason == .memoryPressure)
        cluster.state.actionUnknown(operation.decision, at: cluster.now)
        cluster.tick(3)
        #expect(cluster.state.operation(of: domainID(1)) == nil)
        #expect(cluster.reasons(1).last == .settling)
    }

    @Test("who is opted out is so without a policy too, and a size of nothing is not known")
    func withoutPolicyOrSize() throws {
        let optedOut = try find(busy) {
            $0.policy = nil
            $0.isOptedOut = true
        }
        #expect(optedOut.reason == .optedOut)
        #expect(try find(busy) { $0.vcpus = 0 }.reason == .sizeUnknown)
    }

    @Test("a wait for room is over at its end, not before")
    func waitForRoom() throws {
        let waiting = try find(busy) { $0.noRoomUntil = at(11) }
        #expect((waiting.reason, waiting.until) == (.noRoom, at(11)))
        #expect(try find(busy) { $0.noRoomUntil = at(10) }.verdict == .grow)
    }

    @Test("a reading over no time tells no rate, so no lack of memory either")
    func pressureOverNoTime() {
        var reading = DomainSample(domain: domainID(1), state: .running)
        reading.swapInDelta = 1 << 40
        let pressure = { (length: Int64) in
            MemoryPressure(reading, sampledAt: at(1), interval: length, settings: SchedulerSettings.MemorySettings())
        }
        #expect(pressure(0) == nil)
        #expect(pressure(interval)?.swapInBytesPerSecond == 219_902_325_555)
    }
}
