// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct QueryTests {
    @Test("every type comes back as it was bound, at its limits and as NULL")
    func types() async throws {
        try await withStore { store in
            let uuid = UUID128(high: .max, low: 1)
            let bytes: [UInt8] = Array(0...255)
            let query: Query = """
                SELECT \(Int64.min) AS low, \(Int64.max) AS high, \(UInt64(7)) AS unsigned, \("ü'\"\\ $1 🙂") AS text,
                    \(true) AS yes, \(false) AS no, \(bytes) AS bytes, \([UInt8]()) AS empty, \("") AS blank,
                    \(uuid) AS uuid, \(Timestamp(nanoseconds: 42)) AS instant, \(Int64?.none) AS absent,
                    \([UInt8]?.none) AS nothing, \(HostID("h-1")) AS host
                """
            let row = try #require(try await store.query(query).first)
            #expect(try row.int64("low") == .min)
            #expect(try row.int64("high") == .max)
            #expect(try row.int64("unsigned") == 7)
            #expect(try row.string("text") == "ü'\"\\ $1 🙂")
            #expect(try row.bool("yes"))
            #expect(try !row.bool("no"))
            #expect(try row.bytes("bytes") == bytes)
            #expect(try row.bytes("empty") == [])
            #expect(try row.string("blank") == "")
            #expect(try row.uuid("uuid") == uuid)
            #expect(try row.timestamp("instant") == Timestamp(nanoseconds: 42))
            #expect(try row.int64OrNil("absent") == nil)
            #expect(try row.bytesOrNil("nothing") == nil)
            #expect(try row.host("host") == "h-1")
        }
    }

    @Test("a bound text is never read as SQL")
    func injection() async throws {
        try await withStore { store in
            let evil = "x'); DROP TABLE account.tenant; --"
            try await store.query("INSERT INTO account.tenant (id) VALUES (\(evil))")
            let rows = try await store.query("SELECT id FROM account.tenant WHERE id = \(evil)")
            #expect(try rows.map { try $0.string("id") } == [evil])
        }
    }

    @Test("joined queries keep the order of their values")
    func composition() async throws {
        try await withStore { store in
            let condition: Query = "n >= \(2) AND n <= \(3)"
            var query: Query = "SELECT n + \(10) AS n FROM generate_series(\(1)::int8, \(9)::int8) n WHERE \(condition)"
            query += Query(unsafeSQL: " ORDER BY n")
            let numbers = try await store.query(query + " LIMIT \(5)").map { try $0.int("n") }
            #expect(numbers == [12, 13])
        }
    }

    @Test("what can't be bound is refused before it is sent, and the session stays usable")
    func invalidValues() async throws {
        try await withStore { store in
            for query: Query in ["SELECT \(UInt64.max)", "SELECT \("a\0b")"] {
                await #expect { try await store.query(query) } throws: { ($0 as? StoreError)?.code == .invalidValue }
            }
            try await store.ping()
        }
    }

    @Test("a column that is missing, NULL or of another form is an error that names it")
    func rows() async throws {
        try await withStore { store in
            let row = try #require(try await store.query("SELECT 'abc' AS word, NULL AS absent").first)
            let reads: [@Sendable (Row) throws -> Void] = [
                { _ = try $0.int64("word") }, { _ = try $0.string("absent") }, { _ = try $0.string("other") },
                { _ = try $0.bytes("word") }, { _ = try $0.uuid("word") }, { _ = try $0.bool("word") },
            ]
            for read in reads {
                #expect { try read(row) } throws: { ($0 as? StoreError)?.code == .invalidResult }
            }
        }
    }

    @Test("a value of a million bytes goes there and back")
    func large() async throws {
        try await withStore { store in
            let text = String(repeating: "0123456789", count: 400_000)
            let row = try #require(try await store.query("SELECT \(text) AS text").first)
            #expect(try row.string("text") == text)
        }
    }

    @Test(
        "server errors are typed by their SQLSTATE",
        arguments: [
            ("INSERT INTO account.tenant (id) VALUES ('a'), ('a')", StoreError.Code.uniqueViolation, "23505"),
            (
                "INSERT INTO inventory.host (id, cluster, uri, mode) VALUES ('a', 'c', 'u', 'off')", .checkViolation,
                "23514"
            ),
            ("INSERT INTO account.tenant (id) VALUES (NULL)", .notNullViolation, "23502"),
            (
                "INSERT INTO account.principal (id, name, tenant, role) SELECT gen_random_uuid(), 'a', 'x', 'owner'",
                .foreignKeyViolation, "23503"
            ),
            ("SELECT * FROM nowhere.nothing", .undefinedTable, "42P01"),
            ("SELEC 1", .syntax, "42601"),
            ("SELECT 1/0", .invalidValue, "22012"),
        ])
    func errors(sql: String, code: StoreError.Code, state: String) async throws {
        try await withStore { store in
            await #expect { try await store.query(Query(unsafeSQL: sql)) } throws: { error in
                guard let error = error as? StoreError else { return false }
                return error.code == code && error.sqlState == state
            }
            try await store.ping()
        }
    }

    @Test("a missing table is answered with the remedy")
    func remedy() async throws {
        try await withStore { store in
            await #expect { try await store.query("SELECT 1 FROM cluster.nothing") } throws: {
                "\($0)".contains("run ebb-migrate")
            }
        }
    }
}
