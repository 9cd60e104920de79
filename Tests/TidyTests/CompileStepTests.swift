// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("What a first build compiles")
struct CompileStepTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let programs = [
        "ebb", "ebb-billing", "ebb-fleet", "ebb-logger", "ebb-migrate", "ebb-monitor", "ebb-scheduler",
        "ebb-usergateway",
    ]

    private struct Ceiling {
        let files: Int
        let page: String
    }

    /// `Tests/compile-steps`: one line that is no comment, the ceiling and its page.
    private static func ceiling() throws -> Ceiling {
        let text = try String(contentsOf: root.appending(path: "Tests/compile-steps"), encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let words = try #require(lines.count == 1 ? lines.first : nil).split(separator: " ")
        return Ceiling(files: try #require(words.first.flatMap { Int($0) }), page: String(try #require(words.last)))
    }

    @Test("the programs compile no more files of other packages than the ceiling, and a page gives it")
    func ceilingHolds() throws {
        let ceiling = try Self.ceiling()
        let counts = try BuildPlan.current().filesByPackage(of: Self.programs)
        let total = counts.values.reduce(0, +)
        let table = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        #expect(
            total <= ceiling.files,
            """
            the programs now compile \(total) files of other packages, more than \(ceiling.files): \
            \(table.joined(separator: ", ")). Do without, or raise Tests/compile-steps with a page in docs/decisions/
            """)
        let page = try String(contentsOf: Self.root.appending(path: ceiling.page), encoding: .utf8)
        #expect(ceiling.page.hasPrefix("docs/decisions/"))
        #expect(page.contains("\(ceiling.files) files"), "\(ceiling.page) does not give the ceiling")
    }

    @Test("only the gateway and its client link TLS, so that the demo's build can leave it out")
    func tlsIsApart() throws {
        let plan = try BuildPlan.current()
        #expect(try plan.filesByPackage(of: ["ebb-usergateway"])["swift-nio-ssl"] ?? 0 > 0)
        let others = Self.programs.filter { !["ebb", "ebb-usergateway"].contains($0) }
        #expect(try plan.filesByPackage(of: others)["swift-nio-ssl"] == nil)
    }

    @Test("the demo's build has no TLS, no tests and no benchmarks")
    func demoBuild() async throws {
        // A folder of its own: whoever runs the tests holds the build's folder until they end.
        let scratch = FileManager.default.temporaryDirectory.appending(path: "ebb-manifest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let dump = try await run(
            "swift",
            ["package", "--package-path", Self.root.path, "--scratch-path", scratch.path, "dump-package"],
            environment: ["EBB_BUILD": "demo"])
        #expect(dump.status == 0, "\(dump.errors)")
        for program in Self.programs { #expect(dump.output.contains("\"\(program)\"")) }
        for left in ["NIOSSL", "TestSupport", "TidyTests", "SchedulerBench"] {
            #expect(!dump.output.contains("\"\(left)\""), "the demo's build has \(left)")
        }
    }
}

@Suite("Reading a build's description")
struct BuildPlanTests {
    private static let description = """
        client:
          name: basic
        commands:
          "/x/.build/debug/CThing.build/a.c.o":
            tool: clang
            inputs: ["/x/.build/checkouts/thing/Sources/CThing/a.c"]
            outputs: ["/x/.build/debug/CThing.build/a.c.o"]

          "C.Own-debug.module":
            tool: shell
            inputs: ["/x/Shared/Own/a.swift","/x/.build/debug/Modules/Thing.swiftmodule"]
            outputs: ["/x/.build/debug/Own.build/a.swift.o","/x/.build/debug/Modules/Own.swiftmodule"]

          "C.Thing-debug.module":
            tool: shell
            inputs: ["/x/.build/checkouts/thing/Sources/Thing/a.swift","/x/.build/checkouts/thing/Sources/Thing/b.swift"]
            outputs: ["/x/.build/debug/Thing.build/a.swift.o","/x/.build/debug/Thing.build/b.swift.o"]

          "C.one-debug.exe":
            tool: shell
            inputs: ["/x/.build/debug/Own.build/a.swift.o","/x/.build/debug/CThing.build/a.c.o"]
            outputs: ["/x/.build/debug/one"]

          "C.two-debug.exe":
            tool: shell
            inputs: ["/x/.build/debug/CThing.build/a.c.o","/x/.build/debug/Thing.build/a.swift.o","/x/.build/debug/Thing.build/b.swift.o"]
            outputs: ["/x/.build/debug/two"]

        """

    @Test("a file counts once, for the package that it is of, and Ebb's own files do not count")
    func counts() throws {
        let plan = BuildPlan(Self.description)
        #expect(try plan.filesByPackage(of: ["one"]) == ["thing": 1])
        #expect(try plan.filesByPackage(of: ["one", "two"]) == ["thing": 3])
    }

    @Test("a program that is not planned, or an object that nothing compiles, is an error, not nothing")
    func incomplete() {
        let plan = BuildPlan(Self.description)
        #expect(throws: BuildPlan.Fault.self) { try plan.filesByPackage(of: ["three"]) }
        let cut = BuildPlan(Self.description.replacing("\"C.Thing-debug.module\":", with: "\"Thing\":"))
        #expect(throws: BuildPlan.Fault.self) { try cut.filesByPackage(of: ["two"]) }
    }
}
