// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// Who moves, what is recorded of it, and what it leaves behind.
@Suite struct MoveDetailTests {
    /// VM 1 lacks memory on a host that has none left; other hosts are empty.
    private func starved(_ change: (inout SchedulerSettings) -> Void = { _ in }) throws -> Cluster {
        let cluster = smallCluster(
            [guest(1, demand: 100_000, memory: 4_096) { $0.memoryUsed = .mebibytes(3_800) }]
                + [guest(2, demand: 100_000, memory: 4_096) { $0.immovable = "it has a device of its host" }], change)
        cluster.strictHosts = ["host-a", "host-b"]
        let amounts = try ResourceRule(
            lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4, memory: amounts))
        return cluster
    }

    @Test("a VM whose memory has no room moves to where the grown size fits, with as many vCPUs as it has")
    func memoryMoves() throws {
        let cluster = try starved()
        cluster.tick(3)
        let asked = cluster.handedOut.compactMap(\.directive.permitRequest)
        #expect(asked.map(\.host) == ["host-a", "host-b"])
        #expect((asked.last?.vcpus, asked.last?.memory) == (1, .mebibytes(6_334)))
        #expect((cluster[1].host, cluster[1].memory) == ("host-b", .mebibytes(6_334)))
    }

    @Test("a guest that lacks memory may move for it in a blackout too")
    func urgentInBlackout() throws {
        let cluster = try starved { $0.blackouts = [Blackout(startSecond: 0, lengthSeconds: 86_400)] }
        cluster[1].swapIn = 2_000_000
        cluster.tick()
        #expect(cluster[1].host == "host-b")
    }

    @Test("while a domain is on its way none of its samples counts, of whatever resource")
    func closedWindows() throws {
        let cluster = try starved()
        cluster.isCarriedOut = false
        cluster.tick(6)
        #expect(cluster.state.operation(of: domainID(1))?.phase == .migrating)
        for resource in Resource.allCases {
            #expect(cluster.state.window(of: domainID(1), resource)?.countsFrom == .distantFuture)
        }
    }

    @Test("where the domain turned out to be decides whether its load is still to come to the target")
    func located() throws {
        for (host, isCharged) in [("host-a", false), ("host-b", true)] as [(HostID, Bool)] {
            let cluster = smallCluster([guest(1)])
            cluster.isCarriedOut = false
            cluster.tick()
            cluster.drain("host-a")
            cluster.tick()
            let move = try #require(cluster.moves.first)
            cluster.state.actionUnknown(move.decision, at: cluster.now)
            #expect(cluster.state.domains[domainID(1)]?.lastMove?.endedAt == cluster.now)
            cluster.state.located(move.decision, of: domainID(1), on: host, at: cluster.now)
            cluster.state.located(move.decision, of: domainID(1), on: "host-c", at: cluster.now)
            #expect(cluster.state.explain(domainID(1), at: cluster.now)?.inputs.host == host, "it is asked once")
            let target = cluster.state.snapshot(at: cluster.now).hosts[1]
            #expect(target.cpuUtilization == (isCharged ? Utilization(percent: 25) : .zero))
        }
    }

    @Test("the host that is relieved is judged by its own figures, whatever its name")
    func ownFigures() {
        let cluster = smallCluster([
            guest(1, "host-b", memory: 512), guest(2, "host-b"), guest(3, "host-b"), guest(4, "host-b"),
            guest(5, "host-b", demand: 50_000, memory: 64),
        ])
        cluster.tick(8)
        #expect(cluster.moves.map(\.domain) == [domainID(1)], "the cheapest whose leaving is enough")
    }

    @Test("a neighbour that is cheap goes although the VM could move; one that is dear goes if it can't")
    func whoMoves() throws {
        for canMove in [true, false] {
            let cluster = smallCluster([
                guest(1, "host-b", demand: 2_000_000, memory: 1_024) {
                    $0.vcpus = 2
                    $0.immovable = canMove ? nil : "it has a device of its host"
                },
                guest(2, "host-b", demand: 100_000, memory: canMove ? 64 : 4_096) { $0.vcpus = 6 },
            ])
            cluster.strictHosts = ["host-a", "host-b"]
            cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 8))
            cluster.tick(3)
            #expect(cluster.moves.map(\.domain) == [domainID(2)])
            #expect(cluster.last(1)?.obstacle == .neighbourMoves(domainID(2)))
        }
    }

    @Test("a VM that is sent on by a second drain rests from nothing, tries the next target, and is recorded again")
    func twice() {
        let cluster = smallCluster([guest(1, demand: 100_000)], hosts: ["host-a", "host-b", "host-c", "host-d"])
        cluster.tick()
        cluster.drain("host-a")
        cluster.tick(3)
        #expect(cluster[1].host == "host-b")
        cluster.closedHosts = ["host-c"]
        cluster.drain("host-b")
        cluster.tick(3)
        #expect(cluster[1].host == "host-d")
        #expect(cluster.records.count { $0.outcome.reason == .drain } == 2)
    }

    @Test("as many leave a drained host at a time as the budget allows")
    func together() {
        let cluster = smallCluster(
            (1...3).map { guest($0, demand: 100_000) }, hosts: ["host-a", "host-b", "host-c", "host-d"]
        ) { $0.moves.budget.outPerHost = 2 }
        cluster.isCarriedOut = false
        cluster.tick()
        cluster.drain("host-a")
        cluster.tick()
        #expect(cluster.moves.map(\.target) == ["host-b", "host-c"])
    }

    @Test("a load that is not known holds no drain up, and hides no other reason")
    func unknownLoad() throws {
        let cluster = smallCluster([
            guest(1, demand: nil), guest(2, demand: nil) { $0.immovable = "it has a device of its host" },
        ])
        cluster.tick()
        cluster.drain("host-a")
        cluster.tick(2)
        #expect(cluster[1].host == "host-b")
        #expect(cluster.last(2)?.obstacle == .immovable("it has a device of its host"))
    }

    @Test(
        "the same obstacle is recorded again when it stands in the way of something else, or the reason to hold is new")
    func news() {
        let cluster = smallCluster(
            (1...4).map { number in
                guest(UInt64(number)) { $0.immovable = "it has a device of its host" }
            })
        cluster.tick(9)
        let relief = cluster.records.count { $0.move?.cause == .relief }
        cluster.drain("host-a")
        cluster.tick(2)
        #expect(relief == 1)
        #expect(cluster.records.count { $0.move?.cause == .drain } == 4)
        let dry = smallCluster((1...4).map { guest(UInt64($0)) }) { $0.isDryRun = true }
        dry.tick(9)
        dry.state.freezeChanged([Freeze(scope: .cluster, reason: "x", since: dry.now)], at: dry.now)
        dry.tick(24)
        #expect(dry.records.filter { $0.move != nil }.map(\.outcome.dry) == [.dryRunOfCluster, .frozen])
    }

    @Test("a new VM may go to a host that takes a migration")
    func newBesideMove() {
        let cluster = leavingCluster()
        let request = PlacementRequest(
            domain: domainID(9), source: nil, vcpus: 1, memory: .mebibytes(64), demand: CPUDemand(ppmOfOneCore: 0))
        #expect(cluster.state.placement(for: request, at: cluster.now).chosen == "host-b")
    }

    @Test("a change of size that failed holds no move off, also after a restart")
    func failedResize() throws {
        let cluster = try growingCluster()
        let record = try #require(cluster.last(1))
        cluster.state.actionFailed(record.id, at: cluster.now)
        #expect(cluster.state.domains[domainID(1)]?.rest == SchedulerState.MoveRest())
        for end in [SchedulerState.RecalledEnd.failed(at: cluster.now), .succeeded(at: cluster.now)] {
            var state = cluster.started()
            state.recallDecision(record, ended: end)
            #expect(state.domains[domainID(1)]?.rest == SchedulerState.MoveRest())
            #expect(state.domains[domainID(1)]?.memory.lastChangeAt == nil, "it was no change of memory")
        }
    }

    @Test("an explanation speaks of what has a rule, and of a rest while it lasts")
    func explanation() throws {
        let cluster = smallCluster([guest(1, demand: 100_000)])
        cluster.tick()
        cluster.drain("host-a")
        cluster.tick()
        let rest = cluster.state.settings.moves.budget.restNanoseconds
        let text = { (instant: Timestamp) in try #require(cluster.state.explain(domainID(1), at: instant)).text }
        #expect(try text(cluster.now).contains("it is not moved: it has moved lately"))
        #expect(try !text(cluster.now.advanced(byNanoseconds: rest)).contains("it is not moved"))
        #expect(try !text(cluster.now).contains("memory: "))
    }

    @Test("a plan asks for what its own host has above its bound, and only of what it is short of")
    func need() {
        let busy = smallCluster((1...4).map { guest($0, "host-b") })
        busy.tick(8)
        #expect(busy.state.lastPlan(of: "host-b")?.need == MoveNeed(cpu: 400_000, memory: 0, vcpus: 0))
        let full = smallCluster((1...4).map { guest($0, "host-b", demand: 200_000, memory: 1_900) })
        full.hosts[1].memoryBound = Utilization(percent: 90)
        full.refresh()
        full.tick(8)
        let surplus = ByteCount.mebibytes(7_600).bytes - ByteCount.gibibytes(8).bytes * 9 / 10
        #expect(full.state.lastPlan(of: "host-b")?.need == MoveNeed(cpu: 0, memory: surplus, vcpus: 0))
    }

    @Test("a load that is not known hides no other reason why a VM does not leave an overloaded host")
    func unknownLoadOfAnothers() {
        let cluster = smallCluster([guest(1, demand: nil) { $0.isManaged = false }] + (2...5).map { guest($0) })
        cluster.tick(8)
        let option = cluster.state.lastPlan(of: "host-a")?.options.first { $0.domain == domainID(1) }
        #expect(option?.obstacle == .notManaged)
    }

    @Test("where none of several VMs can go, no placement of one of them is recorded as if it were another's")
    func noPlacement() throws {
        let cluster = smallCluster((1...4).map { guest($0) } + (5...8).map { guest($0, "host-b") })
        cluster.tick(8)
        let record = try #require(cluster.records.last { $0.move != nil })
        #expect(record.move?.options.count == 4)
        #expect(record.placement == nil)
    }

    @Test("a drain records nothing of a VM whose size is being changed: it goes when that is over")
    func changing() throws {
        let cluster = try growingCluster()
        cluster.drain("host-a")
        cluster.tick(2)
        #expect(cluster.state.operation(of: domainID(1))?.phase == .resizing)
        #expect(!cluster.records.contains { $0.move != nil })
    }

    @Test(
        "a move that is told to progress is waited for beyond its deadline, which begins anew each time; then it is unknown"
    )
    func progress() throws {
        let cluster = leavingCluster()
        let decision = try #require(cluster.moves.first?.decision)
        let timeout = cluster.state.settings.outcomeTimeout / interval
        let isUnderWay = { cluster.state.operation(of: domainID(1))?.phase == .migrating }
        var last = cluster.time
        for _ in 0..<3 {
            last += timeout - 1
            cluster.state.actionProgressed(decision, at: at(last))
            _ = cluster.state.directives(at: at(last))
        }
        _ = cluster.state.directives(at: at(last + timeout - 1))
        #expect(isUnderWay())
        let ended = cluster.state.directives(at: at(last + timeout))
        #expect(!isUnderWay() && ended.contains { if case .locate = $0 { true } else { false } })
        // What is over is not begun again.
        cluster.state.actionProgressed(decision, at: at(last + timeout))
        #expect(cluster.state.operation(of: domainID(1)) == nil)
    }

    @Test("a permit that is awaited has its deadline, whatever is told of progress")
    func noProgressWithoutStep() throws {
        let rig = Rig(settings: .platform, policy: try policy())
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        let request = try #require(rig.directives(7).first?.permitRequest)
        rig.state.actionProgressed(request.decision, at: at(8))
        #expect(rig.state.operation(of: rig.domain)?.since == at(7))
    }

    @Test("from the end of a move until their next figures both hosts count as not measured")
    func unmeasured() throws {
        let cluster = leavingCluster()
        let move = try #require(cluster.moves.first)
        let isUnmeasured = { cluster.state.snapshot(at: cluster.now).hosts.map { $0.isUnmeasured == true } }
        #expect(isUnmeasured() == [false, false])
        cluster.state.actionSucceeded(move.decision, effectiveAt: cluster.now)
        #expect(isUnmeasured() == [true, true])
    }
}
