// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Decides which messages of the owned streams are written when, so that each sequence is stored exactly once or lies
/// within one recorded gap, in order per stream. Performs no I/O; never reads a clock.
///
/// Deliveries go in by `take`, batches come out by `batch(at:)`, one at a time, and each ends by `stored` or `refused`.
/// Nothing that was taken is dropped: a full queue takes no more, so that the bus waits and later asks the publisher to
/// replay it. Messages that no publisher has any more come back as a loss, which is recorded.
package struct LoggerState: Sendable {
    /// What was done with a delivery.
    package enum Outcome: Hashable, Sendable {
        case taken
        /// The message is stored or queued already.
        case duplicate
        /// The stream's shard belongs to another instance.
        case notOwned
        /// Not taken, since the queue is full: offer it again when there is room.
        case full
    }

    /// What a refusal leads to.
    package struct Consequence: Hashable, Sendable {
        /// The message that was given up and is now a gap.
        package let givenUp: WriteBatch.Entry?
        /// Shards that are still ours, but must be gained anew and followed from their watermarks on.
        package let restart: [LogShard]

        init(givenUp: WriteBatch.Entry? = nil, restart: [LogShard] = []) {
            self.givenUp = givenUp
            self.restart = restart
        }
    }

    /// A shard as it was gained; gained again under the same epoch, it begins anew.
    private struct Claim: Hashable {
        let shard: LogShard
        let number: Int
    }

    private struct Item {
        let stream: StreamID
        let claim: Claim
        var range: ClosedRange<UInt64>
        /// `nil` is a gap.
        var record: LogRecord?
        let takenAt: Timestamp

        var rowCount: Int { record?.rowCount ?? 1 }
    }

    package let limits: LoggerLimits
    private var claims: [String: Claim] = [:]
    private var lastClaim = 0
    /// The last sequence of each owned stream that is queued or stored.
    private var taken: [StreamID: UInt64] = [:]
    private var queue: [Item] = []
    /// The items of the batch under way; they go back to the front if the batch is refused.
    private var underway: [Item] = []
    /// How many rows wait, including those of the batch under way.
    package private(set) var queuedRows = 0
    /// How many batches in a row failed because the store was unavailable.
    package private(set) var failures = 0
    private var retryAt: Timestamp?
    /// How many messages the next batch may have while an unstorable message is searched for.
    private var itemLimit: Int?

    package init(limits: LoggerLimits = LoggerLimits()) { self.limits = limits }

    /// Whether a delivery would be taken.
    package var hasRoom: Bool { queuedRows < limits.queueRows }
    package var isBatchUnderway: Bool { !underway.isEmpty }
    package var owned: [LogShard] { claims.values.map(\.shard).sorted() }

    /// Whether messages of this shard wait or are under way.
    package func holds(_ shard: String) -> Bool { (underway + queue).contains { $0.claim.shard.id == shard } }

    /// Takes one delivery. The sequences between it and the last one of its stream are recorded as a gap.
    package mutating func take(_ delivery: LogDelivery, at now: Timestamp) -> Outcome {
        let stream = delivery.stream
        guard let id = stream.shard, let claim = claims[id] else { return .notOwned }
        guard hasRoom else { return .full }
        let next = taken[stream, default: 0] + 1
        switch delivery {
        case .message(_, let sequence, let record):
            guard sequence >= next else { return .duplicate }
            if sequence > next {
                append(Item(stream: stream, claim: claim, range: next...sequence - 1, record: nil, takenAt: now))
            }
            append(Item(stream: stream, claim: claim, range: sequence...sequence, record: record, takenAt: now))
        case .lost(_, let range):
            guard range.upperBound >= next else { return .duplicate }
            append(Item(stream: stream, claim: claim, range: next...range.upperBound, record: nil, takenAt: now))
        }
        return .taken
    }

    /// The next batch, if one is due: it is full, or its oldest message has waited for long enough.
    ///
    /// - Parameter isUrgent: whether everything that waits is due.
    package mutating func batch(at now: Timestamp, isUrgent: Bool = false) -> WriteBatch? {
        guard let due = wakeUp(isUrgent: isUrgent, at: now), due <= now else { return nil }
        let count = batchCount()
        underway = Array(queue[..<count])
        queue.removeFirst(count)
        return Self.batch(of: underway)
    }

    /// When to call `batch(at:)` again, if nothing else happens; `nil` while nothing waits or a batch is under way.
    package func wakeUp(at now: Timestamp) -> Timestamp? { wakeUp(isUrgent: false, at: now) }

    private func wakeUp(isUrgent: Bool, at now: Timestamp) -> Timestamp? {
        guard underway.isEmpty, let oldest = queue.first?.takenAt else { return nil }
        let isDue = isUrgent || queuedRows >= limits.batchRows || itemLimit != nil
        return max(isDue ? now : oldest.advanced(by: limits.batchAge), retryAt ?? .zero)
    }

    private func batchCount() -> Int {
        var (count, rows) = (0, 0)
        while count < queue.count, count < itemLimit ?? .max {
            rows += queue[count].rowCount
            if count > 0, rows > limits.batchRows { break }
            count += 1
        }
        return count
    }

    private mutating func append(_ item: Item) {
        taken[item.stream] = item.range.upperBound
        queue.append(item)
        queuedRows += item.rowCount
    }
}

