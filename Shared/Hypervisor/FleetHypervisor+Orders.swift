// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import FoundationEssentials
internal import Messages
package import ResourceModel

/// Everything that is done to a domain beside its life and its vCPUs.
extension FleetHypervisor {
    package func resize(
        _ domain: DomainID, memory: ByteCount, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        guard memory > .zero else {
            throw HypervisorError(.invalid, operation: "resize", message: "domain \(domain) needs memory")
        }
        var resize = WireFleetResize()
        resize.domainUuid = domain.wire
        resize.memoryBytes = UInt64(memory.bytes)
        return try await change(.resize(resize), "resize", call)
    }

    package func cap(
        _ domain: DomainID, _ cap: DomainCap, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        var wire = WireFleetCap()
        wire.domainUuid = domain.wire
        switch cap {
        case .cpu(let ppm): wire.cpuPpm = UInt64(clamping: ppm)
        case .network(let bytesPerSecond): wire.networkBytesPerSecond = UInt64(clamping: bytesPerSecond)
        }
        return try await change(.cap(wire), "cap", call)
    }

    package func abortMigration(
        of domain: DomainID, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        var abort = WireFleetAbortMigration()
        abort.domainUuid = domain.wire
        return try await change(.abortMigration(abort), "abort", call)
    }

    package func snapshot(
        _ domain: DomainID, name: String, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await change(.snapshot(snapshot(domain, name)), "snapshot", call)
    }

    package func revert(
        _ domain: DomainID, to name: String, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        var snapshot = snapshot(domain, name)
        snapshot.reverts = true
        return try await change(.snapshot(snapshot), "revert", call)
    }

    package func deleteSnapshot(
        of domain: DomainID, name: String, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        var snapshot = snapshot(domain, name)
        snapshot.deletes = true
        return try await change(.snapshot(snapshot), "delete-snapshot", call)
    }

    private func snapshot(_ domain: DomainID, _ name: String) -> WireFleetSnapshot {
        var snapshot = WireFleetSnapshot()
        snapshot.domainUuid = domain.wire
        snapshot.name = name
        return snapshot
    }

    /// A simulated disk has only a size, and stays behind only if a scripted fault says so.
    package func delete(
        _ domain: DomainID, volumes: [String], _ call: MutatingCall
    ) async throws(HypervisorError) -> Removal {
        let effectiveAt: Timestamp?
        do {
            effectiveAt = try await perform(.undefine, on: domain, call).effectiveAt
        } catch {
            guard error.code == .noSuchDomain else { throw error }
            effectiveAt = nil
        }
        let reason = try await reasonOfLeftDisk(domain)
        let left = volumes.filter { _ in reason != nil }
        return Removal(effectiveAt: effectiveAt, remains: left.map { .init(volume: $0, reason: reason ?? "") })
    }

    package func volumes(of domain: DomainID, keepsDisk: Bool) async throws(HypervisorError) -> [String] {
        keepsDisk ? [] : [Self.disk(of: domain)]
    }

    package func remaining(_ volumes: [String]) async throws(HypervisorError) -> [String] {
        var left: [String] = []
        for volume in volumes {
            guard let domain = DomainID(String(volume.split(separator: "/").last?.prefix(36) ?? "")) else { continue }
            if try await reasonOfLeftDisk(domain) != nil { left.append(volume) }
        }
        return left
    }

    private static func disk(of domain: DomainID) -> String { "/fleet/\(domain).disk" }

    private func reasonOfLeftDisk(_ domain: DomainID) async throws(HypervisorError) -> String? {
        struct Left: Decodable { let left_disk: String? }
        do {
            return try Self.decode(Left.self, from: try await inspect(domain).json).left_disk
        } catch {
            guard error.code == .noSuchDomain else { throw error }
            return nil
        }
    }

    /// Only Ebb changes a simulated definition: every difference from the definition at the adoption is Ebb's.
    package func release(
        _ domain: DomainID, _ own: OwnParts, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        if own.cpuCapPPM != nil {
            _ = try await cap(domain, .cpu(ppm: own.foundCPUCap.limitPPM ?? 0), call.following(.liftCPUCap))
        }
        if own.networkCapBytesPerSecond != nil {
            _ = try await cap(domain, .network(bytesPerSecond: 0), call.following(.liftNetworkCap))
        }
        let present = try await detail(of: domain).definition
        let former = try own.adoptedAs.map { text throws(HypervisorError) in
            try Self.decode(Definition.self, from: Data(text.utf8))
        }
        let definition = (former ?? present).released
        var redefine = WireFleetRedefine()
        do {
            redefine.json = try JSONEncoder().encode(definition)
        } catch {
            throw HypervisorError(.invalid, operation: "release", message: "it can't be written: \(error)")
        }
        return try await change(.redefine(redefine), "release", call)
    }

