// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import MonitorCore
import Store
import Testing
import UserGatewayCore

/// What former versions stored, after this version's upgrade. A difference is stated in `Tests/Fixtures/differences`, with
/// its reason; whoever makes one states it with
///
///     EBB_TEST_DIFFERENCES="why it is right" swift test --filter UpgradeTests
@Suite("An upgrade keeps the past")
struct UpgradeTests {
    @Test("there is a past to upgrade")
    func isThere() { #expect(Past.all.map(\.version).first == "0.1") }

    @Test("its schema becomes this version's, step by step", arguments: Past.all)
    func schema(past: Past) async throws {
        let upgraded = try await UpgradedPast.of(past)
        let schema = try past.document("past.json").requiredInteger("schema")
        #expect(upgraded.schema == schema)
        #expect(upgraded.steps == Migration.all.map(\.version).filter { $0 > upgraded.schema })
    }

    @Test("rows, bills and decisions are what they were, but for what is stated with its reason", arguments: Past.all)
    func differences(past: Past) async throws {
        let upgraded = try await UpgradedPast.of(past)
        // So many were compared: nothing differs where nothing is looked at.
        #expect(upgraded.rows > 500)
        #expect(upgraded.bills == 12)
        let decisions = try past.document("decisions.json").items ?? []
        #expect(upgraded.decisions == decisions.count)
        if let reason = ProcessInfo.processInfo.environment["EBB_TEST_DIFFERENCES"] {
            let stated = try Statement(past.differences).stating(upgraded.differences, because: reason)
            try Data(Statement.text(stated).utf8).write(to: past.differences)
        }
        let statement = try Statement(past.differences)
        try expectNone(statement.unstated(among: upgraded.differences), "not stated", past)
        try expectNone(statement.outdated(among: upgraded.differences), "stated, but not so", past)
        try expectNone(statement.unexplained, "stated without a reason", past)
    }

    private func expectNone(_ differences: [Difference], _ what: String, _ past: Past) throws {
        let text = try Statement.text(differences)
        let command = "EBB_TEST_DIFFERENCES=\"why it is right\" swift test --filter UpgradeTests"
        let isNone = differences.isEmpty
        #expect(
            isNone,
            "\(what) in Tests/Fixtures/differences/\(past.version).json; to state it: \(command)\n\(text)")
    }

    @Test("the audit's chain holds", arguments: Past.all)
    func audit(past: Past) async throws {
        let upgraded = try await UpgradedPast.of(past)
        #expect(upgraded.entries > 50)
        #expect(upgraded.brokenEntry == nil)
    }

    @Test("stored orders of every verb can be read", arguments: Past.all)
    func orders(past: Past) async throws {
        let upgraded = try await UpgradedPast.of(past)
        #expect(upgraded.unreadable.isEmpty)
        if past.version == "0.1" { #expect(upgraded.verbs == Set(CommandVerb.allCases.map(\.rawValue))) }
    }
}

/// How a difference is found and stated.
@Suite("Differences")
struct DifferenceTests {
    private func difference(_ was: [String], _ now: [String]) throws -> Difference {
        try #require(Difference(of: "bill", part: "total", was: was, now: now))
    }

    @Test("only lines that are gone or came are told, each as often as it is")
    func lines() throws {
        #expect(Difference(of: "bill", part: "total", was: ["a", "b"], now: ["b", "a"]) == nil)
        let found = try difference(["a", "a", "b"], ["a", "c"])
        #expect(found.was == ["a", "b"])
        #expect(found.now == ["c"])
    }

    @Test("what is stated keeps its reasons, what changed since gets one more, and what is no more goes")
    func reasons() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "ebb-differences-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: url) }
        let first = try Statement(url).stating([try difference(["1"], ["2"])], because: "a rule")
        try Data(Statement.text(first).utf8).write(to: url)
        let statement = try Statement(url)
        let (same, other) = (try difference(["1"], ["2"]), try difference(["1"], ["3"]))
        #expect(statement.unstated(among: [same]).isEmpty)
        #expect(statement.unstated(among: [other]).count == 1)
        #expect(statement.outdated(among: []).count == 1)
        #expect(statement.stating([same], because: "another").map(\.why) == [["a rule"]])
        #expect(statement.stating([other], because: "another").map(\.why) == [["a rule", "another"]])
        #expect(statement.stating([], because: "another").isEmpty)
    }

    @Test("a difference without a reason is not stated")
    func unexplained() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "ebb-differences-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: url) }
        let stated = try Statement(url).stating([try difference(["1"], ["2"])], because: " ")
        try Data(Statement.text(stated).utf8).write(to: url)
        let unexplained = try Statement(url).unexplained
        #expect(unexplained.count == 1)
    }
}
