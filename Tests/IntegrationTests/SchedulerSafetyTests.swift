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

@Suite("What keeps Scheduler's actions in bounds, from end to end", .serialized)
struct SchedulerSafetyTests {
    @Test(
        "actions that keep failing freeze the cluster by themselves, and its Monitor then does nothing automatic",
        .timeLimit(.minutes(2)))
    func automaticFreeze() async throws {
        try await withScheduler(load: 950_000) { world, scheduler in
            try await world.fleet.administer(
                .fault(
                    host: nil, domain: vm, verb: "resize", times: nil,
                    effect: .fail(afterNanoseconds: 0, message: "the test says no")))
            try await scheduler.setPolicy(try .paper(), of: vm)
            let freezes = FreezeRepository(world.store)
            try await eventually(within: .seconds(60), "a freeze") { try await !freezes.list().isEmpty }
            let freeze = try #require(try await freezes.list().first)
            #expect(freeze.subject == .cluster(cluster), "\(freeze)")
            #expect(freeze.isAutomatic && freeze.principal == "scheduler", "\(freeze)")
            #expect(freeze.reason.hasPrefix("5 of 5 actions failed"), "\(freeze)")

            try await world.fleet.administer(.clearFaults)
            let refused = try await world.monitor.perform("resize", vm, #"{"vcpus": 2}"#, isAutomatic: true)
            #expect(!refused.succeeded && refused.code == .frozen, "\(refused)")
            try await eventually("a growth that is not made") { try await world.isRecorded("\"dry\":\"frozen\"") }
            #expect(try await world.vcpus() == 1)
            let byHand = try await world.monitor.perform("resize", vm, #"{"vcpus": 2}"#)
            #expect(byHand.succeeded, "\(byHand)")
        }
    }

    @Test("a second after a freeze by hand nothing automatic is done any more", .timeLimit(.minutes(2)))
    func freezeByHand() async throws {
        // It wants to grow at every moment, until it has all that it may.
        let hosts = [HostConfiguration(id: "h1", cores: 16, memory: .gibibytes(16))]
        try await withScheduler(load: 950_000, hosts: hosts) { world, scheduler in
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await world.load(8_000_000)
            try await eventually("a growth") { try await world.vcpus() ?? 0 > 1 }
            let freezes = FreezeRepository(world.store)
            let frozenAt = world.monitor.clock.now()
            let freeze = FreezeRecord(
                .cluster(cluster), reason: "an audit", principal: "ada", isAutomatic: false,
                createdAt: frozenAt)
            try await freezes.freeze(freeze)
            try await eventually("a growth that is not made") { try await world.isRecorded("\"dry\":\"frozen\"") }
            let late = try await world.orders().filter {
                $0.command.createdAt > frozenAt.advanced(by: .seconds(1)) && $0.outcome?.code != .frozen
            }
            #expect(late.isEmpty, "\(late)")
            let size = try #require(try await world.vcpus())
            #expect(size < 8)
            try await freezes.unfreeze(freeze)
            try await eventually("the next growth") { try await world.vcpus() ?? 0 > size }
        }
    }

    @Test("what an action came to is stored after 1 and 10 minutes, and listed", .timeLimit(.minutes(1)))
    func outcomes() async throws {
        try await withScheduler { world, scheduler in
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await world.load(950_000)
            try await eventually("a growth") { try await world.vcpus() == 2 }
            let decision = try #require(try await world.orders().first?.command.decision)
            let repository = DecisionRepository(world.store)
            try await eventually("its end") { try await !repository.outcomes(of: decision).isEmpty }
            let shell = try #require(await scheduler.service.shell(of: cluster))
            let grownAt = world.monitor.clock.now()
            try await eventually("samples of what came of it") {
                let samples = await shell.state.explain(vm, at: world.monitor.clock.now())?.inputs.samples ?? []
                return samples.count { $0.sampledAt > grownAt } >= 3
            }
            // The minutes pass for the core alone.
            for (minutes, seconds) in [(1, 61), (10, 601)] {
                let later = grownAt.advanced(by: .seconds(seconds))
                await shell.report { $0.evaluateAll(at: later) }
                try await eventually("the row of minute \(minutes)") {
                    try await repository.measurements(DecisionFilter(tenant: "acme", limit: 10)).last?.minutes
                        == minutes
                }
            }
            let rows = try await repository.measurements(DecisionFilter(domain: vm, limit: 10))
            #expect(rows.map(\.minutes) == [1, 10])
            for row in rows {
                #expect(row.decision == decision && row.resource == .cpu && !row.isReversed, "\(row)")
                let (predicted, real) = (try #require(row.predicted), try #require(row.real))
                #expect(row.samples >= 3 && abs(predicted.ppm - real.ppm) < 200_000, "\(row)")
            }
        }
    }

    @Test("a rule for the network changes the cap that the hypervisor holds the VM to", .timeLimit(.minutes(1)))
    func network() async throws {
        try await withScheduler { world, scheduler in
            let capped = try await world.monitor.perform("network-cap", vm, #"{"bytes_per_second": 1000000}"#)
            #expect(capped.succeeded, "\(capped)")
            try await world.fleet.administer(
                .habits(
                    domain: vm, habits: GuestHabits(receivedPerSecond: 950_000, transmittedPerSecond: 950_000)))
            try await scheduler.change(
                """
                {"preset": "aggressive", "maxNetworkBytesPerSecond": 10000000,
                 "cooldownUpNanoseconds": 0, "cooldownDownNanoseconds": 3600000000000}
                """, of: vm)
            // As Monitor reads it from the hypervisor.
            func cap() async throws -> Int64 {
                try await InventoryRepository(world.store).domain(vm)?.networkCapBytesPerSecond ?? 0
            }
            try await eventually(within: .seconds(20), "a higher cap") { try await cap() > 1_000_000 }
            #expect(try await cap() <= 10_000_000)
            try await eventually("the command's end") { try await world.orders().first?.outcome != nil }
            let order = try #require(try await world.orders().first)
            #expect(order.command.verb == .networkCap && order.outcome?.succeeded == true, "\(order)")
            #expect(try await world.verified(by: scheduler).failed == 0)
        }
    }

    @Test("a tenant's decision and explanation name no host and no neighbour", .timeLimit(.minutes(1)))
    func discretion() async throws {
        let hosts = [
            HostConfiguration(id: "kestrel", cores: 2, memory: .gibibytes(16)),
            HostConfiguration(id: "osprey", cores: 8, memory: .gibibytes(16)),
        ]
        let neighbour = DomainID(UUID128(high: 1, low: 2))
        try await SchedulerWorld.with(hosts: hosts) { world in
            try await world.createVM(on: "kestrel", load: 500_000)
            try await world.createVM(neighbour, on: "kestrel", vcpus: 3)
            let scheduler = try await SchedulerRig.start(world.database, following: world.monitor)
            try await eventually("it decides") { await scheduler.decides(for: cluster) }
            try await scheduler.change(#"{"optOut": true}"#, of: neighbour)
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await world.load(950_000)
            try await eventually(within: .seconds(20), "a move to grow") { try await world.vcpus() == 2 }
            let decision = try #require(try await world.orders().first?.command.decision)
            let record = try #require(try await DecisionRepository(world.store).fetch(decision)).record
            #expect(record.contains("kestrel") && record.contains("osprey"))
            let disguised = try await scheduler.ask(.disguiseDecision, #"{"id": "\#(decision)"}"#)
            let (shown, why) = (String(decoding: disguised, as: UTF8.self), try await scheduler.disguisedWhy(vm))
            // Why it is as it is may be told by a decision after the move.
            #expect(shown.contains("grow") && why.contains("policy 1"), "\(why)")
            for text in [shown, why] {
                for secret in ["kestrel", "osprey", neighbour.description, "vm-2"] {
                    #expect(!text.contains(secret), "\(secret) is in \(text)")
                }
            }
            await scheduler.stop()
        }
    }
}
