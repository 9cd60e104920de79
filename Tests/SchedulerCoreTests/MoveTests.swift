// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

@Suite struct MoveTests {
    @Test("an overloaded host is relieved of the cheapest VM whose leaving is enough, without any policy")
    func relief() throws {
        let cluster = smallCluster([
            guest(1, memory: 3_072), guest(2, memory: 512), guest(3, memory: 1_024), guest(4, memory: 1_024),
            guest(5, demand: 50_000, memory: 64),
        ])
        cluster.tick(7)
        #expect(cluster.moves.isEmpty)
        cluster.tick()
        let move = try #require(cluster.moves.first)
        #expect((move.domain, move.source, move.target) == (domainID(2), "host-a", "host-b"))
        let record = try #require(cluster.records.last { $0.move != nil })
        #expect((record.outcome.verdict, record.outcome.reason) == (.migrate, .hostOverload))
        #expect(record.summary == "migrate from host-a to host-b: host-a has been above its bound")
        #expect(record.verify() == nil)
        let improvement = try #require(record.move?.improvement)
        #expect(improvement.after < improvement.before)
        #expect(record.explain().contains("chosen"))
    }

    @Test("steal counts as overload of the host, although its own figure is within the bound")
    func steal() {
        let guests = (1...4).map { number in
            guest(UInt64(number), demand: 800_000) { $0.steal = Utilization(percent: 10) }
        }
        let cluster = smallCluster(guests)
        cluster.tick(8)
        #expect(cluster.moves.count == 1)
        let calm = smallCluster((1...4).map { guest(UInt64($0), demand: 800_000) })
        calm.tick(20)
        #expect(calm.moves.isEmpty)
    }

