// SPDX-License-Identifier: Apache-2.0

internal import BenchSupport
internal import Foundation

/// What the scheduler's core is worth and how fast it is.
///
///     SchedulerBench [FOLDER OF TRACES [N]]     else $EBB_TRACES, else ../shared/traces
///
/// With N only every N-th machine is played, for a quick look.
@main
struct SchedulerBench {
    static func main() throws {
        let folder =
            CommandLine.arguments.dropFirst().first ?? ProcessInfo.processInfo.environment["EBB_TRACES"]
            ?? "../shared/traces"
        var report = BenchReport("scheduler")
        try Speed.run(into: &report)
        let traces = try Traces.load(from: folder)
        let stride = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1
        var table = ValueTable(traces, every: stride)
        try table.run(into: &report, isReal: traces.isReal)
        try GridTable.days(table.machines, every: 32, into: &report)
        if let month = try Month.load(from: folder) {
            try GridTable.month(month, into: &report)
        } else {
            report.note(
                "there is no month of real machines in \(folder): what smaller steps are worth was not measured")
        }
        if stride > 1 { report.note("only every \(stride)th machine was played") }
        report.note("value over \(traces.origin); the references are the issue's sample of 1 500 VM-days")
        report.note("speeds are CPU time of one thread, median of five")
        try report.finish()
    }
}
