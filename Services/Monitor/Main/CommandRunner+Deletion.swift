// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import Store

/// Deletion: the definition first, then the volumes, which nobody can restore.
///
/// The volumes that are deleted with a domain are written into its row before the domain is removed. So they are known
/// also if the deletion was cut off, or could not delete one; the row stays until they are gone.
extension CommandRunner {
    /// The volumes to delete: if the domain is gone already, those that an earlier deletion left behind.
    func volumesToDelete(_ order: CommandOrder) async throws -> [String] {
        let keepsDisk = order.arguments.keepsDisk ?? false
        guard await loop.presence(of: order.domain) == .absent else {
            return try await loop.hypervisor.volumes(of: order.domain, keepsDisk: keepsDisk)
        }
        return keepsDisk ? [] : try await edges.inventory.domain(order.domain)?.leftoverVolumes ?? []
    }

    func delete(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        let volumes: [String]
        do throws(StoreError) {
            volumes = try await edges.inventory.domain(order.domain)?.leftoverVolumes ?? []
        } catch {
            throw HypervisorError(.refused, operation: "delete", message: "its row can't be read: \(error)")
        }
        try checkOwnership()
        let removal = try await loop.hypervisor.delete(order.domain, volumes: volumes, call)
        await loop.deleted(order.domain, at: removal.effectiveAt, leaving: removal.remains.map(\.volume))
        let result = await loop.result(of: order.domain)
        guard !removal.remains.isEmpty else { return Ended(outcome: .succeeded(result: result), permit: .used) }
        let refusal = CommandRefusal.leftBehind(
            order.domain, removal.remains.map { "\($0.volume) (\($0.reason))" })
        return Ended(outcome: .failed(code: refusal.code, message: refusal.message, result: result), permit: .used)
    }

    /// The domain still exists, so its volumes are not leftovers.
    func forgetLeftovers(of order: CommandOrder) async {
        guard order.verb == .delete, await loop.presence(of: order.domain) != .absent else { return }
        await writer.append([.leftovers(order.domain, [])])
    }

    /// The volumes that a deletion left behind when it was cut off: they are not deleted now, since the former call may
    /// still be doing that.
    func leftBehind(by order: CommandOrder) async -> (volumes: [String], refusal: CommandRefusal)? {
        guard let row = try? await edges.inventory.domain(order.domain), !row.leftoverVolumes.isEmpty,
            let left = try? await loop.hypervisor.remaining(row.leftoverVolumes), !left.isEmpty
        else { return nil }
        return (left, .leftBehind(order.domain, left))
    }
}

extension CommandRefusal {
    fileprivate static func leftBehind(_ domain: DomainID, _ volumes: [String]) -> CommandRefusal {
        CommandRefusal(
            .partial,
            "domain \(domain) is deleted, but not its volume \(volumes.joined(separator: ", ")); mend that and run"
                + " `ebb vm delete` again")
    }
}
