// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// Memory and network: the same rule, other sizes.
@Suite struct ResourceRuleTests {
    private func policy(memory: Bool = true, network: Bool = false) throws -> ScalingPolicy {
        try PolicyPreset.balanced.policy(
            maximumVCPUs: 4,
            memory: memory
                ? ResourceRule(
                    lower: Utilization(percent: 40), upper: Utilization(percent: 80),
                    minimum: ByteCount.mebibytes(256).bytes, maximum: ByteCount.gibibytes(4).bytes) : nil,
            network: network
                ? ResourceRule(
                    lower: Utilization(percent: 20), upper: Utilization(percent: 80), minimum: 1_000_000,
                    maximum: 100_000_000) : nil)
    }

    private func cluster(
        _ policy: ScalingPolicy, settings: SchedulerSettings = .platform, _ change: (inout Cluster.Guest) -> Void
    ) -> Cluster {
        var guest = Cluster.Guest(id: domainID(1), host: "host-a", demand: 500_000)
        change(&guest)
        let cluster = Cluster([hostRecord("host-a")], [guest], settings: settings)
        cluster.subscribe(1, policy)
        return cluster
    }

    /// One sample more, and VM 1 is due to get more memory and a larger network cap.
    private func busyCluster() throws -> Cluster {
        let cluster = cluster(try policy(network: true)) {
            $0.memoryUsed = .mebibytes(900)
            ($0.networkCap, $0.networkRate) = (10_000_000, 9_500_000)
        }
        cluster.tick(7)
        return cluster
    }

    @Test("memory grows so that the highest use lies in the middle of its bounds")
    func memoryGrows() throws {
        let cluster = cluster(try policy()) { $0.memoryUsed = .mebibytes(900) }
        cluster.tick(8)
        #expect(cluster[1].memory == .mebibytes(1_500))
        let record = try #require(cluster.last(1))
        #expect((record.outcome.verdict, record.inputs.resource) == (.grow, .memory))
        #expect(record.summary.hasPrefix("grow from 1 GiB to 1500 MiB: 8 of the last 8 known samples were above 80 %"))
        #expect(record.verify() == nil)
    }

    @Test("a guest keeps the floor of memory that it does not use, however small its share is")
    func memoryFloor() throws {
        let small = try PolicyPreset.balanced.policy(
            maximumVCPUs: 4,
            memory: ResourceRule(
                lower: Utilization(percent: 70), upper: Utilization(percent: 95),
                minimum: ByteCount.mebibytes(64).bytes, maximum: ByteCount.gibibytes(4).bytes))
        var settings = SchedulerSettings.platform
        settings.memory.minimumAvailable = .mebibytes(64)
        let cluster = cluster(small, settings: settings) {
            $0.memory = .mebibytes(256)
            $0.memoryUsed = .mebibytes(170)
        }
        for _ in 0..<600 { cluster.tick() }
        // 5 % less are 244 MiB with 74 left, then 232 with 62: that would be too little.
        #expect(cluster[1].memory == .mebibytes(244))
        #expect(cluster.reasons(1).contains(.availableBelowFloor))
    }

    @Test("memory shrinks by at most five percent a step, and not below the policy's minimum")
    func memoryShrinks() throws {
        let cluster = cluster(try policy()) { $0.memoryUsed = .mebibytes(80) }
        var sizes = [cluster[1].memory]
        for _ in 0..<2_500 {
            cluster.tick()
            if cluster[1].memory != sizes.last { sizes.append(cluster[1].memory) }
        }
        for (before, after) in zip(sizes, sizes.dropFirst()) {
            #expect(after < before && after.bytes * 100 >= before.bytes * 95)
        }
        #expect(sizes.last == .mebibytes(256))
    }

    @Test("the highest use that was seen, not the mean, must fit the smaller size")
    func memoryPeak() throws {
        let cluster = cluster(try policy()) { $0.memoryUsed = .mebibytes(100) }
        cluster.tick(12) { cluster in
            cluster[1].memoryUsed = cluster.time == 4 ? .mebibytes(800) : .mebibytes(100)
        }
        #expect(cluster[1].memory == .gibibytes(1))
        #expect(cluster.reasons(1).contains(.projectionAboveUpper))
    }

    @Test("swap-in or major faults give back at the next sample what the last shrink took", arguments: [true, false])
    func pressure(isSwap: Bool) throws {
        let cluster = cluster(try policy()) { $0.memoryUsed = .mebibytes(100) }
        cluster.tick(8)
        #expect(cluster[1].memory == .mebibytes(973))
        if isSwap { cluster[1].swapIn = 2_000_000 } else { cluster[1].majorFaults = 1_000 }
        cluster.tick()
        #expect(cluster[1].memory == .gibibytes(1))
        let record = try #require(cluster.last(1))
        #expect(record.outcome.reason == .memoryPressure)
        #expect(record.summary.contains("the guest lacks memory"))
        #expect(record.verify() == nil)
        cluster.tick()
        #expect(cluster[1].memory > .gibibytes(1), "it goes on: no shrink is left to give back, so it gets more")
    }

