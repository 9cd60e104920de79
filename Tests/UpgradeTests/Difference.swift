// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a former version gave otherwise: in lines, those that are gone and those that came, and why that is right.
struct Difference: Codable, Hashable, Sendable {
    /// Which document, table or kind of record.
    let of: String
    /// Which part of it, such as one VM's resource or a column.
    let part: String
    let was: [String]
    let now: [String]
    /// One reason for each change since; written by people.
    var why: [String] = []

    /// `nil` where both are the same, in whatever order.
    init?(of document: String, part: String, was: [String], now: [String]) {
        let (gone, came) = (Self.lines(was, without: now), Self.lines(now, without: was))
        guard !gone.isEmpty || !came.isEmpty else { return nil }
        (self.of, self.part, self.was, self.now) = (document, part, gone, came)
    }

    private static func lines(_ lines: [String], without others: [String]) -> [String] {
        var counts = Dictionary(others.map { ($0, 1) }, uniquingKeysWith: +)
        return lines.filter { line in
            guard let count = counts[line], count > 0 else { return true }
            counts[line] = count - 1
            return false
        }
    }

    /// Without its reasons.
    var change: Difference {
        var change = self
        change.why = []
        return change
    }

    fileprivate var place: [String] { [of, part] }
}

/// The stated differences of one version.
struct Statement: Sendable {
    private(set) var differences: [Difference]

    init(_ url: URL) throws {
        guard let data = try? Data(contentsOf: url) else {
            differences = []
            return
        }
        differences = try JSONDecoder().decode([Difference].self, from: data)
    }

    /// What is different, as it is to be stated: what was stated before keeps its reasons, and what changed since gets
    /// one more.
    func stating(_ actual: [Difference], because reason: String) -> [Difference] {
        let known = Dictionary(differences.map { ($0.place, $0) }) { first, _ in first }
        return actual.map { difference in
            var stated = difference
            stated.why = known[difference.place]?.why ?? []
            if known[difference.place]?.change != difference { stated.why.append(reason) }
            return stated
        }.sorted { ($0.of, $0.part) < ($1.of, $1.part) }
    }

    /// What is different and not stated so, in the form of the statement.
    func unstated(among actual: [Difference]) -> [Difference] {
        let known = Set(differences.map(\.change))
        return actual.filter { !known.contains($0) }
    }

    /// What is stated and not different so.
    func outdated(among actual: [Difference]) -> [Difference] {
        let found = Set(actual)
        return differences.filter { !found.contains($0.change) }
    }

    /// What is stated without a reason.
    var unexplained: [Difference] {
        differences.filter { difference in
            difference.why.isEmpty || difference.why.contains { $0.allSatisfy(\.isWhitespace) }
        }
    }

    static func text(_ differences: [Difference]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(differences), as: UTF8.self) + "\n"
    }
}
