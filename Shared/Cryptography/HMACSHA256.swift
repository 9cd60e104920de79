// SPDX-License-Identifier: Apache-2.0

internal import CSodium

/// The message authentication code HMAC of RFC 2104 over SHA-256.
package enum HMACSHA256 {
    /// The 32 bytes of the code of `message`. Both may be empty and of any length.
    package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        Sodium.requireReady()
        var state = crypto_auth_hmacsha256_state()
        var code = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        unsafe crypto_auth_hmacsha256_init(&state, key, key.count)
        unsafe crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
        unsafe crypto_auth_hmacsha256_final(&state, &code)
        return code
    }

    /// The same for the text's UTF-8.
    package static func code(of text: String, key: [UInt8]) -> [UInt8] { code(of: Array(text.utf8), key: key) }
}
