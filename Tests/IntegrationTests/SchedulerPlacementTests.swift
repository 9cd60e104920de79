// SPDX-License-Identifier: Apache-2.0

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
