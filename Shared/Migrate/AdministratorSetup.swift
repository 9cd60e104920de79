// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Glibc
internal import ResourceModel
internal import Store

/// Makes an administrator, or renews its token.
struct AdministratorSetup {
    let name: String
    let tokenFile: String
    let renewToken: Bool
    let tokenDays: Int

    /// Returns a sentence about what it did. The token's file is in place before the row is committed: no token is ever
    /// lost.
    func run(_ store: Store) async throws -> String {
        let accounts = AccountRepository(store)
        let existing = try await accounts.principal(named: name)
        if let existing {
            guard existing.role == .administrator else {
                throw Failure(
                    "'\(name)' exists already and is \(existing.role.rawValue), not administrator", exitCode: 78)
            }
            guard renewToken else { return "administrator '\(name)' exists already: nothing changed" }
        }
        var generator = SystemRandomNumberGenerator()
        let principal =
            existing ?? StoredPrincipal(id: .random(using: &generator), name: name, tenant: nil, role: .administrator)
        let token = AccessToken.random(using: &generator).text
        try await store.transaction { transaction in
            let now = try await transaction.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
            if existing == nil {
                try await accounts.addPrincipal(principal, in: transaction)
            } else {
                for old in try await accounts.tokens(of: principal.id, in: transaction) where old.revokedAt == nil {
                    try await accounts.revokeToken(old.id, at: now, in: transaction)
                }
            }
            try await accounts.addToken(
                hash: AccountRepository.hash(ofToken: token), for: principal.id, createdAt: now,
                expiresAt: now.advanced(by: .seconds(86_400 * tokenDays)), in: transaction)
            let event = AuditEvent(
                at: now, actor: "ebb-migrate", action: existing == nil ? "principal.create" : "token.renew",
                subject: principal.id.description)
            try await AuditRepository.append(event, in: transaction)
            try writePrivately(token + "\n", to: tokenFile)
        }
        return "administrator '\(name)' has a new token in \(tokenFile)"
    }
}

/// Replaces a file at once by one that only its owner can read.
private func writePrivately(_ text: String, to path: String) throws {
    let draft = path + ".\(getpid())"
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Failure("can't write \(draft): \(systemError())", exitCode: 78) }
    let bytes = Array(text.utf8)
    let written = write(file, bytes, bytes.count)
    let isSynced = fsync(file) == 0
    close(file)
    guard written == bytes.count, isSynced, rename(draft, path) == 0 else {
        let reason = systemError()
        unlink(draft)
        throw Failure("can't write \(path): \(reason)", exitCode: 78)
    }
}

private func systemError() -> String { String(cString: strerror(errno)) }
