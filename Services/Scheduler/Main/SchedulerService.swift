// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import CoreMetrics
import Logging
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

/// Everything `ebb-scheduler` does: one `ClusterShell` for each cluster that it owns, fed from one subscription.
actor SchedulerService {
    private let runtime: ServiceRuntime
    private let configuration: SchedulerConfiguration
    private let metrics = SchedulerMetrics()
    private var shells: [ClusterID: ClusterShell] = [:]
    private var history: SampleHistory

    init(_ runtime: ServiceRuntime) throws(StartupError) {
        self.runtime = runtime
        configuration = try SchedulerConfiguration(runtime.settings)
        history = SampleHistory(limit: configuration.windowLength * 4)
    }

    func run() async throws {
        await SchedulerCommands(service: self, runtime: runtime, configuration: configuration).serve()
        let subscriber = await runtime.subscribe([.allHosts])
        let membership = runtime.membership(
            shardKinds: [.cluster], callDeadline: .zero, timeToLive: configuration.timeToLive,
            handlers: OwnershipHandlers(
                gained: { shard in await self.gained(shard) }, lost: { key in await self.lost(key) }))
        await withTaskGroup { group in
            group.addTask { await membership.run() }
            group.addTask { await self.ensureShards() }
            group.addTask { await self.consume(subscriber.deliveries) }
            await group.next()
            group.cancelAll()
        }
        await subscriber.close()
    }

    /// The shell that decides for a cluster; `nil` if another instance decides, or while the take-over is not complete.
    func shell(of cluster: ClusterID) async -> ClusterShell? {
        guard let shell = shells[cluster], await shell.isDeciding else { return nil }
        return shell
    }

    /// Makes a shard for every cluster that a host names.
    private func ensureShards() async {
        while !Task.isCancelled {
            do {
                let clusters = Set(try await InventoryRepository(runtime.store).hosts().map(\.cluster.name))
                try await ShardRepository(runtime.store).ensure(.cluster, clusters.sorted())
                _ = try await PermitRepository(runtime.store).expire(at: runtime.clock.now())
            } catch {
                runtime.log.debug("shards of clusters can't be ensured", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func gained(_ shard: OwnedShard) async {
        let shell = ClusterShell(
            shard: shard, runtime: runtime, configuration: configuration, metrics: metrics)
        // From here on it gets every report: reports that come while it reads the past wait until that is done.
        shells[shell.cluster] = shell
        while !Task.isCancelled {
            do {
                return try await shell.start(history: history)
            } catch {
                runtime.log.error("a cluster can't be taken up yet", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func lost(_ key: ShardKey) async {
        guard let shell = shells.removeValue(forKey: ClusterID(trusted: key.id)) else { return }
        await shell.stop()
    }

    private func consume(_ deliveries: AsyncStream<Delivery>) async {
        for await delivery in deliveries {
            switch delivery {
            case .message(let message): await take(message)
            case .lost(let stream, let range):
                metrics.lost.increment(by: range.count)
                runtime.log.notice(
                    "messages can't be had again",
                    metadata: ["stream": "\(stream)", "first": "\(range.lowerBound)", "last": "\(range.upperBound)"])
            }
        }
    }

    private func take(_ message: BusMessage) async {
        guard message.type == .hostReport else { return }
        do {
            let sample = try HostReport.decoded(message.body)
            let entry = SampleHistory.Entry(
                sample: sample, position: SamplePosition(epoch: message.stream.epoch, sequence: message.sequence))
            history.append(entry)
            for shell in shells.values.sorted(by: { $0.cluster < $1.cluster }) { await shell.take(entry) }
        } catch {
            runtime.log.warning(
                "a report can't be read", metadata: ["source": "\(message.source)", "error": "\(error)"])
        }
    }
}
