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
        let segments = try await InventoryRepository(runtime.store).segments(.all, in: period)
            .filter { knows($0.domain) }.sorted { ($0.domain, $0.start) < ($1.domain, $1.start) }
        for (before, after) in zip(segments, segments.dropFirst())
        where before.domain == after.domain && after.start >= since {
            let changed = Resource.changed(from: before, to: after)
            if !changed.isEmpty { recallChange(of: after.domain, endedAt: after.start, resources: changed) }
        }
    }

    /// Tells the core what was decided before, oldest first: what was said is not said again, what waited waits on, and
    /// what rests rests on.
    func recallDecisions() async throws {
        let repository = DecisionRepository(runtime.store)
        let now = runtime.clock.now()
        let recent = now.advanced(byNanoseconds: -max(Self.memory, configuration.core.outcomeTimeout))
        let last = try await repository.latest(
            of: cluster, since: now.advanced(byNanoseconds: -Self.longMemory), before: recent)
        for row in last.sorted(by: { ($0.at, $0.id) < ($1.at, $1.id) }) { recall(row, outcome: nil) }
        var position = DecisionPosition(at: recent, id: UUID128(high: 0, low: 0))
        while true {
            let page = try await repository.page(of: cluster, after: position, limit: 1_000)
            guard let newest = page.last else { return }
            let outcomes = try await repository.outcomes(of: page.map(\.id))
            for row in page { recall(row, outcome: outcomes[row.id]) }
            position = DecisionPosition(at: newest.at, id: newest.id)
        }
    }

    /// Whatever rests, backs off or is measured, does so for less than this: an hour for outcomes, and half an hour
    /// for moves, after a command that may take a while.
    private static let memory: Int64 = 2 * 3_600_000_000_000
    /// Further back only each domain's last decision counts, so that it is not recorded again.
    private static let longMemory: Int64 = 30 * 86_400_000_000_000

    private func recall(_ row: DecisionRow, outcome: DecisionOutcome?) {
        // A record of rules that can't be read any more tells nothing.
        guard let record = try? SchedulerCore.DecisionRecord(json: row.record) else { return }
        recallDecision(record, ended: row.ended(outcome))
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
            let hasMigrated = record.outcome.verdict == .migrate && command.command.verb != "migrate"
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

extension DecisionRow {
    /// How its action ended, as far as `outcome` tells.
    func ended(_ outcome: DecisionOutcome?) -> SchedulerState.RecalledEnd? {
        switch outcome?.outcome {
        case "succeeded": .succeeded(at: CommandResult(outcome?.detail).effectiveAt ?? outcome?.at ?? at)
        case "failed": .failed(at: outcome?.at ?? at)
        default: nil
        }
    }
}

extension Resource {
    /// What changed while a domain ran on: a start is a beginning, and no change.
    static func changed(from before: SizeSegment, to after: SizeSegment) -> [Resource] {
        guard before.end == after.start, before.vcpus > 0, after.vcpus > 0 else { return [] }
        if before.host != after.host { return Resource.allCases }
        return (before.vcpus != after.vcpus ? [.cpu] : []) + (before.memory != after.memory ? [.memory] : [])
    }
}
