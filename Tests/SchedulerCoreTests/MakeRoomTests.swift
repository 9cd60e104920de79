// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// A neighbour moves so that a VM can grow where it is.
@Suite struct MakeRoomTests {
    /// VM 1 has four of its host's eight sellable vCPUs, wants more, and can't move unless `canMove`.
    private func growing(
        _ neighbours: [Cluster.Guest], canMove: Bool = false, _ change: (inout SchedulerSettings) -> Void = { _ in }
    ) throws -> Cluster {
        let own = guest(1, demand: 4_000_000, memory: 4_096) {
            $0.vcpus = 4
            $0.immovable = canMove ? nil : "it has a device of its host"
        }
        let cluster = smallCluster([own] + neighbours, change)
        cluster.strictHosts = ["host-a", "host-b"]
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 8))
        return cluster
    }

    @Test("it goes within the budget of moves only")
    func budget() throws {
        let neighbours = [guest(2, demand: 100_000, memory: 128) { $0.vcpus = 4 }]
        let stopped = try growing(neighbours) { $0.moves.budget.perCluster = 0 }
        stopped.tick(4)
        #expect(stopped.moves.isEmpty)
        #expect(stopped.last(1)?.obstacle?.kind == "immovable-it has a device of its host")
        let free = try growing(neighbours)
        free.tick(4)
        #expect(free.moves.map(\.domain) == [domainID(2)])
    }

    @Test("one whose leaving would not be enough stays")
    func notEnough() throws {
        let cluster = try growing((2...7).map { guest($0, demand: 100_000, memory: 64) })
        cluster.tick(4)
        #expect(cluster.moves.isEmpty, "three vCPUs are missing, and nobody else has more than one")
        #expect(cluster.last(1)?.outcome.reason == .noRoom)
    }

    @Test("for memory the one goes that has enough of it, although another is cheaper")
    func memory() throws {
        let cluster = try growing([guest(2, demand: 0, memory: 1_024), guest(3, demand: 0, memory: 3_072)])
        let amounts = try ResourceRule(
            lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4, memory: amounts))
        cluster[1].memoryUsed = .mebibytes(3_800)
        cluster.tick(4)
        #expect(cluster.moves.map(\.domain) == [domainID(3)])
    }

    @Test("none goes in a blackout, not even for a guest that lacks memory")
    func blackout() throws {
        let cluster = try growing([guest(2, demand: 0, memory: 4_096)]) {
            $0.blackouts = [Blackout(startSecond: 0, lengthSeconds: 86_400)]
        }
        let amounts = try ResourceRule(
            lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1, maximum: 1 << 40)
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4, memory: amounts))
        cluster[1].swapIn = 2_000_000
        cluster.tick(4)
        #expect(cluster.reasons(1).contains(.noRoom))
        #expect(cluster.moves.isEmpty)
    }

    @Test("one that is not Ebb's to move stays")
    func unmanaged() throws {
        let cluster = try growing([
            guest(2, demand: 100_000, memory: 128) {
                $0.vcpus = 4
                $0.isManaged = false
            }
        ])
        cluster.tick(4)
        #expect(cluster.moves.isEmpty)
    }

    @Test("none goes where nothing is missing, although the permit was denied")
    func nothingMissing() throws {
        let cluster = try growing([guest(2, demand: 100_000, memory: 128) { $0.vcpus = 2 }])
        cluster.closedHosts = ["host-a"]
        cluster.tick(4)
        #expect(cluster.reasons(1).contains(.noRoom))
        #expect(cluster.moves.isEmpty)
    }
}
