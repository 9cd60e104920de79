// SPDX-License-Identifier: Apache-2.0

/// What a JSON text may cost its reader.
package struct JSONLimits: Hashable, Sendable {
    /// Bytes of the whole text.
    package var bytes: Int
    /// Arrays and objects within each other.
    package var depth: Int
    /// Values in all, each member and element counted: bounds the memory that `[[],[],…]` can claim.
    package var values: Int

    package init(bytes: Int = 1 << 20, depth: Int = 32, values: Int = 100_000) {
        self.bytes = bytes
        self.depth = depth
        self.values = values
    }
}

/// Why a text is not JSON, or more than the reader takes.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was found or exceeded.
    package let message: String
    /// Offset in bytes from the start of the text.
    package let offset: Int

    package var description: String { "\(message) at byte \(offset)" }
}

extension JSONValue {
    /// Reads exactly one JSON value (RFC 8259) in UTF-8.
    ///
    /// Stricter than many readers where leniency hides mistakes: a repeated member name, an integer beyond 64 bits, a
    /// lone surrogate and a byte after the value are refused.
    package init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) {
        guard bytes.count <= limits.bytes else {
            throw JSONSyntaxError(message: "text longer than \(limits.bytes) bytes", offset: limits.bytes)
        }
        var parser = JSONParser(bytes: Array(bytes), limits: limits)
        self = try parser.parseText()
    }
}

/// A recursive descent whose depth is bounded; every read is range-checked and no arithmetic can overflow.
private struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var index = 0
    private var valueCount = 0

    init(bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func parseText() throws(JSONSyntaxError) -> JSONValue {
        let value = try parseValue(depth: 0)
        skipWhitespace()
        guard index == bytes.count else { throw fault("unexpected text after the value") }
        return value
    }

    /// - Parameter name: The member that it is, or an element of: an error in a number names it.
    private mutating func parseValue(depth: Int, of name: String? = nil) throws(JSONSyntaxError) -> JSONValue {
        valueCount += 1
        guard valueCount <= limits.values else { throw fault("more than \(limits.values) values") }
        skipWhitespace()
        guard let byte = peek else { throw fault("unexpected end") }
        switch byte {
        case UInt8(ascii: "{"):
            return try parseObject(depth: depth + 1)
        case UInt8(ascii: "["):
            return try parseArray(depth: depth + 1, of: name)
        case UInt8(ascii: "\""):
            return .string(try parseString())
        case UInt8(ascii: "t"):
            return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"):
            return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"):
            return try parseLiteral("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try parseNumber(of: name)
        default:
            throw fault("unexpected character")
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        try enter(depth)
        var members: [String: JSONValue] = [:]
        skipWhitespace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipWhitespace()
            let start = index
            guard peek == UInt8(ascii: "\"") else { throw fault("expected a member name") }
            let name = try parseString()
            skipWhitespace()
            guard take(UInt8(ascii: ":")) else { throw fault("expected ':'") }
            let value = try parseValue(depth: depth, of: name)
            guard members.updateValue(value, forKey: name) == nil else {
                throw JSONSyntaxError(message: "repeated member name", offset: start)
            }
            skipWhitespace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw fault("expected ',' or '}'") }
        }
    }

    private mutating func parseArray(depth: Int, of name: String?) throws(JSONSyntaxError) -> JSONValue {
        try enter(depth)
        var elements: [JSONValue] = []
        skipWhitespace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue(depth: depth, of: name))
            skipWhitespace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw fault("expected ',' or ']'") }
        }
    }

    private mutating func enter(_ depth: Int) throws(JSONSyntaxError) {
        guard depth <= limits.depth else { throw fault("nested deeper than \(limits.depth) levels") }
        index += 1
    }

    private mutating func parseLiteral(_ word: String, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        guard bytes[index...].starts(with: word.utf8) else { throw fault("expected '\(word)'") }
        index += word.utf8.count
        return value
    }

    private mutating func parseNumber(of name: String?) throws(JSONSyntaxError) -> JSONValue {
        let start = index
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try takeDigits() }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try takeDigits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try takeDigits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        let whose = name.map { " for '\($0.prefix(64))'" } ?? ""
        if isInteger {
            guard let value = Int64(text) else {
                throw JSONSyntaxError(message: "integer beyond 64 bits\(whose)", offset: start)
            }
            return .integer(value)
        }
        guard let value = Double(text), value.isFinite else {
            throw JSONSyntaxError(message: "number out of range\(whose)", offset: start)
        }
        return .number(value)
    }

    private mutating func takeDigits() throws(JSONSyntaxError) {
        guard let first = peek, isDigit(first) else { throw fault("expected a digit") }
        while let byte = peek, isDigit(byte) { index += 1 }
    }

    private mutating func parseString() throws(JSONSyntaxError) -> String {
        index += 1
        let start = index
        // Most strings have no escape: their bytes are taken as they stand.
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { index += 1 }
        var content = Array(bytes[start..<index])
        while true {
            guard let byte = peek else { throw fault("unterminated string") }
            guard byte >= 0x20 else { throw fault("control character in a string") }
            index += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                content.append(contentsOf: try parseEscape())
            } else {
                content.append(byte)
            }
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw JSONSyntaxError(message: "string is not UTF-8", offset: start)
        }
        return text
    }

    private mutating func parseEscape() throws(JSONSyntaxError) -> [UInt8] {
        guard let byte = peek else { throw fault("unterminated string") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(try parseScalar()).utf8)
        default: throw fault("unknown escape")
        }
    }

    /// The scalar of `\u` and four digits, or of two of them that make a surrogate pair.
    private mutating func parseScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try parseHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw fault("lone surrogate")
        }
        let second = try parseHexDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("lone surrogate") }
        return scalar
    }

    private mutating func parseHexDigits() throws(JSONSyntaxError) -> UInt32 {
        guard bytes.count - index >= 4 else { throw fault("unterminated string") }
        let digits = bytes[index..<index + 4]
        guard digits.allSatisfy(isHexDigit), let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault("expected four hexadecimal digits") }
        index += 4
        return value
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private func fault(_ message: String) -> JSONSyntaxError { JSONSyntaxError(message: message, offset: index) }
}
