// SPDX-License-Identifier: Apache-2.0

internal import BenchSupport
import Contracts
internal import ResourceModel
internal import SchedulerCore

/// How fast the core is, in CPU time of one thread.
enum Speed {
    static func run(into report: inout BenchReport) throws {
        try passes(into: &report)
        try folding(into: &report)
        try replays(into: &report)
        try memory(into: &report)
    }

    private static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
        let start = processCPUNanoseconds()
        try body()
        return Double(processCPUNanoseconds() - start) / 1_000_000
    }

    private static func passes(into report: inout BenchReport) throws {
        for machines in [20_000, 200_000] {
            for (load, name) in [(Fleet.Load.steady, "nothing due"), (.due, "all due and resting")] {
                if load == .due, machines > 20_000 { continue }
                var fleet = try Fleet(machines: machines, load: load)
                fleet.fill()
                _ = fleet.drain()
                let runs = five { milliseconds { fleet.evaluate() } }
                let aim: Aim? = machines == 20_000 ? .atMost(20) : nil
                report.add(Figure("evaluation pass, \(machines) VMs, \(name)", runs: runs, unit: "ms", aim: aim))
            }
        }
    }

    private static func folding(into report: inout BenchReport) throws {
        var fleet = try Fleet(machines: 20_000, load: .steady)
        fleet.fill()
        _ = fleet.drain()
        let runs = five {
            let time = milliseconds { for _ in 0..<20 { fleet.fold() } }
            return 20 * Double(fleet.machines) / time / 1_000
        }
        report.add(
            Figure("samples folded, 20 000 VMs", runs: runs, unit: "million per s and core", aim: .atLeast(20)))
    }

    /// A day of samples every five seconds, of a machine that is busy by turns.
    private static func day() -> [Int64] {
        var random = SplitMix(seed: 5)
        var level: Int64 = 20
        return (0..<17_280).map { tick in
            if tick % 360 == 0 { level = 5 + random.below(90) }
            return max(0, level + random.below(21) - 10) * 80_000
        }
    }

    private static func replays(into report: inout BenchReport) throws {
        let demands = day()
        let interval: Int64 = 5_000_000_000
        let policy = try PolicyPreset.balanced.policy(maximumVCPUs: 8)
        let plan = ReplayPlan(
            domain: DomainID(UUID128(high: 0, low: 1)), policy: policy, windowLength: 12, settings: .platform,
            vcpus: 2)
        let samples = demands.enumerated().map { place, demand in
            ReplaySample(
                sampledAt: Timestamp(nanoseconds: Int64(place + 1) * interval), intervalNanoseconds: interval,
                demand: CPUDemand(ppmOfOneCore: demand))
        }
        let whole = five { 5_000 / milliseconds { for _ in 0..<5 { _ = Replay.run(plan, over: samples) } } }
        report.add(Figure("replay through the core", runs: whole, unit: "VM-days of 5 s per s", aim: .atLeast(500)))
        var history = DemandHistory(intervalNanoseconds: interval)
        for (place, demand) in demands.enumerated() {
            let share = Utilization(ppm: demand / 8)
            history.append(at: Timestamp(nanoseconds: Int64(place + 1) * interval), utilization: share, vcpus: 8)
        }
        let terms = ReplayTerms(.platform, windowLength: 12)
        let quick = five {
            50_000
                / milliseconds {
                    for _ in 0..<50 {
                        var replay = DemandReplay(policy, terms: terms, size: 2, intervalNanoseconds: interval)
                        _ = replay.play(history)
                    }
                }
        }
        report.add(
            Figure("replay of a demand, for choosing", runs: quick, unit: "VM-days of 5 s per s", aim: .atLeast(500)))
        let question = ManagedPolicy.Question(goal: .standard, maximumVCPUs: 8, terms: terms)
        let choices = try five { try milliseconds { _ = try ManagedPolicy.choose(question, from: history) } }
        report.add(Figure("choosing a managed policy by a day of 5 s samples", runs: choices, unit: "ms"))
    }

    private static func memory(into report: inout BenchReport) throws {
        let machines = 200_000
        let before = allocatedBytes()
        var fleet = try Fleet(machines: machines, load: .steady)
        let empty = allocatedBytes()
        fleet.fill()
        _ = fleet.drain()
        let full = allocatedBytes()
        report.add(Figure("memory per VM, windows full", Double(full - before) / Double(machines), unit: "bytes"))
        report.add(
            Figure("memory per VM that the windows take", Double(full - empty) / Double(machines), unit: "bytes"))
    }
}
