// SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

/// CURVE keys of one instance, in Z85 (40 characters each).
package struct CurveKeyPair: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let publicKey: String
    package let secretKey: String

    /// Derives the public key; `nil` if the text is no secret key.
    package init?(secretKey: String) {
        guard isCurveKey(secretKey) else { return nil }
        var derived = [CChar](repeating: 0, count: 41)
        guard unsafe zmq_curve_public(&derived, secretKey) == 0 else { return nil }
        self.init(publicKey: Self.text(derived), trustedSecretKey: secretKey)
    }

    private init(publicKey: String, trustedSecretKey: String) {
        self.publicKey = publicKey
        secretKey = trustedSecretKey
    }

    /// A new pair from the system's random source.
    ///
    /// - Throws: `system` if libzmq was built without CURVE.
    package static func generate() throws(BusError) -> CurveKeyPair {
        var publicKey = [CChar](repeating: 0, count: 41)
        var secretKey = [CChar](repeating: 0, count: 41)
        guard unsafe zmq_curve_keypair(&publicKey, &secretKey) == 0 else { throw .last("zmq_curve_keypair") }
        return CurveKeyPair(publicKey: text(publicKey), trustedSecretKey: text(secretKey))
    }

    /// Never shows the secret key.
    package var description: String { "CURVE key \(publicKey)" }
    package var debugDescription: String { description }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Whether a text is a key in Z85: 40 characters that decode to 32 bytes.
package func isCurveKey(_ text: String) -> Bool {
    guard text.utf8.count == 40, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return false }
    var bytes = [UInt8](repeating: 0, count: 32)
    return unsafe zmq_z85_decode(&bytes, text) != nil
}

/// Writes a key of 32 bytes in Z85; `nil` for any other length.
func curveKeyText(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 32 else { return nil }
    var text = [CChar](repeating: 0, count: 41)
    guard unsafe zmq_z85_encode(&text, bytes, bytes.count) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
