// SPDX-License-Identifier: Apache-2.0

/// A JSON value whose integers are exact: an integer literal is an `Int64`, never a floating-point number.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number with a fraction or an exponent. Not finite values are written as `null`: JSON has none.
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Written with its members in ascending order of their names, so that equal values have equal bytes.
    case object([String: JSONValue])

    /// The member of an object; `nil` if this is not an object or has no such member.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    package var isNull: Bool { self == .null }

    package var boolean: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    package var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    package var text: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    package var items: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    package var members: [String: JSONValue]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// An object without the members that are `nil`: unknown is left out, not written as zero.
    package static func object(omittingNil members: [String: JSONValue?]) -> JSONValue {
        .object(members.compactMapValues { $0 })
    }

    /// The path to the first NUL character in a text or a member's name: member names and indices from the outside in,
    /// such as `.boot.args[2]`, each up to its NUL; `nil` if there is none.
    package var pathOfNUL: String? {
        switch self {
        case .null, .bool, .integer, .number: return nil
        case .string(let text): return text.utf8.contains(0) ? "" : nil
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let path = element.pathOfNUL { return "[\(index)]\(path)" }
            }
            return nil
        case .object(let members):
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                if name.utf8.contains(0) { return ".\(name.prefix { $0 != "\0" }.prefix(64))" }
                if let path = member.pathOfNUL { return ".\(name.prefix(64))\(path)" }
            }
            return nil
        }
    }

    /// The value's kind in words, for messages to people.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    /// A name that is given twice keeps its last value.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension JSONValue {
    /// The value with every text in it replaced; members keep their names.
    package func mappingTexts(_ replace: (String) -> String) -> JSONValue {
        switch self {
        case .string(let text): .string(replace(text))
        case .array(let items): .array(items.map { $0.mappingTexts(replace) })
        case .object(let members): .object(members.mapValues { $0.mappingTexts(replace) })
        case .null, .bool, .integer, .number: self
        }
    }
}
