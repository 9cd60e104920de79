// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// Growths that find no room wait in order.
@Suite struct QueueTests {
    /// One host with eight sellable vCPUs, all taken: 1 to 3 want more, 4 can give.
    private func full(weights: [(TenantID, Int)] = []) throws -> Cluster {
        var settings = SchedulerSettings.platform
        for (tenant, weight) in weights { settings.tenantWeights[tenant] = weight }
        let guests = (1...4).map { number in
            Cluster.Guest(
                id: domainID(UInt64(number)), host: "host-a", vcpus: 2, demand: number == 4 ? 1_000_000 : 900_000,
                memory: .mebibytes(256), memoryUsed: .mebibytes(128), tenant: TenantID(trusted: "tenant-\(number)"))
        }
        let cluster = Cluster([hostRecord("host-a")], guests, settings: settings)
        cluster.strictHosts = ["host-a"]
        for number in UInt64(1)...4 { cluster.subscribe(number, try PolicyPreset.balanced.policy(maximumVCPUs: 8)) }
        return cluster
    }

    private func want(_ cluster: Cluster, _ number: UInt64) { cluster[number].demand = 1_900_000 }
    private func order(_ cluster: Cluster) -> [DomainID] { cluster.state.queue(of: "host-a").map(\.domain) }

    @Test("by age, where the tenants weigh the same; the oldest gets the first room, and nobody overtakes it")
    func age() throws {
        let cluster = try full()
        cluster.tick(30) { cluster in
            if cluster.time == 1 { want(cluster, 2) }
            if cluster.time == 3 { want(cluster, 3) }
            if cluster.time == 5 { want(cluster, 1) }
        }
        #expect(order(cluster) == [2, 3, 1].map { domainID($0) })
        #expect(cluster.state.queuePlace(of: domainID(3), at: cluster.now).first?.ahead == 1)
        #expect(cluster.reasons(2).contains(.noRoom))
        #expect(cluster.reasons(3).last == .queued)
        #expect(cluster.last(3)?.summary.hasSuffix("1 others on its host wait for room with more right") == true)
        cluster[4].demand = 100_000
        cluster.tick(16)
        #expect(cluster[4].vcpus == 1)
        #expect((cluster[2].vcpus, cluster[3].vcpus, cluster[1].vcpus) == (3, 2, 2))
        #expect(order(cluster) == [3, 1].map { domainID($0) })
        #expect(cluster.recalled().queue(of: "host-a").map(\.domain) == order(cluster))
        #expect(cluster.records.allSatisfy { $0.verify() == nil })
    }

    @Test("a heavier tenant goes before an older growth")
    func weight() throws {
        let cluster = try full(weights: [("tenant-3", 200)])
        cluster.tick(30) { cluster in
            if cluster.time == 1 { want(cluster, 2) }
            if cluster.time == 8 { want(cluster, 3) }
        }
        #expect(order(cluster) == [3, 2].map { domainID($0) })
        cluster[4].demand = 100_000
        cluster.tick(16)
        #expect((cluster[3].vcpus, cluster[2].vcpus) == (3, 2))
    }

    @Test("who wants no more leaves the queue, and its record says so: that ends the time that was denied")
    func leaving() throws {
        let cluster = try full()
        want(cluster, 2)
        cluster.tick(12)
        #expect(order(cluster) == [domainID(2)])
        cluster[2].demand = 900_000
        cluster.tick(6)
        #expect(order(cluster).isEmpty)
        #expect(cluster.reasons(2).suffix(2) == [.noRoom, .tooFewBreaches])
    }

    @Test("a waiting VM whose samples have stopped holds nobody up")
    func silent() throws {
        let cluster = try full()
        want(cluster, 2)
        cluster.tick(12)
        want(cluster, 3)
        let index = cluster.index(of: domainID(2))
        let gone = cluster.guests.remove(at: index)
        cluster.tick(12)
        cluster[4].demand = 100_000
        cluster.tick(24)
        #expect(cluster[3].vcpus == 3)
        #expect(gone.vcpus == 2)
    }

    @Test("after a restart who waited waits on, in the same order")
    func recalled() throws {
        let cluster = try full()
        cluster.tick(30) { cluster in
            if cluster.time == 1 { want(cluster, 2) }
            if cluster.time == 3 { want(cluster, 3) }
        }
        var state = SchedulerState(settings: cluster.state.settings)
        state.inventoryChanged(cluster.inventory)
        for record in cluster.records { state.recallDecision(record) }
        #expect(state.queue(of: "host-a").map(\.domain) == order(cluster))
        let untils = { (state: SchedulerState) in (2...3).map { state.domains[domainID($0)]?.cpu.noRoomUntil != nil } }
        #expect(untils(state) == [true, false], "the first was denied, the other stands behind it")
        #expect(state.queue(of: "host-a") == cluster.state.queue(of: "host-a"))
        #expect(state.queue(of: "host-a").map(\.since) == cluster.state.queue(of: "host-a").map(\.since))
        let recalled = state.directives(at: cluster.now)
        #expect(recalled.isEmpty)
    }

