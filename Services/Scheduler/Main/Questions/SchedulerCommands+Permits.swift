// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import SwiftProtobuf

// Room that people ask for.
extension SchedulerCommands {
    /// Hosts that a VM may be pinned to.
    private static let mostPins = 1_000

    /// Who asks for room, for which domain and purpose.
    private struct Asked {
        let purpose: PermitPurpose
        let placing: NewPlace
        /// The instance that asks.
        let asker: InstanceID
        var target = ClusterShell.RoomTarget()
        /// Whether the room is for a move, which whoever ordered it follows.
        var isMove: Bool { purpose == .migrate }
    }

    /// Grants room on the named host, or on the one that placement chooses.
    func permit(_ wire: WirePermitRequest, asker: InstanceID) async throws -> [UInt8] {
        guard let cluster = ClusterID(wire.clusterID), let domain = DomainID(bytes: wire.domainUuid),
            let purpose = PermitPurpose(rawValue: wire.purpose)
        else { throw CommandFailure.invalid("a permit needs a cluster, a domain and a purpose") }
        let shell = try await shell(of: cluster)
        var asked = Asked(purpose: purpose, placing: try newPlace(wire), asker: asker)
        if purpose == .grow { asked.target = try Self.target(wire) }
        let request = PlacementRequest(
            domain: domain, source: asked.isMove ? await shell.host(of: domain) : nil,
            vcpus: try VCPUCount(wire.vcpus, field: "vcpus"),
            memory: try ByteCount(wire.memoryBytes, field: "memory_bytes"),
            demand: CPUDemand(ppmOfOneCore: 0))
        if !asked.placing.isFree { try await shell.forgetGone() }
        guard !wire.hostID.isEmpty else { return try await place(request, asked, shell: shell) }
        guard let host = HostID(wire.hostID) else {
            throw CommandFailure.invalid("'\(wire.hostID)' is not a host's name")
        }
        let objection = try await objection(to: request, on: host, asked, isForced: wire.isForced, shell: shell)
        switch try await obtain(request, on: host, asked, shell: shell) {
        case .granted(let permit): return reply(permit, on: host, record: nil, overridden: objection)
        case .refused(let reason): throw CommandFailure.denied("host \(host) has no room: \(reason)")
        case .closed(let mode, let reason):
            let isStuck = mode == .draining && asked.purpose.startsDomain
            let remedy = isStuck ? ", or move the VM first with `ebb vm migrate`" : ""
            throw CommandFailure(
                mode == .draining ? .draining : .observed, (mode.objection(of: host) ?? reason) + remedy)
        case .underWay(let reason): throw CommandFailure(.underWay, reason)
        case .overQuota(let reason): throw CommandFailure.overQuota(reason)
        }
    }

    /// Throws what speaks against a host that somebody named for a new VM or a move, which must then be forced. A VM
    /// that starts on its own host is not checked.
    private func objection(
        to request: PlacementRequest, on host: HostID, _ asked: Asked, isForced: Bool, shell: ClusterShell
    ) async throws -> String? {
        guard asked.isMove || asked.purpose == .create,
            let objection = await shell.objection(to: request, on: host, asked.isMove ? nil : asked.placing)
        else { return nil }
        guard isForced else {
            let force = asked.isMove ? ", or repeat it with --force" : ""
            throw CommandFailure.conflict("host \(host) is not for it: \(objection); choose another host\(force)")
        }
        return objection
    }

    /// Asks for the room, and notes what must be known about it afterwards.
    private func obtain(
        _ request: PlacementRequest, on host: HostID, _ asked: Asked, shell: ClusterShell
    ) async throws -> ClusterShell.RoomAnswer {
        let answer = try await shell.obtainPermit(
            for: request.domain, on: host, purpose: asked.purpose, vcpus: request.vcpus, memory: request.memory,
            demand: request.demand, target: asked.target, decision: nil, tenant: asked.placing.tenant)
        guard case .granted = answer else { return answer }
        // If this can't be written, the permit expires unused.
        try await AuditRepository.carriedOut(
            "permit.\(asked.purpose.rawValue)", on: request.domain.description, by: .scheduler, asker: asked.asker,
            at: runtime.clock.now(), in: runtime.store)
        if asked.isMove { await shell.ordered(request.domain, to: host) }
        if asked.purpose == .create { try await shell.want(asked.placing, for: request.domain, on: host) }
        return answer
    }

