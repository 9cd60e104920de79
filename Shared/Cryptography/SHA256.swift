// SPDX-License-Identifier: Apache-2.0

internal import CSodium

/// The hash SHA-256 of FIPS 180-4.
package enum SHA256 {
    /// The 32 bytes of the hash of `message`, which may be empty.
    package static func hash(_ message: [UInt8]) -> [UInt8] {
        Sodium.requireReady()
        var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        unsafe crypto_hash_sha256(&hash, message, UInt64(message.count))
        return hash
    }

    /// The 32 bytes of the hash of the text's UTF-8.
    package static func hash(_ text: String) -> [UInt8] { hash(Array(text.utf8)) }
}
