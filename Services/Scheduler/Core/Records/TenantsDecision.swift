// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// A decision as its tenant may read it: its own samples, sizes and bounds, and what was decided. It has nothing about
/// other tenants, hosts' loads and their free room; hosts have numbers that hold in this decision only.
package struct TenantsDecision: Hashable, Sendable, Codable {
    /// What the rule looked at and found.
    package struct Record: Hashable, Sendable, Codable {
        package let rulesVersion: Int
        package let decidedAt: Timestamp
        package let trigger: WindowSample?
        package let inputs: RuleInputs
        package let finding: Finding
        package let outcome: DecisionRecord.Outcome
    }

    package let id: UUID128
    /// One plain sentence.
    package let summary: String
    /// The summary and the tenant's own facts behind it, one per line.
    package let text: String
    package let record: Record
}

extension DecisionRecord {
    /// The decision as its tenant may read it.
    package func forTenant() -> TenantsDecision {
        let shown = pseudonymised()
        let summary = Sentences.tenantsSummary(shown.evidence)
        var lines = ["\(decidedAt): \(summary)"]
        lines += Sentences.evidence(inputs: shown.inputs, finding: shown.finding)
        if !denials.isEmpty { lines.append("no host gave room") }
        lines.append("rules version \(rulesVersion), decision \(id)")
        return TenantsDecision(
            id: id, summary: summary, text: lines.joined(separator: "\n"),
            record: TenantsDecision.Record(
                rulesVersion: rulesVersion, decidedAt: decidedAt, trigger: shown.trigger, inputs: shown.inputs,
                finding: shown.finding,
                outcome: shown.outcome))
    }
}

extension Sentences {
    /// The summary without others' figures. `evidence` is pseudonymised already.
    static func tenantsSummary(_ evidence: DecisionRecord.Evidence) -> String {
        let shown = DecisionRecord.Evidence(
            inputs: evidence.inputs, finding: evidence.finding, denials: evidence.denials,
            placement: evidence.placement, move: evidence.move, obstacle: evidence.obstacle.map(forTenant),
            foreignSource: evidence.foreignSource)
        guard let plan = shown.move else { return summary(shown) }
        let outcome = shown.outcome
        let why = tenantsCause(plan)
        let text =
            outcome.verdict == .migrate
            ? "migrate from \(plan.source) to \(outcome.host.map { "\($0)" } ?? "?"): \(why)"
            : "not moved: \(why), but \(shown.obstacle.map { self.text($0) } ?? "no host that helps has room")"
        return text + dryness(outcome.dry, shown.inputs)
    }

    private static func tenantsCause(_ plan: MovePlan) -> String {
        switch plan.cause {
        case .relief, .makeRoom: "its host has no room for all that it is to carry"
        case .drain: "its host is being emptied"
        case .broken(let tie): "\(text(tie)) does not hold where it is"
        }
    }

    /// The obstacle without the loads that were compared, and without other domains.
    private static func forTenant(_ obstacle: MoveObstacle) -> MoveObstacle {
        switch obstacle {
        case .noImprovement: .immovable("no other host would be better by enough")
        case .neighbourMoves: .immovable("the room is made otherwise")
        default: obstacle
        }
    }
}
