// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel
internal import Synchronization

/// One cycle's raw figures, before it is known what the guests confirm.
struct CollectedHost: Sendable {
    var reading: HostReading
    /// The hypervisor itself says which vCPUs are online, so no guest needs to confirm it.
    var statesAreAuthoritative: Bool
}

/// One attempt to collect a sample, which may hang at one domain.
final class SampleAttempt: Sendable {
    /// Whose figures are not asked for: they held up an earlier attempt.
    let skipped: Set<DomainID>
    private let current = Mutex<DomainID?>(nil)

    init(skipping skipped: Set<DomainID>) { self.skipped = skipped }

    /// The domain that is being asked about alone; `nil` if none is.
    var asked: DomainID? { current.withLock { $0 } }

    func ask(about domain: DomainID?) { current.withLock { $0 = domain } }
}

extension LibvirtConnection {
    func sample(_ progress: SampleAttempt) throws(HypervisorError) -> CollectedHost {
        let waiting = memoryInHugePages()
        var size = try handle.hostSize()
        size.memory = size.memory.less(waiting)
        let statistics = try hasBulkStatistics ? handle.bulkStatistics() : statisticsOneByOne(progress)
        let now = monotonicNanoseconds()
        let saved = Set(
            attempt("managed save list") { () throws(HypervisorError) in
                try handle.domains(savedOnly: true).identities().map(\.domain)
            } ?? [])
        forgetDefinitions(except: Set(statistics.map(\.identity.domain)))
        let control = driver == .xen ? statistics.first { $0.identity.hypervisorID == 0 } : nil
        let guests = statistics.filter { $0.identity != control?.identity && !isIncoming($0) }
        let readings = guests.map { statistics in
            self.reading(
                statistics, known(statistics.identity), isSaved: saved.contains(statistics.identity.domain))
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

    /// Every domain but a control domain, with its definition.
    func inventory() throws(HypervisorError) -> [DomainDescription] {
        let list = try handle.domains()
        var descriptions: [DomainDescription] = []
        for index in 0..<list.count {
            guard let domain = list.handle(at: index) else { continue }
            do throws(HypervisorError) {
                if let description = try describe(domain) { descriptions.append(description) }
            } catch {
                // A domain that goes away meanwhile is none of the inventory; one that can't be read is.
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

    /// The reading of one domain, by all its driver has.
    func reading(of domain: borrowing DomainHandle) throws(HypervisorError) -> DomainReading {
        let identity = try domain.identity()
        let isSaved = (try? domain.isSaved()) ?? false
        if hasBulkStatistics, let statistics = try handle.statistics(of: domain) {
            return self.reading(statistics, known(domain, identity), isSaved: isSaved)
        }
        let statistics = try individualStatistics(of: domain, identity)
        return self.reading(statistics, known(domain, identity), isSaved: isSaved)
    }

    private func reading(_ statistics: DomainStatistics, _ known: Known?, isSaved: Bool) -> DomainReading {
        var reading = DomainReading(statistics, known, isSaved: isSaved)
        if statesAreAuthoritative, reading.state.isActive {
            reading.confirmedVCPUs = statistics.onlineVCPUs.map { VCPUCount(max(1, $0)) }
        }
        return reading
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
        // What others changed since is known from now on.
        remember(definition, of: domain, identity)
        let reading = try reading(of: domain)
        let capacities = definition.disks.map { disk in
            attempt("virDomainGetBlockInfo") { () throws(HypervisorError) in try domain.blockCapacity(disk) }
        }
        let disk = capacities.reduce(Optional(Int64(0))) { sum, capacity in
            sum.flatMap { sum in capacity.map { sum + $0 } }
        }
        return DomainDescription(
            domain: identity.domain, name: definition.displayName, state: reading.state, tenant: definition.tenant,
            maximumVCPUs: definition.maximumVCPUs, maximumMemory: definition.maximumMemory,
            disk: disk.map { ByteCount($0) }, manager: definition.manager)
    }

    private func known(_ identity: DomainIdentity) -> Known? {
        if let known = remembered(of: identity) { return known }
        guard let domain = try? handle.domain(identity.domain) else { return nil }
        return known(domain, identity)
    }

    private func isIncoming(_ statistics: DomainStatistics) -> Bool {
        guard statistics.mayBeIncoming(isXen: driver == .xen),
            let domain = try? handle.domain(statistics.identity.domain)
        else { return false }
        return (try? domain.isPersistent()) == false
    }

    /// What waits in pools of huge pages: ordinary guests can't have it, and the kernel calls it used.
    private func memoryInHugePages() -> ByteCount {
        guard let sizes = host?.hugePageSizes, !sizes.isEmpty else { return .zero }
        return attempt("virNodeGetFreePages") { () throws(HypervisorError) in try handle.freeHugePages(sizes) } ?? .zero
    }

    private func memoryUsed(of memory: ByteCount, besides waiting: ByteCount) -> ByteCount? {
        if let used = attempt("virNodeGetMemoryStats", { () throws(HypervisorError) in try handle.hostMemoryUsed() }) {
            return used.less(waiting)
        }
        return attempt("virNodeGetFreeMemory") { () throws(HypervisorError) in try handle.hostMemoryFree() }
            .flatMap { $0 <= memory ? ByteCount(memory.bytes - $0.bytes) : nil }
    }
}

/// For drivers without the bulk call: the same figures by single ones.
extension LibvirtConnection {
    private func statisticsOneByOne(_ progress: SampleAttempt) throws(HypervisorError) -> [DomainStatistics] {
        defer { progress.ask(about: nil) }
        let list = try handle.domains()
        var all: [DomainStatistics] = []
        for index in 0..<list.count {
            guard let domain = list.handle(at: index) else { continue }
            let identity = try domain.identity()
            guard !progress.skipped.contains(identity.domain) else {
                all.append(DomainStatistics(identity: identity, values: [:]))
                continue
            }
            progress.ask(about: identity.domain)
            do {
                all.append(try individualStatistics(of: domain, identity))
            } catch {
                // A domain that went away meanwhile is no fault of the host's; a lost connection is. One that can't
                // be read is still there.
                guard handle.isAlive() else { throw error }
                if error.code != .noSuchDomain { all.append(DomainStatistics(identity: identity, values: [:])) }
            }
        }
        return all
    }

    private func individualStatistics(
        of domain: borrowing DomainHandle, _ identity: DomainIdentity
    ) throws(HypervisorError) -> DomainStatistics {
        var statistics = DomainStatistics(identity: identity, values: [:])
        let information = try domain.information()
        statistics.values = [
            "state.state": information.state, "cpu.time": information.cpuTimeNanoseconds,
            "vcpu.current": information.vcpus, "balloon.maximum": information.maximumKibibytes,
            "balloon.current": information.currentKibibytes,
        ]
        // Each call is a round trip to the host. Only of a paused domain the reason matters: it may be on its way here.
        if information.state == Int64(VIR_DOMAIN_PAUSED.rawValue) {
            statistics.values["state.reason"] = try domain.state().reason
        }
        let definition = known(domain, identity)?.definition
        let defined = definition?.maximumVCPUs.count
        // The ceiling of a running domain stays what its definition said when it started.
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
            let bytes = attempt("virDomainInterfaceStats") { () throws(HypervisorError) in
                try domain.interfaceBytes(device)
            }
            statistics.values["net.\(index).rx.bytes"] = bytes?.received
            statistics.values["net.\(index).tx.bytes"] = bytes?.transmitted
        }
        statistics.values["block.count"] = Int64(definition.disks.count)
        for (index, device) in definition.disks.enumerated() {
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
    /// What is left of it; all of it where the part is as large as the whole, for then one of the two figures is wrong.
    fileprivate func less(_ part: ByteCount) -> ByteCount { part < self ? ByteCount(bytes - part.bytes) : self }
}
