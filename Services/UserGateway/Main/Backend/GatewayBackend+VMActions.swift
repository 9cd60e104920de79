// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import UserGatewayCore

// What changes a VM: room first where it takes some, then a durable command, then its end.
extension GatewayBackend {
    func startVM(_ request: Request) async throws(MethodError) -> JSONValue {
        try await act(request, verb: "start", takesRoomFor: "start")
    }
    func suspendVM(_ request: Request) async throws(MethodError) -> JSONValue {
        try await act(request, verb: "suspend")
    }
    func resumeVM(_ request: Request) async throws(MethodError) -> JSONValue { try await act(request, verb: "resume") }
    func saveVM(_ request: Request) async throws(MethodError) -> JSONValue { try await act(request, verb: "save") }
    func deleteVM(_ request: Request) async throws(MethodError) -> JSONValue { try await act(request, verb: "delete") }
    func restoreVM(_ request: Request) async throws(MethodError) -> JSONValue {
        try await act(request, verb: "restore", takesRoomFor: "restore")
    }
    func shutdownVM(_ request: Request) async throws(MethodError) -> JSONValue {
        try await act(request, verb: request.boolean("force") == true ? "destroy" : "shutdown")
    }

    func resizeVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        let target = VCPUCount(Int(request.integer("vcpus") ?? 0))
        guard target <= domain.maximumVCPUs else {
            throw MethodError(.invalid, "\(target) vCPUs are above the VM's ceiling of \(domain.maximumVCPUs)")
        }
        let present = domain.confirmedVCPUs ?? domain.grantedVCPUs ?? 0
        var permit: Permitted?
        if target > present {
            permit = try await room(
                for: domain.id, on: domain.host, purpose: "grow", vcpus: target - present.count, memory: .zero, request)
        }
        return try await run(
            request, domain: domain.id, name: domain.name, host: domain.host, verb: "resize",
            arguments: ["vcpus": .integer(Int64(target.count))], permit: permit?.id)
    }

    func migrateVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        let size = domain.confirmedVCPUs ?? domain.grantedVCPUs ?? domain.maximumVCPUs
        let wanted = request.text("host").flatMap { HostID($0) }
        let permit = try await room(
            for: domain.id, on: wanted, purpose: "migrate", vcpus: size,
            memory: domain.memory ?? domain.maximumMemory, request)
        return try await run(
            request, domain: domain.id, name: domain.name, host: domain.host, verb: "migrate",
            arguments: ["target": .string(permit.host.name)], permit: permit.id)
    }

    func createVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let wish = try await wish(request)
        let taken = try await reading { try await inventory.domain(tenant: wish.tenant, name: wish.name) }
        if let taken, taken.id != wish.id { throw MethodError(.conflict, "there is a VM '\(wish.name)' already") }
        let permit = try await room(
            for: wish.id, on: request.text("host").flatMap { HostID($0) }, purpose: "create", vcpus: wish.vcpus,
            memory: wish.memory, request)
        return try await run(
            request, domain: wish.id, name: wish.name, host: permit.host, verb: "create", arguments: wish.arguments,
            permit: permit.id)
    }

    // MARK: -

    private func act(
        _ request: Request, verb: String, takesRoomFor purpose: String? = nil
    ) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        guard domain.isManaged else {
            throw MethodError(.invalid, "'\(domain.name)' was not created by Ebb, which therefore does not touch it")
        }
        var permit: Permitted?
        if let purpose {
            permit = try await room(
                for: domain.id, on: domain.host, purpose: purpose,
                vcpus: domain.askedVCPUs ?? domain.confirmedVCPUs ?? domain.maximumVCPUs,
                memory: domain.maximumMemory, request)
        }
        return try await run(
            request, domain: domain.id, name: domain.name, host: domain.host, verb: verb, arguments: [:],
            permit: permit?.id)
    }

    private struct Permitted {
        let id: UUID128
        let host: HostID
    }

    /// Asks Scheduler for room; without a host it chooses one.
    private func room(
        for domain: DomainID, on host: HostID?, purpose: String, vcpus: VCPUCount, memory: ByteCount,
        _ request: Request
    ) async throws(MethodError) -> Permitted {
        let cluster = try await cluster(of: host)
        let wish = WirePermitRequest.with {
            $0.clusterID = cluster.name
            $0.domainUuid = Data(domain.uuid.bytes)
            $0.purpose = purpose
            $0.vcpus = UInt32(clamping: vcpus.count)
            $0.memoryBytes = UInt64(clamping: memory.bytes)
            $0.hostID = host?.name ?? ""
        }
        let answer = try await ask(
            .scheduler, .permitRequest, MessageCodec.encoded(wish), shard: ShardKey(kind: .cluster, id: cluster.name),
            request)
        guard let reply = try? MessageCodec.decoded(WirePermitReply.self, from: answer),
            let id = UUID128(bytes: reply.permitID), let chosen = HostID(reply.hostID)
        else { throw MethodError(.internal, "the scheduler's answer can't be read") }
        return Permitted(id: id, host: chosen)
    }

    /// The named host's cluster, else the only one that there is.
    private func cluster(of host: HostID?) async throws(MethodError) -> ClusterID {
        if let host {
            guard let record = try await reading({ try await inventory.host(host) }) else {
                throw .notFound("host", host.name)
            }
            return record.cluster
        }
        let clusters = Set(try await reading { try await inventory.hosts() }.map(\.cluster)).sorted()
        guard let first = clusters.first else {
            throw MethodError(.noRoom, "there is no host yet", hint: "add one with 'ebb host add'")
        }
        return first
    }

    /// Queues the command with its audit entry, has it carried out, and says what came of it.
    private func run(
        _ request: Request, domain: DomainID, name: String, host: HostID, verb: String,
        arguments: [String: JSONValue], permit: UUID128?
    ) async throws(MethodError) -> JSONValue {
        var generator = SystemRandomNumberGenerator()
        let now = runtime.clock.now()
        let command = NewCommand(
            id: UUID128.random(using: &generator), host: host, domain: domain, verb: verb,
            arguments: JSONValue.object(arguments).line, principal: request.principal.name,
            idempotencyKey: request.idempotencyKey, permit: permit, createdAt: now,
            deadline: now.advanced(by: .seconds(60)))
        let stored = try await reading {
            try await store.transaction { transaction in
                let stored = try await CommandRepository(store).enqueue(command, in: transaction)
                if stored.id == command.id {
                    try await audit(request, on: name, .object(arguments), in: transaction)
                } else if let permit {
                    // A repeated key has its own permit, or needs none any more.
                    try await PermitRepository(store).setState(of: permit, to: .released, in: transaction)
                }
                return stored
            }
        }
        let ended = await CommandDispatch(runtime).outcome(of: stored, timeout: request.timeout)
        return try await outcome(of: ended, stored: stored, name: name, request)
    }

    private func outcome(
        of ended: CommandRecord?, stored: CommandRecord, name: String, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        guard let ended, let outcome = ended.outcome else {
            throw MethodError(
                .outcomeUnknown, "\(stored.command.verb) of '\(name)' was begun and its end was not seen",
                hint: "look with 'ebb vm show \(name)'; the command is \(stored.id)")
        }
        guard outcome.succeeded else {
            let message = outcome.message ?? "it failed"
            switch outcome.code {
            case "outcome-unknown": throw MethodError(.outcomeUnknown, message)
            case "observed", "not-enabled", "not-managed", "invalid": throw MethodError(.invalid, message)
            case "conflict", "revision": throw MethodError(.conflict, message)
            default: throw MethodError(.unavailable, message)
            }
        }
        let result = CommandResult(outcome.result)
        return [
            "vm": .string(name), "id": .string(stored.command.domain.description),
            "action": .string(stored.command.verb), "command": .string(stored.id.description),
            "state": .string(ended.state.rawValue),
            "host": .string(visible(result.host ?? stored.command.host, to: request.principal)),
            "vcpus": .nullable(result.vcpus?.count),
        ]
    }
}

