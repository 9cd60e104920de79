// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import SchedulerCore

/// Records as each version of the rules wrote them: `Fixtures/records-<version>`. A change of the rules shows here: the
/// present version's records verify no more, which is the sign to raise `ScalingRule.version`, to leave those files as
/// they are, and to write new ones with `EBB_WRITE_FIXTURES=1`.
@Suite struct RecordCorpusTests {
    private static var directory: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    }

    private func records(ofVersion version: Int) throws -> [(name: String, bytes: Data)] {
        let directory = Self.directory.appending(path: "records-\(version)")
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map { name in
            (name, try Data(contentsOf: directory.appending(path: name)))
        }
    }

    private func encode(_ record: DecisionRecord) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(record)
    }

    @Test("records of every older version decode, tell what was decided, and say which rules they need", arguments: [1])
    func older(version: Int) throws {
        let corpus = try records(ofVersion: version)
        #expect(corpus.count == 5)
        for (name, bytes) in corpus {
            let record = try JSONDecoder().decode(DecisionRecord.self, from: bytes)
            #expect(record.rulesVersion == version, "\(name)")
            #expect(
                record.verify() == .otherRules(recorded: version, present: ScalingRule.version), "\(name)")
            #expect(record.inputs.resource == .cpu, "\(name)")
            #expect(record.inputs.samples.allSatisfy { $0.size == 2 }, "\(name)")
            #expect(record.explain().contains(record.summary), "\(name)")
            // Rules version 2 finds the same in them: it added resources and guards, and changed nothing for CPU.
            let again = ScalingRule.find(record.inputs)
            #expect(
                (again.verdict, again.reason, again.target) == (
                    record.finding.verdict, record.finding.reason, record.finding.target
                ), "\(name)")
        }
    }

    @Test("records of the present version verify, and encode to the bytes that they were read from")
    func present() throws {
        let made = try corpus()
        let directory = Self.directory.appending(path: "records-\(ScalingRule.version)")
        if ProcessInfo.processInfo.environment["EBB_WRITE_FIXTURES"] == "1" {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            for (name, record) in made { try encode(record).write(to: directory.appending(path: "\(name).json")) }
        }
        let stored = try records(ofVersion: ScalingRule.version)
        #expect(stored.map(\.name) == made.map { "\($0.name).json" }.sorted())
        for (name, bytes) in stored {
            let record = try JSONDecoder().decode(DecisionRecord.self, from: bytes)
            #expect(record.verify() == nil, "\(name)")
            #expect(try encode(record) == bytes, "\(name)")
        }
        for (name, record) in made {
            #expect(record.verify() == nil, "\(name)")
            let bytes = stored.first { $0.name == "\(name).json" }?.bytes
            #expect(try encode(record) == bytes, "\(name) is decided otherwise today")
        }
    }

    /// One of each kind.
    private func corpus() throws -> [(name: String, record: DecisionRecord)] {
        let rules = try PolicyPreset.balanced.policy(
            maximumVCPUs: 3,
            memory: ResourceRule(
                lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1 << 28, maximum: 1 << 32))
        var all: [DecisionRecord] = []
        let busy = Cluster(
            [hostRecord("host-a"), hostRecord("host-b")],
            (1...4).map { Cluster.Guest(id: domainID($0), host: "host-a", demand: 1_000_000) })
        busy.subscribe(1, rules)
        busy.tick(30)
        busy[1].demand = 0
        busy[1].memoryUsed = .mebibytes(100)
        busy.tick(80)
        busy[1].swapIn = 10_000_000
        busy.tick()
        busy.state.freezeChanged([Freeze(scope: .cluster, reason: "repairs", since: busy.now)], at: busy.now)
        busy[1].swapIn = 0
        busy.tick(80)
        all += busy.records
        let full = Cluster(
            [hostRecord("host-a", cpuCount: 1)],
            [Cluster.Guest(id: domainID(1), host: "host-a", vcpus: 2, demand: 2_000_000)])
        full.strictHosts = ["host-a"]
        full.subscribe(1, rules)
        full.tick(12)
        all += full.records
        var named: [String: DecisionRecord] = [:]
        for record in all {
            let dry = record.outcome.dry.map { "-\($0.rawValue)" } ?? ""
            let name =
                "\(record.inputs.resource.rawValue)-\(record.outcome.verdict.rawValue)-"
                + "\(record.outcome.reason.rawValue)\(dry)"
            if named[name] == nil { named[name] = record }
        }
        return named.map { (name: $0.key, record: $0.value) }.sorted { $0.name < $1.name }
    }
}
