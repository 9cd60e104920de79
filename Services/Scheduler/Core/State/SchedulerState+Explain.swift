// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Why a domain is as it is at one instant: the same rule as for a decision, with nothing done about it.
package struct Explanation: Hashable, Sendable, Codable {
    package let inputs: RuleInputs
    package let finding: Finding
    /// What is under way.
    package let operation: Operation?
    /// One plain sentence, for instance `nothing: 5 of the last 10 known samples were above 80 % and 0 below 15 %; 7
    /// are needed`.
    package let summary: String
    /// The summary and every fact behind it, one per line.
    package let text: String
}

extension SchedulerState {
    /// What the rule says for `domain` at `now`, whether anything came of it or not. `nil`: no such domain.
    package func explain(_ domain: DomainID, at now: Timestamp) -> Explanation? {
        guard let entry = domains[domain] else { return nil }
        let inputs = inputs(of: entry, at: now)
        let finding = ScalingRule.find(inputs)
        let outcome = DecisionRecord.outcome(inputs: inputs, finding: finding, denials: [], placement: nil)
        let summary = Sentences.summary(outcome: outcome, inputs: inputs, finding: finding, denials: [])
        var lines = ["\(now): \(summary)"]
        lines += Sentences.evidence(inputs: inputs, finding: finding)
        if let operation = entry.operation {
            lines.append("decision \(operation.decision) is \(operation.phase.rawValue) since \(operation.since)")
        }
        return Explanation(
            inputs: inputs, finding: finding, operation: entry.operation, summary: summary,
            text: lines.joined(separator: "\n"))
    }

    /// Where `request` would go now, with every host's terms.
    package func placement(for request: PlacementRequest, at now: Timestamp) -> PlacementResult {
        Placement.place(request, in: snapshot(at: now), weights: settings.weights)
    }

    /// All hosts as they stand: sizes and permits of this instant, and measured use corrected by the moves that the
    /// last samples do not show yet.
    package func snapshot(at now: Timestamp) -> PlacementSnapshot {
        var facts = SortedTable<HostID, HostFacts>()
        for entry in hosts.values { facts[entry.record.host] = self.facts(of: entry, at: now) }
        for entry in domains.values {
            facts.update(entry.record.host) { host in
                host.committedVCPUs += entry.record.vcpus?.count ?? entry.record.ceiling.count
                host.committedMemory = host.committedMemory + entry.record.memory
            }
        }
        for permit in permits.values {
            facts.update(permit.host) { host in
                host.permittedVCPUs += permit.vcpus.count
                host.permittedMemory = host.permittedMemory + permit.memory
            }
        }
        for move in domains.values.compactMap(\.lastMove) { apply(move, to: &facts) }
        return PlacementSnapshot(hosts: facts.values)
    }

    /// A host that was not sampled for three intervals is as one that does not answer.
    private static let silentIntervals: Int64 = 3

    private func facts(of entry: HostEntry, at now: Timestamp) -> HostFacts {
        let limit = Self.silentIntervals * settings.samplingInterval
        let isRecent = entry.sampledAt.map { now.nanoseconds(since: $0) <= limit } ?? false
        let figures = isRecent ? entry.figures : nil
        return HostFacts(
            record: entry.record, cpuUtilization: figures?.cpuUtilization, memoryUsed: figures?.memoryUsed,
            responseTimeNanoseconds: figures?.responseTimeNanoseconds)
    }

    private func apply(_ move: Move, to facts: inout SortedTable<HostID, HostFacts>) {
        if isUnseen(move, on: move.target) { facts.update(move.target) { $0.addMeasured(move.request) } }
        guard let source = move.request.source, isUnseen(move, on: source) else { return }
        facts.update(source) { $0.removeMeasured(move.request) }
    }

    /// Whether the host's last interval began before the move ended.
    private func isUnseen(_ move: Move, on host: HostID) -> Bool {
        guard let endedAt = move.endedAt else { return true }
        return hosts[host]?.intervalStart.map { $0 < endedAt } ?? false
    }
}
