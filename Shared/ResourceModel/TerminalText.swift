// SPDX-License-Identifier: Apache-2.0

// What comes from outside (names of foreign domains, texts of guests, errors of hypervisors, contents of files) may
// hold characters that steer the terminal on which it is read. This file says which these are, and what is done with
// them.

extension Unicode.Scalar {
    /// Whether a terminal does something with it other than showing it: controls (also line breaks, tabs, DEL and C1),
    /// format characters (which change the direction of text or can't be seen), and separators of lines and paragraphs.
    package var isSteering: Bool {
        guard value > 0x7E || value < 0x20 else { return false }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// The same character within a JSON string, in ASCII: `\u001b`; beyond 16 bits a pair of them.
    package var jsonEscape: String {
        UTF16.encode(self).map { units in
            units.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }.joined()
        } ?? ""
    }
}

/// The JSON with all characters that steer a terminal escaped; the line feeds of its layout stay.
package func terminalJSON(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: \.isSteering) else { return json }
    return json.unicodeScalars.reduce(into: "") { result, scalar in
        if scalar.isSteering, scalar != "\n" {
            result += scalar.jsonEscape
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
}

/// The text on one line without characters that steer a terminal: line breaks and tabs become blanks, the others are
/// removed.
package func terminalLine(_ text: String) -> String { disarmed(text, keepsLines: false) }

/// The text without characters that steer a terminal; its line feeds and tabs stay.
package func terminalProse(_ text: String) -> String { disarmed(text, keepsLines: true) }

private func disarmed(_ text: String, keepsLines: Bool) -> String {
    guard text.unicodeScalars.contains(where: \.isSteering) else { return text }
    var scalars = String.UnicodeScalarView()
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
        defer { previous = scalar }
        guard scalar.isSteering else {
            scalars.append(scalar)
            continue
        }
        guard scalar.properties.isWhitespace else { continue }
        if keepsLines {
            if scalar == "\n" || scalar == "\t" { scalars.append(scalar) }
        } else if !(scalar == "\n" && previous == "\r") {
            scalars.append(" ")
        }
    }
    return String(scalars)
}
