// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

/// Plain words for what the rules found. The same facts give the same text.
enum Sentences {
    static func summary(_ evidence: DecisionRecord.Evidence) -> String {
        let (inputs, finding, outcome) = (evidence.inputs, evidence.finding, evidence.outcome)
        if let plan = evidence.move { return move(plan, evidence) + dryness(outcome.dry, inputs) }
        let change = "from \(amount(inputs.size, of: inputs)) to \(named(outcome.target, of: inputs))"
        let because = because(finding, inputs: inputs)
        let text =
            switch outcome.verdict {
            case .grow, .shrink: "\(outcome.verdict.rawValue) \(change): \(because)"
            case .migrate:
                "migrate from \(inputs.host) to \(outcome.host.map { "\($0)" } ?? "?") and grow \(change): \(because), "
                    + "and \(inputs.host) has no room"
            case .refuse: "\(refused(finding, inputs)): \(because), but \(obstacle(outcome.reason, evidence))"
            case .nothing: "nothing: \(idle(outcome.reason, evidence))"
            }
        return text + dryness(outcome.dry, inputs)
    }

    /// For instance `7 of the last 10 known samples were above 80 % and 7 are needed`.
    static func breaches(_ finding: Finding, inputs: RuleInputs) -> String {
        guard let counts = finding.counts, let rule = inputs.rule else { return "there is no policy" }
        let isDown = counts.due == .down
        let (count, bound) = isDown ? (counts.below, "below \(rule.lower)") : (counts.above, "above \(rule.upper)")
        return "\(count) of the last \(counts.known) known samples were \(bound) and \(counts.needed) are needed"
    }

    private static func because(_ finding: Finding, inputs: RuleInputs) -> String {
        if inputs.wayInside != nil, let rule = inputs.rule {
            return "the policy allows \(rule.minimum) to \(rule.maximum) vCPUs"
        }
        guard inputs.resource == .memory, let pressure = inputs.pressure else {
            return breaches(finding, inputs: inputs)
        }
        return "the guest lacks memory (\(pressure.swapInBytesPerSecond) B/s read back from swap, "
            + "\(pressure.majorFaultsPerSecond) major faults per second)"
    }

    static func idle(_ reason: Reason, _ evidence: DecisionRecord.Evidence) -> String {
        let (inputs, finding) = (evidence.inputs, evidence.finding)
        switch reason {
        case .noPolicy: return "no policy is subscribed"
        case .optedOut: return "its owner has it left alone"
        case .changeInFlight: return "a change is in flight"
        case .sizeUnknown: return unknownSize(inputs.resource)
        case .underCap:
            return
                "a cap leaves it \(inputs.leftByCap?.inWords ?? "?") of its \(named(inputs.size, of: inputs)), so their number would "
                + "change nothing; it is sized again once its cap is lifted"
        case .noKnownSamples: return "no sample is known that is recent enough"
        case .tooManyUnknown:
            return "\(finding.unknownShare ?? .zero) of its readings told nothing, more than "
                + "\(inputs.unknownBound ?? .zero), so it keeps its size"
        case .foreignMove:
            return "somebody else moved it from \(evidence.foreignSource.map { "\($0)" } ?? "?") to \(inputs.host), so "
                + "Ebb moves nothing there until \(finding.until ?? .zero)"
        case .orderedMove:
            return "it was moved from \(evidence.foreignSource.map { "\($0)" } ?? "?") to \(inputs.host) by order, so "
                + "it rests until \(finding.until ?? .zero)"
        default: return quiet(inputs, finding)
        }
    }

    private static func unknownSize(_ resource: Resource) -> String {
        switch resource {
        case .cpu: "the number of vCPUs is not known"
        case .memory: "its allocated memory is not known"
        case .network: "it has no network cap that is known"
        }
    }

    private static func quiet(_ inputs: RuleInputs, _ finding: Finding) -> String {
        guard let counts = finding.counts, let rule = inputs.rule else { return "there is no policy" }
        return "\(counts.above) of the last \(counts.known) known samples were above \(rule.upper) and "
            + "\(counts.below) below \(rule.lower); \(counts.needed) are needed"
    }

    private static func refused(_ finding: Finding, _ inputs: RuleInputs) -> String {
        guard let counts = finding.counts else { return "refused" }
        return (inputs.wayInside ?? counts.due) == .down && inputs.pressure == nil ? "not shrunk" : "not grown"
    }

