// SPDX-License-Identifier: Apache-2.0

internal import UserGatewayCore

/// The state of Ebb on one screen of 80 columns and 24 lines, however much there is to show.
struct StatusScreen {
    static let width = 80
    /// One of the 24 lines is for the prompt.
    static let height = 23
    private static let mostFreezes = 4

    private let status: JSONValue

    init(_ status: JSONValue) { self.status = status }

    func text(isColoured: Bool) -> SafeText {
        let isHealthy = status["healthy"] == true
        var lines = [
            Table.Cell(text: SafeText(line: verdict(isHealthy)), colour: isHealthy ? .green : .red), plain(""),
        ]
        lines += services + [plain(""), hosts, plain(oldest)] + freezes
        lines += problems(Self.height - lines.count)
        return lines.map { cell -> SafeText in
            let text = SafeText(line: Self.fitting(cell.text.text))
            return (isColoured ? cell.colour?.paint(text) ?? text : text) + "\n"
        }.joined()
    }

    private func plain(_ text: String) -> Table.Cell { Table.Cell(text: SafeText(line: text)) }

    private func verdict(_ isHealthy: Bool) -> String {
        let at = status["at"]?.text.map(Humanize.instant) ?? "-"
        let count = status["problems"]?.items?.count ?? 0
        return isHealthy ? "Ebb is well at \(at)" : "Ebb is not well at \(at): \(count) problem\(count == 1 ? "" : "s")"
    }

    private var services: [Table.Cell] {
        let rows = (status["services"]?.items ?? []).map { service in
            [
                Column("", "service").human(service), Column("", "up").human(service),
                Column("", "missing").human(service), Column("", "since", .instant, null: "-").human(service),
            ].map { Table.Cell(text: $0) }
        }
        let table = Table(
            titles: ["SERVICE", "UP", "MISSING", "MISSING SINCE"], isNumeric: [false, true, true, false], rows: rows)
        return table.render(isColoured: false).text.split(separator: "\n").map { plain(String($0)) }
    }

    private var hosts: Table.Cell {
        func count(_ name: String) -> Int64 { status["hosts"]?[name]?.integer ?? 0 }
        let text =
            "HOSTS  \(count("up")) of \(count("total")) up, \(count("unknown")) unknown; "
            + "\(count("observed")) observed, \(count("draining")) draining"
        return Table.Cell(text: SafeText(line: text), colour: count("unknown") > 0 ? .yellow : nil)
    }

    private var oldest: String {
        guard let host = status["oldestHost"]?.text else { return "OLDEST FIGURE  there are no hosts" }
        let age = status["oldestAgeNanoseconds"]?.integer.map { "\(Humanize.duration($0)) old" } ?? "never read"
        return "OLDEST FIGURE  \(age), of \(host)"
    }

    private var freezes: [Table.Cell] {
        let all = status["freezes"]?.items ?? []
        guard !all.isEmpty else { return [plain("FROZEN  nothing")] }
        func text(_ freeze: JSONValue, _ key: String) -> String { freeze[key].map(Column.raw) ?? "-" }
        let lines = all.prefix(Self.mostFreezes).map { freeze in
            let since = Humanize.instant(text(freeze, "createdAt"))
            return plain("  \(text(freeze, "scope")) \(text(freeze, "name")) since \(since): \(text(freeze, "reason"))")
        }
        let more = all.count - lines.count
        return [plain("FROZEN  \(all.count)")] + lines
            + (more > 0 ? [plain("  and \(more) more: ebb freeze list")] : [])
    }

    /// The problems, in at most `limit` lines.
    private func problems(_ limit: Int) -> [Table.Cell] {
        let all = status["problems"]?.items?.compactMap(\.text) ?? []
        guard !all.isEmpty else { return [] }
        // One line is for the title, and one for the problems that have no place.
        var left = max(1, limit - 2)
        var lines: [String] = []
        var shown = 0
        for problem in all {
            let wrapped = Self.wrapped(problem)
            // The first problem is always shown, in as many lines as are free.
            guard shown == 0 || wrapped.count <= left else { break }
            lines += wrapped.prefix(left)
            left -= min(left, wrapped.count)
            shown += 1
        }
        let more = all.count - shown
        return [Table.Cell(text: "WRONG", colour: .red)] + lines.map(plain)
            + (more > 0 ? [plain("  and \(more) more: ebb service list, ebb host list")] : [])
    }

    /// The text in lines as wide as the screen, broken between words.
    private static func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        var line = "  "
        for word in text.split(whereSeparator: \.isWhitespace) {
            if line.count + 1 + word.count > width, line.contains(where: { $0 != " " }) {
                lines.append(line)
                line = "    "
            }
            line += (line.last == " " ? "" : " ") + word
        }
        return lines + [line]
    }

    /// The text on one line, cut to the width of the screen.
    private static func fitting(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count <= width ? line : line.prefix(width - 1) + "…"
    }
}
