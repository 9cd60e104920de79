// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One host as a placement sees it: record, promises and measured use in one value.
package struct HostFacts: Hashable, Sendable, Codable {
    package var record: HostRecord
    /// Sizes of the domains that are on it.
    package var committedVCPUs: Int
    package var committedMemory: ByteCount
    /// What open permits have promised.
    package var permittedVCPUs: Int
    package var permittedMemory: ByteCount
    /// Busy share of all cores; `nil` is unknown.
    package var cpuUtilization: Utilization?
    package var memoryUsed: ByteCount?
    /// `nil`: it did not answer, or not lately.
    package var responseTimeNanoseconds: Int64?
    /// How many migrations are on their way to it.
    package var incomingMoves: Int?
    /// Whether a move to or from it has ended that no sample shows yet.
    package var isUnmeasured: Bool?
    /// How many other domains of the request's affinity group are on it or on their way to it.
    package var affinityPeers: Int?
    /// The same for the request's anti-affinity group.
    package var antiAffinityPeers: Int?
    /// Why it can't take the request's domain, however much room it has.
    package var unfitness: Unfitness?
    /// Whether it is not known if it can: then it ranks behind all hosts for which that is known.
    package var isDoubtful: Bool?
    /// A migration of the request's domain to it failed; it is left out until this instant.
    package var failedUntil: Timestamp?

    package init(
        record: HostRecord, committedVCPUs: Int = 0, committedMemory: ByteCount = .zero, permittedVCPUs: Int = 0,
        permittedMemory: ByteCount = .zero, cpuUtilization: Utilization?, memoryUsed: ByteCount?,
        responseTimeNanoseconds: Int64?
    ) {
        self.record = record
        self.committedVCPUs = committedVCPUs
        self.committedMemory = committedMemory
        self.permittedVCPUs = permittedVCPUs
        self.permittedMemory = permittedMemory
        self.cpuUtilization = cpuUtilization
        self.memoryUsed = memoryUsed
        self.responseTimeNanoseconds = responseTimeNanoseconds
    }

    /// ⌊cores · overcommit⌋ − reserve − committed − permits; may be negative.
    package var freeVCPUs: Int {
        let sellable = Int64(record.cpuCount) * record.cpuOvercommit.ppm / 1_000_000
        return Int(sellable) - record.reservedVCPUs.count - committedVCPUs - permittedVCPUs
    }

    /// ⌊memory · overcommit⌋ − reserve − committed − permits, in bytes; may be negative.
    package var freeMemoryBytes: Int64 {
        let sellable = Int128(record.memory.bytes) * Int128(record.memoryOvercommit.ppm) / 1_000_000
        let taken = record.reservedMemory.bytes + committedMemory.bytes + permittedMemory.bytes
        // Sums of sizes stay at the limit, so the sold amount must too, or a full host would have room.
        return ByteCount(clamping: sellable).bytes - taken
    }

    /// The larger of the shares of CPU and memory in use; the balance of two hosts is computed from it. `nil` while
    /// unknown.
    var load: Utilization? {
        guard let cpuUtilization, record.memory.bytes > 0 else { return nil }
        return max(cpuUtilization, Utilization(ppm: 1_000_000 - idleMemory.ppm))
    }

    /// The share of the memory in use with `memory` more; if the use is unknown, committed memory counts as used.
    func projectedMemory(adding memory: ByteCount) -> Utilization? {
        let used = (memoryUsed ?? committedMemory).addingClamped(memory)
        return Utilization(numerator: Int128(used.bytes), denominator: Int128(record.memory.bytes))
    }

    /// The share of the cores that is idle.
    var idleCPU: Utilization? {
        cpuUtilization.map { Utilization(ppm: max(0, 1_000_000 - $0.ppm)) }
    }

    /// The share of the memory that is not in use; if the use is unknown, committed memory counts as used.
    var idleMemory: Utilization {
        let used = memoryUsed ?? committedMemory
        let idle = max(0, record.memory.bytes - used.bytes)
        return Utilization(numerator: Int128(idle), denominator: Int128(record.memory.bytes)) ?? .zero
    }

    /// The busy share with `demand` more; `nil` while the present one is unknown.
    func projectedCPU(adding demand: CPUDemand) -> Utilization? {
        guard let cpuUtilization, record.cpuCount > 0 else { return nil }
        let cores = Int64(record.cpuCount)
        // Rounded up: a projection must never be too low.
        return Utilization(ppm: cpuUtilization.ppm + (demand.ppmOfOneCore + cores - 1) / cores)
    }
}