/// A VM that somebody wants.
private struct VMWish {
    let id: DomainID
    let name: String
    let tenant: TenantID
    let vcpus: VCPUCount
    let memory: ByteCount
    let arguments: [String: JSONValue]
}

extension GatewayBackend {
    private func wish(_ request: Request) async throws(MethodError) -> VMWish {
        guard let tenant = request.principal.tenant ?? request.text("tenant").flatMap({ TenantID($0) }) else {
            throw MethodError(.invalid, "a VM belongs to a tenant: say which with --tenant")
        }
        let known = try await reading { try await AccountRepository(store).tenants() }
        guard known.contains(tenant) else { throw .notFound("tenant", tenant.name) }
        let vcpus = Int(request.integer("vcpus") ?? 1)
        let ceiling = Int(request.integer("maxVcpus") ?? Int64(vcpus * 2))
        guard vcpus <= ceiling else {
            throw MethodError(.invalid, "\(vcpus) vCPUs are above the ceiling of \(ceiling)")
        }
        let memory = ByteCount(request.integer("memoryBytes") ?? 0)
        let name = request.text("name") ?? ""
        return VMWish(
            id: Self.identity(of: request), name: name, tenant: tenant, vcpus: VCPUCount(vcpus), memory: memory,
            arguments: [
                "name": .string(name), "tenant": .string(tenant.name), "vcpus": .integer(Int64(vcpus)),
                "maximum_vcpus": .integer(Int64(ceiling)), "memory_bytes": .integer(memory.bytes),
                "disk_bytes": .integer(request.integer("diskBytes") ?? 0),
                "boot": Self.boot(request.values["boot"] ?? [:]),
            ])
    }

    /// As `BootSource` of the hypervisor's edge names its parts.
    private static func boot(_ wish: JSONValue) -> JSONValue {
        .object(omittingNil: [
            "kernelPath": wish["kernelPath"], "initrdPath": wish["initrdPath"],
            "kernelCommandLine": wish["commandLine"], "diskPath": wish["imagePath"], "bridge": wish["bridge"],
        ])
    }

    /// From the idempotency key, so that the same wish names the same VM.
    private static func identity(of request: Request) -> DomainID {
        var bytes = Array(
            SHA256.hash(data: Data("\(request.principal.name)\n\(request.idempotencyKey)".utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return DomainID(UUID128(bytes: bytes) ?? UUID128(high: 0, low: 0))
    }
}
