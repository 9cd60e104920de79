// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
internal import FoundationEssentials

/// Lets the services' database roles log in. The migrations made them without.
package struct RoleProvisioner: Sendable {
    /// One per service, least privilege each.
    package static let roles = ["ebb_monitor", "ebb_scheduler", "ebb_billing", "ebb_logger", "ebb_usergateway"]

    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Gives every role this password. Only its SCRAM verifier leaves the process, so it is in no server's log.
    /// Throws `configuration` for a password that is not 8 to 128 printable ASCII characters.
    package func enableLogin(password: String) async throws {
        guard (8...128).contains(password.utf8.count), password.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw StoreError(
                .configuration, operation: "set the roles' password",
                message: "a password must be 8 to 128 printable ASCII characters without spaces")
        }
        try await store.transaction { transaction in
            for role in Self.roles {
                var generator = SystemRandomNumberGenerator()
                let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let verifier = scramVerifier(password: password, salt: salt)
                // Role names are constants and a verifier has no quotes: nothing here needs escaping.
                try await transaction.query(Query(unsafeSQL: "ALTER ROLE \(role) LOGIN PASSWORD '\(verifier)'"))
            }
        }
    }
}

/// What PostgreSQL keeps of a password (RFC 5802, RFC 7677): `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.
func scramVerifier(password: String, salt: [UInt8], iterations: Int = 4_096) -> String {
    let key = Array(password.utf8)
    var block = HMACSHA256.code(of: salt + [0, 0, 0, 1], key: key)
    var salted = block
    for _ in 1..<iterations {
        block = HMACSHA256.code(of: block, key: key)
        for index in salted.indices { salted[index] ^= block[index] }
    }
    let clientKey = HMACSHA256.code(of: "Client Key", key: salted)
    let serverKey = HMACSHA256.code(of: "Server Key", key: salted)
    let (saltText, stored, server) = (base64(salt), base64(SHA256.hash(clientKey)), base64(serverKey))
    return "SCRAM-SHA-256$\(iterations):\(saltText)$\(stored):\(server)"
}

private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
