// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import LoggerCore
import Logging
import Messages
import Metrics
import ResourceModel
import Store

extension LoggerShell {
    /// Follows all pending shards from their watermarks on.
    func openGroup() async {
        if groups.count >= Self.mostGroups {
            for shard in state.owned where pending[shard.id] == nil { pending[shard.id] = shard }
        }
        let wanted = pending
        let shards = wanted.values.sorted()
        guard let watermarks = await watermarks(of: shards) else { return }
        let subscriber = await edges.makeSubscriber(shards.flatMap(\.topics))
        for (stream, sequence) in watermarks.sorted(by: { $0.key < $1.key }) {
            await subscriber.resume(stream, after: sequence)
        }
        // Some may have been lost, or gained anew, while the database answered.
        let still = shards.filter { pending[$0.id] == $0 }
        lastGroup += 1
        let number = lastGroup
        // No `await` until all have the new subscriber: the old one is ahead of their watermarks.
        groups[number] = Group(subscriber: subscriber, shards: Set(still.map(\.id)))
        for shard in still {
            pending[shard.id] = nil
            leaveGroup(shard.id)
            groupOf[shard.id] = number
            state.gained(shard, watermarks: watermarks)
        }
        read(subscriber, as: number)
        for peer in peers.sorted(by: { $0.instance < $1.instance }) { await connect(subscriber, to: peer) }
        await closeEmptyGroups()
        edges.log.info("following streams", metadata: ["shards": "\(still.count)", "streams": "\(watermarks.count)"])
    }

    private func watermarks(of shards: [LogShard]) async -> [StreamID: UInt64]? {
        do {
            let stored = try await repository.watermarks(of: shards.flatMap(\.topics))
            return stored.mapValues { UInt64(clamping: $0) }
        } catch {
            edges.log.warning("watermarks can't be read; trying again", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func read(_ subscriber: any StreamSubscriber, as group: Int) {
        let (metrics, log) = (metrics, edges.log)
        Task {
            for await delivery in subscriber.deliveries {
                switch LogDelivery.reading(delivery) {
                case .success(let readable): await take(readable, from: group)
                case .failure(let fault):
                    metrics.unreadable.increment()
                    log.warning("a message can't be read", metadata: ["error": "\(fault)"])
                    if let gap = fault.gap { await take(gap, from: group) }
                }
            }
        }
    }

    /// Takes a delivery; waits while the queue is full, so that the bus stops reading.
    private func take(_ delivery: LogDelivery, from group: Int) async {
        while let shard = delivery.stream.shard, groupOf[shard] == group {
            switch state.take(delivery, at: edges.now()) {
            case .taken: return metrics.queuedRows.record(state.queuedRows)
            case .duplicate: return metrics.duplicates.increment()
            case .notOwned: return
            case .full:
                reportHealth()
                await change()
            }
        }
    }

    /// Deliveries of this shard are not taken any more.
    func leaveGroup(_ id: String) {
        guard let number = groupOf.removeValue(forKey: id) else { return }
        groups[number]?.shards.remove(id)
    }

    /// Ends the subscribers that nobody needs any more, so that their readers end too.
    func closeEmptyGroups() async {
        let empty = groups.filter(\.value.shards.isEmpty)
        for number in empty.keys { groups[number] = nil }
        wakeWaiting()
        for group in empty.values { await group.subscriber.close() }
    }
}
