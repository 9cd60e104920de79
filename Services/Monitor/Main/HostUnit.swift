// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Contracts
internal import Hypervisor
internal import Logging
internal import Messages
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Everything that works for one owned host: loop, refresher, command runner and fact writer.
struct HostUnit: Sendable {
    let host: HostID
    let loop: HostLoop
    let runner: CommandRunner
    private let refresher: HostRefresher
    private let examiner: HostExaminer
    private let writer: FactWriter
    private let farewell: Duration
    private let edges: MonitorEdges
    private let epoch: UInt64

    init(
        _ record: StoredHost, shard: OwnedShard, known: KnownHost, proofs: ProofWriter, edges: MonitorEdges,
        configuration: MonitorConfiguration
    ) throws(HypervisorError) {
        let hypervisor = try edges.open(record.uri, record.id)
        let (lateLoop, lateRunner) = (Late<HostLoop>(), Late<CommandRunner>())
        writer = FactWriter(
            host: record.id, claim: shard.claim, edges: edges, proofs: proofs, limit: configuration.waitingFacts,
            isStale: { await lateLoop.value?.reportedStale($0) },
            isElsewhere: { await lateLoop.value?.lost($0) }, hasEnded: { await lateRunner.value?.wasWritten($0) })
        loop = HostLoop(
            host: record.id, shard: shard, hypervisor: hypervisor, known: known, writer: writer, edges: edges,
            configuration: configuration)
        runner = CommandRunner(
            host: record.id, uri: record.uri, shard: shard, loop: loop, writer: writer, edges: edges,
            configuration: configuration)
        refresher = HostRefresher(
            host: record.id, claim: shard.claim, duplicates: known.duplicates, loop: loop, proofs: proofs,
            edges: edges, configuration: configuration, capAgain: { await lateRunner.value?.capAgain() })
        examiner = HostExaminer(
            host: record.id, claim: shard.claim, loop: loop, edges: edges, configuration: configuration)
        farewell = configuration.farewell
        host = record.id
        self.edges = edges
        epoch = UInt64(clamping: shard.epoch)
        lateLoop.set(loop)
        lateRunner.set(runner)
    }

    /// Other hosts took these domains from this one.
    func taken(_ domains: [DomainID]) async throws { try await refresher.taken(domains) }

    /// Works until cancelled; returns when nothing is under way any more.
    func run() async {
        // The writer outlives the others, to write what they leave.
        let writing = Task(executorPreference: edges.hostThread) { await writer.run() }
        await withTaskGroup { group in
            group.addTask { await loop.run() }
            group.addTask { await loop.probe() }
            group.addTask { await loop.follow() }
            group.addTask { await refresher.run() }
            group.addTask { await examiner.run() }
            group.addTask { await runner.run() }
            await group.waitForAll()
        }
        await writer.end()
        // A database that does not answer must not delay the hand-over: the successor will see again what was not
        // written.
        let limit = Task {
            try await Task.sleep(for: farewell)
            writing.cancel()
        }
        await writing.value
        limit.cancel()
        await runner.close()
        await loop.hypervisor.close()
        await edges.publisher.retire(StreamID(topic: .host(host), epoch: epoch))
        await edges.publisher.retire(StreamID(topic: .event(host), epoch: epoch))
    }
}
