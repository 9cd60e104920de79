// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The domain that must be placed.
package struct PlacementRequest: Hashable, Sendable, Codable {
    package var domain: DomainID
    /// Where it runs now; `nil` for a new domain.
    package var source: HostID?
    /// What it has now; zero for a new domain.
    package var presentVCPUs: VCPUCount
    /// The room that it needs: for a domain that moves in order to grow, the size after growing.
    package var vcpus: VCPUCount
    package var memory: ByteCount
    package var demand: CPUDemand
    /// Hosts that have refused this request, by id.
    package var denied: [HostID]
    /// The only hosts that it may run on, by id; `nil`: any.
    package var pinnedHosts: [HostID]?
    /// Whether its affinity group is on a host already: then only hosts with a peer are feasible.
    package var mustJoinPeers: Bool?
    /// Its groups, by name.
    package var affinityGroup: String?
    package var antiAffinityGroup: String?
    /// Migrations that one host takes at a time; `nil`: any number.
    package var incomingBudget: Int?

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
    case memoryBound = "projected-memory-above-bound"
    case notPinned = "not-pinned-to-it"
    case affinity
    case antiAffinity = "anti-affinity"
    /// As many migrations as allowed are on their way to it.
    case budget = "migration-budget"
    /// Its load was not measured since the last move.
    case unmeasured = "not-measured-since-move"
    /// A migration of this domain to it failed recently.
    case failedBefore = "failed-before"
    case sameUUID = "same-host-uuid"
    case otherDriver = "other-driver"
    case noCommonTransport = "no-common-transport"
    case lacksCPU = "lacks-cpu-features"
    case lacksStorage = "lacks-storage"
    case lacksNetwork = "lacks-network"
    /// A migration between these two hosts failed recently, for a reason that still holds.
    case pairFailed = "pair-failed-before"
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
    /// 0…1 000 000 over the feasible hosts: the best host has 1 000 000, the others are in proportion to it.
    package let responseScore: Int64
    package let freeCPUScore: Int64
    package let freeMemoryScore: Int64
    /// Score times weight, each rounded down.
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

/// The whole result: every host by id, the chosen one and the next best.
package struct PlacementResult: Hashable, Sendable, Codable {
    package let request: PlacementRequest
    package let weights: PlacementWeights
    package let candidates: [Candidate]
    /// `nil`: no host is feasible.
    package let chosen: HostID?
    package let runnerUp: HostID?

    /// The facts of one host as they were judged.
    func facts(of host: HostID?) -> HostFacts? { candidates.first { $0.facts.record.host == host }?.facts }

    func terms(of host: HostID) -> WeightTerms? { candidates.first { $0.facts.record.host == host }?.terms }

    /// Why each rejected host can't be the target, one clause for each.
    package var refusals: [String] {
        candidates.compactMap { candidate in
            candidate.rejection.map {
                "\(candidate.facts.record.host): \(Sentences.text($0, of: request, on: candidate.facts))"
            }
        }
    }

    /// Judges the same facts again: the result is the same unless the rules have changed.
    package func repeated() -> PlacementResult {
        Placement.place(request, in: PlacementSnapshot(hosts: candidates.map(\.facts)), weights: weights)
    }
}
