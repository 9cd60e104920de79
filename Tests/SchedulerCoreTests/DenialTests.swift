// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// What becomes of a decision whose permit is denied, comes twice, or does not come.
@Suite struct DenialTests {
    /// Host-a is overloaded; host-b is empty, and host-c so busy that a move there would improve little.
    private func overloaded() -> Cluster {
        smallCluster(
            (1...4).map { guest($0, memory: 512) }
                + (5...6).map { guest($0, "host-c", demand: 1_200_000, memory: 512) },
            hosts: ["host-a", "host-b", "host-c"]
        ) { $0.moves.minimumImprovement = Utilization(percent: 30) }
    }

    @Test("after the best target of a relief has denied, the next one must improve the balance enough as well")
    func reliefStaysUseful() throws {
        let cluster = overloaded()
        for number in UInt64(5)...6 { cluster[number].vcpus = 2 }
        cluster.refresh()
        cluster.closedHosts = ["host-b"]
        cluster.tick(9)
        #expect(cluster.moves.isEmpty)
        let record = try #require(cluster.records.last { $0.move != nil })
        #expect(record.denials.map(\.host) == ["host-b"])
        #expect(record.obstacle?.kind == "no-improvement")
        #expect(cluster.state.queue(of: "host-a").isEmpty, "who was to move waits for no room to grow")
    }

    @Test("a relief goes to the next target where that helps too, by that one's own improvement")
    func reliefGoesOn() throws {
        let cluster = smallCluster(
            (1...4).map { guest($0, memory: 512) } + [guest(5, "host-c", demand: 800_000, memory: 512)],
            hosts: ["host-a", "host-b", "host-c"])
        cluster.closedHosts = ["host-b"]
        cluster.tick(8)
        #expect(cluster.moves.map(\.target) == ["host-c"])
        let record = try #require(cluster.records.last { $0.outcome.verdict == .migrate })
        #expect(record.denials.map(\.host) == ["host-b"])
        #expect(record.verify() == nil)
    }

    @Test("each step of a decision has its own time until its end is taken for unknown")
    func deadlines() throws {
        let rig = Rig(policy: try policy(), hosts: ["host-a", "host-b"])
        rig.observeEmpty("host-b", 7, cpu: 10)
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        let request = try #require(rig.directives(7).first?.permitRequest)
        let timeout = rig.state.settings.outcomeTimeout / interval
        let deadline = { (t: Int64) in rig.allDirectives(t).last == .wakeUp(at: at(t + timeout)) }
        #expect(deadline(7))
        rig.state.permitDenied(request.decision, host: "host-a", reason: "full", at: at(8))
        #expect(deadline(8))
        rig.state.permitGranted(request.decision, permit: UUID128(high: 0, low: 1), at: at(9))
        #expect(deadline(9))
        rig.state.actionStarted(request.decision, at: at(10))
        #expect(deadline(10))
        #expect(rig.state.operation(of: rig.domain)?.isStarted == true)
        rig.state.actionSucceeded(request.decision, effectiveAt: at(11))
        #expect(deadline(11))
        #expect(rig.state.operation(of: rig.domain)?.isStarted == false, "the growth after the move is to come")
    }

    @Test("a drain goes on to the next target, whatever that does to the balance")
    func drainGoesOn() {
        let cluster = overloaded()
        for number in UInt64(1)...4 { cluster[number].demand = 100_000 }
        for number in UInt64(5)...6 { cluster[number].vcpus = 2 }
        cluster.refresh()
        cluster.closedHosts = ["host-b"]
        cluster.tick()
        cluster.drain("host-a")
        cluster.tick()
        #expect(cluster.moves.map(\.target) == ["host-c"])
    }

    @Test("a second answer about a step that has begun changes nothing, and its permit is given back")
    func secondAnswer() throws {
        let rig = Rig(policy: try policy())
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        let request = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitGranted(request.decision, permit: UUID128(high: 0, low: 1), at: at(7))
        _ = rig.directives(7)
        let begun = rig.state.operation(of: rig.domain)
        rig.state.permitDenied(request.decision, host: "host-a", reason: "full", at: at(8))
        rig.state.permitGranted(request.decision, permit: UUID128(high: 0, low: 2), at: at(8))
        #expect(rig.directives(8) == [.releasePermit(UUID128(high: 0, low: 2))])
        #expect(rig.state.operation(of: rig.domain) == begun)
    }

    @Test("a request for room that nobody answers ends as denied, and the domain is not taken for changed")
    func noAnswer() throws {
        let rig = Rig(settings: .platform, policy: try policy())
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        _ = rig.directives(7)
        let timeout = rig.state.settings.outcomeTimeout / interval
        #expect(rig.directives(6 + timeout).isEmpty)
        #expect(rig.directives(7 + timeout).isEmpty)
        let record = try #require(rig.records.last)
        #expect((record.outcome.reason, record.denials.map(\.reason)) == (.noRoom, ["no answer in time"]))
        #expect(rig.state.explain(rig.domain, at: at(7 + timeout))?.inputs.settlingUntil == nil)
    }

