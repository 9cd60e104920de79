// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// All that the rule looks at: nothing else has any influence on what it finds.
package struct RuleInputs: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var host: HostID
    /// The instant decided for: the trigger sample's, or that of the event that had the rule run again.
    package var at: Timestamp
    /// Version of the policy; zero without one.
    package var policyVersion: Int64
    package var policy: ScalingPolicy?
    /// N.
    package var windowLength: Int
    /// Samples older than this don't count: 2N sampling intervals.
    package var staleAfterNanoseconds: Int64
    /// The window, oldest first.
    package var samples: [WindowSample]
    /// What the domain has now; `nil` while unknown.
    package var vcpus: VCPUCount?
    /// The ceiling of its definition; `nil` while unknown.
    package var ceiling: VCPUCount?
    package var isManaged: Bool
    /// `nil`: the host is not in the inventory.
    package var hostMode: HostMode?
    package var isChangeInFlight: Bool
    /// When the domain's size or host last changed.
    package var lastChangeAt: Timestamp?
    package var cooldownUpNanoseconds: Int64
    package var cooldownDownNanoseconds: Int64
    package var stealBound: Utilization
    /// Hosts that may deny room, the domain's own among them, before a growth is given up.
    package var maximumDenials: Int
    /// A growth found no room anywhere and asks again then.
    package var noRoomUntil: Timestamp?
    /// An action's outcome is unknown; the domain is left alone until then.
    package var settlingUntil: Timestamp?

    /// The samples that count at `at`: the N newest, without those that are too old.
    package var counted: ArraySlice<WindowSample> {
        let recent = samples.suffix(windowLength)
        let first = recent.firstIndex { at.nanoseconds(since: $0.sampledAt) <= staleAfterNanoseconds }
        return first.map { recent[$0...] } ?? []
    }
}

/// What is done.
package enum Verdict: String, Hashable, Sendable, Codable, CaseIterable {
    case grow, shrink, migrate, refuse, nothing
}

/// Why; stable, for programs.
package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
    case enoughAbove = "enough-above"
    case enoughBelow = "enough-below"
    /// The domain's own host has no room, another one does.
    case ownHostFull = "own-host-full"
    case atPolicyMaximum = "at-policy-maximum"
    case atPolicyMinimum = "at-policy-minimum"
    case atCeiling = "at-ceiling"
    case projectionAboveUpper = "projection-above-upper"
    case projectionBelowLower = "projection-below-lower"
    case steal
    case cooldown
    case noRoom = "no-room"
    case settling
    case tooFewBreaches = "too-few-breaches"
    case noKnownSamples = "no-known-samples"
    case noPolicy = "no-policy"
    case changeInFlight = "change-in-flight"
    case sizeUnknown = "size-unknown"
}

/// Why a decision is only recorded and not acted upon.
package enum DryReason: String, Hashable, Sendable, Codable {
    /// The host was not enabled: Ebb reads, decides, records, and changes nothing.
    case hostObserved = "host-observed"
    /// Ebb did not create the domain and nobody had it adopted.
    case notManaged = "not-managed"
}

/// What the rule found, with the numbers that it compared.
package struct Finding: Hashable, Sendable, Codable {
    package var verdict: Verdict
    package var reason: Reason
    /// The size to have; only for `grow`, `shrink` and `migrate`.
    package var target: VCPUCount?
    /// `nil` without a policy.
    package var counts: BreachCount?
    /// Mean utilisation of the samples that count.
    package var mean: Utilization?
    /// `mean` at the size that was considered; `nil` if none was.
    package var projection: Utilization?
    /// Mean steal of the samples that tell it.
    package var steal: Utilization?
    /// When a refusal that only waits ends by itself.
    package var until: Timestamp?
    package var dry: DryReason?
}

