// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// The value as JSON on one line: no raw line break, members by name.
    package var compact: [UInt8] {
        var writer = JSONWriter(isPretty: false)
        writer.write(self, indentation: 0)
        return writer.bytes
    }

    /// `compact`, or `nil` if that has more than `limit` bytes; it stops writing soon after the limit.
    package func compact(atMost limit: Int) -> [UInt8]? {
        var writer = JSONWriter(isPretty: false, limit: limit)
        writer.write(self, indentation: 0)
        return writer.bytes.count <= limit ? writer.bytes : nil
    }

    /// The value as JSON for people: two spaces of indentation, members by name, no line break at the end.
    package var pretty: String {
        var writer = JSONWriter(isPretty: true)
        writer.write(self, indentation: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

private struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let isPretty: Bool
    /// After this number of bytes nothing more is written.
    private let limit: Int

    init(isPretty: Bool, limit: Int = .max) {
        self.isPretty = isPretty
        self.limit = limit
    }

    mutating func write(_ value: JSONValue, indentation: Int) {
        guard bytes.count <= limit else { return }
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .number(let value): append(value.isFinite ? value.description : "null")
        case .string(let value): write(string: value)
        case .array(let elements):
            writeSequence(elements, "[", "]", indentation) { writer, element, level in
                writer.write(element, indentation: level)
            }
        case .object(let members):
            writeSequence(members.sorted { $0.key < $1.key }, "{", "}", indentation) { writer, member, level in
                writer.write(string: member.key)
                writer.append(writer.isPretty ? ": " : ":")
                writer.write(member.value, indentation: level)
            }
        }
    }

    private mutating func writeSequence<Element>(
        _ elements: [Element], _ opening: String, _ closing: String, _ indentation: Int,
        _ writeElement: (inout JSONWriter, Element, Int) -> Void
    ) {
        append(opening)
        for (position, element) in elements.enumerated() {
            if position > 0 { append(",") }
            breakLine(indentation + 1)
            writeElement(&self, element, indentation + 1)
        }
        if !elements.isEmpty { breakLine(indentation) }
        append(closing)
    }

    private mutating func breakLine(_ indentation: Int) {
        guard isPretty else { return }
        append("\n" + String(repeating: "  ", count: indentation))
    }

    private mutating func write(string: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
