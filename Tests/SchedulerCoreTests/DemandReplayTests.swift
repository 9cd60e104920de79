// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite struct DemandReplayTests {
    /// 1 680 is divisible by every size up to 8 and by 16, so that utilisation is exact.
    private static let unit: Int64 = 1_680

    private func terms() -> ReplayTerms { ReplayTerms(.platform, windowLength: 12) }

    /// A demand that stays for a while and jumps, with gaps; `nil` is unknown.
    private func trace(_ random: inout SeededGenerator, count: Int) -> [Int64?] {
        var level: Int64 = 1
        var hole = 0
        return (0..<count).map { _ in
            if Int.random(in: 0..<15, using: &random) == 0 { level = Int64.random(in: 0...4_500, using: &random) }
            if Int.random(in: 0..<40, using: &random) == 0 { hole = Int.random(in: 1...30, using: &random) }
            hole -= 1
            guard hole < 0 else { return nil }
            return max(0, level + Int64.random(in: -300...300, using: &random)) * Self.unit
        }
    }

    private func history(_ trace: [Int64?], largest: Int64 = 16) -> DemandHistory {
        var history = DemandHistory(intervalNanoseconds: interval)
        for (t, demand) in trace.enumerated() {
            guard let demand else { continue }
            history.append(
                at: at(Int64(t + 1)), utilization: Utilization(ppm: demand / largest),
                vcpus: VCPUCount(clamping: Int(largest)))
        }
        return history
    }

    @Test("finds what the core itself finds over the same demand")
    func sameAsTheCore() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let upper = Int64.random(in: 50...99, using: &random)
            let policy = try policy(
                lower: Int64.random(in: 5...upper / 2, using: &random), upper: upper,
                ratio: Int64.random(in: 1...100, using: &random), maximum: 8)
            let cooldown = Cooldown(
                upNanoseconds: Int64.random(in: 0...20, using: &random) * second,
                downNanoseconds: Int64.random(in: 0...90, using: &random) * second)
            let demands = trace(&random, count: 600)
            guard let first = demands.firstIndex(where: { $0 != nil }) else { continue }
            let known = Array(demands[first...])
            var settings = SchedulerSettings.platform
            settings.projectsByPeak = Bool.random(using: &random)
            let options = PolicyOptions(cooldown: cooldown)
            var plan = ReplayPlan(
                domain: domainID(1), policy: policy, options: options, windowLength: 12,
                settings: settings, vcpus: 2)
            plan.changeNanoseconds = 0
            let whole = Replay.run(
                plan,
                over: known.enumerated().map { t, demand in
                    ReplaySample(
                        sampledAt: at(Int64(t + 1)), intervalNanoseconds: interval,
                        demand: demand.map { CPUDemand(ppmOfOneCore: $0) })
                })
            var replay = DemandReplay(
                policy, terms: ReplayTerms(settings, windowLength: 12, options: options), size: 2,
                intervalNanoseconds: interval)
            let figures = replay.play(history(known))
            #expect(figures.resizes == Int64(whole.actions.count), "seed \(seed)")
            #expect(figures.overloaded * interval == whole.overloaded, "seed \(seed)")
            #expect(Int128(figures.allocated) * Int128(interval) == whole.vcpuTime, "seed \(seed)")
            #expect(replay.size == whole.actions.last?.to ?? 2, "seed \(seed)")
        }
    }

    @Test("a sample at 100 % stands for more than the size that it was taken at")
    func capped() throws {
        var history = DemandHistory(intervalNanoseconds: interval)
        for t in 1...100 { history.append(at: at(Int64(t)), utilization: .full, vcpus: 2) }
        let overloaded = try (1...4).map { size in
            let fixed = try policy(minimum: VCPUCount(clamping: size), maximum: VCPUCount(clamping: size))
            var replay = DemandReplay(fixed, terms: terms(), size: 1, intervalNanoseconds: interval)
            return replay.play(history).overloaded
        }
        #expect(overloaded == [100, 100, 0, 0])
    }

    @Test("takes samples only in their order, and none of no vCPUs")
    func order() {
        var history = DemandHistory(intervalNanoseconds: interval)
        let taken = [(10, 1), (10, 1), (9, 1), (11, 0), (12, 1)].map { t, vcpus in
            history.append(at: at(t), utilization: .full, vcpus: VCPUCount(clamping: vcpus))
        }
        #expect(taken == [true, false, false, false, true])
        #expect(history.count == 2)
        #expect(history.spanNanoseconds == 3 * interval)
    }

    @Test("forgets what lies further back than it keeps, and goes on")
    func forgets() {
        var history = DemandHistory(intervalNanoseconds: interval)
        for t in 1...100 { history.append(at: at(Int64(t)), utilization: .full, vcpus: 1) }
        history.keep(nanoseconds: 9 * interval)
        #expect(history.count == 10)
        #expect(history.spanNanoseconds == 10 * interval)
        let taken = [100, 101].map { history.append(at: at($0), utilization: .full, vcpus: 1) }
        #expect(taken == [false, true])
        #expect(history.count == 11)
    }

    @Test("an interval that is not positive, a far future and a huge size do no harm")
    func hostile() {
        var history = DemandHistory(intervalNanoseconds: 0)
        let taken = [
            history.append(at: .zero, utilization: Utilization(ppm: -5), vcpus: 1),
            history.append(at: .distantFuture, utilization: .full, vcpus: 1),
            history.append(at: at(1), utilization: .full, vcpus: VCPUCount(clamping: .max)),
        ]
        #expect(taken == [true, false, false])
        history.keep(nanoseconds: -1)
        #expect(history.count <= 1)
    }
}
