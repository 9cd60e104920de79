// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Five services and a simulated fleet on a test's database, and a client with an administrator's token.
struct RunningSystem {
    let services: [RunningProgram]
    private let fleet: RunningProgram
    private let fleetPort: Int
    private let gatewayPort: Int
    private let token: String

    /// Starts everything; `end()` ends it. Logs and the token are in `folder`.
    init(_ database: TestDatabase, folder: URL) async throws {
        let tokenFile = folder.appending(path: "admin.token")
        let made = try await runProduct(
            "ebb-migrate", ["--create-administrator", "admin", "--token-file", tokenFile.path],
            environment: ["EBB_MIGRATE_DATABASE_URL": database.dsn()])
        try #require(made.status == 0, "\(made.errors)")
        token = try String(contentsOf: tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
        gatewayPort = try PostgresCluster.freePort()
        fleetPort = try PostgresCluster.freePort()
        fleet = try RunningProgram(fleetPort: fleetPort, folder: folder)
        let settings = [
            "monitor.pollInterval": "200ms", "scheduler.samplingInterval": "200ms",
            "gateway.bind": "127.0.0.1:\(gatewayPort)",
        ]
        services = try ["monitor", "scheduler", "billing", "logger", "usergateway"].map { service in
            try RunningProgram(
                service: service, dsn: database.dsn(role: "ebb_\(service)"), settings: settings,
                adminPort: try PostgresCluster.freePort(), folder: folder)
        }
    }

    func end() {
        for program in services + [fleet] { program.end() }
    }

    /// Runs the client to its end, as the administrator or with another's token.
    func client(_ arguments: [String], token other: String? = nil) async throws -> CommandResult {
        try await runProduct(
            "ebb", arguments,
            environment: ["EBB_ENDPOINT": "tcp://127.0.0.1:\(gatewayPort)", "EBB_TOKEN": other ?? token])
    }

    /// A host that answers, and a tenant.
    func prepare() async throws {
        for service in services { try await service.waitForReadiness(200) }
        try await succeed(
            "host", "add", "fleet://127.0.0.1:\(fleetPort)/host-1", "--name", "host-1", "--cluster", "test")
        try await succeed("host", "enable", "host-1")
        try await succeed("tenant", "create", "acme")
        try await eventually(within: .seconds(60), "the host's first reading") {
            let shown = try await client(["host", "show", "host-1", "-o", "json"])
            return shown.output.contains(#""state": "up""#)
        }
    }

    func createVM(_ name: String) async throws {
        try await succeed(
            "vm", "create", name, "--tenant", "acme", "--host", "host-1", "--vcpus", "1", "--max-vcpus", "2",
            "--memory", "256MiB", "--disk", "1GiB")
    }

    /// Waits until more samples of the VM are stored than now.
    func waitForNewSample(of vm: String) async throws {
        func count() async throws -> Int {
            let listed = try await client(["vm", "samples", vm, "--tenant", "acme", "--limit", "10000", "-o", "json"])
            return listed.output.components(separatedBy: #""atNanoseconds""#).count
        }
        let before = try await count()
        try await eventually(within: .seconds(60), "a new sample of \(vm)") { try await count() > before }
    }

    private func succeed(_ arguments: String...) async throws {
        let result = try await client(arguments)
        try #require(result.status == 0, "ebb \(arguments.joined(separator: " ")): \(result.errors)")
    }
}
