// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

/// What `decision.why` answers: text for people, the record for programs.
struct WhyAnswer: Codable, Sendable {
    let at: Timestamp
    let text: String
    let record: Explanation
    /// The last decision at or before the instant.
    let decision: SchedulerCore.DecisionRecord?
}

extension ClusterShell {
    /// Where a request would go now.
    func placement(for request: PlacementRequest) -> PlacementResult {
        state.placement(for: request, at: runtime.clock.now())
    }

    /// Why a domain is as it is at an instant; `nil` if nothing is known of it. JSON.
    func explain(_ domain: DomainID, at instant: Timestamp, isPast: Bool) async throws -> Data? {
        let subject = isPast ? try await past(domain, at: instant) : state
        guard let explanation = subject.explain(domain, at: instant) else { return nil }
        let last = try await lastDecision(about: domain, at: instant)
        var text = explanation.text
        if let last { text += "\n\nThe last decision:\n\(last.explain())" }
        return try canonicalJSON(WhyAnswer(at: instant, text: text, record: explanation, decision: last))
    }

    /// The core as it stood at a past instant: the policy of then, over the stored samples up to then.
    private func past(_ domain: DomainID, at instant: Timestamp) async throws -> SchedulerState {
        var state = SchedulerState(settings: configuration.core)
        state.inventoryChanged(try await reader.inventory(at: instant))
        let policies = try await PolicyRepository(runtime.store).history(domain)
        if let version = policies.last(where: { $0.validFrom <= instant }) {
            state.policyChanged(version, at: version.validFrom)
        }
        let window = configuration.core.samplingInterval * Int64(configuration.windowLength) * 2
        let since = instant.advanced(byNanoseconds: -window)
        guard let period = TimeRange(since, instant.advanced(byNanoseconds: 1)) else { return state }
        for segment in try await InventoryRepository(runtime.store).segments(of: domain, in: period)
        where segment.start > since {
            state.recallChange(of: domain, endedAt: segment.start)
        }
        for point in try await LogRepository(runtime.store).series(of: domain, in: period) {
            let sample = HostSample(
                host: point.host, sampledAt: point.sampledAt, intervalNanoseconds: nil,
                figures: HostFigures(cpuCount: 0, memory: .zero), domains: [point.sample])
            state.recall(sample, position: SamplePosition(epoch: 0, sequence: 0))
        }
        return state
    }

    private func lastDecision(
        about domain: DomainID, at instant: Timestamp
    ) async throws -> SchedulerCore.DecisionRecord? {
        let filter = DecisionFilter(
            domain: domain, period: TimeRange(.zero, instant.advanced(byNanoseconds: 1)), limit: 1)
        guard let row = try await DecisionRepository(runtime.store).list(filter).first else { return nil }
        return try? SchedulerCore.DecisionRecord(json: row.record)
    }
}
