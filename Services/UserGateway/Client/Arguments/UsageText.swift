// SPDX-License-Identifier: Apache-2.0

/// Breaks the line of help and errors that shows how a command is typed, since the parser does not.
enum UsageText {
    /// The message with its usage over several lines, each at most `columns` long where its words allow it.
    static func wrapped(_ message: String, columns: Int) -> String {
        message.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let isUsage = line.hasPrefix("USAGE: ") || line.hasPrefix("Usage: ")
            return isUsage && line.count > columns ? broken(String(line), columns: columns) : String(line)
        }.joined(separator: "\n")
    }

    /// An option stays together with its value: only blanks outside of brackets are places to break.
    private static func broken(_ line: String, columns: Int) -> String {
        let indentation = String(repeating: " ", count: "USAGE: ".count)
        var lines: [String] = []
        var current = ""
        for word in words(line) {
            if !current.isEmpty, current.count + 1 + word.count > columns {
                lines.append(current)
                current = indentation + word
            } else {
                current += (current.isEmpty ? "" : " ") + word
            }
        }
        return (lines + [current]).joined(separator: "\n")
    }

    private static func words(_ line: String) -> [String] {
        var words = [""]
        var depth = 0
        for character in line {
            switch character {
            case "[", "<": depth += 1
            case "]", ">": depth -= 1
            default: break
            }
            if character == " ", depth == 0 {
                words.append("")
            } else {
                words[words.count - 1].append(character)
            }
        }
        return words
    }
}
