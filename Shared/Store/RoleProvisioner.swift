// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
internal import FoundationEssentials

/// Lets the services' database roles log in. The migrations made them without that right.
package struct RoleProvisioner: Sendable {
    /// One role per service, each with the least privilege.
    package static let roles = ServiceKind.allCases.map(role)

    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Gives every service's role its password, and half of the server's connections at most, so that no service can take
    /// them all. A session that stops in the middle of a transaction is ended after a minute, with the locks that it holds.
    /// None makes temporary tables, which would fill the disk unseen. Only SCRAM verifiers leave the process, so no password is
    /// in a server's log.
    ///
    /// - Throws: `configuration` for a service without a password, a password that is not 8 to 128 printable ASCII
    ///   characters, and a password that two services have: whoever reads one service's password must not be able to
    ///   log in as another.
    package func enableLogin(passwords: [ServiceKind: String]) async throws {
        for service in ServiceKind.allCases { try Self.check(service, in: passwords) }
        try await store.transaction { transaction in
            let rows = try await transaction.query("SELECT current_setting('max_connections')::int8 / 2 AS half")
            let limit = max(10, try rows.first?.int64("half") ?? 0)
            try await transaction.query(
                """
                DO $$ BEGIN
                    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
                END $$
                """)
            for service in ServiceKind.allCases {
                var generator = SystemRandomNumberGenerator()
                let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let verifier = scramVerifier(password: passwords[service] ?? "", salt: salt)
                // Role names are constants and a verifier has no quotes: nothing here needs escaping.
                try await transaction.query(
                    Query(
                        unsafeSQL:
                            "ALTER ROLE \(Self.role(service)) LOGIN CONNECTION LIMIT \(limit) PASSWORD '\(verifier)'"))
                try await transaction.query(
                    Query(
                        unsafeSQL: "ALTER ROLE \(Self.role(service)) SET idle_in_transaction_session_timeout = '60s'"))
            }
        }
    }

    private static func role(_ service: ServiceKind) -> String { "ebb_\(service.rawValue)" }

    private static func check(_ service: ServiceKind, in passwords: [ServiceKind: String]) throws(StoreError) {
        func refused(_ message: String) -> StoreError {
            StoreError(.configuration, operation: "set the password of \(service.rawValue)", message: message)
        }
        guard let password = passwords[service] else {
            throw refused("it has none; give each service a password of its own")
        }
        guard (8...128).contains(password.utf8.count), password.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refused("a password must be 8 to 128 printable ASCII characters without spaces")
        }
        guard
            let other = passwords.keys.sorted(by: { $0.rawValue < $1.rawValue })
                .first(where: { $0 != service && passwords[$0] == password })
        else { return }
        throw refused("\(other.rawValue) has the same one; give each service a password of its own")
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
