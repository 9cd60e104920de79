// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A bench's figures: printed as a table, and written as JSON for who compares runs.
package struct BenchReport: Sendable {
    private let name: String
    package private(set) var figures: [Figure] = []
    private var notes: [String] = []

    /// - Parameter name: the JSON file's name without its ending.
    package init(_ name: String) { self.name = name }

    package mutating func add(_ figure: Figure) { figures.append(figure) }

    /// A sentence below the table: what could not be measured, or under what load.
    package mutating func note(_ sentence: String) { notes.append(sentence) }

    /// Figures that did not reach their aim.
    package var missed: [Figure] { figures.filter { $0.met == false } }

    /// The table: one line per figure, then the notes, then how many aims were missed.
    package var table: String {
        let header = ["figure", "value", "unit", "reference", "ratio", "aim", ""]
        let rows = [header] + figures.map(Self.cells)
        let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return [1, 3, 4].contains(column) ? padding + cell.0 : cell.0 + padding
            }.joined(separator: "  ").trimmingSuffix(" ")
        }
        lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        lines += notes.map { "note: \($0)" }
        let judged = figures.filter { $0.met != nil }.count
        lines.append("\(judged - missed.count) of \(judged) aims met" + (missed.isEmpty ? "" : "; missed:"))
        lines += missed.map { "  \($0.name): \(rounded($0.value)) \($0.unit), aim \($0.aim ?? "")" }
        return lines.joined(separator: "\n")
    }

    /// Prints the table and writes `NAME.json` into the folder.
    package func finish(folder: String = ".build/bench") throws {
        print(table)
        let place = URL(fileURLWithPath: folder, isDirectory: true)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try encoder.encode(figures).write(to: place.appending(path: "\(name).json"))
    }

    private static func cells(of figure: Figure) -> [String] {
        [
            figure.name, rounded(figure.value), figure.unit, figure.reference.map(rounded) ?? "",
            figure.ratio.map { String(format: "%.2f ×", $0) } ?? "", figure.aim ?? "",
            figure.met.map { $0 ? "met" : "MISSED" } ?? "",
        ]
    }
}

/// Four significant digits at most, thousands apart.
func rounded(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let magnitude = value.magnitude
    if magnitude >= 1_000 || value == value.rounded() {
        return grouped(Int64(clamping: Int(exactly: value.rounded()) ?? .max))
    }
    return String(
        format: magnitude >= 100 ? "%.1f" : magnitude >= 10 ? "%.2f" : magnitude >= 1 ? "%.3f" : "%.4f", value)
}

/// A bound as its author wrote it.
func shortest(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 1e15 ? grouped(Int64(value)) : "\(value)"
}

private func grouped(_ value: Int64) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
        groups.insert(String(digits.suffix(3)), at: 0)
        digits = String(digits.dropLast(3))
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: " ")
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self[...]
        while text.last == character { text = text.dropLast() }
        return String(text)
    }
}