// MARK: - What became of shards and batches

extension LoggerState {
    /// This instance owns a shard now.
    ///
    /// - Parameter watermarks: up to where its streams are stored; for streams that are not named nothing is stored
    ///   yet.
    package mutating func gained(_ shard: LogShard, watermarks: [StreamID: UInt64]) {
        lost(shard.id)
        lastClaim += 1
        claims[shard.id] = Claim(shard: shard, number: lastClaim)
        for (stream, sequence) in watermarks where stream.shard == shard.id { taken[stream] = sequence }
    }

    /// We do not own the shard any more. Its waiting messages are dropped: its next owner will ask for a replay.
    package mutating func lost(_ id: String) {
        guard claims.removeValue(forKey: id) != nil else { return }
        queue.removeAll { $0.claim.shard.id == id }
        taken = taken.filter { $0.key.shard != id }
        countRows()
    }

    /// The batch under way is stored.
    package mutating func stored() {
        underway = []
        failures = 0
        retryAt = nil
        itemLimit = itemLimit.flatMap { $0 < limits.batchRows ? $0 * 2 : nil }
        countRows()
    }

    /// The batch under way was not stored.
    ///
    /// - Returns: what the shell must do about it.
    @discardableResult
    package mutating func refused(_ refusal: LogRefusal, at now: Timestamp) -> Consequence {
        let batch = underway
        queue = batch.filter { claims[$0.claim.shard.id] == $0.claim } + queue
        underway = []
        defer { countRows() }
        switch refusal {
        case .unavailable: backOff(from: now)
        case .fenced(let id): lost(id)
        case .moved(let watermarks):
            let streams = watermarks.sorted { $0.key < $1.key }
            return Consequence(restart: streams.compactMap { reconcile($0.key, at: $0.value) })
        case .unstorable: return Consequence(givenUp: isolate(batch.count, at: now))
        }
        return Consequence()
    }

    private mutating func backOff(from now: Timestamp) {
        failures += 1
        retryAt = now.advanced(by: limits.pause(afterFailures: failures))
    }

    /// Drops the messages that a stream's watermark shows to be stored. If the watermark fell behind, the missing
    /// messages must be delivered again: the shard is dropped and returned.
    private mutating func reconcile(_ stream: StreamID, at watermark: UInt64) -> LogShard? {
        guard let id = stream.shard, let claim = claims[id] else { return nil }
        queue.removeAll { $0.stream == stream && $0.range.upperBound <= watermark }
        taken[stream] = max(taken[stream, default: 0], watermark)
        guard let index = queue.firstIndex(where: { $0.stream == stream }) else { return nil }
        let first = queue[index].range
        if first.lowerBound <= watermark {
            queue[index].range = watermark + 1...first.upperBound
        } else if first.lowerBound > watermark + 1 {
            lost(id)
            return claim.shard
        }
        return nil
    }

    /// Halves the batch until the message that can't be stored is alone; then that message becomes a gap.
    private mutating func isolate(_ count: Int, at now: Timestamp) -> WriteBatch.Entry? {
        itemLimit = max(1, count / 2)
        guard count == 1, let first = queue.first else { return nil }
        guard let record = first.record else {
            // Not even the gap can be stored: that is the store's fault.
            backOff(from: now)
            return nil
        }
        queue[0].record = nil
        return WriteBatch.Entry(stream: first.stream, sequence: first.range.lowerBound, record: record)
    }

    private mutating func countRows() { queuedRows = (underway + queue).reduce(0) { $0 + $1.rowCount } }

    private static func batch(of items: [Item]) -> WriteBatch {
        var entries: [WriteBatch.Entry] = []
        var gaps: [WriteBatch.Gap] = []
        var lastGap: [StreamID: Int] = [:]
        var spans: [StreamID: ClosedRange<UInt64>] = [:]
        for item in items {
            let stream = item.stream
            spans[stream] = (spans[stream] ?? item.range).lowerBound...item.range.upperBound
            if let record = item.record {
                entries.append(WriteBatch.Entry(stream: stream, sequence: item.range.lowerBound, record: record))
            } else if let index = lastGap[stream], gaps[index].range.upperBound + 1 == item.range.lowerBound {
                let merged = gaps[index].range.lowerBound...item.range.upperBound
                gaps[index] = WriteBatch.Gap(stream: stream, range: merged)
            } else {
                lastGap[stream] = gaps.count
                gaps.append(WriteBatch.Gap(stream: stream, range: item.range))
            }
        }
        return WriteBatch(
            entries: entries, gaps: gaps,
            advances: spans.sorted { $0.key < $1.key }
                .map { .init(stream: $0.key, after: $0.value.lowerBound - 1, through: $0.value.upperBound) },
            shards: Set(items.map(\.claim.shard)).sorted())
    }
}
