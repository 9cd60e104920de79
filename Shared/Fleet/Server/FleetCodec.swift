// SPDX-License-Identifier: Apache-2.0

import Bus
import FleetModel
import FoundationEssentials
import Messages
import ResourceModel

/// Between the wire's messages and the model's values. Whatever arrives is checked here or by the model: it may be
/// refused, it never traps.
enum FleetCodec {
    /// What a call asks for; administration is decoded elsewhere.
    static func request(_ call: WireFleetCall) throws(CommandFailure) -> FleetRequest {
        guard let host = HostID(call.hostID) else {
            throw .invalid("host_id '\(call.hostID.prefix(80))' is not a valid name")
        }
        switch call.operation {
        case .describe: return FleetRequest(host: host, operation: .describe)
        case .inventory(let inventory):
            let only = inventory.domainUuid.isEmpty ? nil : try domain(inventory.domainUuid)
            return FleetRequest(host: host, operation: .inventory(only))
        case .inspect(let inspect):
            return FleetRequest(host: host, operation: .inspect(try domain(inspect.domainUuid)))
        case .sample: return FleetRequest(host: host, operation: .sample)
        case .ping: return FleetRequest(host: host, operation: .ping)
        case .administer, nil: throw .invalid("the call names no operation of a host that this fleet knows")
        default: return try change(Self.change(call.operation), call, host)
        }
    }

    private static func change(_ operation: WireFleetCall.OneOf_Operation?) throws(CommandFailure) -> FleetChange {
        switch operation {
        case .create(let create): return .create(try definition(create))
        case .lifecycle(let lifecycle): return try change(lifecycle)
        case .resize(let resize): return try change(resize)
        case .migrate(let migrate): return try change(migrate)
        case .abortMigration(let abort): return .abortMigration(try domain(abort.domainUuid))
        case .cap(let cap): return try change(cap)
        case .snapshot(let snapshot):
            let domain = try domain(snapshot.domainUuid)
            if snapshot.deletes { return .deleteSnapshot(domain, name: snapshot.name) }
            return snapshot.reverts
                ? .revert(domain, name: snapshot.name) : .snapshot(domain, name: snapshot.name)
        case .label(let label):
            guard let tenant = TenantID(label.tenantID) else { throw .invalid("tenant_id is not a valid name") }
            return .label(try domain(label.domainUuid), name: label.name, tenant: tenant)
        case .redefine(let redefine):
            do {
                return .redefine(try FleetJSON.decode(FleetDomainDefinition.self, from: redefine.json))
            } catch {
                throw .invalid("definition: \(error)")
            }
        case .prepare(let prepare):
            return .prepare(
                try domain(prepare.domainUuid),
                maximumVCPUs: prepare.vcpusMaximum == 0 ? nil : Int(prepare.vcpusMaximum),
                maximumMemory: prepare.memoryMaximumBytes == 0 ? nil : try bytes(prepare.memoryMaximumBytes))
        default: throw .invalid("the call names no change that this fleet knows")
        }
    }

