// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// What holds moves back.
@Suite struct MoveSafetyTests {
    private static let always = [Blackout(startSecond: 0, lengthSeconds: 86_400)]

    private func full(_ host: HostID = "host-a", from first: UInt64 = 1) -> [Cluster.Guest] {
        (first..<first + 4).map { guest($0, host) }
    }

    @Test("a dry run or a freeze of the cluster moves nothing, and records what would be done once")
    func dry() {
        let run = smallCluster(full()) { $0.isDryRun = true }
        run.tick(40)
        let frozen = smallCluster(full())
        frozen.state.freezeChanged([Freeze(scope: .cluster, reason: "x", since: at(0))], at: at(0))
        frozen.tick(40)
        for (cluster, dry) in [(run, DryReason.dryRunOfCluster), (frozen, .frozen)] {
            #expect(cluster.moves.isEmpty)
            let planned = cluster.records.filter { $0.outcome.verdict == .migrate }
            #expect(planned.map(\.outcome.dry) == [dry])
        }
    }

    @Test("in a blackout no host is relieved and none is drained")
    func blackout() {
        let relieved = smallCluster(full()) { $0.blackouts = Self.always }
        relieved.tick(20)
        #expect(relieved.moves.isEmpty)
        let drained = smallCluster([guest(1, demand: 100_000)]) { $0.blackouts = Self.always }
        drained.drain("host-a")
        drained.tick(20)
        #expect(drained.moves.isEmpty)
    }

    @Test("a host that is only observed is not relieved")
    func observed() {
        let cluster = smallCluster(full())
        cluster.hosts[0].mode = .observe
        cluster.refresh()
        cluster.tick(20)
        #expect(cluster.moves.isEmpty)
    }

    @Test("two migrations run in the cluster at a time, however many hosts have room")
    func perCluster() {
        let hosts: [HostID] = ["host-a", "host-b", "host-c", "host-d", "host-e", "host-f"]
        let cluster = smallCluster(full() + full("host-b", from: 11) + full("host-c", from: 21), hosts: hosts)
        cluster.isCarriedOut = false
        cluster.tick(30)
        #expect(cluster.moves.count == 2)
    }

    @Test("a drain moves one at a time, although two hosts have room")
    func drainOneByOne() {
        let cluster = smallCluster((1...4).map { guest($0, demand: 100_000) }, hosts: ["host-a", "host-b", "host-c"])
        cluster.isCarriedOut = false
        cluster.drain("host-a")
        cluster.tick(20)
        #expect(cluster.moves.count == 1)
    }

    @Test("a growth that needs a move waits while another domain leaves its host")
    func growthWithinBudget() throws {
        let guests = (1...2).map { number in
            guest(UInt64(number), demand: 2_000_000, memory: 1_024) { $0.vcpus = 4 }
        }
        let cluster = smallCluster(guests, hosts: ["host-a", "host-b", "host-c"]) { $0.moves.hostBreachesNeeded = 12 }
        for index in 1...2 { cluster.hosts[index].cpuCount = 16 }
        cluster.refresh()
        cluster.strictHosts = ["host-a"]
        cluster.isCarriedOut = false
        for number in UInt64(1)...2 {
            cluster[number].demand = 4_000_000
            cluster.subscribe(number, try PolicyPreset.aggressive.policy(maximumVCPUs: 8))
        }
        cluster.tick(6)
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
        #expect(cluster.last(2)?.obstacle == .budget)
    }

    @Test("a host is not relieved while a domain is on its way to it: its load is not known yet")
    func onItsWay() {
        let cluster = smallCluster(
            full() + (11...13).map { guest($0, "host-b", demand: 100_000) }, hosts: ["host-a", "host-b"])
        cluster.isCarriedOut = false
        cluster.tick(8)
        #expect(cluster.moves.map(\.target) == ["host-b"])
        cluster.hosts.append(hostRecord("host-c"))
        cluster.refresh()
        cluster.guests.append(guest(14, "host-b"))
        cluster.refresh()
        cluster.tick(20) { cluster in for number in UInt64(11)...13 { cluster[number].demand = 1_000_000 } }
        #expect(cluster.moves.count == 1)
    }

    @Test(
        "a host that has nothing to do with a move is relieved while that goes on; its source is not, within any budget"
    )
    func elsewhere() {
        let hosts: [HostID] = ["host-a", "host-b", "host-c", "host-d"]
        let cluster = smallCluster(
            full() + (11...14).map { guest($0, "host-c", demand: 100_000) }, hosts: hosts
        ) {
            $0.moves.budget.outPerHost = 2
            $0.moves.budget.perCluster = 9
        }
        cluster.isCarriedOut = false
        cluster.tick(40) { cluster in
            for number in UInt64(11)...14 where cluster.time > 4 { cluster[number].demand = 1_000_000 }
        }
        #expect(cluster.moves.map(\.source) == ["host-a", "host-c"])
    }

