// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Finds one host's open commands and runs them: one at a time per domain, a bounded number per host, each once.
///
/// The rows are the queue; a request over the bus only makes it look sooner.
actor CommandRunner {
    let host: HostID
    let uri: String
    let shard: OwnedShard
    let loop: HostLoop
    let writer: FactWriter
    let edges: MonitorEdges
    let configuration: MonitorConfiguration
    let log: Logger

    /// Commands that this process has under way or whose end is not written yet.
    private var running: [UUID128: DomainID] = [:]
    private var lastReports: [UUID128: ContinuousClock.Instant] = [:]
    /// Domains whose migration was called off.
    var aborted: Set<DomainID> = []
    private var followers: [UUID128: [AsyncStream<CommandOutcome>.Continuation]] = [:]
    private let wakeUp = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(
        host: HostID, uri: String, shard: OwnedShard, loop: HostLoop, writer: FactWriter, edges: MonitorEdges,
        configuration: MonitorConfiguration
    ) {
        self.host = host
        self.uri = uri
        self.shard = shard
        self.loop = loop
        self.writer = writer
        self.edges = edges
        self.configuration = configuration
        log = edges.log
    }

    /// A fleet refuses an old epoch by itself; libvirt does not.
    nonisolated var isFenced: Bool { uri.hasPrefix("fleet:") }
    nonisolated var mayCommand: Bool { edges.mayCommand(shard, isFenced) }
    nonisolated var claim: ShardClaim { shard.claim }

    /// Runs until cancelled; returns when nothing is under way any more.
    func run() async {
        await withDiscardingTaskGroup { group in
            kick()
            for await _ in wakeUp.stream {
                guard !Task.isCancelled else { break }
                await scan { command in group.addTask { await self.carryOut(command) } }
            }
        }
    }

    /// Looks for commands now: a request came, or the supervisor saw that there are some.
    nonisolated func kick() { wakeUp.continuation.yield() }

    private func scan(_ start: (CommandRecord) -> Void) async {
        do {
            var busy = Set(running.values)
            let abandoned = try await edges.commands.abandoned(before: ShardClaim.host(host, epoch: shard.epoch + 1))
            let queued = try await edges.commands.open(for: host, at: edges.clock.now())
            for record in abandoned + queued where running[record.id] == nil {
                // What ends another command can't wait for it, nor for room.
                if !(CommandVerb(rawValue: record.command.verb)?.overtakes ?? false) {
                    guard running.count < configuration.commandsPerHost else { continue }
                    // Commands of one domain keep their order, also behind one that has to wait.
                    guard busy.insert(record.command.domain).inserted else { continue }
                }
                running[record.id] = record.command.domain
                start(record)
            }
        } catch {
            log.debug("commands can't be read", metadata: ["host.id": "\(host)", "error": "\(error)"])
        }
    }

    private func carryOut(_ record: CommandRecord) async {
        let isEnding =
            record.state == .claimed ? await reconcile(record) : await execute(record)
        // Those whose end is queued stay in `running` until it is written.
        if !isEnding { running[record.id] = nil }
    }

    // MARK: Progress

    /// Writes down how far a command has come, at most once a second; what the database does not take is dropped.
    func report(_ record: CommandRecord, ppm: Int64? = nil, _ text: String) async {
        let now = ContinuousClock.now
        if let last = lastReports[record.id], now - last < configuration.progressInterval { return }
        lastReports[record.id] = now
        try? await edges.commands.setProgress(of: record.id, under: claim, ppm: ppm, text: text)
    }

    // MARK: Ends

    /// Queues a command's end behind the facts that it led to.
    func end(_ record: CommandRecord, _ outcome: CommandOutcome, permit: PermitState?) async {
        MonitorMetrics.command(
            verb: record.command.verb, result: outcome.succeeded ? "succeeded" : outcome.code ?? "failed")
        log.info(
            "a command ended",
            metadata: [
                "command.id": "\(record.id)", "domain.id": "\(record.command.domain)", "host.id": "\(host)",
                "command.verb": "\(record.command.verb)",
                "command.result": "\(outcome.succeeded ? "succeeded" : outcome.code ?? "failed")",
            ])
        await writer.append([
            .ended(
                CommandEnd(
                    command: record.id, verb: record.command.verb, outcome: outcome, permit: record.command.permit,
                    permitState: permit, at: edges.clock.now()))
        ])
    }

    /// A command's end was written: whoever waits is told.
    func wasWritten(_ end: CommandEnd) {
        running[end.command] = nil
        lastReports[end.command] = nil
        for follower in followers.removeValue(forKey: end.command) ?? [] {
            follower.yield(end.outcome)
            follower.finish()
        }
        kick()
    }

    /// Waits for a command's end, at most so long; `nil` if it had not ended by then.
    func outcome(of command: UUID128, within timeout: Duration) async -> CommandOutcome? {
        let (stream, continuation) = AsyncStream<CommandOutcome>.makeStream(bufferingPolicy: .bufferingOldest(1))
        followers[command, default: []].append(continuation)
        kick()
        let timer = Task {
            try? await Task.sleep(for: timeout)
            continuation.finish()
        }
        defer { timer.cancel() }
        return await stream.first { _ in true }
    }

    /// Nobody will be told any more.
    func close() {
        for follower in followers.values.joined() { follower.finish() }
        followers = [:]
    }
}
