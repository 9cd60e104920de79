// SPDX-License-Identifier: Apache-2.0

import Bus
import Foundation
import Logging
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import SwiftProtobuf

extension ClusterShell {
    /// Performs a batch in order. A decision and the command that carries it out, which stands right behind it, are
    /// stored in one transaction.
    func perform(_ batch: [Directive]) async {
        var waiting: SchedulerCore.DecisionRecord?
        for directive in batch {
            if let record = waiting, !directive.isCommand(of: record.id) {
                await store(nil, explainedBy: record)
                waiting = nil
            }
            if case .record(let record) = directive {
                waiting = record
            } else {
                await perform(directive, explainedBy: waiting)
                waiting = nil
            }
        }
        if let waiting { await store(nil, explainedBy: waiting) }
    }

    private func perform(_ directive: Directive, explainedBy record: SchedulerCore.DecisionRecord?) async {
        switch directive {
        case .record: break
        case .resize(let resize):
            await store(
                newCommand(
                    resize.idempotencyKey, resize.domain, on: resize.host, verb: "resize",
                    arguments: "{\"vcpus\": \(resize.vcpus)}", permit: resize.permit, decision: resize.decision),
                explainedBy: record)
        case .migrate(let move):
            await store(
                newCommand(
                    move.idempotencyKey, move.domain, on: move.source, verb: "migrate",
                    arguments: "{\"target\": \"\(move.target)\"}", permit: move.permit, decision: move.decision),
                explainedBy: record)
        case .requestPermit(let request): await permit(request)
        case .releasePermit(let permit): await release(permit)
        case .wakeUp(let instant): wakeUp(at: instant)
        }
    }

    private func newCommand(
        _ key: String, _ domain: DomainID, on host: HostID, verb: String, arguments: String, permit: UUID128?,
        decision: UUID128
    ) -> NewCommand {
        var generator = SystemRandomNumberGenerator()
        let now = runtime.clock.now()
        return NewCommand(
            id: UUID128.random(using: &generator), host: host, domain: domain, verb: verb, arguments: arguments,
            principal: "scheduler", idempotencyKey: key, permit: permit, decision: decision, createdAt: now,
            deadline: now.advanced(by: configuration.commandTimeout))
    }

