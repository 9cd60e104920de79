// SPDX-License-Identifier: Apache-2.0

/// A bearer token: `ebb_` and 32 random bytes in base64url without padding (43 characters).
///
/// Only its hash is stored. A look-up by the hash never compares the secret itself, and 256 random bits need no slow
/// hash.
package struct AccessToken: Hashable, Sendable {
    /// The secret: shown once when it is made, never logged.
    package let text: String

    private static let prefix = "ebb_"
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// `nil` unless the text has the form of a token.
    package init?(_ text: String) {
        let body = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard text.hasPrefix(Self.prefix), body.count == 43, body.allSatisfy(Self.alphabet.contains) else { return nil }
        self.text = text
    }

    /// A new token. The generator must be cryptographically secure (`SystemRandomNumberGenerator` is).
    package static func random(using generator: inout some RandomNumberGenerator) -> AccessToken {
        var characters: [UInt8] = []
        // 42 characters of 6 bits and one whose last 2 bits are padding: 254 + 2 bits.
        for position in 0..<43 {
            let bits = UInt8.random(in: 0..<64, using: &generator)
            characters.append(alphabet[Int(position < 42 ? bits : bits & 0b11_1100)])
        }
        return AccessToken(unchecked: prefix + String(decoding: characters, as: UTF8.self))
    }

    /// The token of these 32 bytes, which nobody must be able to guess.
    package init(bits bytes: [UInt8]) {
        precondition(bytes.count == 32, "a token has 32 bytes, not \(bytes.count)")
        var characters: [UInt8] = []
        var (held, count) = (UInt32(0), 0)
        // Two zero bits fill up the last character.
        for byte in bytes + [0] {
            held = held << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                characters.append(Self.alphabet[Int(held >> UInt32(count - 6)) & 0b11_1111])
                count -= 6
            }
            held &= 0b11_1111
        }
        text = Self.prefix + String(decoding: characters.prefix(43), as: UTF8.self)
    }

    private init(unchecked text: String) { self.text = text }
}
