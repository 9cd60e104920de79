// SPDX-License-Identifier: Apache-2.0

import Bus
import LoggerCore
import Logging
import Messages
import ResourceModel
import ServiceKit
import Store

/// Performs what `LoggerState` decides: follows the streams of owned shards, and writes batches.
///
/// Shards that are gained together are followed by one subscriber for their topics, which begins each stream after its
/// watermark: messages that were missed meanwhile are replayed from the publisher's spool. A subscriber that has passed
/// a sequence can't go back, so shards that are gained later get another subscriber.
actor LoggerShell {
    struct Group {
        let subscriber: any StreamSubscriber
        var shards: Set<String>
    }

    /// At this number of subscribers, one subscriber for all shards replaces them.
    static let mostGroups = 8

    let edges: LoggerEdges
    let repository: LogRepository
    let metrics = LoggerMetrics()
    private let tick: Duration
    var state: LoggerState
    /// Shards that are gained but not followed yet.
    var pending: [String: LogShard] = [:]
    private var pendingAtLastTick: [String: LogShard] = [:]
    var groups: [Int: Group] = [:]
    /// The group from which a shard's deliveries are taken: an older subscriber may be ahead of its successor.
    var groupOf: [String: Int] = [:]
    var lastGroup = 0
    var peers: Set<BusPeer> = []
    /// Why the last batch was not written, while the store is away.
    var fault: String?
    /// Readers that wait for room in the queue, and tasks that wait for the batch under way.
    var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ edges: LoggerEdges, _ configuration: LoggerConfiguration) {
        self.edges = edges
        repository = LogRepository(edges.store)
        state = LoggerState(limits: configuration.limits)
        // Often enough that a batch is late by a fifth of its age at most.
        tick = max(.milliseconds(5), configuration.limits.batchAge / 5)
    }

    /// Writes what is due and follows what was gained, until cancelled.
    func run() async {
        while !Task.isCancelled {
            while await writeNext() {}
            await closeEmptyGroups()
            await followGained()
            try? await Task.sleep(for: tick)
        }
    }

    /// Ends every subscriber.
    func close() async {
        groupOf = [:]
        for number in groups.keys { groups[number]?.shards = [] }
        await closeEmptyGroups()
    }

    // MARK: - Ownership

    func gained(_ shard: LogShard) { pending[shard.id] = shard }

    /// Writes the shard's waiting messages while its epoch is still ours, then gives the shard up.
    func lost(_ id: String) async {
        pending[id] = nil
        leaveGroup(id)
        await closeEmptyGroups()
        // Also when the caller's task is cancelled already: this is what a graceful stop waits for.
        await Task { await drain(id) }.value
        state.lost(id)
        wakeWaiting()
    }

    private func drain(_ id: String) async {
        while state.holds(id) {
            if state.isBatchUnderway {
                await change()
            } else if await !writeNext(isUrgent: true) {
                return
            }
        }
    }

    /// Takes all live peers; follows those that publish.
    func follow(_ present: [BusPeer]) async {
        let publishers = Set(present.filter { $0.publishEndpoint != nil })
        let gone = peers.subtracting(publishers)
        let come = publishers.subtracting(peers)
        peers = publishers
        for number in groups.keys.sorted() {
            guard let subscriber = groups[number]?.subscriber else { continue }
            for peer in gone { await subscriber.disconnect(from: peer.instance) }
            for peer in come { await connect(subscriber, to: peer) }
        }
    }

    func connect(_ subscriber: any StreamSubscriber, to peer: BusPeer) async {
        do {
            try await subscriber.connect(to: peer)
        } catch {
            edges.log.error(
                "a publisher can't be followed", metadata: ["peer": "\(peer.instance)", "error": "\(error)"])
        }
    }

    /// Shards are gained one after the other; they are followed together when no more came for a tick.
    private func followGained() async {
        guard !pending.isEmpty, pending == pendingAtLastTick else {
            pendingAtLastTick = pending
            return
        }
        await openGroup()
    }

    // MARK: - Waiting

    /// Returns when the queue or the batch under way has changed.
    func change() async { await withCheckedContinuation { waiting.append($0) } }

    func wakeWaiting() {
        let waiters = waiting
        waiting = []
        for waiter in waiters { waiter.resume() }
    }
}
