// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A workload of one day per machine: what each wanted, in percent of 8 vCPUs, every five minutes.
struct Traces {
    /// Readings by machine.
    let machines: [[Int64]]
    let isReal: Bool
    /// What they are, for the table.
    let origin: String

    static let readingsPerDay = 288

    /// Reads every `planetlab-*.csv.gz` of `folder`, in the order of their names; generates a workload where there is
    /// none.
    static func load(from folder: String) throws -> Traces {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { $0.hasPrefix("planetlab-") && $0.hasSuffix(".csv.gz") }.sorted()
        guard !files.isEmpty else {
            return Traces(
                machines: generated(count: 1_000), isReal: false,
                origin: "generated machines: there are no traces in \(folder), so the aims of value don't apply")
        }
        let machines = try files.flatMap { try parse(unpack("\(folder)/\($0)")) }
        return Traces(machines: machines, isReal: true, origin: "\(machines.count) VM-days of \(folder)")
    }

    static func unpack(_ path: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/gzip")
        process.arguments = ["-dc", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchFault("gzip can't unpack \(path)") }
        return String(decoding: data, as: UTF8.self)
    }

    /// A header, then an id and 288 integers from 0 to 100 in each line.
    private static func parse(_ text: String) throws -> [[Int64]] {
        let lines: [Substring] = text.split(separator: "\n")
        return try lines.dropFirst().map { line in
            let fields: [Substring] = line.split(separator: ",")
            let readings = fields.dropFirst().map { Int64($0) ?? -1 }
            guard readings.count == readingsPerDay, readings.allSatisfy({ (0...100).contains($0) }) else {
                throw BenchFault(
                    "a trace has a line without \(readingsPerDay) readings from 0 to 100: \(String(line.prefix(40)))")
            }
            return readings
        }
    }

    /// Four kinds of machine: idle with spikes, day and night, bursts that last, and noise around a level.
    private static func generated(count: Int) -> [[Int64]] {
        var random = SplitMix(seed: 20_110_303)
        return (0..<count).map { machine in
            let level = random.below(40)
            var burst: Int64 = 0
            return (0..<readingsPerDay).map { reading in
                let noise = random.below(9) - 4
                switch machine % 4 {
                case 0: return clamp(random.below(25) == 0 ? 30 + random.below(60) : 3 + noise)
                case 1: return clamp((96..<216).contains(reading) ? level + 30 + noise : 8 + noise)
                case 2:
                    if random.below(40) == 0 { burst = burst == 0 ? 20 + random.below(60) : 0 }
                    return clamp(level / 2 + burst + noise)
                default: return clamp(level + 2 * noise)
                }
            }
        }
    }

    private static func clamp(_ value: Int64) -> Int64 { min(100, max(0, value)) }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same workload.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// From 0 to `bound` − 1.
    mutating func below(_ bound: Int64) -> Int64 { Int64(next() % UInt64(bound)) }
}

/// Why the bench can't go on.
struct BenchFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
