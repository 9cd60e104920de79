// SPDX-License-Identifier: Apache-2.0

/// Aligned text: a header, then rows; numbers to the right, two spaces between columns, nothing at the ends of lines.
struct Table {
    struct Cell {
        let text: String
        var colour: Colour?
    }

    /// The few colours of the client, as ANSI codes.
    enum Colour: String {
        case bold = "1", dim = "2", red = "31", green = "32", yellow = "33"

        func paint(_ text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
    }

    let titles: [String]
    let isNumeric: [Bool]
    let rows: [[Cell]]

    func render(isColoured: Bool) -> String {
        let widths = titles.indices.map { column in
            ([titles[column]] + rows.map { $0[column].text }).map(\.count).max() ?? 0
        }
        let header = titles.map { Cell(text: $0, colour: .bold) }
        return ([header] + rows).map { row in line(row, widths, isColoured) + "\n" }.joined()
    }

    private func line(_ row: [Cell], _ widths: [Int], _ isColoured: Bool) -> String {
        var line = ""
        for (column, cell) in row.enumerated() {
            let padding = String(repeating: " ", count: widths[column] - cell.text.count)
            let text = isColoured ? cell.colour?.paint(cell.text) ?? cell.text : cell.text
            let isLast = column == row.count - 1
            line += isNumeric[column] ? padding + text : text + (isLast ? "" : padding)
            if !isLast { line += "  " }
        }
        return line
    }
}
