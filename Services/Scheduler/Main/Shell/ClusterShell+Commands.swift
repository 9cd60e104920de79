// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Logging
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import SwiftProtobuf

// Decisions and the commands that carry them out: stored together, then followed to their end.
extension ClusterShell {
    /// Stores a decision, a command, or both at once; then lets Monitor carry out the command.
    func store(_ command: NewCommand?, explainedBy record: SchedulerCore.DecisionRecord?) async {
        do {
            let decided = try record.map { record in try row(record, command: command) }
            let stored = try await insert(decided, command)
            if let record { await announce(record) }
            if let stored, let decision = stored.command.decision {
                let now = runtime.clock.now()
                report { $0.actionStarted(decision, at: now) }
                carryOut(stored, decision: decision)
            }
        } catch {
            log.error("a decision could not be stored", metadata: ["error": "\(error)"])
            guard let decision = command?.decision else { return }
            let now = runtime.clock.now()
            report { $0.actionFailed(decision, at: now) }
        }
    }

    /// Stores decisions that have no command.
    func store(_ records: [SchedulerCore.DecisionRecord]) async {
        do {
            let rows = try records.map { try row($0, command: nil) }
            try await DecisionRepository(runtime.store).insert(rows, under: shard.claim)
            for record in records { await announce(record) }
        } catch {
            log.error(
                "decisions could not be stored", metadata: ["count": "\(records.count)", "error": "\(error)"])
        }
    }

    private func insert(_ row: DecisionRow?, _ command: NewCommand?) async throws -> CommandRecord? {
        if let row {
            return try await DecisionRepository(runtime.store).insert(row, command: command, under: shard.claim)
        }
        guard let command else { return nil }
        return try await runtime.store.fenced(shard.claim) { transaction in
            try await CommandRepository(runtime.store).enqueue(command, in: transaction)
        }
    }

    private func row(_ record: SchedulerCore.DecisionRecord, command: NewCommand?) throws -> DecisionRow {
        let text = String(decoding: try canonicalJSON(record), as: UTF8.self)
        return DecisionRow(
            id: record.id, cluster: cluster, epoch: shard.epoch, domain: record.inputs.domain, at: record.decidedAt,
            verdict: .known(record.outcome.verdict), rulesVersion: record.rulesVersion, summary: record.summary,
            record: text, command: command?.decision == record.id ? command?.id : nil)
    }

    private func announce(_ record: SchedulerCore.DecisionRecord) async {
        metrics.decision(verdict: record.outcome.verdict.rawValue, reason: record.outcome.reason.rawValue)
        log.info(
            "decided",
            metadata: [
                "decision.id": "\(record.id)", "domain.id": "\(record.inputs.domain)",
                "decision.verdict": "\(record.outcome.verdict.rawValue)", "decision.summary": "\(record.summary)",
            ])
        let message = WireDecisionRecorded.with {
            $0.clusterID = cluster.name
            $0.decisionID = Data(record.id.bytes)
            $0.domainUuid = Data(record.inputs.domain.uuid.bytes)
            $0.atNs = record.decidedAt.nanoseconds
            $0.verdict = record.outcome.verdict.rawValue
            $0.summary = record.summary
        }
        do {
            try await runtime.publisher.publish(
                MessageCodec.encoded(message), type: .decisionRecorded, on: stream, at: runtime.clock.now())
        } catch {
            log.warning("a decision could not be published", metadata: ["error": "\(error)"])
        }
    }

    /// Follows a command to its end and tells the core.
    func carryOut(_ stored: CommandRecord, decision: UUID128) {
        follow(stored.id) { [self] in
            let ended = await CommandDispatch(runtime).outcome(of: stored) { [self] in
                await progressed(decision)
            }
            guard !Task.isCancelled else { return }
            await finish(decision, of: stored.command.domain, ended)
        }
    }

    private func progressed(_ decision: UUID128) {
        let now = runtime.clock.now()
        report { $0.actionProgressed(decision, at: now) }
    }

    /// Tells the core how a step ended, and records the end once no step follows.
    private func finish(_ decision: UUID128, of domain: DomainID, _ ended: CommandRecord?) async {
        let now = runtime.clock.now()
        let result = CommandResult(ended?.outcome?.result)
        let isUnknown = ended?.outcome == nil || ended?.outcome?.isUnknown == true
        let end: ActionEnd = isUnknown ? .outcomeUnknown : ended?.state == .succeeded ? .succeeded : .failed
        metrics.action(outcome: end.rawValue)
        let detail = ended?.outcome?.message ?? ended?.outcome?.result ?? "nothing is known of its end"
        log.info(
            "carried out",
            metadata: ["decision.id": "\(decision)", "outcome": "\(end.rawValue)", "detail": "\(detail)"])
        let endedAt = ended?.finishedAt ?? now
        report { state in
            switch end {
            case .succeeded:
                state.actionSucceeded(decision, effectiveAt: result.effectiveAt ?? endedAt, vcpus: result.vcpus)
            case .failed: state.actionFailed(decision, at: endedAt, message: detail)
            case .outcomeUnknown: state.actionUnknown(decision, at: now)
            }
        }
        guard state.operation(of: domain)?.decision != decision else { return }
        await record(DecisionOutcome(decision: decision, at: endedAt, outcome: .known(end), detail: detail))
    }

    /// Stores an outcome, however long the database is away; gives up if the cluster has another owner, who will store
    /// it.
    private func record(_ outcome: DecisionOutcome) async {
        while !Task.isCancelled {
            do {
                return try await DecisionRepository(runtime.store).addOutcome(outcome, under: shard.claim)
            } catch {
                if (error as? StoreError)?.code == .fenced { return }
                log.warning("an outcome can't be stored yet", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}