    private static func change(_ cap: WireFleetCap) throws(CommandFailure) -> FleetChange {
        let domain = try domain(cap.domainUuid)
        switch cap.cap {
        case .cpuPpm(let ppm): return .cap(domain, .cpu(ppm: Int64(clamping: ppm)))
        case .networkBytesPerSecond(let rate): return .cap(domain, .network(bytesPerSecond: Int64(clamping: rate)))
        case nil: throw .invalid("the call names no cap that this fleet knows")
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

    private static func definition(_ create: WireFleetCreate) throws(CommandFailure) -> FleetDomainDefinition {
        let tenant = TenantID(create.tenantID)
        guard tenant != nil || create.tenantID.isEmpty else { throw .invalid("tenant_id is not a valid name") }
        return FleetDomainDefinition(
            id: try domain(create.domainUuid), name: create.name, tenant: tenant,
            maximumVCPUs: Int(create.vcpusMaximum), vcpus: Int(create.vcpus), memory: try bytes(create.memoryBytes),
            maximumMemory: create.memoryMaximumBytes == 0 ? nil : try bytes(create.memoryMaximumBytes),
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
        let bandwidth = migrate.bandwidthBytesPerSecond
        return .migrate(
            try domain(migrate.domainUuid), to: target, targetEpoch: migrate.targetEpoch,
            bandwidth: bandwidth == 0 ? nil : Int64(clamping: bandwidth))
    }

    private static func domain(_ uuid: Data) throws(CommandFailure) -> DomainID {
        guard let uuid = UUID128(bytes: uuid) else {
            throw .invalid("domain_uuid must have 16 bytes, not \(uuid.count)")
        }
        return DomainID(uuid)
    }

    private static func bytes(_ count: UInt64) throws(CommandFailure) -> ByteCount {
        guard let bytes = ByteCount(exactly: count) else {
            throw .invalid("\(count) bytes are more than the \(ByteCount.limit) that anything may have")
        }
        return bytes
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
        if let uuid = answer.host.uuid { wire.host.uuid = Data(uuid.bytes) }
        wire.domains = answer.domains.map(Self.wire)
        return wire
    }

    private static func wire(_ domain: SimulatedDomainReading) -> WireFleetDomain {
        var wire = WireFleetDomain()
        wire.uuid = Data(domain.definition.id.uuid.bytes)
        wire.name = domain.definition.name
        wire.tenantID = domain.definition.tenant?.name ?? ""
        wire.state = domain.state.rawValue
        wire.stateReason = domain.stateReason?.rawValue ?? ""
        wire.vcpusMaximum = UInt32(clamping: domain.definition.maximumVCPUs)
        wire.vcpusGranted = UInt32(clamping: domain.grantedVCPUs)
        wire.memoryMaximumBytes = UInt64(clamping: domain.definition.memoryCeiling.bytes)
        wire.memoryAllocatedBytes = UInt64(clamping: domain.memory.bytes)
        wire.diskBytes = UInt64(clamping: domain.definition.disk.bytes)
        wire.sizeEffectiveNs = domain.effectiveAt.nanoseconds
        wire.cpuCapPpm = UInt64(clamping: domain.cpuCapPPM)
        wire.networkCapBytesPerSecond = UInt64(clamping: domain.networkCapBytesPerSecond)
        guard let life = domain.life else { return wire }
        wire.hypervisorID = life.hypervisorID
        wire.incarnationStartNs = life.start.nanoseconds
        guard !domain.hidesStatistics else {
            wire.countersUnknown = true
            return wire
        }
        if let confirmed = life.confirmedVCPUs { wire.vcpusConfirmed = UInt32(clamping: confirmed) }
        wire.memoryUsedBytes = UInt64(clamping: life.memoryUsed.bytes)
        wire.cpuTimeNs = UInt64(clamping: life.counters.cpuTimeNanoseconds ?? 0)
        wire.stealTimeNs = UInt64(clamping: life.counters.stealTimeNanoseconds ?? 0)
        wire.networkReceivedBytes = UInt64(clamping: life.counters.networkReceivedBytes ?? 0)
        wire.networkTransmittedBytes = UInt64(clamping: life.counters.networkTransmittedBytes ?? 0)
        wire.blockReadBytes = UInt64(clamping: life.counters.blockReadBytes ?? 0)
        wire.blockWrittenBytes = UInt64(clamping: life.counters.blockWrittenBytes ?? 0)
        wire.swapInBytes = UInt64(clamping: life.counters.swapInBytes ?? 0)
        wire.majorFaults = UInt64(clamping: life.counters.majorFaults ?? 0)
        wire.vcpuTimeNs = life.vcpuTimeNanoseconds.map { UInt64(clamping: $0) }
        return wire
    }
}
