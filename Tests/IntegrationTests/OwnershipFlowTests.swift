// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Contracts
import FleetModel
import Foundation
import Hypervisor
import Messages
import ResourceModel
import ServiceKit
import TestSupport
import Testing

@testable import BillingMain
@testable import MonitorMain
@testable import Store

private let old = DomainID(UUID128(high: 1, low: 2))
private let found = FleetDomainDefinition(
    id: old, name: "old", maximumVCPUs: 4, vcpus: 2, memory: .mebibytes(512), disk: .gibibytes(1))

/// A fleet whose first host runs a domain that nobody adopted yet and that has much traffic; its database has a second
/// tenant and prices.
private func withFound(_ body: (MonitorRig, FleetRig) async throws -> Void) async throws {
    try await withMonitor(domains: [found]) { rig, fleet in
        try await furnish(rig.database)
        try await fleet.administer(
            .habits(domain: old, habits: GuestHabits(receivedPerSecond: 500_000_000, transmittedPerSecond: 1_000_000)))
        try await eventually("the domain is listed") { try await rig.inventory.domain(old)?.state == .running }
        try await traffic(fleet)
        try await body(rig, fleet)
    }
}

private func furnish(_ database: TestDatabase) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "ebb-card-\(UUID().uuidString).yaml").path
    try Data(BillingRig.card.utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await database.withStore { store in
        _ = try await AccountRepository(store).addTenant("bob")
    }
    try await database.withStore(role: "ebb_billing") { store async throws in
        let isFirst = try await RateCards(store).insertFirst(from: path)
        #expect(isFirst)
    }
}

/// Returns when the guest has received 50 MB more: a tenth of a second's.
private func traffic(_ fleet: FleetRig) async throws {
    func received() async throws -> Int64 {
        let reading = try await fleet.hypervisor("h1").sample().domains.first { $0.domain == old }
        return reading?.counters.networkReceivedBytes ?? 0
    }
    let before = try await received()
    try await eventually("traffic") { try await received() > before + 50_000_000 }
}

extension MonitorRig {
    fileprivate func bill(_ tenant: TenantID, until end: Timestamp? = nil) async throws -> Bill {
        let period = try requireValue(
            TimeRange(.zero, end ?? clock.now().advanced(by: .seconds(3_600))), "a period")
        return try await database.withStore(role: "ebb_billing") { store in
            try Rating.bill(await BillingReader(store).snapshot(of: tenant, in: period).inputs)
        }
    }

    fileprivate func periods() async throws -> [OwnershipPeriod] {
        try await OwnershipRepository(store).periods(of: old)
    }

    /// Network bytes of the reading that stands exactly at an instant; `nil`: there is none.
    fileprivate func meter(at instant: Timestamp) async throws -> Int128? {
        let rows = try await store.query(
            """
            SELECT network_received_bytes + network_transmitted_bytes AS bytes FROM inventory.meter_reading
            WHERE domain = \(old) AND at_ns = \(instant)
            """)
        return try rows.first.map { Int128(try $0.int64("bytes")) }
    }

    /// Adopts, lets the guest receive something, and releases; returns the period.
    fileprivate func own(_ tenant: TenantID, _ fleet: FleetRig) async throws -> OwnershipPeriod {
        let adopted = try await perform("adopt", old, #"{"tenant": "\#(tenant)"}"#)
        #expect(adopted.succeeded, "\(adopted)")
        try await traffic(fleet)
        let released = try await perform("release", old)
        #expect(released.succeeded, "\(released)")
        return try requireValue(try await periods().last { $0.tenant == tenant }, "a period of \(tenant)")
    }
}

extension Bill {
    fileprivate func quantity(_ resource: MeteredResource) -> Int128 {
        lines.filter { $0.resource == resource }.map(\.quantity.units).reduce(0, +)
    }
}

@Suite("Whose use it is, on a simulated fleet", .serialized)
struct OwnershipFlowTests {
    @Test("adoption bills nothing of before, and release ends it exactly: readings and sizes stand at both instants")
    func baselines() async throws {
        try await withFound { rig, fleet in
            let period = try await rig.own("acme", fleet)
            let until = try #require(period.until)
            let (first, last) = (try await rig.meter(at: period.from), try await rig.meter(at: until))
            let growth = try #require(last) - #require(first)
            #expect(growth > 50_000_000)
            let segments = try await rig.segments(old)
            #expect(segments.first?.start == period.from && segments.last?.end == until)
            let bill = try await rig.bill("acme")
            #expect(bill.quantity(.network) == growth)
            #expect(bill.quantity(.vcpu) == 2 * Int128(until.nanoseconds(since: period.from)))
            #expect(bill.unbilled.isEmpty)
        }
    }

