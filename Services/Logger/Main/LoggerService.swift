// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import LoggerCore
import Logging
import Messages
import ResourceModel
import ServiceKit
import Store

/// The limits that Logger keeps.
struct LoggerConfiguration: Sendable {
    /// The limits of batching and retrying.
    var limits = LoggerLimits()
    /// How long raw samples are kept.
    var retention: Duration = .seconds(7 * 86_400)

    init() {}

    init(_ settings: Settings) {
        limits = LoggerLimits(
            batchRows: settings.integer("logger.batchRows"), batchAge: settings.duration("logger.batchAge"),
            queueRows: settings.integer("logger.queueRows"))
        retention = settings.duration("logger.retention")
    }
}

/// What Logger uses: the database, cluster time and the bus.
struct LoggerEdges: Sendable {
    let store: Store
    let now: @Sendable () -> Timestamp
    /// A subscriber of these topics that follows nobody yet.
    let makeSubscriber: @Sendable ([Topic]) async -> any StreamSubscriber
    let health: Health
    let log: Logger
}

/// Serves until cancelled.
func runLogger(_ runtime: ServiceRuntime) async throws {
    let edges = LoggerEdges(
        store: runtime.store, now: { runtime.clock.now() }, makeSubscriber: runtime.makeSubscriber,
        health: runtime.health, log: runtime.log)
    let configuration = LoggerConfiguration(runtime.settings)
    let shell = LoggerShell(edges, configuration)
    let sealer = AuditSealer(edges)
    let keeper = LogKeeper(edges, retention: configuration.retention)
    let membership = runtime.membership(
        shardKinds: [.log, .audit], callDeadline: .zero, handlers: ownershipHandlers(shell, sealer))
    await runtime.peers.follow { await shell.follow($0.map(\.peer)) }
    await withTaskGroup { group in
        group.addTask { await membership.run() }
        group.addTask { await shell.run() }
        group.addTask { await sealer.run() }
        group.addTask { await keeper.run() }
    }
    await shell.close()
}

/// Shards of kind `log` go to the shell, the one of kind `audit` to the sealer.
func ownershipHandlers(_ shell: LoggerShell, _ sealer: AuditSealer) -> OwnershipHandlers {
    OwnershipHandlers(
        gained: { shard in
            switch shard.key.kind {
            case .audit: await sealer.gained(shard.claim)
            default: await shell.gained(LogShard(id: shard.key.id, epoch: shard.epoch))
            }
        },
        lost: { key in
            switch key.kind {
            case .audit: await sealer.lost()
            default: await shell.lost(key.id)
            }
        })
}
