// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct TransactionTests {
    private struct Refusal: Error {}

    private func tenants(_ store: Store) async throws -> [String] {
        try await store.query("SELECT id FROM account.tenant ORDER BY id").map { try $0.string("id") }
    }

    @Test("what a body wrote is there when it returns and gone when it throws")
    func atomicity() async throws {
        try await withStore { store in
            try await store.transaction { try await $0.query("INSERT INTO account.tenant (id) VALUES ('kept')") }
            await #expect(throws: Refusal.self) {
                try await store.transaction { transaction in
                    try await transaction.query("INSERT INTO account.tenant (id) VALUES ('dropped')")
                    throw Refusal()
                }
            }
            #expect(try await tenants(store) == ["kept"])
        }
    }

    @Test("a body that swallows a statement's failure does not pass as committed")
    func swallowed() async throws {
        try await withStore { store in
            await #expect {
                try await store.transaction { transaction in
                    try await transaction.query("INSERT INTO account.tenant (id) VALUES ('a')")
                    _ = try? await transaction.query("SELECT 1/0")
                }
            } throws: { ($0 as? StoreError)?.code == .transactionAborted }
            let left = try await tenants(store)
            #expect(left == [])
        }
    }

    @Test("a transaction that escaped its body refuses")
    func escaped() async throws {
        try await withStore { store in
            let escaped = try await store.transaction { $0 }
            await #expect { try await escaped.query("SELECT 1") } throws: { ($0 as? StoreError)?.code == .closed }
        }
    }

    @Test("of two transactions that crossed, one fails with a serialization failure")
    func serialization() async throws {
        try await withStore { store in
            try await store.query("CREATE TABLE public.counter (value int8)")
            try await store.query("INSERT INTO public.counter VALUES (0)")
            await #expect {
                try await store.transaction(isolation: .serializable) { transaction in
                    try await transaction.query("SELECT value FROM public.counter")
                    try await store.query("UPDATE public.counter SET value = value + 1")
                    try await transaction.query("UPDATE public.counter SET value = value + 10")
                }
            } throws: { ($0 as? StoreError)?.code == .serialization }
            #expect(try await store.query("SELECT value FROM public.counter")[0].int("value") == 1)
        }
    }

    @Test("COPY stores every value to the bit, NULL apart from empty, also over many buffers")
    func copy() async throws {
        try await withStore { store in
            try await store.query(
                "CREATE TABLE public.copied (a int4, b int8, c text, d uuid, e bytea, f boolean, \"odd \"\"name\" text)"
            )
            let seed: UInt64 = .random(in: 0...UInt64.max)
            var generator = SeededGenerator(seed: seed)
            var rows = CopyRows(into: "public.copied", columns: ["a", "b", "c", "d", "e", "f", "odd \"name"])
            rows.append([.int4(nil), .int8(nil), .text(nil), .uuid(nil), .bytes(nil), .bool(nil), .text("")])
            rows.append([
                .int4(Int(Int32.min)), .int8(.min), .text("ü🙂\n\t\\"), .uuid(UUID128(high: .max, low: 1)),
                .bytes(Array(0...255)), .bool(true), .text("x"),
            ])
            var sum: Int64 = 0
            for _ in 0..<20_000 {
                let value = Int64(Int32.random(in: .min ... .max, using: &generator))
                sum += value
                rows.append([
                    .int4(Int(value)), .int8(value), .text("\(value)"), .uuid(nil), .bytes([]), .bool(false),
                    .text(nil),
                ])
            }
            #expect(try await store.copy(rows) == 20_002, "seed \(seed)")
            let first = try #require(
                try await store.query("SELECT * FROM public.copied WHERE a = \(Int64(Int32.min))").first)
            #expect(try first.int64("b") == .min)
            #expect(try first.string("c") == "ü🙂\n\t\\")
            #expect(try first.uuid("d") == UUID128(high: .max, low: 1))
            #expect(try first.bytes("e") == Array(0...255))
            let check = try await store.query(
                """
                SELECT count(*) FILTER (WHERE a IS NULL AND c IS NULL AND "odd ""name" = '') AS nulls,
                    sum(b) FILTER (WHERE b > \(Int64.min))::int8 AS total,
                    count(*) FILTER (WHERE c = b::text AND b = a) AS same FROM public.copied
                """)[0]
            #expect(try check.int("nulls") == 1)
            #expect(try check.int64("total") == sum, "seed \(seed)")
            #expect(try check.int("same") >= 20_000)
        }
    }

    @Test("a COPY that fails leaves nothing, names its table, and the transaction can only roll back")
    func copyFails() async throws {
        try await withStore { store in
            var rows = CopyRows(into: "account.tenant", columns: ["id", "created_ns"])
            rows.append([.text("one"), .int8(1)])
            rows.append([.text("one"), .int8(1)])
            let twice = rows
            await #expect { try await store.copy(twice) } throws: { ($0 as? StoreError)?.code == .uniqueViolation }
            var missing = CopyRows(into: "account.nothing", columns: ["id"])
            missing.append([.text("a")])
            let nowhere = missing
            await #expect { try await store.copy(nowhere) } throws: { ($0 as? StoreError)?.code == .undefinedTable }
            var large = CopyRows(into: "public.x", columns: ["a"])
            large.append([.int4(1 << 40)])
            let refused = large
            await #expect { try await store.copy(refused) } throws: { ($0 as? StoreError)?.code == .invalidValue }
            let left = try await tenants(store)
            #expect(left == [])
        }
    }
}
