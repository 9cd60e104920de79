// SPDX-License-Identifier: Apache-2.0

import Contracts
import LoggerCore
import ResourceModel
import TestSupport
import Testing

@Suite("whatever happens")
struct LoggerPropertyTests {
    @Test(
        "every sequence is stored exactly once or lies within one recorded gap, in order per stream",
        arguments: UInt64(1)...200)
    func exactlyOnce(seed: UInt64) throws {
        var world = World(seed: seed)
        for _ in 0..<600 { world.step() }
        world.settle()
        for (stream, published) in world.published {
            let account = world.store.account[stream, default: []]
            #expect(account.map(\.range.lowerBound) == account.map(\.range.lowerBound).sorted(), "seed \(seed)")
            let covered = account.flatMap { Array($0.range) }
            #expect(covered == (published == 0 ? [] : Array(1...published)), "seed \(seed), \(stream)")
            for part in account where part.isGap {
                for sequence in part.range {
                    let mayMiss = world.missing[stream, default: []].contains(sequence) || World.isUnstorable(sequence)
                    #expect(mayMiss, "seed \(seed): \(stream) \(sequence) was given up without need")
                }
            }
        }
        #expect(world.store.stored > 0, "seed \(seed)")
        #expect(world.longestQueue <= World.limits.queueRows + 2, "seed \(seed)")
    }
}

/// Publishers with spools, a bus that repeats and skips, a logger that dies and comes back, and a store that fails in
/// every way that it knows.
private struct World {
    struct Part {
        let range: ClosedRange<UInt64>
        let isGap: Bool
    }

    /// What PostgreSQL would hold: all of a batch or nothing, under watermarks and epochs.
    struct ModelStore {
        var account: [StreamID: [Part]] = [:]
        var watermarks: [StreamID: UInt64] = [:]
        var epochs: [String: Int64] = [:]
        var stored = 0

        mutating func write(_ batch: WriteBatch) -> LogRefusal? {
            if let shard = batch.shards.first(where: { epochs[$0.id] != $0.epoch }) { return .fenced(shard.id) }
            let moved = batch.advances.filter { watermarks[$0.stream, default: 0] != $0.after }
            if !moved.isEmpty {
                return .moved(
                    Dictionary(uniqueKeysWithValues: moved.map { ($0.stream, watermarks[$0.stream, default: 0]) }))
            }
            if batch.entries.contains(where: { World.isUnstorable($0.sequence) }) { return .unstorable }
            var parts: [StreamID: [Part]] = [:]
            for entry in batch.entries {
                parts[entry.stream, default: []].append(Part(range: entry.sequence...entry.sequence, isGap: false))
            }
            for gap in batch.gaps { parts[gap.stream, default: []].append(Part(range: gap.range, isGap: true)) }
            for (stream, added) in parts {
                account[stream, default: []] += added.sorted { $0.range.lowerBound < $1.range.lowerBound }
            }
            for advance in batch.advances { watermarks[advance.stream] = advance.through }
            stored += batch.entries.count
            return nil
        }
    }

    static let limits = LoggerLimits(batchRows: 12, batchAge: .milliseconds(50), queueRows: 40)
    static let streams = [Topic.host("a"), .event("a"), .host("b"), .decision("c")].map {
        StreamID(topic: $0, epoch: 1)
    }

    /// A message whose content no store takes.
    static func isUnstorable(_ sequence: UInt64) -> Bool { sequence % 97 == 0 }

