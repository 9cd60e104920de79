// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import Hypervisor
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
/// How long a migration takes here.
private let duration: Int64 = 1_500_000_000

/// A fleet of two hosts whose migrations take a while, and a database that knows them.
private func withHosts(_ body: (FleetRig, TestDatabase) async throws -> Void) async throws {
    let fleet = try await FleetRig.start(
        FleetConfiguration(
            hosts: [
                HostConfiguration(id: "h1", cores: 8, memory: .gibibytes(16)),
                HostConfiguration(id: "h2", cores: 8, memory: .gibibytes(16)),
            ], durations: OperationDurations(migrate: duration)))
    do {
        try await withDatabase { database in
            try await database.withStore { store in
                _ = try await AccountRepository(store).addTenant("acme")
                for host in ["h1", "h2"] as [HostID] {
                    try await InventoryRepository(store).addHost(host, cluster: "c1", uri: fleet.uri(host))
                    try await InventoryRepository(store).setMode(of: host, to: .enabled)
                }
            }
            try await body(fleet, database)
        }
    } catch {
        await fleet.bus.close()
        throw error
    }
    await fleet.bus.close()
}

/// Where a Monitor is killed on a migration's way, and what else breaks before or after.
enum KillPoint: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case queued = "before it was claimed"
    case claimed = "after it was claimed, before the call"
    case underWay = "during the call"
    case sourceHungFirst = "during the call, after the source had hung"
    case sourceHungThen = "during the call, and then the source hangs"
    case targetHungThen = "during the call, and then the target hangs"
    case answerLost = "after the effect, before the answer"
    case unwritten = "after the answer, before its end was written"

    var testDescription: String { rawValue }
    /// Whether the hypervisor was told.
    var isCalled: Bool { self != .queued && self != .claimed }
    var hangs: (host: HostID, isFirst: Bool)? {
        switch self {
        case .sourceHungFirst: ("h1", true)
        case .sourceHungThen: ("h1", false)
        case .targetHungThen: ("h2", false)
        default: nil
        }
    }
}

@Suite("A Monitor that is killed on a migration's way", .serialized)
struct MonitorMigrationTests {
    /// Leaves behind what a Monitor leaves that is killed at this point: its rows and its call, and nothing after.
    private func leave(
        _ point: KillPoint, _ rig: MonitorRig, _ fleet: FleetRig, _ shard: OwnedShard, _ id: UUID128
    ) async throws -> Task<Void, any Error>? {
        guard point != .queued else { return nil }
        #expect(try await rig.commands.claim(id, under: shard.claim, by: rig.instance, at: rig.clock.now()))
        guard point.isCalled else { return nil }
        let hypervisor = try await fleet.hypervisor("h1")
        let target = MigrationTarget(host: "h2", uri: fleet.uri("h2"), epoch: 1)
        let call = MutatingCall(id: id, epoch: UInt64(shard.epoch), timeout: .seconds(20))
        let calling = Task { _ = try await hypervisor.migrate(vm, to: target, call) }
        switch point {
        case .answerLost, .unwritten: try await calling.value
        default:
            try await eventually("the migration is under way") {
                try await fleet.truth().operations.contains { $0.verb == "migrate" }
            }
        }
        return calling
    }

    @Test(
        "exactly one copy runs afterwards, the command ends known, and nothing is billed twice",
        arguments: KillPoint.allCases)
    func killed(point: KillPoint) async throws {
        try await withHosts { fleet, database in
            try await MonitorRig.with(database) { rig in
                let first = try await rig.take("h1")
                #expect(try await rig.perform("create", vm, create).succeeded)
                await rig.drop("h1")
                let id = try await rig.enqueue("migrate", vm, #"{"target": "h2"}"#)
                let calling = try await leave(point, rig, fleet, first, id)
                if let hung = point.hangs, hung.isFirst {
                    try await fleet.administer(.condition(host: hung.host, condition: .hung))
                }
                try await rig.take("h2")
                try await rig.take("h1")
                if let hung = point.hangs {
                    try await fleet.administer(.condition(host: hung.host, condition: .hung))
                    try await eventually("it is unknown") {
                        try await rig.inventory.host(hung.host)?.facts.state == .unknown
                    }
                    try await fleet.administer(.condition(host: hung.host, condition: .up))
                }
                let outcome = try await rig.outcome(of: id)
                calling?.cancel()
                #expect(outcome.succeeded == (point != .claimed), "\(outcome)")
                #expect(outcome.code?.word == (point == .claimed ? .interrupted : nil))
                let home: HostID = outcome.succeeded ? "h2" : "h1"
                try await expectOneCopy(on: home, fleet)
                #expect(
                    try await fleet.truth().operations.filter { $0.verb == "migrate" }.count
                        == (point == .claimed ? 0 : 1))
                try await eventually("its row is on \(home)") { try await rig.inventory.domain(vm)?.host == home }
                try await eventually("its segment too") { try await rig.segments(vm).last?.host == home }
                try await expectBillsTruth(rig, fleet)
            }
        }
    }