    private static func target(_ wire: WirePermitRequest) throws -> ClusterShell.RoomTarget {
        ClusterShell.RoomTarget(
            vcpus: wire.targetVcpus == 0 ? nil : try VCPUCount(wire.targetVcpus, field: "target_vcpus"),
            memory: wire.targetMemoryBytes == 0
                ? nil : try ByteCount(wire.targetMemoryBytes, field: "target_memory_bytes"))
    }

    private func newPlace(_ request: WirePermitRequest) throws -> NewPlace {
        guard request.pinnedHostIds.count <= Self.mostPins else {
            throw CommandFailure.invalid("pinned_host_ids may have at most \(Self.mostPins) hosts")
        }
        let pinned = try request.pinnedHostIds.map { name in
            guard let host = HostID(name) else { throw CommandFailure.invalid("'\(name)' is not a host's name") }
            return host
        }
        let (affinity, antiAffinity) = (request.affinityGroup, request.antiAffinityGroup)
        for (field, group) in [("affinity_group", affinity), ("anti_affinity_group", antiAffinity)] {
            guard group.isEmpty || isValidName(group) else {
                throw CommandFailure.invalid("\(field) '\(group.prefix(63))' is not a group's name")
            }
        }
        guard affinity.isEmpty || affinity != antiAffinity else {
            throw CommandFailure.invalid("group '\(affinity)' can't share a host and not share one: name another group")
        }
        let needs = DomainNeeds(
            pools: request.storagePool.isEmpty ? [] : [request.storagePool],
            networks: request.network.isEmpty ? [] : [request.network])
        return NewPlace(
            tenant: TenantID(request.tenant),
            options: PolicyOptions(
                affinityGroup: affinity.isEmpty ? nil : affinity,
                antiAffinityGroup: antiAffinity.isEmpty ? nil : antiAffinity, pinnedHosts: pinned.sorted()),
            needs: needs)
    }

    /// Tries hosts by weight; a host that refuses is left out of the next attempt.
    private func place(_ given: PlacementRequest, _ asked: Asked, shell: ClusterShell) async throws -> [UInt8] {
        var request = given
        for _ in 0..<configuration.core.maximumPlacementAttempts {
            let result = await shell.place(request, asked.purpose == .create ? asked.placing : nil)
            guard let host = result.chosen else { throw Self.failure(result) }
            switch try await obtain(request, on: host, asked, shell: shell) {
            case .granted(let permit): return reply(permit, on: host, record: result)
            case .overQuota(let reason):
                await shell.forgetPlace(of: request.domain)
                throw CommandFailure.overQuota(reason)
            case .underWay(let reason): throw CommandFailure(.underWay, reason)
            case .refused, .closed: break
            }
            request.denied = (request.denied + [host]).sorted()
        }
        await shell.forgetPlace(of: request.domain)
        throw CommandFailure.denied("no host that was tried had room for it; try again")
    }

    /// Where hosts take nothing new whatever is asked for, room is not what is missing.
    private static func failure(_ result: PlacementResult) -> CommandFailure {
        let reasons = result.refusals.joined(separator: "; ")
        let codes = Set(result.candidates.compactMap { $0.rejection?.code })
        guard !codes.isEmpty, codes.isSubset(of: [.notEnabled, .draining]) else {
            return .denied("no host has room for it (\(reasons))")
        }
        return CommandFailure(codes == [.draining] ? .draining : .observed, "no host takes anything new (\(reasons))")
    }

    private func reply(
        _ permit: UUID128, on host: HostID, record: PlacementResult?, overridden: String? = nil
    ) -> [UInt8] {
        let json = record.flatMap { try? canonicalJSON($0) }
        return MessageCodec.encoded(
            WirePermitReply.with {
                $0.permitID = Data(permit.bytes)
                $0.hostID = host.name
                $0.recordJson = json ?? Data()
                $0.overridden = overridden ?? ""
            })
    }
}