    package func label(
        _ domain: DomainID, _ label: DomainLabel, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        var wire = WireFleetLabel()
        wire.domainUuid = domain.wire
        wire.name = label.name
        wire.tenantID = label.tenant.name
        return try await change(.label(wire), "label", call)
    }

    package func prepare(
        _ domain: DomainID, for ceiling: DomainCeiling, _ call: MutatingCall
    ) async throws(HypervisorError) -> [DefinitionChange] {
        let changes = try await preparation(of: domain, for: ceiling)
        var prepare = WireFleetPrepare()
        prepare.domainUuid = domain.wire
        prepare.vcpusMaximum = UInt32(clamping: ceiling.maximumVCPUs?.count ?? 0)
        prepare.memoryMaximumBytes = UInt64(clamping: ceiling.maximumMemory?.bytes ?? 0)
        _ = try await change(.prepare(prepare), "prepare", call)
        return changes
    }
}

/// Questions.
extension FleetHypervisor {
    /// The part of an inspection's answer that is read here.
    private struct Detail: Decodable {
        struct Migration: Decodable {
            let elapsed_ms: Int64
            let transferred_bytes: ByteCount
            let remaining_bytes: ByteCount
        }
        struct Snapshot: Decodable {
            let name: String
            let created_ns: Timestamp
            let state: DomainState
            let vcpus: Int?
            let memory_bytes: ByteCount?
        }
        let definition: Definition
        let migration: Migration?
        let snapshots: [Snapshot]
        let current_snapshot: String?
        let boots: Int64
        let console: String
        let address: String?
    }

    private struct Definition: Codable {
        let id: DomainID
        let name: String
        let tenant: TenantID?
        let vcpus_maximum: Int
        let vcpus: Int
        let memory_bytes: ByteCount
        let memory_maximum_bytes: ByteCount?
        let disk_bytes: ByteCount

        /// The definition without Ebb's label.
        var released: Definition {
            Definition(
                id: id, name: name, tenant: nil, vcpus_maximum: vcpus_maximum, vcpus: vcpus, memory_bytes: memory_bytes,
                memory_maximum_bytes: memory_maximum_bytes, disk_bytes: disk_bytes)
        }
    }

    package func migrationProgress(of domain: DomainID) async throws(HypervisorError) -> MigrationProgress? {
        try await detail(of: domain).migration.map { migration in
            MigrationProgress(
                elapsedMilliseconds: migration.elapsed_ms, transferred: migration.transferred_bytes,
                remaining: migration.remaining_bytes, downtimeMilliseconds: nil)
        }
    }

    package func snapshots(of domain: DomainID) async throws(HypervisorError) -> [DomainSnapshot] {
        try await detail(of: domain).snapshots.map { snapshot in
            DomainSnapshot(
                name: snapshot.name, createdAt: snapshot.created_ns, state: snapshot.state,
                vcpus: snapshot.vcpus.map { VCPUCount(clamping: $0) }, memory: snapshot.memory_bytes)
        }
    }

    package func lifeMark(of domain: DomainID) async throws(HypervisorError) -> LifeMark {
        let answer = try await inspect(domain)
        let detail = try Self.decode(Detail.self, from: answer.json)
        let number = answer.domains.first?.hypervisorID ?? 0
        return LifeMark(
            hypervisorID: number > 0 ? number : nil, boot: detail.boots, snapshot: detail.current_snapshot)
    }

    package func console(
        of domain: DomainID, from offset: Int64, limit: Int
    ) async throws(HypervisorError) -> ConsoleOutput {
        let text = Array(try await detail(of: domain).console.utf8)
        let start = Int(offset < 0 ? max(0, Int64(text.count) + offset) : min(offset, Int64(text.count)))
        let part = text[start...].prefix(max(0, limit))
        return ConsoleOutput(
            offset: Int64(start), nextOffset: Int64(start + part.count), text: String(decoding: part, as: UTF8.self))
    }

