// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Contracts
internal import ResourceModel

/// What checks need to know, and what people want to know about a guest.
extension LibvirtConnection {
    /// Whether CPU caps work here, and why not: tried with any domain that runs; `nil` if none does.
    func cpuCap() -> (isPossible: Bool?, obstacle: String?) {
        guard driver == .qemu || driver == .xen else { return (false, "driver \(driverName) has no CPU cap") }
        guard let list = try? handle.domains() else { return (nil, nil) }
        for index in 0..<list.count {
            guard let domain = list.handle(at: index), (try? domain.isActive()) == true else { continue }
            do throws(HypervisorError) {
                let obstacle = try obstacleToCPUCap(domain)
                return (obstacle == nil, obstacle)
            } catch {
                return (nil, nil)
            }
        }
        return (nil, nil)
    }

    func examine() throws(HypervisorError) -> HostExamination {
        let capabilities = try capabilities()
        let pools = (try? handle.pools()) ?? []
        let isEncrypted = try handle.isEncrypted()
        let name = try handle.hostName()
        return HostExamination(
            capabilities: capabilities, hostName: ResolvedName(name: name, addresses: []),
            cpuCapObstacle: cpuCap().obstacle, isEncrypted: isEncrypted, cpu: try host?.comparedCPU?.xml(),
            cpuModel: host?.cpuModel, migrationTransports: host?.migrationTransports ?? [], storagePools: pools,
            networks: (try? handle.networks()) ?? [],
            problems: problems(capabilities, name: name, pools: pools, isEncrypted: isEncrypted))
    }

    private func problems(
        _ capabilities: HypervisorCapabilities, name: String, pools: [HostExamination.StoragePool], isEncrypted: Bool
    ) -> [String] {
        var problems: [String] = []
        // Xen's driver shows none and needs none.
        if capabilities.hostUUID == nil, driver != .xen {
            problems.append("the host shows no UUID: set host_uuid in libvirtd.conf, or it can't be a migration's end")
        }
        if !capabilities.canMigrate { problems.append("driver \(driverName) can't migrate a running domain") }
        if name.isEmpty || name.hasPrefix("localhost") {
            problems.append("the host calls itself '\(name)': give it a name that the other hosts can resolve")
        }
        if driver == .qemu, !hasHardwareVirtualization {
            problems.append("guests are emulated: the CPU offers no virtualisation, or the kvm module is missing")
        }
        if !pools.contains(where: \.isActive) {
            problems.append("no storage pool is active: without one no disk can be made; define and start one")
        }
        if !isEncrypted {
            problems.append("the connection is not encrypted: use +tls or +ssh unless the network is private")
        }
        return problems
    }

    /// Where a file can be made for its time stamp: this folder lies on the host itself, never on a file server, whose
    /// clock would show in the time stamp.
    static let clockFolder = "/run/libvirt"

    /// What the host's clock says: the time stamp of an empty file that is made for it and removed at once.
    func clock(in folder: String = clockFolder) throws(HypervisorError) -> Timestamp {
        let pool = try pool(over: folder)
        var generator = SystemRandomNumberGenerator()
        let name = "ebb-clock-\(UUID128.random(using: &generator))"
        let volume = try pool.create(VolumeDefinition(name: name, bytes: 0, format: "raw").xml())
        let text = Result { () throws(HypervisorError) in try volume.xml() }
        try volume.delete()
        guard let stamp = DefinedVolume(xml: try text.get())?.modifiedAt else {
            throw HypervisorError(
                .unsupported, operation: "clock", message: "driver \(driverName) shows no time stamps of files")
        }
        return stamp
    }

    /// Whether guests of the host that has this CPU can go on here. Emulated ones don't see a host's CPU.
    func accepts(cpu: String) throws(HypervisorError) -> Bool {
        if driver == .qemu, !hasHardwareVirtualization { return true }
        return try handle.accepts(cpu: cpu)
    }

