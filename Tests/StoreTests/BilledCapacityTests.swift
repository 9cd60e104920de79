// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@Suite("Capacities that are billed")
struct BilledCapacityTests {
    private func see(_ world: World, _ seconds: Int64, _ vcpus: Int, _ thousandths: Int64? = nil) async throws {
        let effect = try await world.inventory.observeSize(
            SizeReport(
                domain: world.domain, incarnationStart: at(0), observedAt: at(seconds),
                vcpus: VCPUCount(clamping: vcpus), capacity: thousandths.map { Capacity(clamping: $0) },
                memory: .gibibytes(1), disk: .zero), under: world.claim)
        #expect(effect == .opened)
    }

    @Test(
        "a size is read back for bills as it was written: what its cap leaves, else all vCPUs, and the first one is known"
    )
    func sizes() async throws {
        try await withWorld { world in
            try await see(world, 10, 0)
            try await see(world, 20, 2, 1_333)
            try await see(world, 30, 2)
            try await see(world, 40, 3, 3_000)
            try await see(world, 50, 1, 100)
            let (usage, period) = (UsageRepository(world.store), try #require(TimeRange(at(0), at(99))))
            let segments = try await usage.segments(of: "t-1", in: period)
            #expect(segments.map(\.capacity.thousandths) == [0, 1_333, 2_000, 3_000, 100])
            #expect(segments.map(\.vcpus) == [0, 2, 2, 3, 1])
            let stored = try await world.store.query(
                "SELECT capacity_thousandths AS c FROM inventory.size_segment ORDER BY start_ns")
            #expect(try stored.map { try $0.int64OrNil("c") } == [nil, 1_333, nil, nil, 100])
            #expect(
                try await usage.domains(of: "t-1", in: period).map(\.firstCapacity) == [Capacity(clamping: 1_333)])
        }
    }

    @Test("a row from before capacities counts all of its vCPUs, also as the first one")
    func oldRow() async throws {
        try await withWorld { world in
            try await world.store.query(
                """
                INSERT INTO inventory.size_segment (domain, host, incarnation_start_ns, start_ns, end_ns, vcpus,
                    memory_bytes, disk_bytes)
                VALUES (\(world.domain), 'h-1', 0, \(at(1)), \(at(2)), 3, 1, 0)
                """)
            let (usage, period) = (UsageRepository(world.store), try #require(TimeRange(at(0), at(9))))
            #expect(try await usage.segments(of: "t-1", in: period).map(\.capacity) == [Capacity(3)])
            #expect(try await usage.domains(of: "t-1", in: period).map(\.firstCapacity) == [Capacity(3)])
        }
    }
}
