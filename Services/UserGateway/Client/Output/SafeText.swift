// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import UserGatewayCore
internal import Yams

/// Text that may go to standard output and standard error: the only kind that `Surroundings` writes.
///
/// Literals in the source code are taken as they are, also colours. Everything else passes the function of its medium:
/// a line or prose of the terminal, JSON, YAML, a row of CSV. An interpolated text counts as a line.
struct SafeText: Hashable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    private(set) var text: String

    var description: String { text }
    var isEmpty: Bool { text.isEmpty }
    /// How many characters it has.
    var width: Int { text.count }

    /// Only literals in the source code are taken as they are.
    init(stringLiteral value: StaticString) { text = value.description }

    /// Text within one line of a terminal.
    init(line: String) { text = terminalLine(line) }

    /// Text of several lines for a terminal.
    init(prose: String) { text = terminalProse(prose) }

    /// JSON for people, without a line break at its end; characters that steer a terminal are escaped.
    init(json value: JSONValue) { text = terminalJSON(value.pretty) }

    /// YAML, with a line break at its end. The writer escapes characters that steer a terminal, and all that are not
    /// ASCII.
    init(yaml value: JSONValue) throws { text = terminalProse(try Yams.serialize(node: Self.node(value))) }

    /// A row of CSV (RFC 4180), with its line break.
    ///
    /// A text that a spreadsheet would take for a formula gets an apostrophe at its beginning, which makes it a text
    /// there. A number stays a number, also with a sign, and also if JSON has it as digits in a string.
    init(csv row: [JSONValue]) {
        text =
            row.map { value in
                let cell = terminalLine(Column.raw(value))
                return Self.quoted(Self.isFormula(cell, value) ? "'" + cell : cell)
            }.joined(separator: ",") + "\r\n"
    }

    /// Its first characters.
    func prefix(_ count: Int) -> SafeText { SafeText(part: text.prefix(count)) }

    /// The same text without blanks at its end.
    var withoutTrailingBlanks: SafeText {
        SafeText(part: text.prefix(text.count - text.reversed().prefix { $0 == " " }.count))
    }

    static func + (left: SafeText, right: SafeText) -> SafeText { "\(left)\(right)" }

    static func += (left: inout SafeText, right: SafeText) { left.text += right.text }

    private init(part: Substring) { text = String(part) }

    // MARK: CSV

    /// Characters that spreadsheets take for the beginning of a formula, also in full width.
    private static let formulaMarks: Set<Character> = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]

    private static func isFormula(_ cell: String, _ value: JSONValue) -> Bool {
        guard case .string = value, let first = cell.first(where: { !$0.isWhitespace }) else { return false }
        return formulaMarks.contains(first) && cell.wholeMatch(of: /[+-]?[0-9]+(\.[0-9]+)?/) == nil
    }

    /// A semicolon is quoted too: it separates cells in countries that write numbers with a comma.
    private static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.contains { $0 == "," || $0 == ";" || $0 == "\"" }
        return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
    }

    // MARK: YAML

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

    /// Quotes a text that a reader of YAML would not take for a string, or that has more than plain lines.
    private static func style(of text: String) -> Node.Scalar.Style {
        let steering = text.unicodeScalars.filter(\.isSteering)
        guard steering.allSatisfy({ $0 == "\n" }) else { return .doubleQuoted }
        if !steering.isEmpty { return .literal }
        return Resolver.default.resolveTag(of: Node(text)) == .str ? .any : .doubleQuoted
    }
}

extension SafeText {
    struct StringInterpolation: StringInterpolationProtocol {
        typealias StringLiteralType = StaticString

        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: StaticString) { text += literal.description }
        mutating func appendInterpolation(_ safe: SafeText) { text += safe.text }
        mutating func appendInterpolation(_ value: some Any) { text += terminalLine("\(value)") }
    }

    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
}

extension Sequence where Element == SafeText {
    /// All texts, one after another.
    func joined(separator: SafeText = "") -> SafeText {
        var result: SafeText = ""
        for (position, text) in enumerated() {
            if position > 0 { result += separator }
            result += text
        }
        return result
    }
}