    @Test("a release takes nothing from a past bill; who adopts next pays for nothing of it, nor for what was between")
    func changesHands() async throws {
        try await withFound { rig, fleet in
            let acme = try await rig.own("acme", fleet)
            let before = try await rig.bill("acme")
            try await traffic(fleet)
            let bob = try await rig.own("bob", fleet)
            #expect(bob.from > acme.until ?? .distantFuture)
            #expect(try await rig.bill("acme").lines == before.lines)
            #expect(before.quantity(.network) > 0)
            #expect(try await rig.bill("bob", until: acme.until).lines.isEmpty)
            let (first, last) = (try await rig.meter(at: bob.from), try await rig.meter(at: bob.until ?? .zero))
            #expect(try await rig.bill("bob").quantity(.network) == #require(last) - #require(first))
            // Adopted by the first again: two times of one tenant, and nothing of what was between.
            let again = try await rig.own("acme", fleet)
            let (third, fourth) = (try await rig.meter(at: again.from), try await rig.meter(at: again.until ?? .zero))
            #expect(
                try await rig.bill("acme").quantity(.network)
                    == before.quantity(.network) + #require(fourth) - #require(third))
        }
    }

    @Test("who adopts a VM reads of its console what was written since, wherever it begins to read")
    func console() async throws {
        try await withFound { rig, _ in
            func text(_ offset: String) async throws -> String {
                let answer = try await rig.ask(.readConsole, #"{"domain": "\#(old)"\#(offset)}"#)
                return try JSONDecoder().decode(ConsoleOutput.self, from: Data(answer.utf8)).text
            }
            #expect(try await text("").contains("booted with 2 vCPUs"))
            #expect(try await rig.perform("adopt", old, #"{"tenant": "acme"}"#).succeeded)
            for offset in ["", #", "offset": 0"#] { #expect(try await text(offset) == "") }
            #expect(try await rig.perform("reboot", old).succeeded)
            for offset in ["", #", "offset": 0"#, #", "offset": 3"#] {
                let seen = try await text(offset)
                #expect(seen.contains("rebooted") && !seen.contains("booted with 2"), "\(seen)")
            }
        }
    }

    @Test("another Monitor goes on with meters and sizes where the one before it ended")
    func takeOver() async throws {
        try await withFleet(domains: [found]) { fleet, database in
            try await furnish(database)
            try await fleet.administer(
                .habits(domain: old, habits: GuestHabits(receivedPerSecond: 500_000_000)))
            try await MonitorRig.with(database) { rig in
                try await rig.take("h1")
                try await eventually("the domain is listed") { try await rig.inventory.domain(old)?.state == .running }
                #expect(try await rig.perform("adopt", old, #"{"tenant": "acme"}"#).succeeded)
                try await traffic(fleet)
            }
            try await traffic(fleet)
            try await MonitorRig.with(database) { rig in
                try await rig.take("h1")
                try await traffic(fleet)
                let released = try await rig.perform("release", old)
                #expect(released.succeeded, "\(released)")
                let period = try #require(try await rig.periods().first)
                let (first, last) = (
                    try await rig.meter(at: period.from), try await rig.meter(at: period.until ?? .zero)
                )
                #expect(try await rig.bill("acme").quantity(.network) == #require(last) - #require(first))
                #expect(try await rig.segments(old).first?.start == period.from)
            }
        }
    }

    @Test("any partition of a period adds up to it, whatever the stored counters do", arguments: [1, 2, 3])
    func partitions(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let hour: Int64 = 3_600_000_000_000
        let values = (0..<40).map { index in (Int64(index) * hour, Int64.random(in: 0...1_000_000, using: &random)) }
        let bounds = ((0..<5).map { _ in Int64.random(in: 1..<(40 * hour), using: &random) } + [0, 41 * hour]).sorted()
        try await withDatabase { database in
            try await furnish(database)
            try await database.withStore { store in
                try await InventoryRepository(store).addHost("h1", cluster: "c1", uri: "fleet://h1")
                try await store.query(
                    """
                    INSERT INTO inventory.domain (id, name, tenant, host, state, maximum_vcpus, maximum_memory_bytes,
                        managed, created_ns) VALUES (\(old), 'nic', 'bob', 'h1', 'running', 4, 1, true, 0)
                    """)
                try await store.query("UPDATE inventory.host SET proved_until_ns = \(41 * hour)")
                for (instant, value) in values {
                    try await store.query(
                        """
                        INSERT INTO inventory.meter_reading (domain, host, incarnation_start_ns, at_ns,
                            network_received_bytes, network_transmitted_bytes)
                        VALUES (\(old), 'h1', 0, \(instant), nullif(\(value), \(value / 7 * 7)), \(value / 3))
                        """)
                }
            }
            try await database.withStore(role: "ebb_billing") { store in
                func network(_ from: Int64, _ to: Int64) async throws -> Int128 {
                    let period = try requireValue(
                        TimeRange(Timestamp(nanoseconds: from), Timestamp(nanoseconds: to)), "a period")
                    return try Rating.bill(await BillingReader(store).snapshot(of: "bob", in: period).inputs)
                        .quantity(.network)
                }
                var sum: Int128 = 0
                for (from, to) in zip(bounds, bounds.dropFirst()) { sum += try await network(from, to) }
                let whole = try await network(0, 41 * hour)
                #expect(whole == sum && whole > 0, "seed \(seed)")
            }
        }
    }
}
