// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension CommandRunner {
    /// Refuses a snapshot's name that is taken, or that there is not, and a revert for which there is no room.
    func checkSnapshot(_ order: CommandOrder, _ record: CommandRecord) async throws {
        guard [.snapshot, .revert, .deleteSnapshot].contains(order.verb), let name = order.arguments.name else {
            return
        }
        let found = try await loop.hypervisor.snapshots(of: order.domain).first { $0.name == name }
        if order.verb == .snapshot, found != nil {
            throw CommandRefusal(
                .conflict,
                "domain \(order.domain) has a snapshot '\(name)' already: choose another name, or delete that one first"
            )
        }
        guard order.verb != .snapshot else { return }
        guard let found else {
            throw CommandRefusal(.notFound, "domain \(order.domain) has no snapshot '\(name)'")
        }
        if order.verb == .revert { try await checkRoom(for: found, order, record) }
    }

    /// Refuses a revert that makes a domain larger than what it holds and what the revert's permit promises together.
    ///
    /// The room was asked for by what was known then: the domain may have shrunk since, or the name stand for a larger
    /// snapshot.
    private func checkRoom(
        for snapshot: DomainSnapshot, _ order: CommandOrder, _ record: CommandRecord
    ) async throws {
        guard !snapshot.isOfDomainThatIsOff, let row = try await edges.inventory.domain(order.domain) else { return }
        let permit = try await promise(of: record)
        if let refusal = Self.refusal(of: snapshot, row, permit) { throw refusal }
    }

    /// The room that a command's permit still promises its domain here.
    private func promise(of record: CommandRecord) async throws -> Permit? {
        guard let id = record.command.permit, let permit = try await edges.permits.fetch(id),
            permit.domain == record.command.domain, permit.host == host, permit.state == .open,
            permit.expiresAt > edges.clock.now()
        else { return nil }
        return permit
    }

    /// Apart from what waits for the database: Swift 6.3.1's optimizer crashes on both in one function.
    private static func refusal(
        of snapshot: DomainSnapshot, _ row: StoredDomain, _ permit: Permit?
    ) -> CommandRefusal? {
        let vcpus = row.heldVCPUs.count + (permit?.vcpus.count ?? 0)
        let memory = row.heldMemory.bytes.addedOrClamped(permit?.memory.bytes ?? 0)
        let wantedVCPUs = snapshot.vcpus ?? row.maximumVCPUs.count
        let wantedMemory = snapshot.memoryBytes ?? row.maximumMemory.bytes
        guard wantedVCPUs > vcpus || wantedMemory > memory else { return nil }
        return CommandRefusal(
            .conflict,
            "snapshot '\(snapshot.name)' of domain \(row.id) has \(wantedVCPUs) vCPUs and \(wantedMemory) B, and "
                + "room was promised for \(vcpus) and \(memory) B: order the revert again, which asks for the room")
    }
}