    @Test("what the last shrink took is given back also after a restart")
    func pressureAfterRestart() throws {
        let cluster = cluster(try policy()) { $0.memoryUsed = .mebibytes(100) }
        cluster.tick(8)
        #expect(cluster[1].memory == .mebibytes(973))
        cluster.state = cluster.recalled()
        cluster[1].swapIn = 2_000_000
        cluster.tick()
        #expect(cluster[1].memory == .gibibytes(1))
    }

    @Test("a guest that lacks memory without a shrink before it gets one eighth more, and waits for no blackout")
    func pressureWithoutShrink() throws {
        var settings = SchedulerSettings.platform
        settings.blackouts = [Blackout(startSecond: 0, lengthSeconds: 86_400)]
        let guest = Cluster.Guest(id: domainID(1), host: "host-a", demand: 500_000, swapIn: 2_000_000)
        let cluster = Cluster([hostRecord("host-a")], [guest], settings: settings)
        cluster.subscribe(1, try policy())
        cluster.tick()
        #expect(cluster[1].memory == .mebibytes(1_152))
    }

    @Test("a little swapping is no pressure")
    func noPressure() throws {
        let cluster = cluster(try policy()) { $0.memoryUsed = .mebibytes(600) }
        cluster[1].swapIn = 4_096
        cluster.tick(20)
        #expect(cluster[1].memory == .gibibytes(1))
    }

    @Test("memory whose ceiling is not known is not grown")
    func memoryCeiling() throws {
        let cluster = cluster(try policy()) { $0.memoryUsed = .mebibytes(900) }
        var inventory = cluster.inventory
        inventory.domains[0].memoryCeiling = nil
        cluster.state.inventoryChanged(inventory)
        cluster.tick(10)
        #expect(cluster[1].memory == .gibibytes(1))
        #expect(cluster.reasons(1).last == .atCeiling)
    }

    @Test("the network cap follows the rate in both directions, and stays within the policy's")
    func network() throws {
        let cluster = cluster(try policy(memory: false, network: true)) {
            $0.networkCap = 10_000_000
            $0.networkRate = 9_500_000
        }
        cluster.tick(8)
        #expect(cluster[1].networkCap == 19_000_000)
        cluster[1].networkRate = 100_000
        cluster.tick(80)
        #expect(cluster[1].networkCap == 9_500_000)
        cluster.tick(600)
        #expect(cluster[1].networkCap == 1_000_000)
        #expect(!cluster.handedOut.contains { $0.directive.permitRequest != nil }, "nobody promises room on a network")
        #expect(cluster.records.allSatisfy { $0.verify() == nil })
    }

    @Test("a cap that is kept for its busy samples is lowered once those are gone, in the same direction")
    func networkMean() throws {
        let policy = try PolicyPreset.balanced.policy(
            maximumVCPUs: 4,
            network: ResourceRule(
                lower: Utilization(percent: 50), upper: Utilization(percent: 80), minimum: 1_000_000,
                maximum: 100_000_000))
        let cluster = cluster(policy) { $0.networkCap = 10_000_000 }
        cluster.tick(12) { $0[1].networkRate = $0.time <= 4 ? 10_000_000 : 4_900_000 }
        #expect(cluster.last(1)?.outcome.reason == .atPolicyMinimum)
        cluster.tick()
        #expect(cluster[1].networkCap ?? 0 < 10_000_000)
    }

    @Test("a network rule without a cap does nothing, and says so")
    func noCap() throws {
        let cluster = cluster(try policy(memory: false, network: true)) { $0.networkCap = nil }
        cluster.tick(3)
        let text = try #require(cluster.state.explain(domainID(1), at: cluster.now)?.text)
        #expect(text.contains("network: nothing: it has no network cap that is known"))
    }

    @Test("a change of CPU delays no change of memory: cooldowns are a resource's own")
    func cooldownPerResource() throws {
        let cluster = cluster(try policy()) {
            $0.memoryUsed = .mebibytes(900)
            $0.demand = 1_000_000
        }
        cluster.tick(10)
        #expect((cluster[1].vcpus, cluster[1].memory) == (2, .mebibytes(1_500)))
    }

    @Test("under a new version of its policy memory and network are judged by samples that come after it")
    func newPolicy() throws {
        let cluster = try busyCluster()
        cluster.subscribe(1, try policy(network: true))
        cluster.tick(7)
        #expect((cluster[1].memory, cluster[1].networkCap) == (.mebibytes(1_024), 10_000_000))
        cluster.tick(2)
        #expect(cluster[1].memory > .mebibytes(1_024))
        #expect(cluster[1].networkCap ?? 0 > 10_000_000)
    }

    @Test("memory or a network cap that somebody else changed begins its window again")
    func foreignSizes() throws {
        let cluster = try busyCluster()
        (cluster[1].memory, cluster[1].networkCap) = (.mebibytes(1_100), 11_000_000)
        cluster.tick(8)
        #expect((cluster[1].memory, cluster[1].networkCap) == (.mebibytes(1_100), 11_000_000))
        cluster.tick()
        #expect(cluster[1].memory > .mebibytes(1_100))
        cluster.tick()
        #expect(cluster[1].networkCap ?? 0 > 11_000_000)
    }
}
