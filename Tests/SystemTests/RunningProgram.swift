// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
import TestSupport

/// A program of ours that runs until it is told to stop. It is killed at the latest when the test process ends.
final class RunningProgram: Sendable {
    private let process: Process
    private let watcher: ExitWatcher
    private let log: URL
    /// The host and port of its `/readyz`.
    let adminAddress: String

    /// Starts a service with its admin port on `127.0.0.1:adminPort`.
    init(service: String, dsn: String, settings: [String: String] = [:], adminPort: Int, folder: URL) throws {
        adminAddress = "127.0.0.1:\(adminPort)"
        var settings = settings
        settings["admin.bind"] = adminAddress
        let program = try builtProduct("ebb-\(service)")
        log = folder.appending(path: "\(service).log")
        (process, watcher) = try Self.start(
            program, settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] },
            environment: ["EBB_DATABASE_URL": dsn], log: log)
    }

    /// Starts the simulated fleet on a port, with more of its flags.
    init(fleetPort: Int, flags: [String], folder: URL) throws {
        adminAddress = ""
        log = folder.appending(path: "fleet.log")
        (process, watcher) = try Self.start(
            try builtProduct("ebb-fleet"), ["serve", "--bind", "tcp://127.0.0.1:\(fleetPort)"] + flags,
            environment: [:],
            log: log)
    }

    private static func start(
        _ program: String, _ arguments: [String], environment: [String: String], log: URL
    ) throws -> (Process, ExitWatcher) {
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = cleanEnvironment(environment)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        // Once the process is gone its number may be another's: the watcher looks at what it is about to kill.
        let script = "[ \"$(readlink /proc/$1/exe)\" = \"$2\" ] && kill -KILL $1"
        let path = URL(fileURLWithPath: program).resolvingSymlinksInPath().path
        return (process, try ExitWatcher(script: script, arguments: ["\(process.processIdentifier)", path]))
    }

    var isRunning: Bool { process.isRunning }
    var identifier: Int32 { process.processIdentifier }
    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Asks it to stop in order; returns its exit code.
    func stop() async throws -> Int32 {
        process.terminate()
        try await eventually(within: .seconds(30), "the end of process \(identifier)") { !process.isRunning }
        return process.terminationStatus
    }

    /// Kills it with SIGKILL, and waits until it is gone.
    func kill() async throws {
        Foundation.kill(identifier, SIGKILL)
        try await eventually(within: .seconds(30), "the end of process \(identifier)") { !process.isRunning }
    }

    /// Ends it at once if it still runs.
    func end() { watcher.fire() }

    /// What `/readyz` answers: its status and its text; `nil` while nobody answers.
    func readiness() async throws -> (status: Int, text: String)? {
        guard let url = URL(string: "http://\(adminAddress)/readyz"),
            let (data, response) = try? await URLSession.shared.data(from: url),
            let status = (response as? HTTPURLResponse)?.statusCode
        else { return nil }
        return (status, String(decoding: data, as: UTF8.self))
    }

    /// Waits until `/readyz` answers with this status, and returns its text.
    @discardableResult
    func waitForReadiness(_ status: Int) async throws -> String {
        var text = ""
        try await eventually(within: .seconds(60), "\(status) from http://\(adminAddress)/readyz") {
            guard isRunning else { throw ConditionNotMet(description: "the service ended: \(output)") }
            guard let answer = try await readiness(), answer.status == status else { return false }
            text = answer.text
            return true
        }
        return text
    }
}

/// Runs one of our programs to its end, without settings that the test's surroundings may hold.
func runProduct(
    _ name: String, _ arguments: [String], environment: [String: String] = [:]
) async throws -> ProcessResult {
    let kept = cleanEnvironment(environment).map { "\($0.key)=\($0.value)" }.sorted()
    return try await run("/usr/bin/env", ["-i"] + kept + [try builtProduct(name)] + arguments)
}

/// Ours without Ebb's and PostgreSQL's variables, and with these. A Monitor that root's tests start becomes the
/// user who may enter the server's folder.
func cleanEnvironment(_ added: [String: String]) -> [String: String] {
    ProcessInfo.processInfo.environment
        .filter { !$0.key.hasPrefix("EBB_") && !$0.key.hasPrefix("PG") }
        .merging(isRoot ? ["EBB_MONITOR_USER": "postgres"] : [:]) { _, new in new }
        .merging(added) { _, new in new }
}

let isRoot = geteuid() == 0

/// A new folder that every user may enter; removed when `body` succeeds, and kept to be looked at when it fails.
func withFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ebb-system-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let result = try await body(folder)
    try FileManager.default.removeItem(at: folder)
    return result
}
