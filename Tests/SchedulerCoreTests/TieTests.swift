// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// Pins and groups: whom they bind, and what becomes of those that do not hold.
@Suite struct TieTests {
    private static let hosts: [HostID] = ["host-a", "host-b", "host-c"]
    private let apart = PolicyOptions(antiAffinityGroup: "db")
    private let together = PolicyOptions(affinityGroup: "web")

    /// One interval, in which the shell looks at everything as well.
    private func look(_ cluster: Cluster, _ count: Int = 1) {
        cluster.tick(count) { $0.state.evaluateAll(at: $0.now) }
    }

    private func request(_ number: UInt64, from source: HostID?) -> PlacementRequest {
        PlacementRequest(
            domain: domainID(number), source: source, vcpus: 1, memory: .mebibytes(64),
            demand: CPUDemand(ppmOfOneCore: 0))
    }

    @Test("a host that somebody names is spoken against by the domain's own pin and groups, and by nothing else")
    func objection() {
        let cluster = smallCluster((1...4).map { guest($0, $0 == 1 ? "host-a" : "host-b") }, hosts: Self.hosts)
        cluster.subscribe(2, nil, options: PolicyOptions(affinityGroup: "web", antiAffinityGroup: "db"))
        cluster.tick()
        let objection = { (options: PolicyOptions, host: HostID) -> String? in
            cluster.subscribe(1, nil, options: options)
            return cluster.state.objection(to: request(1, from: "host-a"), on: host, at: cluster.now)
        }
        let pinned = PolicyOptions(pinnedHosts: ["host-a", "host-c"])
        #expect(objection(pinned, "host-b") == "its pin to host-a, host-c excludes it")
        #expect(objection(pinned, "host-c") == nil)
        #expect(objection(apart, "host-b") == "1 of its anti-affinity group 'db' are on it")
        #expect(objection(apart, "host-c") == nil)
        #expect(objection(together, "host-c") == "its affinity group 'web' is on another host")
        #expect(objection(together, "host-b") == nil)
        cluster.drain("host-b")
        #expect(objection(PolicyOptions(), "host-b") == nil, "what people name is not judged by its room or mode here")
        let new = cluster.state.objection(
            to: request(9, from: nil), on: "host-b", options: apart, of: "acme", at: cluster.now)
        #expect(new == "1 of its anti-affinity group 'db' are on it")
    }

    @Test("a group is its tenant's own: another tenant's of the same name holds nobody off")
    func tenants() {
        let cluster = smallCluster(
            [guest(1), guest(2) { $0.tenant = "zeta" }, guest(3, "host-b")], hosts: Self.hosts)
        for number in UInt64(1)...3 { cluster.subscribe(number, nil, options: apart) }
        cluster.tick()
        #expect(cluster.state.brokenTies(at: cluster.now).isEmpty)
        #expect(cluster.state.objection(to: request(2, from: "host-a"), on: "host-b", at: cluster.now) == nil)
        #expect(cluster.state.objection(to: request(1, from: "host-a"), on: "host-b", at: cluster.now) != nil)
        for (tenant, isFree) in [("acme", false), ("zeta", true)] as [(TenantID, Bool)] {
            let placement = cluster.state.placement(
                for: request(9, from: nil), options: apart, of: tenant, at: cluster.now)
            #expect((placement.candidates[1].rejection == nil) == isFree)
        }
        cluster.state.placed(domainID(8), of: "zeta", on: "host-c", options: apart, at: cluster.now)
        #expect(cluster.state.objection(to: request(2, from: "host-a"), on: "host-c", at: cluster.now) != nil)
        #expect(cluster.state.objection(to: request(1, from: "host-a"), on: "host-c", at: cluster.now) == nil)
    }

    @Test("a move that somebody ordered of Ebb is recorded as such, and rests only the VM")
    func ordered() throws {
        let cluster = smallCluster([guest(1), guest(2)])
        cluster.tick(2)
        cluster.state.ordered(OrderedMove(domain: domainID(1), target: "host-b", until: at(3)))
        cluster.relocate(domainID(1), to: "host-b")
        cluster.refresh()
        cluster.tick()
        #expect(!cluster.reasons(1).contains(.foreignMove))
        let record = try #require(cluster.records.first { $0.outcome.reason == .orderedMove })
        #expect(record.summary.hasPrefix("nothing: it was moved from host-a to host-b by order, so it rests until"))
        #expect(cluster.state.hosts.values.allSatisfy { $0.reliefRestsUntil == nil })
        let rest = try #require(cluster.state.domains[domainID(1)]?.rest)
        #expect(rest.cause == .moved)
        #expect(rest.until == at(3).advanced(byNanoseconds: cluster.state.settings.moves.budget.restNanoseconds))
        let recalled = cluster.recalled()
        #expect(recalled.domains[domainID(1)]?.rest.cause == .moved)
        #expect(recalled.hosts.values.allSatisfy { $0.reliefRestsUntil == nil })
    }

