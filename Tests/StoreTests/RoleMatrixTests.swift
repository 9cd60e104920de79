// SPDX-License-Identifier: Apache-2.0

import Foundation
import Store
import TestSupport
import Testing

/// Every role with every table, verb and function, held against `RoleMatrix`.
@Suite struct RoleMatrixTests {
    private static let schemas = "'public', 'cluster', 'account', 'inventory', 'scheduling', 'billing', 'log', 'audit'"

    private struct Table: Sendable {
        /// It can only be read.
        let isView: Bool
        /// Its first.
        let column: String
    }

    /// Tables, views and functions; partitions are within their table, and extensions bring their own.
    private struct Things: Sendable {
        let tables: [String: Table]
        /// How each function is called.
        let calls: [String: String]

        init(_ store: Store) async throws {
            let relations = try await store.query(
                Query(
                    unsafeSQL: """
                        SELECT n.nspname || '.' || c.relname AS name, c.relkind = 'v' AS is_view,
                            (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = 1) AS "column"
                        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
                            AND n.nspname IN (\(schemas))
                        """))
            var tables: [String: Table] = [:]
            for row in relations {
                tables[try row.string("name")] = Table(
                    isView: try row.bool("is_view"), column: try row.string("column"))
            }
            self.tables = tables
            let functions = try await store.query(
                Query(
                    unsafeSQL: """
                        SELECT n.nspname || '.' || p.proname AS name, p.oid::regproc || '(' || array_to_string(ARRAY(
                                SELECT 'NULL::' || format_type(t, NULL) FROM unnest(p.proargtypes) t), ', ') || ')' AS call
                        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                        WHERE n.nspname IN (\(schemas)) AND p.prorettype <> 'trigger'::regtype AND NOT EXISTS (
                            SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
                        """))
            var calls: [String: String] = [:]
            for row in functions { calls[try row.string("name")] = try row.string("call") }
            self.calls = calls
        }
    }

    /// What is granted and not declared, or the other way round, and what has no entry.
    private func faults(_ store: Store) async throws -> [String] {
        let things = try await Things(store)
        var faults: [String] = []
        for name in Set(things.tables.keys).symmetricDifference(RoleMatrix.tables.keys).sorted() {
            faults.append("table \(name) has no entry in RoleMatrix.tables, or is not there")
        }
        for name in Set(things.calls.keys).symmetricDifference(RoleMatrix.functions.keys).sorted() {
            faults.append("function \(name) has no entry in RoleMatrix.functions, or is not there")
        }
        for service in ServiceKind.allCases {
            for table in RoleMatrix.tables.keys.sorted() where things.tables[table] != nil {
                let granted = try await grants(to: service, on: table, store)
                let declared = RoleMatrix.rights(of: service, on: table)
                guard granted != declared else { continue }
                faults.append("\(service.rawValue) has '\(granted)' on \(table), declared is '\(declared)'")
            }
            let callable = try await store.query(
                Query(
                    unsafeSQL: """
                        SELECT DISTINCT n.nspname || '.' || p.proname AS name
                        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                        WHERE n.nspname IN (\(Self.schemas)) AND p.prorettype <> 'trigger'::regtype
                            AND has_function_privilege('ebb_\(service.rawValue)', p.oid, 'EXECUTE') AND NOT EXISTS (
                                SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
                        """))
            let may = Set(try callable.map { try $0.string("name") })
            for function in RoleMatrix.functions.keys.sorted()
            where may.contains(function) != RoleMatrix.mayCall(service, function) {
                faults.append("\(service.rawValue) \(may.contains(function) ? "may" : "may not") call \(function)")
            }
        }
        return faults
    }