    func examine(_ identifier: DomainID) throws(HypervisorError) -> DomainExamination {
        let domain = try handle.domain(identifier)
        let definition = try freshDefinition(of: domain)
        let isActive = try domain.isActive()
        let facts = DomainFacts(
            definition: definition, isActive: isActive, isQEMU: driver == .qemu,
            isEmulated: driver == .qemu && definition.type == "qemu", canMigrate: host?.canMigrateLive ?? false,
            driverName: driverName, snapshotCount: (try? domain.snapshots().count) ?? 0)
        let pools = definition.diskFiles.compactMap { poolName(of: $0) }
        var cap = facts.whileRunning
        if isActive, let obstacle = try obstacleToCPUCap(domain) { cap.append(obstacle) }
        var examination = facts.examination(cpuCap: cap)
        examination.needs = DomainNeeds(
            pools: Set(pools + definition.diskPools).sorted(), networks: Set(definition.networks).sorted(),
            usesHostCPU: definition.usesHostCPU && !facts.isEmulated)
        examination.isActive = isActive
        examination.movesOff = .init(missing: facts.movementWhileOff)
        return examination
    }

    /// The pool that holds a file of the host; `nil` if no known pool does.
    private func poolName(of file: String) -> String? {
        attempt("pool of a disk") { () throws(HypervisorError) -> String? in
            guard let volume = handle.volume(at: file) else { return nil }
            return try volume.poolName()
        } ?? nil
    }

    /// From the agent if there is one, else from the host's networks.
    func addresses(of identifier: DomainID, agentSeconds: Int) throws(HypervisorError) -> [GuestAddress] {
        let domain = try handle.domain(identifier)
        let definition = try freshDefinition(of: domain)
        if driver == .qemu, definition.isAgentConnected {
            domain.limitAgentResponse(seconds: Int32(clamping: agentSeconds))
            if let reported = try? domain.addresses(VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, as: .agent) {
                return reported.filter { $0.interface != "lo" }
            }
        }
        let leased = attempt("leases") { () throws(HypervisorError) in
            try domain.addresses(VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, as: .lease)
        }
        if let leased, !leased.isEmpty { return leased }
        return attempt("neighbours") { () throws(HypervisorError) in
            try domain.addresses(VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP, as: .neighbour)
        } ?? []
    }

    /// `nil` if no migration is under way.
    func migrationProgress(of identifier: DomainID) throws(HypervisorError) -> MigrationProgress? {
        guard let job = try job(of: handle.domain(identifier)),
            job[VIR_DOMAIN_JOB_OPERATION].map({ $0 == Int64(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT.rawValue) }) ?? true
        else { return nil }
        return MigrationProgress(
            elapsedMilliseconds: job[VIR_DOMAIN_JOB_TIME_ELAPSED] ?? 0,
            transferred: ByteCount(clamping: job[VIR_DOMAIN_JOB_DATA_PROCESSED] ?? 0),
            remaining: ByteCount(clamping: job[VIR_DOMAIN_JOB_DATA_REMAINING] ?? 0),
            downtimeMilliseconds: job[VIR_DOMAIN_JOB_DOWNTIME], iteration: job[VIR_DOMAIN_JOB_MEMORY_ITERATION])
    }

    /// `nil` also if the driver has no such jobs.
    private func job(of domain: borrowing DomainHandle) throws(HypervisorError) -> [String: Int64]? {
        do {
            return try domain.job()
        } catch {
            guard error.code == .unsupported else { throw error }
            return nil
        }
    }

    func abortMigration(of identifier: DomainID) throws(HypervisorError) -> DomainReading {
        let domain = try handle.domain(identifier)
        if try job(of: domain) != nil {
            do throws(HypervisorError) {
                try domain.abortJob()
            } catch {
                // The job may have ended meanwhile.
                guard let job = try? domain.job(), !job.isEmpty else { return try reading(of: domain) }
                throw error
            }
        }
        return try reading(of: domain)
    }
}

