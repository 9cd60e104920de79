// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

// What an uninterrupted service would know: windows from stored samples, changes from size segments, and decisions whose
// commands are still under way.
extension ClusterShell {
    /// Fills the windows: what Logger has stored, then what was heard since, oldest first; it decides nothing.
    func recall(_ history: SampleHistory) async throws {
        let now = runtime.clock.now()
        let window = configuration.core.samplingInterval * Int64(configuration.windowLength) * 2
        let since = now.advanced(byNanoseconds: -max(window, 10_000_000_000))
        let stored = try await LogRepository(runtime.store).recentSamples(
            of: hostIDs, since: since, cyclesPerHost: configuration.windowLength * 4)
        // A stored cycle no longer knows its place in the stream; as evidence its instant is enough.
        var entries = stored.map {
            SampleHistory.Entry(sample: $0, position: SamplePosition(epoch: 0, sequence: 0))
        }
        let newest = entries.map(\.sample.sampledAt).max() ?? .zero
        entries += history.samples(of: Set(hostIDs)).filter { $0.sample.sampledAt > newest }
        entries.sort { ($0.sample.sampledAt, $0.sample.host) < ($1.sample.sampledAt, $1.sample.host) }
        try await recallChanges(until: now)
        recall(entries)
    }

    private func recallChanges(until now: Timestamp) async throws {
        let cooldown = max(configuration.core.cooldownUp, configuration.core.cooldownDown)
        let since = now.advanced(byNanoseconds: -max(cooldown, 3_600_000_000_000))
        guard let period = TimeRange(since, now) else { return }
        for segment in try await InventoryRepository(runtime.store).segments(.all, in: period)
        where segment.start >= since {
            recallChange(of: segment.domain, endedAt: segment.start)
        }
    }

    /// Takes up decisions whose commands had not ended when the last owner did.
    func recallOperations() async throws {
        let repository = CommandRepository(runtime.store)
        let pending = try await repository.underWay(on: hostIDs)
        for command in pending {
            guard let decision = command.command.decision,
                let row = try await DecisionRepository(runtime.store).fetch(decision),
                let record = try? JSONDecoder().decode(
                    SchedulerCore.DecisionRecord.self, from: Data(row.record.utf8))
            else { continue }
            let hasMigrated = record.outcome.verdict == .migrate && command.command.verb == "resize"
            let now = runtime.clock.now()
            report {
                $0.recallOperation(record, permit: command.command.permit, hasMigrated: hasMigrated, at: now)
            }
            carryOut(command, decision: decision)
        }
    }
}