    package func addresses(of domain: DomainID) async throws(HypervisorError) -> [GuestAddress] {
        try await detail(of: domain).address.map { address in
            [GuestAddress(interface: "eth0", macAddress: nil, address: address, source: .agent)]
        } ?? []
    }

    package func definition(of domain: DomainID) async throws(HypervisorError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let definition = try await detail(of: domain).definition
        do {
            return String(decoding: try encoder.encode(definition), as: UTF8.self)
        } catch {
            throw HypervisorError(.invalid, operation: "definition", message: "it can't be written: \(error)")
        }
    }

    package func preparation(
        of domain: DomainID, for ceiling: DomainCeiling
    ) async throws(HypervisorError) -> [DefinitionChange] {
        let definition = try await detail(of: domain).definition
        let memory = definition.memory_maximum_bytes ?? definition.memory_bytes
        var changes: [DefinitionChange] = []
        if let maximum = ceiling.maximumVCPUs, maximum.count > definition.vcpus_maximum {
            changes.append(
                DefinitionChange(what: "maximum vCPUs", before: "\(definition.vcpus_maximum)", after: "\(maximum)"))
        }
        if let maximum = ceiling.maximumMemory, maximum > memory {
            changes.append(DefinitionChange(what: "maximum memory", before: "\(memory)", after: "\(maximum)"))
        }
        return changes
    }

    package func look(at domain: DomainID) async throws(HypervisorError) -> DomainReading {
        var inventory = WireFleetInventory()
        inventory.domainUuid = domain.wire
        guard let found = try await read(.inventory(inventory), "look").domains.first else {
            throw HypervisorError(
                .noSuchDomain, operation: "look", message: "host \(address.host) has no domain \(domain)")
        }
        return try DomainReading(found, operation: "look")
    }

    package func examine(_ domain: DomainID) async throws(HypervisorError) -> DomainExamination {
        let reading = try await look(at: domain)
        let nothing = DomainExamination.Ability(
            missing: reading.state.isActive ? [] : ["the domain is off: start it"])
        var growth = nothing.missing
        if let granted = reading.grantedVCPUs, let maximum = reading.maximumVCPUs, granted >= maximum {
            growth.append("it has all of its \(maximum) vCPUs: prepare it for more and boot it anew")
        }
        let silent = reading.state.isActive && reading.confirmedVCPUs == nil
        var examination = DomainExamination(
            growsVCPUs: .init(missing: growth), shrinksVCPUs: nothing, resizesMemory: nothing, movesLive: nothing,
            capsCPU: nothing, capsNetwork: nothing,
            confirmsSizes: silent ? .init(missing: ["its guest agent does not answer: start it"]) : nothing,
            needs: DomainNeeds())
        examination.isActive = reading.state.isActive
        examination.movesOff = .init(missing: [])
        return examination
    }

    package func examine() async throws(HypervisorError) -> HostExamination {
        let capabilities = try await capabilities()
        return HostExamination(
            capabilities: capabilities, hostName: ResolvedName(name: address.host.name, addresses: []),
            isEncrypted: false, cpu: nil, cpuModel: nil, migrationTransports: ["fleet"], storagePools: [],
            networks: [], problems: [])
    }

    package func clock(mayWrite: Bool) async throws(HypervisorError) -> Timestamp {
        Timestamp(nanoseconds: try await read(.describe(WireFleetDescribe()), "clock").atNs)
    }

    /// All simulated hosts have the same CPU.
    package func accepts(cpu: String) async throws(HypervisorError) -> Bool { true }

    private func inspect(_ domain: DomainID) async throws(HypervisorError) -> WireFleetAnswer {
        var inspect = WireFleetInspect()
        inspect.domainUuid = domain.wire
        return try await read(.inspect(inspect), "inspect")
    }

    private func detail(of domain: DomainID) async throws(HypervisorError) -> Detail {
        try Self.decode(Detail.self, from: try await inspect(domain).json)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, from json: Data
    ) throws(HypervisorError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: json)
        } catch {
            throw HypervisorError(.invalid, operation: "inspect", message: "the fleet gave no valid detail: \(error)")
        }
    }
}

extension DomainID {
    fileprivate var wire: Data { Data(uuid.bytes) }
}
