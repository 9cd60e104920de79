// SPDX-License-Identifier: Apache-2.0

/// Aligned text: a header, then rows; numbers to the right, two spaces between columns, nothing at the ends of lines.
struct Table {
    struct Cell {
        let text: SafeText
        var colour: Colour?
    }

    /// The few colours of the client, as ANSI codes.
    enum Colour: String {
        case bold = "1", dim = "2", red = "31", green = "32", yellow = "33"

        func paint(_ text: SafeText) -> SafeText { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
    }

    let titles: [String]
    let isNumeric: [Bool]
    let rows: [[Cell]]

    func render(isColoured: Bool) -> SafeText {
        let header = titles.map { Cell(text: SafeText(line: $0), colour: .bold) }
        let widths = titles.indices.map { column in ([header] + rows).map { $0[column].text.width }.max() ?? 0 }
        return ([header] + rows).map { row in line(row, widths, isColoured) + "\n" }.joined()
    }

    private func line(_ row: [Cell], _ widths: [Int], _ isColoured: Bool) -> SafeText {
        var line: SafeText = ""
        for (column, cell) in row.enumerated() {
            let padding = SafeText(line: String(repeating: " ", count: widths[column] - cell.text.width))
            let text = isColoured ? cell.colour?.paint(cell.text) ?? cell.text : cell.text
            let isLast = column == row.count - 1
            line += isNumeric[column] ? padding + text : text + (isLast ? "" : padding)
            if !isLast { line += "  " }
        }
        return line
    }
}
