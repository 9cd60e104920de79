// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// A permit that was requested and denied.
package struct Denial: Hashable, Sendable, Codable {
    package let host: HostID
    package let at: Timestamp
    /// In the words of the service that denied it.
    package let reason: String
    /// `true`: the tenant has reached its quota, so no host may give the room; `nil`: this host could not.
    package var isOverQuota: Bool?
}

/// One decision with everything that it is based on. Integers, strings and arrays only, so that an encoder with sorted
/// keys gives the same bytes for the same decision everywhere.
package struct DecisionRecord: Hashable, Sendable, Codable {
    /// `ScalingRule.version` at the time.
    package let rulesVersion: Int
    /// The same for the same trigger, so that a decision made twice is recorded once.
    package let id: UUID128
    package let tenant: TenantID?
    /// The newest known sample at the time; `nil` if there was none.
    package let trigger: WindowSample?
    package let inputs: RuleInputs
    /// What the rule found, before permits were asked for.
    package let finding: Finding
    /// Who denied room, in order: the domain's own host first.
    package let denials: [Denial]
    /// The last placement; `nil` if none was needed.
    package let placement: PlacementResult?
    /// Which domain should leave its host and why; `nil` for a change of size. Since rules version 2.
    package let move: MovePlan?
    /// Why the domain could not be moved. Since rules version 2.
    package let obstacle: MoveObstacle?
    /// The host from which somebody else moved the domain, or ordered Ebb to move it. Since rules version 2.
    package let foreignSource: HostID?
    /// When the decision was complete: after the permits, if any were needed.
    package let decidedAt: Timestamp
    package let outcome: Outcome
    /// One plain sentence.
    package let summary: String

    /// What was decided in the end.
    package struct Outcome: Hashable, Sendable, Codable {
        package let verdict: Verdict
        package let reason: Reason
        /// The size to have, in the resource's unit.
        package let target: Int64?
        /// The host to run on; for `migrate` another one than the present host.
        package let host: HostID?
        /// Why it is only recorded and not acted upon; `nil`: it is acted upon.
        package let dry: DryReason?
    }

    init(
        id: UUID128, tenant: TenantID?, inputs: RuleInputs, finding: Finding, denials: [Denial] = [],
        placement: PlacementResult? = nil, move: MovePlan? = nil, obstacle: MoveObstacle? = nil,
        foreignSource: HostID? = nil, decidedAt: Timestamp, rulesVersion: Int = ScalingRule.version
    ) {
        self.rulesVersion = rulesVersion
        self.id = id
        self.tenant = tenant
        trigger = inputs.samples.last
        self.inputs = inputs
        self.finding = finding
        self.denials = denials
        self.placement = placement
        self.move = move
        self.obstacle = obstacle
        self.foreignSource = foreignSource
        self.decidedAt = decidedAt
        let evidence = Evidence(
            inputs: inputs, finding: finding, denials: denials, placement: placement, move: move, obstacle: obstacle,
            foreignSource: foreignSource)
        outcome = evidence.outcome
        summary = Sentences.summary(evidence)
    }

    /// Everything from which outcome and summary are made.
    struct Evidence {
        let inputs: RuleInputs
        let finding: Finding
        let denials: [Denial]
        let placement: PlacementResult?
        let move: MovePlan?
        let obstacle: MoveObstacle?
        let foreignSource: HostID?
    }

    var evidence: Evidence {
        Evidence(
            inputs: inputs, finding: finding, denials: denials, placement: placement, move: move, obstacle: obstacle,
            foreignSource: foreignSource)
    }

    /// Runs the rules again over the recorded inputs. `nil` if they give the same; otherwise what differs.
    package func verify() -> Mismatch? {
        guard rulesVersion == ScalingRule.version else {
            return .otherRules(recorded: rulesVersion, present: ScalingRule.version)
        }
        guard foundAgain == finding else { return .finding }
        if let placement, placement.repeated() != placement { return .placement }
        if let move, !move.isConsistent(with: obstacle == nil ? placement : nil) { return .move }
        guard evidence.outcome == outcome else { return .outcome }
        return Sentences.summary(evidence) == summary ? nil : .summary
    }

    /// What the rule finds in the recorded inputs. A move that Ebb did not order is not a finding of the rule: only its
    /// figures come from the rule.
    private var foundAgain: Finding {
        var found = ScalingRule.find(inputs)
        guard foreignSource != nil else { return found }
        let isOrdered = finding.reason == .orderedMove
        (found.verdict, found.reason) = (.nothing, isOrdered ? .orderedMove : .foreignMove)
        (found.target, found.dry, found.until) = (nil, nil, finding.until)
        return found
    }

    /// Why a record does not verify.
    package enum Mismatch: Hashable, Sendable {
        case otherRules(recorded: Int, present: Int)
        case finding, placement, move, outcome, summary
    }

    /// The decision in plain words, one fact per line.
    package func explain() -> String {
        var lines = ["\(decidedAt): \(summary)"]
        lines += Sentences.evidence(inputs: inputs, finding: finding)
        if let move { lines += Sentences.plan(move) }
        lines += denials.map { $0.isOverQuota == true ? $0.reason : "host \($0.host) gave no room: \($0.reason)" }
        if let placement { lines += Sentences.placement(placement) }
        lines.append("rules version \(rulesVersion), decision \(id)")
        return lines.joined(separator: "\n")
    }
}

extension DecisionRecord.Evidence {
    /// What is done, given what the rule found and what permits and placement said. A growth that its own host denied
    /// becomes a migration to the chosen host, or a refusal if there is none.
    var outcome: DecisionRecord.Outcome {
        if let move { return outcome(of: move) }
        guard finding.verdict == .grow, !denials.isEmpty else {
            let host = finding.target == nil ? nil : inputs.host
            return DecisionRecord.Outcome(
                verdict: finding.verdict, reason: finding.reason, target: finding.target, host: host,
                dry: finding.dry)
        }
        guard let chosen = placement?.chosen, obstacle == nil, denials.count < inputs.maximumDenials else {
            return DecisionRecord.Outcome(verdict: .refuse, reason: .noRoom, target: nil, host: nil, dry: nil)
        }
        return DecisionRecord.Outcome(
            verdict: .migrate, reason: .ownHostFull, target: finding.target, host: chosen, dry: nil)
    }

    private func outcome(of move: MovePlan) -> DecisionRecord.Outcome {
        guard move.chosen == inputs.domain, let chosen = placement?.chosen, obstacle == nil,
            denials.count < inputs.maximumDenials
        else {
            return DecisionRecord.Outcome(verdict: .refuse, reason: .cannotMove, target: nil, host: nil, dry: nil)
        }
        let dry: DryReason? = inputs.freezeReason == nil ? inputs.dryRun : .frozen
        return DecisionRecord.Outcome(
            verdict: .migrate, reason: move.cause.reason, target: nil, host: chosen, dry: dry)
    }
}