    @Test("after a move both hosts are measured anew before the next")
    func remeasured() {
        let cluster = smallCluster((1...8).map { guest(UInt64($0), memory: 512) }) {
            $0.moves.budget.restNanoseconds = 0
        }
        var ticks: [Int64] = []
        cluster.tick(40) { cluster in if cluster.moves.count > ticks.count { ticks.append(cluster.time) } }
        #expect(ticks.count >= 2)
        for (first, second) in zip(ticks, ticks.dropFirst()) { #expect(second - first >= 8, "a full M of samples") }
    }

    @Test("hosts that are equally overloaded exchange nothing: a move must lower the objective")
    func symmetric() {
        let cluster = smallCluster(
            (1...4).map { guest(UInt64($0)) } + (5...8).map { guest(UInt64($0), "host-b") })
        cluster.tick(60)
        #expect(cluster.moves.isEmpty)
        #expect(cluster.records.contains { $0.obstacle == .noTarget })
    }

    @Test("a move that improves too little is not made, and says by how much")
    func tooLittle() {
        let guests = [guest(1, demand: 100_000)] + (2...5).map { guest(UInt64($0), demand: 900_000) }
        let others = (6...8).map { guest(UInt64($0), "host-b", demand: 1_000_000) }
        let cluster = smallCluster(guests + others) { $0.moves.minimumImprovement = Utilization(percent: 40) }
        cluster.tick(12)
        #expect(cluster.moves.isEmpty)
        let plan = cluster.records.last { $0.move != nil }
        #expect(plan?.outcome.reason == .cannotMove)
        #expect(plan?.verify() == nil)
    }

    @Test("budgets: one at a time from a host and to a host, two in the cluster")
    func budgets() {
        let hosts: [HostID] = ["host-a", "host-b", "host-c", "host-d", "host-e"]
        var guests: [Cluster.Guest] = []
        for (offset, host) in hosts.prefix(3).enumerated() {
            guests += (1...5).map { guest(UInt64(offset * 10 + $0), host, memory: 512) }
        }
        let cluster = smallCluster(guests, hosts: hosts)
        cluster.isCarriedOut = false
        cluster.tick(30)
        #expect(cluster.moves.count == 2)
        #expect(Set(cluster.moves.map(\.source)).count == 2)
        #expect(Set(cluster.moves.map(\.target)).count == 2)
    }

    @Test("a VM that has moved rests for its time, and another goes instead")
    func rest() {
        let cluster = smallCluster([guest(1, memory: 256), guest(2), guest(3), guest(4), guest(5)])
        cluster.tick(9)
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
        cluster[1].host = "host-a"
        cluster.tick(1)
        cluster.tick(40)
        #expect(cluster.moves.count { $0.domain == domainID(1) } == 1)
    }

    @Test("a migration that failed is recorded, backs off, and goes elsewhere next time")
    func failure() throws {
        let cluster = smallCluster(
            [guest(1, memory: 256), guest(2, memory: 2_048), guest(3, memory: 2_048), guest(4, memory: 2_048)],
            hosts: ["host-a", "host-b", "host-c"]
        ) { $0.moves.backoffNanoseconds = 60 * second }
        for number in UInt64(2)...4 { cluster[number].isManaged = false }
        cluster.refresh()
        cluster.failsMigrations = ["host-b"]
        cluster.tick(8)
        #expect(cluster.moves.map(\.target) == ["host-b"])
        cluster.tick(11)
        #expect(cluster.moves.count == 1, "it backs off")
        cluster.tick(10)
        #expect(cluster.moves.map(\.target) == ["host-b", "host-c"])
        let record = try #require(cluster.records.last { $0.outcome.verdict == .migrate })
        let rejected = record.placement?.candidates.first { $0.facts.record.host == "host-b" }
        #expect(rejected?.rejection?.code == .failedBefore)
        #expect(record.verify() == nil)
    }

    @Test("when nobody knows whether a migration took place, both hosts are asked, and their answer ends the rest")
    func unknown() throws {
        let cluster = smallCluster((1...4).map { guest(UInt64($0), memory: 512) })
        cluster.isCarriedOut = false
        cluster.tick(8)
        let move = try #require(cluster.moves.first)
        cluster.state.actionUnknown(move.decision, at: cluster.now)
        cluster.perform()
        #expect(cluster.locates.map(\.hosts) == [["host-a", "host-b"]])
        #expect(cluster.state.explain(move.domain, at: cluster.now)?.inputs.settlingUntil != nil)
        cluster.state.located(move.decision, of: move.domain, on: "host-b", at: cluster.now)
        let explanation = try #require(cluster.state.explain(move.domain, at: cluster.now))
        #expect(explanation.inputs.host == "host-b")
        #expect(explanation.inputs.settlingUntil == nil)
    }

    @Test("a move that nobody ordered is recorded, and Ebb leaves the VM and both hosts alone: no tug-of-war")
    func foreign() throws {
        let cluster = smallCluster((1...4).map { guest(UInt64($0), "host-b", demand: 900_000) })
        cluster.tick(5)
        for number in UInt64(1)...4 { cluster.relocate(domainID(number), to: "host-a") }
        for number in UInt64(1)...4 { cluster[number].demand = 1_000_000 }
        cluster.tick(60)
        #expect(cluster.moves.isEmpty)
        #expect(cluster.reasons(1).contains(.foreignMove))
        let record = try #require(cluster.records.first { $0.outcome.reason == .foreignMove })
        #expect(record.summary.hasPrefix("nothing: somebody else moved it from host-b to host-a"))
        #expect(record.verify() == nil)
        #expect(cluster.state.explain(domainID(1), at: cluster.now)?.text.contains("somebody else moved it") == true)
    }

    @Test("a host that is drained is emptied one by one; what can't move is named with its reason and stops nobody")
    func drain() throws {
        let cluster = smallCluster([
            guest(1, demand: 100_000), guest(2, demand: 100_000),
            guest(3) { $0.immovable = "it has a device of its host" },
            guest(4) { $0.isManaged = false }, guest(5) { $0.isRunning = false },
        ])
        cluster.subscribe(2, nil, options: PolicyOptions(isOptedOut: true))
        cluster.tick()
        cluster.hosts[0].mode = .draining
        cluster.refresh()
        cluster.tick(30)
        #expect(cluster.moves.map(\.domain) == [5, 1].map { domainID($0) }, "what is off costs nothing and goes first")
        let refused = cluster.records.filter { $0.outcome.reason == .cannotMove }
            .sorted { $0.inputs.domain < $1.inputs.domain }
        #expect(refused.map(\.inputs.domain) == [2, 3, 4].map { domainID($0) }, "each is recorded once")
        #expect(
            refused.map { $0.obstacle.map(Sentences.text) } == [
                "its owner has it left alone", "it has a device of its host", "Ebb does not manage it",
            ])
        #expect(cluster.records.allSatisfy { $0.verify() == nil })
    }

    @Test("a drain of many ends with an empty host, and never pushes a target over its bound")
    func drainMany() {
        let cluster = smallCluster(
            (1...6).map { guest(UInt64($0), demand: 300_000, memory: 256) }, hosts: ["host-a", "host-b", "host-c"])
        cluster.hosts[0].mode = .draining
        cluster.refresh()
        cluster.tick(60)
        #expect(cluster.guests.allSatisfy { $0.host != "host-a" })
        #expect(Set(cluster.guests.map(\.host)) == ["host-b", "host-c"])
    }

