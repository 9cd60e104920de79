// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

extension Sentences {
    /// Everything that was compared, one fact per line.
    static func evidence(inputs: RuleInputs, finding: Finding) -> [String] {
        var lines: [String] = []
        if let policy = inputs.policy, let rule = inputs.rule, let counts = finding.counts {
            let minimum = inputs.resource == .cpu ? "\(rule.minimum)" : amount(rule.minimum, of: inputs.resource)
            lines.append(
                "policy \(inputs.policyVersion): U1 \(rule.lower), U2 \(rule.upper), M = \(counts.needed) of "
                    + "N = \(counts.windowLength) (ratio \(policy.ratio)), \(minimum) to "
                    + named(rule.maximum, of: inputs))
            lines.append(
                "\(counts.known) known samples count: \(counts.above) above U2, \(counts.below) below U1")
        }
        lines += inputs.counted.map { sample in
            "sample \(sample.sampledAt): \(sample.utilization) of "
                + (inputs.leftByCap?.inWords ?? amount(sample.size, of: inputs.resource))
                + (sample.steal.map { ", steal \($0)" } ?? "") + stream(of: sample)
                + (sample.unknownBefore > 0 ? ", \(sample.unknownBefore) readings before it told nothing" : "")
        }
        if let mean = finding.mean {
            let peak = finding.peak.map { ", highest \($0)" } ?? ""
            let projection = finding.projection.map { ", projected \($0) at the next size" } ?? ""
            lines.append("mean \(mean)\(peak)\(projection)")
        }
        lines.append(
            inputs.lastChangeAt.map {
                "last change \($0), cooldown \(seconds(inputs.cooldownUpNanoseconds)) up, "
                    + "\(seconds(inputs.cooldownDownNanoseconds)) down"
            } ?? "no change before")
        return lines
    }

    /// Empty for a sample that has only a number in its record.
    private static func stream(of sample: WindowSample) -> String {
        sample.position.epoch == 0 ? "" : ", stream \(sample.position.epoch)/\(sample.position.sequence)"
    }

    static func placement(_ placement: PlacementResult) -> [String] {
        let lines = placement.candidates.map { candidate in
            let host = candidate.facts.record.host
            if let rejection = candidate.rejection {
                return "host \(host) rejected: \(text(rejection, of: placement.request, on: candidate.facts))"
            }
            guard let terms = candidate.terms else { return "host \(host)" }
            let doubt = candidate.facts.isDoubtful == true ? ", behind the others: what it has is not known" : ""
            let mark = host == placement.chosen ? ", chosen" : host == placement.runnerUp ? ", next best" : ""
            return "host \(host) weight \(terms.weight): response \(terms.weightedResponse) of score "
                + "\(terms.responseScore), CPU \(terms.weightedCPU) of \(terms.freeCPUScore), memory "
                + "\(terms.weightedMemory) of \(terms.freeMemoryScore)\(mark)\(doubt)"
        }
        return lines + [separation(placement)].compactMap(\.self)
    }

    /// Why the chosen host and not the next best: the terms that separated them, the largest first. `nil` unless there
    /// are both.
    static func separation(_ placement: PlacementResult) -> String? {
        guard let chosen = placement.chosen, let winner = placement.terms(of: chosen) else { return nil }
        guard let next = placement.runnerUp, let second = placement.terms(of: next) else {
            return "\(chosen) was the only host that passed the filters"
        }
        let terms = [
            ("response", winner.weightedResponse - second.weightedResponse),
            ("free CPU", winner.weightedCPU - second.weightedCPU),
            ("free memory", winner.weightedMemory - second.weightedMemory),
        ].filter { $0.1 != 0 }.sorted { (abs($1.1), $0.0) < (abs($0.1), $1.0) }
        guard winner.weight != second.weight else {
            return "\(chosen) and \(next) weigh the same; the lower id goes first"
        }
        let parts = terms.map { "\($0) \($1 > 0 ? "+" : "")\($1)" }.joined(separator: ", ")
        return "\(chosen) is ahead of \(next) by \(winner.weight - second.weight): \(parts)"
    }

    /// - Parameters:
    ///   - request: the request that was rejected, if it is known.
    ///   - facts: the facts of the rejected host.
    static func text(
        _ rejection: Rejection, of request: PlacementRequest? = nil, on facts: HostFacts? = nil
    ) -> String {
        if let unfitness = facts?.unfitness, unfitness.code == rejection.code { return text(unfitness) }
        if let tie = request?.tie(of: rejection.code) {
            switch tie {
            case .pin: return "\(text(tie)) excludes it"
            case .affinity(let group) where !group.isEmpty: return "\(text(tie)) is on another host"
            case .antiAffinity(let group) where !group.isEmpty:
                return "\(rejection.available ?? 0) of \(text(tie)) are on it"
            case .affinity, .antiAffinity: break
            }
        }
        let (needed, available) = (rejection.needed ?? 0, rejection.available ?? 0)
        return switch rejection.code {
        case .source: "the domain is on it already"
        case .notEnabled: "it is only observed"
        case .draining: "it is being drained"
        case .unreachable: "it can't be reached"
        case .noResponse: "it did not answer the last probe"
        case .permitDenied: "it gave no permit"
        case .vcpus: "\(needed) vCPUs are needed, \(max(0, available)) are free"
        case .memory: "\(ByteCount(clamping: needed)) of memory are needed, \(ByteCount(clamping: available)) are free"
        case .cpuUnknown: "its CPU use is not known"
        case .cpuBound:
            "its CPU use would be \(Utilization(ppm: needed)), above its bound of \(Utilization(ppm: available))"
        case .memoryBound:
            "its memory use would be \(Utilization(ppm: needed)), above its bound of \(Utilization(ppm: available))"
        case .notPinned: "the domain is pinned to other hosts"
        case .affinity: "the domain's affinity group is on another host"
        case .antiAffinity: "\(available) of the domain's anti-affinity group are on it"
        case .budget: "\(needed) migrations are on their way to it, \(available) may be"
        case .unmeasured: "its load was not measured since the last move"
        case .failedBefore: "a migration of the domain to it failed lately"
        case .sameUUID: "it shows the same UUID as the domain's host"
        case .otherDriver: "it has another driver than the domain's host"
        case .noCommonTransport: "it and the domain's host have no way to migrate in common"
        case .lacksCPU: "its CPU lacks features of the CPU that the domain sees"
        case .lacksStorage: "it lacks storage that the domain needs"
        case .lacksNetwork: "it lacks a network that the domain needs"
        case .pairFailed: "a migration from the domain's host to it failed lately"
        }
    }

