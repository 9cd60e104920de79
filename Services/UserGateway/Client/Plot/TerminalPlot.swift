// SPDX-License-Identifier: Apache-2.0

/// Draws a figure in a terminal: both loads in braille, bounds dotted, vCPUs as a step line below, actions marked.
///
/// The host's line is dotted and the VM's solid, so that they differ without colour too.
struct TerminalPlot {
    enum Ink: String {
        case vm = "1;36", host = "33", bound = "31", lowerBound = "32", size = "35", action = "1;31", axis = "2",
            title = "1"
    }

    private static let margin = 7
    private static let rows = 16

    let figure: Figure
    let title: String
    let isColoured: Bool
    /// Characters for the data.
    let columns: Int

    /// - Parameter width: characters in all; at least 40 are used.
    init(_ figure: Figure, title: String, width: Int, isColoured: Bool) {
        self.figure = figure
        self.title = title
        self.isColoured = isColoured
        columns = max(40, min(width, 400)) - Self.margin - 1
    }

    func render() -> SafeText {
        var lines: [SafeText] = [paint(title, .title), legend, ""]
        lines += chart()
        lines += axis()
        lines += strip()
        lines += markers()
        return lines.map { $0.withoutTrailingBlanks + "\n" }.joined()
    }

    // MARK: Chart

    private var legend: SafeText {
        var parts: [SafeText] = [paint("━━", .vm) + " \(figure.vmName) load"]
        if figure.hostLoadPercent != nil { parts.append(paint("┅┅", .host) + " \(figure.hostName) load") }
        if let upper = figure.upperPercent { parts.append(paint("┄┄", .bound) + " upper \(percent(upper))") }
        if let lower = figure.lowerPercent { parts.append(paint("┄┄", .lowerBound) + " lower \(percent(lower))") }
        if figure.actions?.isEmpty == false { parts.append(paint("▲", .action) + " action") }
        return parts.joined(separator: "   ")
    }

    private func chart() -> [SafeText] {
        let canvas = draw()
        let upper = figure.upperPercent.map(row)
        let lower = figure.lowerPercent.map(row)
        let actionColumns = Set((figure.actions ?? []).map { column($0.t) })
        let labels = gridLabels()
        return (0..<Self.rows).map { row in
            var line = paint(pad(labels[row] ?? "", Self.margin - 2) + " " + (labels[row] == nil ? "│" : "┤"), .axis)
            for column in 0..<columns {
                if let cell = canvas.cell(column: column, row: row) {
                    line += paint(String(cell.character), cell.ink)
                } else if actionColumns.contains(column) {
                    line += paint("┊", .action)
                } else if row == upper {
                    line += paint("┄", .bound)
                } else if row == lower {
                    line += paint("┄", .lowerBound)
                } else {
                    line += " "
                }
            }
            return line
        }
    }

    private func draw() -> BrailleCanvas<Ink> {
        var canvas = BrailleCanvas<Ink>(columns: columns, rows: Self.rows)
        if let host = figure.hostLoadPercent { trace(host, .host, stride: 2, on: &canvas) }
        trace(figure.vmLoadPercent, .vm, stride: 1, on: &canvas)
        return canvas
    }

    private func trace(_ series: [Double?], _ ink: Ink, stride: Int, on canvas: inout BrailleCanvas<Ink>) {
        var previous: (x: Int, y: Int)?
        for (index, value) in series.enumerated() {
            guard let value else {
                previous = nil
                continue
            }
            let share = min(1, value / figure.ceilingPercent)
            let point = (x: dot(index), y: Int(((1 - share) * Double(canvas.height - 1)).rounded()))
            canvas.line(from: previous ?? point, to: point, ink, stride: stride)
            previous = point
        }
    }

    /// Row to label: the bounds where they lie, round numbers elsewhere.
    private func gridLabels() -> [Int: String] {
        var labels: [Int: String] = [:]
        for bound in [figure.upperPercent, figure.lowerPercent].compactMap({ $0 }) {
            labels[row(bound)] = percent(bound)
        }
        let top = Int(figure.ceilingPercent)
        for mark in stride(from: 0, through: top, by: max(20, top / 100 * 20)) {
            let row = row(Double(mark))
            if (row - 1...row + 1).allSatisfy({ labels[$0] == nil }) { labels[row] = "\(mark) %" }
        }
        return labels
    }

