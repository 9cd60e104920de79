// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

/// A restart triggers nothing that an uninterrupted run would not.
@Suite struct RestartTests {
    private static let count: UInt64 = 6

    /// `isFull`: more is wanted than the hosts have, and nothing can move.
    private func cluster(isFull: Bool) throws -> Cluster {
        var settings = SchedulerSettings.platform
        settings.freeze.minimumChanged = .max
        let guests = (1...Self.count).map {
            Cluster.Guest(
                id: domainID($0), host: $0 % 2 == 0 ? "host-a" : "host-b", vcpus: 2, demand: 1_000_000,
                immovable: isFull ? "it has a device of its host" : nil)
        }
        let hosts = ["host-a", "host-b"].map { hostRecord(HostID(trusted: $0), cpuCount: isFull ? 4 : 64) }
        let cluster = Cluster(hosts, guests, settings: settings)
        if isFull { cluster.strictHosts = Set(hosts.map(\.host)) }
        for number in 1...Self.count { cluster.subscribe(number, try rules(number)) }
        return cluster
    }

    private func rules(_ number: UInt64) throws -> ScalingPolicy {
        try PolicyPreset.balanced.policy(
            maximumVCPUs: 8,
            memory: number > 3
                ? ResourceRule(
                    lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1 << 28,
                    maximum: 1 << 32) : nil)
    }

    private func play(_ cluster: Cluster, _ ticks: Int, _ random: inout SeededGenerator) {
        for _ in 0..<ticks {
            for number in UInt64(1)...Self.count where Int.random(in: 0..<25, using: &random) == 0 {
                cluster[number].demand = .random(in: 0...3_000_000, using: &random)
                cluster[number].memoryUsed = .mebibytes(.random(in: 200...900, using: &random))
            }
            cluster.tick()
        }
    }

    @Test(
        "recalled at any instant, the state decides from then on as the one that ran on",
        arguments: 1...12, [false, true])
    func sameAsUninterrupted(seed: UInt64, isFull: Bool) throws {
        var random = SeededGenerator(seed: seed)
        let cluster = try cluster(isFull: isFull)
        play(cluster, .random(in: 30...300, using: &random), &random)
        var state = cluster.recalled()
        let early = state.directives(at: cluster.now).filter(\.isAction)
        #expect(early.isEmpty, "recalling decides nothing")
        let restartedAt = cluster.time
        play(cluster, 200, &random)
        var found: [Directive] = []
        var time = restartedAt
        for fed in cluster.fed where fed.time > restartedAt {
            time = fed.time
            fed.event.feed(&state)
            found += state.directives(at: at(time)).filter(\.isDecision)
        }
        let expected = cluster.handedOut.filter { $0.time > restartedAt }.map(\.directive).filter(\.isDecision)
        let actions = expected.count { $0.isAction }
        #expect(actions > 0, "seed \(seed) is eventful")
        for (found, expected) in zip(found, expected) where found != expected {
            Issue.record("seed \(seed), restarted at \(restartedAt): \(found.short), not \(expected.short)")
            return
        }
        #expect(found.count == expected.count, "seed \(seed)")
    }

    @Test("an instance that starts asks for room again when the one before would have, and not at once")
    func waitsOn() throws {
        for restart in [Int64(9), 13, 19, 20, 26, 40] {
            let cluster = try cluster(isFull: true)
            for number in 1...Self.count { cluster[number].vcpus = 3 }
            cluster.refresh()
            cluster[1].demand = 3_000_000
            cluster.tick(60) { cluster in if cluster.time == restart { cluster.state = cluster.recalled() } }
            let asked = cluster.handedOut.compactMap { $0.directive.permitRequest == nil ? nil : $0.time }
            #expect(asked == [8, 20, 32, 44, 56], "restarted at \(restart)")
        }
    }

    @Test("where its reading told nothing when it was to ask, it asks with the next one, also after a restart")
    func asksLater() throws {
        for restart in [Int64(20), 21, 22, 30] {
            let cluster = try cluster(isFull: true)
            for number in 1...Self.count { cluster[number].vcpus = 3 }
            cluster.refresh()
            cluster.tick(45) { cluster in
                if cluster.time == restart { cluster.state = cluster.recalled() }
                cluster[1].demand = cluster.time == 20 ? nil : 3_000_000
            }
            let asked = cluster.handedOut.compactMap { $0.directive.permitRequest == nil ? nil : $0.time }
            #expect(asked == [8, 21, 32, 44], "restarted at \(restart)")
        }
    }