    /// Stores a decision, a command, or both at once; then has the command carried out.
    private func store(_ command: NewCommand?, explainedBy record: SchedulerCore.DecisionRecord?) async {
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
            verdict: record.outcome.verdict.rawValue, rulesVersion: record.rulesVersion, summary: record.summary,
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

    // MARK: - Commands

    /// Follows a command to its end and tells the core.
    func carryOut(_ stored: CommandRecord, decision: UUID128) {
        follow(stored.id) { [self] in
            let ended = await CommandDispatch(runtime).outcome(of: stored)
            guard !Task.isCancelled else { return }
            await finish(decision, of: stored.command.domain, ended)
        }
    }

    /// Tells the core how a step ended, and records the end once no step follows.
    private func finish(_ decision: UUID128, of domain: DomainID, _ ended: CommandRecord?) async {
        let now = runtime.clock.now()
        let result = CommandResult(ended?.outcome?.result)
        let isUnknown = ended?.outcome == nil || ended?.outcome?.code == "outcome-unknown"
        let outcome = isUnknown ? "outcome-unknown" : ended?.state == .succeeded ? "succeeded" : "failed"
        metrics.action(outcome: outcome)
        let detail = ended?.outcome?.message ?? ended?.outcome?.result ?? "nothing was heard of it"
        log.info(
            "carried out", metadata: ["decision.id": "\(decision)", "outcome": "\(outcome)", "detail": "\(detail)"])
        let endedAt = ended?.finishedAt ?? now
        report { state in
            switch outcome {
            case "succeeded":
                state.actionSucceeded(decision, effectiveAt: result.effectiveAt ?? endedAt, vcpus: result.vcpus)
            case "failed": state.actionFailed(decision, at: endedAt)
            default: state.actionUnknown(decision, at: now)
            }
        }
        guard state.operation(of: domain)?.decision != decision else { return }
        await record(DecisionOutcome(decision: decision, at: endedAt, outcome: outcome, detail: detail))
    }

    /// Stores an outcome, however long the database is away; a cluster that is not ours any more is the next owner's.
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

    // MARK: - Permits

    private func permit(_ request: SchedulerCore.PermitRequest) async {
        let answer: RoomAnswer
        do {
            answer = try await obtainPermit(
                for: request.domain, on: request.host, purpose: StoredPermitPurpose(request.purpose),
                vcpus: request.vcpus, memory: request.memory, demand: request.demand, decision: request.decision)
        } catch {
            answer = .refused("the permit could not be had: \(error)")
        }
        let now = runtime.clock.now()
        report { state in
            switch answer {
            case .granted(let permit): state.permitGranted(request.decision, permit: permit, at: now)
            case .refused(let reason):
                state.permitDenied(request.decision, host: request.host, reason: reason, at: now)
            }
        }
    }

    /// What came of asking for room.
    enum RoomAnswer: Sendable {
        case granted(UUID128)
        case refused(String)
    }

    /// Asks for room on one host: first by measured use, which only this service knows, then by promised sizes, under
    /// the lock of the host's row.
    func obtainPermit(
        for domain: DomainID, on host: HostID, purpose: StoredPermitPurpose, vcpus: VCPUCount, memory: ByteCount,
        demand: CPUDemand, decision: UUID128?
    ) async throws -> RoomAnswer {
        let now = runtime.clock.now()
        if demand.ppmOfOneCore > 0,
            let facts = state.snapshot(at: now).hosts.first(where: { $0.record.host == host }),
            let shortage = Placement.shortage(on: facts, vcpus: vcpus, memory: memory, demand: demand)
        {
            return .refused(shortage.description)
        }
        var generator = SystemRandomNumberGenerator()
        let outcome = try await PermitRepository(runtime.store).request(
            StoredPermitRequest(
                id: UUID128.random(using: &generator), host: host, domain: domain, purpose: purpose, vcpus: vcpus,
                memory: memory, decision: decision, expiresAt: now.advanced(by: configuration.permitLifetime)),
            at: now, under: shard.claim)
        switch outcome {
        case .granted(let permit, _): return .granted(permit.id)
        case .refused(let refusal): return .refused(refusal.description)
        }
    }

    private func release(_ permit: UUID128) async {
        do {
            try await PermitRepository(runtime.store).setState(of: permit, to: .released)
        } catch {
            log.warning("a permit could not be released; it expires", metadata: ["error": "\(error)"])
        }
    }

    /// Only the earliest wake-up is kept: directives repeat it as long as it holds.
    private func wakeUp(at instant: Timestamp) {
        if let pending = wakesAt, pending <= instant { return }
        wakesAt = instant
        let wait = max(0, instant.nanoseconds(since: runtime.clock.now()))
        Task { [weak self] in
            try? await Task.sleep(for: .nanoseconds(wait))
            await self?.wake(instant)
        }
    }

    private func wake(_ instant: Timestamp) {
        guard wakesAt == instant else { return }
        wakesAt = nil
        pump()
    }
}

extension StoredPermitPurpose {
    fileprivate init(_ purpose: SchedulerCore.PermitPurpose) {
        switch purpose {
        case .create: self = .create
        case .start: self = .start
        case .restore: self = .restore
        case .grow: self = .grow
        case .migrate: self = .migrate
        }
    }
}

extension Directive {
    /// Whether it has a command carried out for this decision.
    fileprivate func isCommand(of decision: UUID128) -> Bool {
        switch self {
        case .resize(let directive): directive.decision == decision
        case .migrate(let directive): directive.decision == decision
        default: false
        }
    }
}