    private func axis() -> [SafeText] {
        var rule = Array(repeating: Character("─"), count: columns)
        var numbers = Array(repeating: Character(" "), count: columns + 8)
        for tick in figure.ticks(about: columns / 8) {
            let column = column(tick)
            rule[column] = "┴"
            for (offset, digit) in String(tick).enumerated() where column + offset < numbers.count {
                numbers[column + offset] = digit
            }
        }
        let indent = String(repeating: " ", count: Self.margin - 1)
        return [
            paint(indent + "└" + String(rule), .axis),
            paint(trimmed(indent + " " + String(numbers)) + "  sample", .axis),
        ]
    }

    // MARK: vCPUs

    /// A step line with a row per size; from eight sizes on, only rows of sizes that occur.
    private func strip() -> [SafeText] {
        guard let sizes = figure.sizes, let series = figure.vcpus else { return [] }
        let occurring = Set(series.compactMap { $0 })
        let levels = Array((sizes.count <= 8 ? Array(sizes) : occurring.sorted()).reversed())
        var grid = levels.map { _ in Array(repeating: Character(" "), count: columns) }
        var previous: Int?
        for column in 0..<columns {
            let current = series[sample(at: column)].flatMap { levels.firstIndex(of: $0) }
            defer { previous = current }
            guard let current else { continue }
            grid[current][column] = "━"
            guard let previous, previous != current else { continue }
            // Rows count downwards: a smaller row number is a larger size.
            for row in min(previous, current)...max(previous, current) { grid[row][column] = "┃" }
            grid[previous][column] = current < previous ? "┛" : "┓"
            grid[current][column] = current < previous ? "┏" : "┗"
        }
        return [paint("vCPUs", .axis)]
            + levels.indices.map { row in
                paint(pad(String(levels[row]), Self.margin - 2) + " ┤", .axis) + paint(String(grid[row]), .size)
            }
    }

    // MARK: Actions

    /// Each action's mark below its sample, its label beside it; a row of its own where labels would meet.
    private func markers() -> [SafeText] {
        var rows: [(text: [Character], end: Int)] = []
        for action in (figure.actions ?? []).sorted(by: { $0.t < $1.t }) {
            let column = column(action.t)
            let label = " t = \(action.t)  \(action.label)"
            let isLeft = column + label.count + 1 > columns
            let text = isLeft ? Array(label.dropFirst() + " ▲") : Array("▲" + label)
            let start = max(0, isLeft ? column - text.count + 1 : column)
            let place = rows.firstIndex { $0.end < start } ?? rows.count
            if place == rows.count { rows.append(([], -2)) }
            rows[place].text += Array(repeating: " ", count: max(0, start - rows[place].text.count)) + text
            rows[place].end = start + text.count
        }
        let indent = String(repeating: " ", count: Self.margin)
        return rows.map { "\(indent)\(paint(String($0.text), .action))" }
    }

    // MARK: Geometry

    private func dot(_ index: Int) -> Int { index * (columns * 2 - 1) / max(1, figure.count - 1) }

    private func column(_ t: Int) -> Int { min(columns - 1, dot(t - figure.first) / 2) }

    /// The last sample whose dot is in the column or before it.
    private func sample(at column: Int) -> Int {
        min(figure.count - 1, ((column * 2 + 2) * max(1, figure.count - 1) - 1) / (columns * 2 - 1))
    }

    private func row(_ load: Double) -> Int {
        let share = min(1, load / figure.ceilingPercent)
        return Int(((1 - share) * Double(Self.rows * 4 - 1)).rounded()) / 4
    }

    private func percent(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value)) %" : "\(value) %"
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }

    private func paint(_ text: String, _ ink: Ink) -> SafeText {
        isColoured ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : SafeText(line: text)
    }
}
