// SPDX-License-Identifier: Apache-2.0

import Contracts
import FleetModel
import Foundation
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import TestSupport
import Testing

@testable import MonitorMain
@testable import SchedulerMain

private let cluster = SchedulerWorld.cluster

@Suite("Two Schedulers of one cluster, with a real PostgreSQL, ZeroMQ, Monitor and fleet", .serialized)
struct SchedulerTakeOverTests {
    @Test(
        "killed in the middle of an action, the owner is followed within 5 s, and nothing is done twice",
        .timeLimit(.minutes(2)))
    func kill() async throws {
        // A resize takes about as long as a take-over: whoever follows finds it under way, or ended and not recorded.
        try await SchedulerWorld.with(durations: OperationDurations(resize: 3_000_000_000)) { world in
            try await world.createVM(load: 200_000)
            let first = try await SchedulerRig.start(world.database, following: world.monitor)
            try await eventually("the first decides") { await first.decides(for: cluster) }
            let second = try await SchedulerRig.start(world.database, following: world.monitor)
            try await first.setPolicy(try .paper(), of: SchedulerWorld.vm)
            try await world.load(950_000)
            try await eventually("a growth under way") { try await world.orders().count == 1 }

            let (owner, other) = await first.decides(for: cluster) ? (first, second) : (second, first)
            await owner.kill()
            try await eventually(within: .seconds(5), "the other decides") { await other.decides(for: cluster) }
            try await eventually(within: .seconds(20), "the growth's end") { try await world.vcpus() == 2 }
            let grown = try #require(try await world.orders().first?.command.decision)
            try await eventually("its recorded end") {
                try await DecisionRepository(world.store).outcomes(of: grown).map(\.outcome.text) == ["succeeded"]
            }
            // The successor goes on deciding: twice the load is one more growth.
            try await world.load(1_900_000)
            try await eventually(within: .seconds(20), "the second growth") { try await world.orders().count == 2 }
            let decisions = try await world.orders().compactMap(\.command.decision)
            #expect(Set(decisions).count == 2)
            #expect(try await world.fleet.truth().violations.isEmpty)
            await other.stop()
        }
    }

    @Test("stopped in order, the owner gives the cluster up at once", .timeLimit(.minutes(1)))
    func stop() async throws {
        try await SchedulerWorld.with { world in
            let first = try await SchedulerRig.start(world.database, following: world.monitor)
            try await eventually("the first decides") { await first.decides(for: cluster) }
            await first.stop()
            let second = try await SchedulerRig.start(world.database, following: world.monitor)
            try await eventually(within: .seconds(3), "the second decides") { await second.decides(for: cluster) }
            await second.stop()
        }
    }
}

@Suite("A Scheduler that starts again", .serialized)
struct SchedulerRestartTests {
    @Test(
        "goes on with the window, its place in the stream and the cooldown, from what Logger stored",
        .timeLimit(.minutes(2)))
    func recall() async throws {
        // Slow enough that Monitor can be halted while six breaches stand in a window that is not full.
        var polling = MonitorConfiguration.quick
        polling.pollInterval = .milliseconds(400)
        try await SchedulerWorld.with(monitor: polling) { world in
            try await world.createVM()
            let logger = try await LoggerRig.start(
                world.database, following: [world.monitorPeer], at: world.monitor.clock.now())
            try await logger.claim(.log, "h1")
            // No sample grows too old, and a growth rests for an hour.
            let settings = ["scheduler.samplingInterval": "60s", "scheduler.cooldownUp": "3600s"]
            let scheduler = try await SchedulerRig.start(world.database, following: world.monitor, settings: settings)
            try await eventually("it decides") { await scheduler.decides(for: cluster) }
            try await scheduler.setPolicy(try .paper(), of: SchedulerWorld.vm)
            try await world.play(Array(repeating: 950_000, count: 6) + [500_000])
            try await eventually("six breaches") { try await world.breaches(in: scheduler) == 6 }
            await world.monitor.drop("h1")
            await scheduler.stop()

            try await world.play([950_000])
            let second = try await SchedulerRig.start(world.database, following: world.monitor, settings: settings)
            try await eventually("it decides again") { await second.decides(for: cluster) }
            try await world.monitor.take("h1")
            try await eventually("a growth") { try await world.orders().count == 1 }
            let epochs = try await world.lastAction().inputs.samples.map(\.position.epoch)
            #expect(epochs.first == 1 && epochs.last == 2, "\(epochs)")
            try await eventually("its end") { try await world.vcpus() == 2 }
            await second.stop()

            try await world.load(4_000_000)
            let third = try await SchedulerRig.start(world.database, following: world.monitor, settings: settings)
            try await eventually("a refusal because of the cooldown") {
                try await world.decisions().first?.record.contains("\"reason\":\"cooldown\"") == true
            }
            #expect(try await world.orders().count == 1)
            await third.stop()
            await logger.stop(["h1"])
        }
    }

