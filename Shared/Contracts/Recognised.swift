// SPDX-License-Identifier: Apache-2.0

/// A word of a list that two services share, as it came from the bus or a row.
///
/// A peer of a later version may send a word for which this version has no case. The word is kept to the byte, so that
/// its reader can refuse it or show it, and still read the rest.
package enum Recognised<Word: RawRepresentable & Hashable & Sendable>: Hashable, Sendable
where Word.RawValue == String {
    case known(Word)
    case unrecognised(String)

    package init(_ text: String) { self = Word(rawValue: text).map { .known($0) } ?? .unrecognised(text) }

    /// The word as it came.
    package var text: String {
        switch self {
        case .known(let word): word.rawValue
        case .unrecognised(let text): text
        }
    }

    /// `nil` if this version does not know the word.
    package var word: Word? {
        if case .known(let word) = self { word } else { nil }
    }
}

package func == <Word>(recognised: Recognised<Word>?, word: Word) -> Bool { recognised?.word == word }
package func != <Word>(recognised: Recognised<Word>?, word: Word) -> Bool { recognised?.word != word }

extension Recognised: CustomStringConvertible {
    package var description: String { text }
}

extension Recognised: Codable {
    package init(from decoder: any Decoder) throws { self.init(try String(from: decoder)) }
    package func encode(to encoder: any Encoder) throws { try text.encode(to: encoder) }
}