    static func text(_ unfitness: Unfitness) -> String {
        switch unfitness {
        case .found(.otherDriver(let here, let there)): "its driver is \(there), and that of the domain's host \(here)"
        case .found(.pools(let names)): "it has no active storage pool \(names.joined(separator: ", "))"
        case .found(.networks(let names)): "it has no network \(names.joined(separator: ", "))"
        case .found(.sameUUID), .found(.noCommonTransport), .found(.cpu): text(Rejection(unfitness.code))
        case .failed(let failure, let until):
            "a migration from the domain's host to it failed because of \(text(failure)); it is not tried until \(until)"
        }
    }

    static func text(_ failure: MoveFailure) -> String {
        switch failure {
        case .driver: "its driver"
        case .cpu: "its CPU"
        case .storage: "its storage"
        case .network: "its networks"
        case .encryption: "its certificates or secrets"
        case .devices: "devices of the host that the domain holds"
        case .snapshots: "the domain's snapshots"
        case .memoryEncryption: "the encryption of the domain's memory"
        case .pageCache: "a disk of the domain in the host's page cache"
        }
    }
}

// MARK: - Moves

extension Sentences {
    static func move(_ plan: MovePlan, _ evidence: DecisionRecord.Evidence) -> String {
        let outcome = evidence.outcome
        if outcome.verdict == .migrate {
            return "migrate from \(plan.source) to \(outcome.host.map { "\($0)" } ?? "?"): \(cause(plan))"
        }
        if let obstacle = evidence.obstacle {
            return "not moved: \(cause(plan)), but \(text(obstacle))"
        }
        return "not moved: \(cause(plan)), but no host that helps has room"
    }

    private static func cause(_ plan: MovePlan) -> String {
        switch plan.cause {
        case .relief: "\(plan.source) has been above its bound"
        case .drain: "\(plan.source) is being drained"
        case .makeRoom(let domain): "\(domain) grows and \(plan.source) has no room"
        case .broken(let tie): "\(text(tie)) does not hold on \(plan.source)"
        }
    }

    /// The domains that might have left the host, in the order in which they were tried.
    static func plan(_ plan: MovePlan) -> [String] {
        var lines = plan.options.map { option in
            let state =
                option.domain == plan.chosen
                ? "chosen" : option.obstacle.map { "can't: \(text($0))" } ?? "not needed"
            return "VM \(option.domain): \(option.memory), relieves \(percent(option.demand)) of a core, cost "
                + "\(option.cost) B, \(state)"
        }
        if let improvement = plan.improvement {
            lines.append("sum of squared loads \(improvement.before) before, \(improvement.after) after the move")
        }
        return lines
    }

    private static func percent(_ demand: CPUDemand) -> String { "\(Utilization(ppm: demand.ppmOfOneCore))" }

    static func text(_ obstacle: MoveObstacle) -> String {
        switch obstacle {
        case .notManaged: "Ebb does not manage it"
        case .optedOut: "its owner has it left alone"
        case .notRunning: "it does not run"
        case .changeInFlight: "a change of it is in flight"
        case .loadUnknown: "its load is not known"
        case .rests(let until, let cause): rest(until: until, cause)
        case .immovable(let reason): reason
        case .budget: "as many migrations are under way as may be"
        case .noTarget: "no other host passes the filters"
        case .tied(let tie): "\(text(tie)) keeps it there"
        case .noImprovement(let improvement):
            "the best target would change the sum of squared loads from \(improvement.before) to "
                + "\(improvement.after) only"
        case .neighbourMoves(let domain): "VM \(domain) moves away first, which makes the room"
        }
    }

    static func text(_ tie: Tie) -> String {
        switch tie {
        case .pin(let hosts): "its pin to \(hosts.map(\.name).joined(separator: ", "))"
        case .affinity(let group): "its affinity group '\(group)'"
        case .antiAffinity(let group): "its anti-affinity group '\(group)'"
        }
    }

    static func rest(until: Timestamp, _ cause: MoveObstacle.Cause) -> String {
        let why =
            switch cause {
            case .moved: "it has moved lately"
            case .failed: "its last migration failed"
            case .foreign: "somebody else moved it"
            case .settling: "the outcome of its last action is not known"
            case .blackout: "nothing is moved in this time of the day"
            }
        return "\(why), and it rests until \(until)"
    }
}
