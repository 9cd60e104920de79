// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension CommandRunner {
    /// Migrates under both hosts' epochs, and says meanwhile how far it has come.
    func migrate(_ record: CommandRecord, _ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError)
        -> Ended
    {
        let (target, claim) = try await target(of: order)
        aborted.remove(order.domain)
        try checkOwnership()
        let reporting = Task { await reportMigration(record, of: order.domain) }
        defer { reporting.cancel() }
        let effect = try await loop.hypervisor.migrate(order.domain, to: target, call)
        if let arrival = await loop.movedOut(order.domain, effect, to: target.host) {
            await writer.append([.arrived(order.domain, arrival, at: claim)])
        }
        aborted.remove(order.domain)
        let result = JSONText.encode(
            CommandResult(
                host: target.host, state: effect.domain?.state, vcpus: effect.domain?.confirmedVCPUs,
                granted: effect.domain?.grantedVCPUs, effectiveAt: effect.effectiveAt))
        return Ended(outcome: .succeeded(result: result), permit: .used)
    }

    /// Reports until cancelled. What can't be asked at the moment is asked again.
    private func reportMigration(_ record: CommandRecord, of domain: DomainID) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: configuration.progressInterval)
            guard !Task.isCancelled,
                let progress = try? await loop.hypervisor.migrationProgress(of: domain)
            else { continue }
            await report(
                record, ppm: min(1_000_000, max(0, progress.ppm)),
                "\(progress.transferred) sent, \(progress.remaining) to go")
        }
    }

    private func target(of order: CommandOrder) async throws(HypervisorError) -> (MigrationTarget, ShardClaim) {
        guard let name = order.target else {
            throw HypervisorError(.invalid, operation: "migrate", message: "it has no target")
        }
        let (record, shard): (HostRecord?, ShardRecord?)
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

    /// A migration that was cut off goes on without us: until its deadline that is waited for, then it is called off.
    /// Returns whether one is still under way, as far as can be told.
    func isStillMoving(_ order: CommandOrder, _ id: UUID128) async -> Bool {
        do throws(HypervisorError) {
            guard try await loop.hypervisor.migrationProgress(of: order.domain) != nil else { return false }
            guard edges.clock.now() >= order.deadline else { return true }
            try checkOwnership()
            let call = MutatingCall(
                id: id, epoch: UInt64(clamping: shard.epoch), timeout: configuration.callTimeout)
            _ = try await loop.hypervisor.abortMigration(of: order.domain, call.following(6))
            return false
        } catch {
            return false
        }
    }

    /// The domain runs on its target: a copy that does not run any more may be left on the source, and goes.
    func clearSource(_ order: CommandOrder, _ id: UUID128) async {
        guard let state = await loop.presence(of: order.domain).state else { return }
        let call = MutatingCall(id: id, epoch: UInt64(clamping: shard.epoch), timeout: configuration.commandTimeout)
        do throws(HypervisorError) {
            try checkOwnership()
            if state == .paused {
                _ = try await loop.hypervisor.perform(.destroy, on: order.domain, call.following(7))
            }
            try checkOwnership()
            _ = try await loop.hypervisor.delete(order.domain, keepsDisk: true, call.following(8))
        } catch {
            log.warning(
                "what a migration left on its source can't be removed",
                metadata: ["domain.id": "\(order.domain)", "host.id": "\(host)", "error": "\(error)"])
        }
    }
}
