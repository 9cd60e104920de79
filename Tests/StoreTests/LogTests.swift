// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct LogTests {
    private static let day: Int64 = 86_400

    private func withLog(_ body: (World, LogRepository, ShardClaim) async throws -> Void) async throws {
        try await withWorld(poolSize: 8) { world async throws in
            let log = LogRepository(world.store)
            try await log.ensurePartitions(for: #require(TimeRange(at(0), at(Self.day * 2))))
            let claim = try await seizeShard(.log, "h-1", by: world.owner, in: world.store)
            try await body(world, log, claim)
        }
    }

    private let stream = StreamID(topic: .host("h-1"), epoch: 1)

    /// A cycle with one domain that is known in every column and one that is known in none.
    private func report(_ sequence: Int64) -> LoggedReport {
        let incarnation = Incarnation(host: "h-1", hypervisorID: 4, start: at(1))
        let full = DomainSample(
            domain: DomainID(UUID128(high: 1, low: 1)), state: .running, incarnation: incarnation,
            vcpus: VCPUSizes(maximum: 8, asked: 3, granted: 2, confirmed: 1),
            memory: DomainMemory(maximum: .gibibytes(8), allocated: .gibibytes(4), used: .gibibytes(1)),
            counters: DomainCounters(
                cpuTimeNanoseconds: sequence * 7, stealTimeNanoseconds: 1, networkReceivedBytes: 2,
                networkTransmittedBytes: 3, blockReadBytes: 4, blockWrittenBytes: .max,
                swapInBytes: 5, majorFaults: 6),
            virtCPUUsage: Utilization(ppm: 1_500_000), cpuUtilization: Utilization(ppm: 750_000),
            stealUtilization: .zero, memoryUtilization: Utilization(ppm: 1), networkBytesPerSecond: 0,
            networkCapBytesPerSecond: 8, networkUtilization: Utilization(ppm: 9), swapInDelta: 10, majorFaultsDelta: 11)
        let unknown = DomainSample(domain: DomainID(UUID128(high: 1, low: 2)), state: .unknown)
        let figures = HostFigures(
            cpuCount: 4, memory: .gibibytes(64), cpuUtilization: Utilization(ppm: 5), memoryUsed: .gibibytes(3),
            responseTimeNanoseconds: 99, responseMethod: .tcpConnect, responseLoss: Utilization(ppm: 12))
        return LoggedReport(
            stream: stream, sequence: sequence,
            sample: HostSample(
                host: "h-1", sampledAt: at(sequence * 10), intervalNanoseconds: sequence == 1 ? nil : 10,
                figures: figures, domains: [full, unknown]))
    }

    @Test("what was stored comes back equal, unknown as unknown")
    func exact() async throws {
        try await withLog { world, log, claim async throws in
            let reports = (1...3).map { report($0) }
            let receipt = try await log.store(LogBatch(reports: reports), under: claim)
            #expect(receipt.reports == 3)
            #expect(receipt.watermarks == [stream: 3])
            #expect(try await log.recentSamples(of: ["h-1"], since: .zero, cyclesPerHost: 10) == reports)
            #expect(
                try await log.recentSamples(of: ["h-1", "h-2"], since: .zero, cyclesPerHost: 2)
                    == reports.suffix(2))
            #expect(try await log.recentSamples(of: ["h-1"], since: at(30), cyclesPerHost: 10).count == 1)
            #expect(
                try await log.recentSamples(of: ["h-1"], since: .zero, before: at(30), cyclesPerHost: 1)
                    == [reports[1]])
            let period = try #require(TimeRange(at(10), at(30)))
            let series = try await log.series(of: world.domain, in: period)
            #expect(series.map(\.sampledAt) == [at(10), at(20)])
            let whole = try #require(TimeRange(at(10), at(40)))
            #expect(
                try await log.series(of: world.domain, in: whole, limit: 2).map(\.sampledAt) == [at(20), at(30)],
                "a limit cuts off the oldest")
            #expect(try await log.series(of: world.host, in: whole, limit: 1).map(\.sampledAt) == [at(30)])
            #expect(series.map(\.sequence) == [1, 2] && series.allSatisfy { $0.epoch == stream.epoch })
            #expect(series.map(\.sample) == reports.prefix(2).compactMap(\.sample.domains.first))
            #expect(
                try await log.series(of: world.host, in: period).map(\.figures)
                    == reports.prefix(2).map(\.sample.figures))
        }
    }

    @Test("the same batch again, also from four writers at once, is stored exactly once")
    func once() async throws {
        try await withLog { world, log, claim async throws in
            let batch = LogBatch(reports: (1...20).map { report($0) }, events: [event(1), event(2)])
            let stored = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await log.store(batch, under: claim).reports } }
                return try await group.reduce(0, +)
            }
            #expect(stored == 20)
            let later = LogBatch(reports: (15...22).map { report($0) })
            #expect(try await log.store(later, under: claim).reports == 2)
            let count = try await world.store.query("SELECT count(*) AS n FROM log.sample")[0].int("n")
            #expect(count == 22 * 2)
            #expect(try await log.watermarks() == [stream: 22, events: 2])
        }
    }

    private let events = StreamID(topic: .event("h-1"), epoch: 1)

    private func event(_ sequence: Int64) -> LoggedEvent {
        LoggedEvent(
            stream: events, sequence: sequence, at: at(sequence), kind: "resized", host: "h-1",
            domain: DomainID(UUID128(high: 1, low: 1)), detail: "1 to 2", isForeign: sequence == 2)
    }

    @Test("a batch that fails moves no watermark and leaves no row")
    func atomic() async throws {
        try await withLog { world, log, claim async throws in
            let beyond = report(Self.day)
            let batch = LogBatch(reports: [report(1), beyond], events: [event(1)])
            await #expect { _ = try await log.store(batch, under: claim) } throws: { code($0) == .checkViolation }
            let left = try await world.store.query(
                "SELECT (SELECT count(*) FROM log.sample) + (SELECT count(*) FROM log.event) AS n")
            #expect(try left[0].int("n") == 0)
            #expect(try await log.watermarks() == [:])
        }
    }

    @Test("a gap is recorded once with its bounds, moves the watermark, and what comes late inside it is skipped")
    func gaps() async throws {
        try await withLog { world, log, claim async throws in
            _ = try await log.store(LogBatch(reports: [report(1), report(2)]), under: claim)
            let gap = LoggedGap(stream: stream, sequences: 2...5)
            for _ in 0..<2 { _ = try await log.store(LogBatch(gaps: [gap]), under: claim) }
            #expect(try await log.gaps(of: stream.topic) == [LoggedGap(stream: stream, sequences: 3...5)])
            #expect(try await log.store(LogBatch(reports: [report(4), report(6)]), under: claim).reports == 1)
            #expect(try await log.watermarks() == [stream: 6])
        }
    }

    @Test("an old Logger that wakes stores nothing")
    func fenced() async throws {
        try await withLog { world, log, claim async throws in
            _ = try await world.takeOver(.log, "h-1")
            let batch = LogBatch(reports: [report(1)])
            await #expect { _ = try await log.store(batch, under: claim) } throws: { code($0) == .fenced }
            #expect(try await log.watermarks() == [:])
        }
    }

    @Test("events are listed by domain and period")
    func listing() async throws {
        try await withLog { world, log, claim async throws in
            _ = try await log.store(LogBatch(events: [event(1), event(2), event(3)]), under: claim)
            let period = try #require(TimeRange(at(2), at(9)))
            #expect(try await log.events(of: world.domain, in: period) == [event(2), event(3)])
            #expect(try await log.events(in: period).count == 2)
            #expect(try await log.events(in: period, limit: 1) == [event(3)])
            #expect(try await log.events(of: DomainID(UUID128(high: 9, low: 9)), in: period).isEmpty)
        }
    }

    @Test("partitions are made for the days asked for, dropped when they end before the retention, and bounded")
    func partitions() async throws {
        try await withLog { world, log, claim async throws in
            func days() async throws -> [String] {
                try await world.store.query(
                    """
                    SELECT inhrelid::regclass::text AS name FROM pg_inherits
                    WHERE inhparent = 'log.sample'::regclass ORDER BY 1
                    """
                ).map { try $0.string("name") }
            }
            #expect(try await days() == ["log.sample_0", "log.sample_1", "log.sample_2"])
            try await log.ensurePartitions(
                for: #require(TimeRange(at(Self.day * 2), at(Self.day * 3))), keepFrom: at(Self.day * 2))
            #expect(try await days() == ["log.sample_2", "log.sample_3"])
            await #expect {
                try await log.ensurePartitions(for: #require(TimeRange(at(0), at(Self.day * 400))))
            } throws: { code($0) == .invalidValue }
        }
    }
}
