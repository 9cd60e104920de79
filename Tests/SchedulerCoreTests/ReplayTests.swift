// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite struct ReplayTests {
    private func plan(_ policy: ScalingPolicy, vcpus: VCPUCount = 2) -> ReplayPlan {
        ReplayPlan(
            domain: domainID(1), policy: policy, windowLength: 12, settings: .platform, vcpus: vcpus,
            memory: .gibibytes(1))
    }

    /// In hundredths of one core, one per interval; `nil` is unknown.
    private func samples(_ demands: [Int64?], cappedFrom size: Int64 = 100) -> [ReplaySample] {
        demands.enumerated().map { index, demand in
            ReplaySample(
                sampledAt: at(Int64(index + 1)), intervalNanoseconds: interval,
                demand: demand.map { CPUDemand(ppmOfOneCore: min($0, size * 100) * 10_000) },
                isCapped: demand.map { $0 >= size * 100 } ?? false, memoryUsed: .mebibytes(512))
        }
    }

    private func flat(_ demand: Int64?, _ count: Int) -> [Int64?] { Array(repeating: demand, count: count) }

    @Test("it gives sizes, actions and the times that were overloaded, idle, capped and unknown")
    func timeline() throws {
        let policy = try PolicyPreset.balanced.policy(maximumVCPUs: 4)
        let trace = flat(250, 20) + flat(nil, 5) + flat(40, 100)
        let result = Replay.run(plan(policy), over: samples(trace))
        #expect(result.actions.map(\.to) == [3, 4, 3])
        #expect(result.actions.map(\.isGrantAssumed) == [true, true, false])
        #expect(result.actions.first?.at == at(8))
        #expect(result.timeline.map(\.vcpus) == [2, 3, 4, 3])
        #expect(zip(result.timeline, result.timeline.dropFirst()).allSatisfy { $0.end == $1.start })
        #expect((result.timeline.first?.start, result.timeline.last?.end) == (at(0), at(125)))
        #expect((result.known, result.unknown) == (120 * interval, 5 * interval))
        #expect(result.overloaded == 8 * interval, "250 % of two vCPUs, until it has three")
        #expect(result.idle > 0 && result.aboveUpper >= result.overloaded)
        #expect(result.capped == 0)
    }

    @Test("what the old size capped is marked, and is not taken for overload")
    func capped() throws {
        let policy = try PolicyPreset.balanced.policy(maximumVCPUs: 4)
        let result = Replay.run(plan(policy), over: samples(flat(300, 10), cappedFrom: 2))
        #expect(result.capped == 10 * interval)
        #expect(result.overloaded == 0)
        #expect(result.actions.first?.isFromCapped == true)
    }

    @Test("a reading of 95 % is capped and taken for half as much again; one that was not running is unknown")
    func readings() {
        let reading = { (state: DomainState, percent: Int64) in
            ReplaySample(
                DomainSample(
                    domain: domainID(1), state: state, vcpus: VCPUSizes(maximum: 4, granted: 2),
                    cpuUtilization: Utilization(percent: percent)),
                sampledAt: at(1), intervalNanoseconds: interval)
        }
        #expect(reading(.running, 50).demand == CPUDemand(ppmOfOneCore: 1_000_000))
        #expect(reading(.blocked, 95).isCapped)
        #expect(reading(.blocked, 95).demand == CPUDemand(ppmOfOneCore: 3_000_000))
        #expect(!reading(.running, 94).isCapped)
        #expect(reading(.running, 94).demand == CPUDemand(ppmOfOneCore: 1_880_000))
        #expect(reading(.paused, 0).demand == nil)
    }

    @Test("under a cap a reading's demand is what its vCPUs waited for, unless they waited all the time")
    func cappedReadings() {
        let demand = { (wanted: Int64?) in
            ReplaySample(
                DomainSample(
                    domain: domainID(1), state: .running, vcpus: VCPUSizes(maximum: 4, granted: 2),
                    cpuUtilization: .full, cpuCap: .limit(ppm: 500_000),
                    cpuDemand: wanted.map { Utilization(percent: $0) }),
                sampledAt: at(1), intervalNanoseconds: interval
            ).demand?.ppmOfOneCore
        }
        #expect(demand(80) == 800_000)
        #expect(demand(55) == 550_000, "it may be less than half as much again")
        #expect(demand(195) == 1_950_000)
        #expect(demand(nil) == 750_000)
        #expect(demand(40) == 500_000, "no less than its use")
    }

    @Test("the replay of a recorded day is what was decided live, action for action", arguments: 1...8)
    func sameAsLive(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var settings = SchedulerSettings.platform
        settings.freeze.minimumChanged = .max
        let policy = try [PolicyPreset.aggressive, .balanced, .conservative].randomElement(using: &random)?.policy(
            maximumVCPUs: 8)
        let rules = try #require(policy)
        let guest = Cluster.Guest(id: domainID(1), host: "host-a", vcpus: 2)
        let live = Cluster([hostRecord("host-a", cpuCount: 100)], [guest], settings: settings)
        live.subscribe(1, rules)
        var level: Int64 = 1_000_000
        var recorded: [ReplaySample] = []
        live.tick(3_000) { cluster in
            if Int.random(in: 0..<60, using: &random) == 0 { level = .random(in: 0...7_900_000, using: &random) }
            let isLost = Int.random(in: 0..<30, using: &random) == 0
            cluster[1].demand = isLost ? nil : max(0, level + .random(in: -300_000...300_000, using: &random))
            // The host does what the VM wants, so nothing is capped: the record shows all of it.
            recorded.append(
                ReplaySample(
                    sampledAt: cluster.now, intervalNanoseconds: interval,
                    demand: cluster[1].demand.map { CPUDemand(ppmOfOneCore: $0) }))
        }
        var replayed = plan(rules)
        replayed.settings = settings
        replayed.ceiling = 8
        replayed.changeNanoseconds = 0
        let result = Replay.run(replayed, over: recorded)
        let decided = live.records.filter { $0.outcome.target != nil }
        #expect(decided.count > 10)
        #expect(result.actions.map(\.to) == decided.compactMap(\.outcome.target), "seed \(seed)")
        #expect(result.actions.map(\.at) == decided.map(\.decidedAt), "seed \(seed)")
    }

    @Test("an assessment tells the right size, what would have been saved, and at what overload")
    func assessment() throws {
        let policy = try PolicyPreset.balanced.policy(maximumVCPUs: 8)
        let assessment = try #require(
            Assessment(plan(policy, vcpus: 8), over: samples(flat(120, 1_990) + flat(300, 10))))
        #expect(assessment.rightSize == 2)
        #expect(assessment.overloadedAtRightSize == Utilization(ppm: 5_000))
        #expect(assessment.overloadedNow == .zero)
        #expect(assessment.saved > Utilization(percent: 40))
        let total = try #require(Assessment.total(of: [assessment, assessment]))
        #expect(total.saved == assessment.saved)
        #expect(Assessment(plan(policy), over: samples(flat(nil, 10))) == nil)
        #expect(Assessment.total(of: []) == nil)
    }

    @Test("memory and network are replayed by their own rules")
    func otherResources() throws {
        let policy = try PolicyPreset.balanced.policy(
            maximumVCPUs: 2,
            memory: ResourceRule(
                lower: Utilization(percent: 60), upper: Utilization(percent: 80), minimum: 1 << 28, maximum: 1 << 32))
        let result = Replay.run(plan(policy), over: samples(flat(100, 400)))
        let sizes = result.actions.filter { $0.resource == .memory }.map(\.to)
        #expect(sizes.count > 2 && sizes == sizes.sorted(by: >))
    }

    @Test("dry runs and freezes do not stop a replay: it is about the policy")
    func notStopped() throws {
        var stopped = plan(try PolicyPreset.balanced.policy(maximumVCPUs: 4))
        let actions = Replay.run(stopped, over: samples(flat(250, 40))).actions
        stopped.settings.isDryRun = true
        stopped.settings.freeze.minimumChanged = 1
        #expect(actions.count == 2)
        #expect(Replay.run(stopped, over: samples(flat(250, 40))).actions == actions)
    }

    @Test("a change takes the time that the plan says")
    func slowChange() throws {
        var slow = plan(try PolicyPreset.balanced.policy(maximumVCPUs: 4))
        slow.changeNanoseconds = 12 * interval + 1
        #expect(Replay.run(slow, over: samples(flat(250, 40))).timeline.first?.end == at(20))
    }

    /// A policy of one size: nothing is changed, so that all figures can be told beforehand.
    private func fixed(_ size: VCPUCount, vcpus: VCPUCount? = nil) throws -> ReplayPlan {
        plan(try policy(minimum: size, maximum: size), vcpus: vcpus ?? size)
    }

    @Test("at a bound it is neither above nor idle, and at all it has not overloaded; each sample counts once")
    func figures() throws {
        var trace = samples([250, 200, 160, 30, 29, nil])
        trace += [trace[5], trace[0]]
        let result = Replay.run(try fixed(2), over: trace)
        #expect((result.known, result.unknown) == (5 * interval, interval))
        #expect((result.overloaded, result.aboveUpper, result.idle) == (interval, 2 * interval, interval))
        #expect(result.vcpuTime == Int128(10 * interval))
        #expect(result.demandTime == Int128(interval) * 619 / 100)
        #expect(result.slack == Utilization(ppm: 381_000))
        #expect((result.overloadedShare, result.idleShare) == (Utilization(percent: 20), Utilization(percent: 20)))
        #expect(result.actions.isEmpty && result.timeline.count == 1)
    }

    @Test("of nothing known there is no slack and no share, and an interval of days overflows nothing")
    func extremes() throws {
        let nothing = Replay.run(try fixed(2), over: samples([nil]))
        #expect((nothing.slack, nothing.overloadedShare) == (.zero, .zero))
        let days = 30 * 86_400 * second
        let long = ReplaySample(
            sampledAt: Timestamp(nanoseconds: days), intervalNanoseconds: days,
            demand: CPUDemand(ppmOfOneCore: 2_000_000))
        #expect(Replay.run(try fixed(2), over: [long]).demandTime == Int128(days) * 2)
    }

    @Test("the right size is the smallest that is enough, also beyond what the policy allows")
    func rightSizes() throws {
        for (demand, size) in [(0, 1), (100, 1), (101, 2), (600, 6), (601, 7), (900, 8)] as [(Int64, VCPUCount)] {
            var plan = try fixed(4, vcpus: 8)
            plan.ceiling = 4
            let assessment = try #require(Assessment(plan, over: samples(flat(demand, 5))))
            #expect(assessment.rightSize == size, "for \(demand) %")
            var larger = try fixed(2)
            larger.ceiling = 8
            #expect(Assessment(larger, over: samples(flat(demand, 5)))?.rightSize == size, "up to its ceiling")
        }
    }

    @Test("in a total every VM counts by its size and time")
    func total() throws {
        let half = try #require(Assessment(try fixed(2), over: samples(flat(250, 5) + flat(150, 5))))
        let calm = try #require(Assessment(try fixed(2), over: samples(flat(150, 30))))
        #expect((half.saved, half.overloaded, half.overloadedNow) == (.zero, Utilization(percent: 50), half.overloaded))
        let total = try #require(Assessment.total(of: [half, calm]))
        #expect((total.saved, total.overloaded) == (.zero, Utilization(ppm: 125_000)))
    }

    @Test("memory and network grow in a replay as they would have, and what was not read is not judged")
    func growingResources() throws {
        let policy = try PolicyPreset.balanced.policy(
            maximumVCPUs: 4,
            memory: ResourceRule(
                lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1 << 28, maximum: 1 << 32),
            network: ResourceRule(
                lower: Utilization(percent: 20), upper: Utilization(percent: 80), minimum: 1_000_000,
                maximum: 100_000_000))
        var plan = plan(policy)
        plan.networkCap = 1_000_000
        for isRead in [true, false] {
            let trace = (1...9).map { number in
                ReplaySample(
                    sampledAt: at(number), intervalNanoseconds: interval, demand: CPUDemand(ppmOfOneCore: 1_000_000),
                    memoryUsed: isRead ? .mebibytes(900) : nil, networkPeakBytesPerSecond: isRead ? 900_000 : nil)
            }
            let actions = Replay.run(plan, over: trace).actions
            #expect(actions.map(\.resource) == (isRead ? [.memory, .network] : []))
            #expect(actions.first?.to == (isRead ? ByteCount.mebibytes(1_500).bytes : nil))
            #expect(actions.last?.from == (isRead ? 1_000_000 : nil))
        }
    }

    @Test("a VM that looked idle because its host took its time is not shrunk in a replay either")
    func steal() throws {
        for steal in [nil, Utilization(percent: 10)] {
            let trace = (1...12).map { number in
                ReplaySample(
                    sampledAt: at(number), intervalNanoseconds: interval, demand: CPUDemand(ppmOfOneCore: 100_000),
                    steal: steal)
            }
            let actions = Replay.run(plan(try policy()), over: trace).actions
            #expect(actions.map(\.to) == (steal == nil ? [1] : []))
        }
    }

    @Test("no replay goes beyond what the domain's definition allows")
    func ceiling() throws {
        var limited = plan(try PolicyPreset.aggressive.policy(maximumVCPUs: 8))
        limited.ceiling = 3
        #expect(Replay.run(limited, over: samples(flat(800, 200))).actions.map(\.to) == [3])
    }

    @Test("of a stored sample's network the busier direction is replayed, and nothing where there was no cap")
    func network() {
        var reading = DomainSample(
            domain: domainID(1), state: .running, networkBytesPerSecond: 1_100, networkCapBytesPerSecond: 1_000,
            networkUtilization: Utilization(percent: 60))
        func peak() -> Int64? {
            ReplaySample(reading, sampledAt: at(1), intervalNanoseconds: interval).networkPeakBytesPerSecond
        }
        #expect(peak() == 600)
        (reading.networkCapBytesPerSecond, reading.networkUtilization) = (nil, nil)
        #expect(peak() == nil)
    }

    @Test("a reading without a vCPU tells of no demand")
    func noVCPU() {
        let reading = DomainSample(
            domain: domainID(1), state: .running, vcpus: VCPUSizes(maximum: 4, granted: 0),
            cpuUtilization: Utilization(percent: 50))
        #expect(ReplaySample(reading, sampledAt: at(1), intervalNanoseconds: interval).demand == nil)
    }
}