    /// Such as `select insert update(mode)`, as PostgreSQL's catalogue has it.
    private func grants(to service: ServiceKind, on table: String, _ store: Store) async throws -> String {
        let rows = try await store.query(
            Query(
                unsafeSQL: """
                    SELECT coalesce(string_agg(right_, ' ' ORDER BY number), '') AS rights FROM (
                        SELECT v.number, CASE
                            WHEN has_table_privilege('ebb_\(service.rawValue)', '\(table)'::regclass, v.verb)
                            THEN lower(v.verb)
                            WHEN v.number <= 3 THEN (
                                SELECT lower(v.verb) || '(' || string_agg(a.attname, ' ' ORDER BY a.attname) || ')'
                                FROM pg_attribute a WHERE a.attrelid = '\(table)'::regclass AND a.attnum > 0
                                    AND NOT a.attisdropped AND has_column_privilege(
                                        'ebb_\(service.rawValue)', '\(table)'::regclass, a.attnum, v.verb)) END AS right_
                        FROM (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE'), (5, 'TRUNCATE'),
                            (6, 'REFERENCES'), (7, 'TRIGGER')) v(number, verb)) r
                    """))
        return try rows.first?.string("rights") ?? ""
    }

    @Test("every role has the rights that are declared on every table and function, and no others")
    func declared() async throws {
        try await withStore { store async throws in
            let faults = try await faults(store)
            #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        }
    }

    @Test("a new table or function without an entry is named, and so is a right that nobody declared")
    func undeclared() async throws {
        try await withStore { store async throws in
            try await store.query("CREATE TABLE inventory.newcomer (id int4)")
            try await store.query("CREATE FUNCTION log.newcomer() RETURNS int4 LANGUAGE sql AS 'SELECT 1'")
            try await store.query("GRANT DELETE ON inventory.meter_reading TO ebb_monitor")
            let faults = try await faults(store)
            #expect(faults.contains { $0.contains("inventory.newcomer") })
            #expect(faults.contains { $0.contains("log.newcomer") })
            #expect(faults.contains { $0.contains("inventory.meter_reading") && $0.contains("delete") })
        }
    }

    @Test(
        "every role is let through with every verb that is declared and refused with every other",
        arguments: ServiceKind.allCases)
    func tried(service: ServiceKind) async throws {
        try await withDatabase { database async throws in
            let things = try await database.withStore { try await Things($0) }
            try await database.withStore(role: "ebb_\(service.rawValue)", poolSize: 1) { store async throws in
                for (name, table) in things.tables.sorted(by: { $0.key < $1.key }) {
                    let rights = RoleMatrix.rights(of: service, on: name)
                    for (verb, statement) in statements(on: name, table, rights) {
                        let isDeclared = " \(rights)".contains(" \(verb)")
                        let isRefused = await isRefused(statement, store)
                        #expect(isRefused != isDeclared, "\(service.rawValue): \(statement)")
                    }
                }
                for (function, call) in things.calls where !RoleMatrix.mayCall(service, function) {
                    let isRefused = await isRefused("SELECT \(call)", store)
                    #expect(isRefused, "\(service.rawValue): SELECT \(call)")
                }
            }
        }
    }

    /// One statement for each verb; it changes nothing, but for a default row where one is possible.
    private func statements(on name: String, _ table: Table, _ rights: String) -> [(verb: String, sql: String)] {
        let read = [(verb: "select", sql: "SELECT 1 FROM \(name) LIMIT 0")]
        guard !table.isView else { return read }
        // Where only some columns may be updated, one of them.
        let listed = rights.components(separatedBy: "update(").dropFirst().first
        let column = listed.map { $0.prefix { $0 != " " && $0 != ")" } }.map(String.init) ?? table.column
        return read + [
            (verb: "insert", sql: "INSERT INTO \(name) DEFAULT VALUES"),
            (verb: "update", sql: "UPDATE \(name) SET \"\(column)\" = DEFAULT WHERE false"),
            (verb: "delete", sql: "DELETE FROM \(name) WHERE false"), (verb: "truncate", sql: "TRUNCATE \(name)"),
        ]
    }

    private func isRefused(_ sql: String, _ store: Store) async -> Bool {
        do throws(StoreError) {
            try await store.query(Query(unsafeSQL: sql))
            return false
        } catch {
            return error.code == .insufficientPrivilege
        }
    }
}
