// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

/// What must hold whatever happens. As many seeds as fit into ten seconds, or `EBB_SOAK` of them; `EBB_TEST_SEED` runs
/// one.
@Suite struct PropertyTests {
    private static var seeds: (first: UInt64, count: UInt64) {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["EBB_TEST_SEED"].flatMap(UInt64.init) { return (seed, 1) }
        return (1, environment["EBB_SOAK"].flatMap(UInt64.init) ?? 0)
    }

    @Test("over hostile traces: no flap, no worse balance, no target over its bound, no shrink on what is unknown")
    func hostileTraces() throws {
        let (first, count) = Self.seeds
        let clock = ContinuousClock()
        let end = clock.now + .seconds(8)
        var (seed, actions, moves) = (first, 0, 0)
        while count > 0 ? seed < first + count : clock.now < end {
            let trial = try Trial(seed: seed)
            let faults = trial.run()
            #expect(faults.isEmpty, "EBB_TEST_SEED=\(seed): \(faults.prefix(3).joined(separator: "; "))")
            actions += trial.cluster.records.count { $0.outcome.target != nil }
            moves += trial.cluster.moves.count
            seed += 1
            guard faults.isEmpty else { return }
        }
        let runs = seed - first
        #expect(count == 1 || actions > Int(runs), "\(runs) runs must be eventful, not \(actions) actions")
        #expect(count == 1 || moves * 20 > Int(runs), "\(runs) runs must move something, not \(moves) times")
    }
}

/// One random cluster under one random set of hostile loads.
private final class Trial {
    let cluster: Cluster
    private var random: SeededGenerator
    private let shapes: [Shape]
    private let periods: [Int64]
    private var faults: [String] = []
    private var sizes: [DomainID: [(time: Int64, size: Int)]] = [:]
    private let start: [DomainID: Int]

    /// What a guest does to the scheduler.
    private enum Shape: CaseIterable {
        /// As fast as the window itself.
        case square
        /// Its figures stop coming.
        case silent
        /// Off by a factor of a thousand.
        case units
        /// It looks idle because its host withholds time.
        case starved
        case steady, walk
    }

    init(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let hosts = (0..<Int.random(in: 2...5, using: &random)).map { number in
            hostRecord(
                HostID(trusted: "host-\(number)"), cpuCount: .random(in: 2...8, using: &random))
        }
        let isSymmetric = Bool.random(using: &random)
        let guests = (1...Int.random(in: 3...14, using: &random)).map { number in
            Cluster.Guest(
                id: domainID(UInt64(number)),
                // Some hosts stay empty.
                host: hosts[
                    isSymmetric ? number % hosts.count : .random(in: 0..<max(1, hosts.count / 2), using: &random)
                ]
                .host,
                vcpus: .random(in: 1...3, using: &random), demand: .random(in: 0...2_000_000, using: &random),
                memory: .mebibytes(.random(in: 64...1_024, using: &random)), memoryUsed: .mebibytes(32))
        }
        var settings = SchedulerSettings.platform
        settings.freeze.minimumChanged = .max
        settings.moves.budget.restNanoseconds = 300 * second
        let cluster = Cluster(hosts, guests, settings: settings)
        cluster.strictHosts = Set(hosts.map(\.host))
        shapes = guests.map { _ in Shape.allCases.randomElement(using: &random) ?? .steady }
        periods = guests.map { _ in Int64([6, 8, 12, 24].randomElement(using: &random) ?? 12) }
        start = Dictionary(uniqueKeysWithValues: guests.map { ($0.id, $0.vcpus) })
        for guest in guests {
            let preset = PolicyPreset.allCases.randomElement(using: &random) ?? .balanced
            cluster.subscribe(
                guest.id.uuid.low, try preset.policy(maximumVCPUs: 6), windowLength: preset.windowLength,
                options: PolicyOptions(preset: preset))
        }
        self.cluster = cluster
        self.random = random
    }

