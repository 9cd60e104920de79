// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension CommandRunner {
    /// Looks up the effect of a command that was claimed and not ended: by an earlier owner, or by a claim of ours whose
    /// answer was lost. Returns whether its end is queued.
    func reconcile(_ record: CommandRecord) async -> Bool {
        guard mayCommand else { return false }
        let order: CommandOrder
        do throws(CommandRefusal) {
            order = try CommandOrder(record.command)
        } catch {
            await end(record, .failed(code: error.code, message: error.message), permit: .released)
            return true
        }
        let (finding, isFinal) = await finding(about: order, record.id)
        guard !Task.isCancelled else { return false }
        // A host may answer before the command's deadline: until then its end can still become known.
        guard isFinal || edges.clock.now() >= order.deadline else { return false }
        switch finding {
        case .succeeded:
            await end(record, .succeeded(result: await settle(order, record.id)), permit: .used)
        case .failed(let refusal):
            await end(record, await failure(order, refusal), permit: .released)
        case .unknown(let refusal):
            await end(record, await failure(order, refusal), permit: nil)
        }
        await loop.end(order.verb, on: order.domain)
        return true
    }

    private func failure(_ order: CommandOrder, _ refusal: CommandRefusal) async -> CommandOutcome {
        .failed(code: refusal.code, message: refusal.message, result: await loop.result(of: order.domain))
    }

    /// What a fresh look at the host, and at a migration's target, says of a command's effect. It is final unless a host
    /// did not answer, or the migration goes on.
    func finding(about order: CommandOrder, _ id: UUID128) async -> (finding: CommandPlan.Finding, isFinal: Bool) {
        let isMoving = order.verb == .migrate ? await isStillMoving(order, id) : false
        await loop.freshCycle()
        let presence = await loop.presence(of: order.domain)
        let onTarget = order.verb == .migrate ? await targetPresence(order) : .unknown
        let isFinal = presence != .unknown && (order.verb != .migrate || onTarget != .unknown && !isMoving)
        let trace = await trace(of: order)
        return (CommandPlan.reconcile(order, presence: presence, onTarget: onTarget, trace: trace), isFinal)
    }

    /// Whether the effect is found that a domain's state says nothing about; `nil` if it can't be told.
    private func trace(of order: CommandOrder) async -> Bool? {
        let (hypervisor, domain) = (loop.hypervisor, order.domain)
        switch order.verb {
        case .snapshot:
            return try? await hypervisor.snapshots(of: domain).contains { $0.name == order.arguments.name }
        case .cap:
            // A driver that shows no cap may not know: only a cap that is seen says something.
            let cap = try? await hypervisor.look(at: domain).cpuCapPPM
            return cap.map { $0 == order.arguments.cpuCapPPM }
        case .networkCap:
            let cap = try? await hypervisor.look(at: domain).networkCapBytesPerSecond
            return cap.map { $0 == order.arguments.bytesPerSecond }
        case .prepare: return try? await hypervisor.preparation(of: domain, for: DomainCeiling(order)).isEmpty
        case .abortMigration: return (try? await hypervisor.migrationProgress(of: domain)).map { $0 == nil }
        case .adopt, .release:
            guard let found = try? await hypervisor.inventory().first(where: { $0.domain == domain }) else {
                return nil
            }
            return order.verb == .adopt ? found.tenant == order.tenant : found.tenant == nil
        default: return nil
        }
    }

    /// A command that was cut off had its effect: what else follows from it. Returns its result.
    func settle(_ order: CommandOrder, _ id: UUID128) async -> String? {
        let result = await loop.result(of: order.domain, host: order.target)
        switch order.verb {
        case .migrate:
            await clearSource(order, id)
            await loop.release(order.domain)
        case .delete: await loop.deleted(order.domain, at: nil)
        case .adopt: if let tenant = order.tenant { await loop.adopted(order.domain, by: tenant) }
        case .release: await loop.released(order.domain)
        case .cap, .networkCap: await capped(order)
        default: break
        }
        return result
    }
}