    @Test("several moves that were ordered one after another are nobody else's, whichever arrival is seen")
    func severalOrders() {
        let cluster = smallCluster([guest(1), guest(2)])
        cluster.tick(2)
        for target in ["host-b", "host-a", "host-b"] as [HostID] {
            cluster.state.ordered(OrderedMove(domain: domainID(1), target: target, until: at(9)))
        }
        // The next has been ordered already when the first is seen.
        cluster.state.ordered(OrderedMove(domain: domainID(1), target: "host-a", until: at(10)))
        cluster.relocate(domainID(1), to: "host-b")
        cluster.tick()
        cluster.relocate(domainID(1), to: "host-a")
        cluster.tick()
        #expect(!cluster.reasons(1).contains(.foreignMove))
        #expect(cluster.state.hosts.values.allSatisfy { $0.reliefRestsUntil == nil })
        cluster.relocate(domainID(1), to: "host-b")
        cluster.tick()
        #expect(cluster.reasons(1).contains(.foreignMove), "nobody ordered that one")
    }

    @Test("an arrival elsewhere than ordered, or long after, is somebody else's doing", arguments: [true, false])
    func notOrdered(isLate: Bool) {
        let cluster = smallCluster([guest(1), guest(2)], hosts: Self.hosts)
        cluster.tick(2)
        cluster.state.ordered(
            OrderedMove(domain: domainID(1), target: isLate ? "host-b" : "host-c", until: at(isLate ? 2 : 9)))
        cluster.relocate(domainID(1), to: "host-b")
        cluster.tick()
        #expect(cluster.reasons(1).contains(.foreignMove))
    }

    @Test("an order that the inventory lists is known as one that was heard of")
    func listedOrder() {
        let cluster = smallCluster([guest(1), guest(2)])
        cluster.tick(2)
        var inventory = cluster.inventory
        inventory.orders = [OrderedMove(domain: domainID(1), target: "host-b", until: at(9))]
        cluster.state.inventoryChanged(inventory)
        cluster.relocate(domainID(1), to: "host-b")
        cluster.tick()
        #expect(cluster.reasons(1).contains(.orderedMove))
    }

