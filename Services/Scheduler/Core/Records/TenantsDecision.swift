// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// A decision as its tenant may read it: its own samples, sizes and bounds, and what was decided. Of others, of hosts' loads and
/// of their free room there is nothing; hosts have numbers of this decision only.
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
    /// The summary and every fact of the tenant's own behind it, one per line.
    package let text: String
    package let record: Record
}

extension DecisionRecord {
    /// The decision in the words in which its tenant may read it.
    package func toldToTenant() -> TenantsDecision {
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
    /// The summary without others' figures. What is given was pseudonymised.
    static func tenantsSummary(_ evidence: DecisionRecord.Evidence) -> String {
        let told = DecisionRecord.Evidence(
            inputs: evidence.inputs, finding: evidence.finding, denials: evidence.denials,
            placement: evidence.placement, move: evidence.move, obstacle: evidence.obstacle.map(toldToTenant),
            foreignSource: evidence.foreignSource)
        guard let plan = told.move else { return summary(told) }
        let outcome = told.outcome
        let why = tenantsCause(plan)
        let text =
            outcome.verdict == .migrate
            ? "migrate from \(plan.source) to \(outcome.host.map { "\($0)" } ?? "?"): \(why)"
            : "not moved: \(why), but \(told.obstacle.map { self.text($0) } ?? "no host that helps has room")"
        return text + dryness(outcome.dry, told.inputs)
    }

    private static func tenantsCause(_ plan: MovePlan) -> String {
        switch plan.cause {
        case .relief, .makeRoom: "its host has no room for all that it is to carry"
        case .drain: "its host is being emptied"
        case .broken(let tie): "\(text(tie)) does not hold where it is"
        }
    }

    /// Without the loads that were compared, and without who else is meant.
    private static func toldToTenant(_ obstacle: MoveObstacle) -> MoveObstacle {
        switch obstacle {
        case .noImprovement: .immovable("no other host would be better by enough")
        case .neighbourMoves: .immovable("the room is made otherwise")
        default: obstacle
        }
    }
}
