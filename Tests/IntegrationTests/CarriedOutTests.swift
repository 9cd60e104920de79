// SPDX-License-Identifier: Apache-2.0

import Messages
import ResourceModel
import Store
import TestSupport
import Testing

@testable import MonitorMain
@testable import SchedulerMain

/// Whoever asks over the bus: who carries it out notes it.
@Suite("What was carried out is in the audit", .serialized)
struct CarriedOutTests {
    /// What services noted of themselves: `who what asker`.
    private func noted(_ store: Store) async throws -> [String] {
        let rows = try await store.query(
            "SELECT concat_ws(' ', actor, action, detail->>'asker') AS note FROM audit.outbox WHERE service = actor")
        return try rows.map { try $0.string("note") }
    }

    @Test("a command, a freeze and a policy, with the instance that asked for them", .timeLimit(.minutes(1)))
    func monitorAndScheduler() async throws {
        try await withScheduler { world, scheduler async throws in
            try await scheduler.setPolicy(try .paper(), of: SchedulerWorld.vm)
            _ = try await world.monitor.ask(
                .freezeSet, #"{"scope": "tenant", "id": "acme", "frozen": true, "principal": "ada"}"#)
            try await eventually("all of it is noted") {
                let notes = Set(try await noted(world.store))
                return notes.isSuperset(of: [
                    "monitor command.create", "monitor freeze.set \(world.monitor.instance)",
                    "scheduler policy.set \(scheduler.instance)",
                ])
            }
        }
    }

    @Test("a change of prices, and none where nothing changed", .timeLimit(.minutes(1)))
    func billing() async throws {
        try await BillingRig.withBilling { database async throws in
            try await BillingRig.withInstance(of: database) { asker async throws in
                let withdrawal: [UInt8] = .json(#"{"version": 1, "principal": "ada"}"#)
                _ = await asker.refusal(.withdrawRates, withdrawal)
                let missing: [UInt8] = .json(#"{"version": 99, "principal": "ada"}"#)
                _ = await asker.refusal(.withdrawRates, missing)
                let before = try await database.withStore { try await noted($0) }
                #expect(before.isEmpty)
                let prices = #""prices":{"vcpuHour":30000000,"memoryGiBHour":0,"diskGiBHour":0,"networkGiB":0}"#
                _ = try await asker.ask(.setRates, .json(#"{"card":{"currency":"EUR",\#(prices)}}"#))
                let after = try await database.withStore { try await noted($0) }
                #expect(after == ["billing rate.set \(InstanceID(UUID128(high: 2, low: 2)))"])
            }
        }
    }
}
