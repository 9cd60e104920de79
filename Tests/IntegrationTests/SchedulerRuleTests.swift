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

@testable import SchedulerMain

private let cluster = SchedulerWorld.cluster
private let vm = SchedulerWorld.vm

@Suite("What Scheduler's shell adds to its core, on real edges", .serialized)
struct SchedulerRuleTests {
    @Test("a dry run, of the VM or of the cluster, decides and records and does nothing", .timeLimit(.minutes(1)))
    func dryRun() async throws {
        try await withScheduler(load: 950_000) { world, scheduler in
            try await scheduler.change(#"{"preset": "aggressive", "dryRun": true}"#, of: vm)
            try await eventually("a recorded growth") { try await world.isRecorded("\"dry\":\"dry-run-of-domain\"") }
            #expect(try await world.orders().isEmpty)
            let settings = SchedulingSettingsRepository(world.store)
            try await settings.set(
                ClusterSetting(cluster: cluster, isDryRun: true), by: "ada", at: world.monitor.clock.now())
            try await eventually("the cluster's dry run") {
                await scheduler.service.shell(of: cluster)?.state.settings.isDryRun == true
            }
            try await scheduler.change(#"{"dryRun": false}"#, of: vm)
            try await eventually("another recorded growth") {
                try await world.isRecorded("\"dry\":\"dry-run-of-cluster\"")
            }
            #expect(try await world.orders().isEmpty)
            try await settings.set(ClusterSetting(cluster: cluster), by: "ada", at: world.monitor.clock.now())
            try await eventually("the growth") { try await world.vcpus() == 2 }
        }
    }

    @Test(
        "a freeze in the database stops what is automatic, lets it go on when it is lifted, and explains its time later",
        .timeLimit(.minutes(1)))
    func freeze() async throws {
        try await withScheduler { world, scheduler in
            let freezes = FreezeRepository(world.store)
            let freeze = FreezeRecord(
                .domain(vm), reason: "an audit", principal: "ada", isAutomatic: false,
                createdAt: world.monitor.clock.now())
            try await freezes.freeze(freeze)
            try await eventually("that it is known") {
                guard let shell = await scheduler.service.shell(of: cluster) else { return false }
                return await shell.state.explain(vm, at: world.monitor.clock.now())?.inputs.freezeReason == "an audit"
            }
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await world.load(950_000)
            try await eventually("a recorded growth") { try await world.isRecorded("\"dry\":\"frozen\"") }
            #expect(try await world.orders().isEmpty)
            let frozen = world.monitor.clock.now()
            try await freezes.unfreeze(freeze)
            try await eventually("the growth") { try await world.vcpus() == 2 }
            #expect(try await scheduler.why(vm, at: frozen).record.inputs.freezeReason == "an audit")
            #expect(try await scheduler.why(vm).record.inputs.freezeReason == nil)
        }
    }

    @Test(
        "what was decided about a VM that is deleted since is explained at an instant at which it was there",
        .timeLimit(.minutes(1)))
    func deleted() async throws {
        try await withScheduler(load: 950_000) { world, scheduler in
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await eventually("the growth") { try await world.vcpus() == 2 }
            let grown = try #require(try await world.decisions(about: vm).first { $0.verdict == .grow })
            // Later ones may follow, since the load goes on.
            let then = grown.at
            #expect(try await world.monitor.perform("destroy", vm).succeeded)
            #expect(try await world.monitor.perform("delete", vm).succeeded)
            try await eventually("it is gone") {
                try await InventoryRepository(world.store).domain(vm)?.deletedAt != nil
            }
            let answer = try await scheduler.why(vm, at: then)
            #expect(answer.decision?.id == grown.id, "\(answer.text)")
            #expect(answer.record.inputs.policyVersion == 1)
            await #expect(throws: (any Error).self) { try await scheduler.why(vm, at: world.monitor.clock.now()) }
        }
    }

    @Test(
        "memory is given back step by step while it is idle, and comes back under a permit", .timeLimit(.minutes(1)))
    func memory() async throws {
        try await withScheduler { world, scheduler in
            let all = ByteCount.mebibytes(512)
            func memory() async throws -> ByteCount? {
                try await InventoryRepository(world.store).domain(vm)?.memory
            }
            try await world.fleet.administer(.habits(domain: vm, habits: GuestHabits(memoryUsePPM: 200_000)))
            try await scheduler.change(
                """
                {"preset": "aggressive", "minMemoryBytes": 268435456, "maxMemoryBytes": 536870912,
                 "cooldownUpNanoseconds": 0, "cooldownDownNanoseconds": 3600000000000}
                """, of: vm)
            try await eventually(within: .seconds(20), "less memory") { try await memory().map { $0 < all } ?? false }
            let shrunk = try #require(try await memory())
            #expect(shrunk.bytes >= all.bytes * 95 / 100, "a step is at most 5 %, not to \(shrunk)")
            try await world.fleet.administer(.habits(domain: vm, habits: GuestHabits(memoryUsePPM: 900_000)))
            try await eventually(within: .seconds(20), "a growth") {
                try await world.decisions(about: vm).contains { $0.verdict == .grow && $0.command != nil }
            }
            let growth = try #require(try await world.orders().first { $0.command.permit != nil })
            #expect(growth.command.verb == .resize && growth.command.arguments.contains("memory_bytes"))
            #expect(try await world.verified(by: scheduler).failed == 0)
        }
    }

    @Test(
        "a growth that finds no room is shown in the queue with its place, and leaves it when there is room",
        .timeLimit(.minutes(1)))
    func queue() async throws {
        // Two cores at 200 %: four vCPUs, three of them taken by a neighbour.
        let hosts = [HostConfiguration(id: "h1", cores: 2, memory: .gibibytes(16))]
        let neighbour = DomainID(UUID128(high: 1, low: 2))
        try await withScheduler(load: 500_000, hosts: hosts) { world, scheduler in
            try await world.createVM(neighbour, vcpus: 3)
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await world.load(950_000)
            let queue = WaitingGrowthRepository(world.store)
            try await eventually("the queue") {
                try await queue.list(domain: vm).first.map { $0.growth.missing == 1 && $0.position == 1 } ?? false
            }
            #expect(try await queue.list(tenant: "acme").count == 1)
            #expect(try await world.isRecorded("\"no-room\""))
            let outcome = try await world.monitor.perform("resize", neighbour, #"{"vcpus": 1}"#)
            #expect(outcome.succeeded, "\(outcome)")
            try await eventually("the growth") { try await world.vcpus() == 2 }
            try await eventually("an empty queue") { try await queue.list().isEmpty }
        }
    }

    @Test(
        "a full host's VM moves in order to grow, and its decision ends only after the second step",
        .timeLimit(.minutes(1)))
    func migrateAndGrow() async throws {
        let hosts = [
            HostConfiguration(id: "h1", cores: 2, memory: .gibibytes(16)),
            HostConfiguration(id: "h2", cores: 8, memory: .gibibytes(16)),
        ]
        let neighbour = DomainID(UUID128(high: 1, low: 2))
        let durations = OperationDurations(resize: 2_000_000_000)
        try await withScheduler(load: 500_000, hosts: hosts, durations: durations) { world, scheduler in
            try await world.createVM(neighbour, vcpus: 3)
            try await scheduler.change(#"{"optOut": true}"#, of: neighbour)
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await world.load(950_000)
            try await eventually(within: .seconds(20), "both steps") { try await world.orders().count == 2 }
            let decision = try #require(try await world.orders().first?.command.decision)
            // The growth takes its time: the decision is under way until then.
            #expect(try await DecisionRepository(world.store).outcomes(of: decision).isEmpty)
            try await eventually(within: .seconds(20), "the end") {
                try await DecisionRepository(world.store).outcomes(of: decision).map(\.outcome.text) == ["succeeded"]
            }
            let row = try #require(try await InventoryRepository(world.store).domain(vm))
            #expect(row.host == "h2" && row.confirmedVCPUs == 2)
            #expect(try await world.verified(by: scheduler).failed == 0)
        }
    }

    @Test(
        "a host in drain is emptied; what can't move is named with its reason and stops nobody", .timeLimit(.minutes(2))
    )
    func drain() async throws {
        let hosts = [
            HostConfiguration(id: "h1", cores: 8, memory: .gibibytes(16)),
            HostConfiguration(id: "h2", cores: 8, memory: .gibibytes(16)),
        ]
        let (second, held) = (DomainID(UUID128(high: 1, low: 2)), DomainID(UUID128(high: 1, low: 3)))
        try await withScheduler(load: 300_000, hosts: hosts) { world, scheduler in
            for domain in [second, held] { try await world.createVM(domain, load: 300_000) }
            try await scheduler.change(#"{"optOut": true}"#, of: held)
            try await InventoryRepository(world.store).setMode(of: "h1", to: .draining)
            try await eventually(within: .seconds(30), "an emptied host") {
                let domains = try await InventoryRepository(world.store).domains(.host("h1")).map(\.id)
                return domains == [held]
            }
            try await eventually("the reason of the one that stays") {
                try await world.decisions(about: held).contains { $0.verdict == .refuse }
            }
            #expect(try await world.verified(by: scheduler).failed == 0)
        }
    }

    @Test("a policy that must flap is refused with its numbers", .timeLimit(.minutes(1)))
    func flapping() async throws {
        try await withScheduler { _, scheduler in
            let change = #"{"lowerPpm": 600000, "upperPpm": 700000, "ratioPpm": 500000}"#
            let failure = await scheduler.refusal(of: change, of: vm)
            #expect(failure?.contains("must flap between 1 and 2 vCPUs") == true, "\(failure ?? "accepted")")
        }
    }

    @Test("a policy is replayed over what Logger stored, and an observed host is assessed", .timeLimit(.minutes(1)))
    func replay() async throws {
        // So that no delay of a loaded machine is a hole.
        try await withScheduler(load: 950_000, settings: ["scheduler.samplingInterval": "1s"]) { world, scheduler in
            let logger = try await LoggerRig.start(
                world.database, following: [world.monitorPeer], at: world.monitor.clock.now())
            try await logger.claim(.log, "h1")
            let from = world.monitor.clock.now()
            func span() -> String {
                #""from": \#(from.nanoseconds), "to": \#(world.monitor.clock.now().nanoseconds)"#
            }
            try await eventually("a growth in the replay") {
                let question = #"{"domain": "\#(vm)", "preset": "aggressive", \#(span())}"#
                guard let answer = try? await scheduler.ask(.replayPolicy, question) else { return false }
                let members = try #require(try JSONSerialization.jsonObject(with: answer) as? [String: Any])
                let text = try #require(members["text"] as? String)
                return (members["actions"] as? Int ?? 0) > 0 && text.contains("cpu from 1 to 2: enough-above")
            }
            let assessed = try await scheduler.ask(.assess, #"{"hosts": ["h1"], \#(span())}"#)
            let members = try #require(try JSONSerialization.jsonObject(with: assessed) as? [String: Any])
            let item = try #require((members["items"] as? [[String: Any]])?.first)
            #expect(item["vm"] as? String == "vm-1" && item["vcpus"] as? Int == 1, "\(item)")
            #expect((members["total"] as? [String: Any])?["vm"] as? String == "all")
            await logger.stop(["h1"])
        }
    }
}
