// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import Hypervisor
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import FleetMain
@testable import MonitorMain

private let vm = DomainID(UUID128(high: 1, low: 1))
private let create = """
    {"name": "web", "tenant": "acme", "vcpus": 2, "maximum_vcpus": 8, "memory_bytes": 536870912}
    """

/// Counts reports whose first domain has this size, until there are enough or 10 s have passed.
private func reports(of vcpus: VCPUCount, by subscriber: any StreamSubscriber, enough: Int) async throws -> Int {
    let timer = Task {
        try? await Task.sleep(for: .seconds(10))
        if !Task.isCancelled { await subscriber.close() }
    }
    defer { timer.cancel() }
    var count = 0
    for await case .message(let message) in subscriber.deliveries where message.type == .hostReport {
        if try HostReport.decoded(message.body).domains.first?.vcpus?.confirmed == vcpus { count += 1 }
        if count == enough { break }
    }
    return count
}

@Suite("Monitor, when things break", .serialized)
struct MonitorOutageTests {
    @Test("while the database is away polls are published, and everything is written when it is back")
    func databaseAway() async throws {
        try await PostgresCluster.withOwn { cluster in
            try await withFleet(in: cluster) { fleet, database in
                try await MonitorRig.with(database) { rig in
                    try await rig.take("h1")
                    #expect(try await rig.perform("create", vm, create).succeeded)
                    try await cluster.stopServer()
                    let subscriber = await fleet.bus.makeSubscriber(topics: [.allHosts])
                    try await subscriber.connect(
                        to: BusPeer(
                            instance: rig.instance, publishEndpoint: rig.publisher.endpoint,
                            commandEndpoint: rig.server.endpoint, publicKey: TestKeys.pair.publicKey))
                    // Somebody else resizes meanwhile.
                    let effect = try await fleet.hypervisor("h1").resize(
                        vm, vcpus: 4,
                        MutatingCall(id: UUID128(high: 9, low: 9), epoch: 1, timeout: .seconds(1)))
                    #expect(try await reports(of: 4, by: subscriber, enough: 3) == 3, "polls go on meanwhile")
                    try await cluster.startServer()
                    try await eventually(within: .seconds(20), "the new size is written") {
                        // Sessions that broke meanwhile fail once more before they reconnect.
                        (try? await rig.segments(vm))?.last?.vcpus == 4
                    }
                    let segments = try await rig.segments(vm)
                    #expect(segments.map(\.vcpus) == [2, 4])
                    #expect(segments.last?.start == effect.effectiveAt)
                    #expect(segments.first?.end == effect.effectiveAt)
                }
            }
        }
    }

    @Test(
        "a command that a dead owner claimed ends by what is seen, and is not run again",
        arguments: [true, false])
    func deadOwner(hadEffect: Bool) async throws {
        try await withFleet { fleet, database in
            try await MonitorRig.with(database) { rig in
                let first = try await rig.take("h1")
                #expect(try await rig.perform("create", vm, create).succeeded)
                await rig.drop("h1")
                let id = try await rig.enqueue("resize", vm, #"{"vcpus": 3}"#)
                #expect(
                    try await rig.commands.claim(id, under: first.claim, by: rig.instance, at: rig.clock.now()))
                if hadEffect {
                    _ = try await fleet.hypervisor("h1").resize(
                        vm, vcpus: 3, MutatingCall(id: id, epoch: UInt64(first.epoch), timeout: .seconds(1)))
                }
                try await rig.take("h1")
                let outcome = try await rig.outcome(of: id)
                #expect(outcome.succeeded == hadEffect && outcome.code?.word == (hadEffect ? nil : .interrupted))
                let resizes = try await fleet.truth().operations.filter { $0.verb == "resize" }
                #expect(resizes.count == (hadEffect ? 1 : 0))
                try await eventually("the size that is seen") {
                    try await rig.segments(vm).last?.vcpus == (hadEffect ? 3 : 2)
                }
            }
        }
    }

