// SPDX-License-Identifier: Apache-2.0

import Store
import TestSupport
import Testing

/// What an upgrade does to rows is noticed.
@Suite("Rows before and after")
struct TableContentTests {
    /// Two tables, one without a primary key; the differences that `change` makes.
    private func differences(after change: String) async throws -> [String] {
        try await withStore { store in
            try await store.query("CREATE SCHEMA kept")
            try await store.query(
                "CREATE TABLE kept.bill (tenant text, month int, total int8, PRIMARY KEY (tenant, month))")
            try await store.query("CREATE TABLE kept.\"order\" (verb text, arguments jsonb)")
            try await store.query("INSERT INTO kept.bill VALUES ('acme', 1, 10), ('acme', 2, 20), ('globex', 1, NULL)")
            try await store.query("INSERT INTO kept.\"order\" VALUES ('start', '{}'), ('resize', '{\"vcpus\": 3}')")
            let before = try await TableContent.all(store).filter { $0.table.hasPrefix("kept.") }
            #expect(before.map(\.table) == ["kept.\"order\"", "kept.bill"])
            try await store.query(Query(unsafeSQL: change))
            var found: [Difference] = []
            for table in before { found += table.differences(to: try await table.read(store)) }
            return found.map {
                "\($0.of), \($0.part): \($0.was.joined(separator: ", ")) → \($0.now.joined(separator: ", "))"
            }
        }
    }

    @Test("a value that is another is told with its row and column")
    func value() async throws {
        #expect(
            try await differences(after: "UPDATE kept.bill SET total = 0 WHERE total IS NULL") == [
                "rows of kept.bill, column total: 'globex' '1': null → 'globex' '1': 0"
            ])
    }

    @Test("a row that is lost and one that came are told")
    func rows() async throws {
        #expect(
            try await differences(after: "UPDATE kept.bill SET month = 3 WHERE month = 2") == [
                "rows of kept.bill, its rows: 'acme' '2' → 'acme' '3'"
            ])
        #expect(
            try await differences(after: "DELETE FROM kept.\"order\" WHERE verb = 'start'") == [
                "rows of kept.\"order\", its rows: 'start' '{}' → "
            ])
    }

    @Test("a column and a table that are gone are told; a new column is none of the past's")
    func shape() async throws {
        #expect(try await differences(after: "ALTER TABLE kept.bill ADD COLUMN currency text DEFAULT 'EUR'").isEmpty)
        #expect(try await differences(after: "ALTER TABLE kept.bill DROP COLUMN total").count == 1)
        #expect(
            try await differences(after: "DROP TABLE kept.bill") == [
                "rows of kept.bill, the table: it is there → "
            ])
    }
}