    var generator: SeededGenerator
    var now = Timestamp.zero
    var published: [StreamID: UInt64] = [:]
    /// Sequences that no spool has: they can't be had again.
    var missing: [StreamID: Set<UInt64>] = [:]
    /// The next sequence that the bus hands over.
    var position: [StreamID: UInt64] = [:]
    var store = ModelStore()
    /// What the database may be put back to.
    private var backup = ModelStore()
    var state = LoggerState(limits: World.limits)
    var longestQueue = 0

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        for stream in Self.streams { published[stream] = 0 }
        restart()
    }

    mutating func step() {
        now = now.advanced(by: .milliseconds(Int.random(in: 0...20, using: &generator)))
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<45: publish()
        case 45..<75: deliver()
        case 75..<76: restart()
        case 76..<78: takeOver()
        case 78: backup = store
        case 79: restore()
        default: flush(failing: true)
        }
        longestQueue = max(longestQueue, state.queuedRows)
    }

    /// Everything that is still to come comes, and the store works.
    mutating func settle() {
        // A stream that was put back is noticed when it goes on.
        for stream in Self.streams { published[stream, default: 0] += 1 }
        for _ in 0..<2_000 {
            deliver()
            now = now.advanced(by: .seconds(1))
            flush(failing: false)
        }
    }

    private mutating func publish() {
        guard let stream = Self.streams.randomElement(using: &generator) else { return }
        published[stream, default: 0] += 1
        if Int.random(in: 0..<10, using: &generator) == 0 {
            missing[stream, default: []].insert(published[stream, default: 0])
        }
    }

    private mutating func deliver() {
        for stream in Self.streams {
            let next = position[stream, default: 1]
            guard next <= published[stream, default: 0] else { continue }
            let delivery = delivery(of: stream, next)
            switch state.take(delivery.0, at: now) {
            case .taken, .duplicate: position[stream] = delivery.following
            case .full: break
            case .notOwned: Issue.record("\(stream) is owned")
            }
        }
    }

    /// The next message or a loss; sometimes an old message again, sometimes a loss without a word.
    private mutating func delivery(of stream: StreamID, _ next: UInt64) -> (LogDelivery, following: UInt64) {
        if next > 1, Int.random(in: 0..<10, using: &generator) == 0 {
            return (.event(stream.topic.text, next - 1, epoch: 1), next)
        }
        guard missing[stream, default: []].contains(next) else {
            return (.event(stream.topic.text, next, epoch: 1), next + 1)
        }
        var last = next
        while missing[stream, default: []].contains(last + 1) { last += 1 }
        let isSilent = last < published[stream, default: 0] && Bool.random(using: &generator)
        return isSilent
            ? (.event(stream.topic.text, last + 1, epoch: 1), last + 2) : (.lost(stream, next...last), last + 1)
    }

    /// The process dies at any instant; its successor begins at the watermarks.
    private mutating func restart() {
        state = LoggerState(limits: Self.limits)
        for shard in ["a", "b", "cluster:c"] { gain(shard) }
    }

    /// One shard goes to another instance and comes back, which we learn from a refusal or from the membership.
    private mutating func takeOver() {
        guard let shard = ["a", "b", "cluster:c"].randomElement(using: &generator) else { return }
        if state.isBatchUnderway || Bool.random(using: &generator) { state.lost(shard) }
        gain(shard)
    }

    /// The database loses what came after the backup. Epochs are kept: nobody else claimed anything.
    private mutating func restore() {
        let epochs = store.epochs
        store = backup
        store.epochs = epochs
    }

    private mutating func gain(_ shard: String) {
        store.epochs[shard, default: 0] += 1
        follow(shard)
    }

    private mutating func follow(_ shard: String) {
        state.gained(LogShard(id: shard, epoch: store.epochs[shard, default: 0]), watermarks: store.watermarks)
        for stream in Self.streams where stream.shard == shard {
            position[stream] = store.watermarks[stream, default: 0] + 1
        }
    }

    private mutating func flush(failing: Bool) {
        guard let batch = state.batch(at: now) else { return }
        switch failing ? Int.random(in: 0..<6, using: &generator) : 5 {
        case 0: state.refused(.unavailable, at: now)
        case 1:
            // Committed, but the answer was lost.
            _ = store.write(batch)
            state.refused(.unavailable, at: now)
        default:
            guard let refusal = store.write(batch) else { return state.stored() }
            for shard in state.refused(refusal, at: now).restart { follow(shard.id) }
        }
    }
}
