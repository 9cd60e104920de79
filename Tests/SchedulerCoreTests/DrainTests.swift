// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// A host that is drained is emptied, whatever comes between. Its target is sampled before it, so that what has arrived
/// there is measured.
@Suite struct DrainTests {
    private func draining(
        _ count: UInt64, _ change: (inout SchedulerSettings) -> Void = { _ in }
    ) -> Cluster {
        let cluster = smallCluster(
            (1...count).map { guest($0, demand: 100_000) }, hosts: ["host-b", "host-a"], change)
        cluster.tick()
        cluster.drain("host-a")
        return cluster
    }

    @Test("where nobody can move it looks again after its pause, and not before")
    func rests() {
        let cluster = draining(1)
        cluster[1].immovable = "it has a device of its host"
        cluster.refresh()
        cluster.tick()
        cluster[1].immovable = nil
        cluster.refresh()
        cluster.tick(11)
        #expect(cluster.moves.isEmpty)
        cluster.tick()
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
    }

    @Test("what somebody else moved before keeps nothing on a host that is drained")
    func afterForeignMove() {
        let cluster = smallCluster(
            (1...2).map { guest($0, demand: 100_000) }, hosts: ["host-b", "host-a"])
        cluster.tick()
        cluster.relocate(domainID(2), to: "host-b")
        cluster.tick()
        #expect(cluster.reasons(2).contains(.foreignMove))
        cluster.drain("host-a")
        cluster.tick()
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
    }

    @Test("once a domain has left it goes on at once, although it had found no place for the next")
    func goesOn() throws {
        let cluster = draining(2) { $0.moves.budget.outPerHost = 2 }
        cluster.isCarriedOut = false
        cluster.tick()
        #expect(cluster.moves.count == 1, "its target takes one at a time")
        try arrive(cluster)
        cluster.tick()
        #expect(cluster.moves.map(\.domain) == [1, 2].map { domainID($0) })
    }

    /// The last move that was ordered has taken place.
    private func arrive(_ cluster: Cluster) throws {
        let move = try #require(cluster.moves.last)
        cluster.relocate(move.domain, to: move.target)
        cluster.state.actionSucceeded(move.decision, effectiveAt: cluster.now)
    }

    @Test("after a migration that failed it rests, and then goes on with the others first")
    func failed() {
        let cluster = draining(2)
        cluster.failsMigrations = ["host-b"]
        cluster.tick()
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
        cluster.failsMigrations = []
        cluster.tick(30)
        #expect(cluster.moves.map(\.domain) == [1, 2].map { domainID($0) }, "host-b is left out for the first one")
        #expect(cluster[2].host == "host-b")
        cluster.tick(360)
        #expect(cluster[1].host == "host-b")
    }

    @Test("an instance that starts in the middle goes on")
    func restarted() {
        let cluster = draining(3)
        cluster.tick()
        #expect(cluster.moves.count == 1)
        cluster.state = cluster.recalled()
        cluster.tick(2)
        #expect(cluster.moves.map(\.domain) == [1, 2, 3].map { domainID($0) })
        #expect(cluster.guests.allSatisfy { $0.host == "host-b" })
    }

    @Test("an instance that starts while a domain is on its way waits for it, and then goes on")
    func restartedOnItsWay() throws {
        let cluster = draining(2)
        cluster.isCarriedOut = false
        cluster.tick()
        let record = try #require(cluster.last(1))
        cluster.state = cluster.recalled()
        cluster.state.recallOperation(record, permit: UUID128(high: 7, low: 1), at: cluster.now)
        for resource in Resource.allCases {
            #expect(cluster.state.window(of: domainID(1), resource)?.countsFrom == .distantFuture)
        }
        cluster.tick(3)
        #expect(cluster.moves.count == 1)
        try arrive(cluster)
        cluster.tick()
        #expect(cluster.moves.map(\.domain) == [1, 2].map { domainID($0) })
    }

    @Test("what nobody knows the whereabouts of stays, until that is over")
    func settling() throws {
        let cluster = draining(1)
        cluster.isCarriedOut = false
        cluster.tick()
        let move = try #require(cluster.moves.first)
        cluster.state.actionUnknown(move.decision, at: cluster.now)
        cluster.state.located(UUID128(high: 1, low: 1), of: domainID(1), on: "host-b", at: cluster.now)
        #expect(Resource.allCases.allSatisfy { cluster.state.domains[domainID(1)]?[$0].lastChangeAt == at(2) })
        cluster.tick(12)
        #expect(cluster.moves.count == 1)
        #expect(cluster.last(1)?.obstacle?.kind == "rests-settling")
        cluster.tick()
        #expect(cluster.moves.count == 2)
        #expect(cluster.moves.last?.source == "host-a", "another decision's answer did not tell where it is")
    }

    @Test("at most sixteen domains are tried at a time, and the others are said to have no target")
    func attempts() throws {
        for free in [UInt64(16), 17] {
            let cluster = smallCluster(
                (1...17).map { guest($0, demand: 10_000, memory: 64) }, hosts: ["host-b", "host-a"]
            ) {
                $0.moves.hostBreachesNeeded = 1
            }
            for number in UInt64(1)...17 where number != free {
                cluster.subscribe(number, nil, options: PolicyOptions(pinnedHosts: ["host-a"]))
            }
            cluster.hosts[1].cpuBound = Utilization(percent: 1)
            cluster.refresh()
            cluster.tick()
            #expect(cluster.moves.map(\.domain) == (free == 16 ? [domainID(16)] : []))
            let plan = try #require(cluster.state.lastPlan(of: "host-a"))
            #expect(plan.options.prefix(15).allSatisfy { $0.obstacle == .tied(.pin(["host-a"])) })
            #expect(plan.options.last?.obstacle == (free == 16 ? nil : .noTarget))
        }
    }
}
