// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension CommandRunner {
    /// Migrates under both hosts' epochs, as long as there is progress, and reports the progress.
    func migrate(_ record: CommandRecord, _ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError)
        -> Ended
    {
        let (target, claim) = try await target(of: order)
        if let reason = aborted.removeValue(forKey: order.domain) { return await endOfAborted(order, reason) }
        try checkOwnership()
        let effect = try await transfer(record, order, to: target, call)
        aborted[order.domain] = nil
        if let arrival = await loop.movedOut(order.domain, effect, to: target.host) {
            await writer.append([.arrived(order.domain, arrival, at: claim)])
        }
        let result = JSONText.encode(
            CommandResult(
                host: target.host, state: effect.domain?.state, vcpus: effect.domain?.confirmedVCPUs,
                granted: effect.domain?.grantedVCPUs, effectiveAt: effect.effectiveAt))
        return Ended(outcome: .succeeded(result: result), permit: .used)
    }

    /// Longer than any migration takes: a migration is ended when it stands still, or by its limit.
    private static let patience: Duration = .seconds(30 * 86_400)

    /// Makes the call and watches it from another task. If this is cut off, the migration goes on, and the successor
    /// follows it.
    private func transfer(
        _ record: CommandRecord, _ order: CommandOrder, to target: MigrationTarget, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        let (steps, continuation) = AsyncStream<Result<Effect, HypervisorError>?>.makeStream(
            // While the host hangs, its progress is asked for once, not once per second.
            bufferingPolicy: .bufferingNewest(2))
        let call = MutatingCall(id: call.id, epoch: call.epoch, timeout: Self.patience)
        Task { [hypervisor = loop.hypervisor] in
            do throws(HypervisorError) {
                continuation.yield(.success(try await hypervisor.migrate(order.domain, to: target, call)))
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
        let ticking = Task { [interval = configuration.progressInterval] in
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                continuation.yield(nil)
            }
        }
        defer { ticking.cancel() }
        var watch = MigrationWatch(limits(of: order), at: ClusterClock.bootTimeNanoseconds())
        for await step in steps {
            if let step { return try step.get() }
            await observe(record, order, &watch)
        }
        throw HypervisorError(.closed, operation: "migrate", message: "its end was still to be seen")
    }

    private func limits(of order: CommandOrder) -> MigrationWatch.Limits {
        let ordered = order.arguments.timeLimitSeconds.map { Duration.seconds($0) }
        let total = ordered ?? configuration.migrationTimeLimit
        return MigrationWatch.Limits(
            stallNanoseconds: configuration.migrationStallTimeout.wholeNanoseconds,
            totalNanoseconds: total > .zero ? total.wholeNanoseconds : nil)
    }

    /// Looks once at a migration that is under way; aborts it if it may not go on. Returns whether a migration is seen.
    @discardableResult
    private func observe(_ record: CommandRecord, _ order: CommandOrder, _ watch: inout MigrationWatch) async -> Bool {
        let progress = try? await loop.hypervisor.migrationProgress(of: order.domain)
        let course = watch.observe(progress.map(MigrationWatch.Figures.init), at: ClusterClock.bootTimeNanoseconds())
        if case .ends(let reason) = course, aborted[order.domain] == nil { aborted[order.domain] = reason }
        if let reason = aborted[order.domain] {
            await report(record, "is called off: \(reason)")
            await callOff(order.domain, record.id)
        } else if let progress {
            await report(
                record, ppm: min(1_000_000, max(0, progress.ppm)),
                "\(progress.transferred) sent, \(progress.remaining) to go")
        }
        return progress != nil
    }

    /// Asks for the abort until the migration ends: an abort between two of its stages has no effect.
    private func callOff(_ domain: DomainID, _ command: UUID128) async {
        abortions += 1
        let call = MutatingCall(
            id: command, epoch: UInt64(clamping: shard.epoch), timeout: configuration.callTimeout)
        do throws(HypervisorError) {
            try checkOwnership()
            _ = try await loop.hypervisor.abortMigration(
                of: domain, call.following(.abortMigration(attempt: abortions)))
        } catch {
            log.debug("a migration can't be called off yet", metadata: ["domain.id": "\(domain)", "error": "\(error)"])
        }
    }

    /// The end of an aborted migration, with what is seen of the domain here.
    func endOfAborted(_ order: CommandOrder, _ reason: String) async -> Ended {
        await loop.freshCycle()
        let look = await loop.presence(of: order.domain).look
        let place = look.map { $0.runs ? "the domain goes on running here" : "the domain is \($0.text) here" }
        return Ended(
            outcome: .failed(
                code: .aborted,
                message: "the migration was called off: \(reason); \(place ?? "the domain is not seen here")",
                result: await loop.result(of: order.domain)), permit: .released)
    }

    /// Aborts a domain's migration, queued or under way, and waits until it has ended.
    func abortMigration(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        let domain = order.domain
        let cancelled: [CommandRecord]
        do {
            cancelled = try await edges.commands.cancelQueued(
                .migrate, of: domain, under: claim,
                .failed(code: .aborted, message: "the migration was called off before it began"),
                at: edges.clock.now())
        } catch {
            throw HypervisorError(.refused, operation: "abort", message: "what is queued can't be read: \(error)")
        }
        if let migration = migrations[domain], !cancelled.contains(where: { $0.id == migration }) {
            return try await abort(migration, order, call)
        }
        // The migration may be one that Ebb did not order.
        if try await loop.hypervisor.migrationProgress(of: domain) != nil { return try await abortForeign(order, call) }
        guard cancelled.isEmpty else {
            return Ended(outcome: .succeeded(result: await loop.result(of: domain)), permit: .used)
        }
        return Ended(
            outcome: .failed(
                code: .state, message: "no migration of domain \(domain) is under way, and none is queued",
                result: await loop.result(of: domain)), permit: .released)
    }

    private func abort(
        _ migration: UUID128, _ order: CommandOrder, _ call: MutatingCall
    ) async throws(HypervisorError) -> Ended {
        try checkOwnership()
        if aborted[order.domain] == nil { aborted[order.domain] = "somebody asked for that" }
        await callOff(order.domain, migration)
        let outcome = await outcome(of: migration, within: call.timeout)
        let result = await loop.result(of: order.domain)
        guard let outcome else {
            return Ended(
                outcome: .failed(
                    code: .outcomeUnknown,
                    message: "the migration is told to end and has not yet; see `ebb operation show \(migration)`",
                    result: result), permit: nil)
        }
        guard !outcome.succeeded else {
            return Ended(
                outcome: .failed(
                    code: .state,
                    message: "it came too late: the migration has ended, and the domain is on its target",
                    result: outcome.result), permit: .released)
        }
        guard !outcome.isUnknown else {
            return Ended(
                outcome: .failed(code: .outcomeUnknown, message: outcome.message ?? "", result: result), permit: nil)
        }
        return Ended(outcome: .succeeded(result: result), permit: .used)
    }

    private func abortForeign(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        let deadline = ContinuousClock.now + call.timeout
        repeat {
            guard !Task.isCancelled else {
                throw HypervisorError(.closed, operation: "abort", message: "its end was still to be seen")
            }
            await callOff(order.domain, call.id)
            if try await loop.hypervisor.migrationProgress(of: order.domain) == nil {
                await loop.freshCycle()
                return Ended(outcome: .succeeded(result: await loop.result(of: order.domain)), permit: .used)
            }
            try? await Task.sleep(for: configuration.progressInterval)
        } while ContinuousClock.now < deadline
        throw HypervisorError(.deadline, operation: "abort", message: "the migration has not ended yet")
    }

    private func target(of order: CommandOrder) async throws(HypervisorError) -> (MigrationTarget, ShardClaim) {
        guard let name = order.target else {
            throw HypervisorError(.invalid, operation: "migrate", message: "it has no target")
        }
        let (record, shard): (StoredHost?, ShardRecord?)
        do throws(StoreError) {
            record = try await edges.inventory.host(name)
            shard = try await edges.shards.fetch(.host, name.name)
        } catch {
            throw HypervisorError(.refused, operation: "migrate", message: "the target can't be looked up: \(error)")
        }
        guard let record, let shard, shard.owner != nil else {
            throw HypervisorError(
                .refused, operation: "migrate", message: "no Monitor owns host \(name) at this moment; ask again")
        }
        let arguments = order.arguments
        return (
            MigrationTarget(
                host: name, uri: record.uri, epoch: UInt64(clamping: shard.epoch),
                options: MigrationOptions(
                    bandwidthBytesPerSecond: arguments.bandwidthBytesPerSecond,
                    maximumDowntimeMilliseconds: arguments.maximumDowntimeMilliseconds,
                    autoConverges: arguments.autoConverges ?? false)),
            ShardClaim.host(name, epoch: shard.epoch)
        )
    }

    /// What a migration's target shows, asked directly: its own Monitor may be another process.
    func targetPresence(_ order: CommandOrder) async -> DomainPresence {
        guard let name = order.target, let record = try? await edges.inventory.host(name),
            let hypervisor = try? edges.open(record.uri, name)
        else { return .unknown }
        let presence: DomainPresence
        do throws(HypervisorError) {
            presence = try await hypervisor.describe(order.domain).map { .present(DomainLook($0.state)) } ?? .absent
        } catch {
            presence = .unknown
        }
        await hypervisor.close()
        return presence
    }

    /// A migration whose call was cut off goes on: it is followed as long as it makes progress, and aborted like any
    /// other. Returns whether it is still under way, as far as known.
    func isStillMoving(_ order: CommandOrder, _ record: CommandRecord) async -> Bool {
        let now = ClusterClock.bootTimeNanoseconds()
        var watch = watches[record.id] ?? MigrationWatch(limits(of: order), at: now)
        let isSeen = await observe(record, order, &watch)
        watches[record.id] = watch
        return isSeen
    }

    /// Whether to go on looking for the end of a migration whose host does not answer, counted from when that was first
    /// noticed.
    func hasPatience(_ record: CommandRecord) -> Bool {
        let since = missedSince[record.id] ?? .now
        missedSince[record.id] = since
        return ContinuousClock.now - since < configuration.migrationStallTimeout
    }

    /// Removes a copy that does not run any more and may be left on the source, once the domain runs on its target.
    func clearSource(_ order: CommandOrder, _ id: UUID128) async {
        guard let state = await loop.presence(of: order.domain).state else { return }
        let call = MutatingCall(id: id, epoch: UInt64(clamping: shard.epoch), timeout: configuration.commandTimeout)
        do throws(HypervisorError) {
            try checkOwnership()
            if state == .paused {
                _ = try await loop.hypervisor.perform(.destroy, on: order.domain, call.following(.destroyLeftCopy))
            }
            try checkOwnership()
            // The domain's volumes belong to the running copy.
            _ = try await loop.hypervisor.perform(.undefine, on: order.domain, call.following(.undefineLeftCopy))
        } catch {
            log.warning(
                "what a migration left on its source can't be removed",
                metadata: ["domain.id": "\(order.domain)", "host.id": "\(host)", "error": "\(error)"])
        }
    }
}

extension MigrationWatch.Figures {
    fileprivate init(_ progress: MigrationProgress) {
        self.init(
            remaining: progress.remaining, transferred: progress.transferred, iteration: progress.iteration)
    }
}
