// SPDX-License-Identifier: Apache-2.0

internal import Contracts
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
    /// The command behind which each domain's other commands wait.
    private var first: [DomainID: CommandRecord] = [:]
    /// The last reason that was written for a waiting command.
    private var waitingTexts: [UUID128: String] = [:]
    private var lastExtensions: [UUID128: ContinuousClock.Instant] = [:]
    private var lastReports: [UUID128: ContinuousClock.Instant] = [:]
    /// Migrations that are under way, or that an earlier owner left behind.
    private(set) var migrations: [DomainID: UUID128] = [:]
    /// Domains whose migration must be aborted, each with the reason.
    var aborted: [DomainID: String] = [:]
    /// The watches of migrations that an earlier owner began, or whose answer was lost.
    var watches: [UUID128: MigrationWatch] = [:]
    /// For each migration, since when a host does not answer on which its end must be seen.
    var missedSince: [UUID128: ContinuousClock.Instant] = [:]
    /// Counts attempts to abort a migration: each is a call of its own.
    var abortions: UInt64 = 0
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
                // A command that ends another one must not wait for that one, nor for room.
                if !(record.command.verb.word?.overtakes ?? false) {
                    // Commands of one domain keep their order, also behind one that has to wait.
                    guard busy.insert(record.command.domain).inserted else {
                        await waits(record)
                        continue
                    }
                    guard running.count < configuration.commandsPerHost else {
                        await waits(record, "waited for \(running.count) other commands of its host")
                        continue
                    }
                    first[record.command.domain] = record
                }
                begin(record)
                start(record)
            }
        } catch {
            log.debug("commands can't be read", metadata: ["host.id": "\(host)", "error": "\(error)"])
        }
    }

    private func begin(_ record: CommandRecord) {
        running[record.id] = record.command.domain
        guard record.command.verb == .migrate else { return }
        migrations[record.command.domain] = record.id
    }

    private func forget(_ command: UUID128) {
        guard let domain = running.removeValue(forKey: command) else { return }
        if first[domain]?.id == command { first[domain] = nil }
        if migrations[domain] == command { migrations[domain] = nil }
    }

    /// Keeps commands off a domain that has none under way; `nil`: it has one.
    func occupy(_ domain: DomainID) -> UUID128? {
        guard !running.values.contains(domain) else { return nil }
        var generator = SystemRandomNumberGenerator()
        let id = UUID128.random(using: &generator)
        running[id] = domain
        return id
    }

    /// Commands of the domain go on.
    func vacate(_ id: UUID128) {
        running[id] = nil
        kick()
    }

    private func carryOut(_ record: CommandRecord) async {
        let isEnding =
            record.state == .claimed ? await reconcile(record) : await execute(record)
        // Commands whose end is queued stay in `running` until it is written.
        if !isEnding { forget(record.id) }
    }

    // MARK: Progress

    /// Writes down how far a command has come, at most once a second; if the database does not take it, it is dropped.
    func report(_ record: CommandRecord, ppm: Int64? = nil, _ text: String) async {
        let now = ContinuousClock.now
        if let last = lastReports[record.id], now - last < configuration.progressInterval { return }
        lastReports[record.id] = now
        await holdRoom(for: record)
        try? await edges.commands.setProgress(of: record.id, under: claim, ppm: ppm, text: text)
    }

    /// Writes behind which other command of its domain a command waits.
    private func waits(_ record: CommandRecord) async {
        guard let other = first[record.command.domain], other.id != record.id else { return }
        await waits(record, "waited behind \(other.command.verb) (\(other.id)) of the same domain")
    }

    /// Writes what a queued command waits for: shown while it waits, and in its message if it never runs.
    func waits(_ record: CommandRecord, _ text: String) async {
        guard waitingTexts[record.id] != text else { return }
        if waitingTexts.count > Self.waitingLimit { waitingTexts = [:] }
        waitingTexts[record.id] = text
        try? await edges.commands.setWaiting(of: record.id, under: claim, text: text)
    }

    private static let waitingLimit = 1_024

    /// Extends a command's permit as long as the command goes on.
    private func holdRoom(for record: CommandRecord) async {
        guard let permit = record.command.permit else { return }
        let now = ContinuousClock.now
        if let last = lastExtensions[record.id], now - last < configuration.permitExtension / 4 { return }
        lastExtensions[record.id] = now
        let until = edges.clock.now().advanced(by: configuration.permitExtension)
        _ = try? await edges.permits.extend(permit, until: until)
    }

    // MARK: Ends

    /// Queues a command's end behind the facts that followed from it.
    func end(_ record: CommandRecord, _ outcome: CommandOutcome, permit: PermitState?) async {
        MonitorMetrics.command(
            verb: record.command.verb.text, result: outcome.succeeded ? "succeeded" : outcome.code?.text ?? "failed")
        log.info(
            "a command ended",
            metadata: [
                "command.id": "\(record.id)", "domain.id": "\(record.command.domain)", "host.id": "\(host)",
                "command.verb": "\(record.command.verb)",
                "command.result": "\(outcome.succeeded ? "succeeded" : outcome.code?.text ?? "failed")",
            ])
        await writer.append([
            .ended(
                CommandEnd(
                    command: record.id, verb: record.command.verb, outcome: outcome, permit: record.command.permit,
                    permitState: permit, at: edges.clock.now()))
        ])
    }

    /// A command's end was written: those who wait for it go on.
    func wasWritten(_ end: CommandEnd) {
        // The reason for an abort does not hold for the next migration.
        if let domain = running[end.command], migrations[domain] == end.command { aborted[domain] = nil }
        forget(end.command)
        lastReports[end.command] = nil
        lastExtensions[end.command] = nil
        waitingTexts[end.command] = nil
        watches[end.command] = nil
        missedSince[end.command] = nil
        for follower in followers.removeValue(forKey: end.command) ?? [] {
            follower.yield(end.outcome)
            follower.finish()
        }
        kick()
    }

    /// Waits for a command's end, at most for `timeout`; `nil` if it had not ended by then.
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

    /// Ends all waits: no more ends will be reported.
    func close() {
        for follower in followers.values.joined() { follower.finish() }
        followers = [:]
    }
}