    @Test("who was served at last and then failed keeps its place")
    func failed() throws {
        let cluster = try full()
        want(cluster, 2)
        cluster.tick(12)
        let since = try #require(cluster.state.queue(of: "host-a").first?.since)
        cluster.isCarriedOut = false
        cluster.strictHosts = []
        cluster.tick(9)
        let operation = try #require(cluster.state.operation(of: domainID(2)))
        cluster.state.actionFailed(operation.decision, at: cluster.now)
        #expect(cluster.state.queue(of: "host-a").map(\.since) == [since])
    }

    @Test("who waits asks early when room comes free, and not for any other change")
    func noRoomFromGrowth() throws {
        let cluster = try full()
        (cluster[1].networkCap, cluster[1].networkRate) = (10_000_000, 9_500_000)
        let amounts = try ResourceRule(
            lower: Utilization(percent: 30), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
        want(cluster, 2)
        cluster.tick(4)
        cluster.subscribe(1, try PolicyPreset.balanced.policy(maximumVCPUs: 8, network: amounts))
        cluster.tick(12)
        #expect(cluster[1].networkCap ?? 0 > 10_000_000)
        let asked = cluster.handedOut.compactMap { $0.directive.permitRequest == nil ? nil : $0.time }
        #expect(asked == [8])
    }

    @Test("each host has its own queue")
    func ofEachHost() throws {
        let cluster = try full()
        cluster.hosts.append(hostRecord("host-b", cpuCount: 1))
        cluster[3].host = "host-b"
        (cluster[4].vcpus, cluster[4].demand) = (4, 2_000_000)
        for number in UInt64(1)...4 { cluster[number].immovable = "it has a device of its host" }
        cluster.refresh()
        cluster.strictHosts = ["host-a", "host-b"]
        want(cluster, 2)
        want(cluster, 3)
        cluster.tick(12)
        #expect(order(cluster) == [domainID(2)])
        #expect(cluster.state.queue(of: "host-b").map(\.domain) == [domainID(3)])
    }

    @Test("the wait is part of why")
    func visible() throws {
        let cluster = try full()
        want(cluster, 2)
        cluster.tick(12)
        let text = try #require(cluster.state.explain(domainID(2), at: cluster.now)?.text)
        #expect(text.contains("for 1 vCPUs more of its host; 0 others are served before it"))
    }

    @Test("who waits on another host, or for another resource, holds nobody up")
    func elsewhere() throws {
        let cluster = try full()
        cluster.hosts.append(hostRecord("host-b"))
        cluster[3].host = "host-b"
        (cluster[4].vcpus, cluster[4].demand) = (4, 2_000_000)
        for number in [1, 2, 4] as [UInt64] { cluster[number].immovable = "it has a device of its host" }
        cluster.refresh()
        want(cluster, 2)
        cluster.tick(12)
        #expect(order(cluster) == [domainID(2)])
        want(cluster, 3)
        let amounts = try ResourceRule(
            lower: Utilization(percent: 30), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
        cluster.subscribe(1, try PolicyPreset.balanced.policy(maximumVCPUs: 8, memory: amounts))
        cluster[1].memoryUsed = .mebibytes(240)
        cluster.tick(9)
        #expect(order(cluster) == [domainID(2)])
        #expect(cluster[3].vcpus == 3)
        #expect(cluster[1].memory > .mebibytes(256))
    }

    @Test("a growth beyond its tenant's quota goes to no other host, holds nobody up, and asks again later")
    func quota() throws {
        let cluster = smallCluster([guest(1), guest(2, demand: 100_000) { $0.tenant = "zeta" }])
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4))
        cluster.subscribe(2, try PolicyPreset.aggressive.policy(maximumVCPUs: 4))
        cluster.sated = ["acme"]
        cluster.tick(4)
        let record = try #require(cluster.records.first { !$0.denials.isEmpty })
        #expect(record.outcome.verdict == .refuse && record.outcome.reason == .noRoom && record.placement == nil)
        #expect(record.summary.hasSuffix("but its tenant's quota is used up"), "\(record.summary)")
        #expect(record.verify() == nil)
        #expect(cluster.moves.isEmpty && order(cluster).isEmpty && cluster.recalled().queue(of: "host-a").isEmpty)
        #expect(cluster.handedOut.compactMap(\.directive.permitRequest).allSatisfy { $0.host == "host-a" })
        cluster[2].demand = 1_000_000
        cluster.tick(8)
        #expect((cluster[1].vcpus, cluster[2].vcpus > 1) == (1, true))
        cluster.sated = []
        cluster.tick(40)
        #expect(cluster[1].vcpus > 1)
    }

    @Test("a wait for room that is over is no part of what is decided after it")
    func waitIsOver() throws {
        let cluster = smallCluster([guest(1)], hosts: ["host-a"])
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4))
        cluster.closedHosts = ["host-a"]
        cluster.tick(4)
        #expect(cluster.last(1)?.outcome.reason == .noRoom)
        cluster.closedHosts = []
        cluster.tick(40)
        let grown = try #require(cluster.records.first { $0.outcome.verdict == .grow && $0.denials.isEmpty })
        #expect(grown.inputs.noRoomUntil == nil)
    }
}
