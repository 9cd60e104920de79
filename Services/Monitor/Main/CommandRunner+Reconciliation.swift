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
            order = try CommandOrder(record.command, CommandArguments(record.command.arguments))
        } catch {
            await end(record, .failed(code: error.code, message: error.message), permit: .released)
            return true
        }
        let (finding, isFinal) = await finding(about: order)
        guard !Task.isCancelled else { return false }
        // A host may answer before the command's deadline: until then its end can still become known.
        guard isFinal || edges.clock.now() >= order.deadline else { return false }
        switch finding {
        case .succeeded:
            await end(record, .succeeded(result: await settle(order)), permit: .used)
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
    /// did not answer.
    func finding(about order: CommandOrder) async -> (finding: CommandPlan.Finding, isFinal: Bool) {
        await loop.freshCycle()
        let presence = await loop.presence(of: order.domain)
        let onTarget = await targetPresence(order)
        let isFinal = presence != .unknown && (order.verb != .migrate || onTarget != .unknown)
        return (CommandPlan.reconcile(order, presence: presence, onTarget: onTarget), isFinal)
    }

    /// A command that was cut off had its effect: what else follows from it. Returns its result.
    func settle(_ order: CommandOrder) async -> String? {
        let result = await loop.result(of: order.domain, host: order.target)
        switch order.verb {
        case .migrate: await loop.release(order.domain)
        case .delete: await loop.deleted(order.domain, at: nil)
        default: break
        }
        return result
    }

    /// What a migration's target shows, asked directly: its own Monitor may be another process.
    private func targetPresence(_ order: CommandOrder) async -> DomainPresence {
        guard let name = order.target else { return .unknown }
        do {
            guard let record = try await edges.inventory.host(name) else { return .unknown }
            let hypervisor = try edges.open(record.uri, name)
            let domains: [DomainDescription]
            do {
                domains = try await hypervisor.inventory()
            } catch {
                await hypervisor.close()
                return .unknown
            }
            await hypervisor.close()
            guard let found = domains.first(where: { $0.domain == order.domain }) else { return .absent }
            return .present(found.state, granted: nil, confirmed: nil)
        } catch {
            return .unknown
        }
    }
}
