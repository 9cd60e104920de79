// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import SchedulerCore
import Store
import TestSupport
import Testing

@testable import SchedulerMain

@Suite("What a VM wanted in the past")
struct DemandReaderTests {
    @Test("is read whole, however many pages its samples are", .timeLimit(.minutes(1)))
    func readsAllPages() async throws {
        let (vm, count, second) = (DomainID(UUID128(high: 1, low: 1)), Int64(20_001), Int64(1_000_000_000))
        let period = try #require(
            TimeRange(Timestamp(nanoseconds: 0), Timestamp(nanoseconds: (count + 1) * second)))
        try await withStore { store async throws in
            try await store.query("SELECT log.maintain_partitions(\(period.start), \(period.end), 0)")
            try await store.query(
                """
                INSERT INTO log.sample (sampled_ns, host, stream_epoch, sequence, domain, state, cpu_utilization_ppm,
                    maximum_vcpus, granted_vcpus)
                SELECT n * \(second), 'h1', 1, n, \(vm), 'running', 500000, 4, 2
                FROM generate_series(1, \(count)::int8) n
                """)
            let reader = DemandReader(store: store, samplingInterval: second)
            let past = try await reader.past(of: vm, ownedBy: nil, in: period)
            #expect(past.samples.count == Int(count))
            #expect(past.samples.map(\.sampledAt.nanoseconds) == (1...count).map { $0 * second })
        }
    }
}
