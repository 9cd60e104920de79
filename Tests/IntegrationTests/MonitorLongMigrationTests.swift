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

@Suite("A migration's deadline is its progress", .serialized)
struct MonitorLongMigrationTests {
    private static let second: Int64 = 1_000_000_000

    /// Every other deadline is short: a migration that takes longer than all of them.
    private static var short: MonitorConfiguration {
        var configuration = MonitorConfiguration.quick
        configuration.commandTimeout = .milliseconds(500)
        configuration.migrationStallTimeout = .seconds(1)
        configuration.permitExtension = .seconds(4)
        return configuration
    }

    private func withVM(
        migration seconds: Int64, configuration: MonitorConfiguration = short,
        _ body: (MonitorRig, FleetRig) async throws -> Void
    ) async throws {
        try await withMonitor(
            durations: OperationDurations(migrate: seconds * Self.second), configuration: configuration
        ) { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            try await body(rig, fleet)
        }
    }

    private func move(_ rig: MonitorRig, _ more: String = "", within time: Duration = .seconds(1)) async throws
        -> UUID128
    {
        try await rig.enqueue("migrate", vm, #"{"target": "h2"\#(more)}"#, within: time)
    }

    /// What was published as somebody else's doing until the body ended.
    private func foreignEvents(_ rig: MonitorRig, _ body: () async throws -> Void) async throws -> [String] {
        let subscriber = try await rig.subscribe([.event("h1"), .event("h2")])
        let listening = Task {
            var kinds: [String] = []
            for await case .message(let message) in subscriber.deliveries where message.type == .domainEvent {
                guard let event = try? MessageCodec.decoded(WireDomainEvent.self, from: message.body) else { continue }
                if event.foreign { kinds.append(event.kind) }
            }
            return kinds
        }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        await subscriber.close()
        let kinds = await listening.value
        try outcome.get()
        return kinds
    }

    @Test("one that outlasts every other deadline arrives, and is Ebb's own")
    func long() async throws {
        try await withVM(migration: 3) { rig, fleet in
            let foreign = try await foreignEvents(rig) {
                let outcome = try await rig.outcome(of: try await move(rig))
                #expect(outcome.succeeded, "\(outcome)")
                try await eventually("its row") { try await rig.inventory.domain(vm)?.host == "h2" }
                try await eventually("its segment") { try await rig.segments(vm).last?.host == "h2" }
            }
            #expect(foreign.isEmpty)
            #expect(try await fleet.truth().operations.filter { $0.verb == "migrate" }.count == 1)
        }
    }

    @Test("one that stands still is called off, and is seen to have ended before it is told")
    func stalls() async throws {
        try await withVM(migration: 2) { rig, fleet in
            try await fleet.administer(
                .fault(
                    host: nil, domain: vm, verb: "migrate", times: 1,
                    effect: .stall(afterNanoseconds: Self.second / 2, nanoseconds: 60 * Self.second)))
            let outcome = try await rig.outcome(of: try await move(rig))
            #expect(outcome.code == .aborted && outcome.message?.contains("progressed") == true, "\(outcome)")
            #expect(outcome.message?.contains("goes on running here") == true, "\(outcome)")
            #expect(try await fleet.hypervisor("h1").migrationProgress(of: vm) == nil)
            #expect(try await fleet.hypervisor("h1").look(at: vm).state == .running)
        }
    }

    @Test("a short pause of its progress is no end")
    func pauses() async throws {
        try await withVM(migration: 2) { rig, fleet in
            try await fleet.administer(
                .fault(
                    host: nil, domain: vm, verb: "migrate", times: 1,
                    effect: .stall(afterNanoseconds: Self.second / 2, nanoseconds: Self.second / 2)))
            let outcome = try await rig.outcome(of: try await move(rig))
            #expect(outcome.succeeded, "\(outcome)")
        }
    }

    @Test("a limit ends one that progresses: the order's, else the setting's")
    func limits() async throws {
        var configuration = Self.short
        configuration.migrationTimeLimit = .milliseconds(500)
        try await withVM(migration: 5, configuration: configuration) { rig, fleet in
            let outcome = try await rig.outcome(of: try await move(rig))
            #expect(outcome.code == .aborted && outcome.message?.contains("limit") == true, "\(outcome)")
            let other = try await rig.outcome(of: try await move(rig, #", "time_limit_seconds": 2"#))
            #expect(other.code == .aborted && other.message?.contains("2 s") == true, "\(other)")
            #expect(try await fleet.hypervisor("h1").look(at: vm).state == .running)
        }
    }

    @Test("a Monitor that begins anew meanwhile follows it to its end, past the command's deadline")
    func restart() async throws {
        try await withVM(migration: 4) { rig, fleet in
            let foreign = try await foreignEvents(rig) {
                let id = try await move(rig)
                try await eventually("it is under way") { try await rig.commands.fetch(id)?.progressText != nil }
                await rig.drop("h1")
                try await rig.take("h1")
                let outcome = try await rig.outcome(of: id)
                #expect(outcome.succeeded, "\(outcome)")
                try await eventually("its row") { try await rig.inventory.domain(vm)?.host == "h2" }
            }
            #expect(foreign.isEmpty)
            #expect(try await fleet.truth().operations.filter { $0.verb == "migrate" }.count == 1)
        }
    }

    @Test("the room on its target stays promised as long as it goes on")
    func permit() async throws {
        try await withVM(migration: 3) { rig, _ in
            let permit = UUID128(high: 7, low: 7)
            let now = rig.clock.now()
            try await rig.database.withStore { store in
                _ = try await store.query(
                    """
                    INSERT INTO scheduling.permit (id, host, domain, purpose, vcpus, memory_bytes, created_ns, expires_ns)
                    VALUES (\(permit), 'h2', \(vm), 'migrate', 2, 536870912, \(now), \(now.advanced(by: .seconds(1))))
                    """)
                _ = try await CommandRepository(store).enqueue(
                    NewCommand(
                        id: permit, host: "h1", domain: vm, verb: .migrate, arguments: .migration(to: "h2"),
                        principal: "test", idempotencyKey: "permit", permit: permit, createdAt: now,
                        deadline: now.advanced(by: .seconds(1))))
            }
            try await eventually("it is extended") {
                let left = try await PermitRepository(rig.store).fetch(permit)?.expiresAt ?? .zero
                return left > now.advanced(by: .seconds(2))
            }
            #expect(try await rig.outcome(of: permit).succeeded)
            #expect(try await PermitRepository(rig.store).fetch(permit)?.state == .used)
        }
    }

    @Test("one whose end nobody saw arrives as Ebb's own")
    func uncertain() async throws {
        var configuration = Self.short
        configuration.migrationStallTimeout = .milliseconds(300)
        try await withVM(migration: 4, configuration: configuration) { rig, fleet in
            let foreign = try await foreignEvents(rig) {
                let id = try await move(rig)
                try await eventually("it is under way") { try await rig.commands.fetch(id)?.progressText != nil }
                await rig.drop("h1")
                try await fleet.administer(.condition(host: "h1", condition: .hung))
                try await rig.take("h1")
                let outcome = try await rig.outcome(of: id)
                #expect(outcome.code == .outcomeUnknown, "\(outcome)")
                try await fleet.administer(.condition(host: "h1", condition: .up))
                try await eventually("its row") { try await rig.inventory.domain(vm)?.host == "h2" }
            }
            #expect(foreign.isEmpty)
        }
    }
}
