// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// Changes of a VM: first room, if the change needs some, then a durable command, then its end.
extension GatewayBackend {
    /// Carries out a method whose declaration says into which command it is turned.
    func carryOut(_ order: VMOrder, _ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await managedDomain(request)
        if let purpose = order.starting { return try await begin(order, domain, for: purpose, request) }
        let share = order.amounts == [:] ? nil : domain.tenant.map { QuotaShare(tenant: $0, amounts: order.amounts) }
        let outcome = try await run(
            request, on: domain, verb: order.verb, order.arguments, counting: share, taking: order.time)
        guard let remark = Self.remark(on: order.arguments, of: domain) else { return outcome }
        return .object((outcome.members ?? [:]).merging(["message": .string(remark)]) { said, _ in said })
    }

    /// What an order does not do, although it is carried out: a CPU cap may be as much as all of the VM's vCPUs.
    private static func remark(on order: CommandArguments, of domain: VisibleVM) -> String? {
        let vcpus = domain.confirmedVCPUs ?? domain.grantedVCPUs ?? domain.maximumVCPUs
        guard let ppm = order.cpuCapPPM, ppm > 0, ppm >= Int64(vcpus.count) * 1_000_000 else { return nil }
        return "a CPU cap of \(CPUCap(ppm: ppm)) is no limit for its \(vcpus) vCPU\(vcpus == 1 ? "" : "s")"
    }

    func deleteSnapshot(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await managedDomain(request)
        try await refuseForeignSnapshot(of: domain, request)
        return try await run(
            request, on: domain, verb: .deleteSnapshot, .snapshot(named: request.text("name") ?? ""))
    }

