// SPDX-License-Identifier: Apache-2.0

import FleetModel
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

    /// Starts everything, the fleet with these flags; `end()` ends it. Logs and the token are in `folder`.
    init(_ database: TestDatabase, folder: URL, fleetFlags: [String] = []) async throws {
        let tokenFile = folder.appending(path: "admin.token")
        let made = try await runProduct(
            "ebb-migrate", ["--create-administrator", "admin", "--token-file", tokenFile.path],
            environment: ["EBB_MIGRATE_DATABASE_URL": database.dsn()])
        try #require(made.status == 0, "\(made.errors)")
        token = try String(contentsOf: tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
        gatewayPort = try PostgresCluster.freePort()
        fleetPort = try PostgresCluster.freePort()
        fleet = try RunningProgram(fleetPort: fleetPort, flags: fleetFlags, folder: folder)
        let settings = ["gateway.bind": "127.0.0.1:\(gatewayPort)"]
        services = try ["monitor", "scheduler", "billing", "logger", "usergateway"].map { service in
            try Self.start(service, database, folder: folder, settings: settings)
        }
    }

    /// Starts one service more, with short intervals and its log in `folder`.
    static func start(
        _ service: String, _ database: TestDatabase, folder: URL, settings: [String: String] = [:]
    ) throws -> RunningProgram {
        let short = ["monitor.pollInterval": "200ms", "scheduler.samplingInterval": "200ms"]
        return try RunningProgram(
            service: service, dsn: database.dsn(role: "ebb_\(service)"),
            settings: settings.merging(short) { given, _ in given }, adminPort: try PostgresCluster.freePort(),
            folder: folder)
    }

    /// What really happened on the fleet.
    func truth() async throws -> FleetTruth {
        let told = try await runProduct("ebb-fleet", ["truth", "--endpoint", "tcp://127.0.0.1:\(fleetPort)"])
        try #require(told.status == 0, "\(told.errors)")
        return try JSONDecoder().decode(FleetTruth.self, from: Data(told.output.utf8))
    }

    func end() {
        for program in services + [fleet] { program.end() }
    }

    /// Runs the client to its end, as the administrator or with another's token.
    func client(_ arguments: [String], token other: String? = nil) async throws -> ProcessResult {
        try await runProduct(
            "ebb", arguments,
            environment: ["EBB_ENDPOINT": "tcp://127.0.0.1:\(gatewayPort)", "EBB_TOKEN": other ?? token])
    }

    /// A host that answers, and a tenant.
    func prepare() async throws {
        for service in services { try await service.waitForReadiness(200) }
        try await addHost("host-1")
        try await succeed("tenant", "create", "acme")
    }

    /// Adds one of the fleet's hosts, and waits until it answers.
    func addHost(_ host: String) async throws {
        try await succeed("host", "add", "fleet://127.0.0.1:\(fleetPort)/\(host)", "--name", host, "--cluster", "test")
        try await succeed("host", "enable", host)
        try await eventually(within: .seconds(60), "the host's first reading") {
            let shown = try await client(["host", "show", host, "-o", "json"])
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

    /// What the gateway answers to requests as they stand, a line each, for the administrator.
    func answers(to requests: [String]) async throws -> [String] {
        let script = """
            import socket, sys
            with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30) as gateway:
                answers = gateway.makefile()
                for line in sys.argv[2:]:
                    gateway.sendall(line.encode() + b"\\n")
                    while '"method"' in (answer := answers.readline()): pass  # a notification
                    print(answer, end="")
            """
        let login = #"{"jsonrpc":"2.0","id":0,"method":"session.login","params":{"token":"\#(token)"}}"#
        let told = try await run("python3", ["-c", script, "\(gatewayPort)", login] + requests)
        try #require(told.status == 0, "\(told.errors)")
        return Array(told.output.split(separator: "\n").map(String.init).dropFirst())
    }

    func succeed(_ arguments: String...) async throws {
        let result = try await client(arguments)
        try #require(result.status == 0, "ebb \(arguments.joined(separator: " ")): \(result.errors)")
    }
}