    @Test("a migration whose source loses its power never arrives; nothing runs, and it ends known")
    func sourceDies() async throws {
        try await withHosts { fleet, database in
            try await MonitorRig.with(database) { rig in
                for host in ["h1", "h2"] as [HostID] { try await rig.take(host) }
                #expect(try await rig.perform("create", vm, create).succeeded)
                let id = try await rig.enqueue("migrate", vm, #"{"target": "h2"}"#)
                try await eventually("it is under way") {
                    try await fleet.truth().operations.contains { $0.verb == "migrate" }
                }
                try await fleet.administer(.condition(host: "h1", condition: .dead))
                try await fleet.administer(.condition(host: "h1", condition: .up))
                let outcome = try await rig.outcome(of: id)
                #expect(!outcome.succeeded)
                for host in ["h1", "h2"] as [HostID] {
                    let running = try await fleet.hypervisor(host).inventory().filter(\.state.isActive)
                    #expect(running.isEmpty)
                }
                try await eventually("it is shut off") { try await rig.inventory.domain(vm)?.state == .shutoff }
            }
        }
    }

    @Test("a migration says how far it has come, and is called off without harm")
    func abort() async throws {
        try await withHosts { fleet, database in
            try await MonitorRig.with(database) { rig in
                for host in ["h1", "h2"] as [HostID] { try await rig.take(host) }
                #expect(try await rig.perform("create", vm, create).succeeded)
                let id = try await rig.enqueue("migrate", vm, #"{"target": "h2"}"#)
                try await eventually("it reports progress") { try await rig.commands.fetch(id)?.progressText != nil }
                let abort = try await rig.perform("abort-migration", vm)
                #expect(abort.succeeded, "\(abort)")
                let outcome = try await rig.outcome(of: id)
                #expect(outcome.code == .aborted, "\(outcome)")
                try await expectOneCopy(on: "h1", fleet)
                #expect(try await rig.perform("resize", vm, #"{"vcpus": 3}"#).succeeded, "it goes on as before")
            }
        }
    }

    @Test("an abort is answered when the migration has ended, and the domain is seen to run here")
    func abortWaits() async throws {
        try await withHosts { fleet, database in
            try await MonitorRig.with(database) { rig in
                for host in ["h1", "h2"] as [HostID] { try await rig.take(host) }
                #expect(try await rig.perform("create", vm, create).succeeded)
                let id = try await rig.enqueue("migrate", vm, #"{"target": "h2"}"#)
                try await eventually("it is under way") { try await rig.commands.fetch(id)?.progressText != nil }
                #expect(try await rig.perform("abort-migration", vm).succeeded)
                let migration = try await rig.commands.fetch(id)
                #expect(migration?.outcome?.code == .aborted, "\(String(describing: migration))")
                #expect(migration?.outcome?.message?.contains("goes on running here") == true)
                #expect(try await rig.perform("abort-migration", vm).code == .state)
            }
        }
    }

    private func expectOneCopy(on home: HostID, _ fleet: FleetRig) async throws {
        for host in ["h1", "h2"] as [HostID] {
            let copies = try await fleet.hypervisor(host).inventory().filter { $0.domain == vm }
            #expect(copies.map(\.state) == (host == home ? [.running] : []), "on \(host)")
        }
    }

    /// What is billed lies within what really was, and no instant is billed twice.
    private func expectBillsTruth(_ rig: MonitorRig, _ fleet: FleetRig) async throws {
        let segments = try await rig.segments(vm)
        for (former, next) in zip(segments, segments.dropFirst()) {
            let end = try #require(former.end)
            #expect(end <= next.start)
        }
        let truth = try #require(try await fleet.truth().domains.first { $0.id == vm })
        for segment in segments {
            let real = truth.segments.filter { $0.host == segment.host && $0.isActive }
            let end = segment.end ?? segment.hostProvedUntil ?? segment.start
            #expect(real.contains { $0.start <= segment.start && end <= $0.end }, "\(segment)")
        }
    }
}
