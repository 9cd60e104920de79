// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct MigrationTests {
    private func withEmptyDatabase(_ body: (Store, String) async throws -> Void) async throws {
        let cluster = try await PostgresCluster.shared()
        let name = try await cluster.makeEmptyDatabase()
        let dsn = cluster.dsn(database: name)
        let store = try Store(configuration: StoreConfiguration(dsn: dsn, statementTimeout: .seconds(30)), log: .quiet)
        do { try await body(store, dsn) } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    @Test("every file in Migrations is compiled in, in order, under its own name")
    func files() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Shared/Store/Migrations").standardizedFileURL
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".sql") }
            .sorted()
        let expected = Migration.all.map { migration in
            let number = String(migration.version)
            return String(repeating: "0", count: 4 - number.count) + number + "_\(migration.name).sql"
        }
        #expect(names == expected)
        for (name, migration) in zip(names, Migration.all) {
            #expect(try String(contentsOf: folder.appending(path: name), encoding: .utf8) == migration.sql)
        }
    }

    @Test("a second run changes nothing; a service is refused before the first with the remedy")
    func idempotent() async throws {
        try await withEmptyDatabase { store, _ in
            let migrator = Migrator()
            await #expect { try await migrator.check(store) } throws: {
                ($0 as? StoreError)?.code == .schemaTooOld && "\($0)".contains("run ebb-migrate")
            }
            #expect(try await migrator.migrate(store) == Migration.all.map(\.version))
            #expect(try await migrator.migrate(store) == [])
            try await migrator.check(store)
        }
    }

    @Test("four at once run every step exactly once")
    func concurrent() async throws {
        try await withEmptyDatabase { store, dsn in
            let ran = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let own = try Store(
                            configuration: StoreConfiguration(dsn: dsn, poolSize: 1, statementTimeout: .seconds(60)),
                            log: .quiet)
                        defer { Task { await own.close() } }
                        return try await Migrator().migrate(own)
                    }
                }
                var all: [Int64] = []
                for try await versions in group { all += versions }
                return all
            }
            #expect(ran.sorted() == Migration.all.map(\.version))
        }
    }

    @Test("an edited step is refused by migrate and by check, and nothing runs")
    func edited() async throws {
        try await withEmptyDatabase { store, _ in
            let first = Migration(version: 1, name: "first", sql: "CREATE TABLE public.one (a int4)")
            try await Migrator([first]).migrate(store)
            let edited = Migrator([
                Migration(version: 1, name: "first", sql: "CREATE TABLE public.one (a int8)"),
                Migration(version: 2, name: "second", sql: "CREATE TABLE public.two (a int8)"),
            ])
            await #expect { try await edited.migrate(store) } throws: { ($0 as? StoreError)?.code == .migrationEdited }
            await #expect { try await edited.check(store) } throws: { ($0 as? StoreError)?.code == .migrationEdited }
            await #expect { try await store.query("SELECT 1 FROM public.two") } throws: {
                ($0 as? StoreError)?.code == .undefinedTable
            }
        }
    }

    @Test("a newer schema is refused by migrate, but the previous release runs on it")
    func newer() async throws {
        try await withEmptyDatabase { store, _ in
            let first = Migration(version: 1, name: "first", sql: "CREATE TABLE public.one (a int4)")
            let second = Migration(version: 2, name: "second", sql: "CREATE TABLE public.two (a int4)")
            try await Migrator([first, second]).migrate(store)
            let previous = Migrator([first])
            await #expect { try await previous.migrate(store) } throws: { ($0 as? StoreError)?.code == .schemaTooNew }
            try await previous.check(store)
        }
    }

    @Test("a step that fails leaves nothing of itself")
    func failing() async throws {
        try await withEmptyDatabase { store, _ in
            let bad = Migrator([
                Migration(version: 1, name: "bad", sql: "CREATE TABLE public.half (a int4); SELECT 1/0;")
            ])
            await #expect(throws: StoreError.self) { try await bad.migrate(store) }
            await #expect { try await store.query("SELECT 1 FROM public.half") } throws: {
                ($0 as? StoreError)?.code == .undefinedTable
            }
            await #expect { try await bad.check(store) } throws: { ($0 as? StoreError)?.code == .schemaTooOld }
        }
    }
}
