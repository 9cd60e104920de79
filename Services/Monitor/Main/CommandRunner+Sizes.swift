// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension CommandRunner {
    /// Resizes, and waits until the guest has what was asked; a grow that it does not confirm in time is rolled back.
    func resize(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        guard let target = order.vcpus else {
            throw HypervisorError(.invalid, operation: "resize", message: "it has no size to reach")
        }
        let former = await loop.vcpusInUse(by: order.domain)
        try checkOwnership()
        let effect = try await loop.hypervisor.resize(order.domain, vcpus: target, call)
        await loop.took(effect)
        let isGrow = former.map { target > $0 } ?? false
        // A guest that was asked and kept its vCPUs has refused: there is nothing to wait for.
        let isRefused = !isGrow && effect.domain?.confirmedVCPUs.map { $0 > target } ?? false
        let progress = try await progress(of: order.domain, to: target, from: former, waits: !isRefused)
        if isGrow, progress == .waiting { return try await rollBack(order, to: former ?? target, call) }
        let result = await loop.result(of: order.domain, effectiveAt: effect.effectiveAt)
        guard progress != .reached else { return Ended(outcome: .succeeded(result: result), permit: .used) }
        let inUse = await loop.vcpusInUse(by: order.domain) ?? target
        return Ended(
            outcome: .failed(
                code: "partial", message: "\(inUse) vCPUs are in use, not \(target); the rest was refused",
                result: result), permit: .used)
    }

    /// How far a resize came by the time in which a guest has to confirm one. Cut off, it leaves that to the successor.
    private func progress(
        of domain: DomainID, to target: VCPUCount, from former: VCPUCount?, waits: Bool
    ) async throws(HypervisorError) -> ResizeProgress {
        let deadline = ContinuousClock.now + configuration.confirmationTimeout
        while true {
            let progress = ResizeProgress(to: target, from: former, presence: await loop.presence(of: domain))
            guard waits, progress == .waiting else { return progress }
            guard !Task.isCancelled else {
                throw HypervisorError(.closed, operation: "resize", message: "the guest was still to confirm it")
            }
            guard ContinuousClock.now < deadline else { return .waiting }
            await loop.nextCycle()
        }
    }

    private func rollBack(
        _ order: CommandOrder, to former: VCPUCount, _ call: MutatingCall
    ) async throws(HypervisorError) -> Ended {
        await loop.notConfirmed(order.domain, after: configuration.confirmationTimeout)
        try checkOwnership()
        // The command's deadline is the size's; taking it back has its own.
        let back = MutatingCall(
            id: call.id.derived, epoch: call.epoch, timeout: configuration.commandTimeout)
        await loop.asked(former, of: order.domain)
        await loop.took(try await loop.hypervisor.resize(order.domain, vcpus: former, back))
        return Ended(
            outcome: .failed(
                code: "size-not-confirmed",
                message: "the guest did not take its vCPUs into use within \(configuration.confirmationTimeout);"
                    + " it has \(former) again", result: await loop.result(of: order.domain)), permit: .released)
    }

    /// Migrates under both hosts' epochs.
    func migrate(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        let (target, claim) = try await target(of: order)
        try checkOwnership()
        let effect = try await loop.hypervisor.migrate(order.domain, to: target, call)
        if let arrival = await loop.movedOut(order.domain, effect, to: target.host) {
            await writer.append([.arrived(order.domain, arrival, at: claim)])
        }
        let result = JSONText.encode(
            CommandResult(
                host: target.host, state: effect.domain?.state, vcpus: effect.domain?.confirmedVCPUs,
                granted: effect.domain?.grantedVCPUs, effectiveAt: effect.effectiveAt))
        return Ended(outcome: .succeeded(result: result), permit: .used)
    }

    private func target(of order: CommandOrder) async throws(HypervisorError) -> (MigrationTarget, ShardClaim) {
        guard let name = order.target else {
            throw HypervisorError(.invalid, operation: "migrate", message: "it has no target")
        }
        let (record, shard): (HostRecord?, ShardRecord?)
        do throws(StoreError) {
            record = try await edges.inventory.host(name)
            shard = try await edges.shards.list(.host).first { $0.id == name.name }
        } catch {
            throw HypervisorError(.refused, operation: "migrate", message: "the target can't be looked up: \(error)")
        }
        guard let record, let shard, shard.owner != nil else {
            throw HypervisorError(
                .refused, operation: "migrate", message: "no Monitor owns host \(name) at this moment; ask again")
        }
        return (
            MigrationTarget(host: name, uri: record.uri, epoch: UInt64(clamping: shard.epoch)),
            ShardClaim.host(name, epoch: shard.epoch)
        )
    }
}

extension HostLoop {
    /// The number of vCPUs that the guest has in use as last seen; what is granted where nobody can tell.
    func vcpusInUse(by domain: DomainID) -> VCPUCount? { latest[domain]?.vcpus.map { $0.confirmed ?? $0.granted } }

    /// A grow that its guest did not take into use is about to be rolled back.
    func notConfirmed(_ domain: DomainID, after timeout: Duration) async {
        let change = DomainChange(kind: "size-not-confirmed", detail: "not in use after \(timeout): rolled back")
        await publish(change, of: domain, at: edges.clock.now(), isForeign: false)
    }
}

extension UUID128 {
    /// Another id that follows from this one: of the call that takes a command's effect back.
    fileprivate var derived: UUID128 { UUID128(high: high ^ 0x8000_0000_0000_0000, low: ~low) }
}