    @Test("pins, affinity and anti-affinity are hard filters")
    func constraints() throws {
        let hosts: [HostID] = ["host-a", "host-b", "host-c"]
        let cluster = smallCluster([guest(1), guest(2, "host-b"), guest(3, "host-c")], hosts: hosts)
        cluster.tick()
        let request = PlacementRequest(
            domain: domainID(9), source: nil, vcpus: 1, memory: .mebibytes(64),
            demand: CPUDemand(ppmOfOneCore: 100_000))
        let place = { (options: PolicyOptions) in
            cluster.state.placement(for: request, options: options, of: "acme", at: cluster.now)
        }
        let pinned = place(PolicyOptions(pinnedHosts: ["host-c"]))
        #expect(pinned.chosen == "host-c")
        #expect(pinned.candidates[0].rejection?.code == .notPinned)
        cluster.subscribe(2, nil, options: PolicyOptions(affinityGroup: "web", antiAffinityGroup: "db"))
        #expect(place(PolicyOptions(affinityGroup: "web")).chosen == "host-b")
        #expect(place(PolicyOptions(affinityGroup: "web")).candidates[2].rejection?.code == .affinity)
        #expect(place(PolicyOptions(affinityGroup: "new")).chosen != nil, "the first of a group may go anywhere")
        let apart = place(PolicyOptions(antiAffinityGroup: "db"))
        #expect(apart.candidates[1].rejection?.code == .antiAffinity)
        #expect(apart.chosen != "host-b")
        #expect(apart.repeated() == apart)
    }

    @Test("a neighbour that costs far less moves away, and the VM grows where it is")
    func neighbour() throws {
        let cluster = smallCluster([
            guest(1, memory: 4_096) {
                $0.vcpus = 4; $0.demand = 4_000_000
            },
            guest(2, demand: 100_000, memory: 128) { $0.vcpus = 4 },
        ])
        cluster.strictHosts = ["host-a", "host-b"]
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 8))
        cluster.tick(3)
        #expect(cluster.moves.map(\.domain) == [domainID(2)])
        #expect(cluster.moves.first?.target == "host-b")
        let record = try #require(cluster.records.last { $0.move != nil })
        #expect(record.outcome.reason == .makesRoom)
        #expect(cluster.reasons(1).last == .noRoom)
        #expect(cluster.last(1)?.summary.contains("moves away first, which makes the room") == true)
        cluster.tick(2)
        #expect((cluster[1].vcpus, cluster[1].host) == (5, "host-a"))
        #expect(cluster.records.allSatisfy { $0.verify() == nil })
    }

    @Test("without a cheap neighbour the VM itself moves and grows")
    func itself() throws {
        let cluster = smallCluster([
            guest(1) {
                $0.vcpus = 4; $0.demand = 4_000_000
            }, guest(2, demand: 3_000_000) { $0.vcpus = 4 },
        ]) { $0.moves.hostBreachesNeeded = 12 }
        cluster.strictHosts = ["host-a", "host-b"]
        cluster.hosts[1].cpuCount = 16
        cluster.refresh()
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 8))
        cluster.tick(4)
        #expect((cluster[1].vcpus, cluster[1].host) == (5, "host-b"))
    }

    @Test("a plan whose order, choice, improvement or demand for it was changed is not taken for one that was made so")
    func changedPlan() throws {
        let cluster = smallCluster([guest(1, memory: 512), guest(2), guest(3, memory: 2_048), guest(4)])
        cluster.tick(8)
        let record = try #require(cluster.records.last { $0.move != nil })
        let plan = try #require(record.move)
        #expect(plan.isConsistent(with: record.placement))
        var changed = [MovePlan](repeating: plan, count: 3)
        changed[0].options.swapAt(1, 3)
        changed[1].chosen = plan.options.last?.domain
        changed[2].improvement = nil
        changed.append(
            MovePlan(
                cause: plan.cause, source: plan.source, need: plan.need, minimumImprovement: .full,
                options: plan.options, chosen: plan.chosen, improvement: plan.improvement))
        #expect(changed.map { $0.isConsistent(with: record.placement) } == [false, false, false, false])
    }

    @Test("where no VM's leaving is enough, the one goes first that relieves most for what it costs")
    func reliefForCost() {
        let options = [(1, 100, 100_000), (2, 200, 500_000)].map { number, memory, demand in
            MoveOption(
                domain: domainID(number), vcpus: 1, memory: .mebibytes(memory),
                demand: CPUDemand(ppmOfOneCore: demand), obstacle: nil)
        }
        let need = MoveNeed(cpu: 1_000_000, memory: 0, vcpus: 0)
        #expect(MovePlan.ranked(options, need: need).map(\.domain) == [2, 1].map { domainID($0) })
    }
}
