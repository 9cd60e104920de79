// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// The destination is the host with the highest weight among those that pass the hard filters.
///
///     w = a·responseScore + b·freeCPU + c·freeMemory        a + b + c = 1
///
/// - responseScore: the fastest feasible host's round trip over this host's;
/// - freeCPU, freeMemory: this host's idle share over the largest idle share among the feasible hosts.
///
/// Each term is 0…1 in integer parts per million. Ties go to the lower host id.
package enum Placement {
    package static func place(
        _ request: PlacementRequest, in snapshot: PlacementSnapshot, weights: PlacementWeights
    ) -> PlacementResult {
        let rejections = snapshot.hosts.map { rejection(of: $0, for: request) }
        let feasible = zip(snapshot.hosts, rejections).filter { $0.1 == nil }.map(\.0)
        let best = Best(of: feasible)
        let candidates = zip(snapshot.hosts, rejections).map { facts, rejection in
            Candidate(
                facts: facts, rejection: rejection,
                terms: rejection == nil ? terms(of: facts, against: best, weights: weights) : nil)
        }
        let ranked = candidates.compactMap { candidate in
            candidate.terms.map {
                (host: candidate.facts.record.host, weight: $0.weight, isDoubtful: candidate.facts.isDoubtful == true)
            }
        }.sorted { left, right in
            guard left.isDoubtful == right.isDoubtful else { return right.isDoubtful }
            return (right.weight, left.host) < (left.weight, right.host)
        }
        return PlacementResult(
            request: request, weights: weights, candidates: candidates, chosen: ranked.first?.host,
            runnerUp: ranked.dropFirst().first?.host)
    }

    /// Why the host of `facts` has no room for `vcpus` and `memory` more, or would pass its bound with `demand` more:
    /// the question that a permit answers. `nil`: it has room.
    package static func shortage(
        on facts: HostFacts, vcpus: VCPUCount, memory: ByteCount, demand: CPUDemand
    ) -> Rejection? {
        if facts.freeVCPUs < vcpus.count {
            return Rejection(.vcpus, needed: Int64(vcpus.count), available: Int64(facts.freeVCPUs))
        }
        if facts.freeMemoryBytes < memory.bytes {
            return Rejection(.memory, needed: memory.bytes, available: facts.freeMemoryBytes)
        }
        guard let projected = facts.projectedCPU(adding: demand) else { return Rejection(.cpuUnknown) }
        let bound = facts.record.cpuBound
        return projected > bound ? Rejection(.cpuBound, needed: projected.ppm, available: bound.ppm) : nil
    }

    /// The first filter that fails; `nil` if the host is feasible.
    static func rejection(of facts: HostFacts, for request: PlacementRequest) -> Rejection? {
        availability(of: facts, for: request) ?? tie(on: facts, for: request) ?? constraint(on: facts, for: request)
            ?? shortage(on: facts, vcpus: request.vcpus, memory: request.memory, demand: request.demand)
            ?? memoryBound(of: facts, for: request)
    }

    /// The rejection by the domain's own options: its pins and groups.
    static func tie(on facts: HostFacts, for request: PlacementRequest) -> Rejection? {
        if let pinned = request.pinnedHosts, !pinned.contains(facts.record.host) { return Rejection(.notPinned) }
        if request.mustJoinPeers == true, facts.affinityPeers ?? 0 == 0 { return Rejection(.affinity) }
        if let peers = facts.antiAffinityPeers, peers > 0 {
            return Rejection(.antiAffinity, needed: 0, available: Int64(peers))
        }
        return nil
    }

    /// The rejection by recent migrations and the budgets.
    private static func constraint(on facts: HostFacts, for request: PlacementRequest) -> Rejection? {
        if let unfitness = facts.unfitness { return Rejection(unfitness.code) }
        if facts.failedUntil != nil { return Rejection(.failedBefore) }
        if let budget = request.incomingBudget, let moves = facts.incomingMoves, moves >= budget {
            return Rejection(.budget, needed: Int64(moves), available: Int64(budget))
        }
        return request.source != nil && facts.isUnmeasured == true ? Rejection(.unmeasured) : nil
    }

    /// A move must not raise the measured memory above the host's bound.
    private static func memoryBound(of facts: HostFacts, for request: PlacementRequest) -> Rejection? {
        guard request.source != nil, let bound = facts.record.memoryBound,
            let projected = facts.projectedMemory(adding: request.memory), projected > bound
        else { return nil }
        return Rejection(.memoryBound, needed: projected.ppm, available: bound.ppm)
    }

    private static func availability(of facts: HostFacts, for request: PlacementRequest) -> Rejection? {
        let host = facts.record.host
        if host == request.source { return Rejection(.source) }
        if !facts.record.isUp { return Rejection(.unreachable) }
        switch facts.record.mode {
        case .observe: return Rejection(.notEnabled)
        case .draining: return Rejection(.draining)
        case .enabled: break
        }
        if facts.responseTimeNanoseconds == nil { return Rejection(.noResponse) }
        return request.denied.contains(host) ? Rejection(.permitDenied) : nil
    }

    private struct Best {
        let responseTime: Int64
        let idleCPU: Int64
        let idleMemory: Int64

        init(of feasible: [HostFacts]) {
            responseTime = feasible.compactMap(\.responseTimeNanoseconds).min().map { max(1, $0) } ?? 1
            idleCPU = feasible.compactMap { $0.idleCPU?.ppm }.max() ?? 0
            idleMemory = feasible.map(\.idleMemory.ppm).max() ?? 0
        }
    }

    private static func terms(of facts: HostFacts, against best: Best, weights: PlacementWeights) -> WeightTerms {
        let response = share(best.responseTime, of: max(1, facts.responseTimeNanoseconds ?? .max))
        let cpu = share(facts.idleCPU?.ppm ?? 0, of: best.idleCPU)
        let memory = share(facts.idleMemory.ppm, of: best.idleMemory)
        return WeightTerms(
            responseScore: response, freeCPUScore: cpu, freeMemoryScore: memory,
            weightedResponse: response * weights.responsePPM / 1_000_000,
            weightedCPU: cpu * weights.cpuPPM / 1_000_000, weightedMemory: memory * weights.memoryPPM / 1_000_000)
    }

    /// `part / whole` in parts per million, rounded down; zero if `whole` is zero.
    private static func share(_ part: Int64, of whole: Int64) -> Int64 {
        guard whole > 0 else { return 0 }
        return Int64(Int128(part) * 1_000_000 / Int128(whole))
    }
}
