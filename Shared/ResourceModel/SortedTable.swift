// SPDX-License-Identifier: Apache-2.0

/// A map that is always in the order of its keys, so that nothing decided from it depends on hash order and its
/// encoding is the same in every process.
///
/// Look-up is O(log n), insertion and removal O(n): for tables that are read far more often than their keys change.
package struct SortedTable<Key: Comparable & Sendable, Value: Sendable>: Sendable {
    package private(set) var keys: [Key] = []
    package private(set) var values: [Value] = []

    package init() {}

    package var count: Int { keys.count }
    package var isEmpty: Bool { keys.isEmpty }

    /// Setting `nil` removes the entry.
    package subscript(key: Key) -> Value? {
        get {
            let place = firstPlace(of: key)
            return isKey(key, at: place) ? values[place] : nil
        }
        set {
            let place = firstPlace(of: key)
            switch (isKey(key, at: place), newValue) {
            case (true, let value?): values[place] = value
            case (true, nil):
                keys.remove(at: place)
                values.remove(at: place)
            case (false, let value?):
                keys.insert(key, at: place)
                values.insert(value, at: place)
            case (false, nil): break
            }
        }
    }

    /// Changes the value of `key` in place; `nil` if there is none.
    @discardableResult
    package mutating func update<Result>(_ key: Key, _ change: (inout Value) -> Result) -> Result? {
        let place = firstPlace(of: key)
        guard isKey(key, at: place) else { return nil }
        return change(&values[place])
    }

    /// The index of `key` in `keys` and `values`, found at once if it is `hint`; `nil` if the key is not there.
    package func place(of key: Key, near hint: Int = -1) -> Int? {
        if hint >= 0, isKey(key, at: hint) { return hint }
        let place = firstPlace(of: key)
        return isKey(key, at: place) ? place : nil
    }

    /// The value at `place`, which `place(of:near:)` gave; valid until an entry is inserted or removed. Changed in
    /// place.
    package subscript(at place: Int) -> Value {
        get { values[place] }
        _modify { yield &values[place] }
    }

    /// Keeps the entries for which `isKept` holds.
    package mutating func keep(where isKept: (Key, Value) -> Bool) {
        let kept = keys.indices.filter { isKept(keys[$0], values[$0]) }
        guard kept.count < keys.count else { return }
        (keys, values) = (kept.map { keys[$0] }, kept.map { values[$0] })
    }

    /// The first index whose key is not before `key`.
    private func firstPlace(of key: Key) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func isKey(_ key: Key, at place: Int) -> Bool { place < keys.count && keys[place] == key }
}

extension SortedTable: Equatable where Value: Equatable {}
extension SortedTable: Hashable where Key: Hashable, Value: Hashable {}

extension SortedTable: Codable where Key: Codable, Value: Codable {
    private struct Entry: Codable {
        let key: Key
        let value: Value
    }

    /// Reads an array of entries in any order; of a repeated key the last one wins.
    package init(from decoder: any Decoder) throws {
        self.init()
        for entry in try decoder.singleValueContainer().decode([Entry].self) { self[entry.key] = entry.value }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(keys.indices.map { Entry(key: keys[$0], value: values[$0]) })
    }
}