    @Test(
        "rests after a growth as long as the policy says, though that was hours before the restart",
        .timeLimit(.minutes(1)))
    func longCooldown() async throws {
        try await SchedulerWorld.with { world in
            try await world.createVM(load: 950_000)
            let first = try await SchedulerRig.start(world.database, following: world.monitor)
            try await eventually("it decides") { await first.decides(for: cluster) }
            try await first.change(
                #"{"lowerPpm": 150000, "upperPpm": 800000, "ratioPpm": 700000, "cooldownUpNanoseconds": 18000000000000}"#,
                of: SchedulerWorld.vm)
            try await eventually("a growth") { try await world.vcpus() == 2 }
            try await eventually("its recorded end") {
                guard let grown = try await world.orders().first?.command.decision else { return false }
                return try await DecisionRepository(world.store).outcomes(of: grown).map(\.outcome.text) == [
                    "succeeded"
                ]
            }
            await first.stop()
            try await world.shiftPast(byHours: 3)
            try await world.load(4_000_000)
            let second = try await SchedulerRig.start(world.database, following: world.monitor)
            try await eventually("a refusal because of the cooldown") {
                try await world.decisions().first?.record.contains("\"reason\":\"cooldown\"") == true
            }
            #expect(try await world.orders().count == 1)
            await second.stop()
        }
    }

