// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// The state of a command. A claimed command is never run again.
package enum CommandState: String, Hashable, Sendable, Codable, CaseIterable {
    case queued, claimed, succeeded, failed
}

/// A command as it is given.
package struct NewCommand: Hashable, Sendable {
    package var id: UUID128
    /// The host whose owner runs it.
    package var host: HostID
    package var domain: DomainID
    package var verb: Recognised<CommandVerb>
    /// The JSON of `CommandArguments`, to the byte.
    package var arguments: String
    /// The revision of the domain's row that the principal saw; `nil`: any.
    package var expectedRevision: Int64?
    package var principal: String
    /// Identifies this request of this principal: if it is sent again, it is not carried out again.
    package var idempotencyKey: String
    package var permit: UUID128?
    package var decision: UUID128?
    package var createdAt: Timestamp
    /// The command is not claimed after this instant.
    package var deadline: Timestamp

    package init(
        id: UUID128, host: HostID, domain: DomainID, verb: CommandVerb,
        arguments: CommandArguments = CommandArguments(), expectedRevision: Int64? = nil, principal: String,
        idempotencyKey: String, permit: UUID128? = nil, decision: UUID128? = nil, createdAt: Timestamp,
        deadline: Timestamp
    ) {
        self.init(
            id: id, host: host, domain: domain, verb: .known(verb), arguments: arguments.json,
            expectedRevision: expectedRevision, principal: principal, idempotencyKey: idempotencyKey, permit: permit,
            decision: decision, createdAt: createdAt, deadline: deadline)
    }

    /// The command in a row.
    package init(
        id: UUID128, host: HostID, domain: DomainID, verb: Recognised<CommandVerb>, arguments: String,
        expectedRevision: Int64?, principal: String, idempotencyKey: String, permit: UUID128?, decision: UUID128?,
        createdAt: Timestamp, deadline: Timestamp
    ) {
        self.id = id
        self.host = host
        self.domain = domain
        self.verb = verb
        self.arguments = arguments
        self.expectedRevision = expectedRevision
        self.principal = principal
        self.idempotencyKey = idempotencyKey
        self.permit = permit
        self.decision = decision
        self.createdAt = createdAt
        self.deadline = deadline
    }
}

/// How a command ended.
package struct CommandOutcome: Hashable, Sendable {
    package var succeeded: Bool
    /// Why it failed; `nil`: it did not fail.
    package var code: Recognised<OutcomeCode>?
    package var message: String?
    /// The JSON of `CommandResult`, or of what its verb returns instead.
    package var result: String?

    package static func succeeded(result: String? = nil) -> CommandOutcome {
        CommandOutcome(succeeded: true, code: nil, message: nil, result: result)
    }
    package static func failed(code: OutcomeCode, message: String, result: String? = nil) -> CommandOutcome {
        CommandOutcome(succeeded: false, code: .known(code), message: message, result: result)
    }

    /// Whether nobody knows if the command took effect.
    package var isUnknown: Bool { code == .outcomeUnknown }
}

/// A row of `cluster.command`.
package struct CommandRecord: Hashable, Sendable {
    /// What was ordered; `arguments` as PostgreSQL normalises JSON.
    package let command: NewCommand
    package let state: CommandState
    package let claimedBy: InstanceID?
    package let claimedEpoch: Int64?
    package var claimedAt: Timestamp?
    /// The mark of the domain's life when the command was claimed, as JSON; `nil`: its verb needs none, or it could not
    /// be read.
    package var mark: String?
    package let finishedAt: Timestamp?
    /// How far it has come, in millionths; `nil`: not known.
    package let progressPPM: Int64?
    /// What it is doing, in a few words.
    package let progressText: String?
    /// `nil` until it ended.
    package let outcome: CommandOutcome?

    package var id: UUID128 { command.id }

    package init(_ row: Row) throws(StoreError) {
        command = NewCommand(
            id: try row.uuid("id"), host: try row.host("host"), domain: try row.domain("domain"),
            verb: Recognised(try row.string("verb")), arguments: try row.string("arguments"),
            expectedRevision: try row.int64OrNil("expected_revision"), principal: try row.string("principal"),
            idempotencyKey: try row.string("idempotency_key"), permit: try row.uuidOrNil("permit"),
            decision: try row.uuidOrNil("decision"), createdAt: try row.timestamp("created_ns"),
            deadline: try row.timestamp("deadline_ns"))
        progressPPM = try row.int64OrNil("progress_ppm")
        progressText = try row.stringOrNil("progress_text")
        state = try row.value("state")
        claimedBy = try row.uuidOrNil("claimed_by").map { InstanceID($0) }
        claimedEpoch = try row.int64OrNil("claimed_epoch")
        claimedAt = try row.timestampOrNil("claimed_ns")
        mark = try row.stringOrNil("life_mark")
        finishedAt = try row.timestampOrNil("finished_ns")
        switch state {
        case .queued, .claimed: outcome = nil
        case .succeeded, .failed:
            outcome = CommandOutcome(
                succeeded: state == .succeeded, code: try row.stringOrNil("code").map { Recognised($0) },
                message: try row.stringOrNil("message"), result: try row.stringOrNil("result"))
        }
    }
}

/// What Scheduler needs of a command that migrates a domain.
package struct MoveRecord: Hashable, Sendable {
    package let host: HostID
    package let target: HostID?
    package let state: CommandState
    package let claimedAt: Timestamp?
    package let finishedAt: Timestamp?
    /// Whether nobody knows if the command took effect.
    package let isUncertain: Bool
}
