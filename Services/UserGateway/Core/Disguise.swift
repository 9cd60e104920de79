// SPDX-License-Identifier: Apache-2.0

/// Hides names in text for people who may not see them.
///
/// A name is a run of letters, digits, `.`, `_` and `-`; a full stop at its end belongs to the sentence. A part of a
/// longer name is not a name, so `host-1` does not touch `host-10`.
package enum Disguise {
    /// `text` with every name that `pseudonym` knows replaced by what it gives.
    package static func text(_ text: String, _ pseudonym: (String) -> String?) -> String {
        var result = ""
        var name = ""
        for character in text {
            if isPart(character) {
                name.append(character)
            } else {
                result += disguised(name, pseudonym)
                result.append(character)
                name = ""
            }
        }
        return result + disguised(name, pseudonym)
    }

    private static func disguised(_ name: String, _ pseudonym: (String) -> String?) -> String {
        guard !name.isEmpty else { return "" }
        var core = Substring(name)
        while core.last == "." { core.removeLast() }
        return pseudonym(String(core)).map { $0 + name.dropFirst(core.count) } ?? name
    }

    private static func isPart(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
    }
}
