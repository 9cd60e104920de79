// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Domains that Ebb did not create: taken over as they are, and given back without what Ebb added.
extension CommandRunner {
    /// The definition of a domain that may be adopted, as it is before Ebb touches it.
    func adoptable(_ order: CommandOrder) async throws -> String {
        guard let found = try await loop.hypervisor.describe(order.domain) else {
            throw CommandRefusal(.notFound, "domain \(order.domain) is not on host \(host) any more")
        }
        if let obstacle = found.obstacle {
            throw CommandRefusal(.invalid, "domain \(order.domain), '\(found.name)', can't be adopted: \(obstacle)")
        }
        if let manager = found.manager {
            try await edges.inventory.setForeignManager(of: order.domain, manager, under: claim)
            throw CommandRefusal(
                .foreignManager,
                "\(manager) manages domain \(order.domain), which Ebb only observes; take it out of there first")
        }
        if let tenant = order.tenant, let namesake = try await edges.inventory.domain(tenant: tenant, name: found.name),
            namesake.id != order.domain
        {
            throw CommandRefusal(
                .conflict, "tenant \(tenant) has a domain named '\(found.name)' already; rename one of them first")
        }
        return try await loop.hypervisor.definition(of: order.domain)
    }

    /// How many bytes the domain's console has up to now: its next owner must not read them. What a terminal without a
    /// file still holds is read, and thereby dropped. Throws if the host does not answer, since then it is not known.
    func consoleEnd(of domain: DomainID) async throws(HypervisorError) -> Int64 {
        do throws(HypervisorError) {
            let last = try await loop.hypervisor.console(of: domain, from: -1, limit: 1 << 18)
            return last.offset > 0 ? last.nextOffset : 0
        } catch {
            // The domain has no console that anybody could read.
            guard error.code.isFinal else { throw error }
            return 0
        }
    }

    /// Labels the domain as its tenant's; from then on it is billed and may be changed.
    func adopt(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        guard let tenant = order.tenant else {
            throw HypervisorError(.invalid, operation: "adopt", message: "it has no tenant")
        }
        try checkOwnership()
        let name = await loop.name(of: order.domain) ?? order.domain.description
        _ = try await loop.hypervisor.label(order.domain, DomainLabel(name: name, tenant: tenant), call)
        await loop.adopted(order.domain, by: tenant)
        return Ended(outcome: .succeeded(result: await loop.result(of: order.domain)), permit: .used)
    }

    /// Removes what is Ebb's own from the domain; the domain goes on as it is now.
    func giveBack(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        let own: OwnParts
        do throws(StoreError) {
            let row = try await edges.inventory.domain(order.domain)
            let saved = try await edges.inventory.saved(of: order.domain)
            own = OwnParts(
                adoptedAs: saved?.definition, foundCPUCap: saved?.cpuCap ?? .unknown, cpuCapPPM: row?.cpuCapPPM,
                networkCapBytesPerSecond: row?.networkCapBytesPerSecond)
        } catch {
            throw HypervisorError(.refused, operation: "release", message: "its definition can't be read: \(error)")
        }
        try checkOwnership()
        _ = try await loop.hypervisor.release(order.domain, own, call)
        await loop.released(order.domain)
        return Ended(outcome: .succeeded(result: await loop.result(of: order.domain)), permit: .used)
    }

    /// Raises what the domain may grow to, from its next cold boot on.
    func raiseCeiling(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        try checkOwnership()
        let ceiling = DomainCeiling(order)
        let changes = try await loop.hypervisor.prepare(order.domain, for: ceiling, call)
        await writer.append([
            .pending(
                order.domain, maximumVCPUs: changes.isEmpty ? nil : ceiling.maximumVCPUs,
                maximumMemory: changes.isEmpty ? nil : ceiling.maximumMemory)
        ])
        return Ended(
            outcome: .succeeded(result: JSONText.encode(PreparationResult(host: host, changes: changes))),
            permit: .used)
    }

    /// Caps what the domain may use, or lifts the cap.
    func cap(_ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError) -> Ended {
        guard let cap = DomainCap(order) else {
            throw HypervisorError(.invalid, operation: "cap", message: "it has no cap to set")
        }
        try checkOwnership()
        let effect = try await loop.hypervisor.cap(order.domain, cap, call)
        await capped(order)
        // Seen within the command: the next poll must not take it for somebody else's.
        await loop.took(effect)
        return Ended(
            outcome: .succeeded(
                result: await loop.result(of: order.domain, effectiveAt: effect.effectiveAt)), permit: .used)
    }

    /// Notes a cap that holds now, for the samples and the row.
    func capped(_ order: CommandOrder) async {
        switch DomainCap(order) {
        case .cpu(let ppm): await loop.capped(order.domain) { $0.cpuPPM = ppm }
        case .network(let bytes): await loop.capped(order.domain) { $0.networkBytesPerSecond = bytes > 0 ? bytes : nil }
        case nil: break
        }
    }
}

/// What `prepare` changed, as the command's row keeps it.
struct PreparationResult: Codable, Sendable {
    var host: HostID
    var changes: [DefinitionChange]
}

extension DomainCeiling {
    init(_ order: CommandOrder) {
        self.init(
            maximumVCPUs: order.arguments.maximumVCPUs.map { VCPUCount(clamping: $0) },
            maximumMemory: order.arguments.maximumMemoryBytes.map { ByteCount(clamping: $0) })
    }
}

extension DomainCap {
    /// `nil`: the order sets no cap.
    init?(_ order: CommandOrder) {
        if let ppm = order.cpuCapPPM {
            self = .cpu(ppm: ppm)
        } else if order.verb == .networkCap {
            self = .network(bytesPerSecond: order.arguments.bytesPerSecond ?? 0)
        } else {
            return nil
        }
    }
}