    @Test("a service that starts with 200 hot VMs and no history waits until it has seen M samples, as for any VM")
    func noWave() throws {
        let guests = (1...200).map {
            Cluster.Guest(id: domainID(UInt64($0)), host: "host-a", vcpus: 2, demand: 2_000_000)
        }
        let cluster = Cluster([hostRecord("host-a", cpuCount: 1_000)], guests)
        for number in UInt64(1)...200 { cluster.subscribe(number, try rules(1)) }
        cluster.tick(7)
        #expect(cluster.guests.count { $0.vcpus == 2 } == 200)
        cluster.tick(20)
        #expect(cluster.guests.count { $0.vcpus > 2 } <= 21, "and then it freezes itself before all have changed")
    }

    @Test("changes may be recalled in any order: the last one counts")
    func changesInAnyOrder() {
        let cluster = smallCluster([guest(1)])
        for order in [[Int64(3), 7], [7, 3]] {
            var state = cluster.started()
            for instant in order { state.recallChange(of: domainID(1), endedAt: at(instant)) }
            #expect(state.explain(domainID(1), at: at(9))?.inputs.lastChangeAt == at(7))
        }
    }

    @Test("a recalled growth of vCPUs holds no other resource's samples back, and is no change of them")
    func otherResources() throws {
        let cluster = try growingCluster()
        let record = try #require(cluster.last(1))
        var state = cluster.started()
        state.recallOperation(record, permit: nil, at: cluster.now)
        #expect(state.window(of: domainID(1))?.countsFrom == .distantFuture)
        #expect(state.window(of: domainID(1), .memory)?.countsFrom != .distantFuture)
        var ended = cluster.started()
        ended.recallDecision(record, ended: .succeeded(at: cluster.now))
        #expect(ended.domains[domainID(1)]?.memoryBeforeShrink == nil)
        #expect(ended.domains[domainID(1)]?.memory.lastChangeAt == nil)
    }

    @Test("a recalled move has changed all resources, and counts on its hosts as under way until it has ended")
    func recalledMove() throws {
        let cluster = leavingCluster()
        let record = try #require(cluster.last(1))
        for hasMigrated in [false, true] {
            var state = cluster.started()
            state.recallOperation(record, permit: nil, hasMigrated: hasMigrated, at: cluster.now)
            let move = try #require(state.domains[domainID(1)]?.lastMove)
            #expect(move.endedAt == (hasMigrated ? cluster.now : nil))
        }
        var state = cluster.started()
        state.recallDecision(record, ended: .succeeded(at: cluster.now))
        for resource in Resource.allCases {
            #expect(state.domains[domainID(1)]?[resource].lastChangeAt == cluster.now)
        }
    }

    @Test("a recalled refusal waits on, and the growth that followed ends the wait")
    func recalledWaits() throws {
        let full = smallCluster([guest(1) { $0.immovable = "it has a device of its host" }], hosts: ["host-a"])
        full.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4))
        full.closedHosts = ["host-a"]
        full.tick(3)
        let refused = try #require(full.last(1))
        full.closedHosts = []
        full.tick(40)
        let grown = try #require(full.records.first { $0.outcome.verdict == .grow && $0.denials.isEmpty })
        var state = full.started()
        state.recallDecision(refused)
        #expect(state.queue(of: "host-a").map(\.domain) == [domainID(1)])
        state.recallDecision(grown, ended: .succeeded(at: full.now))
        #expect(state.queue(of: "host-a").isEmpty)
    }

    @Test("after a recalled growth of memory there is no former size to give back")
    func recalledMemory() throws {
        let amounts = try ResourceRule(
            lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
        let cluster = smallCluster([guest(1, demand: 500_000) { $0.memoryUsed = .mebibytes(1_000) }])
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4, memory: amounts))
        cluster.tick(3)
        let record = try #require(cluster.last(1))
        #expect((record.outcome.verdict, record.inputs.resource) == (.grow, .memory))
        var state = cluster.started()
        state.recallDecision(record, ended: .succeeded(at: cluster.now))
        #expect(state.domains[domainID(1)]?.memoryBeforeShrink == nil)
        #expect(state.domains[domainID(1)]?.memory.lastChangeAt == cluster.now)
    }
}

extension Directive {
    fileprivate var isAction: Bool {
        switch self {
        case .requestPermit, .resize, .resizeMemory, .capNetwork, .migrate: true
        default: false
        }
    }

    fileprivate var short: String {
        if case .record(let record) = self {
            "\(record.inputs.resource) \(record.decidedAt): \(record.summary)"
        } else {
            "\(self)"
        }
    }

    /// What is decided; outcomes are measured from samples that a restart may have missed.
    fileprivate var isDecision: Bool { if case .record = self { true } else { isAction } }
}
