// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Execution
internal import ResourceModel
internal import Synchronization

/// One cycle's raw figures, before the guests' confirmed vCPUs are known.
struct CollectedHost: Sendable {
    var reading: HostReading
    /// The hypervisor itself says which vCPUs are online, so no guest needs to confirm it.
    var statesAreAuthoritative: Bool
}

/// One attempt to collect a sample, which may hang at one domain.
final class SampleAttempt: Sendable {
    /// Domains that are left out: their figures held up an earlier attempt.
    let skipped: Set<DomainID>
    /// What earlier attempts have read.
    let pass: SamplePass
    let steps: StepCount
    private let current = Mutex<DomainID?>(nil)

    init(skipping skipped: Set<DomainID>, pass: SamplePass, steps: StepCount) {
        self.skipped = skipped
        self.pass = pass
        self.steps = steps
    }

    /// The domain that is being asked about alone; `nil` if none is.
    var asked: DomainID? { current.withLock { $0 } }

    func ask(about domain: DomainID?) { current.withLock { $0 = domain } }
}

/// What was read of a host's domains that are asked for one by one, so that a new attempt, on a new connection for
/// instance, goes on from here.
final class SamplePass: Sendable {
    private let read = Mutex<[DomainID: DomainStatistics]>([:])

    /// How many domains were read.
    var count: Int { read.withLock { $0.count } }

    func add(_ statistics: DomainStatistics) { read.withLock { $0[statistics.identity.domain] = statistics } }

    /// The statistics that were read in this life of a domain.
    func statistics(of identity: DomainIdentity) -> DomainStatistics? {
        read.withLock { read in read[identity.domain].flatMap { $0.identity == identity ? $0 : nil } }
    }
}

extension LibvirtConnection {
    /// Goes on with a sample; `nil` if there was not enough time to read all domains that are asked for one by one.
    func sample(_ progress: SampleAttempt) throws(HypervisorError) -> CollectedHost? {
        let waiting = memoryInHugePages()
        var size = try handle.hostSize()
        size.memory = size.memory.less(waiting)
        progress.steps.count()
        guard let statistics = try hasBulkStatistics ? bulkStatistics(progress) : statisticsOneByOne(progress) else {
            return nil
        }
        let now = monotonicNanoseconds()
        let saved = Set(
            attempt("managed save list") { () throws(HypervisorError) in
                try handle.domains(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE).identities().map(\.domain)
            } ?? [])
        cache.forget(except: Set(statistics.map(\.identity.domain)))
        let control = driver == .xen ? statistics.first { $0.identity.hypervisorID == 0 } : nil
        let incoming = self.incoming(statistics)
        let guests = statistics.filter { $0.identity != control?.identity && !incoming.contains($0.identity.domain) }
        let readings = guests.map { statistics in
            self.reading(
                statistics, cache.known(statistics.identity), isSaved: saved.contains(statistics.identity.domain))
        }
        let reading = HostReading(
            readAt: nil, monotonicNanoseconds: now, cpuCount: size.cpuCount, memory: size.memory,
            cpuTimeNanoseconds: attempt("virNodeGetCPUStats") { () throws(HypervisorError) in
                try handle.hostCPUTimeNanoseconds()
            },
            controlDomainCPUTimeNanoseconds: control?["cpu.time"],
            memoryUsed: memoryUsed(of: size.memory, besides: waiting),
            domains: readings.sorted { $0.domain < $1.domain })
        return CollectedHost(reading: reading, statesAreAuthoritative: statesAreAuthoritative)
    }

    private func bulkStatistics(_ progress: SampleAttempt) throws(HypervisorError) -> [DomainStatistics] {
        let statistics = try handle.bulkStatistics()
        progress.steps.count()
        try readDefinitions(of: statistics.map(\.identity), progress.steps)
        return statistics
    }

