// SPDX-License-Identifier: Apache-2.0

/// One configuration value that a service reads: its key, its kind, its default and what it is for.
package struct Setting: Hashable, Sendable {
    /// How the text of a value is read, and its limits.
    package enum Kind: Hashable, Sendable {
        case text
        case integer(ClosedRange<Int64>)
        /// A number with a unit: `250ms`, `5s`, `2m`, `1h`, `7d`.
        case duration(ClosedRange<Duration>)
        case boolean
        /// Text that is never logged or shown.
        case secret
        case choice([String])
    }

    /// Dotted, for instance `monitor.pollInterval`; in the environment `EBB_MONITOR_POLL_INTERVAL`, as a secret file
    /// `monitor-poll-interval`.
    package let key: String
    package let kind: Kind
    /// `nil`: the service can't run without a value.
    package let fallback: String?
    package let summary: String

    package init(_ key: String, _ kind: Kind, default fallback: String?, _ summary: String) {
        self.key = key
        self.kind = kind
        self.fallback = fallback
        self.summary = summary
    }

    /// The key's name in the environment.
    package var environmentName: String {
        var name = "EBB_"
        for character in key {
            if character == "." {
                name.append("_")
            } else if character.isUppercase {
                name.append("_")
                name.append(character)
            } else {
                name.append(contentsOf: character.uppercased())
            }
        }
        return name
    }

    /// What is wrong with the text as a value of this setting; `nil` if nothing is.
    package func fault(in text: String) -> String? {
        switch kind {
        case .text, .secret:
            return text.isEmpty ? "must not be empty" : nil
        case .integer(let range):
            guard let value = Int64(text), range.contains(value) else {
                return "must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            }
            return nil
        case .duration(let range):
            guard let value = Duration(humanText: text), range.contains(value) else {
                return "must be a duration from \(range.lowerBound) to \(range.upperBound), such as 250ms, 5s or 2m, "
                    + "not '\(text)'"
            }
            return nil
        case .boolean:
            return ["true", "false"].contains(text) ? nil : "must be true or false, not '\(text)'"
        case .choice(let names):
            return names.contains(text) ? nil : "must be one of \(names.joined(separator: ", ")), not '\(text)'"
        }
    }
}

extension Duration {
    /// Reads `250ms`, `5s`, `2m`, `1h` or `7d`: a whole number and a unit; `nil` for anything else.
    package init?(humanText text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), count <= 1_000_000_000 else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": self = .milliseconds(count)
        case "s": self = .seconds(count)
        case "m": self = .seconds(count * 60)
        case "h": self = .seconds(count * 3_600)
        case "d": self = .seconds(count * 86_400)
        default: return nil
        }
    }
}
