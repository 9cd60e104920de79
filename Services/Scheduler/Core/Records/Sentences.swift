// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// Plain words for what the rules found. The same facts give the same text.
enum Sentences {
    static func summary(
        outcome: DecisionRecord.Outcome, inputs: RuleInputs, finding: Finding, denials: [Denial]
    ) -> String {
        let size = inputs.vcpus.map { "\($0)" } ?? "an unknown number of"
        let target = outcome.target.map { "\($0)" } ?? "?"
        let because = breaches(finding, inputs: inputs)
        let text =
            switch outcome.verdict {
            case .grow, .shrink: "\(outcome.verdict.rawValue) from \(size) to \(target) vCPUs: \(because)"
            case .migrate:
                "migrate from \(inputs.host) to \(outcome.host.map { "\($0)" } ?? "?") and grow from \(size) to "
                    + "\(target) vCPUs: \(because), and \(inputs.host) has no room"
            case .refuse: "\(refused(finding)): \(because), but \(obstacle(outcome.reason, inputs, finding, denials))"
            case .nothing: "nothing: \(idle(outcome.reason, inputs, finding))"
            }
        return text + dryness(outcome.dry, inputs)
    }

    /// For instance `7 of the last 10 known samples were above 80 % and 7 are needed`.
    static func breaches(_ finding: Finding, inputs: RuleInputs) -> String {
        guard let counts = finding.counts, let policy = inputs.policy else { return "there is no policy" }
        let isDown = counts.due == .down
        let (count, bound) = isDown ? (counts.below, "below \(policy.lower)") : (counts.above, "above \(policy.upper)")
        return "\(count) of the last \(counts.known) known samples were \(bound) and \(counts.needed) are needed"
    }

    /// Everything that was compared, one fact per line.
    static func evidence(inputs: RuleInputs, finding: Finding) -> [String] {
        var lines: [String] = []
        if let policy = inputs.policy, let counts = finding.counts {
            lines.append(
                "policy \(inputs.policyVersion): U1 \(policy.lower), U2 \(policy.upper), M = \(counts.needed) of "
                    + "N = \(counts.windowLength) (ratio \(policy.ratio)), \(policy.minimumVCPUs) to "
                    + "\(policy.maximumVCPUs) vCPUs")
            lines.append(
                "\(counts.known) known samples count: \(counts.above) above U2, \(counts.below) below U1")
        }
        lines += inputs.counted.map { sample in
            "sample \(sample.sampledAt): \(sample.utilization) of \(sample.vcpus) vCPUs"
                + (sample.steal.map { ", steal \($0)" } ?? "") + ", stream \(sample.position.epoch)/"
                + "\(sample.position.sequence)"
        }
        if let mean = finding.mean {
            let projection = finding.projection.map { ", projected \($0) at the next size" } ?? ""
            lines.append("mean \(mean)\(projection)")
        }
        lines.append(
            inputs.lastChangeAt.map {
                "last change \($0), cooldown \(seconds(inputs.cooldownUpNanoseconds)) up, "
                    + "\(seconds(inputs.cooldownDownNanoseconds)) down"
            } ?? "no change before")
        return lines
    }

    static func placement(_ placement: PlacementResult) -> [String] {
        placement.candidates.map { candidate in
            let host = candidate.facts.record.host
            if let rejection = candidate.rejection { return "host \(host) rejected: \(text(rejection))" }
            guard let terms = candidate.terms else { return "host \(host)" }
            let mark = host == placement.chosen ? ", chosen" : host == placement.runnerUp ? ", next best" : ""
            return "host \(host) weight \(terms.weight): response \(terms.weightedResponse) of score "
                + "\(terms.responseScore), CPU \(terms.weightedCPU) of \(terms.freeCPUScore), memory "
                + "\(terms.weightedMemory) of \(terms.freeMemoryScore)\(mark)"
        }
    }

    static func idle(_ reason: Reason, _ inputs: RuleInputs, _ finding: Finding) -> String {
        switch reason {
        case .noPolicy: "no policy is subscribed"
        case .changeInFlight: "a change is in flight"
        case .sizeUnknown: "the number of vCPUs is not known"
        case .noKnownSamples: "no sample is known that is recent enough"
        default: quiet(inputs, finding)
        }
    }

    private static func quiet(_ inputs: RuleInputs, _ finding: Finding) -> String {
        guard let counts = finding.counts, let policy = inputs.policy else { return "there is no policy" }
        return "\(counts.above) of the last \(counts.known) known samples were above \(policy.upper) and "
            + "\(counts.below) below \(policy.lower); \(counts.needed) are needed"
    }

    private static func refused(_ finding: Finding) -> String {
        guard let counts = finding.counts else { return "refused" }
        return counts.due == .down ? "not shrunk" : "not grown"
    }

    private static func obstacle(
        _ reason: Reason, _ inputs: RuleInputs, _ finding: Finding, _ denials: [Denial]
    ) -> String {
        let projected = finding.projection.map { "\($0)" } ?? "?"
        let until = finding.until.map { " until \($0)" } ?? ""
        switch reason {
        case .atPolicyMaximum: return "the policy's maximum is \(inputs.policy?.maximumVCPUs ?? 0) vCPUs"
        case .atPolicyMinimum: return "the policy's minimum is \(inputs.policy?.minimumVCPUs ?? 0) vCPUs"
        case .atCeiling: return "the domain's definition ends at \(inputs.ceiling ?? 0) vCPUs"
        case .projectionAboveUpper:
            return "the same load would be \(projected) of one vCPU less, above \(inputs.policy?.upper ?? .full)"
        case .projectionBelowLower:
            return "the same load would be \(projected) of one vCPU more, below \(inputs.policy?.lower ?? .zero)"
        case .steal: return "the host withholds \(finding.steal ?? .zero) of its CPU time, above \(inputs.stealBound)"
        case .cooldown: return "it changed at \(inputs.lastChangeAt ?? .zero) and rests\(until)"
        case .settling: return "the outcome of its last action is not known; it rests\(until)"
        case .noRoom where denials.isEmpty: return "no host had room; it asks again at \(finding.until ?? .zero)"
        case .noRoom: return "no host has room"
        default: return reason.rawValue
        }
    }

    private static func dryness(_ dry: DryReason?, _ inputs: RuleInputs) -> String {
        switch dry {
        case .hostObserved: " (not done: host \(inputs.host) is only observed; enable it to act)"
        case .notManaged: " (not done: Ebb does not manage this domain; adopt it to act)"
        case nil: ""
        }
    }

    static func text(_ rejection: Rejection) -> String {
        let (needed, available) = (rejection.needed ?? 0, rejection.available ?? 0)
        return switch rejection.code {
        case .source: "the domain is on it already"
        case .notEnabled: "it is only observed"
        case .draining: "it is being drained"
        case .unreachable: "it can't be reached"
        case .noResponse: "it did not answer the last probe"
        case .permitDenied: "it gave no permit"
        case .vcpus: "\(needed) vCPUs are needed, \(max(0, available)) are free"
        case .memory: "\(ByteCount(needed)) of memory are needed, \(ByteCount(available)) are free"
        case .cpuUnknown: "its CPU use is not known"
        case .cpuBound:
            "its CPU use would be \(Utilization(ppm: needed)), above its bound of \(Utilization(ppm: available))"
        }
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest == 0 ? "\(whole) s" : "\(nanoseconds / 1_000_000) ms"
    }
}