/// The facts that decide what a domain can do live. Pure.
struct DomainFacts: Sendable {
    let definition: DefinedDomain
    let isActive: Bool
    let isQEMU: Bool
    let isEmulated: Bool
    let canMigrate: Bool
    let driverName: String
    var snapshotCount = 0

    /// What is missing for every change of a running domain.
    var whileRunning: [String] { isActive ? [] : ["the domain is off: start it"] }

    /// - Parameter cpuCap: what is missing for that; only the host can tell.
    func examination(cpuCap: [String]) -> DomainExamination {
        DomainExamination(
            growsVCPUs: .init(missing: whileRunning + growth), shrinksVCPUs: .init(missing: whileRunning + shrinkage),
            resizesMemory: .init(missing: whileRunning + memory), movesLive: .init(missing: whileRunning + movement),
            capsCPU: .init(missing: cpuCap),
            capsNetwork: .init(missing: whileRunning + network),
            confirmsSizes: .init(missing: whileRunning + agent))
    }

    private var network: [String] {
        guard driverName.lowercased() != "xen" else { return ["driver \(driverName) has no network cap"] }
        return definition.interfaces.isEmpty && isActive ? ["it has no network interface"] : []
    }

    private var growth: [String] {
        var missing: [String] = []
        if definition.maximumVCPUs <= 1 || definition.fixedVCPUs.count + 1 >= definition.maximumVCPUs.count {
            missing.append(
                "it starts with all of its \(definition.maximumVCPUs) vCPUs: prepare it for more and boot it anew")
        }
        if isQEMU, definition.features?.acpi == nil {
            missing.append("its definition has no <acpi/>: without it the guest does not notice a plugged vCPU")
        }
        return missing
    }

    private var shrinkage: [String] {
        var missing: [String] = []
        if isQEMU, !definition.fixedVCPUs.isEmpty {
            missing.append("vCPUs that it starts with are fixed: prepare it and boot it anew")
        }
        if isEmulated { missing += agent }
        return missing
    }

    private var memory: [String] {
        guard isQEMU else { return [] }
        var missing: [String] = []
        if !definition.hasBalloon {
            missing.append("it has no memory balloon: add <memballoon model='virtio'/> and boot it anew")
        }
        if definition.isInHugePages {
            missing.append("its memory is in huge pages, of which the host gets nothing back: boot it without them")
        }
        return missing
    }

    private var movement: [String] {
        var missing: [String] = []
        if !canMigrate { missing.append("driver \(driverName) can't migrate a running domain") }
        if definition.hostDeviceCount > 0 {
            missing.append("it holds \(definition.hostDeviceCount) devices of the host: detach them")
        }
        if definition.isMemoryEncrypted {
            missing.append("its memory is encrypted for this host alone: without <launchSecurity/> it could move")
        }
        if isQEMU, snapshotCount > 0 {
            missing.append("libvirt moves no domain that has snapshots: delete its \(snapshotCount)")
        }
        if isQEMU, !definition.bypassesPageCache {
            missing.append("a disk goes through the host's page cache: set cache='none'")
        }
        return missing
    }

    /// What is missing for a move of its definition alone, while it is off; its disk stays where it is.
    var movementWhileOff: [String] {
        var missing: [String] = []
        if !canMigrate { missing.append("driver \(driverName) can't migrate a domain") }
        if isQEMU, snapshotCount > 0 {
            missing.append("libvirt moves no domain that has snapshots: delete its \(snapshotCount)")
        }
        return missing
    }

    private var agent: [String] {
        guard isQEMU else { return [] }
        if definition.isAgentConnected { return [] }
        return [
            definition.hasAgentChannel
                ? "its guest agent does not answer: install and start qemu-guest-agent in the guest"
                : "its definition has no channel for a guest agent: prepare it and boot it anew"
        ]
    }
}
