// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension CommandRunner {
    /// Carries a queued command out. Returns whether its end is queued; if not, it is still queued, or claimed by
    /// somebody else, or for our successor to look up.
    func execute(_ record: CommandRecord) async -> Bool {
        do {
            let arguments = CommandArguments(record.command.arguments)
            let order: CommandOrder
            do throws(CommandRefusal) {
                order = try CommandOrder(record.command, arguments)
            } catch {
                return try await refuse(record, error)
            }
            let situation = try await situation(of: order)
            switch CommandPlan.verdict(on: order, in: situation) {
            case .wait: return false
            case .refuse(let refusal): return try await refuse(record, refusal)
            case .alreadyDone:
                guard try await claim(record) else { return false }
                let result = await loop.result(of: order.domain, host: order.target)
                await end(record, .succeeded(result: result), permit: .used)
                return true
            case .run: return try await run(record, order, arguments)
            }
        } catch {
            log.debug("a command waits", metadata: ["command.id": "\(record.id)", "error": "\(error)"])
            return false
        }
    }

    private func situation(of order: CommandOrder) async throws -> CommandSituation {
        let row = try await edges.inventory.domain(order.domain)
        let mode = try await edges.inventory.host(host)?.mode
        var targetMode: HostMode?
        if let target = order.target { targetMode = try await edges.inventory.host(target)?.mode }
        return CommandSituation(
            now: edges.clock.now(), host: host, mode: .init(mode ?? .observe), targetMode: targetMode.map { .init($0) },
            mayCommand: mayCommand,
            row: row.flatMap { row in
                guard row.deletedAt == nil else { return nil }
                return CommandSituation.Row(
                    host: row.host, revision: row.revision, isManaged: row.isManaged, maximumVCPUs: row.maximumVCPUs)
            }, presence: await presence(of: order.domain, isHere: row?.host == host && row?.deletedAt == nil))
    }

    /// A row that says the domain is here may be newer than the last poll: the domain has just arrived.
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
        _ record: CommandRecord, _ order: CommandOrder, _ arguments: CommandArguments?
    ) async throws -> Bool {
        var specification: DomainSpecification?
        do throws(CommandRefusal) {
            if order.verb == .create { specification = try arguments?.specification(of: order.domain) }
        } catch {
            return try await refuse(record, error)
        }
        do {
            guard try await claimWithRows(record, order, specification) else { return false }
        } catch let refusal as CommandRefusal {
            return try await refuse(record, refusal)
        }
        await prepare(order)
        let outcome = await call(record, order, specification)
        await loop.end(order.verb, on: order.domain)
        guard let outcome else { return false }
        await end(record, outcome.outcome, permit: outcome.permit)
        return true
    }

    /// Claims the command together with the rows that it depends on: all of them or none.
    private func claimWithRows(
        _ record: CommandRecord, _ order: CommandOrder, _ specification: DomainSpecification?
    ) async throws -> Bool {
        do {
            return try await edges.store.transaction { transaction in
                let isOurs = try await edges.commands.claim(
                    record.id, under: claim, by: edges.instance, at: edges.clock.now(), in: transaction)
                guard isOurs else { return false }
                if let specification {
                    try await edges.inventory.insertDomain(
                        NewDomain(specification), under: claim, in: transaction)
                }
                if let vcpus = order.vcpus {
                    let revision = try await edges.inventory.ask(
                        order.domain, vcpus: vcpus, expectedRevision: order.expectedRevision, under: claim,
                        in: transaction)
                    guard revision != nil else {
                        throw CommandRefusal("conflict", "domain \(order.domain) has changed since; look and ask again")
                    }
                }
                return true
            }
        } catch let error as StoreError where error.code == .uniqueViolation {
            throw CommandRefusal(
                "conflict", "the tenant has a domain named '\(specification?.name ?? "")' already; choose another name")
        } catch let error as StoreError where error.code == .foreignKeyViolation {
            throw CommandRefusal(
                "not-found", "there is no tenant '\(specification?.tenant.name ?? "")'; see `ebb tenant list`")
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

    /// Makes the call; `nil` if it must be left to whoever owns the host next.
    private func call(
        _ record: CommandRecord, _ order: CommandOrder, _ specification: DomainSpecification?
    ) async -> Ended? {
        let left = Duration.nanoseconds(max(0, order.deadline.nanoseconds(since: edges.clock.now())))
        let call = MutatingCall(
            id: record.id, epoch: UInt64(clamping: shard.epoch), timeout: min(configuration.commandTimeout, left))
        do throws(HypervisorError) {
            switch order.verb {
            case .migrate: return try await migrate(order, call)
            case .resize: return try await resize(order, call)
            case .create:
                guard let specification else { return nil }
                try checkOwnership()
                await loop.took(try await loop.hypervisor.create(specification, call))
            case .delete:
                try checkOwnership()
                let effect = try await loop.hypervisor.perform(.undefine, on: order.domain, call)
                await loop.deleted(order.domain, at: effect.effectiveAt)
                return Ended(outcome: .succeeded(result: await loop.result(of: order.domain)), permit: .used)
            default:
                guard let operation = LifecycleOperation(rawValue: order.verb.rawValue) else { return nil }
                try checkOwnership()
                await loop.took(try await loop.hypervisor.perform(operation, on: order.domain, call))
            }
            return Ended(outcome: .succeeded(result: await loop.result(of: order.domain)), permit: .used)
        } catch {
            return await failed(record, order, error)
        }
    }

    /// Right before each call that changes something: libvirt takes no fencing token.
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
            // Cut off by the shutdown or by the loss of the host: the successor looks the effect up.
            guard !Task.isCancelled else { return nil }
            if case .succeeded = await finding(about: order).finding {
                return Ended(
                    outcome: .succeeded(result: await settle(order)), permit: .used)
            }
            return Ended(
                outcome: .failed(
                    code: "outcome-unknown", message: "\(error); see `ebb vm show \(order.domain)`",
                    result: await loop.result(of: order.domain)), permit: nil)
        case .fenced:
            return Ended(outcome: .failed(code: "not-owner", message: "\(error); ask again"), permit: .released)
        case .noSuchDomain, .refused, .unsupported, .invalid:
            return Ended(
                outcome: .failed(
                    code: "hypervisor", message: "\(error)", result: await loop.result(of: order.domain)),
                permit: .released)
        }
    }
}

extension CommandSituation.Mode {
    init(_ mode: HostMode) {
        switch mode {
        case .observe: self = .observe
        case .enabled: self = .enabled
        case .draining: self = .draining
        }
    }
}

extension NewDomain {
    fileprivate init(_ specification: DomainSpecification) {
        self.init(
            id: specification.domain, name: specification.name, tenant: specification.tenant, isManaged: true,
            state: .shutoff, maximumVCPUs: specification.maximumVCPUs, maximumMemory: specification.memory,
            disk: specification.disk, boot: JSONText.encode(specification.boot) ?? "{}")
    }
}