    /// Domains that are the target's halves of migrations still under way; they are not persistent yet.
    private func incoming(_ statistics: [DomainStatistics]) -> Set<DomainID> {
        let candidates = Set(
            statistics.lazy.filter { $0.mayBeIncoming(isXen: self.driver == .xen) }.map(\.identity.domain))
        guard !candidates.isEmpty else { return [] }
        let transient = attempt("transient list") { () throws(HypervisorError) in
            try handle.domains(VIR_CONNECT_LIST_DOMAINS_TRANSIENT).identities().map(\.domain)
        }
        return candidates.intersection(transient ?? [])
    }

    /// Every domain but a control domain, with its definition.
    func inventory() throws(HypervisorError) -> [DomainDescription] {
        let list = try handle.domains()
        var descriptions: [DomainDescription] = []
        for index in 0..<list.count {
            guard let domain = list.handle(at: index) else { continue }
            do throws(HypervisorError) {
                if let description = try describe(domain) { descriptions.append(description) }
            } catch {
                // A domain that goes away meanwhile is not part of the inventory; a domain that can't be read is.
                guard error.code == .noSuchDomain else { throw error }
            }
        }
        return descriptions.sorted { $0.domain < $1.domain }
    }

    /// One domain with its definition as it is now; `nil` if it is not there, or is a control domain.
    func describe(_ identifier: DomainID) throws(HypervisorError) -> DomainDescription? {
        do throws(HypervisorError) {
            return try describe(try handle.domain(identifier))
        } catch {
            guard error.code == .noSuchDomain else { throw error }
            return nil
        }
    }

    /// The reading of one domain, from everything that its driver offers.
    func reading(of domain: borrowing DomainHandle) throws(HypervisorError) -> DomainReading {
        let identity = try domain.identity()
        let isSaved = (try? domain.isSaved()) ?? false
        if hasBulkStatistics, let statistics = try handle.statistics(of: domain) {
            return self.reading(statistics, known(domain, identity), isSaved: isSaved)
        }
        let statistics = try individualStatistics(of: domain, identity, known(domain, identity)?.definition)
        return self.reading(statistics, known(domain, identity), isSaved: isSaved)
    }

    private func reading(_ statistics: DomainStatistics, _ known: Known?, isSaved: Bool) -> DomainReading {
        var reading = DomainReading(statistics, current(known, statistics), isSaved: isSaved)
        if statesAreAuthoritative, reading.state.isActive {
            reading.confirmedVCPUs = statistics.onlineVCPUs.map { VCPUCount(clamping: max(1, $0)) }
        }
        return reading
    }

    /// What is known of a domain; read again if the statistics show devices that are missing in it, since a driver may
    /// not report that a device was plugged.
    private func current(_ known: Known?, _ statistics: DomainStatistics) -> Known? {
        guard let known else { return nil }
        let strange = statistics.unexpectedDevices(beside: known.definition)
        guard !strange.isSubset(of: known.strangeDevices) else { return known }
        forgetDefinition(of: statistics.identity.domain)
        guard let domain = try? handle.domain(statistics.identity.domain),
            let fresh = self.known(domain, statistics.identity)
        else { return known }
        return remember(fresh, strangeDevices: statistics.unexpectedDevices(beside: fresh.definition), of: statistics)
    }

    private func describe(_ domain: borrowing DomainHandle) throws(HypervisorError) -> DomainDescription? {
        let identity = try domain.identity()
        if driver == .xen, identity.hypervisorID == 0 { return nil }
        let definition: DefinedDomain
        do throws(HypervisorError) {
            definition = try freshDefinition(of: domain)
        } catch {
            guard error.code == .refused else { throw error }
            let reading = try reading(of: domain)
            return DomainDescription(
                domain: identity.domain, name: identity.name, state: reading.state, tenant: nil,
                maximumVCPUs: reading.maximumVCPUs ?? reading.grantedVCPUs ?? 1,
                maximumMemory: reading.memory?.maximum ?? .zero, disk: nil, obstacle: error.message)
        }
        // From now on the changes that others made since are known.
        remember(definition, of: domain, identity)
        let reading = try reading(of: domain)
        let capacities = definition.disks.map { disk in
            attempt("virDomainGetBlockInfo") { () throws(HypervisorError) in try domain.blockCapacity(disk) }
        }
        let disk = capacities.reduce(Optional(Int64(0))) { sum, capacity in
            sum.flatMap { sum in capacity.map { sum.addedOrClamped($0) } }
        }
        return DomainDescription(
            domain: identity.domain, name: definition.displayName, state: reading.state, tenant: definition.tenant,
            maximumVCPUs: definition.maximumVCPUs, maximumMemory: definition.maximumMemory,
            disk: disk.flatMap { ByteCount(exactly: $0) }, manager: definition.manager)
    }

