// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// JSON as the text that the database takes.
enum JSONText {
    /// Keys in order. `nil` if the value can't be written as JSON, such as a number that is not finite.
    static func encode(_ value: some Encodable) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
