// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension SystemTests {
    /// What users get when something is wrong before anything runs: one sentence, and the right exit code.
    @Suite("What can't run says why", .serialized)
    struct RefusalTests {
        static let services = ["monitor", "scheduler", "billing", "logger", "usergateway"]
        static let nowhere = "postgresql://ebb_monitor@127.0.0.1:1/ebb"

        @Test("a setting that Ebb does not know is refused with the nearest one that it knows", arguments: services)
        func unknownSetting(service: String) async throws {
            let result = try await runProduct(
                "ebb-\(service)", ["--set", "log.levle=debug"], environment: ["EBB_DATABASE_URL": Self.nowhere])
            expectSentence(result, code: 78, naming: "log.levle", "log.level")
        }

        @Test(
            "Monitor does not run as root, nor as somebody who is not there", .enabled(if: isRoot),
            arguments: ["root", "no-such-user"])
        func rootsMonitor(user: String) async throws {
            let result = try await runProduct(
                "ebb-monitor", [], environment: ["EBB_DATABASE_URL": Self.nowhere, "EBB_MONITOR_USER": user])
            expectSentence(result, code: 78, naming: "monitor.user", "'\(user)'")
        }

        @Test(
            "a Monitor that root starts is another user's with all its threads", .enabled(if: isRoot),
            .timeLimit(.minutes(1)))
        func monitorsUser() async throws {
            try await withFolder { folder in
                let monitor = try RunningProgram(
                    service: "monitor", dsn: Self.nowhere, adminPort: try PostgresCluster.freePort(), folder: folder)
                defer { monitor.end() }
                try await eventually(within: .seconds(30), "the service's first line") { !monitor.output.isEmpty }
                let user = try #require(cleanEnvironment([:])["EBB_MONITOR_USER"])
                let known = try await run("/usr/bin/env", ["id", "-G", user]).output
                let groups = Set(known.split { $0.isWhitespace })
                let tasks = "/proc/\(monitor.identifier)/task"
                for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
                    let status = try String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)
                    for identity in ["Uid:", "Gid:"] {
                        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(identity) })
                        #expect(!line.dropFirst(4).split(separator: "\t").contains("0"), "\(line)")
                    }
                    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Groups:") })
                    #expect(Set(line.dropFirst(7).split { " \t".contains($0) }) == groups, "not that user's: \(line)")
                }
            }
        }

        @Test("a misspelt variable in the environment is refused")
        func unknownVariable() async throws {
            let result = try await runProduct(
                "ebb-monitor", [],
                environment: ["EBB_DATABASE_URL": Self.nowhere, "EBB_MONITOR_POL_INTERVAL": "1s"])
            expectSentence(result, code: 78, naming: "EBB_MONITOR_POL_INTERVAL", "EBB_MONITOR_POLL_INTERVAL")
        }

        @Test("a value out of its range is refused with the range")
        func invalidValue() async throws {
            let result = try await runProduct(
                "ebb-scheduler", ["--set", "scheduler.windowLength=0"], environment: ["EBB_DATABASE_URL": Self.nowhere])
            expectSentence(result, code: 78, naming: "scheduler.windowLength", "from 1 to 1000", "'0'")
        }

        @Test("a service without a database's address says how to give one", arguments: services)
        func noDatabase(service: String) async throws {
            expectSentence(
                try await runProduct("ebb-\(service)", []), code: 78, naming: "database.url", "EBB_DATABASE_URL")
        }

        @Test("a password that PostgreSQL refuses ends the service", .timeLimit(.minutes(3)), arguments: services)
        func wrongPassword(service: String) async throws {
            try await withDatabase { database in
                let dsn = database.cluster.tcpDSN(database: database.name, role: "ebb_\(service)", password: "sesame")
                let result = try await runProduct("ebb-\(service)", [], environment: ["EBB_DATABASE_URL": dsn])
                expectRefusal(result, code: 77, naming: "ebb_\(service)", "password")
                #expect(!result.errors.contains("sesame"), "the password is shown: \(result.errors)")
            }
        }

        @Test(
            "a port that somebody else has is named with its setting", .timeLimit(.minutes(3)),
            arguments: [
                ("logger", "admin.bind", "127.0.0.1:"), ("usergateway", "gateway.bind", "127.0.0.1:"),
                ("monitor", "bus.command", "tcp://127.0.0.1:"), ("monitor", "bus.publish", "tcp://127.0.0.1:"),
            ])
        func takenPort(service: String, setting: String, prefix: String) async throws {
            try await withDatabase { database in
                let taken = "\(prefix)\(database.cluster.port)"
                let result = try await runProduct(
                    "ebb-\(service)", ["--set", "\(setting)=\(taken)"],
                    environment: ["EBB_DATABASE_URL": database.dsn(role: "ebb_\(service)")])
                expectRefusal(result, code: 69, naming: "\(database.cluster.port)", setting)
            }
        }

        @Test("a migration without a database ends when its waiting does", .timeLimit(.minutes(1)))
        func migrationWithoutDatabase() async throws {
            let result = try await runProduct(
                "ebb-migrate", ["--wait", "1"], environment: ["EBB_MIGRATE_DATABASE_URL": Self.nowhere])
            expectSentence(result, code: 69, naming: "127.0.0.1:1")
        }

        @Test("a client without a gateway says where it looked", .timeLimit(.minutes(1)))
        func noGateway() async throws {
            let result = try await runProduct(
                "ebb", ["vm", "list", "--endpoint", "tcp://127.0.0.1:1"],
                environment: ["EBB_TOKEN": "ebb_" + String(repeating: "A", count: 43)])
            expectSentence(result, code: 69, naming: "127.0.0.1:1")
        }

        @Test(
            "a policy that can't be is refused before anything is sent",
            arguments: [
                ["--lower", "80%", "--upper", "80%", "--ratio", "7/10"],
                ["--lower", "81%", "--upper", "80%", "--ratio", "7/10"],
                ["--lower", "15%", "--upper", "80%", "--ratio", "0"],
                ["--lower", "15%", "--upper", "80%", "--ratio", "11/10"],
                ["--lower", "15%", "--upper", "101%", "--ratio", "7/10"],
                ["--lower=-5%", "--upper", "80%", "--ratio", "7/10"],
                ["--lower", "fifteen", "--upper", "80%", "--ratio", "7/10"],
            ])
        func impossiblePolicy(values: [String]) async throws {
            let result = try await runProduct("ebb", ["policy", "set", "web-1"] + values)
            #expect(result.status == 64, "\(result.errors)")
            let reasons = result.errors.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
            #expect(reasons.count == 1, "\(result.errors)")
        }
    }
}

/// The program ended with this code and said exactly one sentence, which names these.
func expectSentence(
    _ result: ProcessResult, code: Int32, naming names: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result.status == code, "\(result.errors)", sourceLocation: sourceLocation)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 1, "\(result.errors)", sourceLocation: sourceLocation)
    for name in names {
        #expect(result.errors.contains(name), "\(name) is not named: \(result.errors)", sourceLocation: sourceLocation)
    }
}

/// As `expectSentence`, for a service that logged already: the sentence is the one line that is no JSON.
func expectRefusal(
    _ result: ProcessResult, code: Int32, naming names: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result.status == code, "\(result.errors)\(result.output)", sourceLocation: sourceLocation)
    let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("{") }
    #expect(lines.count == 1, "\(result.errors)", sourceLocation: sourceLocation)
    for name in names {
        let isNamed = lines.contains { $0.contains(name) }
        #expect(isNamed, "\(name) is not named: \(lines)", sourceLocation: sourceLocation)
    }
}
