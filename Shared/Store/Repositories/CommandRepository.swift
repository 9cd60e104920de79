// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// The queue of everything that changes something: `cluster.command`.
package struct CommandRepository: Sendable {
    let store: Store
    package init(_ store: Store) { self.store = store }

    /// Queues a command, or returns the stored one if its principal used the key before.
    ///
    /// Throws `conflict` if the stored one differs in domain, verb, arguments or expected revision. Host, permit and
    /// decision are the platform's choice and may differ. A caller that creates a domain derives the domain's id from
    /// the key.
    package func enqueue(
        _ command: NewCommand, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> CommandRecord {
        let runner = runner ?? store
        let inserted = try await runner.query(
            """
            INSERT INTO cluster.command (id, host, domain, verb, arguments, expected_revision, principal,
                idempotency_key, permit, decision, created_ns, deadline_ns)
            VALUES (\(command.id), \(command.host), \(command.domain), \(command.verb.text), \(command.arguments)::jsonb,
                \(command.expectedRevision), \(command.principal), \(command.idempotencyKey), \(command.permit),
                \(command.decision), \(command.createdAt), \(command.deadline))
            ON CONFLICT (principal, idempotency_key) DO NOTHING RETURNING *
            """)
        if let row = inserted.first { return try CommandRecord(row) }
        let stored = try await runner.query(
            """
            SELECT *, domain = \(command.domain) AND verb = \(command.verb.text)
                AND arguments = \(command.arguments)::jsonb
                AND expected_revision IS NOT DISTINCT FROM \(command.expectedRevision) AS is_same
            FROM cluster.command
            WHERE principal = \(command.principal) AND idempotency_key = \(command.idempotencyKey)
            """)
        guard let row = stored.first, try row.bool("is_same") else {
            throw StoreError(
                .conflict, operation: "queue a command",
                message: "idempotency key '\(command.idempotencyKey)' was used for another command: use a new key")
        }
        return try CommandRecord(row)
    }

    package func fetch(_ id: UUID128) async throws(StoreError) -> CommandRecord? {
        try await records("SELECT * FROM cluster.command WHERE id = \(id)").first
    }

    /// What a principal has ordered under a key; `nil`: nothing.
    package func fetch(principal: String, idempotencyKey: String) async throws(StoreError) -> CommandRecord? {
        try await records(
            """
            SELECT * FROM cluster.command
            WHERE principal = \(principal) AND idempotency_key = \(idempotencyKey)
            """
        ).first
    }

    /// Queued commands of a host that are not past their deadline, oldest first.
    package func open(
        for host: HostID, at now: Timestamp, limit: Int = 256
    ) async throws(StoreError) -> [CommandRecord] {
        try await records(
            """
            SELECT * FROM cluster.command WHERE host = \(host) AND state = 'queued' AND deadline_ns > \(now)
            ORDER BY created_ns, id LIMIT \(limit)
            """)
    }

    /// Hosts that have commands to claim or to end, in order: one query for all hosts of an instance.
    package func hostsWithOpen() async throws(StoreError) -> [HostID] {
        let rows = try await store.query(
            "SELECT DISTINCT host FROM cluster.command WHERE state IN ('queued', 'claimed') ORDER BY host")
        var hosts: [HostID] = []
        for row in rows { hosts.append(try row.host("host")) }
        return hosts
    }

    /// A domain's commands, newest first.
    package func history(of domain: DomainID, limit: Int = 100) async throws(StoreError) -> [CommandRecord] {
        try await records(
            "SELECT * FROM cluster.command WHERE domain = \(domain) ORDER BY created_ns DESC, id LIMIT \(limit)")
    }

    /// A domain's migrations, newest first: from where, to where, and how far they are.
    package func moves(of domain: DomainID, limit: Int = 16) async throws(StoreError) -> [MoveRecord] {
        var moves: [MoveRecord] = []
        for row in try await store.query(
            """
            SELECT host, arguments->>'target' AS target, state, claimed_ns, finished_ns, code FROM cluster.command
            WHERE domain = \(domain) AND verb = 'migrate' ORDER BY created_ns DESC, id LIMIT \(limit)
            """)
        {
            moves.append(
                MoveRecord(
                    host: try row.host("host"), target: try row.stringOrNil("target").flatMap { HostID($0) },
                    state: try row.value("state"), claimedAt: try row.timestampOrNil("claimed_ns"),
                    finishedAt: try row.timestampOrNil("finished_ns"),
                    isUncertain: try row.stringOrNil("code") == OutcomeCode.outcomeUnknown.rawValue))
        }
        return moves
    }

    /// Claims a queued command for the caller, who alone may run it: `false` if it is claimed, ended or past its
    /// deadline. `claim` is its host's claim; `mark` is the mark, as JSON, of the domain's life as it is now. Throws
    /// `fenced`.
    package func claim(
        _ id: UUID128, under claim: ShardClaim, by instance: InstanceID, at now: Timestamp, mark: String? = nil,
        in transaction: Transaction? = nil
    ) async throws -> Bool {
        try await store.fenced(claim, in: transaction) { transaction in
            let rows = try await transaction.query(
                """
                UPDATE cluster.command SET state = 'claimed', claimed_by = \(instance),
                    claimed_epoch = \(claim.epoch), claimed_ns = \(now), life_mark = \(mark)::jsonb
                WHERE id = \(id) AND host = \(claim.id) AND state = 'queued' AND deadline_ns > \(now) RETURNING id
                """)
            return !rows.isEmpty
        }
    }

    /// Writes how far a claimed command has come. `ppm`: 0 to 1 000 000; `nil`: not known. Throws `fenced`.
    package func setProgress(
        of id: UUID128, under claim: ShardClaim, ppm: Int64?, text: String
    ) async throws {
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query(
                """
                UPDATE cluster.command SET progress_ppm = \(ppm), progress_text = \(text)
                WHERE id = \(id) AND host = \(claim.id) AND state = 'claimed'
                """)
        }
    }

    /// Writes what a queued command waits for; if it is never claimed, its message will say so. Throws `fenced`.
    package func setWaiting(of id: UUID128, under claim: ShardClaim, text: String) async throws {
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query(
                """
                UPDATE cluster.command SET progress_text = \(text)
                WHERE id = \(id) AND host = \(claim.id) AND state = 'queued'
                """)
        }
    }

    /// Ends a domain's commands that are queued and not begun, and frees their permits; returns them. Throws `fenced`.
    package func cancelQueued(
        _ verb: CommandVerb, of domain: DomainID, under claim: ShardClaim, _ outcome: CommandOutcome, at now: Timestamp
    ) async throws -> [CommandRecord] {
        try await store.fenced(claim) { transaction in
            let rows = try await transaction.query(
                """
                UPDATE cluster.command SET state = 'failed', code = \(outcome.code?.text), message = \(outcome.message),
                    finished_ns = \(now)
                WHERE domain = \(domain) AND host = \(claim.id) AND verb = \(verb.rawValue) AND state = 'queued' RETURNING *
                """)
            var records: [CommandRecord] = []
            for row in rows { records.append(try CommandRecord(row)) }
            for permit in records.compactMap(\.command.permit) {
                try await PermitRepository(store).setState(of: permit, to: .released, in: transaction)
            }
            return records
        }
    }

    /// Migrations away from a host whose outcome is unknown, if they are the newest of their domains.
    package func uncertainMigrations(from host: HostID) async throws(StoreError) -> [CommandRecord] {
        try await records(
            """
            SELECT * FROM (
                SELECT DISTINCT ON (domain) * FROM cluster.command WHERE verb = 'migrate' AND domain IN (
                    SELECT id FROM inventory.domain WHERE host = \(host) AND deleted_ns IS NULL)
                ORDER BY domain, created_ns DESC, id) newest
            WHERE code = \(OutcomeCode.outcomeUnknown.rawValue) AND host = \(host)
            """)
    }

    /// Ends a claimed command, also one that an earlier epoch left behind, and notes in the audit that Monitor carried
    /// it out, and for whom; `false` if it is not claimed any more. Throws `fenced`.
    @discardableResult
    package func finish(
        _ id: UUID128, under claim: ShardClaim, _ outcome: CommandOutcome, at now: Timestamp,
        in transaction: Transaction? = nil
    ) async throws -> Bool {
        try await store.fenced(claim, in: transaction) { transaction in
            let state: CommandState = outcome.succeeded ? .succeeded : .failed
            let rows = try await transaction.query(
                """
                WITH ended AS (
                    UPDATE cluster.command SET state = \(state.rawValue), code = \(outcome.code?.text),
                        message = \(outcome.message), result = \(outcome.result)::jsonb, finished_ns = \(now)
                    WHERE id = \(id) AND host = \(claim.id) AND state = 'claimed' RETURNING *)
                SELECT audit.append(\(now), 'monitor', 'command.' || verb, domain::text,
                    jsonb_strip_nulls(jsonb_build_object('command', id, 'host', host, 'principal', principal,
                        'decision', decision, 'state', state, 'code', code))) FROM ended
                """)
            return !rows.isEmpty
        }
    }

    /// Commands that an earlier owner of the host claimed and did not end: their effect must be looked up.
    package func abandoned(before claim: ShardClaim) async throws(StoreError) -> [CommandRecord] {
        try await records(
            """
            SELECT * FROM cluster.command WHERE host = \(claim.id) AND state = 'claimed'
                AND claimed_epoch < \(claim.epoch) ORDER BY created_ns, id
            """)
    }

    /// Fails queued commands that are past their deadline, as `deadline`; returns them. Any instance may do it.
    @discardableResult
    package func expire(at now: Timestamp, limit: Int = 1_000) async throws(StoreError) -> [CommandRecord] {
        try await records(
            """
            UPDATE cluster.command SET state = 'failed', code = 'deadline', finished_ns = \(now),
                message = CASE WHEN progress_text IS NULL THEN 'nobody took it before its deadline'
                    ELSE 'its deadline passed while it ' || progress_text END
            WHERE id IN (SELECT id FROM cluster.command WHERE state = 'queued' AND deadline_ns <= \(now)
                ORDER BY deadline_ns LIMIT \(limit) FOR UPDATE SKIP LOCKED) AND state = 'queued' RETURNING *
            """)
    }

    private func records(_ query: Query) async throws(StoreError) -> [CommandRecord] {
        let rows = try await store.query(query)
        return store.setAside.read(rows, of: "cluster.command", by: ["id", "verb"]) { row throws(StoreError) in
            try CommandRecord(row)
        }
    }
}
