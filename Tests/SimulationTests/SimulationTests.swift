// SPDX-License-Identifier: Apache-2.0

import FleetModel
import Foundation
import ResourceModel
import SchedulerCore
import Testing

/// Scheduler and a fleet through losses, repetitions, crashes and hung hosts. As many seeds as fit into a few seconds,
/// or a fifth of `EBB_SOAK`, for each takes long; `EBB_TEST_SEED` runs one.
@Suite struct SimulationTests {
    @Test("through every outage nothing is done twice, no VM is lost, and when it is over everything is settled")
    func outages() throws {
        let environment = ProcessInfo.processInfo.environment
        let one = environment["EBB_TEST_SEED"].flatMap(UInt64.init)
        let count = one == nil ? environment["EBB_SOAK"].flatMap(UInt64.init).map { max(1, $0 / 5) } : 1
        let clock = ContinuousClock()
        let end = clock.now + .seconds(6)
        var (seed, commands, restarts) = (one ?? 1, 0, 0)
        let first = seed
        while count.map({ seed < first + $0 }) ?? (clock.now < end) {
            let (simulation, faults) = try Self.play(seed)
            #expect(faults.isEmpty, "EBB_TEST_SEED=\(seed): \(faults.prefix(3).joined(separator: "; "))")
            guard faults.isEmpty else { return }
            commands += simulation.stored.commands.count
            restarts += simulation.restarts
            seed += 1
        }
        #expect(one != nil || commands > Int(seed - first), "the runs must be eventful, not \(commands) commands")
        #expect(one != nil || restarts > Int(seed - first))
    }

    /// 246: the hosts fell silent while a move that was to relieve one waited for its permit, and it was recorded as
    /// going on.
    @Test("seeds that found a fault once find none any more", arguments: [246])
    func oldFaults(seed: UInt64) throws { #expect(try Self.play(seed).faults.isEmpty) }

    private static func play(_ seed: UInt64) throws -> (simulation: Simulation, faults: [String]) {
        var simulation = try Simulation(seed: seed)
        for _ in 0..<300 { simulation.step() }
        simulation.isCalm = true
        for _ in 0..<80 { simulation.step() }
        return (simulation, simulation.faults + unsettled(simulation))
    }

    @Test("the same seed gives the same transcript, to the byte", arguments: 1...3)
    func deterministic(seed: UInt64) throws {
        let transcripts = try (0..<2).map { _ in
            var simulation = try Simulation(seed: seed)
            for _ in 0..<200 { simulation.step() }
            return simulation.transcript.joined(separator: "\n")
        }
        #expect(transcripts[0] == transcripts[1], "seed \(seed)")
        #expect(!transcripts[0].isEmpty)
    }

    private static func unsettled(_ simulation: Simulation) -> [String] {
        var faults: [String] = []
        for policy in simulation.policies {
            if let operation = simulation.state.operation(of: policy.domain), operation.phase.isChanging,
                !simulation.stored.commands.contains(where: { $0.decision == operation.decision && !$0.isOver })
            {
                faults.append("\(policy.domain) waits for a command that is over: \(operation.phase.rawValue)")
            }
        }
        var fleet = simulation.fleet
        var homes: [DomainID: Int] = [:]
        for host in simulation.hosts {
            let request = FleetRequest(host: host.id, operation: .inventory())
            guard case .answer(let answer) = fleet.handle(request, at: simulation.now) else { continue }
            for domain in answer.domains { homes[domain.definition.id, default: 0] += 1 }
        }
        for policy in simulation.policies where homes[policy.domain] != 1 {
            faults.append("\(policy.domain) is on \(homes[policy.domain] ?? 0) hosts")
        }
        return faults
    }
}
