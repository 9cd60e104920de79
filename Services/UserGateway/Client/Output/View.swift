// SPDX-License-Identifier: Apache-2.0

internal import UserGatewayCore
internal import Yams

/// How one method's result is shown.
struct View: Sendable {
    enum Shape: Sendable {
        /// `items`, a line each.
        case list(empty: String)
        /// One object, a line for each member.
        case record
        /// One object, then a table of each of these members that has elements.
        case details([Section])
        /// `text` as it is, where the gateway sent one; else as a list or record.
        case prose
        /// `text` as it is, nothing added: a piece of something longer.
        case verbatim
        /// What an action came to, in one sentence.
        case outcome
        /// How Ebb is, on one screen.
        case status
    }

    /// A member that is a list, shown as a table below its object.
    struct Section: Sendable {
        let key: String
        let columns: [Column]
    }

    let shape: Shape
    /// The member that `-o name` prints.
    let nameKey: String
    let columns: [Column]

    init(_ shape: Shape, name nameKey: String, _ columns: [Column]) {
        self.shape = shape
        self.nameKey = nameKey
        self.columns = columns
    }

    /// The result as text that ends with a line break.
    func render(_ result: JSONValue, as format: OutputFormat, isColoured: Bool) throws -> String {
        switch format {
        case .json: result.pretty + "\n"
        case .yaml: try Yams.serialize(node: Self.node(result))
        case .csv: csv(rows(result))
        case .name: rows(result).map { Column.raw($0[nameKey] ?? .null) + "\n" }.joined()
        case .table, .wide: table(result, isWide: format == .wide, isColoured: isColoured)
        }
    }

    private func rows(_ result: JSONValue) -> [JSONValue] { result["items"]?.items ?? [result] }

    private func table(_ result: JSONValue, isWide: Bool, isColoured: Bool) -> String {
        switch shape {
        case .prose:
            if let text = result["text"]?.text.map(Humanize.printable) {
                return text.hasSuffix("\n") ? text : text + "\n"
            }
            return result["items"] == nil
                ? record(result, isColoured: isColoured)
                : list(rows(result), columns, isWide: isWide, isColoured: isColoured)
        case .list: return list(rows(result), columns, isWide: isWide, isColoured: isColoured)
        case .record: return record(result, isColoured: isColoured)
        case .details(let sections):
            return record(result, isColoured: isColoured)
                + sections.map { section in
                    guard let items = result[section.key]?.items, !items.isEmpty else { return "" }
                    return "\n" + list(items, section.columns, isWide: isWide, isColoured: isColoured)
                }.joined()
        case .verbatim: return Humanize.printable(result["text"]?.text ?? "")
        case .outcome: return rows(result).map(sentence).joined()
        case .status: return StatusScreen(result).text(isColoured: isColoured)
        }
    }

    private func list(_ items: [JSONValue], _ columns: [Column], isWide: Bool, isColoured: Bool) -> String {
        let shown = columns.filter { isWide || !$0.isWide }
        let table = Table(
            titles: shown.map(\.title), isNumeric: shown.map(\.isNumeric),
            rows: items.map { item in shown.map { cell($0, item) } })
        return table.render(isColoured: isColoured)
    }

    private func record(_ result: JSONValue, isColoured: Bool) -> String {
        let shown = columns.filter { result[$0.key] != nil }
        let width = shown.map(\.title.count).max() ?? 0
        return shown.map { column in
            let title = column.title + String(repeating: " ", count: width - column.title.count)
            let value = cell(column, result)
            return (isColoured ? Table.Colour.bold.paint(title) : title) + "  "
                + (isColoured ? value.colour?.paint(value.text) ?? value.text : value.text) + "\n"
        }.joined()
    }

    private func sentence(_ outcome: JSONValue) -> String {
        func text(_ key: String) -> String? {
            outcome[key].map(Column.raw).map(Humanize.printable).flatMap { $0.isEmpty ? nil : $0 }
        }
        let facts = [
            text("vcpus").map { "\($0) vCPU\($0 == "1" ? "" : "s")" }, text("host").map { "on \($0)" },
        ].compactMap { $0 }.joined(separator: " ")
        return "\(text("vm") ?? "-"): \(text("action") ?? "-") \(text("state") ?? "-")"
            + (facts.isEmpty ? "" : " (\(facts))") + (text("message").map { ": \($0)" } ?? "") + "\n" + change(outcome)
    }

    /// What changes at the next cold boot, or how to follow what goes on.
    private func change(_ outcome: JSONValue) -> String {
        if let change = outcome["change"]?.text, !change.isEmpty {
            let lines = Humanize.printable(change).split(separator: "\n").map { "  \($0)\n" }.joined()
            return "from its next cold boot on:\n" + lines
        }
        guard ["queued", "claimed"].contains(outcome["state"]), let command = outcome["command"]?.text else {
            return ""
        }
        return "follow it with: ebb operation show \(command)\n"
    }

    private func cell(_ column: Column, _ item: JSONValue) -> Table.Cell {
        let text = column.human(item).split(whereSeparator: \.isNewline).joined(separator: " ")
        guard case .state = column.style else {
            return Table.Cell(text: text, colour: text == "unknown" || text.hasPrefix("(") ? .yellow : nil)
        }
        let colour: Table.Colour? =
            switch text {
            case "running", "blocked", "up", "succeeded", "enabled", "fine": .green
            case "unknown", "paused", "pm-suspended", "shutting-down", "queued", "claimed", "observe", "draining":
                .yellow
            case "crashed", "failed", "outcome-unknown", "missing": .red
            case "shutoff", "saved": .dim
            default: nil
            }
        return Table.Cell(text: text, colour: colour)
    }

    /// RFC 4180 with a header of keys; every column, raw values.
    private func csv(_ items: [JSONValue]) -> String {
        let lines = [columns.map(\.key)] + items.map { item in columns.map { Column.raw(item[$0.key] ?? .null) } }
        return lines.map { $0.map(Self.quote).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func quote(_ field: String) -> String {
        let needsQuotes = field.contains { $0 == "," || $0 == "\"" || $0.isNewline }
        return needsQuotes ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let value): Node(value ? "true" : "false", Tag(.bool))
        case .integer(let value): Node(String(value), Tag(.int))
        case .number(let value): Node(value.description, Tag(.float))
        case .string(let text): Node(text, Tag(.str), style(of: text))
        case .array(let elements): Node(elements.map(node))
        case .object(let members):
            Node(
                members.sorted { $0.key < $1.key }.map { (Node($0.key, Tag(.str), style(of: $0.key)), node($0.value)) })
        }
    }

    /// Quotes what a reader of YAML would take for something else than a string.
    private static func style(of text: String) -> Node.Scalar.Style {
        if text.contains(where: \.isNewline) { return .literal }
        return Resolver.default.resolveTag(of: Node(text)) == .str ? .any : .doubleQuoted
    }
}
