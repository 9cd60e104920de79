// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Contracts
internal import FoundationEssentials
internal import Logging
internal import Messages
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Starts and ends the work for hosts as they are gained and lost.
actor HostSupervisor {
    private struct Working {
        let task: Task<Void, Never>
        /// The host's work, while the host exists.
        var unit: HostUnit?
        var running: Task<Void, Never>?
        /// Whether the host was removed; its shard stays, so that its epoch never begins again.
        var isRemoved = false
    }

    private let edges: MonitorEdges
    private let configuration: MonitorConfiguration
    private let proofs: ProofWriter
    private var working: [ShardKey: Working] = [:]
    /// The hosts that existed at the last look, with their URIs.
    private var present: [HostID: String] = [:]

    init(edges: MonitorEdges, configuration: MonitorConfiguration) {
        self.edges = edges
        self.configuration = configuration
        proofs = ProofWriter(edges.inventory, every: configuration.refreshInterval, log: edges.log)
    }

    /// Runs the work that all hosts share, until cancelled.
    func run() async {
        await withTaskGroup { group in
            group.addTask { await self.scan() }
            group.addTask { await self.proofs.run() }
            group.addTask { await self.readFreezes() }
            group.addTask { await self.readTaken() }
            group.addTask { await self.lookAtHosts() }
            await group.waitForAll()
        }
    }

    func gained(_ shard: OwnedShard) {
        guard shard.key.kind == .host, working[shard.key] == nil, let host = HostID(shard.key.id) else { return }
        working[shard.key] = Working(
            task: Task(executorPreference: edges.hostThread) { await self.work(for: host, shard) })
    }

    /// Returns when nothing of the host's work is under way any more.
    func lost(_ key: ShardKey) async {
        guard let ending = working[key] else { return }
        ending.task.cancel()
        await ending.task.value
        working[key] = nil
        present = present.filter { $0.key.name != key.id }
    }

    /// Works for a host as long as it is owned; the host may be removed and added again meanwhile.
    private func work(for host: HostID, _ shard: OwnedShard) async {
        var delay = Duration.milliseconds(100)
        while !Task.isCancelled {
            do {
                let record = try await edges.inventory.host(host)
                working[shard.key]?.isRemoved = record?.removedAt != nil
                if let record, record.removedAt == nil {
                    try await work(for: record, shard)
                    if !Task.isCancelled { try await forget(host, shard) }
                }
                delay = configuration.refreshInterval
            } catch {
                edges.log.warning("a host can't be begun", metadata: ["host.id": "\(host)", "error": "\(error)"])
                delay = min(delay * 2, .seconds(10))
            }
            try? await Task.sleep(for: delay)
        }
    }

    /// Drops the domains that were only observed on a removed host.
    private func forget(_ host: HostID, _ shard: OwnedShard) async throws {
        guard try await edges.inventory.host(host)?.removedAt != nil else { return }
        try await edges.inventory.forgetObserved(at: edges.clock.now(), under: shard.claim)
    }

    /// Reads what an earlier owner wrote down, then works until cancelled, or until the host is removed.
    private func work(for record: StoredHost, _ shard: OwnedShard) async throws {
        let known = try await KnownHost.load(record.id, claim: shard.claim, from: edges, at: edges.clock.now())
        let unit = try HostUnit(
            record, shard: shard, known: known, proofs: proofs, edges: edges, configuration: configuration)
        let running = Task(executorPreference: edges.hostThread) { await unit.run() }
        present[record.id] = record.uri
        working[shard.key]?.unit = unit
        working[shard.key]?.running = running
        await withTaskCancellationHandler {
            await running.value
        } onCancel: {
            running.cancel()
        }
        working[shard.key]?.unit = nil
        working[shard.key]?.running = nil
    }

    /// Until cancelled: gives every new host a shard, ends the work for hosts that were removed or have another URI,
    /// and ends commands that nobody took in time.
    private func lookAtHosts() async {
        var sharded: Set<HostID> = []
        while !Task.isCancelled {
            do {
                let hosts = try await edges.inventory.hostURIs()
                let added = hosts.keys.filter { !sharded.contains($0) }.sorted()
                if !added.isEmpty { try await edges.shards.ensure(.host, added.map(\.name)) }
                sharded.formUnion(added)
                for (host, uri) in present where hosts[host] != uri {
                    present[host] = nil
                    working[ShardKey(kind: .host, id: host.name)]?.running?.cancel()
                }
                try await edges.commands.expire(at: edges.clock.now())
            } catch {
                edges.log.debug("hosts can't be read", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: configuration.refreshInterval)
        }
    }

    /// The work of an owned host; throws if another Monitor owns the host.
    func unit(of host: HostID) throws(CommandFailure) -> HostUnit {
        guard let unit = working[ShardKey(kind: .host, id: host.name)]?.unit else {
            throw .notOwner("host \(host) is not owned by this Monitor")
        }
        return unit
    }

    /// The runner of an owned host's commands, once its work has begun; `nil` if it has not begun by the deadline.
    private func runner(of host: HostID, by deadline: ContinuousClock.Instant) async throws -> CommandRunner? {
        while let work = working[ShardKey(kind: .host, id: host.name)] {
            if let runner = work.unit?.runner { return runner }
            guard ContinuousClock.now < deadline else { return nil }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandFailure.notOwner("host \(host) is not owned by this Monitor")
    }

    /// Wakes the runners of hosts that have open commands, until cancelled: one query for all hosts.
    private func scan() async {
        while !Task.isCancelled {
            do {
                for host in try await edges.commands.hostsWithOpen() {
                    working[ShardKey(kind: .host, id: host.name)]?.unit?.runner.kick()
                }
            } catch {
                edges.log.debug("commands can't be looked for", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: configuration.commandScanInterval)
        }
    }

    /// Reads the freezes once per interval, until cancelled. If a freeze's message was lost, the freeze takes effect
    /// with the next reading.
    private func readFreezes() async {
        while !Task.isCancelled {
            if let freezes = try? await edges.freezes.list() { edges.freeze.read(freezes) }
            try? await Task.sleep(for: configuration.refreshInterval)
        }
    }

    /// Reads, until cancelled, which domains were taken by other hosts while their former hosts were not read since.
    private func readTaken() async {
        while !Task.isCancelled {
            do {
                for (host, taken) in Dictionary(grouping: try await edges.inventory.unknownCopies(), by: \.host) {
                    try await working[ShardKey(kind: .host, id: host.name)]?.unit?.taken(taken.map(\.domain))
                }
            } catch {
                edges.log.debug("copies can't be looked for", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: configuration.refreshInterval)
        }
    }

    /// How many owned hosts answer.
    func census() async -> (up: Int, unknown: Int) {
        var up = 0
        for case let unit? in working.values.map(\.unit) where await unit.loop.isUp { up += 1 }
        return (up, working.values.count { !$0.isRemoved } - up)
    }

    // MARK: Delivery

    /// Answers `command.execute.v1`: waits for the command's end within the request's timeout; if it has not ended by
    /// then, answers with its state.
    nonisolated func deliver(
        _ body: [UInt8], _ context: CommandContext
    ) async throws(CommandFailure) -> [UInt8] {
        do {
            let request = try MessageCodec.decoded(WireExecuteCommand.self, from: body)
            guard let id = UUID128(bytes: request.commandID) else {
                throw CommandFailure.invalid("command_id must be 16 bytes")
            }
            guard let record = try await edges.commands.fetch(id) else {
                throw CommandFailure.notFound("there is no command \(id)")
            }
            return MessageCodec.encoded(try await stand(of: record, within: context.timeout))
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as StoreError {
            throw .unavailable("the database does not answer; the command stays queued: \(error)")
        } catch {
            throw .invalid("\(error)")
        }
    }

    private func stand(of record: CommandRecord, within timeout: Duration) async throws -> WireCommandOutcome {
        if record.outcome != nil { return WireCommandOutcome(record) }
        // A tenth of the timeout is left for the answer's way back.
        let deadline = ContinuousClock.now + timeout * 9 / 10
        guard let runner = try await runner(of: record.command.host, by: deadline) else {
            return WireCommandOutcome(record)
        }
        if let outcome = await runner.outcome(of: record.id, within: deadline - ContinuousClock.now) {
            return WireCommandOutcome(record.id, outcome)
        }
        return WireCommandOutcome(try await edges.commands.fetch(record.id) ?? record)
    }
}

extension WireCommandOutcome {
    init(_ record: CommandRecord) {
        self.init()
        if let outcome = record.outcome { self = WireCommandOutcome(record.id, outcome) }
        commandID = .init(record.id.bytes)
        state = record.state.rawValue
    }

    init(_ id: UUID128, _ outcome: CommandOutcome) {
        self.init()
        commandID = .init(id.bytes)
        state = (outcome.succeeded ? CommandState.succeeded : .failed).rawValue
        code = outcome.code?.text ?? ""
        message = outcome.message ?? ""
        resultJson = .init((outcome.result ?? "").utf8)
    }
}
