// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One attempt to do what was asked under an idempotency key.
package struct RequestAttempt: Hashable, Sendable {
    /// Who asks: each principal has keys of its own.
    package let principal: UUID128
    package let key: String
    /// SHA-256 of the method and of what was asked.
    package let body: [UInt8]
    /// 32 random bytes that distinguish this attempt from others.
    package let secret: [UInt8]
    /// The attempt does not act after this instant.
    package let heldUntil: Timestamp
    /// The key is free again after this instant.
    package let expiresAt: Timestamp

    package init(
        principal: UUID128, key: String, body: [UInt8], secret: [UInt8], heldUntil: Timestamp, expiresAt: Timestamp
    ) {
        self.principal = principal
        self.key = key
        self.body = body
        self.secret = secret
        self.heldUntil = heldUntil
        self.expiresAt = expiresAt
    }
}

/// The state of a key under which somebody wants to act.
package enum RequestKeyState: Hashable, Sendable {
    /// The caller has the key: it may act, once, and must then say what came of it.
    case begun
    /// The key was used for another request.
    case other
    /// The answer of an earlier attempt, and that attempt's secret.
    case answered(String, secret: [UInt8])
    /// An earlier attempt acted, and there is no answer (no answer yet, if the key is still held).
    case acted(isHeld: Bool)
    /// Another attempt is under way and has not acted.
    case underWay
}

/// The keys of requests that change something: `account.request_key`.
package struct RequestKeyRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// Takes a key for an attempt, or says why that is not possible. Of two attempts at once one gets it. A key that is
    /// past its expiry is free; so is a key whose attempt ended without an answer, if it had not acted.
    package func claim(_ attempt: RequestAttempt, at now: Timestamp) async throws(StoreError) -> RequestKeyState {
        let begun = try await store.query(
            """
            INSERT INTO account.request_key AS k (principal, key, body, attempt, held_until_ns, expires_ns)
            VALUES (\(attempt.principal), \(attempt.key), \(attempt.body), \(attempt.secret), \(attempt.heldUntil),
                \(attempt.expiresAt))
            ON CONFLICT (principal, key) DO UPDATE SET body = excluded.body, attempt = excluded.attempt,
                has_acted = false, answer = NULL, held_until_ns = excluded.held_until_ns,
                expires_ns = excluded.expires_ns
            WHERE k.expires_ns <= \(now) OR (k.body = excluded.body AND NOT k.has_acted AND k.answer IS NULL
                AND k.held_until_ns <= \(now))
            RETURNING k.key
            """)
        guard begun.isEmpty else { return .begun }
        let stored = try await store.query(
            """
            SELECT body = \(attempt.body) AS is_same, attempt, has_acted, answer, held_until_ns > \(now) AS is_held
            FROM account.request_key WHERE principal = \(attempt.principal) AND key = \(attempt.key)
            """)
        // The key was given back meanwhile: whoever asks again gets it.
        guard let row = stored.first else { return .underWay }
        guard try row.bool("is_same") else { return .other }
        if let answer = try row.stringOrNil("answer") { return .answered(answer, secret: try row.bytes("attempt")) }
        return try row.bool("has_acted") ? .acted(isHeld: try row.bool("is_held")) : .underWay
    }

    /// Notes, in the transaction of the act itself, that an attempt acts; `false` if it does not have the key any more:
    /// then it must not act.
    package static func act(_ attempt: RequestAttempt, in runner: any QueryRunner) async throws(StoreError) -> Bool {
        let rows = try await runner.query(
            """
            UPDATE account.request_key SET has_acted = true
            WHERE principal = \(attempt.principal) AND key = \(attempt.key) AND attempt = \(attempt.secret)
            RETURNING key
            """)
        return !rows.isEmpty
    }

    /// Keeps an attempt's answer, for those who repeat the request.
    package func keep(_ answer: String, of attempt: RequestAttempt) async throws(StoreError) {
        try await store.query(
            """
            UPDATE account.request_key SET answer = \(answer)
            WHERE principal = \(attempt.principal) AND key = \(attempt.key) AND attempt = \(attempt.secret)
            """)
    }

    /// Ends an attempt without an answer: its key is free again if it did not act; if it did, its outcome is looked up
    /// later.
    package func release(_ attempt: RequestAttempt) async throws(StoreError) {
        try await store.query(
            """
            WITH freed AS (
                DELETE FROM account.request_key
                WHERE principal = \(attempt.principal) AND key = \(attempt.key) AND attempt = \(attempt.secret)
                    AND NOT has_acted AND answer IS NULL)
            UPDATE account.request_key SET held_until_ns = 0
            WHERE principal = \(attempt.principal) AND key = \(attempt.key) AND attempt = \(attempt.secret)
                AND has_acted AND answer IS NULL
            """)
    }

    /// Deletes keys that are past their expiry, the oldest first and at most `limit`; returns how many.
    package func forgetExpired(at now: Timestamp, limit: Int = 500) async throws(StoreError) -> Int {
        try await store.query(
            """
            DELETE FROM account.request_key WHERE (principal, key) IN (
                SELECT principal, key FROM account.request_key WHERE expires_ns <= \(now)
                ORDER BY expires_ns LIMIT \(limit) FOR UPDATE SKIP LOCKED) AND expires_ns <= \(now) RETURNING key
            """
        ).count
    }
}