    @Test("two of an anti-affinity group that share a host are listed and explained, and one of them moves")
    func antiAffinity() throws {
        let cluster = smallCluster([guest(1, demand: 100_000), guest(2, demand: 100_000)])
        cluster.tick()
        for number in UInt64(1)...2 { cluster.subscribe(number, nil, options: apart) }
        #expect(cluster.state.brokenTies(at: cluster.now).map(\.domain) == [1, 2].map { domainID($0) })
        let text = try #require(cluster.state.explain(domainID(2), at: cluster.now)?.text)
        #expect(text.contains("its anti-affinity group 'db' does not hold on host-a"))
        look(cluster)
        #expect(cluster.moves.map(\.domain) == [domainID(1)], "the second is apart as soon as the first goes")
        #expect(cluster.last(1)?.outcome.reason == .brokenTie)
        #expect(
            cluster.last(1)?.summary
                == "migrate from host-a to host-b: its anti-affinity group 'db' does not hold on host-a")
        look(cluster, 20)
        #expect(cluster.moves.count == 1)
        #expect(cluster.state.brokenTies(at: cluster.now).isEmpty)
    }

    @Test("of two that must be apart one moves, also where both could")
    func movesOne() {
        let cluster = smallCluster(
            [guest(1, demand: 100_000), guest(2, demand: 100_000)], hosts: Self.hosts
        ) { settings in
            (settings.moves.budget.inPerHost, settings.moves.budget.outPerHost) = (4, 4)
            settings.moves.budget.perCluster = 4
        }
        cluster.tick()
        for number in UInt64(1)...2 { cluster.subscribe(number, nil, options: apart) }
        look(cluster)
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
    }

    @Test("the fewer of an affinity group go to where the most are")
    func affinity() {
        let cluster = smallCluster(
            [
                guest(1, "host-c", demand: 100_000), guest(2, "host-b", demand: 100_000),
                guest(3, "host-b", demand: 100_000), guest(4, demand: 100_000),
            ], hosts: Self.hosts)
        cluster.tick()
        for number in UInt64(1)...4 { cluster.subscribe(number, nil, options: together) }
        look(cluster, 30)
        #expect(cluster.guests.allSatisfy { $0.host == "host-b" })
        #expect(cluster.moves.map(\.domain) == [1, 4].map { domainID($0) })
    }

    @Test("of two halves the one on the lower host stays")
    func halves() {
        let cluster = smallCluster([guest(1, "host-b", demand: 100_000), guest(2, demand: 100_000)])
        cluster.tick()
        for number in UInt64(1)...2 { cluster.subscribe(number, nil, options: together) }
        look(cluster, 30)
        #expect(cluster.moves.map(\.domain) == [domainID(1)])
        #expect(cluster.moves.map(\.target) == ["host-a"])
    }

    @Test("a host that is being emptied, or is gone, draws nobody to it")
    func noHome() {
        let cluster = smallCluster([guest(1), guest(2, "host-b"), guest(3, "host-b")])
        cluster.tick()
        for number in UInt64(1)...3 { cluster.subscribe(number, nil, options: together) }
        #expect(cluster.state.brokenTies(at: cluster.now).map(\.domain) == [domainID(1)])
        cluster.hosts[1].isUp = false
        cluster.refresh()
        #expect(cluster.state.brokenTies(at: cluster.now).map(\.domain) == [2, 3].map { domainID($0) })
        cluster.hosts[1].isUp = true
        cluster.drain("host-b")
        #expect(cluster.state.brokenTies(at: cluster.now).map(\.domain) == [2, 3].map { domainID($0) })
    }

    @Test("a VM that is not on a host that it is pinned to goes there, and says why it can't where it can't")
    func pin() throws {
        let cluster = smallCluster([guest(1, demand: 100_000), guest(2, demand: 100_000)], hosts: Self.hosts)
        cluster.tick()
        cluster[2].immovable = "it has a device of its host"
        cluster.refresh()
        for number in UInt64(1)...2 {
            cluster.subscribe(number, nil, options: PolicyOptions(pinnedHosts: ["host-c"]))
        }
        look(cluster)
        #expect(cluster.moves.map(\.target) == ["host-c"])
        look(cluster, 30)
        let why = "not moved: its pin to host-c does not hold on host-a, but it has a device of its host"
        #expect(cluster.last(2)?.summary == why)
        #expect(cluster.moves.count == 1)
    }

    @Test("what is broken is mended within the budgets, once in a pause, and not in a blackout")
    func bounds() {
        let cluster = smallCluster((1...4).map { guest($0, demand: 50_000) }) { settings in
            (settings.moves.budget.inPerHost, settings.moves.budget.perCluster) = (4, 4)
            settings.moves.budget.outPerHost = 1
        }
        cluster.tick()
        for number in UInt64(1)...4 {
            cluster.subscribe(number, nil, options: PolicyOptions(pinnedHosts: ["host-b"]))
        }
        look(cluster)
        #expect(cluster.moves.count == 1)
        look(cluster, 11)
        #expect(cluster.moves.count == 1, "the pause is a minute")
        look(cluster)
        #expect(cluster.moves.count == 2)
        cluster.state.settingsChanged(
            {
                var settings = cluster.state.settings
                settings.blackouts = [Blackout(startSecond: 0, lengthSeconds: 86_400)]
                return settings
            }())
        look(cluster, 20)
        #expect(cluster.moves.count == 2)
    }

    @Test("a drain names the pin or the group that keeps a VM")
    func drain() {
        for (options, words) in [
            (PolicyOptions(pinnedHosts: ["host-a"]), "its pin to host-a"), (apart, "its anti-affinity group 'db'"),
        ] {
            let cluster = smallCluster([guest(1, demand: 100_000), guest(2, "host-b", demand: 100_000)])
            cluster.tick()
            cluster.subscribe(1, nil, options: options)
            cluster.subscribe(2, nil, options: apart)
            cluster.drain("host-a")
            cluster.tick()
            #expect(cluster.last(1)?.summary == "not moved: host-a is being drained, but \(words) keeps it there")
        }
        let full = smallCluster([guest(1, demand: 100_000, memory: 4_096), guest(2, "host-b", memory: 6_144)])
        full.tick()
        full.subscribe(1, nil, options: PolicyOptions(pinnedHosts: ["host-a"]))
        full.drain("host-a")
        full.tick()
        #expect(full.last(1)?.obstacle == .noTarget, "without its pin it would have no place either")
    }
}
