// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

extension DecisionRecord {
    /// The record as its tenant may see it: other VMs and all hosts have names of this record only, and no free text
    /// of the platform is left. It verifies as the original does.
    package func pseudonymised() -> DecisionRecord {
        let names = Pseudonyms(self)
        return DecisionRecord(
            id: id, tenant: tenant, inputs: names.disguise(inputs), finding: finding,
            denials: denials.map {
                Denial(
                    host: names.disguise($0.host), at: $0.at,
                    // The text about a quota names only the tenant itself.
                    reason: $0.isOverQuota == true ? $0.reason : "there was no room", isOverQuota: $0.isOverQuota)
            },
            placement: placement.map(names.disguise), move: move.map(names.disguise),
            obstacle: obstacle.map(names.disguise), foreignSource: foreignSource.map(names.disguise),
            decidedAt: decidedAt, rulesVersion: rulesVersion)
    }
}

/// Names are numbered in the order in which the record ranks them, since the order of the true names would say
/// something about them. Where the record chose the lower id at equal weight or cost, the pseudonyms have the same
/// order.
private struct Pseudonyms {
    private var hosts = SortedTable<HostID, HostID>()
    private var domains = SortedTable<DomainID, DomainID>()
    private let own: DomainID

    init(_ record: DecisionRecord) {
        own = record.inputs.domain
        var known = [record.inputs.host]
        if let placement = record.placement {
            known = Self.ranked(placement)
            known += [record.inputs.host] + placement.request.denied
            known += placement.request.pinnedHosts ?? []
            known += [placement.request.source].compactMap(\.self)
        }
        known += record.obstacle?.tie?.hosts ?? []
        known += (record.move?.options ?? []).flatMap { $0.obstacle?.tie?.hosts ?? [] }
        if case .broken(let tie) = record.move?.cause { known += tie.hosts }
        known += record.denials.map(\.host) + [record.move?.source, record.foreignSource].compactMap(\.self)
        for host in known where hosts[host] == nil {
            let digits = String(hosts.count + 1)
            let padding = String(repeating: "0", count: max(0, 4 - digits.utf8.count))
            hosts[host] = HostID(trusted: "host-\(padding)\(digits)")
        }
        var others = (record.move?.options ?? []).map(\.domain)
        let place = others.firstIndex(of: own) ?? others.endIndex
        others += [record.move?.neighbour, record.obstacle?.neighbour].compactMap(\.self)
        others += (record.move?.options ?? []).compactMap(\.obstacle?.neighbour)
        // Domains that stand before the own id in the plan stay before it.
        for (number, domain) in others.enumerated() where domain != own && domains[domain] == nil {
            domains[domain] = DomainID(UUID128(high: number < place ? 0 : .max, low: UInt64(number)))
        }
    }

    /// The feasible hosts by weight, equal ones by id; then the others, which the record does not rank, by what is
    /// shown of them.
    private static func ranked(_ placement: PlacementResult) -> [HostID] {
        let weighed = placement.candidates.filter { $0.terms != nil }
        let others = placement.candidates.filter { $0.terms == nil }
        let rank = { (candidate: Candidate) in -(candidate.terms?.weight ?? 0) }
        let idle = { (candidate: Candidate) in
            (candidate.facts.idleCPU?.ppm ?? 0, candidate.facts.idleMemory.ppm)
        }
        return
            (weighed.sorted { (rank($0), $0.facts.record.host) < (rank($1), $1.facts.record.host) }
            + others.sorted { idle($0) > idle($1) }).map(\.facts.record.host)
    }

    func disguise(_ host: HostID) -> HostID { hosts[host] ?? "host-0000" }
    func disguise(_ domain: DomainID) -> DomainID { domains[domain] ?? domain }

    func disguise(_ inputs: RuleInputs) -> RuleInputs {
        var copy = inputs
        copy.host = disguise(inputs.host)
        if inputs.freezeReason != nil { copy.freezeReason = "ask the platform" }
        // A sample's place in its host's stream says something about the host, and about when its Monitor changed.
        copy.samples = inputs.samples.enumerated().map { $1.numbered($0) }
        return copy
    }

    func disguise(_ placement: PlacementResult) -> PlacementResult {
        var request = placement.request
        request.source = request.source.map(disguise)
        request.denied = request.denied.map(disguise).sorted()
        request.pinnedHosts = request.pinnedHosts?.map(disguise).sorted()
        let facts = placement.candidates.map { candidate in
            var copy = candidate.facts
            copy.record.host = disguise(copy.record.host)
            copy.unfitness = copy.unfitness.map(disguise)
            return copy
        }
        return Placement.place(request, in: PlacementSnapshot(hosts: facts), weights: placement.weights)
    }

    func disguise(_ obstacle: MoveObstacle) -> MoveObstacle {
        switch obstacle {
        case .immovable: .immovable("something ties it to its host")
        case .neighbourMoves(let domain): .neighbourMoves(disguise(domain))
        case .tied(let tie): .tied(disguise(tie))
        default: obstacle
        }
    }

    /// The same without the platform's own names.
    func disguise(_ unfitness: Unfitness) -> Unfitness {
        switch unfitness {
        case .found(.sameUUID): .found(.sameUUID(UUID128(high: 0, low: 0)))
        case .found(.otherDriver): .found(.otherDriver(here: "one", there: "another"))
        case .found(.pools): .found(.pools(["that it needs"]))
        case .found(.networks): .found(.networks(["that it needs"]))
        case .found(.noCommonTransport), .found(.cpu), .failed: unfitness
        }
    }

    func disguise(_ tie: Tie) -> Tie {
        if case .pin(let hosts) = tie { .pin(hosts.map(disguise).sorted()) } else { tie }
    }

    func disguise(_ cause: MoveCause) -> MoveCause {
        switch cause {
        case .makeRoom(let domain): .makeRoom(disguise(domain))
        case .broken(let tie): .broken(disguise(tie))
        case .relief, .drain: cause
        }
    }

    func disguise(_ plan: MovePlan) -> MovePlan {
        let options = plan.options.map { option in
            MoveOption(
                domain: disguise(option.domain), vcpus: option.vcpus, memory: option.memory, demand: option.demand,
                obstacle: option.obstacle.map(disguise))
        }
        return MovePlan(
            cause: disguise(plan.cause), source: disguise(plan.source), need: plan.need,
            minimumImprovement: plan.minimumImprovement,
            options: options, chosen: plan.chosen.map(disguise), improvement: plan.improvement)
    }
}

extension MovePlan {
    fileprivate var neighbour: DomainID? { if case .makeRoom(let domain) = cause { domain } else { nil } }
}

extension Tie {
    fileprivate var hosts: [HostID] { if case .pin(let hosts) = self { hosts } else { [] } }
}

extension MoveObstacle {
    fileprivate var tie: Tie? { if case .tied(let tie) = self { tie } else { nil } }
    fileprivate var neighbour: DomainID? { if case .neighbourMoves(let domain) = self { domain } else { nil } }
}