    func resizeVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await managedDomain(request)
        let memory = request.integer("memoryBytes").map { ByteCount(clamping: $0) }
        let (vcpus, cpuCapPPM) = try cpuSize(of: domain, request)
        guard vcpus != nil || cpuCapPPM != nil || memory != nil else {
            throw MethodError(
                .invalid, "no size was given for '\(domain.name)'", hint: "give 'vcpus', 'memoryBytes' or both")
        }
        if let vcpus, vcpus > domain.maximumVCPUs {
            throw MethodError(
                .invalid, "\(vcpus) vCPUs are above the ceiling of \(domain.maximumVCPUs) of '\(domain.name)'",
                hint: "raise it with 'ebb vm prepare \(domain.name) --max-vcpus \(vcpus)'")
        }
        if let memory, memory > domain.maximumMemory {
            throw MethodError(
                .invalid, "\(memory) are above the ceiling of \(domain.maximumMemory) of '\(domain.name)'",
                hint: "raise it with 'ebb vm prepare'")
        }
        let moreVCPUs = max(0, (vcpus?.count ?? 0) - (domain.confirmedVCPUs ?? domain.grantedVCPUs ?? 0).count)
        let moreMemory = max(0, (memory?.bytes ?? 0) - (domain.memory ?? domain.maximumMemory).bytes)
        var permit: Permitted?
        if moreVCPUs > 0 || moreMemory > 0 {
            permit = try await room(
                for: domain.id, on: domain.host, in: try await cluster(of: domain.host), purpose: .grow,
                vcpus: VCPUCount(clamping: moreVCPUs),
                memory: ByteCount(clamping: moreMemory), target: (vcpus, memory), request)
        }
        return try await run(
            request, on: domain, verb: .resize, .size(vcpus: vcpus, cpuCapPPM: cpuCapPPM, memory: memory),
            permit: permit)
    }

    /// The number of vCPUs and the cap that give a size of CPU; `nil`: they stay. A size that is not whole keeps vCPUs
    /// that are online beyond it: the cap takes them back without the guest's help. A whole one says that no cap is left,
    /// whatever is known now: orders that are open may still set one.
    private func cpuSize(
        of domain: VisibleVM, _ request: Request
    ) throws(MethodError) -> (vcpus: VCPUCount?, cpuCapPPM: Int64?) {
        let whole = request.integer("vcpus").map { Capacity(VCPUCount(clamping: Int($0))) }
        let asked = request.integer("capacityThousandths").map { Capacity(clamping: $0) }
        guard whole == nil || asked == nil else {
            throw MethodError(.invalid, "a VM's size of CPU is 'vcpus' or 'capacityThousandths', not both")
        }
        guard let size = whole ?? asked else { return (nil, nil) }
        if size.isWhole { return (size.vcpus, 0) }
        let isMore = size.vcpus > domain.confirmedVCPUs ?? domain.grantedVCPUs ?? 0
        return (isMore ? size.vcpus : nil, size.thousandths * 1_000)
    }

    func migrateVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await managedDomain(request)
        let wanted = try await target(of: domain, request)
        let isForced = request.boolean("force") == true
        // A VM that is off takes room when it is started, on the host where it is then.
        let isOff = domain.holdsNoRoom
        guard !isForced || wanted != nil else {
            throw MethodError(.invalid, "only a move to a host that is named can be forced", hint: "give --to")
        }
        let permit = try await room(
            for: domain.id, on: wanted, in: try await cluster(of: domain.host), purpose: .migrate,
            vcpus: isOff ? 0 : domain.confirmedVCPUs ?? domain.grantedVCPUs ?? domain.maximumVCPUs,
            memory: isOff ? .zero : domain.memory ?? domain.maximumMemory, place: PlaceRequirements(isForced: isForced),
            request)
        let arguments = CommandArguments.migration(
            to: permit.host, bandwidthBytesPerSecond: request.integer("bandwidthBytesPerSecond"),
            maximumDowntimeMilliseconds: request.integer("maximumDowntimeMs"),
            autoConverges: request.boolean("autoConverge"), timeLimitSeconds: request.integer("timeLimitSeconds"),
            forcedAlthough: permit.overridden)
        return try await run(request, on: domain, verb: .migrate, arguments, permit: permit)
    }

    /// The target of a migration, checked before anything is begun.
    private func target(of domain: VisibleVM, _ request: Request) async throws(MethodError) -> HostID? {
        guard let text = request.text("host") else { return nil }
        guard let id = HostID(text) else { throw .notFound("host", text) }
        let target = try await host(id)
        let source = try await cluster(of: domain.host)
        guard target.id != domain.host else {
            throw MethodError(.conflict, "'\(domain.name)' is on '\(id)' already")
        }
        guard target.cluster == source else {
            throw MethodError(
                .invalid, "'\(id)' belongs to cluster '\(target.cluster)', and '\(domain.name)' to '\(source)'",
                hint: "choose a host of '\(source)': see 'ebb host list --cluster \(source)'")
        }
        return target.id
    }

    /// A revert gives the snapshot's size back, which may be larger than the present one, and a snapshot of a running VM
    /// starts one that is off. The host's Monitor looks again at what was promised when it carries the revert out.
    func revertVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await managedDomain(request)
        try await refuseForeignSnapshot(of: domain, request)
        let name = request.text("name") ?? ""
        let permit = try await roomToRevert(domain, to: name, request)
        return try await run(request, on: domain, verb: .revert, .snapshot(named: name), permit: permit)
    }

    /// The room that a snapshot takes beyond what the VM holds; of one whose size is not known, the ceilings. `nil`: it
    /// takes none, or nobody can say which snapshots there are. Then the host's Monitor refuses what nobody promised.
    private func roomToRevert(
        _ domain: VisibleVM, to name: String, _ request: Request
    ) async throws(MethodError) -> Permitted? {
        // One that is not there is refused by the host's Monitor.
        guard let snapshot = await snapshots(of: domain, request)?.first(where: { $0.name == name }),
            !snapshot.isOfDomainThatIsOff
        else { return nil }
        let vcpus = snapshot.vcpus.map { VCPUCount(clamping: $0) } ?? domain.maximumVCPUs
        let memory = snapshot.memoryBytes.map { ByteCount(clamping: $0) } ?? domain.maximumMemory
        let more = (
            vcpus: VCPUCount(clamping: max(0, vcpus.count - domain.heldVCPUs.count)),
            memory: ByteCount(clamping: max(0, memory.bytes - domain.heldMemory.bytes))
        )
        guard more.vcpus > 0 || more.memory > .zero else { return nil }
        return try await room(
            for: domain.id, on: domain.host, in: try await cluster(of: domain.host),
            purpose: domain.holdsNoRoom ? .restore : .grow, vcpus: more.vcpus, memory: more.memory, request)
    }

    /// For a tenant, snapshots that were taken while the VM was another tenant's do not exist.
    private func refuseForeignSnapshot(of domain: VisibleVM, _ request: Request) async throws(MethodError) {
        let name = request.text("name") ?? ""
        guard try await foreignSnapshots(of: domain, for: request.principal).contains(name) else { return }
        throw .notFound("snapshot", name)
    }

    /// Names of snapshots that were taken while the VM was another tenant's; none for the provider's people.
    func foreignSnapshots(
        of domain: VisibleVM, for principal: Principal
    ) async throws(MethodError) -> Set<String> {
        guard let tenant = principal.tenant else { return [] }
        return try await reading { try await OwnershipRepository(store).snapshots(of: domain.id, notOf: tenant) }
    }

    func prepareVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await managedDomain(request)
        let ceiling = try ceiling(of: domain, request)
        let change = try await changes(of: domain, ceiling, request).map { item in
            "\(item["what"]?.text ?? ""): \(item["before"]?.text ?? "") -> \(item["after"]?.text ?? "")\n"
        }.joined()
        let outcome = try await run(request, on: domain, verb: .prepare, ceiling)
        return .object((outcome.members ?? [:]).merging(["change": .string(change)]) { own, _ in own })
    }

    /// The requested ceiling as arguments of a command.
    func ceiling(of domain: VisibleVM, _ request: Request) throws(MethodError) -> CommandArguments {
        let (vcpus, memory) = (request.integer("maxVcpus"), request.integer("maxMemoryBytes"))
        guard vcpus != nil || memory != nil else {
            throw MethodError(
                .invalid, "no ceiling was given for '\(domain.name)'", hint: "give 'maxVcpus', 'maxMemoryBytes' or both"
            )
        }
        return .ceiling(vcpus: vcpus.map { Int($0) }, memoryBytes: memory)
    }

    /// Manages a domain that was found; its host's Monitor saves its definition first.
    func adoptVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let name = request.text("vm") ?? ""
        let host = request.text("host")
        let found = try await unmanagedDomains(name, for: request.principal)
            .filter { (host ?? $0.host.name) == $0.host.name }
        guard let domain = found.first else { throw .notFound("foreign domain", name) }
        guard found.count == 1 else {
            throw MethodError(
                .conflict, "\(found.count) hosts have a domain '\(name)'",
                hint: "say which with --host, or give its UUID")
        }
        guard !domain.isManaged else {
            throw MethodError(
                .conflict, "'\(domain.name)' is managed by Ebb already, for '\(domain.tenant?.name ?? "")'")
        }
        if let manager = domain.foreignManager {
            throw MethodError(
                .conflict, "'\(domain.name)' is managed by \(manager)", hint: "Ebb only observes what others manage")
        }
        let tenant = try await self.tenant(request.text("tenant") ?? "")
        let amounts = try await reading { try await QuotaRepository(store).share(of: domain.id) }
        return try await run(
            request, on: domain, verb: .adopt, .adoption(for: tenant),
            counting: QuotaShare(tenant: tenant, amounts: amounts))
    }

    // MARK: -

    /// Starts a VM that does not run: takes room for its size first. Does nothing for a VM that runs.
    private func begin(
        _ order: VMOrder, _ domain: VisibleVM, for purpose: PermitPurpose, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        if domain.state.runs, domain.missingSince == nil, try await isFresh(domain.host),
            try await isLeftAlone(domain.id)
        {
            return [
                "vm": .string(domain.name), "id": .string(domain.id.description),
                "action": .string(order.verb.rawValue),
                "state": "succeeded", "host": .string(try await visible(domain.host, to: request.principal)),
                "vcpus": .nullable(domain.confirmedVCPUs?.count),
                "message": .string(AlreadyText.sentence(.known(order.verb))),
            ]
        }
        let permit = try await roomToRun(domain, purpose, request)
        return try await run(request, on: domain, verb: order.verb, permit: permit)
    }

    /// Whether no command is under way that would change the VM.
    private func isLeftAlone(_ domain: DomainID) async throws(MethodError) -> Bool {
        var filter = OrderedCommandFilter(limit: 1)
        filter.domain = domain
        let wanted = filter
        return try await reading { try await CommandRepository(store).underway(wanted) }.isEmpty
    }

    /// The cluster that a host belongs to.
    private func cluster(of host: HostID) async throws(MethodError) -> ClusterID { try await self.host(host).cluster }

    private func roomToRun(
        _ domain: VisibleVM, _ purpose: PermitPurpose, _ request: Request
    ) async throws(MethodError) -> Permitted {
        // What was saved comes back as large as it was, also if it was asked to be smaller and did not do it.
        let saved = [domain.askedVCPUs, domain.grantedVCPUs, domain.confirmedVCPUs].compactMap { $0 }.max()
        let vcpus = purpose == .restore ? saved : domain.askedVCPUs ?? domain.confirmedVCPUs
        return try await room(
            for: domain.id, on: domain.host, in: try await cluster(of: domain.host), purpose: purpose,
            vcpus: vcpus ?? domain.maximumVCPUs, memory: domain.maximumMemory, request)
    }
}
