// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct ConnectionTests {
    @Test("a statement past its deadline ends as a timeout, is cancelled at the server, and the store goes on")
    func deadline() async throws {
        try await withDatabase { database in
            try await database.withStore(poolSize: 1) { store in
                let started = ContinuousClock.now
                await #expect { try await store.query("SELECT pg_sleep(60)", within: .milliseconds(100)) } throws: {
                    ($0 as? StoreError)?.code == .timeout
                }
                #expect(ContinuousClock.now - started < .seconds(5))
                try await eventually(within: .seconds(10), "the server ends the statement") {
                    try await store.query(
                        """
                        SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
                            AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()
                        """
                    ).isEmpty
                }
            }
        }
    }

    @Test("a call may take longer than usual if it says so, also inside a transaction, and only that call")
    func longCall() async throws {
        try await withDatabase { database async throws in
            try await database.withStore(poolSize: 1, configure: { $0.statementTimeout = .milliseconds(100) }) {
                store in
                let long: Query = "SELECT pg_sleep(1.3)"
                try await store.query(long, within: .seconds(20))
                try await store.transaction { try await $0.query(long, within: .seconds(20)) }
                _ = try? await store.query("SELECT 1/0", within: .seconds(20))
                let limit = try await store.query("SELECT current_setting('statement_timeout') AS s")[0].string("s")
                #expect(limit == "1100ms")
            }
        }
    }

    @Test("a session that the server ended while idle is replaced before anybody notices")
    func terminated() async throws {
        try await withDatabase { database in
            try await database.withStore(poolSize: 1) { store in
                let first = try #require(try await store.query("SELECT pg_backend_pid() AS pid").first).int("pid")
                try await database.withStore { other in
                    try await other.query("SELECT pg_terminate_backend(\(first)::int4)")
                    try await eventually(within: .seconds(10), "the session ends") {
                        try await other.query("SELECT 1 FROM pg_stat_activity WHERE pid = \(first)").isEmpty
                    }
                }
                let second = try #require(try await store.query("SELECT pg_backend_pid() AS pid").first).int("pid")
                #expect(second != first)
            }
        }
    }

    @Test("a transaction whose session is ended fails as connectionFailed and leaves nothing behind")
    func terminatedInside() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                await #expect {
                    try await store.transaction { transaction in
                        try await transaction.query("INSERT INTO account.tenant (id) VALUES ('lost')")
                        let row = try await transaction.query("SELECT pg_backend_pid() AS pid")[0]
                        try await store.query("SELECT pg_terminate_backend(\(try row.int("pid"))::int4)")
                        try await transaction.query("SELECT 1")
                    }
                } throws: { ($0 as? StoreError)?.code == .connectionFailed }
                let left = try await store.query("SELECT 1 FROM account.tenant")
                #expect(left.isEmpty)
            }
        }
    }

    @Test("after a restart of the server the same store works again")
    func restart() async throws {
        try await PostgresCluster.withOwn { cluster in
            try await withDatabase(in: cluster) { database in
                try await database.withStore { store in
                    try await store.ping()
                    try await cluster.killServer()
                    await #expect(throws: StoreError.self) { try await store.query("SELECT 1") }
                    try await cluster.startServer()
                    try await eventually(within: .seconds(10), "the store reconnects") {
                        do { try await store.ping() } catch { return false }
                        return true
                    }
                }
            }
        }
    }

    @Test("while the server is paused calls end by their deadlines, and go on as soon as it answers")
    func paused() async throws {
        try await PostgresCluster.withOwn { cluster in
            try await withDatabase(in: cluster) { database in
                try await database.withStore(configure: {
                    $0.statementTimeout = .milliseconds(300)
                    $0.connectTimeout = .milliseconds(200)
                    $0.acquireTimeout = .milliseconds(500)
                }) { store in
                    try await eventually(within: .seconds(10), "the store connects") {
                        do { try await store.ping() } catch { return false }
                        return true
                    }
                    try await cluster.pause()
                    let started = ContinuousClock.now
                    for _ in 0..<3 {
                        await #expect { try await store.ping() } throws: { ($0 as? StoreError)?.code == .timeout }
                    }
                    #expect(ContinuousClock.now - started < .seconds(10))
                    await cluster.resume()
                    try await eventually(within: .seconds(10), "the store goes on") {
                        do { try await store.ping() } catch { return false }
                        return true
                    }
                }
            }
        }
    }

    @Test("the pool never opens more sessions than its size, and every caller is served")
    func bound() async throws {
        try await withDatabase { database in
            try await database.withStore(poolSize: 3) { store in
                let sessions = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<40 {
                        group.addTask {
                            try await store.query("SELECT pg_backend_pid() AS pid, pg_sleep(0.002)")[0].int("pid")
                        }
                    }
                    var seen: [Int] = []
                    for try await pid in group { seen.append(pid) }
                    return seen
                }
                #expect(sessions.count == 40)
                #expect(Set(sessions).count <= 3)
            }
        }
    }

    @Test("a full waiting queue refuses at once as busy, a wait past its deadline ends as timeout")
    func queue() async throws {
        try await withDatabase { database in
            try await database.withStore(
                poolSize: 1,
                configure: {
                    $0.waitingLimit = 1
                    $0.acquireTimeout = .seconds(2)
                }
            ) { store in
                try await store.transaction { transaction in
                    try await transaction.query("SELECT 1")
                    async let first: Void = store.ping()
                    async let second: Void = store.ping()
                    var codes: [StoreError.Code] = []
                    do { try await first } catch let error as StoreError { codes.append(error.code) }
                    do { try await second } catch let error as StoreError { codes.append(error.code) }
                    #expect(Set(codes) == [.busy, .timeout])
                }
                try await store.ping()
            }
        }
    }

    @Test("a caller that is cancelled while it waits leaves the queue at once")
    func cancellation() async throws {
        try await withDatabase { database in
            try await database.withStore(poolSize: 1, configure: { $0.acquireTimeout = .seconds(60) }) { store in
                try await store.transaction { _ in
                    let waiting = Task { try await store.ping() }
                    waiting.cancel()
                    await #expect { try await waiting.value } throws: { ($0 as? StoreError)?.code == .cancelled }
                }
            }
        }
    }

    @Test("a closed store refuses")
    func closed() async throws {
        try await withDatabase { database in
            let store = try Store(configuration: StoreConfiguration(dsn: database.dsn()), log: .quiet)
            try await store.ping()
            await store.close()
            await #expect { try await store.ping() } throws: { ($0 as? StoreError)?.code == .closed }
        }
    }

    @Test("errors of connecting name the culprit and never hold the password")
    func refusals() async throws {
        try await withDatabase { database in
            let cluster = database.cluster
            try await database.withStore { try await $0.query("ALTER ROLE ebb_monitor PASSWORD 'right-secret'") }
            let unreachable = "postgresql://ebb_monitor:wrong-secret@127.0.0.1:1/\(database.name)"
            let cases: [(dsn: String, code: StoreError.Code, words: [String])] = [
                (unreachable, .connectionFailed, ["127.0.0.1:1", "refused"]),
                (
                    cluster.tcpDSN(database: database.name, role: "ebb_monitor", password: "wrong-secret"),
                    .authenticationFailed, ["ebb_monitor", "password"]
                ),
                (
                    cluster.tcpDSN(database: "nowhere", role: "ebb_monitor", password: "right-secret"),
                    .databaseMissing,
                    ["'nowhere'", "does not exist"]
                ),
            ]
            for (dsn, code, words) in cases {
                var configuration = StoreConfiguration(dsn: dsn)
                configuration.acquireTimeout = .seconds(2)
                let store = try Store(configuration: configuration, log: .quiet)
                await #expect { try await store.ping() } throws: { error in
                    let text = "\(error)"
                    return (error as? StoreError)?.code == code && words.allSatisfy { text.contains($0) }
                        && !text.contains("secret")
                }
                await store.close()
            }
        }
    }

    @Test("a connection string that can't be read is refused without being repeated")
    func malformed() throws {
        #expect {
            try Store(configuration: StoreConfiguration(dsn: "postgresql://a:top-secret@[::1/x"), log: .quiet)
        } throws: { ($0 as? StoreError)?.code == .configuration && !"\($0)".contains("top-secret") }
    }

    @Test("notices of the server reach the log, at debug level")
    func notices() async throws {
        try await withDatabase { database in
            let recorder = LogRecorder()
            let store = try Store(configuration: StoreConfiguration(dsn: database.dsn()), log: recorder.logger)
            try await store.query("DO $$ BEGIN RAISE NOTICE 'hear this'; END $$")
            await store.close()
            #expect(recorder.lines.contains { $0.contains("debug") && $0.contains("hear this") })
        }
    }
}