    @Test("growths that are under way count towards no budget of moves")
    func growthsAreNoMoves() throws {
        let cluster = smallCluster(
            [guest(1, demand: 100_000)] + (2...4).map { guest($0, "host-b") }, hosts: ["host-a", "host-b", "host-c"]
        ) { $0.moves.hostBreachesNeeded = 12 }
        cluster.isCarriedOut = false
        for number in UInt64(2)...4 { cluster.subscribe(number, try PolicyPreset.aggressive.policy(maximumVCPUs: 4)) }
        cluster.tick(3)
        #expect((2...4).allSatisfy { cluster.state.operation(of: domainID($0))?.phase == .resizing })
        cluster.drain("host-a")
        cluster.tick()
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
    }

    @Test("without a pause an overloaded host is looked at with every sample")
    func noPause() {
        let cluster = smallCluster(full() + full("host-b", from: 11)) { $0.retryAfterNoRoom = 0 }
        cluster.tick(20)
        #expect(cluster.moves.isEmpty)
    }

    @Test("what has moved is not moved on when its new host is overloaded, but leaves a host that is drained")
    func restAfterMove() {
        let cluster = smallCluster(
            [guest(1, memory: 256)] + (2...4).map { guest($0) }
                + (5...7).map { guest($0, "host-b", demand: 100_000) })
        cluster.tick(9)
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
        cluster.hosts.append(hostRecord("host-c"))
        cluster.refresh()
        cluster.tick(12) { cluster in for number in UInt64(5)...7 { cluster[number].demand = 1_000_000 } }
        #expect(cluster.moves.dropFirst().map(\.domain) == [domainID(5)])
        for number in UInt64(5)...7 { cluster[number].immovable = "x" }
        cluster.drain("host-b")
        cluster.tick(3)
        #expect(cluster[1].host != "host-b")
    }

    @Test("a drain tries a failed migration again after its back-off, elsewhere")
    func drainBacksOff() {
        let cluster = smallCluster([guest(1, demand: 100_000)], hosts: ["host-a", "host-b", "host-c"])
        cluster.failsMigrations = ["host-b"]
        cluster.tick()
        cluster.drain("host-a")
        cluster.tick(12)
        #expect(cluster.moves.map(\.target) == ["host-b"])
        cluster.tick(16)
        #expect(cluster.moves.map(\.target) == ["host-b", "host-c"])
    }

    @Test("the back-off doubles with each failure, up to its end")
    func backoff() {
        var rest = SchedulerState.MoveRest()
        let waits = (0..<8).map { _ in
            rest.failed(target: nil, at: .zero, MoveSettings())
            return (rest.until ?? .zero).nanoseconds / second
        }
        #expect(waits == [60, 120, 240, 480, 960, 1_800, 1_800, 1_800])
    }

    @Test("what nobody knows the whereabouts of is not moved again, and another decision's answer does not end that")
    func settling() throws {
        let cluster = leavingCluster()
        let move = try #require(cluster.moves.first)
        cluster.state.actionUnknown(move.decision, at: cluster.now)
        cluster.state.located(UUID128(high: 1, low: 1), of: domainID(1), on: "host-b", at: cluster.now)
        cluster.tick(5)
        #expect(cluster.moves.count == 1)
        let explanation = try #require(cluster.state.explain(domainID(1), at: cluster.now))
        #expect(explanation.inputs.host == "host-a")
    }

    @Test("a domain whose load is unknown is not what relieves a host")
    func unknownLoad() {
        let cluster = smallCluster([guest(1, demand: nil, memory: 64)] + (2...5).map { guest($0) })
        cluster.tick(8)
        #expect(cluster.moves.map(\.domain) == [domainID(2)])
    }

    @Test("a host that is short of memory is relieved like one that is short of CPU")
    func memory() {
        let cluster = smallCluster((1...4).map { guest($0, demand: 200_000, memory: 1_900) })
        cluster.tick(20)
        #expect(cluster.moves.isEmpty, "no bound, no shortage")
        cluster.hosts[0].memoryBound = Utilization(percent: 90)
        cluster.refresh()
        cluster.tick(8)
        #expect(cluster.moves.map(\.source) == ["host-a"])
    }

    @Test("after somebody else's move neither host's other domains are moved")
    func foreign() {
        let cluster = smallCluster(
            (1...3).map { guest($0) } + [guest(4, "host-b")], hosts: ["host-a", "host-b", "host-c"])
        cluster.tick(3)
        cluster.relocate(domainID(4), to: "host-a")
        cluster.tick(60)
        #expect(cluster.moves.isEmpty)
    }

    @Test("Ebb's own move is not taken for somebody else's, also if its host tells of it before Monitor")
    func ownMove() throws {
        let cluster = smallCluster(full())
        cluster.isCarriedOut = false
        cluster.tick(8)
        let move = try #require(cluster.moves.first)
        cluster.relocate(move.domain, to: move.target)
        cluster.tick(3)
        #expect(!cluster.records.contains { $0.outcome.reason == .foreignMove })
    }

