// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

extension SchedulerState {
    /// An action whose outcome is being measured.
    struct FollowUp: Hashable, Sendable, Codable {
        var decision: UUID128
        var resource: Resource
        var effectiveAt: Timestamp
        var before: Int64
        var target: Int64
        /// The target of a migration.
        var host: HostID?
        var predicted: Utilization?
        var sum: Int64 = 0
        var samples = 0
        /// Whether nothing was changed since, so that this action's outcome is measured.
        var isCurrent = true
        /// How many rows of `minutes` are written.
        var written = 0

        static let minutes = [1, 10, 60]
    }

    /// Writes the rows that are due.
    mutating func followUp(_ domain: DomainID, at now: Timestamp) {
        guard let entry = domains[domain] else { return }
        var rows: [OutcomeRow] = []
        let open = entry.followUps.compactMap { followUp -> FollowUp? in
            var followUp = followUp
            while followUp.written < FollowUp.minutes.count,
                now >= followUp.due(FollowUp.minutes[followUp.written])
            {
                rows.append(row(followUp, of: entry, at: now))
                followUp.written += 1
            }
            return followUp.written < FollowUp.minutes.count ? followUp : nil
        }
        guard !rows.isEmpty else { return }
        domains.update(domain) { $0.followUps = open }
        pending += rows.map(Directive.recordOutcome)
    }

    private func row(_ followUp: FollowUp, of entry: DomainEntry, at now: Timestamp) -> OutcomeRow {
        let mean = followUp.samples > 0 ? Utilization(ppm: followUp.sum / Int64(followUp.samples)) : nil
        return OutcomeRow(
            decision: followUp.decision, domain: entry.record.domain, resource: followUp.resource,
            minutes: FollowUp.minutes[followUp.written], at: now, predicted: followUp.predicted, real: mean,
            samples: followUp.samples, isReversed: entry.isReversed(followUp))
    }
}

extension SchedulerState.FollowUp {
    fileprivate func due(_ minutes: Int) -> Timestamp {
        effectiveAt.advanced(byNanoseconds: Int64(minutes) * 60_000_000_000)
    }
}

extension SchedulerState.DomainEntry {
    /// How many actions are followed at most: the oldest are dropped.
    private static let maximumFollowUps = 8

    /// Begins to measure the outcome of an action that took effect at `instant`.
    mutating func follow(_ operation: Operation, from instant: Timestamp) {
        for index in followUps.indices where followUps[index].resource == operation.resource {
            followUps[index].isCurrent = false
        }
        let (before, finding) = (operation.inputs.size ?? 0, operation.finding)
        let atTarget = finding.target.flatMap { target in
            finding.mean.map { target > 0 ? ScalingRule.projection($0, from: before, to: target) : $0 }
        }
        followUps.append(
            SchedulerState.FollowUp(
                decision: operation.decision, resource: operation.resource, effectiveAt: instant, before: before,
                target: operation.finding.target.flatMap { operation.move == nil ? $0 : nil } ?? before,
                host: operation.placement?.chosen,
                predicted: operation.move == nil ? atTarget : finding.mean))
        if followUps.count > Self.maximumFollowUps { followUps.removeFirst() }
    }

    /// Adds the reading at `now` to the outcomes of the actions before it: the window began again with the last of
    /// them.
    mutating func measure(at now: Timestamp) {
        for index in followUps.indices {
            let followUp = followUps[index]
            guard followUp.isCurrent, let sample = self[followUp.resource].window.newest, sample.sampledAt == now
            else { continue }
            followUps[index].sum += sample.utilization.ppm
            followUps[index].samples += 1
        }
    }

    fileprivate func isReversed(_ followUp: SchedulerState.FollowUp) -> Bool {
        if let host = followUp.host, host != record.host { return true }
        let size: Int64? =
            switch followUp.resource {
            case .cpu: record.vcpus.map { Int64($0.count) }
            case .memory: record.memory.bytes
            case .network: record.networkCap
            }
        guard let size, followUp.target != followUp.before else { return false }
        return followUp.target > followUp.before ? size <= followUp.before : size >= followUp.before
    }
}
