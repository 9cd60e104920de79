// SPDX-License-Identifier: Apache-2.0

import Bus
import FleetModel
import FoundationEssentials
import Messages
import ResourceModel

/// Between the wire's messages and the model's values. Whatever arrives is checked here or by the model: it may be
/// refused, it never traps.
enum FleetCodec {
    /// What a call asks for; administration is decoded apart.
    static func request(_ call: WireFleetCall) throws(CommandFailure) -> FleetRequest {
        guard let host = HostID(call.hostID) else {
            throw .invalid("host_id '\(call.hostID.prefix(80))' is not a valid name")
        }
        switch call.operation {
        case .describe: return FleetRequest(host: host, operation: .describe)
        case .inventory: return FleetRequest(host: host, operation: .inventory)
        case .sample: return FleetRequest(host: host, operation: .sample)
        case .ping: return FleetRequest(host: host, operation: .ping)
        case .create(let create): return try change(.create(definition(create)), call, host)
        case .lifecycle(let lifecycle): return try change(Self.change(lifecycle), call, host)
        case .resize(let resize): return try change(Self.change(resize), call, host)
        case .migrate(let migrate): return try change(Self.change(migrate), call, host)
        case .administer, nil: throw .invalid("the call names no operation of a host that this fleet knows")
        }
    }

    private static func change(
        _ change: FleetChange, _ call: WireFleetCall, _ host: HostID
    ) throws(CommandFailure) -> FleetRequest {
        guard let id = UUID128(bytes: call.callID) else {
            throw .invalid("call_id must have 16 bytes, not \(call.callID.count)")
        }
        return FleetRequest(host: host, operation: .change(change, FleetCallToken(id: id, epoch: call.epoch)))
    }

    private static func definition(_ create: WireFleetCreate) throws(CommandFailure) -> DomainDefinition {
        let tenant = TenantID(create.tenantID)
        guard tenant != nil || create.tenantID.isEmpty else { throw .invalid("tenant_id is not a valid name") }
        return DomainDefinition(
            id: try domain(create.domainUuid), name: create.name, tenant: tenant,
            maximumVCPUs: Int(create.vcpusMaximum), vcpus: Int(create.vcpus), memory: try bytes(create.memoryBytes),
            disk: try bytes(create.diskBytes))
    }

    private static func change(_ lifecycle: WireFleetLifecycle) throws(CommandFailure) -> FleetChange {
        guard let verb = LifecycleVerb(rawValue: lifecycle.verb) else {
            throw .invalid("'\(lifecycle.verb.prefix(80))' is no lifecycle operation")
        }
        return .lifecycle(try domain(lifecycle.domainUuid), verb)
    }

    private static func change(_ resize: WireFleetResize) throws(CommandFailure) -> FleetChange {
        .resize(
            try domain(resize.domainUuid), vcpus: resize.vcpus == 0 ? nil : Int(resize.vcpus),
            memory: resize.memoryBytes == 0 ? nil : try bytes(resize.memoryBytes))
    }

    private static func change(_ migrate: WireFleetMigrate) throws(CommandFailure) -> FleetChange {
        guard let target = HostID(migrate.targetHostID) else { throw .invalid("target_host_id is not a valid name") }
        return .migrate(try domain(migrate.domainUuid), to: target, targetEpoch: migrate.targetEpoch)
    }

    private static func domain(_ uuid: Data) throws(CommandFailure) -> DomainID {
        guard let uuid = UUID128(bytes: uuid) else {
            throw .invalid("domain_uuid must have 16 bytes, not \(uuid.count)")
        }
        return DomainID(uuid)
    }

    private static func bytes(_ count: UInt64) throws(CommandFailure) -> ByteCount {
        guard let bytes = Int64(exactly: count) else { throw .invalid("\(count) bytes are more than anything has") }
        return ByteCount(bytes)
    }

    // MARK: Answers

    static func wire(_ answer: FleetAnswer) -> WireFleetAnswer {
        var wire = WireFleetAnswer()
        wire.atNs = answer.at.nanoseconds
        wire.responseTimeNs = UInt64(clamping: answer.responseTimeNanoseconds)
        wire.host.cpuCount = UInt32(clamping: answer.host.cores)
        wire.host.memoryBytes = UInt64(clamping: answer.host.memory.bytes)
        wire.host.cpuTimeNs = UInt64(clamping: answer.host.cpuTimeNanoseconds)
        wire.host.controlDomainCpuTimeNs = UInt64(clamping: answer.host.controlDomainCPUTimeNanoseconds)
        wire.host.memoryUsedBytes = UInt64(clamping: answer.host.memoryUsed.bytes)
        wire.domains = answer.domains.map(Self.wire)
        return wire
    }

    private static func wire(_ domain: SimulatedDomainReading) -> WireFleetDomain {
        var wire = WireFleetDomain()
        wire.uuid = Data(domain.definition.id.uuid.bytes)
        wire.name = domain.definition.name
        wire.tenantID = domain.definition.tenant?.name ?? ""
        wire.state = domain.state.rawValue
        wire.vcpusMaximum = UInt32(clamping: domain.definition.maximumVCPUs)
        wire.vcpusGranted = UInt32(clamping: domain.grantedVCPUs)
        wire.memoryMaximumBytes = UInt64(clamping: domain.definition.memory.bytes)
        wire.memoryAllocatedBytes = UInt64(clamping: domain.memory.bytes)
        wire.diskBytes = UInt64(clamping: domain.definition.disk.bytes)
        wire.sizeEffectiveNs = domain.effectiveAt.nanoseconds
        guard let life = domain.life else { return wire }
        wire.hypervisorID = life.hypervisorID
        wire.incarnationStartNs = life.start.nanoseconds
        if let confirmed = life.confirmedVCPUs { wire.vcpusConfirmed = UInt32(clamping: confirmed) }
        wire.memoryUsedBytes = UInt64(clamping: life.memoryUsed.bytes)
        wire.cpuTimeNs = UInt64(clamping: life.counters.cpuTimeNanoseconds ?? 0)
        wire.stealTimeNs = UInt64(clamping: life.counters.stealTimeNanoseconds ?? 0)
        wire.networkReceivedBytes = UInt64(clamping: life.counters.networkReceivedBytes ?? 0)
        wire.networkTransmittedBytes = UInt64(clamping: life.counters.networkTransmittedBytes ?? 0)
        wire.blockReadBytes = UInt64(clamping: life.counters.blockReadBytes ?? 0)
        wire.blockWrittenBytes = UInt64(clamping: life.counters.blockWrittenBytes ?? 0)
        wire.vcpuTimeNs = life.vcpuTimeNanoseconds.map { UInt64(clamping: $0) }
        return wire
    }
}
