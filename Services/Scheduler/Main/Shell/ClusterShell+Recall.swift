// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

// What an uninterrupted service would know: windows from stored samples, changes from size segments, and decisions whose
// commands are still under way.
extension ClusterShell {
    /// Fills the windows from what Logger has stored, then from the reports since, oldest first; decides nothing.
    func recall(_ history: SampleHistory) async throws {
        let now = runtime.clock.now()
        let length = state.longestWindow(atLeast: configuration.windowLength)
        let window = configuration.core.samplingInterval * Int64(length) * 2
        let since = now.advanced(byNanoseconds: -max(window, 10_000_000_000))
        let stored = try await LogRepository(runtime.store).recentSamples(
            of: hostIDs, since: since, cyclesPerHost: length * 4)
        // A report that is in both counts once: the core drops reports that are not newer than its last one.
        var entries = stored.map(SampleHistory.Entry.init)
        entries += history.samples(of: Set(hostIDs))
        entries.sort { ($0.sample.sampledAt, $0.sample.host) < ($1.sample.sampledAt, $1.sample.host) }
        try await recallChanges(until: now)
        recall(entries)
    }

    /// Takes changes as far back as their rest can still last: a short time for all domains, longer for those whose own
    /// policies say so.
    private func recallChanges(until now: Timestamp) async throws {
        let usual = max(configuration.core.cooldownUp, configuration.core.cooldownDown, Self.usualRest)
        let inventory = InventoryRepository(runtime.store)
        if let period = TimeRange(now.advanced(byNanoseconds: -usual), now) {
            recallChanges(in: try await inventory.segments(.all, in: period).filter { knows($0.domain) }, period)
        }
        let long = state.longRests(than: usual).filter { knows($0.key) }
        if let longest = long.values.max(), let period = TimeRange(now.advanced(byNanoseconds: -longest), now) {
            recallChanges(in: try await inventory.segments(of: long.keys.sorted(), in: period), period)
        }
    }

    private func recallChanges(in segments: [StoredSegment], _ period: TimeRange) {
        let ordered = segments.sorted { ($0.domain, $0.start) < ($1.domain, $1.start) }
        for (before, after) in zip(ordered, ordered.dropFirst())
        where before.domain == after.domain && after.start >= period.start
            && isOfPresentOwner(after.domain, after.start)
        {
            let changed = Resource.changed(from: before, to: after)
            if !changed.isEmpty { recallChange(of: after.domain, endedAt: after.start, resources: changed) }
        }
    }

    private static let usualRest: Int64 = 3_600_000_000_000

    /// Gives the core the former decisions, oldest first, so that they are not recorded again, and so that waits and
    /// rests go on.
    func recallDecisions() async throws {
        let repository = DecisionRepository(runtime.store)
        let now = runtime.clock.now()
        let recent = now.advanced(byNanoseconds: -max(Self.memory, configuration.core.outcomeTimeout))
        let last = try await repository.latest(
            of: cluster, since: now.advanced(byNanoseconds: -Self.longMemory), before: recent)
        let acted = try await longActions(before: recent, now)
        let ended = try await repository.outcomes(of: acted.map(\.id))
        let known = Set(acted.map(\.id))
        for row in (last.filter { !known.contains($0.id) } + acted).sorted(by: { ($0.at, $0.id) < ($1.at, $1.id) }) {
            recall(row, outcome: ended[row.id])
        }
        var position = DecisionPosition(at: recent, id: UUID128(high: 0, low: 0))
        while true {
            let page = try await repository.page(of: cluster, after: position, limit: 1_000)
            guard let newest = page.last else { return }
            let outcomes = try await repository.outcomes(of: page.map(\.id))
            for row in page { recall(row, outcome: outcomes[row.id]) }
            position = DecisionPosition(at: newest.at, id: newest.id)
        }
    }

    /// Actions before `recent` whose rest may still last: moves, if their rest is long, and changes of domains whose
    /// policies have long cooldowns.
    private func longActions(before recent: Timestamp, _ now: Timestamp) async throws -> [DecisionRow] {
        let domains = state.longRests(than: Self.memory)
        let longest = max(state.longestRestAfterMove, domains.values.max() ?? 0)
        guard longest > Self.memory else { return [] }
        return try await DecisionRepository(runtime.store).actions(
            of: cluster, changing: domains.keys.sorted(), since: now.advanced(byNanoseconds: -longest), before: recent)
    }

    /// All other rests, back-offs and measurements last less than this: an hour for outcomes, after a command that may
    /// take a while.
    private static let memory: Int64 = 2 * 3_600_000_000_000
    /// Before that only each domain's last decision counts, so that it is not recorded again.
    private static let longMemory: Int64 = 30 * 86_400_000_000_000

    private func recall(_ row: DecisionRow, outcome: DecisionOutcome?) {
        // A record that can't be read any more, or from a former owner's time, is skipped.
        guard isOfPresentOwner(row.domain, row.at), let record = try? SchedulerCore.DecisionRecord(json: row.record)
        else { return }
        recallDecision(record, ended: row.ended(outcome))
    }

    /// Resumes decisions whose end the last owner did not record; returns the command for which each of them waits,
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
            let hasMigrated = record.outcome.verdict == .migrate && command.command.verb != .migrate
            report {
                $0.recallOperation(record, permit: command.command.permit, hasMigrated: hasMigrated, at: now)
            }
            pending.append((command, row.id))
        }
        return pending
    }
}

extension SchedulerCore.DecisionRecord {
    /// Reads a record as it was stored.
    init(json: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(json.utf8)) }
}

extension DecisionRow {
    /// How its action ended, as far as `outcome` shows.
    func ended(_ outcome: DecisionOutcome?) -> SchedulerState.RecalledEnd? {
        switch outcome?.outcome.word {
        case .succeeded: .succeeded(at: CommandResult(outcome?.detail).effectiveAt ?? outcome?.at ?? at)
        case .failed: .failed(at: outcome?.at ?? at, message: outcome?.detail)
        case .outcomeUnknown, nil: nil
        }
    }
}

extension Resource {
    /// The resources that changed while a domain went on running; a start does not count as a change.
    static func changed(from before: StoredSegment, to after: StoredSegment) -> [Resource] {
        guard before.end == after.start, before.vcpus > 0, after.vcpus > 0 else { return [] }
        if before.host != after.host { return Resource.allCases }
        return (before.vcpus != after.vcpus ? [.cpu] : []) + (before.memory != after.memory ? [.memory] : [])
    }
}
