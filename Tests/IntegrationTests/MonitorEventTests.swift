// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Hypervisor
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import MonitorMain

/// One libvirt host of the test driver; its default connection is one for the whole process, so that a test changes
/// behind Monitor's back what Monitor watches.
private func withHost(_ body: (MonitorRig, LibvirtHypervisor, DomainID) async throws -> Void) async throws {
    // Far longer than a second: what is noticed sooner was reported.
    var configuration = MonitorConfiguration.quick
    configuration.pollInterval = .seconds(30)
    try await withDatabase { database in
        try await database.withStore { store in
            _ = try await AccountRepository(store).addTenant("acme")
            try await InventoryRepository(store).addHost("h1", cluster: "c1", uri: "test:///default")
            try await InventoryRepository(store).setMode(of: "h1", to: .enabled)
        }
        let stranger = LibvirtHypervisor(uri: "test:///default", host: "h1", log: .quiet)
        try await MonitorRig.with(database, configuration: configuration) { rig in
            try await rig.take("h1")
            try await eventually("the domain is listed") {
                try await rig.inventory.domains(.host("h1")).first?.state == .running
            }
            let found = try #require(try await rig.inventory.domains(.host("h1")).first)
            try await body(rig, stranger, found.id)
        }
        await stranger.close()
    }
}

@Suite("Monitor, when somebody else acts", .serialized)
struct MonitorEventTests {
    private func call(_ number: UInt64) -> MutatingCall {
        MutatingCall(id: UUID128(high: 5, low: number), epoch: 1, timeout: .seconds(5))
    }

    @Test("a VM whose image is not in the pool is refused with both names before anything is begun")
    func missingImage() async throws {
        try await withHost { rig, _, _ in
            let id = DomainID(UUID128(high: 6, low: 6))
            for (pool, volume) in [("default-pool", "nowhere"), ("no-pool", "nowhere")] {
                let outcome = try await rig.perform(
                    "create", id,
                    """
                    {"name": "web", "tenant": "acme", "vcpus": 1, "memory_bytes": 536870912,
                     "boot": {"image": {"pool": "\(pool)", "volume": "\(volume)"}}}
                    """)
                let message = outcome.message ?? ""
                #expect(outcome.code == .hypervisor && message.contains("'\(pool)'"), "\(message)")
                #expect(pool == "no-pool" || message.contains("'nowhere'"), "\(message)")
            }
            #expect(try await rig.inventory.domain(id) == nil, "not even its row")
        }
    }

    /// The first event of a kind that arrives in time after the act.
    private func event(
        _ kind: String, on host: HostID = "h1", from rig: MonitorRig, within limit: Duration = .seconds(10),
        after act: () async throws -> Void
    ) async throws -> WireDomainEvent? {
        let subscriber = try await rig.subscribe([.event(host)])
        try await act()
        let timer = Task {
            try await Task.sleep(for: limit)
            await subscriber.close()
        }
        defer { timer.cancel() }
        for await case .message(let message) in subscriber.deliveries where message.type == .domainEvent {
            let event = try MessageCodec.decoded(WireDomainEvent.self, from: message.body)
            if event.kind == kind { return event }
        }
        return nil
    }

    @Test("what a stranger does is noticed within a second, recorded as foreign, and shown in rows and segments")
    func foreignPause() async throws {
        try await withHost { rig, stranger, domain in
            let adopted = try await rig.perform("adopt", domain, #"{"tenant": "acme"}"#)
            #expect(adopted.succeeded, "\(adopted)")
            let began = rig.clock.now()
            let paused = try await event("paused", from: rig) {
                _ = try await stranger.perform(.suspend, on: domain, call(1))
            }
            #expect(paused?.foreign == true)
            let seen = Timestamp(nanoseconds: try #require(paused).atNs)
            #expect(seen.nanoseconds(since: began) < 1_000_000_000, "within a second, although polls are 30 s apart")
            try await eventually("its row") { try await rig.inventory.domain(domain)?.state == .paused }
            let stopped = try await event("stopped", from: rig) {
                _ = try await stranger.perform(.destroy, on: domain, call(2))
            }
            #expect(stopped?.foreign == true)
            try await eventually("nothing but its disk is billed") {
                try await rig.segments(domain).last { $0.end == nil }?.vcpus ?? 0 == 0
            }
            _ = try await stranger.perform(.start, on: domain, call(3))
            try await eventually("it runs again") { try await rig.inventory.domain(domain)?.state == .running }
        }
    }

    @Test("what Ebb ordered itself is no foreign act")
    func ownPause() async throws {
        try await withHost { rig, stranger, domain in
            #expect(try await rig.perform("adopt", domain, #"{"tenant": "acme"}"#).succeeded)
            let paused = try await event("paused", from: rig) {
                let outcome = try await rig.perform("suspend", domain)
                #expect(outcome.succeeded, "\(outcome)")
            }
            #expect(paused?.foreign == false)
            _ = try await stranger.perform(.resume, on: domain, call(4))
            try await eventually("it runs again") { try await rig.inventory.domain(domain)?.state == .running }
        }
    }

    @Test("two hosts with one UUID, and one domain on both, are kept apart by host and reported")
    func duplicates() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                // The same driver under two URIs: the very same machine and domain, twice.
                try await InventoryRepository(store).addHost("h1", cluster: "c1", uri: "test:///default")
                try await InventoryRepository(store).addHost("h2", cluster: "c1", uri: "test:///default?")
            }
            try await MonitorRig.with(database) { rig in
                try await rig.take("h1")
                try await eventually("the domain is listed") {
                    try await rig.inventory.domains(.host("h1")).first?.state == .running
                }
                let domain = try #require(try await rig.inventory.domains(.host("h1")).first).id
                let report = try await event("duplicate-uuid", on: "h2", from: rig, within: .seconds(10)) {
                    try await rig.take("h2")
                }
                #expect(report != nil)
                try await eventually("it is on record") {
                    try await rig.inventory.duplicates(on: "h2") == [domain]
                }
                #expect(try await rig.inventory.domain(domain)?.host == "h1")
                if let uuid = try await rig.inventory.host("h1")?.facts.uuid {
                    #expect(try await rig.inventory.hosts(sharing: uuid, with: "h1") == ["h2"])
                }
                await rig.drop("h2")
            }
        }
    }
}