    /// Memory in pools of huge pages: ordinary guests can't use it, and the kernel counts it as used.
    private func memoryInHugePages() -> ByteCount {
        guard let sizes = host?.hugePageSizes, !sizes.isEmpty else { return .zero }
        return attempt("virNodeGetFreePages") { () throws(HypervisorError) in try handle.freeHugePages(sizes) } ?? .zero
    }

    private func memoryUsed(of memory: ByteCount, besides waiting: ByteCount) -> ByteCount? {
        if let used = attempt("virNodeGetMemoryStats", { () throws(HypervisorError) in try handle.hostMemoryUsed() }) {
            return used.less(waiting)
        }
        return attempt("virNodeGetFreeMemory") { () throws(HypervisorError) in try handle.hostMemoryFree() }
            .flatMap { $0 <= memory ? ByteCount(clamping: memory.bytes - $0.bytes) : nil }
    }
}

/// For drivers without the bulk call: the same figures by single ones.
extension LibvirtConnection {
    /// Reads the rest of this pass while there is time; `nil` if some domains are still left.
    private func statisticsOneByOne(_ progress: SampleAttempt) throws(HypervisorError) -> [DomainStatistics]? {
        defer { progress.ask(about: nil) }
        let list = try handle.domains()
        progress.steps.count()
        let identities = list.identities()
        guard identities.count == list.count else { throw .last("virConnectListAllDomains") }
        try readDefinitions(of: list, identities, progress.steps)
        let end = monotonicNanoseconds() + limits.sliceTime.wholeNanoseconds
        for (index, identity) in identities.enumerated() where progress.pass.statistics(of: identity) == nil {
            guard monotonicNanoseconds() < end else { return nil }
            guard !progress.skipped.contains(identity.domain) else {
                progress.pass.add(DomainStatistics(identity: identity, values: [:]))
                continue
            }
            if identity.hypervisorID == nil {
                // The listing says that it is off; its definition, once it is read, says everything else.
                progress.pass.add(DomainStatistics(off: identity, cache.known(identity)?.definition))
                continue
            }
            guard let domain = list.handle(at: index) else { continue }
            progress.ask(about: identity.domain)
            try read(domain, identity, progress)
            progress.steps.count()
        }
        return identities.compactMap { progress.pass.statistics(of: $0) }
    }

    private func read(
        _ domain: borrowing DomainHandle, _ identity: DomainIdentity, _ progress: SampleAttempt
    ) throws(HypervisorError) {
        do throws(HypervisorError) {
            progress.pass.add(try individualStatistics(of: domain, identity, cache.known(identity)?.definition))
        } catch {
            // A domain that went away meanwhile is not a fault of the host; a lost connection is. A domain that can't
            // be read is still there.
            guard handle.isAlive() else { throw error }
            if error.code != .noSuchDomain { progress.pass.add(DomainStatistics(identity: identity, values: [:])) }
        }
    }