    @Test(
        "rests after a move that was ordered as long as moves rest, though that was hours before the restart",
        .timeLimit(.minutes(1)))
    func longOrderedRest() async throws {
        let hosts = ["h1", "h2"].map { HostConfiguration(id: $0, cores: 8, memory: .gibibytes(16)) }
        try await SchedulerWorld.with(hosts: hosts) { world in
            try await world.createVM()
            let settings = ["scheduler.moveRest": "5h"]
            func rests(_ scheduler: SchedulerRig) async throws -> Bool {
                let shell = await scheduler.service.shell(of: cluster)
                let now = world.monitor.clock.now()
                return await shell?.state.explain(SchedulerWorld.vm, at: now)?.text.contains("rests until") == true
            }
            let first = try await SchedulerRig.start(world.database, following: world.monitor, settings: settings)
            try await eventually("it decides") { await first.decides(for: cluster) }
            try await first.change(#"{"pinnedHosts": ["h1"]}"#, of: SchedulerWorld.vm)
            _ = try await first.orderMove(of: SchedulerWorld.vm, to: "h2", isForced: true)
            let moved = try await world.monitor.perform("migrate", SchedulerWorld.vm, #"{"target": "h2"}"#, on: "h1")
            #expect(moved.succeeded)
            try await eventually("that it was ordered") { try await world.isRecorded("ordered-move") }
            try await eventually("that it rests") { try await rests(first) }
            await first.stop()
            try await world.shiftPast(byHours: 3)
            // The move is not the last that was decided about it.
            let later = world.monitor.clock.now().advanced(by: .seconds(-9_000))
            try await world.store.query(
                """
                INSERT INTO scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record)
                VALUES (\(UUID128(high: 8, low: 1)), \(cluster), 1, \(SchedulerWorld.vm), \(later), 'nothing', 1, '', '{}')
                """)
            let second = try await SchedulerRig.start(world.database, following: world.monitor, settings: settings)
            try await eventually("that it rests on") { try await rests(second) }
            #expect(try await InventoryRepository(world.store).domain(SchedulerWorld.vm)?.host == "h2")
            await second.stop()
        }
    }

    @Test(
        "makes a new version of every policy where the platform's N is another, and of none with its own N",
        .timeLimit(.minutes(1)))
    func anotherWindow() async throws {
        try await SchedulerWorld.with { world in
            try await world.createVM()
            func version(after settings: [String: String], _ body: (SchedulerRig) async throws -> Void = { _ in })
                async throws -> PolicyVersion?
            {
                let scheduler = try await SchedulerRig.start(
                    world.database, following: world.monitor, settings: settings)
                try await eventually("it decides") { await scheduler.decides(for: cluster) }
                try await body(scheduler)
                await scheduler.stop()
                return try await PolicyRepository(world.store).current(SchedulerWorld.vm)
            }
            let first = try await version(after: ["scheduler.windowLength": "10"]) {
                try await $0.setPolicy(try .paper(), of: SchedulerWorld.vm)
            }
            #expect(first?.version == 1 && first?.windowLength == 10 && first?.ratedRatio == Utilization(percent: 70))
            let second = try await version(after: ["scheduler.windowLength": "12"])
            #expect(
                second?.version == 2 && second?.windowLength == 12 && second?.ratedRatio == Utilization(percent: 75))
            #expect(second?.policy == first?.policy && second?.options == first?.options)
            let own = try await version(after: ["scheduler.windowLength": "12"]) {
                try await $0.change(#"{"windowLength": 20}"#, of: SchedulerWorld.vm)
            }
            #expect(own?.version == 3 && own?.windowLength == 20)
            #expect(try await version(after: ["scheduler.windowLength": "10"]) == own)
        }
    }

    @Test("every record that it makes verifies, and one that was changed does not", .timeLimit(.minutes(1)))
    func verify() async throws {
        try await SchedulerWorld.with { world in
            try await world.createVM(load: 950_000)
            let scheduler = try await SchedulerRig.start(world.database, following: world.monitor)
            try await eventually("it decides") { await scheduler.decides(for: cluster) }
            try await scheduler.setPolicy(try .paper(), of: SchedulerWorld.vm)
            try await eventually("a growth") { try await world.vcpus() == 2 }
            try await world.load(4_000_000)
            try await eventually("what follows it") { try await world.decisions().count > 1 }
            func verified() async throws -> VerifyAnswer {
                try JSONDecoder().decode(
                    VerifyAnswer.self, from: try await scheduler.ask(.verifyDecisions, #"{"cluster": "c1"}"#))
            }
            let answer = try await verified()
            #expect(answer.checked > 1 && answer.held == answer.checked, "\(answer)")
            try await world.store.query(
                """
                UPDATE scheduling.decision SET record = replace(record, '"verdict":"grow"', '"verdict":"shrink"')
                WHERE id = (SELECT id FROM scheduling.decision WHERE verdict = 'grow' ORDER BY at_ns LIMIT 1)
                """)
            let changed = try await verified()
            #expect(changed.failed == 1 && changed.failures.count == 1, "\(changed)")
            await scheduler.stop()
        }
    }
}

extension SchedulerWorld {
    /// Has all that was written of the VM be older than it is.
    fileprivate func shiftPast(byHours hours: Int64) async throws {
        let shift = hours * 3_600_000_000_000
        try await store.query("UPDATE inventory.domain_ownership SET from_ns = from_ns - \(shift)")
        try await store.query(
            "UPDATE inventory.domain SET tenant_since_ns = tenant_since_ns - \(shift), created_ns = created_ns - \(shift)"
        )
        // Closed ones first: no two of them may overlap.
        for ended in ["end_ns IS NOT NULL", "end_ns IS NULL"] as [Query] {
            try await store.query(
                """
                UPDATE inventory.size_segment SET start_ns = start_ns - \(shift), end_ns = end_ns - \(shift)
                WHERE \(ended)
                """)
        }
        try await store.query(
            """
            UPDATE scheduling.decision_outcome SET at_ns = at_ns - \(shift), detail = regexp_replace(detail,
                '"effectiveAt":[0-9]+', '"effectiveAt":' || (at_ns - \(shift)))
            """)
        try await store.query("UPDATE scheduling.decision SET at_ns = at_ns - \(shift)")
    }

    fileprivate func play(_ loads: [Int64]) async throws {
        try await fleet.administer(.play(domain: Self.vm, trace: LoadTrace(loadsPPM: loads)))
    }

    /// How many samples of the window are above the policy's upper bound, by what the service says itself.
    fileprivate func breaches(in scheduler: SchedulerRig) async throws -> Int? {
        guard let shell = await scheduler.service.shell(of: Self.cluster) else { return nil }
        return await shell.state.explain(Self.vm, at: monitor.clock.now())?.finding.counts?.above
    }

    fileprivate func lastAction() async throws -> SchedulerCore.DecisionRecord {
        guard let row = try await decisions().first(where: { $0.command != nil }) else {
            throw ConditionNotMet(description: "there is no action")
        }
        return try SchedulerCore.DecisionRecord(json: row.record)
    }
}
