// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization

/// Rows that hold invalid values, written by an earlier release or by hand: they are left out and named, and the others
/// are read.
///
/// Each is named once in the log. A row that is readable again is removed from here; so is a row that nobody read for
/// ten minutes.
package final class SetAsideRows: Sendable {
    /// A row, and why it can't be read.
    package struct Entry: Hashable, Sendable, CustomStringConvertible {
        /// Such as `inventory.domain`.
        package let table: String
        /// Its key's columns, such as `id 00000000-…`.
        package let key: String
        package let reason: String

        package var description: String { "\(table), \(key): \(reason)" }
    }

    private struct State {
        /// By table and key.
        var entries: [String: [String: (reason: String, metAt: ContinuousClock.Instant)]] = [:]
        var observer: (@Sendable (_ table: String, _ count: Int) -> Void)?
    }

    /// Entries of one table; more are counted in the log only.
    private static let limit = 1_000
    private static let memory: Duration = .seconds(600)

    private let log: Logger
    private let state = Mutex(State())

    init(log: Logger) { self.log = log }

    /// All that are set aside at present, by table and key.
    package var entries: [Entry] {
        state.withLock { state in
            state.entries.flatMap { table, rows in
                rows.map { Entry(table: table, key: $0.key, reason: $0.value.reason) }
            }
        }.sorted { ($0.table, $0.key) < ($1.table, $1.key) }
    }

    /// Calls `observer` with how many rows of a table are set aside, now and whenever that changes.
    package func follow(_ observer: @escaping @Sendable (_ table: String, _ count: Int) -> Void) {
        let counts = state.withLock { state in
            state.observer = observer
            return state.entries.mapValues(\.count)
        }
        for (table, count) in counts { observer(table, count) }
    }

    /// What `body` makes of each row; rows for which it throws are set aside.
    ///
    /// - Parameters:
    ///   - table: The table of the rows.
    ///   - key: The columns that name a row.
    func read<Value>(
        _ rows: [Row], of table: String, by key: [String], _ body: (Row) throws(StoreError) -> Value
    ) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(rows.count)
        var unreadable: [(key: String, reason: String)] = []
        for row in rows {
            do throws(StoreError) {
                values.append(try body(row))
            } catch {
                unreadable.append((Self.name(row, key), error.description))
            }
        }
        let known = state.withLock { $0.entries[table]?.keys.sorted() ?? [] }
        guard !known.isEmpty || !unreadable.isEmpty else { return values }
        let bad = Set(unreadable.map(\.key))
        let readable = known.isEmpty ? [] : Set(rows.map { Self.name($0, key) }).subtracting(bad)
        note(unreadable, readable: readable, of: table)
        return values
    }

    private func note(_ unreadable: [(key: String, reason: String)], readable: Set<String>, of table: String) {
        let now = ContinuousClock.now
        let (new, back, count, observer) = state.withLock { state in
            var rows = state.entries[table] ?? [:]
            let back = rows.keys.filter(readable.contains)
            for key in back { rows[key] = nil }
            rows = rows.filter { now - $0.value.metAt < Self.memory }
            var new: [Entry] = []
            for (key, reason) in unreadable {
                if rows[key]?.reason != reason { new.append(Entry(table: table, key: key, reason: reason)) }
                if rows[key] != nil || rows.count < Self.limit { rows[key] = (reason, now) }
            }
            state.entries[table] = rows
            return (new, back, rows.count, state.observer)
        }
        for entry in new {
            log.error(
                "a row is set aside: it can't be read",
                metadata: ["row": "\(table), \(entry.key)", "error": "\(entry.reason)"])
        }
        for key in back { log.notice("a row that was set aside is read again", metadata: ["row": "\(table), \(key)"]) }
        observer?(table, count)
    }

    private static func name(_ row: Row, _ key: [String]) -> String {
        key.map { column in
            let text = try? row.stringOrNil(column)
            return "\(column) \(text.flatMap(\.self)?.prefix(100) ?? "NULL")"
        }.joined(separator: ", ")
    }
}