    @Test("a migration that a dead owner began ends by what both hosts show")
    func deadMigration() async throws {
        try await withFleet { fleet, database in
            try await MonitorRig.with(database) { rig in
                let first = try await rig.take("h1")
                #expect(try await rig.perform("create", vm, create).succeeded)
                await rig.drop("h1")
                let id = try await rig.enqueue("migrate", vm, #"{"target": "h2"}"#)
                #expect(
                    try await rig.commands.claim(id, under: first.claim, by: rig.instance, at: rig.clock.now()))
                let effect = try await fleet.hypervisor("h1").migrate(
                    vm, to: MigrationTarget(host: "h2", uri: fleet.uri("h2"), epoch: 1),
                    MutatingCall(id: id, epoch: UInt64(first.epoch), timeout: .seconds(1)))
                try await rig.take("h2")
                try await rig.take("h1")
                #expect(try await rig.outcome(of: id).succeeded)
                try await eventually("the domain is on its target") {
                    try await rig.inventory.domain(vm)?.host == "h2"
                }
                try await eventually("its size too") { try await rig.segments(vm).last?.host == "h2" }
                let segments = try await rig.segments(vm)
                #expect(segments.map(\.host) == ["h1", "h2"])
                #expect(segments.last?.start == effect.effectiveAt)
                #expect(try await fleet.truth().operations.filter { $0.verb == "migrate" }.count == 1)
            }
        }
    }

    @Test("a restarted Monitor begins no life and no segment anew")
    func restart() async throws {
        try await withFleet { fleet, database in
            var before: [StoredSegment] = []
            try await MonitorRig.with(database) { rig in
                try await rig.take("h1")
                #expect(try await rig.perform("create", vm, create).succeeded)
                before = try await rig.segments(vm)
            }
            try await MonitorRig.with(database) { rig in
                try await rig.take("h1")
                let proved = try await rig.inventory.host("h1")?.provedUntil
                try await eventually("a later proof") {
                    try await rig.inventory.host("h1")?.provedUntil ?? .zero > proved ?? .distantFuture
                }
                let after = try await rig.segments(vm)
                #expect(after.map(\.start) == before.map(\.start) && after.last?.end == nil)
            }
        }
    }

    @Test("an owner that lost its host writes nothing any more")
    func fenced() async throws {
        try await withFleet { fleet, database in
            try await MonitorRig.with(database) { old in
                try await old.take("h1")
                #expect(try await old.perform("create", vm, create).succeeded)
                try await MonitorRig.with(database) { new in
                    try await new.take("h1")
                    try await old.enqueue("resize", vm, #"{"vcpus": 3}"#)
                    try await eventually("the new owner runs it") {
                        try await new.segments(vm).last?.vcpus == 3
                    }
                    let operations = try await fleet.truth().operations.filter { $0.verb == "resize" }
                    #expect(operations.map(\.epoch) == [2])
                    #expect(try await fleet.truth().violations.isEmpty)
                }
            }
        }
    }

    @Test("hosts are let go within seconds while the database is away, however many there are")
    func letGoWithoutDatabase() async throws {
        try await PostgresCluster.withOwn { cluster in
            try await withFleet(in: cluster) { _, database in
                try await MonitorRig.with(database) { rig in
                    for host in ["h1", "h2"] as [HostID] { try await rig.take(host) }
                    #expect(try await rig.perform("create", vm, create).succeeded)
                    try await cluster.stopServer()
                    let began = ContinuousClock.now
                    await withTaskGroup { group in
                        for host in ["h1", "h2"] as [HostID] { group.addTask { await rig.drop(host) } }
                    }
                    #expect(ContinuousClock.now - began < .seconds(6))
                    try await cluster.startServer()
                }
            }
        }
    }

    @Test("while it may not command, commands wait; nothing is claimed")
    func waiting() async throws {
        try await withFleet { fleet, database in
            try await MonitorRig.with(database) { rig in
                rig.gate.set(false)
                try await rig.take("h1")
                let id = try await rig.enqueue("create", vm, create)
                try await eventually("polls") { try await rig.inventory.host("h1")?.provedUntil != nil }
                #expect(try await rig.commands.fetch(id)?.state == .queued)
                rig.gate.set(true)
                #expect(try await rig.outcome(of: id).succeeded)
            }
        }
    }
}
