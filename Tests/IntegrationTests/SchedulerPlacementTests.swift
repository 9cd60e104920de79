// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import SchedulerMain

private let vm = SchedulerWorld.vm

@Suite("Where VMs may be, with a real Monitor and fleet", .serialized)
struct SchedulerPlacementTests {
    private static let hosts = [
        HostConfiguration(id: "h1", cores: 8, memory: .gibibytes(16)),
        HostConfiguration(id: "h2", cores: 8, memory: .gibibytes(16)),
    ]

    @Test("a new VM obeys its groups and its hosts from its first place on", .timeLimit(.minutes(1)))
    func newVM() async throws {
        try await withScheduler(hosts: Self.hosts) { world, scheduler in
            try await scheduler.change(#"{"antiAffinity": "db", "affinity": "web"}"#, of: vm)
            func new(_ number: UInt64) -> DomainID { DomainID(UUID128(high: 2, low: number)) }
            for (number, host) in [(8, "h1"), (9, "h2")] as [(UInt64, String)] {
                try await eventually("\(host) has answered a probe") {
                    (try? await scheduler.place(new(number)) { $0.pinnedHostIds = [host] }) != nil
                }
            }
            let apartFrom = try await scheduler.place(new(1)) { $0.antiAffinityGroup = "db" }
            #expect(apartFrom == "h2")
            let besides = try await scheduler.place(new(2)) { $0.affinityGroup = "web" }
            #expect(besides == "h1")
            for (number, host) in [(3, "h1"), (4, "h2")] as [(UInt64, String)] {
                let pinned = try await scheduler.place(new(number)) { $0.pinnedHostIds = [host] }
                #expect(pinned?.name == host)
            }
            func refusal(_ options: (inout WirePermitRequest) -> Void) async -> String {
                do {
                    let host = try await scheduler.place(new(5), options)
                    return "placed on \(host?.name ?? "no host")"
                } catch {
                    return "\(error)"
                }
            }
            let apart = await refusal {
                $0.antiAffinityGroup = "db"
                $0.pinnedHostIds = ["h1"]
            }
            #expect(apart.contains("no host has room for it"), "\(apart)")
            let both = await refusal {
                $0.antiAffinityGroup = "db"
                $0.affinityGroup = "db"
            }
            #expect(both.contains("can't share a host and not share one"), "\(both)")
            for host in ["h1", "h2"] as [HostID] {
                try await InventoryRepository(world.store).setMode(of: host, to: .observe)
            }
            try await eventually("it is told that no host takes anything") {
                await refusal { $0.pinnedHostIds = [] }.contains("no host takes anything new (h1: ")
            }
        }
    }

    @Test("what a new VM asks for is its policy once it is there, also by the next instance", .timeLimit(.minutes(1)))
    func wanted() async throws {
        try await withScheduler(hosts: Self.hosts) { world, scheduler in
            let new = DomainID(UUID128(high: 2, low: 21))
            try await eventually("a host has answered a probe") {
                (try? await scheduler.place(new) { $0.antiAffinityGroup = "db" }) != nil
            }
            await scheduler.kill()
            try await world.createVM(new, on: "h2")
            let next = try await SchedulerRig.start(world.database, following: world.monitor)
            let policies = PolicyRepository(world.store)
            try await eventually("its policy") { try await policies.current(new)?.options.antiAffinityGroup == "db" }
            await next.stop()
            #expect(try await policies.current(new)?.policy == nil, "groups alone are no rule")
            #expect(try await policies.history(new).count == 1)
        }
    }

    @Test(
        "an ordered move that breaks a pin has to be forced, is nobody else's, is shown and mended",
        .timeLimit(.minutes(1)))
    func ordered() async throws {
        try await withScheduler(
            hosts: Self.hosts, settings: ["scheduler.moveRest": "2s"]
        ) { world, scheduler in
            try await scheduler.change(#"{"pinnedHosts": ["h1"]}"#, of: vm)
            do {
                _ = try await scheduler.orderMove(of: vm, to: "h2")
                Issue.record("the pin was broken without a word")
            } catch {
                #expect("\(error)".contains("its pin to h1 excludes it") && "\(error)".contains("--force"), "\(error)")
            }
            let overridden = try await scheduler.orderMove(of: vm, to: "h2", isForced: true)
            #expect(overridden == "its pin to h1 excludes it")
            let outcome = try await world.monitor.perform("migrate", vm, #"{"target": "h2"}"#, on: "h1")
            #expect(outcome.succeeded)
            try await eventually("that it was ordered") { try await world.isRecorded("ordered-move") }
            try await eventually("that the pin does not hold") {
                try await PlaceRepository(world.store).broken(of: [vm]).map(\.tie) == ["its pin to h1"]
            }
            try await eventually("that it is where it belongs again") {
                try await InventoryRepository(world.store).domain(vm)?.host == "h1"
            }
            #expect(try await world.isRecorded("broken-tie"))
            try await eventually("that the pin holds") {
                try await PlaceRepository(world.store).broken(of: [vm]).isEmpty
            }
            #expect(try await !world.isRecorded("foreign-move"))
        }
    }

    @Test("Monitors write down what hosts have, and no VM goes to a host of another driver", .timeLimit(.minutes(1)))
    func otherDriver() async throws {
        try await withScheduler(hosts: Self.hosts) { world, scheduler in
            let abilities = HostAbilitiesRepository(world.store)
            try await eventually("what both hosts have") {
                try await abilities.list(of: SchedulerWorld.cluster).map(\.host) == ["h1", "h2"]
            }
            let found = try await abilities.list(of: SchedulerWorld.cluster)[0]
            #expect(found.abilities.driver == "fleet" && found.abilities.transports == ["fleet"])
            #expect(found.abilities.pools == nil, "a simulated guest needs none")
            #expect(found.knownUntil == found.askedAt.advanced(byNanoseconds: 900_000_000_000))
            try await world.store.query(
                """
                UPDATE inventory.host_abilities SET abilities = jsonb_set(abilities, '{driver}', '"Xen"')
                WHERE host = 'h2'
                """)
            try await eventually("an ordered move is refused") {
                do {
                    _ = try await scheduler.orderMove(of: vm, to: "h2")
                    return false
                } catch {
                    return "\(error)".contains("its driver is Xen, and that of the domain's host fleet")
                }
            }
            try await InventoryRepository(world.store).setMode(of: "h1", to: .draining)
            try await eventually("the reason") { try await world.isRecorded("other-driver") }
            #expect(try await InventoryRepository(world.store).domain(vm)?.host == "h1")
            #expect(try await world.orders().isEmpty)
        }
    }

    @Test(
        "to start on a host that Ebb may not use fails for the host's mode, not for its room", .timeLimit(.minutes(1)))
    func closedHosts() async throws {
        try await withScheduler(hosts: Self.hosts) { world, scheduler in
            func refusal() async -> CommandFailure? {
                do {
                    _ = try await scheduler.place(vm) {
                        $0.purpose = "start"
                        $0.hostID = "h1"
                    }
                    return nil
                } catch let error as BusError {
                    guard case .failed(let failure) = error.code else { return nil }
                    return failure
                } catch {
                    return nil
                }
            }
            for (mode, code, words) in [
                (.observe, .observed, "host h1 is only observed"), (.draining, .draining, "host h1 is draining"),
            ] as [(HostMode, FailureCode, String)] {
                try await InventoryRepository(world.store).setMode(of: "h1", to: mode)
                let failure = await refusal()
                #expect(failure?.code == .known(code) && failure?.message.contains(words) == true, "\(failure)")
                #expect(failure?.message.contains("`ebb host enable h1`") == true)
                #expect(failure?.message.contains("`ebb vm migrate`") == (mode == .draining))
            }
        }
    }

    @Test("a VM that is off leaves a draining host, and starts where it went", .timeLimit(.minutes(1)))
    func off() async throws {
        try await withScheduler(hosts: Self.hosts) { world, _ in
            let inventory = InventoryRepository(world.store)
            let stopped = try await world.monitor.perform("destroy", vm, "{}", on: "h1")
            #expect(stopped.succeeded)
            try await inventory.setMode(of: "h1", to: .draining)
            try await eventually("that it is on h2") { try await inventory.domain(vm)?.host == "h2" }
            try await eventually("the end of its move") { try await world.orders().first?.outcome != nil }
            #expect(try await world.orders().map { $0.outcome?.succeeded } == [true])
            let truth = try await world.fleet.truth()
            #expect(truth.domains.map { $0.segments.last?.host } == ["h2"])
            #expect(try await inventory.domain(vm)?.state == .shutoff)
            let started = try await world.monitor.perform("start", vm, "{}", on: "h2")
            #expect(started.succeeded, "\(started)")
        }
    }

    @Test(
        "what a host's hypervisor can't send elsewhere stays in a drain, and the reason is named",
        .timeLimit(.minutes(1)))
    func immovable() async throws {
        try await withScheduler(hosts: Self.hosts) { world, _ in
            let inventory = InventoryRepository(world.store)
            try await eventually("what the host can do") { try await inventory.host("h1")?.facts.capabilities != nil }
            try await world.store.query(
                """
                UPDATE inventory.host SET capabilities = jsonb_set(capabilities, '{canMigrate}', 'false')
                WHERE id = 'h1'
                """)
            try await inventory.setMode(of: "h1", to: .draining)
            try await eventually("the reason") {
                try await world.isRecorded("the hypervisor of its host can't send a running VM elsewhere")
            }
            #expect(try await inventory.domain(vm)?.host == "h1")
            #expect(try await world.orders().isEmpty)
        }
    }
}