/// CPU time per time, in parts per million of one core: 1 500 000 keeps one and a half cores busy.
package struct CPUDemand: Hashable, Sendable, Codable {
    package let ppmOfOneCore: Int64

    /// All vCPUs of the largest domain, a million times full.
    private static let limit = Int64(VCPUCount.limit.count) * Utilization.bounds.upperBound

    /// A number below zero counts as zero, and one above the limit as the limit.
    package init(ppmOfOneCore: Int64) { self.ppmOfOneCore = min(max(0, ppmOfOneCore), Self.limit) }

    /// The demand of a domain of `vcpus` at mean utilisation `utilization`.
    package init(utilization: Utilization, vcpus: VCPUCount) {
        self.init(ppmOfOneCore: utilization.ppm * Int64(vcpus.count))
    }

    /// The demand of a domain of `capacity` at mean utilisation `utilization`, rounded half up.
    package init(utilization: Utilization, capacity: Capacity) {
        let ppm = Int128(utilization.ppm) * Int128(capacity.thousandths)
        self.init(ppmOfOneCore: Int64(clamping: (ppm + 500) / 1_000))
    }

    private enum CodingKeys: CodingKey { case ppmOfOneCore }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(ppmOfOneCore: try container.decode(Int64.self, forKey: .ppmOfOneCore))
    }
}

/// All hosts at one instant, by id. Immutable: a move gives another snapshot.
package struct PlacementSnapshot: Hashable, Sendable, Codable {
    /// By host id.
    package let hosts: [HostFacts]

    package init(hosts: [HostFacts]) { self.hosts = hosts.sorted { $0.record.host < $1.record.host } }

    /// The snapshot after `request` has moved to `target`, with its size, its demand and its memory.
    package func moving(_ request: PlacementRequest, to target: HostID) -> PlacementSnapshot {
        PlacementSnapshot(
            hosts: hosts.map { facts in
                if facts.record.host == target { return facts.adding(request) }
                return facts.record.host == request.source ? facts.removing(request) : facts
            })
    }
}

extension HostFacts {
    func adding(_ request: PlacementRequest) -> HostFacts {
        var copy = self
        copy.committedVCPUs += request.vcpus.count
        copy.committedMemory = committedMemory.addingClamped(request.memory)
        copy.addMeasured(request)
        return copy
    }

    func removing(_ request: PlacementRequest) -> HostFacts {
        var copy = self
        copy.committedVCPUs = max(0, committedVCPUs - request.presentVCPUs.count)
        copy.committedMemory = committedMemory.subtractingClamped(request.memory)
        copy.removeMeasured(request)
        return copy
    }

    /// Adds what the host will measure once the domain runs on it.
    mutating func addMeasured(_ request: PlacementRequest) {
        cpuUtilization = projectedCPU(adding: request.demand)
        memoryUsed = memoryUsed.map { $0.addingClamped(request.memory) }
    }

    /// Removes what the host will not measure once the domain has left it.
    mutating func removeMeasured(_ request: PlacementRequest) {
        guard record.cpuCount > 0 else { return }
        cpuUtilization = cpuUtilization.map {
            Utilization(ppm: max(0, $0.ppm - request.demand.ppmOfOneCore / Int64(record.cpuCount)))
        }
        memoryUsed = memoryUsed.map { $0.subtractingClamped(request.memory) }
    }
}