/// The paper's rule and the guards around it.
///
/// Up when at least M of the N most recent known samples are above U2; down when at least M are below U1, where
/// M = max(1, ⌈N · P⌉). With v vCPUs and the mean utilisation u of the samples that count, the load that the domain
/// would see at v ± 1 is projected as u · v / (v ± 1), rounded half up to parts per million: it is not shrunk into a
/// size at which that passes U2, nor grown into one at which it is below U1.
package enum ScalingRule {
    /// Changes whenever the same inputs may give another finding.
    package static let version = 1

    /// Pure: the same inputs give the same finding.
    package static func find(_ inputs: RuleInputs) -> Finding {
        guard let policy = inputs.policy else { return Finding(verdict: .nothing, reason: .noPolicy) }
        let samples = inputs.counted
        let counts = BreachCount(samples, policy: policy, windowLength: inputs.windowLength)
        var finding = Finding(verdict: .nothing, reason: .tooFewBreaches, counts: counts)
        finding.mean = mean(samples.map(\.utilization))
        finding.steal = mean(samples.compactMap(\.steal))
        guard !inputs.isChangeInFlight else { return finding.with(.nothing, .changeInFlight) }
        guard let vcpus = inputs.vcpus, vcpus > 0 else { return finding.with(.nothing, .sizeUnknown) }
        guard let mean = finding.mean else { return finding.with(.nothing, .noKnownSamples) }
        guard let direction = counts.due else { return finding }

        let target = direction == .up ? vcpus + 1 : vcpus - 1
        if target > 0 { finding.projection = projection(mean, from: vcpus, to: target) }
        if let refusal = bound(direction, target: target, policy: policy, ceiling: inputs.ceiling)
            ?? guardrail(direction, finding: finding, inputs: inputs, policy: policy)
        {
            return finding.with(.refuse, refusal)
        }
        if let (reason, until) = wait(direction, inputs: inputs) {
            finding.until = until
            return finding.with(.refuse, reason)
        }
        finding.target = target
        finding.dry = dryness(inputs)
        return direction == .up ? finding.with(.grow, .enoughAbove) : finding.with(.shrink, .enoughBelow)
    }

    /// The mean utilisation u at `from` vCPUs, seen from `to` vCPUs: u · from / to, rounded half up.
    package static func projection(_ mean: Utilization, from: VCPUCount, to: VCPUCount) -> Utilization {
        let divisor = Int64(to.count)
        return Utilization(ppm: (mean.ppm * Int64(from.count) * 2 + divisor) / (divisor * 2))
    }

    /// Rounded half up; `nil` of nothing.
    static func mean(_ values: [Utilization]) -> Utilization? {
        guard !values.isEmpty else { return nil }
        let count = Int64(values.count)
        return Utilization(ppm: (values.reduce(0) { $0 + $1.ppm } * 2 + count) / (count * 2))
    }

    private static func bound(
        _ direction: Direction, target: VCPUCount, policy: ScalingPolicy, ceiling: VCPUCount?
    ) -> Reason? {
        switch direction {
        case .up:
            if target > policy.maximumVCPUs { return .atPolicyMaximum }
            if let ceiling, target > ceiling { return .atCeiling }
        case .down:
            if target < policy.minimumVCPUs { return .atPolicyMinimum }
        }
        return nil
    }

    private static func guardrail(
        _ direction: Direction, finding: Finding, inputs: RuleInputs, policy: ScalingPolicy
    ) -> Reason? {
        switch direction {
        case .up:
            if let projection = finding.projection, projection < policy.lower { return .projectionBelowLower }
        case .down:
            if let steal = finding.steal, steal > inputs.stealBound { return .steal }
            if let projection = finding.projection, projection > policy.upper { return .projectionAboveUpper }
        }
        return nil
    }

    private static func wait(_ direction: Direction, inputs: RuleInputs) -> (Reason, Timestamp)? {
        if let until = inputs.settlingUntil, inputs.at < until { return (.settling, until) }
        if let last = inputs.lastChangeAt {
            let cooldown = direction == .up ? inputs.cooldownUpNanoseconds : inputs.cooldownDownNanoseconds
            let until = last.advanced(byNanoseconds: cooldown)
            if inputs.at < until { return (.cooldown, until) }
        }
        if direction == .up, let until = inputs.noRoomUntil, inputs.at < until { return (.noRoom, until) }
        return nil
    }

    private static func dryness(_ inputs: RuleInputs) -> DryReason? {
        if inputs.hostMode == nil || inputs.hostMode == .observe { return .hostObserved }
        return inputs.isManaged ? nil : .notManaged
    }
}

extension Finding {
    fileprivate func with(_ verdict: Verdict, _ reason: Reason) -> Finding {
        var copy = self
        copy.verdict = verdict
        copy.reason = reason
        return copy
    }
}
