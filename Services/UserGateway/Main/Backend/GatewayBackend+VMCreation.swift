// SPDX-License-Identifier: Apache-2.0

import Cryptography
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    func createVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let wish = try await wish(request)
        let taken = try await reading { try await inventory.domain(tenant: wish.tenant, name: wish.name) }
        if let taken, taken.id != wish.id {
            let isMissing = taken.missingSince != nil
            throw MethodError(
                .conflict, "there is a VM '\(wish.name)' already\(isMissing ? ", which is missing" : "")",
                hint: isMissing ? "its host does not have it any more: 'ebb vm delete \(wish.name)' forgets it" : nil)
        }
        let host = request.text("host").flatMap { HostID($0) }
        let cluster = request.text("cluster").flatMap { ClusterID($0) }
        if let host, let cluster, try await self.host(host).cluster != cluster {
            throw MethodError(
                .invalid, "'\(host)' does not belong to cluster '\(cluster)'", hint: "give one of the two")
        }
        var place = PlaceWish(options: try await placeOptions(request), tenant: wish.tenant)
        place.network = request.text("network")
        // A disk that begins as an image lies in the image's pool.
        if request.text("image") != nil { place.pool = request.text("pool") ?? VMBoot.defaultPool }
        // Who may have no more does not even ask for room.
        let share = QuotaShare(tenant: wish.tenant, amounts: [.vms: 1, .disk: wish.size.diskBytes])
        try await reading { try await take(share.amounts, for: share.tenant, in: store) }
        let permit = try await room(
            for: wish.id, on: host, in: cluster, purpose: .create, vcpus: VCPUCount(clamping: Int(wish.size.vcpus)),
            memory: ByteCount(clamping: wish.size.memoryBytes), place: place, request)
        return try await run(
            request, domain: wish.id, name: wish.name, host: permit.host, verb: "create", wish.arguments,
            permit: permit.id, counting: share, taking: Self.copyingTime)
    }

    /// The groups and hosts that a new VM asks for. Scheduler has them from its permit on, and makes them its policy.
    private func placeOptions(_ request: Request) async throws(MethodError) -> JSONValue {
        let names: Set = ["affinity", "antiAffinity", "pinnedHosts"]
        let place = (request.values.members ?? [:]).filter { names.contains($0.key) }
        try await checkHosts(place["pinnedHosts"])
        return .object(place)
    }

    /// A VM that somebody wants.
    private struct Wish {
        let id: DomainID
        let name: String
        let tenant: TenantID
        let size: VMSize
        let arguments: [String: JSONValue]
    }

    private func wish(_ request: Request) async throws(MethodError) -> Wish {
        guard let tenant = request.principal.tenant ?? request.text("tenant").flatMap({ TenantID($0) }) else {
            throw MethodError(.invalid, "a VM belongs to a tenant: say which with --tenant")
        }
        let known = try await reading { try await AccountRepository(store).tenants() }
        guard known.contains(tenant) else { throw .notFound("tenant", tenant.name) }
        let size = try VMSize(request.values)
        let name = request.text("name") ?? ""
        let arguments: [String: JSONValue?] = [
            "name": .string(name), "tenant": .string(tenant.name), "vcpus": .integer(size.vcpus),
            "maximum_vcpus": .integer(size.maximumVCPUs), "memory_bytes": .integer(size.memoryBytes),
            "maximum_memory_bytes": size.maximumMemoryBytes.map { .integer($0) },
            "disk_bytes": .integer(size.diskBytes), "flavor": request.values["flavor"],
            "boot": try VMBoot.arguments(request.values),
        ]
        return Wish(
            id: Self.identity(of: request), name: name, tenant: tenant, size: size,
            arguments: arguments.compactMapValues { $0 })
    }

    /// From the idempotency key, so that the same wish names the same VM.
    private static func identity(of request: Request) -> DomainID {
        var bytes = Array(SHA256.hash("\(request.principal.name)\n\(request.idempotencyKey)").prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return DomainID(UUID128(bytes: bytes) ?? UUID128(high: 0, low: 0))
    }
}
