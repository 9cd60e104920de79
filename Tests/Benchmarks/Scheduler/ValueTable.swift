// SPDX-License-Identifier: Apache-2.0

internal import BenchSupport
internal import ResourceModel

/// What every rule is worth over the same machines.
struct ValueTable {
    let machines: [Machine]
    private var rows: [(name: String, worth: Worth)] = []

    init(_ traces: Traces, every stride: Int) {
        machines = traces.machines.enumerated().filter { $0.offset % max(1, stride) == 0 }.map { Machine($0.element) }
    }

    /// Plays everything. `isReal`: the aims and the published figures are for real traces.
    mutating func run(into report: inout BenchReport, isReal: Bool) throws {
        for reference in Reference.allCases {
            let worth = worth { reference.sizes($0) }
            add(worth, named: reference.name, to: &report, published: isReal ? reference.published : nil)
        }
        for preset in Preset.all {
            let policy = try preset.policy()
            let worth = worth { LiveMachine.sizes($0, policy: policy) }
            add(worth, named: "preset \(preset.name)", to: &report)
        }
        for goal in Self.goals {
            let worth = try worth { try LiveMachine.sizes($0, goal: ManagedGoal(overloadedShare: goal)) }
            add(
                worth, named: "managed, at most \(goal) per VM", to: &report,
                isAimed: isReal && goal == Self.aimedGoal)
        }
        report.add(Figure("presets dominated by one reading over the line", dominated(), unit: "", aim: .atMost(0)))
    }

    /// Per VM. The fleet stays far below, because sizes are whole vCPUs.
    private static let goals = [Utilization(ppm: 5_000), Utilization(percent: 2), aimedGoal]
    /// The one at which the fleet comes to about 2 %.
    private static let aimedGoal = Utilization(ppm: 37_500)

    private func worth(_ sizes: (Machine) throws -> [Int64]) rethrows -> Worth {
        var worth = Worth()
        for machine in machines { worth.add(machine, sizes: try sizes(machine)) }
        return worth
    }

    private mutating func add(
        _ worth: Worth, named name: String, to report: inout BenchReport,
        published: (slack: Double, overloaded: Double, resizes: Double)? = nil, isAimed: Bool = false
    ) {
        rows.append((name, worth))
        report.add(
            Figure(
                "\(name): slack", worth.slack, unit: "", reference: published?.slack,
                aim: isAimed ? .atMost(0.60) : nil))
        report.add(
            Figure(
                "\(name): overloaded", worth.overloadedPercent, unit: "%", reference: published?.overloaded,
                aim: isAimed ? .atMost(2) : nil))
        report.add(
            Figure(
                "\(name): resizes", worth.resizesPerDay, unit: "per VM-day", reference: published?.resizes,
                aim: isAimed ? .atMost(6) : nil))
    }

    /// A rule is dominated by another that is at least as good in slack and in overloaded readings.
    private func dominated() -> Double {
        guard let line = rows.first(where: { $0.name == Reference.oneReading.name })?.worth else { return .nan }
        return Double(
            rows.count { row in
                row.name.hasPrefix("preset ") && line.slack <= row.worth.slack
                    && line.overloadedPercent <= row.worth.overloadedPercent
            })
    }
}
