// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What is to be placed.
package struct PlacementRequest: Hashable, Sendable, Codable {
    package var domain: DomainID
    /// Where it runs now; `nil` for a new domain.
    package var source: HostID?
    /// What it has now; zero for a new domain.
    package var presentVCPUs: VCPUCount
    /// Room to find: for a domain that moves in order to grow, the grown size.
    package var vcpus: VCPUCount
    package var memory: ByteCount
    package var demand: CPUDemand
    /// Hosts that have said no to this very request, by id.
    package var denied: [HostID]

    package init(
        domain: DomainID, source: HostID?, presentVCPUs: VCPUCount = 0, vcpus: VCPUCount, memory: ByteCount,
        demand: CPUDemand, denied: [HostID] = []
    ) {
        self.domain = domain
        self.source = source
        self.presentVCPUs = presentVCPUs
        self.vcpus = vcpus
        self.memory = memory
        self.demand = demand
        self.denied = denied.sorted()
    }
}

/// a, b, c of `w = a·responseScore + b·freeCPU + c·freeMemory`, in parts per million; their sum is 1 000 000.
package struct PlacementWeights: Hashable, Sendable, Codable {
    package var responsePPM: Int64
    package var cpuPPM: Int64
    package var memoryPPM: Int64

    package init(responsePPM: Int64, cpuPPM: Int64, memoryPPM: Int64) {
        self.responsePPM = responsePPM
        self.cpuPPM = cpuPPM
        self.memoryPPM = memoryPPM
    }

    /// A third each; the odd millionth goes to response.
    package static let equal = PlacementWeights(responsePPM: 333_334, cpuPPM: 333_333, memoryPPM: 333_333)

    var isValid: Bool {
        let parts = [responsePPM, cpuPPM, memoryPPM]
        return parts.allSatisfy { (0...1_000_000).contains($0) } && parts.reduce(0, +) == 1_000_000
    }
}

/// Why a host can't be the target.
package enum RejectionCode: String, Hashable, Sendable, Codable, CaseIterable {
    case source = "is-the-source"
    case notEnabled = "not-enabled"
    case draining
    case unreachable
    case noResponse = "no-response"
    case permitDenied = "permit-denied"
    case vcpus = "not-enough-vcpus"
    case memory = "not-enough-memory"
    case cpuUnknown = "cpu-use-unknown"
    case cpuBound = "projected-cpu-above-bound"
}

/// A rejection with the two numbers that were compared: vCPUs, bytes or parts per million, by its code.
package struct Rejection: Hashable, Sendable, Codable, CustomStringConvertible {
    package let code: RejectionCode
    package let needed: Int64?
    package let available: Int64?

    init(_ code: RejectionCode, needed: Int64? = nil, available: Int64? = nil) {
        self.code = code
        self.needed = needed
        self.available = available
    }

    /// A plain clause, for instance `3 vCPUs are needed, 1 are free`.
    package var description: String { Sentences.text(self) }
}

/// The terms of a feasible host's weight, in parts per million.
package struct WeightTerms: Hashable, Sendable, Codable {
    /// 0…1 000 000 over the feasible hosts: the best of each is 1 000 000, the others in proportion to it.
    package let responseScore: Int64
    package let freeCPUScore: Int64
    package let freeMemoryScore: Int64
    /// Score times weight, each floored.
    package let weightedResponse: Int64
    package let weightedCPU: Int64
    package let weightedMemory: Int64

    package var weight: Int64 { weightedResponse + weightedCPU + weightedMemory }
}

/// A host as it was judged: either rejected with a reason or weighed.
package struct Candidate: Hashable, Sendable, Codable {
    package let facts: HostFacts
    package let rejection: Rejection?
    package let terms: WeightTerms?
}

/// The whole judgement: every host by id, the chosen one and the next best.
package struct PlacementResult: Hashable, Sendable, Codable {
    package let request: PlacementRequest
    package let weights: PlacementWeights
    package let candidates: [Candidate]
    /// `nil`: no host is feasible.
    package let chosen: HostID?
    package let runnerUp: HostID?

    /// Judges the same facts again: the same result, or the rules have changed.
    package func repeated() -> PlacementResult {
        Placement.place(request, in: PlacementSnapshot(hosts: candidates.map(\.facts)), weights: weights)
    }
}

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
            candidate.terms.map { (host: candidate.facts.record.host, weight: $0.weight) }
        }.sorted { ($1.weight, $0.host) < ($0.weight, $1.host) }
        return PlacementResult(
            request: request, weights: weights, candidates: candidates, chosen: ranked.first?.host,
            runnerUp: ranked.dropFirst().first?.host)
    }

    /// Whether `facts` has room for `vcpus` and `memory` more, and stays within its bound with `demand` more: the
    /// question that a permit answers. `nil` says yes.
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
        availability(of: facts, for: request)
            ?? shortage(on: facts, vcpus: request.vcpus, memory: request.memory, demand: request.demand)
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

    /// `part / whole` in parts per million, floored; zero of nothing.
    private static func share(_ part: Int64, of whole: Int64) -> Int64 {
        guard whole > 0 else { return 0 }
        return Int64(Int128(part) * 1_000_000 / Int128(whole))
    }
}
