// SPDX-License-Identifier: Apache-2.0

import Contracts
import Logging
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

extension ClusterShell {
    /// Performs a batch in order. A decision and the command that carries it out, which comes right after it, are
    /// stored in one transaction; decisions without a command are stored together, after all actions.
    func perform(_ batch: [Directive]) async {
        var (waiting, others): (SchedulerCore.DecisionRecord?, [SchedulerCore.DecisionRecord]) = (nil, [])
        for directive in batch {
            if let record = waiting, !directive.isCommand(of: record.id) {
                others.append(record)
                waiting = nil
            }
            if case .record(let record) = directive {
                waiting = record
            } else {
                await perform(directive, explainedBy: waiting)
                waiting = nil
            }
        }
        others += [waiting].compactMap(\.self)
        if !others.isEmpty { await store(others) }
    }

    private func perform(_ directive: Directive, explainedBy record: SchedulerCore.DecisionRecord?) async {
        switch directive {
        case .record: break
        case .resize, .resizeMemory, .capNetwork, .migrate:
            if let step = directive.step { await store(newCommand(step), explainedBy: record) }
        case .requestPermit(let request): await permit(request)
        case .releasePermit(let permit): await release(permit)
        case .locate(let question): locate(question)
        case .recordOutcome(let row): await keep(row)
        case .freeze(let freeze): await impose(freeze)
        case .wakeUp(let instant): wakeUp(at: instant)
        }
    }

    private func newCommand(_ step: Directive.Step) -> NewCommand {
        var generator = SystemRandomNumberGenerator()
        let now = runtime.clock.now()
        return NewCommand(
            id: UUID128.random(using: &generator), host: step.host, domain: step.domain, verb: step.verb,
            arguments: step.arguments, principal: "scheduler", idempotencyKey: step.key, permit: step.permit,
            decision: step.decision, createdAt: now, deadline: now.advanced(by: configuration.commandTimeout))
    }

    /// Stores the outcome of a decision some minutes after it.
    private func keep(_ row: OutcomeRow) async {
        let measurement = DecisionMeasurement(
            decision: row.decision, minutes: row.minutes, at: row.at, resource: row.resource,
            predicted: row.predicted, real: row.real, samples: row.samples, isReversed: row.isReversed)
        do {
            try await DecisionRepository(runtime.store).add(measurement, under: shard.claim)
        } catch {
            log.warning(
                "what a decision came to can't be stored",
                metadata: ["decision.id": "\(row.decision)", "error": "\(error)"])
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

extension Directive {
    /// A step in the form of a durable command.
    struct Step: Sendable {
        let decision: UUID128
        let domain: DomainID
        /// The host whose owner carries it out.
        let host: HostID
        let verb: CommandVerb
        let arguments: CommandArguments
        let permit: UUID128?
        let key: String
    }

    /// `nil` if the directive is not a step.
    var step: Step? {
        switch self {
        case .resize(let resize):
            Step(
                decision: resize.decision, domain: resize.domain, host: resize.host, verb: .resize,
                arguments: .size(vcpus: resize.vcpus), permit: resize.permit, key: resize.idempotencyKey)
        case .resizeMemory(let resize):
            Step(
                decision: resize.decision, domain: resize.domain, host: resize.host, verb: .resize,
                arguments: .size(memory: resize.memory), permit: resize.permit, key: resize.idempotencyKey)
        case .capNetwork(let cap):
            Step(
                decision: cap.decision, domain: cap.domain, host: cap.host, verb: .networkCap,
                arguments: .networkCap(bytesPerSecond: cap.bytesPerSecond), permit: nil, key: cap.idempotencyKey)
        case .migrate(let move):
            Step(
                decision: move.decision, domain: move.domain, host: move.source, verb: .migrate,
                arguments: .migration(to: move.target), permit: move.permit, key: move.idempotencyKey)
        default: nil
        }
    }

    /// Whether it is a command for this decision.
    fileprivate func isCommand(of decision: UUID128) -> Bool { step?.decision == decision }
}
