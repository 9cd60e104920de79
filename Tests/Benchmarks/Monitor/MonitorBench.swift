// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BenchSupport
import Foundation
import Logging

/// The measuring parts of `make bench-monitor` and of the scheduler's end-to-end figure; `bench.py` starts what is to
/// be measured, runs each of them several times and has the table printed.
@main
struct MonitorBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures one thing and writes it to standard output as JSON.",
        subcommands: [Publish.self, Request.self, Sample.self, Watch.self, Table.self])
}

let log = Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() })

/// Writes a measurement for whoever started us.
func answer(_ measurement: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    FileHandle.standardOutput.write(try encoder.encode(measurement) + Data("\n".utf8))
}

/// `MonitorBench table`: prints the table of what `bench.py` gathered.
struct Table: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a table of measurements and writes it into .build/bench.")

    /// One figure's runs, as `bench.py` writes them.
    struct Line: Decodable {
        let name: String
        let runs: [Double]
        let unit: String
        let reference: [Double]?
        let atMost: Double?
        let atLeast: Double?
        let ratioAtMost: Double?
        let ratioAtLeast: Double?

        var aim: Aim? {
            atMost.map(Aim.atMost) ?? atLeast.map(Aim.atLeast) ?? ratioAtMost.map(Aim.ratioAtMost)
                ?? ratioAtLeast.map(Aim.ratioAtLeast)
        }
    }

    struct Document: Decodable {
        let name: String
        let lines: [Line]
        let notes: [String]
    }

    @Argument(help: "The measurements, a JSON file.") var file: String
    @Option(help: "Where the JSON of the figures goes.") var folder = ".build/bench"

    func run() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let document = try decoder.decode(Document.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        var report = BenchReport(document.name)
        for line in document.lines {
            report.add(
                Figure(line.name, runs: line.runs, unit: line.unit, reference: line.reference ?? [], aim: line.aim))
        }
        document.notes.forEach { report.note($0) }
        try report.finish(folder: folder)
    }
}
