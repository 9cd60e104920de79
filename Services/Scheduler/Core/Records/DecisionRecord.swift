// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A permit that was asked for and not given.
package struct Denial: Hashable, Sendable, Codable {
    package let host: HostID
    package let at: Timestamp
    /// In the words of who denied it.
    package let reason: String
}

/// One decision with everything that it rests on. Integers, strings and arrays only, so that an encoder with sorted
/// keys gives the same bytes for the same decision everywhere.
package struct DecisionRecord: Hashable, Sendable, Codable {
    /// `ScalingRule.version` at the time.
    package let rulesVersion: Int
    /// The same for the same trigger, so that deciding twice is recorded once.
    package let id: UUID128
    package let tenant: TenantID?
    /// The newest known sample at the time; `nil` if there was none.
    package let trigger: WindowSample?
    package let inputs: RuleInputs
    /// What the rule found, before permits were asked for.
    package let finding: Finding
    /// By whom room was refused, in order: the domain's own host first.
    package let denials: [Denial]
    /// The last placement that was made; `nil` if none was needed.
    package let placement: PlacementResult?
    /// When the decision was complete: after permits, where those were needed.
    package let decidedAt: Timestamp
    package let outcome: Outcome
    /// One plain sentence.
    package let summary: String

    /// What was decided in the end.
    package struct Outcome: Hashable, Sendable, Codable {
        package let verdict: Verdict
        package let reason: Reason
        /// The size to have.
        package let target: VCPUCount?
        /// The host to have it on; differs from the domain's own for `migrate`.
        package let host: HostID?
        /// Recorded only, not acted upon.
        package let dry: DryReason?
    }

    init(
        id: UUID128, tenant: TenantID?, inputs: RuleInputs, finding: Finding, denials: [Denial] = [],
        placement: PlacementResult? = nil, decidedAt: Timestamp
    ) {
        rulesVersion = ScalingRule.version
        self.id = id
        self.tenant = tenant
        trigger = inputs.samples.last
        self.inputs = inputs
        self.finding = finding
        self.denials = denials
        self.placement = placement
        self.decidedAt = decidedAt
        outcome = Self.outcome(inputs: inputs, finding: finding, denials: denials, placement: placement)
        summary = Sentences.summary(outcome: outcome, inputs: inputs, finding: finding, denials: denials)
    }

    /// From what the rule found and what permits and placement said to what is done. A growth that its own host
    /// denied becomes a migration to the chosen host, or a refusal if there is none.
    static func outcome(
        inputs: RuleInputs, finding: Finding, denials: [Denial], placement: PlacementResult?
    ) -> Outcome {
        guard finding.verdict == .grow, !denials.isEmpty else {
            let host = finding.target == nil ? nil : inputs.host
            return Outcome(
                verdict: finding.verdict, reason: finding.reason, target: finding.target, host: host,
                dry: finding.dry)
        }
        guard let chosen = placement?.chosen, denials.count < inputs.maximumDenials else {
            return Outcome(verdict: .refuse, reason: .noRoom, target: nil, host: nil, dry: nil)
        }
        return Outcome(verdict: .migrate, reason: .ownHostFull, target: finding.target, host: chosen, dry: nil)
    }

    /// Runs the rules again over what was recorded. `nil` if they come to the same; otherwise what differs.
    package func verify() -> Mismatch? {
        guard rulesVersion == ScalingRule.version else {
            return .otherRules(recorded: rulesVersion, present: ScalingRule.version)
        }
        guard ScalingRule.find(inputs) == finding else { return .finding }
        if let placement, placement.repeated() != placement { return .placement }
        let again = Self.outcome(inputs: inputs, finding: finding, denials: denials, placement: placement)
        guard again == outcome else { return .outcome }
        let sentence = Sentences.summary(outcome: outcome, inputs: inputs, finding: finding, denials: denials)
        return sentence == summary ? nil : .summary
    }

    /// Why a record does not verify.
    package enum Mismatch: Hashable, Sendable {
        case otherRules(recorded: Int, present: Int)
        case finding, placement, outcome, summary
    }

    /// The decision in plain words, one fact per line.
    package func explain() -> String {
        var lines = ["\(decidedAt): \(summary)"]
        lines += Sentences.evidence(inputs: inputs, finding: finding)
        lines += denials.map { "host \($0.host) gave no room: \($0.reason)" }
        if let placement { lines += Sentences.placement(placement) }
        lines.append("rules version \(rulesVersion), decision \(id)")
        return lines.joined(separator: "\n")
    }
}

/// A decision's identity from what triggered it, so that an instance that decides again after a restart, and one that
/// took over, arrive at the same id. Not cryptographic: the inputs are the platform's own.
enum DecisionIdentity {
    static func make(domain: DomainID, position: SamplePosition?, policyVersion: Int64, at: Timestamp) -> UUID128 {
        let words: [UInt64] = [
            domain.uuid.high, domain.uuid.low, position?.epoch ?? .max, position?.sequence ?? .max,
            UInt64(bitPattern: policyVersion), UInt64(bitPattern: at.nanoseconds),
        ]
        let high = words.reduce(0x4562_6221_0000_0001) { mix($0 ^ $1) }
        let low = words.reduce(0x4562_6221_0000_0002) { mix($0 ^ $1) }
        // RFC 9562 version 8 (ours to define) and its variant.
        return UUID128(high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000, low: low & 0x3FFF_FFFF_FFFF_FFFF | 1 << 63)
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every bit.
    private static func mix(_ value: UInt64) -> UInt64 {
        var word = value &+ 0x9E37_79B9_7F4A_7C15
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
