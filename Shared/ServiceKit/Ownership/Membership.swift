// SPDX-License-Identifier: Apache-2.0

package import Logging
package import ResourceModel
package import Store

/// What a service does when it gains or loses a shard.
package struct OwnershipHandlers: Sendable {
    /// Begin the shard's work; returns soon.
    package let gained: @Sendable (OwnedShard) async -> Void
    /// End the shard's work; when it returns, no part of the work is under way any more.
    package let lost: @Sendable (ShardKey) async -> Void

    package init(
        gained: @escaping @Sendable (OwnedShard) async -> Void, lost: @escaping @Sendable (ShardKey) async -> Void
    ) {
        self.gained = gained
        self.lost = lost
    }

    /// For services that own nothing.
    package static let none = OwnershipHandlers(gained: { _ in }, lost: { _ in })
}

/// Keeps this instance's row alive, watches everybody else's, and claims and releases shards by `OwnershipCore`.
///
/// While the database is away nothing changes: nobody expires, owners go on, no shard moves.
package actor Membership {
    private let record: InstanceRecord
    private let credential: InstanceCredential
    private let shardKinds: [ShardKind]
    private let instances: InstanceRepository
    private let shards: ShardRepository
    private let interval: Duration
    private let timeToLive: Duration
    private let callDeadline: Duration
    private let handlers: OwnershipHandlers
    private let isServing: @Sendable () -> Bool
    private let peersChanged: @Sendable ([InstanceRecord], Set<InstanceID>) async -> Void
    private let health: Health
    private let log: Logger

    private var core: OwnershipCore
    private var tracker: LivenessTracker
    private var knownPeers: [InstanceRecord] = []
    /// Shards that could not be claimed at the last beat, and why: each is logged once.
    private var faulty: [ShardKey: String] = [:]
    /// Readable from anywhere without waiting.
    package nonisolated let ownership: Ownership

    /// - Parameters:
    ///   - callDeadline: how long a call of a dead predecessor may still be under way.
    ///   - isServing: an instance that serves nobody does not renew, so that nobody takes it for one that is up.
    ///   - peersChanged: called whenever these change: the live instances of all services, and the dead ones that still
    ///     have a row.
    package init(
        record: InstanceRecord, credential: InstanceCredential, shardKinds: [ShardKind], store: Store,
        interval: Duration, timeToLive: Duration,
        callDeadline: Duration, handlers: OwnershipHandlers, health: Health, log: Logger,
        isServing: @escaping @Sendable () -> Bool = { true },
        peersChanged: @escaping @Sendable ([InstanceRecord], Set<InstanceID>) async -> Void
    ) {
        self.record = record
        self.credential = credential
        self.shardKinds = shardKinds
        instances = InstanceRepository(store)
        shards = ShardRepository(store)
        self.interval = interval
        self.timeToLive = timeToLive
        self.callDeadline = callDeadline
        self.handlers = handlers
        self.peersChanged = peersChanged
        self.isServing = isServing
        self.health = health
        self.log = log
        core = OwnershipCore(instance: record.id)
        tracker = LivenessTracker(timeToLive: timeToLive)
        ownership = Ownership(timeToLive: timeToLive)
    }

    /// Registers, then renews and rebalances until cancelled; then gives everything up.
    package func run() async {
        while !Task.isCancelled {
            do {
                if isServing() {
                    try await beat()
                    health.report("database", fault: nil)
                }
            } catch {
                // The error's SQL statement is for the log alone.
                health.report("database", fault: (error as? StoreError)?.message ?? "\(error)")
                log.warning("the database does not answer; ownership stays as it is", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
        await leave()
    }

    private func beat() async throws {
        if try await instances.renew(credential) == nil {
            // Our row is gone: the others have declared us dead, or we have just started.
            for key in core.owned.keys.sorted() { await drop(key) }
            try await instances.register(record, by: credential, timeToLive: timeToLive)
        }
        let confirmedAt = ClusterClock.bootTimeNanoseconds()
        let everybody = try await instances.list()
        tracker.observe(
            Dictionary(everybody.map { ($0.id, $0.heartbeat) }) { first, _ in first },
            atMonotonicNanoseconds: confirmedAt, elapsedLimitNanoseconds: interval.wholeNanoseconds * 2)
        let alive = Set(tracker.alive)
        await announce(
            everybody.filter { alive.contains($0.id) }, dead: Set(everybody.map(\.id)).subtracting(alive))
        try await rebalance(everybody, alive: alive)
        ownership.update(core.owned, confirmedAt: confirmedAt)
        try await instances.removeSilent(tracker.dead(forTimesToLive: 10), by: credential)
    }

    private func announce(_ peers: [InstanceRecord], dead: Set<InstanceID>) async {
        let comparable = peers.map(\.announcement)
        guard comparable != knownPeers else { return }
        knownPeers = comparable
        await peersChanged(comparable, dead)
    }

    private func rebalance(_ everybody: [InstanceRecord], alive: Set<InstanceID>) async throws {
        let siblings = Set(everybody.filter { $0.service == record.service }.map(\.id))
        var rows: [ShardRecord] = []
        for kind in shardKinds {
            rows += try await shards.list(kind)
        }
        let dead = Set(tracker.dead).union(rows.compactMap(\.owner).filter { !siblings.contains($0) })
        var faults: [ShardKey: String] = [:]
        for directive in core.directives(shards: rows, alive: alive.intersection(siblings), dead: dead) {
            do {
                try await perform(directive)
            } catch let error as StoreError where !error.isTransient {
                // A fault in one shard's row must not keep the others from being served.
                faults[directive.key] = error.message
                if faulty[directive.key] != error.message {
                    log.error("a shard can't be taken", metadata: ["shard": "\(directive.key)", "error": "\(error)"])
                }
            }
        }
        faulty = faults
        let named = faults.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        health.report("shards", fault: named.isEmpty ? nil : named.joined(separator: "; "), isNeeded: false)
    }

    private func perform(_ directive: OwnershipCore.Directive) async throws {
        switch directive {
        case .claim(let row, let fromDead):
            guard let epoch = try await shards.claim(row, by: credential)?.epoch else { return }
            let wait = fromDead ? timeToLive + callDeadline : .zero
            core.claimed(
                row.key, epoch: epoch,
                commandsFromBootNanoseconds: ClusterClock.bootTimeNanoseconds() + wait.wholeNanoseconds)
            ownership.update(core.owned, confirmedAt: ClusterClock.bootTimeNanoseconds())
            log.info("shard claimed", metadata: ["shard": "\(row.key)", "epoch": "\(epoch)"])
            if let shard = core.owned[row.key] { await handlers.gained(shard) }
        case .release(let key, let epoch):
            await drop(key)
            try await shards.release(ShardClaim(kind: key.kind, id: key.id, epoch: epoch), by: credential)
            log.info("shard released", metadata: ["shard": "\(key)"])
        case .lost(let key):
            await drop(key)
            log.notice("shard lost to another instance", metadata: ["shard": "\(key)"])
        }
    }

    private func drop(_ key: ShardKey) async {
        guard core.owned[key] != nil else { return }
        core.dropped(key)
        ownership.update(core.owned, confirmedAt: nil)
        await handlers.lost(key)
    }

    /// Ends the shards' work, all at once, and takes the row away, which frees them: nobody has to wait for a TTL. It
    /// does not wait for a database that does not answer; then the others have to wait for the TTL.
    private func leave() async {
        await withDiscardingTaskGroup { group in
            for shard in ownership.owned { group.addTask { await self.drop(shard.key) } }
        }
        // Not in this task, which was cancelled.
        let farewell = Task { try await instances.remove(credential) }
        let limit = Task {
            try await Task.sleep(for: Self.farewell)
            farewell.cancel()
        }
        _ = try? await farewell.value
        limit.cancel()
    }

    /// How long the database may take to remove this instance's row.
    private static let farewell = Duration.seconds(2)
}
