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
        var (vcpus, memory) = (row.heldVCPUs.count, row.heldMemory.bytes)
        if let id = record.command.permit, let permit = try await edges.permits.fetch(id), permit.domain == row.id,
            permit.host == host, permit.state == .open, permit.expiresAt > edges.clock.now()
        {
            vcpus += permit.vcpus.count
            memory += permit.memory.bytes
        }
        let wanted = (
            vcpus: snapshot.vcpus ?? row.maximumVCPUs.count, memory: snapshot.memoryBytes ?? row.maximumMemory.bytes
        )
        guard wanted.vcpus > vcpus || wanted.memory > memory else { return }
        throw CommandRefusal(
            .conflict,
            "snapshot '\(snapshot.name)' of domain \(order.domain) has \(wanted.vcpus) vCPUs and \(wanted.memory) B, and "
                + "room was promised for \(vcpus) and \(memory) B: order the revert again, which asks for the room")
    }
}
