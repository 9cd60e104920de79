// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import UserGatewayCore

/// How one method's result is shown.
struct View: Sendable {
    enum Shape: Sendable {
        /// `items`, a line each.
        case list(empty: String)
        /// One object, a line for each member.
        case record
        /// One object, then a table of each of these members that has elements.
        case details([Section])
        /// `text` as it is, if the gateway sent one; else as a list or record.
        case prose
        /// `text` as it is, nothing added: a piece of something longer.
        case verbatim
        /// The outcome of an action, in one sentence.
        case outcome
        /// The state of Ebb, on one screen.
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

    /// Whether it lists events: then a limit keeps the newest.
    var isByTime: Bool { columns.contains { $0.key == "at" } }

    /// The result as text that ends with a line break.
    func render(_ result: JSONValue, as format: OutputFormat, isColoured: Bool) throws -> SafeText {
        switch format {
        case .json: SafeText(json: result) + "\n"
        case .yaml: try SafeText(yaml: result)
        case .csv: csv(rows(result))
        case .name: rows(result).map { SafeText(line: Column.raw($0[nameKey] ?? .null)) + "\n" }.joined()
        case .table, .wide: table(result, isWide: format == .wide, isColoured: isColoured)
        }
    }

    private func rows(_ result: JSONValue) -> [JSONValue] { result["items"]?.items ?? [result] }

    private func table(_ result: JSONValue, isWide: Bool, isColoured: Bool) -> SafeText {
        switch shape {
        case .prose:
            if let text = result["text"]?.text {
                return SafeText(prose: text) + (text.hasSuffix("\n") ? "" : "\n")
            }
            return result["items"] == nil
                ? record(result, isColoured: isColoured)
                : list(rows(result), columns, isWide: isWide, isColoured: isColoured)
        case .list: return list(rows(result), columns, isWide: isWide, isColoured: isColoured)
        case .record: return record(result, isColoured: isColoured)
        case .details(let sections):
            return record(result, isColoured: isColoured)
                + sections.map { section -> SafeText in
                    guard let items = result[section.key]?.items, !items.isEmpty else { return "" }
                    return "\n" + list(items, section.columns, isWide: isWide, isColoured: isColoured)
                }.joined()
        case .verbatim: return SafeText(prose: result["text"]?.text ?? "")
        case .outcome: return rows(result).map(sentence).joined()
        case .status: return StatusScreen(result).text(isColoured: isColoured)
        }
    }

    private func list(_ items: [JSONValue], _ columns: [Column], isWide: Bool, isColoured: Bool) -> SafeText {
        let shown = columns.filter { isWide || !$0.isWide }
        let table = Table(
            titles: shown.map(\.title), isNumeric: shown.map(\.isNumeric),
            rows: items.map { item in shown.map { cell($0, item) } })
        return table.render(isColoured: isColoured)
    }

    private func record(_ result: JSONValue, isColoured: Bool) -> SafeText {
        let shown = columns.filter { result[$0.key] != nil }
        let width = shown.map(\.title.count).max() ?? 0
        return shown.map { column in
            let title = SafeText(line: column.title + String(repeating: " ", count: width - column.title.count))
            let value = cell(column, result)
            guard isColoured else { return "\(title)  \(value.text)\n" }
            return "\(Table.Colour.bold.paint(title))  \(value.colour?.paint(value.text) ?? value.text)\n"
        }.joined()
    }

    private func sentence(_ outcome: JSONValue) -> SafeText {
        func text(_ key: String) -> SafeText? {
            outcome[key].map { SafeText(line: Column.raw($0)) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        var facts: [SafeText] = []
        if let vcpus = text("vcpus") {
            let left = outcome["capacityThousandths"]?.integer.map { "\(Capacity(clamping: $0)) of " } ?? ""
            facts.append("\(SafeText(line: left))\(vcpus) vCPU\(vcpus == "1" ? "" : "s")")
        }
        if let host = text("host") { facts.append("on \(host)") }
        var sentence: SafeText = "\(text("vm") ?? "-"): \(text("action") ?? "-") \(text("state") ?? "-")"
        if !facts.isEmpty { sentence += " (\(facts.joined(separator: " ")))" }
        if let message = text("message") { sentence += ": \(message)" }
        return sentence + "\n" + change(outcome)
    }

    /// What changes at the next cold boot, or how to follow a change that goes on.
    private func change(_ outcome: JSONValue) -> SafeText {
        if let change = outcome["change"]?.text, !change.isEmpty {
            return "from its next cold boot on:\n"
                + change.split(whereSeparator: \.isNewline).map { line -> SafeText in "  \(line)\n" }.joined()
        }
        guard ["queued", "claimed"].contains(outcome["state"]), let command = outcome["command"]?.text else {
            return ""
        }
        return "follow it with: ebb operation show \(command)\n"
    }

    private func cell(_ column: Column, _ item: JSONValue) -> Table.Cell {
        let text = column.human(item)
        guard case .state = column.style else {
            return Table.Cell(text: text, colour: text == "unknown" || text.text.hasPrefix("(") ? .yellow : nil)
        }
        let colour: Table.Colour? =
            switch text.text {
            case "running", "blocked", "up", "succeeded", "enabled", "fine": .green
            case "unknown", "paused", "pm-suspended", "shutting-down", "queued", "claimed", "observe", "draining":
                .yellow
            case "crashed", "failed", "outcome-unknown", "missing": .red
            case "shutoff", "saved": .dim
            default: nil
            }
        return Table.Cell(text: text, colour: colour)
    }

    /// A header of keys, then every column, raw values.
    private func csv(_ items: [JSONValue]) -> SafeText {
        let header = SafeText(csv: columns.map { .string($0.key) })
        return header + items.map { item in SafeText(csv: columns.map { item[$0.key] ?? .null }) }.joined()
    }
}
