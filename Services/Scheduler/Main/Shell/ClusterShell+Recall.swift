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
        // What was stored and heard counts once: the core drops what is not newer than what it has.
        var entries = stored.map(SampleHistory.Entry.init)
        entries += history.samples(of: Set(hostIDs))
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

    /// Takes up decisions whose end the last owner did not record; returns the command that each of them waits for,
    /// which may have ended meanwhile.
    func recallOperations() async throws -> [(command: CommandRecord, decision: UUID128)] {
        let now = runtime.clock.now()
        let since = now.advanced(byNanoseconds: -2 * configuration.core.outcomeTimeout)
        var pending: [(CommandRecord, UUID128)] = []
        for row in try await DecisionRepository(runtime.store).unfinished(of: cluster, since: since) {
            let commands = try await CommandRepository(runtime.store).commands(of: row.id)
            guard let command = commands.last, let record = try? SchedulerCore.DecisionRecord(json: row.record) else {
                continue
            }
            let hasMigrated = record.outcome.verdict == .migrate && command.command.verb == "resize"
            report {
                $0.recallOperation(record, permit: command.command.permit, hasMigrated: hasMigrated, at: now)
            }
            pending.append((command, row.id))
        }
        return pending
    }
}

extension SchedulerCore.DecisionRecord {
    /// As it was stored.
    init(json: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(json.utf8)) }
}
