// SPDX-License-Identifier: Apache-2.0

internal import Bus
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
        var unit: HostUnit?
    }

    private let edges: MonitorEdges
    private let configuration: MonitorConfiguration
    private var working: [ShardKey: Working] = [:]

    init(edges: MonitorEdges, configuration: MonitorConfiguration) {
        self.edges = edges
        self.configuration = configuration
    }

    func gained(_ shard: OwnedShard) {
        guard shard.key.kind == .host, working[shard.key] == nil, let host = HostID(shard.key.id) else { return }
        working[shard.key] = Working(task: Task { await self.work(for: host, shard) })
    }

    /// Returns when nothing of the host's work is under way any more.
    func lost(_ key: ShardKey) async {
        guard let ending = working[key] else { return }
        ending.task.cancel()
        await ending.task.value
        working[key] = nil
    }

    /// Reads what an earlier owner wrote down, then works until cancelled.
    private func work(for host: HostID, _ shard: OwnedShard) async {
        var delay = Duration.milliseconds(100)
        while !Task.isCancelled {
            do {
                guard let record = try await edges.inventory.host(host) else { return }
                let known = try await KnownHost.load(host, claim: shard.claim, from: edges, at: edges.clock.now())
                let unit = try HostUnit(record, shard: shard, known: known, edges: edges, configuration: configuration)
                working[shard.key]?.unit = unit
                return await unit.run()
            } catch {
                edges.log.warning("a host can't be begun", metadata: ["host.id": "\(host)", "error": "\(error)"])
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(10))
            }
        }
    }

    /// The runner of an owned host's commands, once its work has begun; `nil` if that is not before the deadline.
    private func runner(of host: HostID, by deadline: ContinuousClock.Instant) async throws -> CommandRunner? {
        while let work = working[ShardKey(kind: .host, id: host.name)] {
            if let runner = work.unit?.runner { return runner }
            guard ContinuousClock.now < deadline else { return nil }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandFailure.notOwner("host \(host) is not owned by this Monitor")
    }

    /// Wakes the runners of hosts that have open commands, until cancelled: one question for all of them.
    func scan() async {
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

    /// How many owned hosts answer.
    func census() async -> (up: Int, unknown: Int) {
        var up = 0
        for case let unit? in working.values.map(\.unit) where await unit.loop.isUp { up += 1 }
        return (up, working.count - up)
    }

    // MARK: Delivery

    /// Answers `command.execute.v1`: waits for the command's end within the request's timeout, else says how it stands.
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
        // A tenth is left for the answer's way back.
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
        code = outcome.code ?? ""
        message = outcome.message ?? ""
        resultJson = .init((outcome.result ?? "").utf8)
    }
}
