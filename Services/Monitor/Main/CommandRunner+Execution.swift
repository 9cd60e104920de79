// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension CommandRunner {
    /// Carries out a queued command. Returns whether its end is queued; if not, the command is still queued, or claimed
    /// by somebody else, or our successor must look up its effect.
    func execute(_ record: CommandRecord) async -> Bool {
        do {
            let order: CommandOrder
            do throws(CommandRefusal) {
                order = try CommandOrder(record.command)
            } catch {
                return try await refuse(record, error)
            }
            let situation = try await situation(of: order)
            switch CommandPlan.nextStep(on: order, in: situation) {
            case .wait(let reason):
                await waits(record, "waited: \(reason)")
                return false
            case .refuse(let refusal): return try await refuse(record, refusal)
            case .alreadyDone:
                guard try await claim(record) else { return false }
                let isForgotten = order.verb.forgetsMissing && situation.presence == .absent
                if isForgotten { await loop.deleted(order.domain, at: nil) }
                let result = await loop.result(
                    of: order.domain, host: order.target, heldAlready: isForgotten ? nil : true)
                await end(record, .succeeded(result: result), permit: .used)
                return true
            case .run(let step): return try await run(record, order, step, order.specification)
            }
        } catch {
            log.debug("a command waits", metadata: ["command.id": "\(record.id)", "error": "\(error)"])
            return false
        }
    }

    private func situation(of order: CommandOrder) async throws -> CommandSituation {
        let row = try await edges.inventory.domain(order.domain)
        let record = try await edges.inventory.host(host)
        var targetMode: HostMode?
        if let target = order.target, let found = try await edges.inventory.host(target), found.removedAt == nil {
            targetMode = found.mode
        }
        if order.isAutomatic { edges.freeze.read(try await edges.freezes.list()) }
        let presence = await presence(of: order.domain, isHere: row?.host == host && row?.deletedAt == nil)
        return CommandSituation(
            now: edges.clock.now(), host: host, mode: record?.mode ?? .observe, targetMode: targetMode,
            mayCommand: mayCommand,
            freeze: edges.freeze.refusal(of: order.domain, tenant: row?.tenant, cluster: record?.cluster),
            row: row.flatMap { $0.deletedAt == nil ? CommandSituation.Row($0) : nil },
            copies: order.verb.needsOneCopy
                ? try await edges.inventory.copies(of: [order.domain]).map {
                    DomainCopy(host: $0.host, state: $0.state, isAnswering: $0.isAnswering)
                }
                : [],
            unlisted: try await unlisted(order, row), presence: presence)
    }

    /// Hosts on which a domain that is off here may run. The target of a migration with an unknown outcome is among
    /// them also while it does not answer.
    private func unlisted(_ order: CommandOrder, _ row: StoredDomain?) async throws -> [HostID] {
        guard order.verb.needsOneCopy, let row, row.host == host, let since = await loop.stoppedSince(row) else {
            return []
        }
        let last = try await edges.commands.moves(of: order.domain, limit: 1).first { $0.isUncertain }
        return try await edges.inventory.hostsNotListed(
            since: since, beside: host, and: [last?.host, last?.target].compactMap(\.self))
    }

    /// A row that says the domain is here may be newer than the last poll, if the domain has just arrived.
    private func presence(of domain: DomainID, isHere: Bool) async -> DomainPresence {
        let presence = await loop.presence(of: domain)
        guard isHere, presence == .absent else { return presence }
        await loop.freshCycle()
        return await loop.presence(of: domain)
    }

    private func claim(_ record: CommandRecord) async throws -> Bool {
        try await edges.commands.claim(record.id, under: claim, by: edges.instance, at: edges.clock.now())
    }

    private func refuse(_ record: CommandRecord, _ refusal: CommandRefusal) async throws -> Bool {
        guard try await claim(record) else { return false }
        await end(record, .failed(code: refusal.code, message: refusal.message), permit: .released)
        return true
    }

    private func run(
        _ record: CommandRecord, _ order: CommandOrder, _ step: CommandTable.Run,
        _ specification: DomainSpecification?
    ) async throws -> Bool {
        var record = record
        do {
            if let specification { try await loop.hypervisor.check(specification) }
            try await checkSnapshot(order, record)
            try await checkSize(order)
            let beforehand = Beforehand(
                specification: specification,
                definition: order.verb == .adopt ? try await adoptable(order) : nil,
                cpuCap: order.verb == .adopt ? try await loop.hypervisor.look(at: order.domain).cpuCap : .unknown,
                console: order.verb == .adopt ? try await consoleEnd(of: order.domain) : 0,
                mark: order.verb.needsMark ? await lifeMark(of: order.domain) : nil,
                volumes: order.verb == .delete ? try await volumesToDelete(order) : nil)
            guard try await claimWithRows(record, order, beforehand) else { return false }
            record.mark = beforehand.mark.flatMap { JSONText.encode($0) }
            record.claimedAt = edges.clock.now()
        } catch let refusal as CommandRefusal {
            return try await refuse(record, refusal)
        } catch let error as HypervisorError where error.code.isFinal {
            return try await refuse(record, CommandRefusal(.hypervisor, "\(error)"))
        }
        await prepare(order)
        let outcome = await call(record, order, step, specification)
        await loop.end(order.verb, on: order.domain)
        guard let outcome else { return false }
        await end(record, outcome.outcome, permit: outcome.permit)
        return true
    }

    /// What is written together with a command's claim, so that it is not lost if Monitor ends.
    private struct Beforehand {
        let specification: DomainSpecification?
        let definition: String?
        let cpuCap: CPUCap
        let console: Int64
        let mark: LifeMark?
        let volumes: [String]?
    }

    /// Claims the command together with writing the rows on which it depends: all of it or nothing.
    private func claimWithRows(
        _ record: CommandRecord, _ order: CommandOrder, _ beforehand: Beforehand
    ) async throws -> Bool {
        let specification = beforehand.specification
        do {
            return try await edges.store.transaction { transaction in
                let isOurs = try await edges.commands.claim(
                    record.id, under: claim, by: edges.instance, at: edges.clock.now(),
                    mark: beforehand.mark.flatMap { JSONText.encode($0) }, in: transaction)
                guard isOurs else { return false }
                if let specification {
                    try await edges.inventory.insertDomain(
                        NewDomain(specification), under: claim, in: transaction)
                }
                if let volumes = beforehand.volumes {
                    try await edges.inventory.setLeftovers(of: order.domain, volumes, under: claim, in: transaction)
                }
                if let definition = beforehand.definition {
                    try await edges.inventory.saveDefinition(
                        of: order.domain, definition, cpuCap: beforehand.cpuCap, console: beforehand.console,
                        at: edges.clock.now(), under: claim, in: transaction)
                }
                if let vcpus = order.vcpus {
                    let revision = try await edges.inventory.ask(
                        order.domain, vcpus: vcpus, expectedRevision: order.expectedRevision, under: claim,
                        in: transaction)
                    guard revision != nil else {
                        throw CommandRefusal(.conflict, "domain \(order.domain) has changed since; look and ask again")
                    }
                }
                return true
            }
        } catch let error as StoreError where error.code == .uniqueViolation {
            throw CommandRefusal(
                .conflict, "the tenant has a domain named '\(specification?.name ?? "")' already; choose another name")
        } catch let error as StoreError where error.code == .foreignKeyViolation {
            throw CommandRefusal(
                .notFound, "there is no tenant '\(specification?.tenant.name ?? "")'; see `ebb tenant list`")
        }
    }

    private func prepare(_ order: CommandOrder) async {
        if order.verb == .create { await loop.expect(order.domain) }
        if let vcpus = order.vcpus { await loop.asked(vcpus, of: order.domain) }
        await loop.begin(order.verb, on: order.domain)
    }

    struct Ended {
        let outcome: CommandOutcome
        let permit: PermitState?
    }

    /// Makes the call; `nil` if it must be left to the host's next owner.
    private func call(
        _ record: CommandRecord, _ order: CommandOrder, _ step: CommandTable.Run,
        _ specification: DomainSpecification?
    ) async -> Ended? {
        let left = Duration.nanoseconds(max(0, order.deadline.nanoseconds(since: edges.clock.now())))
        let call = MutatingCall(
            id: record.id, epoch: UInt64(clamping: shard.epoch), timeout: min(configuration.commandTimeout, left))
        do throws(HypervisorError) {
            let ended = try await perform(record, order, step, specification, call)
            return try await proved(ended, record, order, step)
        } catch {
            return await failed(record, order, error)
        }
    }

    private func perform(
        _ record: CommandRecord, _ order: CommandOrder, _ step: CommandTable.Run,
        _ specification: DomainSpecification?, _ call: MutatingCall
    ) async throws(HypervisorError) -> Ended {
        let (hypervisor, domain) = (loop.hypervisor, order.domain)
        switch order.verb {
        case .migrate: return try await migrate(record, order, call)
        case .resize: return try await resize(record, order, call)
        case .cap, .networkCap: return try await cap(order, call)
        case .adopt: return try await adopt(order, call)
        case .release: return try await giveBack(order, call)
        case .prepare: return try await raiseCeiling(order, call)
        case .create:
            guard let specification else {
                throw HypervisorError(.invalid, operation: "create", message: "nothing says what to create")
            }
            try checkOwnership()
            return await done(order, try await hypervisor.create(specification, call))
        case .delete: return try await delete(order, call)
        case .shutdown where order.grace != nil && step.call == .own: return try await shutDown(record, order, call)
        case .snapshot, .revert, .deleteSnapshot: return await done(order, try await keep(order, call))
        case .abortMigration: return try await abortMigration(order, call)
        case .start, .shutdown, .destroy, .suspend, .resume, .reboot, .save, .restore:
            let operation: LifecycleOperation? =
                switch step.call {
                case .own: LifecycleOperation(rawValue: order.verb.rawValue)
                case .destroy: .destroy
                case .wakeUp: .wakeUp
                }
            guard let operation else {
                throw HypervisorError(.unsupported, operation: order.verb.rawValue, message: "there is no such call")
            }
            try checkOwnership()
            return await done(order, try await hypervisor.perform(operation, on: domain, call))
        }
    }

    private func keep(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Effect {
        try checkOwnership()
        let (hypervisor, domain, name) = (loop.hypervisor, order.domain, order.arguments.name ?? "")
        return switch order.verb {
        case .revert: try await hypervisor.revert(domain, to: name, call)
        case .deleteSnapshot: try await hypervisor.deleteSnapshot(of: domain, name: name, call)
        default: try await hypervisor.snapshot(domain, name: name, call)
        }
    }

    /// Removes a domain that could not be created, so that it holds no name, no room and no quota after the command's
    /// end.
    private func forgetFailed(_ domain: DomainID) async {
        await loop.freshCycle()
        if await loop.presence(of: domain) == .absent { await loop.deleted(domain, at: nil) }
    }

    /// Writes down the effect of a call.
    private func done(_ order: CommandOrder, _ effect: Effect) async -> Ended {
        await loop.took(effect)
        let result = await loop.result(of: order.domain, effectiveAt: effect.effectiveAt)
        return Ended(outcome: .succeeded(result: result), permit: .used)
    }

    /// Called right before each call that changes something, since libvirt takes no fencing token.
    func checkOwnership() throws(HypervisorError) {
        guard mayCommand else {
            throw HypervisorError(
                .fenced, operation: "check ownership", message: "host \(host) may not be commanded at this moment")
        }
    }

    private func failed(_ record: CommandRecord, _ order: CommandOrder, _ error: HypervisorError) async -> Ended? {
        log.notice(
            "a hypervisor refused a command",
            metadata: ["command.id": "\(record.id)", "host.id": "\(host)", "error": "\(error)"])
        switch error.code {
        case .deadline, .unreachable, .closed:
            // If the call was cut off by a shutdown or by the loss of the host, the successor looks up the effect. An
            // effect that shows only some time later is followed up, as after a crash.
            guard !Task.isCancelled, !order.verb.needsMark else { return nil }
            let finding = await finding(about: order, record).finding
            if finding == .succeeded { return await settled(order, record.id) }
            // The call may still be under way, and is followed to its end.
            if order.verb == .migrate { return nil }
            return Ended(
                outcome: .failed(
                    code: .outcomeUnknown, message: "\(error); see `ebb vm show \(order.domain)`",
                    result: await loop.result(of: order.domain)), permit: nil)
        case .fenced:
            await forgetLeftovers(of: order)
            return Ended(outcome: .failed(code: .notOwner, message: "\(error); ask again"), permit: .released)
        case .noSuchDomain, .refused, .unsupported, .invalid:
            await forgetLeftovers(of: order)
            if order.verb == .create { await forgetFailed(order.domain) }
            if order.verb == .migrate, let reason = aborted.removeValue(forKey: order.domain) {
                return await endOfAborted(order, reason)
            }
            return Ended(
                outcome: .failed(
                    code: .hypervisor, message: "\(error)", result: await loop.result(of: order.domain)),
                permit: .released)
        }
    }
}

extension HypervisorError.Code {
    /// Whether a repeated call would fail in the same way.
    var isFinal: Bool { [.noSuchDomain, .refused, .unsupported, .invalid].contains(self) }
}

extension CommandSituation.Row {
    init(_ row: StoredDomain) {
        self.init(
            host: row.host, revision: row.revision, isManaged: row.isManaged, tenant: row.tenant,
            foreignManager: row.foreignManager, maximumVCPUs: row.maximumVCPUs, maximumMemory: row.maximumMemory)
    }
}