    /// - Parameter definition: `nil` if it is not known: then nothing of its devices is read.
    private func individualStatistics(
        of domain: borrowing DomainHandle, _ identity: DomainIdentity, _ definition: DefinedDomain?
    ) throws(HypervisorError) -> DomainStatistics {
        var statistics = DomainStatistics(identity: identity, values: [:])
        let information = try domain.information()
        statistics.values = [
            "state.state": information.state, "cpu.time": information.cpuTimeNanoseconds,
            "vcpu.current": information.vcpus, "balloon.maximum": information.maximumKibibytes,
            "balloon.current": information.currentKibibytes,
        ]
        // Each call is a round trip to the host, and the reason matters only of one that should run and does not.
        let stands = [VIR_DOMAIN_PAUSED, VIR_DOMAIN_CRASHED].map { Int64($0.rawValue) }
        if stands.contains(information.state) {
            statistics.values["state.reason"] = try domain.state().reason
        }
        let defined = definition?.maximumVCPUs.count
        // The ceiling of a running domain stays as its definition had it when the domain started.
        var maximum = identity.hypervisorID == nil ? nil : defined
        if maximum == nil {
            maximum = attempt("virDomainGetVcpusFlags") { () throws(HypervisorError) in
                try domain.vcpuCount(VIR_DOMAIN_VCPU_MAXIMUM)
            }
        }
        statistics.values["vcpu.maximum"] = (maximum ?? defined).map(Int64.init)
        guard identity.hypervisorID != nil else { return statistics }
        addVCPUs(of: domain, limit: maximum ?? Int(information.vcpus), to: &statistics)
        addMemory(of: domain, to: &statistics)
        if let definition { addDevices(of: domain, definition, to: &statistics) }
        return statistics
    }

    private func addVCPUs(of domain: borrowing DomainHandle, limit: Int, to statistics: inout DomainStatistics) {
        let vcpus = attempt("virDomainGetVcpus") { () throws(HypervisorError) in try domain.vcpus(limit: limit) }
        for vcpu in vcpus ?? [] {
            statistics.values["vcpu.\(vcpu.number).time"] = vcpu.timeNanoseconds
            statistics.values["vcpu.\(vcpu.number).state"] = vcpu.state
        }
    }

    private func addMemory(of domain: borrowing DomainHandle, to statistics: inout DomainStatistics) {
        let names: [(virDomainMemoryStatTags, String)] = [
            (VIR_DOMAIN_MEMORY_STAT_AVAILABLE, "available"), (VIR_DOMAIN_MEMORY_STAT_USABLE, "usable"),
            (VIR_DOMAIN_MEMORY_STAT_UNUSED, "unused"), (VIR_DOMAIN_MEMORY_STAT_DISK_CACHES, "disk_caches"),
            (VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE, "last-update"), (VIR_DOMAIN_MEMORY_STAT_SWAP_IN, "swap_in"),
            (VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT, "major_fault"),
        ]
        let values = attempt("virDomainMemoryStats") { () throws(HypervisorError) in try domain.memoryStatistics() }
        for (tag, name) in names {
            statistics.values["balloon.\(name)"] = values?[Int32(tag.rawValue)]
        }
    }

    private func addDevices(
        of domain: borrowing DomainHandle, _ definition: DefinedDomain, to statistics: inout DomainStatistics
    ) {
        statistics.values["net.count"] = Int64(definition.interfaces.count)
        for (index, device) in definition.interfaces.enumerated() {
            statistics.names["net.\(index).name"] = device
            let bytes = attempt("virDomainInterfaceStats") { () throws(HypervisorError) in
                try domain.interfaceBytes(device)
            }
            statistics.values["net.\(index).rx.bytes"] = bytes?.received
            statistics.values["net.\(index).tx.bytes"] = bytes?.transmitted
        }
        statistics.values["block.count"] = Int64(definition.disks.count)
        for (index, device) in definition.disks.enumerated() {
            statistics.names["block.\(index).name"] = device
            let bytes = attempt("virDomainBlockStats") { () throws(HypervisorError) in try domain.blockBytes(device) }
            statistics.values["block.\(index).rd.bytes"] = bytes?.read
            statistics.values["block.\(index).wr.bytes"] = bytes?.written
            statistics.values["block.\(index).capacity"] = attempt("virDomainGetBlockInfo") {
                () throws(HypervisorError) in try domain.blockCapacity(device)
            }
        }
    }
}

extension ByteCount {
    /// What is left without `part`; the whole amount if the part is not smaller, since then one of the two figures is
    /// wrong.
    fileprivate func less(_ part: ByteCount) -> ByteCount { part < self ? subtractingClamped(part) : self }
}
