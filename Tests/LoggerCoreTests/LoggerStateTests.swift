// SPDX-License-Identifier: Apache-2.0

import Contracts
import LoggerCore
import ResourceModel
import Testing

@Suite("what is logged when")
struct LoggerStateTests {
    @Test("a batch is due by its age, and holds how far each stream is durable with it")
    func age() throws {
        var state = LoggerState.owning("a")
        #expect(state.wakeUp(at: .at(0)) == nil)
        #expect(state.take(.event("host/a/", 1), at: .at(0)) == .taken)
        #expect(state.take(.event("host/a/", 2), at: .at(100)) == .taken)
        #expect(state.take(.event("event/a/", 1), at: .at(200)) == .taken)
        #expect(state.wakeUp(at: .at(200)) == .at(500))
        #expect(state.batch(at: .at(499)) == nil)
        let batch = try state.due(at: .at(500))
        #expect(batch.entries.map(\.sequence) == [1, 2, 1])
        #expect(batch.shards == [LogShard(id: "a", epoch: 7)])
        #expect(
            batch.advances == [
                .init(stream: .event, after: 0, through: 1), .init(stream: .host, after: 0, through: 2),
            ])
        #expect(state.isBatchUnderway)
        state.stored()
        #expect(state.queuedRows == 0)
        #expect(state.wakeUp(at: .at(500)) == nil)
    }

    @Test("a batch is due at once when it is full, counts every domain of a sample as a row, and stays below its limit")
    func rows() throws {
        var state = LoggerState.owning("a", limits: LoggerLimits(batchRows: 10))
        for sequence in 1...3 {
            #expect(
                state.take(.message(.host, sequence: UInt64(sequence), .sample(.of("a", domains: 3))), at: .at(0))
                    == .taken)
        }
        let batch = try state.due(at: .at(0))
        #expect(batch.rowCount == 8)
        #expect(batch.entries.count == 2)
        #expect(state.batch(at: .at(9_000)) == nil, "one batch at a time")
        state.stored()
        #expect(state.queuedRows == 4)
    }

    @Test("a message of more rows than a batch may have goes alone")
    func largeMessage() throws {
        var state = LoggerState.owning("a", limits: LoggerLimits(batchRows: 2))
        #expect(state.take(.message(.host, sequence: 1, .sample(.of("a", domains: 50))), at: .at(0)) == .taken)
        #expect(state.take(.event("host/a/", 2), at: .at(0)) == .taken)
        #expect(try state.due(at: .at(0)).entries.count == 1)
    }

    @Test("what lies between two deliveries is a gap, neighbouring gaps are one, and duplicates change nothing")
    func gaps() throws {
        var state = LoggerState.owning("a", watermarks: [.host: 4])
        #expect(state.take(.event("host/a/", 4), at: .at(0)) == .duplicate)
        #expect(state.take(.event("host/a/", 7), at: .at(0)) == .taken)
        #expect(state.take(.lost(.host, 3...6), at: .at(0)) == .duplicate)
        #expect(state.take(.lost(.host, 7...9), at: .at(0)) == .taken)
        #expect(state.take(.lost(.host, 12...13), at: .at(0)) == .taken)
        #expect(state.take(.event("host/a/", 14), at: .at(0)) == .taken)
        let batch = try state.due(at: .at(0), isUrgent: true)
        #expect(batch.gaps.map(\.range) == [5...6, 8...13])
        #expect(batch.entries.map(\.sequence) == [7, 14])
        #expect(batch.advances == [.init(stream: .host, after: 4, through: 14)])
    }

    @Test("streams of other instances' shards and topics that are not logged are left alone")
    func notOwned() {
        var state = LoggerState.owning("a")
        #expect(state.take(.event("host/b/", 1), at: .at(0)) == .notOwned)
        #expect(state.take(.event("decision/a/", 1), at: .at(0)) == .notOwned)
        #expect(state.take(.event("heartbeat/a/", 1), at: .at(0)) == .notOwned)
        #expect(state.take(.event("host//", 1), at: .at(0)) == .notOwned)
        #expect(state.queuedRows == 0)
    }

    @Test("a host and a cluster of one name have different shards, and each shard names its topics")
    func shards() {
        #expect(StreamID(topic: .host("a"), epoch: 1).shard == "a")
        #expect(StreamID(topic: .event("a"), epoch: 1).shard == "a")
        #expect(StreamID(topic: .decision("a"), epoch: 1).shard == "cluster:a")
        #expect(LogShard(id: "a", epoch: 1).topics.map(\.text) == ["host/a/", "event/a/"])
        #expect(LogShard(id: "cluster:a", epoch: 1).topics.map(\.text) == ["decision/a/"])
    }

    @Test("a store that is away is tried again after pauses that double, with the same batch, and then as ever")
    func backOff() throws {
        var state = LoggerState.owning("a")
        #expect(state.take(.event("host/a/", 1), at: .at(0)) == .taken)
        let batch = try state.due(at: .at(500))
        state.refused(.unavailable, at: .at(500))
        #expect(state.wakeUp(at: .at(500)) == .at(600))
        #expect(state.batch(at: .at(599), isUrgent: true) == nil)
        #expect(state.take(.event("host/a/", 2), at: .at(599)) == .taken)
        let again = try state.due(at: .at(600))
        #expect(again.entries.first == batch.entries.first)
        state.refused(.unavailable, at: .at(600))
        #expect(state.wakeUp(at: .at(600)) == .at(800))
        for second in 1...40 {
            _ = try state.due(at: .at(Int64(second) * 5_000))
            state.refused(.unavailable, at: .at(Int64(second) * 5_000))
        }
        #expect(state.wakeUp(at: .at(200_000)) == .at(205_000))
        _ = try state.due(at: .at(205_000))
        state.stored()
        #expect(state.failures == 0)
    }

    @Test("a full queue takes nothing more until a batch is stored, and forgets nothing")
    func full() throws {
        var state = LoggerState.owning("a", limits: LoggerLimits(queueRows: 3))
        for sequence in 1...3 { #expect(state.take(.event("host/a/", UInt64(sequence)), at: .at(0)) == .taken) }
        #expect(!state.hasRoom)
        #expect(state.take(.event("host/a/", 4), at: .at(0)) == .full)
        #expect(state.take(.lost(.host, 4...9), at: .at(0)) == .full)
        _ = try state.due(at: .at(500))
        #expect(state.take(.event("host/a/", 4), at: .at(0)) == .full, "a batch under way may come back")
        state.stored()
        #expect(state.take(.event("host/a/", 4), at: .at(0)) == .taken)
    }

    @Test("a batch that was committed without our knowing is not stored again")
    func committedUnknown() throws {
        var state = LoggerState.owning("a")
        for sequence in 1...3 { #expect(state.take(.event("host/a/", UInt64(sequence)), at: .at(0)) == .taken) }
        _ = try state.due(at: .at(500))
        state.refused(.unavailable, at: .at(500))
        #expect(state.take(.event("host/a/", 4), at: .at(500)) == .taken)
        _ = try state.due(at: .at(600))
        state.refused(.moved([.host: 3]), at: .at(600))
        let batch = try state.due(at: .at(1_100))
        #expect(batch.entries.map(\.sequence) == [4])
        #expect(batch.advances == [.init(stream: .host, after: 3, through: 4)])
    }

    @Test("after a database was put back to an earlier state, the shard begins anew at its watermark")
    func restoredDatabase() throws {
        var state = LoggerState.owning("a", watermarks: [.host: 9])
        #expect(state.take(.event("host/a/", 10), at: .at(0)) == .taken)
        _ = try state.due(at: .at(500))
        #expect(state.refused(.moved([.host: 6]), at: .at(500)).restart == [LogShard(id: "a", epoch: 7)])
        #expect(state.queuedRows == 0)
        #expect(state.take(.event("host/a/", 11), at: .at(500)) == .notOwned)
        state.gained(LogShard(id: "a", epoch: 7), watermarks: [.host: 6])
        #expect(state.take(.event("host/a/", 7), at: .at(500)) == .taken)
    }

    @Test("a gap that is stored in part goes on after its watermark")
    func partOfAGap() throws {
        var state = LoggerState.owning("a")
        #expect(state.take(.lost(.host, 1...9), at: .at(0)) == .taken)
        _ = try state.due(at: .at(500))
        #expect(state.refused(.moved([.host: 6]), at: .at(500)).restart.isEmpty)
        #expect(try state.due(at: .at(500)).gaps.map(\.range) == [7...9])
    }

    @Test("a message that can't be stored is found by halving, becomes a gap, and holds up nothing else")
    func unstorable() throws {
        var state = LoggerState.owning("a")
        for sequence in 1...8 { #expect(state.take(.event("host/a/", UInt64(sequence)), at: .at(0)) == .taken) }
        var stored: [UInt64] = []
        var gaps: [ClosedRange<UInt64>] = []
        var givenUp: [UInt64] = []
        while let batch = state.batch(at: .at(500)) {
            if batch.entries.contains(where: { $0.sequence == 6 }) {
                if let entry = state.refused(.unstorable, at: .at(500)).givenUp { givenUp.append(entry.sequence) }
            } else {
                stored += batch.entries.map(\.sequence)
                gaps += batch.gaps.map(\.range)
                state.stored()
            }
        }
        #expect(stored == [1, 2, 3, 4, 5, 7, 8])
        #expect(gaps == [6...6])
        #expect(givenUp == [6])
    }

    @Test("a store that refuses even a gap is tried again later, not at once")
    func unstorableGap() throws {
        var state = LoggerState.owning("a")
        #expect(state.take(.lost(.host, 1...2), at: .at(0)) == .taken)
        _ = try state.due(at: .at(500))
        state.refused(.unstorable, at: .at(500))
        #expect(state.batch(at: .at(500)) == nil)
        #expect(state.wakeUp(at: .at(500)) == .at(600))
    }

    @Test("a lost shard's messages are forgotten, also those of a batch under way, and the others stay")
    func fenced() throws {
        var state = LoggerState.owning("a")
        state.gained(LogShard(id: "b", epoch: 2), watermarks: [:])
        #expect(state.take(.event("host/a/", 1), at: .at(0)) == .taken)
        #expect(state.take(.event("host/b/", 1), at: .at(0)) == .taken)
        #expect(try state.due(at: .at(500)).shards.map(\.id) == ["a", "b"])
        state.refused(.fenced("a"), at: .at(500))
        #expect(state.owned == [LogShard(id: "b", epoch: 2)])
        #expect(try state.due(at: .at(500)).entries.map(\.stream.topic) == [.host("b")])
        state.lost("b")
        state.refused(.unavailable, at: .at(500))
        #expect(state.queuedRows == 0)
        #expect(state.wakeUp(at: .at(900)) == nil)
    }

    @Test("a shard that comes back under a later epoch begins at the watermark that it came with")
    func regained() throws {
        var state = LoggerState.owning("a")
        #expect(state.take(.event("host/a/", 1), at: .at(0)) == .taken)
        state.gained(LogShard(id: "a", epoch: 9), watermarks: [.host: 5])
        #expect(state.queuedRows == 0)
        #expect(state.take(.event("host/a/", 5), at: .at(0)) == .duplicate)
        #expect(state.take(.event("host/a/", 6), at: .at(0)) == .taken)
        #expect(try state.due(at: .at(500)).shards == [LogShard(id: "a", epoch: 9)])
    }
}

extension StreamID {
    static let host = StreamID(topic: .host("a"), epoch: 3)
    static let event = StreamID(topic: .event("a"), epoch: 3)
}

extension LogDelivery {
    static func event(_ topic: String, _ sequence: UInt64, epoch: UInt64 = 3) -> LogDelivery {
        .message(StreamID(topic: Topic(trusted: topic), epoch: epoch), sequence: sequence, .event(.numbered(sequence)))
    }
}

extension LogEvent {
    static func numbered(_ number: UInt64) -> LogEvent {
        LogEvent(at: .zero, kind: "started", host: "a", domain: nil, detail: "\(number)", isForeign: false)
    }
}

extension HostSample {
    static func of(_ host: HostID, domains count: UInt64) -> HostSample {
        let domains = (0..<count).map { DomainSample(domain: DomainID(UUID128(high: 0, low: $0)), state: .running) }
        return HostSample(
            host: host, sampledAt: .zero, intervalNanoseconds: nil,
            figures: HostFigures(cpuCount: 4, memory: .gibibytes(2)), domains: domains)
    }
}

extension Timestamp {
    /// So many milliseconds after 1970.
    static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: milliseconds * 1_000_000) }
}

extension LoggerState {
    /// The batch that must be due now.
    mutating func due(at now: Timestamp, isUrgent: Bool = false) throws -> WriteBatch {
        let batch = batch(at: now, isUrgent: isUrgent)
        return try #require(batch)
    }

    /// Owns one shard under epoch 7.
    static func owning(
        _ shard: String, watermarks: [StreamID: UInt64] = [:], limits: LoggerLimits = LoggerLimits()
    ) -> LoggerState {
        var state = LoggerState(limits: limits)
        state.gained(LogShard(id: shard, epoch: 7), watermarks: watermarks)
        return state
    }
}