    @Test("what was recalled of a VM that is gone leaves nothing behind")
    func gone() throws {
        let cluster = smallCluster((1...4).map { guest($0) })
        cluster.tick(9)
        let records = cluster.records.filter { $0.outcome.host != nil }
        #expect(!records.isEmpty)
        var state = SchedulerState(settings: cluster.state.settings)
        state.inventoryChanged(Inventory(hosts: cluster.hosts, domains: []))
        let empty = state
        for record in records {
            state.recallDecision(record, ended: .failed(at: cluster.now))
            state.recallOperation(record, permit: nil, at: cluster.now)
        }
        #expect(state == empty)
    }

    @Test("a recalled decision that was only recorded counts as no change")
    func recalledDry() {
        let cluster = smallCluster((1...4).map { guest($0) }) { $0.isDryRun = true }
        cluster.tick(9)
        #expect(cluster.records.contains { $0.outcome.host != nil })
        #expect(cluster.recalled().guardian == FreezeGuardian())
    }

    @Test("a refusal that is repeated is recorded once, an action each time")
    func repeated() throws {
        let rig = Rig(policy: try policy(ratio: 1))
        for t in Int64(1)...3 {
            rig.observe(t, percent: 90)
            let request = try #require(rig.directives(t).first?.permitRequest)
            rig.state.permitDenied(request.decision, host: request.host, reason: "full", at: at(t))
            #expect(rig.directives(t).isEmpty)
        }
        #expect(rig.records.map(\.outcome.reason) == [.noRoom])
        for t in Int64(4)...5 {
            rig.observe(t, percent: 200)
            #expect(rig.perform(t, effectiveAt: at(t)) != nil)
        }
        #expect(rig.records.map(\.outcome.target) == [nil, 3, 4])
    }

    @Test("a host that a domain has come to takes no other before it is measured with it")
    func unmeasured() throws {
        let cluster = smallCluster((1...2).map { guest($0, demand: 100_000) })
        cluster.tick()
        cluster.drain("host-a")
        cluster.tick(2)
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
        let rejection = try #require(cluster.last(2)?.placement).candidates.last?.rejection
        #expect(rejection?.code == .unmeasured)
    }

    @Test("a relief whose first target denies goes elsewhere, and sends no neighbour in its place")
    func reliefIsNoGrowth() {
        let cluster = smallCluster(
            (1...4).map { guest($0, demand: 200_000, memory: 1_900) }, hosts: ["host-a", "host-b", "host-c"]
        ) { $0.moves.budget.outPerHost = 2 }
        cluster.hosts[0].memoryBound = Utilization(percent: 90)
        cluster.refresh()
        cluster.closedHosts = ["host-b"]
        cluster.tick(8)
        #expect(cluster.moves.map(\.target) == ["host-c"])
        #expect(cluster.records.compactMap(\.move?.cause) == [.relief])
    }

    @Test("a size that could not be changed keeps the samples of the others; a move that failed begins all anew")
    func reopened() throws {
        let amounts = try ResourceRule(
            lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
        let cluster = smallCluster([guest(1)])
        cluster.isCarriedOut = false
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4, memory: amounts))
        cluster.tick(3)
        cluster.state.actionFailed(try #require(cluster.last(1)).id, at: cluster.now)
        #expect(cluster.state.window(of: domainID(1), .memory)?.samples.count == 3)
        #expect(cluster.state.window(of: domainID(1))?.samples.isEmpty == true)
        cluster.drain("host-a")
        cluster.tick()
        let move = try #require(cluster.moves.first)
        #expect(cluster.state.window(of: domainID(1), .memory)?.countsFrom == .distantFuture)
        cluster.state.actionFailed(move.decision, at: cluster.now)
        for resource in Resource.allCases {
            #expect(cluster.state.window(of: domainID(1), resource)?.countsFrom == cluster.now)
        }
    }

    @Test("of two steps the first is known: when the second's end is not, the new host alone is asked")
    func secondStepUnknown() throws {
        let rig = Rig(policy: try policy(), hosts: ["host-a", "host-b"])
        rig.observeEmpty("host-b", 7, cpu: 10)
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        let own = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitDenied(own.decision, host: "host-a", reason: "full", at: at(7))
        _ = rig.directives(7)
        rig.state.permitGranted(own.decision, permit: UUID128(high: 0, low: 5), at: at(7))
        rig.state.actionSucceeded(own.decision, effectiveAt: at(8))
        _ = rig.directives(8)
        rig.state.actionUnknown(own.decision, at: at(9))
        let locate = LocateDirective(decision: own.decision, domain: rig.domain, hosts: ["host-b"])
        #expect(rig.directives(9) == [.locate(locate)])
        #expect(rig.state.domains[rig.domain]?.lastMove?.endedAt == at(8))
    }
}