    private static func obstacle(_ reason: Reason, _ evidence: DecisionRecord.Evidence) -> String {
        let (inputs, finding) = (evidence.inputs, evidence.finding)
        let projected = finding.projection.map { "\($0)" } ?? "?"
        let until = finding.until.map { " until \($0)" } ?? ""
        switch reason {
        case .atPolicyMaximum: return "the policy's maximum is \(named(inputs.rule?.maximum, of: inputs))"
        case .atPolicyMinimum: return "the policy's minimum is \(named(inputs.rule?.minimum, of: inputs))"
        case .atCeiling:
            return inputs.sizeCeiling.map { "the domain's definition ends at \(named($0, of: inputs))" }
                ?? "where the domain's definition ends is not known"
        case .projectionAboveUpper:
            return "the same load would be \(projected) of \(next(.down, inputs)), above \(inputs.rule?.upper ?? .full)"
        case .availableBelowFloor:
            let floor = inputs.memorySettings?.minimumAvailable ?? .zero
            return "the guest would have less than \(floor) left that it does not use"
        case .projectionBelowLower:
            return "the same load would be \(projected) of \(next(.up, inputs)), below \(inputs.rule?.lower ?? .zero)"
        case .steal: return "the host withholds \(finding.steal ?? .zero) of its CPU time, above \(inputs.stealBound)"
        case .cooldown: return "it changed at \(inputs.lastChangeAt ?? .zero) and rests\(until)"
        case .settling: return "the outcome of its last action is not known; it rests\(until)"
        case .blackout: return "nothing is changed in this time of the day\(until)"
        case .queued: return "\(inputs.queuedBehind ?? 0) others on its host wait for room with more right"
        case .noRoom where evidence.denials.isEmpty:
            return "no host had room; it asks again at \(finding.until ?? .zero)"
        case .noRoom: return noRoom(evidence)
        default: return reason.rawValue
        }
    }

    private static func noRoom(_ evidence: DecisionRecord.Evidence) -> String {
        if evidence.denials.last?.isOverQuota == true { return "its tenant's quota is used up" }
        guard let obstacle = evidence.obstacle else { return "no host has room" }
        return "its host has no room, and \(text(obstacle))"
    }

    private static func next(_ direction: Direction, _ inputs: RuleInputs) -> String {
        switch inputs.resource {
        case .cpu: direction == .up ? "one vCPU more" : "one vCPU less"
        case .memory, .network: direction == .up ? "the next larger size" : "the next smaller size"
        }
    }

    static func dryness(_ dry: DryReason?, _ inputs: RuleInputs) -> String {
        switch dry {
        case .hostObserved: " (not done: host \(inputs.host) is only observed; enable it to act)"
        case .notManaged: " (not done: Ebb does not manage this domain; adopt it to act)"
        case .frozen: " (not done: automatic actions are frozen: \(inputs.freezeReason ?? "no reason is given"))"
        case .dryRunOfDomain: " (not done: its policy is a dry run)"
        case .dryRunOfTenant: " (not done: its tenant is on a dry run)"
        case .dryRunOfCluster: " (not done: the cluster is on a dry run)"
        case nil: ""
        }
    }
}

// MARK: - Amounts

extension Sentences {
    /// For instance `3 vCPUs`, `512 MiB` or `1000000 B/s`.
    static func amount(_ size: Int64, of resource: Resource) -> String {
        switch resource {
        case .cpu: "\(size) vCPUs"
        case .memory: "\(ByteCount(clamping: size))"
        case .network: "\(size) B/s"
        }
    }

    static func named(_ size: Int64?, of inputs: RuleInputs) -> String {
        size.map { amount($0, of: inputs.resource) } ?? (inputs.resource == .cpu ? "? vCPUs" : "?")
    }

    /// The present size, without its unit if the next size has the same unit.
    private static func amount(_ size: Int64?, of inputs: RuleInputs) -> String {
        guard let size else { return inputs.resource == .cpu ? "an unknown number of" : "an unknown size" }
        return inputs.resource == .cpu ? "\(size)" : amount(size, of: inputs.resource)
    }

    static func seconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest == 0 ? "\(whole) s" : "\(nanoseconds / 1_000_000) ms"
    }
}
