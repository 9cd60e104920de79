// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// The paper's rule and the guards around it, for each resource.
///
/// Up when at least M of the N most recent known samples are above U2; down when at least M are below U1, where M =
/// max(1, ⌈N · P⌉). With the size s and the use u of the samples that count, the use at the next size t is projected as
/// u · s / t, rounded half up to parts per million: a resource is not shrunk to a size at which this passes U2, nor
/// grown to one at which this is below U1. u is the highest use that was seen, because a mean hides the peaks that
/// would overload the next size. For the network, which is sized by the mean, u is the mean; for CPU too if the
/// platform's settings say so, as the paper's do.
///
/// Where a cap leaves a domain less than its vCPUs, their number is left alone: the cap is what limits it.
///
/// A number of vCPUs outside the policy's sizes is brought to the nearest of them without waiting for breaches.
package enum ScalingRule {
    /// Rises whenever the same inputs may give another finding.
    package static let version = 2

    /// Pure: the same inputs give the same finding.
    package static func find(_ inputs: RuleInputs) -> Finding {
        guard let policy = inputs.policy, let rule = inputs.rule else {
            return Finding(verdict: .nothing, reason: inputs.isOptedOut == true ? .optedOut : .noPolicy)
        }
        let samples = inputs.counted
        let tally = WindowTally(samples, WindowBounds(lower: rule.lower, upper: rule.upper))
        let counts = BreachCount(
            tally, needed: policy.breachesNeeded(windowLength: inputs.windowLength), windowLength: inputs.windowLength)
        var finding = Finding(verdict: .nothing, reason: .tooFewBreaches, counts: counts)
        finding.mean = tally.mean
        finding.steal = tally.meanSteal
        if inputs.resource == .memory || (inputs.resource == .cpu && inputs.projectsByPeak == true) {
            finding.peak = samples.lazy.map(\.utilization).max()
        }
        if inputs.isOptedOut == true { return finding.with(.nothing, .optedOut) }
        guard !inputs.isChangeInFlight else { return finding.with(.nothing, .changeInFlight) }
        guard let size = inputs.size, size > 0 else { return finding.with(.nothing, .sizeUnknown) }
        guard inputs.leftByCap == nil else { return finding.with(.nothing, .underCap) }
        if inputs.resource == .memory, inputs.pressure != nil {
            return act(.up, because: .memoryPressure, size: size, rule: rule, finding: finding, inputs: inputs)
        }
        guard finding.mean != nil else { return finding.with(.nothing, .noKnownSamples) }
        let share = tally.unknownShare(run: inputs.unknownRun ?? 0)
        if let bound = inputs.unknownBound, share > bound {
            finding.unknownShare = share
            return finding.with(.nothing, .tooManyUnknown)
        }
        if let inside = inputs.wayInside {
            return act(inside, because: .outsideSizes, size: size, rule: rule, finding: finding, inputs: inputs)
        }
        guard let direction = counts.due else { return finding }
        return act(
            direction, because: direction == .up ? .enoughAbove : .enoughBelow, size: size, rule: rule,
            finding: finding, inputs: inputs)
    }

    /// The use at size `to` of a load whose use at size `from` is `use`: use · from / to, rounded half up. `to` is
    /// above zero.
    package static func projection(_ use: Utilization, from: Int64, to: Int64) -> Utilization {
        let divisor = Int128(to)
        return Utilization(ppm: Int64(clamping: (Int128(use.ppm) * Int128(from) * 2 + divisor) / (divisor * 2)))
    }

    private static func act(
        _ direction: Direction, because reason: Reason, size: Int64, rule: ResourceRule, finding: Finding,
        inputs: RuleInputs
    ) -> Finding {
        var finding = finding
        let use = finding.peak ?? finding.mean
        let target = Sizing.target(direction, size: size, use: use ?? .full, inputs: inputs, rule: rule)
        if target > 0, let use { finding.projection = projection(use, from: size, to: target) }
        let isUrgent = reason == .memoryPressure
        let isAsked = isUrgent || (reason == .outsideSizes && direction == .up)
        if let refusal = bound(direction, size: size, target: target, rule: rule, inputs: inputs)
            ?? (isAsked ? nil : guardrail(direction, target: target, finding: finding, rule: rule, inputs: inputs))
        {
            return finding.with(.refuse, refusal)
        }
        if let (reason, until) = wait(direction, isUrgent: isUrgent, inputs: inputs) {
            finding.until = until
            return finding.with(.refuse, reason)
        }
        finding.target = target
        finding.dry = dryness(inputs)
        return finding.with(direction == .up ? .grow : .shrink, reason)
    }

    private static func bound(
        _ direction: Direction, size: Int64, target: Int64, rule: ResourceRule, inputs: RuleInputs
    ) -> Reason? {
        switch direction {
        case .up:
            if target > rule.maximum { return .atPolicyMaximum }
            // Memory is not grown while its ceiling is not known.
            let ceiling = inputs.sizeCeiling ?? (inputs.resource == .memory ? size : nil)
            if let ceiling, target > ceiling { return .atCeiling }
        case .down:
            if target < rule.minimum || target >= size { return .atPolicyMinimum }
        }
        return nil
    }

    /// How much memory a guest of the size `target` has left at the highest use that was seen, in bytes; `nil` for
    /// other resources.
    private static func available(_ finding: Finding, _ inputs: RuleInputs, target: Int64) -> Int64? {
        guard inputs.resource == .memory, let size = inputs.size, let use = finding.peak ?? finding.mean else {
            return nil
        }
        return target - Int64(clamping: Int128(size) * Int128(use.ppm) / 1_000_000)
    }

    private static func isTooLittle(_ available: Int64?, _ inputs: RuleInputs) -> Bool {
        guard let available, let floor = inputs.memorySettings?.minimumAvailable else { return false }
        return available < floor.bytes
    }

    private static func guardrail(
        _ direction: Direction, target: Int64, finding: Finding, rule: ResourceRule, inputs: RuleInputs
    ) -> Reason? {
        switch direction {
        case .up:
            if let projection = finding.projection, projection < rule.lower { return .projectionBelowLower }
        case .down:
            if inputs.resource == .cpu, let steal = finding.steal, steal > inputs.stealBound { return .steal }
            if let projection = finding.projection, projection > rule.upper { return .projectionAboveUpper }
            if isTooLittle(available(finding, inputs, target: target), inputs) { return .availableBelowFloor }
        }
        return nil
    }

    /// An urgent growth waits neither for a cooldown nor for the end of a blackout: it gives back what Ebb took.
    private static func wait(
        _ direction: Direction, isUrgent: Bool, inputs: RuleInputs
    ) -> (Reason, Timestamp?)? {
        if let until = inputs.settlingUntil, inputs.at < until { return (.settling, until) }
        if !isUrgent, let until = inputs.blackoutUntil { return (.blackout, until) }
        if !isUrgent, let last = inputs.lastChangeAt {
            let cooldown = direction == .up ? inputs.cooldownUpNanoseconds : inputs.cooldownDownNanoseconds
            let until = last.advanced(byNanoseconds: cooldown)
            if inputs.at < until { return (.cooldown, until) }
        }
        guard direction == .up else { return nil }
        if let until = inputs.noRoomUntil, inputs.at < until { return (.noRoom, until) }
        return inputs.queuedBehind ?? 0 > 0 ? (.queued, nil) : nil
    }

    private static func dryness(_ inputs: RuleInputs) -> DryReason? {
        if inputs.hostMode == nil || inputs.hostMode == .observe { return .hostObserved }
        guard inputs.isManaged else { return .notManaged }
        return inputs.freezeReason == nil ? inputs.dryRun : .frozen
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
