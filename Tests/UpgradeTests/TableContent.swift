// SPDX-License-Identifier: Apache-2.0

import Store

/// A table's rows, column by column, as text.
struct TableContent: Sendable {
    /// As SQL writes it.
    let table: String
    /// As SQL writes them: of the primary key, or all where it has none.
    let keys: [String]
    /// Values by row and column; a row is named by its key.
    private(set) var rows: [String: [String: String]] = [:]

    /// Every table of Ebb's schemas; partitions are within their table.
    static func all(_ store: Store) async throws -> [TableContent] {
        let tables = try await store.query(
            """
            SELECT format('%I.%I', n.nspname, c.relname) AS name, coalesce(
                    (SELECT string_agg(format('%I', a.attname), ',' ORDER BY a.attnum) FROM pg_index i
                     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                     WHERE i.indrelid = c.oid AND i.indisprimary),
                    (SELECT string_agg(format('%I', a.attname), ',' ORDER BY a.attnum) FROM pg_attribute a
                     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) AS keys
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'public') ORDER BY 1
            """)
        var contents: [TableContent] = []
        for row in tables {
            let keys = try row.string("keys").split(separator: ",").map(String.init)
            let empty = TableContent(table: try row.string("name"), keys: keys)
            if let content = try await empty.read(store) { contents.append(content) }
        }
        return contents
    }

    /// The table's rows of now; `nil` where there is no such table any more.
    func read(_ store: Store) async throws -> TableContent? {
        guard try await store.query("SELECT to_regclass(\(table)) IS NOT NULL AS there")[0].bool("there") else {
            return nil
        }
        var content = TableContent(table: table, keys: keys)
        let key = keys.map { "quote_nullable(t.\($0))" }.joined(separator: ", ")
        let values = try await store.query(
            Query(
                unsafeSQL: """
                    SELECT concat_ws(' ', \(key)) AS key, c.key AS column, c.value::text AS value
                    FROM \(table) t, jsonb_each(to_jsonb(t)) c
                    """), within: .seconds(30))
        for value in values {
            content.rows[try value.string("key"), default: [:]][try value.string("column")] = try value.string("value")
        }
        return content
    }

    /// What became of the rows: which are gone, which came, and which values are others.
    func differences(to now: TableContent?) -> [Difference] {
        let name = "rows of \(table)"
        guard let now else {
            return Difference(of: name, part: "the table", was: ["it is there"], now: []).map { [$0] } ?? []
        }
        let kept = rows.keys.filter { now.rows[$0] != nil }.sorted()
        var found = [
            Difference(of: name, part: "its rows", was: rows.keys.sorted(), now: now.rows.keys.sorted())
        ]
        let columns = rows.values.reduce(into: Set<String>()) { $0.formUnion($1.keys) }
        for column in columns.sorted() {
            let lines = [self, now].map { content in
                kept.map { "\($0): \(content.rows[$0]?[column] ?? "no such column")" }
            }
            found.append(Difference(of: name, part: "column \(column)", was: lines[0], now: lines[1]))
        }
        return found.compactMap { $0 }
    }
}