    func run() -> [String] {
        for _ in 0..<240 {
            for index in cluster.guests.indices { drive(index) }
            let (records, moved) = (cluster.records.count, cluster.moves.count)
            let before = cluster.state.snapshot(at: cluster.now)
            cluster.tick()
            check(cluster.records.dropFirst(records))
            if cluster.moves.count > moved {
                check(move: cluster.records.last { $0.outcome.verdict == .migrate }, before)
            }
        }
        for guest in cluster.guests { checkFlaps(of: guest.id) }
        return faults
    }

    private func drive(_ index: Int) {
        let full = Int64(cluster.guests[index].vcpus) * 1_000_000
        let phase = (cluster.time + Int64(index)) % periods[index] < periods[index] / 2
        switch shapes[index] {
        case .square: cluster.guests[index].demand = phase ? full : 0
        case .silent: cluster.guests[index].demand = cluster.time % 40 >= 36 ? 0 : nil
        case .units: cluster.guests[index].demand = phase ? full * 1_000 : full / 1_000
        case .starved:
            cluster.guests[index].demand = 50_000
            cluster.guests[index].steal = Utilization(percent: 30)
        case .steady: break
        case .walk:
            let step = Int64.random(in: -300_000...300_000, using: &random)
            cluster.guests[index].demand = max(0, min(6_000_000, (cluster.guests[index].demand ?? 0) + step))
        }
    }

    private func check(_ records: ArraySlice<DecisionRecord>) {
        for record in records {
            if let mismatch = record.verify() { faults.append("a record does not verify: \(mismatch)") }
            guard record.outcome.verdict == .shrink || record.outcome.verdict == .grow, record.outcome.dry == nil
            else { continue }
            if let target = record.outcome.target {
                sizes[record.inputs.domain, default: []].append((cluster.time, Int(target)))
            }
            guard record.outcome.verdict == .shrink else { continue }
            if record.finding.counts?.known ?? 0 < record.finding.counts?.needed ?? 0 {
                faults.append("a shrink on too few known samples")
            }
            if let steal = record.finding.steal, steal > cluster.state.settings.stealBound {
                faults.append("a shrink under steal")
            }
            let shape = shapes[cluster.index(of: record.inputs.domain)]
            if shape == .starved { faults.append("a starved VM was shrunk") }
            if shape == .silent { faults.append("a silent VM was shrunk") }
        }
    }

    private func check(move record: DecisionRecord?, _ before: PlacementSnapshot) {
        guard let record, let placement = record.placement, let target = placement.facts(of: placement.chosen) else {
            faults.append("a move without its placement")
            return
        }
        if let projected = target.projectedCPU(adding: placement.request.demand), projected > target.record.cpuBound {
            faults.append("a target is pushed over its bound: \(projected)")
        }
        let best = placement.candidates.compactMap(\.terms?.weight).max()
        if best != placement.terms(of: target.record.host)?.weight { faults.append("not the best host") }
        guard let plan = record.move, plan.cause == .relief else { return }
        guard let improvement = plan.improvement, improvement.after < improvement.before else {
            return faults.append("a move that does not improve the balance")
        }
        let busy = before.hosts.first { $0.record.host == plan.source }
        if busy == nil { faults.append("a move from nowhere") }
    }

    /// No A → B → A within the cooldown, and no more actions than the published worst case.
    private func checkFlaps(of domain: DomainID) {
        guard let version = cluster.state.policy(of: domain), let rules = version.policy else { return }
        let check = PolicyCheck(
            rules, options: version.options, windowLength: version.windowLength, settings: cluster.state.settings)
        let changes = sizes[domain] ?? []
        guard let worst = check.worstCases.first else { return }
        let length = cluster.time * interval
        if Int64(changes.count) > worst.actions(within: length) {
            faults.append("\(changes.count) actions, the worst case is \(worst.actions(within: length))")
        }
        var previous = start[domain] ?? 0
        for (first, second) in zip(changes, changes.dropFirst()) {
            let isBack = second.size == previous
            let rest = second.size > first.size ? worst.restUp : worst.restDown
            if isBack, (second.time - first.time) * interval < rest {
                faults.append("back to \(previous) vCPUs after \(second.time - first.time) intervals")
            }
            previous = first.size
        }
    }
}
