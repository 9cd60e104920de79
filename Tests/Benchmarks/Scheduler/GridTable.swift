// SPDX-License-Identifier: Apache-2.0

internal import BenchSupport
internal import ResourceModel
internal import SchedulerCore

/// What the rules are worth with each step: over a month of real machines whose own vCPUs are the ceiling, and over the
/// day traces.
enum GridTable {
    /// The table: the best of a family of simple rules that was chosen knowing the month.
    private static func published(_ step: CapacityStep) -> (share: Double, mean: Double, resizes: Double) {
        switch step {
        case .whole, .half: (0.42, 0.68, 1.5)
        case .quarter: (0.28, 0.31, 2.4)
        case .tenth: (0.26, 0.24, 4.8)
        }
    }

    private static let steps: [CapacityStep] = [.whole, .quarter, .tenth]
    /// Per VM. The last one is that at which the fleet comes to about 1 %.
    private static let goals = [Utilization(ppm: 5_000), Utilization(percent: 1), aimedGoal]
    private static let aimedGoal = Utilization(ppm: 15_000)

    static func month(_ month: Month, into report: inout BenchReport) throws {
        for step in steps {
            for preset in PolicyPreset.allCases {
                let worth = try worth(month.machines, .preset(preset), step: step)
                add(worth, named: "month, step \(step), preset \(preset.rawValue)", step: step, to: &report)
            }
            for goal in goals {
                let worth = try worth(month.machines, .managed(ManagedGoal(overloadedShare: goal)), step: step)
                add(
                    worth, named: "month, step \(step), managed, at most \(goal) per VM", step: step,
                    isAimed: step == .tenth && goal == aimedGoal, to: &report)
            }
        }
        report.note("the month is of \(month.origin); shares are of what is provisioned, the references the issue's")
    }

    /// - Parameter machines: of the day traces.
    static func days(_ machines: [Machine], every stride: Int, into report: inout BenchReport) throws {
        let demands = machines.map { Demand($0) }
        let some = demands.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
        let first = Capacity(VCPUCount(clamping: Machine.first))
        for step in steps {
            for preset in Preset.all {
                let worth = try worth(demands, .preset(preset.preset), step: step, first: first)
                add(worth, day: "step \(step), preset \(preset.name)", to: &report)
            }
            let goal = ManagedGoal(overloadedShare: Utilization(ppm: 37_500))
            let worth = try worth(some, .managed(goal), step: step, first: first)
            add(worth, day: "step \(step), managed, at most \(goal.overloadedShare) per VM", to: &report)
        }
        report.note("managed policies with each step were played for one of \(stride) VM-days")
    }

    private static func worth(
        _ machines: [Demand], _ rule: GridMachine.Rule, step: CapacityStep, first: Capacity? = nil
    ) throws -> GridWorth {
        var worth = GridWorth()
        for machine in machines {
            let provisioned = Capacity(VCPUCount(clamping: machine.vcpus))
            try GridMachine.play(machine, rule: rule, step: step, first: first ?? provisioned, into: &worth)
        }
        return worth
    }

    private static func add(
        _ worth: GridWorth, named name: String, step: CapacityStep, isAimed: Bool = false, to report: inout BenchReport
    ) {
        let published = published(step)
        report.add(
            Figure(
                "\(name): share", worth.share, unit: "", reference: published.share, aim: isAimed ? .atMost(0.28) : nil)
        )
        report.add(Figure("\(name): mean over VMs", worth.meanShare, unit: "", reference: published.mean))
        report.add(
            Figure(
                "\(name): overloaded", worth.overloadedPercent, unit: "%", reference: 1, aim: isAimed ? .atMost(1) : nil
            )
        )
        report.add(
            Figure(
                "\(name): resizes", worth.resizesPerDay, unit: "per VM-day", reference: published.resizes,
                aim: isAimed ? .atMost(4) : nil))
    }

    private static func add(_ worth: GridWorth, day name: String, to report: inout BenchReport) {
        report.add(Figure("days, \(name): slack", worth.slack, unit: ""))
        report.add(Figure("days, \(name): overloaded", worth.overloadedPercent, unit: "%"))
        report.add(Figure("days, \(name): resizes", worth.resizesPerDay, unit: "per VM-day"))
    }
}
