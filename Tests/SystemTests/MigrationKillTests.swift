// SPDX-License-Identifier: Apache-2.0

import FleetModel
import Foundation
import ResourceModel
import Store
import TestSupport
import Testing

extension SystemTests {
    /// A Monitor's process that is killed while a migration that it ordered is under way.
    @Suite("A Monitor's process is killed during a migration", .serialized)
    struct MigrationKillTests {
        @Test(
            "exactly one copy runs afterwards, the command ends known, and nothing is billed twice",
            .timeLimit(.minutes(5)), arguments: [false, true])
        func killed(isBackBeforeItsEnd: Bool) async throws {
            try await withDatabase { database in
                try await withFolder { folder in
                    let system = try await RunningSystem(
                        database, folder: folder,
                        fleetFlags: ["--migration-ms", isBackBeforeItsEnd ? "20000" : "3000"])
                    defer { system.end() }
                    try await system.prepare()
                    try await system.addHost("host-2")
                    try await system.createVM("web")
                    try await system.succeed(
                        "vm", "migrate", "web", "--tenant", "acme", "--to", "host-2", "--no-wait")
                    try await waitForMigration(system) { $0.outcome == "under-way" }
                    try await system.services[0].kill()
                    if !isBackBeforeItsEnd { try await waitForMigration(system) { $0.effectiveAt != nil } }
                    let again = folder.appending(path: "again")
                    try FileManager.default.createDirectory(at: again, withIntermediateDirectories: true)
                    let monitor = try RunningSystem.start("monitor", database, folder: again)
                    defer { monitor.end() }
                    try await database.withStore { try await expectOneEnd(system, $0) }
                }
            }
        }

        private func waitForMigration(
            _ system: RunningSystem, _ isReached: (TruthOperation) -> Bool
        ) async throws {
            try await eventually(within: .seconds(60), "the migration's next step") {
                try await system.truth().operations.contains { $0.verb == "migrate" && isReached($0) }
            }
        }

        private func expectOneEnd(_ system: RunningSystem, _ store: Store) async throws {
            func state() async throws -> String? {
                try await store.query("SELECT state FROM cluster.command WHERE verb = 'migrate'").first?.string("state")
            }
            try await eventually(within: .seconds(90), "the command's end") {
                try await ["succeeded", "failed"].contains(state())
            }
            #expect(try await state() == "succeeded")
            let inventory = InventoryRepository(store)
            try await eventually(within: .seconds(30), "its row is on host-2 and running") {
                let rows = try await inventory.domains(.all).filter { $0.name == "web" }
                return rows.map(\.host) == ["host-2"] && rows.map(\.state) == [.running]
            }
            let domain = try #require(try await inventory.domains(.all).first { $0.name == "web" }?.id)
            let always = try #require(TimeRange(.zero, .distantFuture))
            try await eventually(within: .seconds(30), "its segment is on host-2") {
                try await inventory.segments(of: domain, in: always).last?.host == "host-2"
            }
            let segments = try await inventory.segments(of: domain, in: always)
            let truth = try await system.truth()
            #expect(truth.operations.filter { $0.verb == "migrate" }.map(\.outcome) == ["done"])
            #expect(truth.violations.isEmpty)
            try expectBillsTruth(segments, try #require(truth.domains.first { $0.id == domain }))
        }

        /// What is billed lies within what really was, of the size that it really had, and no instant is billed twice.
        private func expectBillsTruth(_ segments: [StoredSegment], _ truth: TruthDomain) throws {
            #expect(truth.segments.last { $0.isActive }?.host == "host-2")
            for (former, next) in zip(segments, segments.dropFirst()) {
                #expect(try #require(former.end) <= next.start)
            }
            #expect(Set(segments.map(\.host)) == ["host-1", "host-2"])
            for segment in segments {
                let end = segment.end ?? segment.hostProvedUntil ?? segment.start
                #expect(
                    truth.segments.contains {
                        $0.host == segment.host && $0.isActive && $0.vcpus == segment.vcpus.count
                            && $0.memory == segment.memory && $0.start <= segment.start && end <= $0.end
                    }, "\(segment)")
            }
        }
    }
}
