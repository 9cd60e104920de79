// SPDX-License-Identifier: Apache-2.0

internal import BenchSupport
internal import Foundation

/// What one machine wanted at each reading, in parts per million of one vCPU; `nil`: not known.
struct Demand {
    /// What it was given: its demand is never known above it.
    let vcpus: Int64
    let readings: [Int64?]

    init(vcpus: Int64, readings: [Int64?]) {
        self.vcpus = vcpus
        self.readings = readings
    }

    /// A machine of the day traces, of 8 vCPUs.
    init(_ machine: Machine) {
        self.init(vcpus: Machine.largest, readings: machine.demand.map { $0 * 10_000 })
    }
}

/// Real machines over a month.
struct Month {
    let machines: [Demand]
    let origin: String

    static let readings = 8_640

    /// Reads every `bitbrains-*.csv.gz` of `folder`; without one there is no month.
    static func load(from folder: String) throws -> Month? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { $0.hasPrefix("bitbrains-") && $0.hasSuffix(".csv.gz") }.sorted()
        guard !files.isEmpty else { return nil }
        let machines = try files.flatMap { try parse(Traces.unpack("\(folder)/\($0)")) }
        return Month(machines: machines, origin: "\(machines.count) VMs over 30 days of \(folder)")
    }

    /// A header; then in each line a name, vCPUs, MHz, MiB, and the readings in percent of the vCPUs, with at most two
    /// decimals; empty: not known.
    private static func parse(_ text: String) throws -> [Demand] {
        let lines: [Substring] = text.split(separator: "\n")
        return try lines.dropFirst().map { line in
            let fields: [Substring] = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == 4 + readings, let vcpus = Int64(fields[1]), (1...1_000).contains(vcpus) else {
                throw BenchFault("a month's line has not 4 fields and \(readings) readings: \(String(line.prefix(40)))")
            }
            return Demand(
                vcpus: vcpus,
                readings: try fields.dropFirst(4).map { $0.isEmpty ? nil : try hundredths($0) * vcpus * 100 })
        }
    }

    /// Hundredths of a percent, 0 to 10 000.
    private static func hundredths(_ text: Substring) throws -> Int64 {
        let parts = text.split(separator: ".")
        let decimals = parts.count == 2 ? parts[1] + (parts[1].utf8.count == 1 ? "0" : "") : "00"
        guard (1...2).contains(parts.count), decimals.utf8.count == 2, let whole = Int64(parts[0]),
            let rest = Int64(decimals), (0...10_000).contains(whole * 100 + rest)
        else { throw BenchFault("'\(text)' is not 0 to 100 percent with two decimals") }
        return whole * 100 + rest
    }
}
