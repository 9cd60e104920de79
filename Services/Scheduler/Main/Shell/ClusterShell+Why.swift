// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

/// The answer to `decision.why`: text for people, the record for programs.
struct WhyAnswer: Codable, Sendable {
    let at: Timestamp
    let text: String
    let record: Explanation
    /// The last decision at or before the instant.
    let decision: SchedulerCore.DecisionRecord?
}

/// The same for a tenant: text only.
struct TenantsWhyAnswer: Codable, Sendable {
    let at: Timestamp
    let text: String
}

extension ClusterShell {
    /// Why a domain is as it is at an instant; `nil` if nothing is known of it. JSON.
    ///
    /// - Parameter isDisguised: whether it is for a tenant: the text then names nobody else, and says nothing about the
    ///   hosts.
    func explain(
        _ domain: DomainID, at instant: Timestamp, isPast: Bool, isDisguised: Bool
    ) async throws -> Data? {
        let subject = isPast ? try await past(domain, at: instant) : state
        let owned = try await OwnershipRepository(runtime.store).since(of: domain, at: instant)
        let last = try await lastDecision(about: domain, from: owned, at: instant)
        let lastText =
            last.map { "\n\nThe last decision:\n" + (isDisguised ? $0.forTenant().text : $0.explain()) } ?? ""
        if isDisguised {
            guard let text = subject.explainToTenant(domain, at: instant) else { return nil }
            return try canonicalJSON(TenantsWhyAnswer(at: instant, text: text + lastText))
        }
        guard let explanation = subject.explain(domain, at: instant) else { return nil }
        return try canonicalJSON(
            WhyAnswer(at: instant, text: explanation.text + lastText, record: explanation, decision: last))
    }

    /// The core as it was at a past instant: with the policy, settings and freezes of that instant, and the stored
    /// samples before it.
    private func past(_ domain: DomainID, at instant: Timestamp) async throws -> SchedulerState {
        var state = SchedulerState(settings: try await settings(at: instant))
        state.inventoryChanged(try await reader.inventory(at: instant, with: domain))
        state.freezeChanged(try await freezes(at: instant), at: instant)
        if let version = try await PolicyRepository(runtime.store).version(domain, at: instant) {
            state.policyChanged(version, at: version.validFrom)
        }
        let owned = try await OwnershipRepository(runtime.store).since(of: domain, at: instant)
        let length = state.longestWindow(atLeast: configuration.windowLength)
        let window = configuration.core.samplingInterval * Int64(length) * 2
        let since = max(instant.advanced(byNanoseconds: -window), owned)
        guard let period = TimeRange(since, instant.advanced(byNanoseconds: 1)) else { return state }
        let own = state.longRests(than: Self.restingTime)[domain] ?? 0
        let rest = max(
            window, configuration.core.cooldownUp, configuration.core.cooldownDown, Self.restingTime, own,
            state.longestRestAfterMove)
        guard let earlier = TimeRange(max(instant.advanced(byNanoseconds: -rest), owned), instant) else { return state }
        try await recallDecisions(of: domain, in: earlier, into: &state)
        let segments = try await InventoryRepository(runtime.store).segments(of: domain, in: earlier)
        for (before, after) in zip(segments, segments.dropFirst()) {
            let changed = Resource.changed(from: before, to: after)
            if !changed.isEmpty { state.recallChange(of: domain, endedAt: after.start, resources: changed) }
        }
        let points = try await LogRepository(runtime.store).series(of: domain, in: period)
        for point in points {
            let sample = HostSample(
                host: point.host, sampledAt: point.sampledAt, intervalNanoseconds: nil,
                figures: HostFigures(cpuCount: 0, memory: .zero), domains: [point.sample])
            state.recall(
                sample,
                position: SamplePosition(
                    epoch: UInt64(clamping: point.epoch), sequence: UInt64(clamping: point.sequence)))
        }
        return state
    }

    /// A rest after a denial, or by the platform's rules, is shorter than this.
    private static let restingTime: Int64 = 3_600_000_000_000

    /// Takes the decisions about the domain until that instant, oldest first, so that waits and rests are as they were.
    private func recallDecisions(
        of domain: DomainID, in period: TimeRange, into state: inout SchedulerState
    ) async throws {
        let repository = DecisionRepository(runtime.store)
        let rows = try await repository.list(DecisionFilter(domain: domain, period: period, limit: 1_000))
        let outcomes = try await repository.outcomes(of: rows.map(\.id))
        for row in rows.reversed() {
            guard let record = try? SchedulerCore.DecisionRecord(json: row.record) else { continue }
            let outcome = outcomes[row.id].flatMap { $0.at <= period.end ? $0 : nil }
            state.recallDecision(record, ended: row.ended(outcome))
        }
    }

    private func lastDecision(
        about domain: DomainID, from owned: Timestamp, at instant: Timestamp
    ) async throws -> SchedulerCore.DecisionRecord? {
        let filter = DecisionFilter(
            domain: domain, period: TimeRange(owned, instant.advanced(byNanoseconds: 1)), limit: 1)
        guard let row = try await DecisionRepository(runtime.store).list(filter).first else { return nil }
        return try? SchedulerCore.DecisionRecord(json: row.record)
    }
}