    @Test("of those whose leaving is enough the least busy goes first; who does not suffice comes after them")
    func cheapest() {
        let option = { (number: UInt64, memory: Int64, demand: Int64) in
            MoveOption(
                domain: domainID(number), vcpus: 1, memory: .mebibytes(memory),
                demand: CPUDemand(ppmOfOneCore: demand), obstacle: nil)
        }
        let options = [option(1, 1_024, 1_000_000), option(2, 1_024, 500_000), option(3, 1, 100_000)]
        let ranked = MovePlan.ranked(options, need: MoveNeed(cpu: 400_000, memory: 0, vcpus: 0))
        #expect(ranked.map(\.domain) == [2, 1, 3].map { domainID($0) })
    }

    @Test("the life that is older is not believed, wherever it is reported")
    func oldLife() throws {
        let cluster = smallCluster([guest(1, demand: 100_000) { $0.lifeStart = at(0) }])
        cluster.tick(3)
        cluster.relocate(domainID(1), to: "host-b")
        cluster.tick()
        var ghost = cluster.guests[0]
        (ghost.host, ghost.life, ghost.lifeStart) = ("host-a", 1, at(0))
        cluster.guests = [ghost]
        cluster.tick()
        let explanation = try #require(cluster.state.explain(domainID(1), at: cluster.now))
        #expect(explanation.inputs.host == "host-b")
    }

    @Test("after a restart what rests goes on resting, and counts towards a freeze", arguments: [true, false])
    func recalled(succeeds: Bool) throws {
        let cluster = smallCluster(full())
        if !succeeds { cluster.failsMigrations = ["host-b"] }
        cluster.tick(9)
        let move = try #require(cluster.moves.first)
        var state = SchedulerState(settings: cluster.state.settings)
        state.inventoryChanged(cluster.inventory)
        for record in cluster.records {
            let ended: SchedulerState.RecalledEnd = succeeds ? .succeeded(at: at(8)) : .failed(at: at(8))
            state.recallDecision(record, ended: record.id == move.decision ? ended : nil)
        }
        #expect(state.domains[move.domain]?.rest == cluster.state.domains[move.domain]?.rest)
        #expect(state.guardian == cluster.state.guardian)
        for host in ["host-a", "host-b"] as [HostID] {
            #expect(state.hosts[host]?.load.countsFrom == cluster.state.hosts[host]?.load.countsFrom)
        }
    }

    @Test("after a restart the hosts of somebody else's move rest from relief on")
    func recalledForeign() throws {
        let cluster = smallCluster([guest(1, "host-b", demand: 100_000)])
        cluster.tick(3)
        cluster.relocate(domainID(1), to: "host-a")
        cluster.tick()
        var state = SchedulerState(settings: cluster.state.settings)
        state.inventoryChanged(cluster.inventory)
        for record in cluster.records { state.recallDecision(record) }
        let rests = ["host-a", "host-b"].map { cluster.state.hosts[$0]?.reliefRestsUntil }
        #expect(rests.allSatisfy { $0 != nil })
        #expect(["host-a", "host-b"].map { state.hosts[$0]?.reliefRestsUntil } == rests)
        #expect(state.domains[domainID(1)]?.rest == cluster.state.domains[domainID(1)]?.rest)
    }

    @Test("what somebody else moved is not moved in order to grow either")
    func foreignGrowth() throws {
        let cluster = smallCluster([guest(1, "host-b", demand: 100_000)])
        cluster.tick(3)
        cluster.relocate(domainID(1), to: "host-a")
        cluster.tick()
        let entry = try #require(cluster.state.domains[domainID(1)])
        let obstacle = cluster.state.obstacle(toMoving: entry, toGrow: true, at: cluster.now)
        #expect(obstacle?.kind == "rests-foreign")
    }

    @Test("Ebb's own move ends no rest that somebody else's has begun")
    func restOutlasts() throws {
        let cluster = smallCluster(
            [guest(1), guest(2, "host-b", demand: 0)], hosts: ["host-a", "host-b", "host-c"])
        cluster.closedHosts = ["host-a"]
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4))
        cluster.tick()
        cluster.relocate(domainID(2), to: "host-a")
        cluster.tick()
        let rest = try #require(cluster.state.hosts["host-a"]?.reliefRestsUntil)
        cluster.tick(3)
        #expect(cluster.moves.map(\.source) == ["host-a"])
        #expect(cluster.state.hosts["host-a"]?.reliefRestsUntil == rest)
    }

    @Test("a back-off that no number holds is the longest one")
    func longestBackoff() {
        var settings = MoveSettings()
        settings.backoffNanoseconds = .max / 2
        var rest = SchedulerState.MoveRest()
        for _ in 0..<3 { rest.failed(target: nil, at: .zero, settings) }
        #expect(rest.until == Timestamp(nanoseconds: settings.maximumBackoffNanoseconds))
    }
}
