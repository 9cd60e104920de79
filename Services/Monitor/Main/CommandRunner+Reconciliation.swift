// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import FoundationEssentials
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
        if order.verb == .reboot { await loop.follow(rebootOf: order.domain) }
        let (finding, isFinal) = await finding(about: order, record)
        guard !Task.isCancelled else { return false }
        // A host may answer before the command's deadline: until then its end can still become known.
        if !isFinal {
            guard edges.clock.now() >= order.deadline else { return false }
            // A migration has no deadline but its progress.
            if order.verb == .migrate, await isStillMoving(order, record) || hasPatience(record) { return false }
        }
        switch finding {
        case .succeeded:
            let ended = await settled(order, record.id)
            await end(record, ended.outcome, permit: ended.permit)
        case .failed where order.verb == .migrate && aborted[order.domain] != nil:
            let ended = await endOfAborted(order, aborted.removeValue(forKey: order.domain) ?? "")
            await end(record, ended.outcome, permit: ended.permit)
        case .failed(let refusal):
            await forgetLeftovers(of: order)
            await end(record, await failure(order, refusal), permit: .released)
        case .unknown(let refusal):
            if order.verb == .migrate { await loop.leftUncertain(order.domain) }
            await end(record, await failure(order, refusal), permit: nil)
        }
        await loop.end(order.verb, on: order.domain)
        return true
    }

    private func failure(_ order: CommandOrder, _ refusal: CommandRefusal) async -> CommandOutcome {
        .failed(code: refusal.code, message: refusal.message, result: await loop.result(of: order.domain))
    }

    /// What a fresh look at the host, and at a migration's target, says about a command's effect. It is final unless a
    /// host did not answer, the migration goes on, or the guest may still do what it was asked for.
    func finding(
        about order: CommandOrder, _ record: CommandRecord
    ) async -> (finding: CommandPlan.Conclusion, isFinal: Bool) {
        let isMoving = order.verb == .migrate ? await isStillMoving(order, record) : false
        await loop.freshCycle()
        let presence = await loop.presence(of: order.domain)
        let onTarget = order.verb == .migrate ? await targetPresence(order) : .unknown
        let isFinal = presence != .unknown && (order.verb != .migrate || onTarget != .unknown && !isMoving)
        let finding = CommandPlan.reconcile(
            order, presence: presence, onTarget: onTarget, trace: await trace(of: order, record),
            marks: order.verb.needsMark ? await marks(of: record) : nil)
        return (finding, isFinal && (!order.verb.needsMark || finding == .succeeded))
    }

    /// If the mark can't be read it is `nil`: a guest that hangs must still be rebooted.
    func lifeMark(of domain: DomainID) async -> LifeMark? { try? await loop.hypervisor.lifeMark(of: domain) }

    private func marks(of record: CommandRecord) async -> LifeMarks? {
        guard let text = record.mark, let before = try? JSONDecoder().decode(LifeMark.self, from: Data(text.utf8)),
            let now = await lifeMark(of: record.command.domain)
        else { return nil }
        return LifeMarks(before: before, now: now)
    }

    /// Whether an effect is found that a domain's state does not show; `nil`: not known.
    func trace(of order: CommandOrder, _ record: CommandRecord) async -> Bool? {
        let (hypervisor, domain) = (loop.hypervisor, order.domain)
        switch order.verb {
        case .snapshot, .deleteSnapshot:
            let isThere = try? await hypervisor.snapshots(of: domain).contains { $0.name == order.arguments.name }
            return isThere.map { $0 == (order.verb == .snapshot) }
        case .reboot: return await loop.reportedReboot(of: domain, since: record.claimedAt) ? true : nil
        case .cap:
            guard let seen = try? await hypervisor.look(at: domain) else { return nil }
            return seen.cpuCap.fulfils(asked: order.cpuCapPPM ?? 0, granule: CommandPlan.capGranulePPM)
        case .networkCap:
            guard let seen = try? await hypervisor.look(at: domain) else { return nil }
            return isTaken(
                seen.networkCapBytesPerSecond, order.arguments.bytesPerSecond ?? 0,
                within: Self.networkCapGranule)
        case .prepare: return try? await hypervisor.preparation(of: domain, for: DomainCeiling(order)).isEmpty
        case .abortMigration:
            do throws(HypervisorError) {
                return try await hypervisor.migrationProgress(of: domain) == nil
            } catch {
                return nil
            }
        case .adopt, .release:
            guard let found = try? await hypervisor.describe(domain) else { return nil }
            return order.verb == .adopt ? found.tenant == order.tenant : found.tenant == nil
        default: return nil
        }
    }

    /// libvirt rounds a network cap by less than this, in bytes per second.
    private static let networkCapGranule: Int64 = 1_024

    /// Whether the visible cap is the one that was asked for; 0: no cap.
    private func isTaken(_ seen: Int64?, _ asked: Int64, within granule: Int64) -> Bool? {
        guard asked > 0 else { return seen == nil || seen == 0 }
        return seen.map { ($0 - asked).magnitude < granule.magnitude }
    }

    /// The end of a command that was cut off but had its effect.
    func settled(_ order: CommandOrder, _ id: UUID128) async -> Ended {
        guard order.verb == .delete else {
            return Ended(outcome: .succeeded(result: await settle(order, id)), permit: .used)
        }
        let left = await leftBehind(by: order)
        await loop.deleted(order.domain, at: nil, leaving: left?.volumes ?? [])
        guard let refusal = left?.refusal else {
            return Ended(outcome: .succeeded(result: await loop.result(of: order.domain)), permit: .used)
        }
        return Ended(outcome: await failure(order, refusal), permit: .used)
    }

    /// Writes down what follows from the effect. Returns the command's result.
    private func settle(_ order: CommandOrder, _ id: UUID128) async -> String? {
        let result = await loop.result(of: order.domain, host: order.target)
        switch order.verb {
        case .migrate:
            await clearSource(order, id)
            await loop.release(order.domain)
        case .adopt: if let tenant = order.tenant { await loop.adopted(order.domain, by: tenant) }
        case .release: await loop.released(order.domain)
        case .cap, .networkCap, .resize: await capped(order)
        default: break
        }
        return result
    }
}
