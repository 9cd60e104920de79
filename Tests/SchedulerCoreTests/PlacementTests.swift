// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite struct PlacementTests {
    private func facts(
        _ host: HostID, cpu: Int64? = 20, memoryUsed: ByteCount = .gibibytes(2), response: Int64? = 100_000,
        committed: Int = 0, _ change: (inout HostFacts) -> Void = { _ in }
    ) -> HostFacts {
        var facts = HostFacts(
            record: hostRecord(host), committedVCPUs: committed, cpuUtilization: cpu.map { Utilization(percent: $0) },
            memoryUsed: memoryUsed, responseTimeNanoseconds: response)
        change(&facts)
        return facts
    }

    private let request = PlacementRequest(
        domain: domainID(1), source: "source", presentVCPUs: 2, vcpus: 3, memory: .mebibytes(512),
        demand: CPUDemand(utilization: Utilization(percent: 90), vcpus: 2))

    private func place(_ hosts: [HostFacts], _ request: PlacementRequest? = nil) -> PlacementResult {
        Placement.place(request ?? self.request, in: PlacementSnapshot(hosts: hosts), weights: .equal)
    }

    @Test("every filter rejects with its reason and the numbers that it compared")
    func filters() {
        let cases: [(RejectionCode, HostFacts)] = [
            (.source, facts("source")),
            (.unreachable, facts("h") { $0.record.isUp = false }),
            (.notEnabled, facts("h") { $0.record.mode = .observe }),
            (.draining, facts("h") { $0.record.mode = .draining }),
            (.noResponse, facts("h", response: nil)),
            (.vcpus, facts("h", committed: 6)),
            (.vcpus, facts("h", committed: 5) { $0.permittedVCPUs = 1 }),
            (.vcpus, facts("h", committed: 5) { $0.record.reservedVCPUs = 1 }),
            (.memory, facts("h") { $0.committedMemory = .gibibytes(8) }),
            (.memory, facts("h") { $0.permittedMemory = .gibibytes(8) }),
            (.memory, facts("h") { $0.record.reservedMemory = .gibibytes(8) }),
            (.cpuUnknown, facts("h", cpu: nil)),
            (.cpuBound, facts("h", cpu: 46)),
            (.memoryBound, facts("h") { $0.record.memoryBound = Utilization(percent: 30) }),
            (.unmeasured, facts("h") { $0.isUnmeasured = true }),
        ]
        for (code, facts) in cases {
            let result = place([facts])
            #expect(result.candidates[0].rejection?.code == code)
            #expect(result.candidates[0].terms == nil)
            #expect(result.chosen == nil)
        }
        #expect(place([facts("h", cpu: 45, committed: 5)]).chosen == "h")
        let overcommitted = facts("h") {
            $0.committedMemory = .gibibytes(8)
            $0.record.memoryOvercommit = Utilization(percent: 150)
        }
        #expect(place([overcommitted]).chosen == "h", "by half more memory than there is")
        let short = place([facts("h", committed: 6)]).candidates[0].rejection
        #expect(short?.description == "3 vCPUs are needed, 2 are free")
    }

    @Test("a host that denied this very request is not asked again")
    func denied() {
        var again = request
        again.denied = ["a"]
        let result = place([facts("a"), facts("b", cpu: 40)], again)
        #expect(result.chosen == "b")
        #expect(result.candidates[0].rejection?.code == .permitDenied)
    }

    @Test("the weight is a·responseScore + b·freeCPU + c·freeMemory over the feasible hosts")
    func weight() {
        let result = place([
            facts("a", cpu: 20, memoryUsed: .gibibytes(4), response: 200_000),
            facts("b", cpu: 40, memoryUsed: .gibibytes(0), response: 100_000),
            facts("c", cpu: 0, memoryUsed: .gibibytes(0), response: 1_000, { $0.record.mode = .draining }),
        ])
        let terms = result.candidates.map(\.terms)
        #expect(terms[0]?.responseScore == 500_000)
        #expect(terms[0]?.freeCPUScore == 1_000_000)
        #expect(terms[0]?.freeMemoryScore == 500_000)
        #expect(terms[0]?.weight == 666_666)
        #expect(terms[1]?.responseScore == 1_000_000)
        #expect(terms[1]?.freeCPUScore == 750_000)
        #expect(terms[1]?.weight == 916_666)
        #expect(terms[2] == nil)
        #expect((result.chosen, result.runnerUp) == ("b", "a"))
    }

    @Test("equal weights go to the lower host id, in whatever order the hosts come")
    func ties() {
        let hosts = ["d", "b", "c", "a"].map { facts(HostID(trusted: $0)) }
        #expect(place(hosts).chosen == "a")
        #expect(place(hosts.reversed()).chosen == "a")
        #expect(place(hosts).runnerUp == "b")
    }

    @Test("successive moves reach the next-best hosts and the imbalance falls each time")
    func successiveMoves() throws {
        var snapshot = PlacementSnapshot(hosts: [
            facts("source", cpu: 100, memoryUsed: .gibibytes(7), committed: 8),
            facts("a", cpu: 10, memoryUsed: .gibibytes(1)), facts("b", cpu: 14, memoryUsed: .gibibytes(1)),
            facts("c", cpu: 18, memoryUsed: .gibibytes(1)),
        ])
        var reached: [HostID] = []
        var imbalance = Self.imbalance(of: snapshot)
        for number in 1...3 {
            let move = PlacementRequest(
                domain: domainID(UInt64(number)), source: "source", presentVCPUs: 1, vcpus: 1,
                memory: .gibibytes(1), demand: CPUDemand(utilization: Utilization(percent: 60), vcpus: 1))
            let result = Placement.place(move, in: snapshot, weights: .equal)
            let target = try #require(result.chosen)
            reached.append(target)
            snapshot = snapshot.moving(move, to: target)
            #expect(Self.imbalance(of: snapshot) < imbalance)
            imbalance = Self.imbalance(of: snapshot)
        }
        #expect(reached == ["a", "b", "c"])
    }

    @Test("over random clusters, a chosen host is feasible and none outweighs it", arguments: 1...200)
    func randomClusters(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let hosts = (0..<Int.random(in: 2...12, using: &random)).map { number in
            facts(
                HostID(trusted: "host-\(number)"), cpu: .random(in: 0...100, using: &random),
                memoryUsed: .mebibytes(.random(in: 0...8_192, using: &random)),
                response: .random(in: 0...500_000, using: &random), committed: .random(in: 0...8, using: &random))
        }
        let snapshot = PlacementSnapshot(hosts: hosts)
        let result = Placement.place(request, in: snapshot, weights: .equal)
        #expect(result.repeated() == result, "seed \(seed)")
        guard let chosen = result.chosen else {
            #expect(result.candidates.allSatisfy { $0.rejection != nil }, "seed \(seed)")
            return
        }
        let winner = try #require(result.candidates.first { $0.facts.record.host == chosen }?.terms)
        let weights = result.candidates.compactMap(\.terms?.weight)
        #expect(weights.max() == winner.weight && weights.allSatisfy { (0...1_000_000).contains($0) }, "seed \(seed)")
    }

    /// Busiest minus idlest CPU use.
    private static func imbalance(of snapshot: PlacementSnapshot) -> Int64 {
        let uses = snapshot.hosts.compactMap(\.cpuUtilization?.ppm)
        return (uses.max() ?? 0) - (uses.min() ?? 0)
    }

    @Test("what is just not too much is no obstacle: no peer to keep away from, one migration fewer than are taken")
    func notQuite() {
        var request = request
        request.incomingBudget = 1
        let allowed = facts("h") {
            $0.antiAffinityPeers = 0
            $0.incomingMoves = 0
        }
        #expect(place([allowed], request).chosen == "h")
    }

    @Test("what only a move must mind does not stop a new VM: loads to measure anew, the bound of used memory")
    func newDomain() {
        let new = PlacementRequest(
            domain: domainID(1), source: nil, vcpus: 1, memory: .mebibytes(512), demand: CPUDemand(ppmOfOneCore: 0))
        let host = facts("h") {
            $0.isUnmeasured = true
            $0.record.memoryBound = Utilization(percent: 10)
        }
        #expect(place([host], new).chosen == "h")
        #expect(place([host]).chosen == nil)
    }

    @Test("a host that says it has no cores or no memory takes nothing, and its load is not known")
    func emptyHost() {
        let coreless = facts("h") { $0.record.cpuCount = 0 }
        let hollow = facts("h") { $0.record.memory = .zero }
        #expect(coreless.projectedCPU(adding: CPUDemand(ppmOfOneCore: 1)) == nil)
        #expect(coreless.removing(request).cpuUtilization == coreless.cpuUtilization)
        #expect(hollow.load == nil)
        #expect(place([coreless]).chosen == nil && place([hollow]).chosen == nil)
    }

    @Test("a move takes size, use and memory from its source to its target, and from nobody else")
    func changesSides() {
        let before = PlacementSnapshot(hosts: [
            facts("source", cpu: 80, committed: 4) { $0.committedMemory = .gibibytes(2) },
            facts("target", committed: 1) { $0.committedMemory = .gibibytes(1) }, facts("third", committed: 1),
        ])
        let after = before.moving(request, to: "target")
        #expect(after.hosts[2] == before.hosts[2])
        #expect(after.hosts.map(\.committedVCPUs) == [2, 4, 1])
        #expect(after.hosts[0].committedMemory == .mebibytes(1_536))
        #expect(after.hosts[1].committedMemory == .mebibytes(1_536))
        #expect(after.hosts.map(\.memoryUsed) == [.mebibytes(1_536), .mebibytes(2_560), .gibibytes(2)])
        #expect(after.hosts.map(\.cpuUtilization?.ppm) == [350_000, 650_000, 200_000])
    }

    @Test("where the use of memory is not known, what is promised counts as used in a move's balance")
    func promisedMemory() throws {
        let hosts = [("source", ByteCount.gibibytes(7)), ("target", ByteCount.gibibytes(1))].map { name, committed in
            facts(HostID(trusted: name)) {
                $0.memoryUsed = nil
                $0.committedMemory = committed
            }
        }
        var request = request
        request.memory = .gibibytes(2)
        let improvement = try #require(Improvement(moving: request, from: hosts[0], to: hosts[1]))
        #expect(improvement.before == 875_000 * 875_000 + 200_000 * 200_000)
        #expect(improvement.after == 625_000 * 625_000 + 650_000 * 650_000)
    }

    @Test("a move that changes nothing is no improvement, however little is asked for")
    func noChange() throws {
        let nothing = PlacementRequest(
            domain: domainID(1), source: "source", vcpus: 0, memory: .zero, demand: CPUDemand(ppmOfOneCore: 0))
        let improvement = try #require(Improvement(moving: nothing, from: facts("source"), to: facts("target")))
        #expect(!improvement.isEnough(.zero))
    }

    @Test("weights below zero or above one are refused, although their sum is right")
    func weights() {
        #expect(PlacementWeights(responsePPM: 1_000_000, cpuPPM: 0, memoryPPM: 0).isValid)
        #expect(!PlacementWeights(responsePPM: 1_500_000, cpuPPM: -250_000, memoryPPM: -250_000).isValid)
        #expect(!PlacementWeights(responsePPM: 500_000, cpuPPM: 500_000, memoryPPM: 500_000).isValid)
    }
}
