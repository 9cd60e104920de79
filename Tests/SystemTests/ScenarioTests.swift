// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The five processes, a fleet, PostgreSQL and the client: one test at a time, because each loads the whole machine.
@Suite("The system", .serialized)
enum SystemTests {}

extension SystemTests {
    /// demo/demo.py verifies by itself: actions against the independent reference, bills against the true timeline.
    @Suite("The paper's experiment", .serialized)
    struct ScenarioTests {
        @Test("acts at the reference's samples and bills what the true timeline gives", .timeLimit(.minutes(10)))
        func plain() async throws {
            let output = try await demonstrate()
            #expect(output.contains("Figure 5: t = "), "\(output)")
            #expect(output.contains("as the reference says"), "\(output)")
        }

        @Test("is the same when every service is killed once", .timeLimit(.minutes(10)), arguments: [killSeed])
        func killed(seed: UInt32) async throws {
            let output = try await demonstrate("--kill", "\(seed)")
            let restarts = output.split(separator: "\n").filter { $0.hasSuffix("killed and restarted") }
            #expect(restarts.count == 5, "seed \(seed): \(output)")
        }

        @Test("is the same when a second instance of every service joins", .timeLimit(.minutes(10)))
        func second() async throws {
            let output = try await demonstrate("--second")
            let joined = output.split(separator: "\n").filter { $0.contains(": a second ") }
            #expect(joined.count == 4, "\(output)")
        }

        /// Of EBB_TEST_SEED, else random; it is the test's argument, so that every run shows it.
        private static let killSeed: UInt32 =
            ProcessInfo.processInfo.environment["EBB_TEST_SEED"].flatMap { UInt32($0) } ?? .random(in: 0...999_999)

        private func demonstrate(_ arguments: String...) async throws -> String {
            try await withFolder { folder in
                let directory = folder.appending(path: "stack")
                let binaries = URL(fileURLWithPath: try builtProduct("ebb")).deletingLastPathComponent().path
                let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                    .appending(path: "../../demo/demo.py").standardizedFileURL.path
                let result = try await run(
                    "python3", [script, "--binaries", binaries, "--directory", directory.path] + arguments)
                let left = try leftOver(of: directory)
                #expect(left.isEmpty, "still running: \(left)")
                try #require(
                    result.status == 0,
                    "demo.py \(arguments.joined(separator: " ")) failed, \(folder.path) is kept: \(result.errors)\(result.output)"
                )
                return result.output
            }
        }

        /// Processes that the stack wrote down and that still run.
        private func leftOver(of directory: URL) throws -> [String] {
            struct State: Decodable { let pids: [String: Int32] }
            let data = try Data(contentsOf: directory.appending(path: "stack.json"))
            let pids = try JSONDecoder().decode(State.self, from: data).pids
            return pids.filter { FileManager.default.fileExists(atPath: "/proc/\($0.value)") }.keys.sorted()
        }
    }
}
