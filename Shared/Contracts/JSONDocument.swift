// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// A document that one service writes into a row or a message and others read.
///
/// Its members are texts, integers, truth values and documents, all of which JSON can write.
package protocol JSONDocument: Codable, Sendable {}

/// A list of documents is one too.
extension Array: JSONDocument where Element: JSONDocument {}

extension JSONDocument {
    /// Keys in order, on one line.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // It can't fail; if it did, the text would be `null`, which no reader takes for a document.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }

    /// `nil`: the text is no such document. Members that it does not know are passed over.
    package init?(json text: String) {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = read
    }
}
