// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import Store

/// A PostgreSQL server of the tests' own in a temporary folder: unix socket without passwords, loopback TCP with them.
///
/// It is stopped and its folder removed when the test process ends, also by a crash. Durability is off.
package actor PostgresCluster {
    /// Holds the socket and the data.
    package nonisolated let folder: String
    package nonisolated let port: Int
    private let programs: String
    private let watcher: ExitWatcher
    private var stoppedProcesses: [Int32] = []
    private var databases = 0
    private var template: Task<Void, any Error>?
    private var inUse = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// The process's one cluster, started when first asked for. Tests that stop or pause a server start their own.
    package static func shared() async throws -> PostgresCluster { try await sharedStart.value }
    private static let sharedStart = Task { try await PostgresCluster.start() }

    /// Makes and starts a new server. Throws `ProcessFailure` that says what is missing.
    package static func start() async throws -> PostgresCluster {
        let programs = try findPrograms()
        let made = try await asServerUser(
            "mktemp", ["-d", "--tmpdir", "ebb-postgres." + String(repeating: "X", count: 6)])
        let folder = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let watcher = try ExitWatcher(script: endScript, arguments: [folder])
        let cluster = PostgresCluster(programs: programs, folder: folder, port: try freePort(), watcher: watcher)
        try await cluster.initialize()
        try await cluster.startServer()
        return cluster
    }

    /// Starts a server for `body` alone and removes it afterwards.
    @discardableResult
    package static func withOwn<R: Sendable>(_ body: (PostgresCluster) async throws -> R) async throws -> R {
        let cluster = try await start()
        do {
            let result = try await body(cluster)
            await cluster.remove()
            return result
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// A server that is stopped or paused at any point is ended and its folder removed.
    private static let endScript = """
        pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
        if [ -n "$pid" ]; then
            children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
            kill -CONT $pid $children 2>/dev/null
            kill -QUIT "$pid" 2>/dev/null
            n=0
            while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
        fi
        rm -rf "$1"
        """

    private init(programs: String, folder: String, port: Int, watcher: ExitWatcher) {
        self.programs = programs
        self.folder = folder
        self.port = port
        self.watcher = watcher
    }

    /// A connection string over the unix socket, without a password.
    package nonisolated func dsn(database: String = "postgres", role: String = "postgres") -> String {
        "host=\(folder) port=\(port) dbname=\(database) user=\(role)"
    }

    /// A connection string over loopback TCP, where a password is asked for.
    package nonisolated func tcpDSN(database: String = "postgres", role: String, password: String) -> String {
        "postgresql://\(role):\(password)@127.0.0.1:\(port)/\(database)"
    }

    private func initialize() async throws {
        try await server(
            "initdb",
            ["-D", "\(folder)/data", "-U", "postgres", "-E", "UTF8", "--locale=C", "-A", "trust", "-N"]
                + ["--auth-host=scram-sha-256"])
    }

    /// Starts the server; returns when it takes connections.
    package func startServer() async throws {
        let options = [
            "-k \(folder)", "-p \(port)", "-c listen_addresses=127.0.0.1", "-c fsync=off", "-c full_page_writes=off",
            "-c synchronous_commit=off", "-c max_connections=300", "-c shared_buffers=32MB", "-c wal_level=minimal",
            "-c max_wal_senders=0", "-c autovacuum=off",
        ]
        try await server(
            "pg_ctl",
            ["-D", "\(folder)/data", "-l", "\(folder)/log", "-w", "-t", "60"]
                + ["-o", options.joined(separator: " "), "start"])
    }

    /// Ends the server and all its sessions in order.
    package func stopServer() async throws {
        try await server("pg_ctl", ["-D", "\(folder)/data", "-w", "-m", "fast", "stop"])
    }

    /// Ends the server as a crash would.
    package func killServer() async throws {
        try await server("pg_ctl", ["-D", "\(folder)/data", "-w", "-m", "immediate", "stop"])
    }

    /// Freezes the server and all its sessions: connections stay open and nothing answers.
    package func pause() throws {
        let postmaster = try postmasterID()
        _ = kill(postmaster, SIGSTOP)
        let path = "/proc/\(postmaster)/task/\(postmaster)/children"
        let children = try String(contentsOfFile: path, encoding: .utf8).split(separator: " ")
        let processes = children.compactMap { Int32($0) }
        for process in processes { _ = kill(process, SIGSTOP) }
        stoppedProcesses = [postmaster] + processes
    }

    /// Lets a paused server go on.
    package func resume() {
        for process in stoppedProcesses { _ = kill(process, SIGCONT) }
        stoppedProcesses = []
    }

    /// Ends the server and removes its folder.
    package func remove() async {
        resume()
        try? await killServer()
        watcher.fire()
    }

    /// A fresh, migrated database, in which the services' roles may log in.
    func makeDatabase() async throws -> String {
        if template == nil { template = Task { try await makeTemplate() } }
        try await template?.value
        databases += 1
        let name = "test_\(databases)"
        try await administer("CREATE DATABASE \(name) TEMPLATE ebb_template")
        return name
    }

    /// Waits until fewer than eight databases are in use: all tests run at once, and would only hinder each other.
    func enter() async {
        if inUse < 8 {
            inUse += 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func leave() {
        if waiting.isEmpty { inUse -= 1 } else { waiting.removeFirst().resume() }
    }

    func dropDatabase(_ name: String) async {
        _ = try? await administer("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    /// An empty database, not migrated.
    package func makeEmptyDatabase() async throws -> String {
        databases += 1
        let name = "empty_\(databases)"
        try await administer("CREATE DATABASE \(name)")
        return name
    }

    private func makeTemplate() async throws {
        try await administer("CREATE DATABASE ebb_template")
        let store = try Store(
            configuration: StoreConfiguration(dsn: dsn(database: "ebb_template"), poolSize: 1), log: .quiet)
        do { try await Migrator().migrate(store) } catch {
            await store.close()
            throw error
        }
        for role in ["monitor", "scheduler", "billing", "logger", "usergateway"] {
            try await store.query(Query(unsafeSQL: "ALTER ROLE ebb_\(role) LOGIN"))
        }
        await store.close()
        // A database can be copied only once nobody is connected to it.
        try await eventually(within: .seconds(10), "the template is free") {
            try await sessions(of: "ebb_template") == 0
        }
    }

    private func sessions(of database: String) async throws -> Int {
        try await administer("SELECT count(*) AS n FROM pg_stat_activity WHERE datname = '\(database)'")[0].int("n")
    }

    @discardableResult
    private func administer(_ sql: String) async throws -> [Row] {
        let store = try Store(configuration: StoreConfiguration(dsn: dsn(), poolSize: 1), log: .quiet)
        do {
            let rows = try await store.query(Query(unsafeSQL: sql), within: .seconds(60))
            await store.close()
            return rows
        } catch {
            await store.close()
            throw error
        }
    }

    private func postmasterID() throws -> Int32 {
        let text = try String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8)
        guard let line = text.split(separator: "\n").first, let id = Int32(line) else {
            throw ProcessFailure(description: "\(folder)/data/postmaster.pid names no process")
        }
        return id
    }

    private func server(_ program: String, _ arguments: [String]) async throws {
        try await Self.asServerUser("\(programs)/\(program)", arguments)
    }

    /// PostgreSQL refuses to run as root: then it runs as `postgres`.
    @discardableResult
    private static func asServerUser(_ program: String, _ arguments: [String]) async throws -> ProcessResult {
        // Foundation learns of a program's end when the socket that it inherits closes: a server that stays must not
        // keep it.
        let close = "for n in $(ls /proc/self/fd); do [ $n -gt 2 ] && eval \"exec $n>&-\"; done; exec \"$@\""
        let user = geteuid() == 0 ? ["runuser", "-u", "postgres", "--"] : []
        let result = try await run("bash", ["-c", close, "bash"] + user + [program] + arguments)
        guard result.status == 0 else {
            throw ProcessFailure(
                description: "\(program) ended with \(result.status): \(result.errors)\(result.output)")
        }
        return result
    }

    private static func findPrograms() throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newestFirst = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(root)/\($0)/bin" }
        guard let found = newestFirst.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") })
        else {
            throw ProcessFailure(description: "no \(root)/*/bin/initdb: install PostgreSQL (Debian: postgresql)")
        }
        return found
    }

    /// A port that nobody listens on, below those that the kernel hands out: until it is used nobody gets it by chance.
    package static func freePort() throws -> Int {
        let range = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
        let handedOut = range.split(separator: "\t").first.flatMap { UInt16($0) } ?? 32_768
        for _ in 0..<1_000 {
            let port = UInt16.random(in: handedOut / 2..<handedOut)
            if isFree(port) { return Int(port) }
        }
        throw ProcessFailure(
            description: "no free port on 127.0.0.1 between \(handedOut / 2) and \(handedOut): errno \(errno)")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        address.sin_port = port.bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(socket, $0, length) == 0 }
        }
    }
}
