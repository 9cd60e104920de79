// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel

/// Owns one reference to a libvirt connection; the end of its life closes it, which may block.
///
/// `@unchecked Sendable`: the pointer never changes, and libvirt's connection objects are thread-safe by its API
/// contract ("all public APIs are thread safe"). Errors are per thread and read in the function that failed.
@safe struct ConnectionHandle: ~Copyable, @unchecked Sendable {
    let pointer: virConnectPtr

    /// Connects; may block until the kernel's own connect timeout.
    init(uri: String) throws(HypervisorError) {
        guard let pointer = unsafe virConnectOpen(uri) else {
            let error = HypervisorError.last("virConnectOpen")
            let code: HypervisorError.Code = error.code == .invalid ? .invalid : .unreachable
            throw HypervisorError(code, operation: error.operation, message: error.message)
        }
        unsafe self.pointer = pointer
    }

    deinit { _ = unsafe virConnectClose(pointer) }

    /// Whether the connection still stands, as far as this end knows; asks nobody.
    borrowing func isAlive() -> Bool { unsafe virConnectIsAlive(pointer) == 1 }

    /// Makes libvirt notice a silent host after `interval * (count + 1)` seconds; local drivers do not need it.
    borrowing func keepAlive(intervalSeconds: Int32, count: UInt32) {
        _ = unsafe virConnectSetKeepAlive(pointer, intervalSeconds, count)
    }

    /// The driver's name, for instance `QEMU`, `Xen`, `TEST`.
    borrowing func driver() throws(HypervisorError) -> String {
        guard let name = unsafe virConnectGetType(pointer) else { throw .last("virConnectGetType") }
        return unsafe String(cString: name)
    }

    /// The hypervisor's version; one round trip to a remote host.
    borrowing func version() throws(HypervisorError) -> String {
        var version: UInt = 0
        guard unsafe virConnectGetVersion(pointer, &version) == 0 else { throw .last("virConnectGetVersion") }
        return "\(version / 1_000_000).\(version / 1_000 % 1_000).\(version % 1_000)"
    }

    /// The host's and its guests' abilities as XML.
    borrowing func capabilitiesXML() throws(HypervisorError) -> String {
        guard let text = unsafe virConnectGetCapabilities(pointer) else { throw .last("virConnectGetCapabilities") }
        defer { unsafe text.deallocateByC() }
        return unsafe String(cString: text)
    }

    /// What a guest of this type can be, as XML.
    borrowing func domainCapabilities(of type: String) throws(HypervisorError) -> String {
        guard let text = unsafe virConnectGetDomainCapabilities(pointer, nil, nil, nil, type, 0) else {
            throw .last("virConnectGetDomainCapabilities")
        }
        defer { unsafe text.deallocateByC() }
        return unsafe String(cString: text)
    }

    /// The CPU's description with all features that its model stands for.
    borrowing func expanded(cpu: String) throws(HypervisorError) -> String {
        let text = unsafe cpu.withCString { cpu in
            var list: [UnsafePointer<CChar>?] = unsafe [cpu]
            return unsafe virConnectBaselineCPU(
                pointer, &list, 1, UInt32(VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES.rawValue))
        }
        guard let text = unsafe text else { throw .last("virConnectBaselineCPU") }
        defer { unsafe text.deallocateByC() }
        return unsafe String(cString: text)
    }

    /// Memory in the pools of huge pages of these sizes (in KiB) that no guest uses.
    borrowing func freeHugePages(_ sizes: [UInt32]) throws(HypervisorError) -> ByteCount {
        let cells = 64
        var (sizes, counts) = (sizes, [UInt64](repeating: 0, count: sizes.count * cells))
        let filled = unsafe virNodeGetFreePages(
            pointer, UInt32(sizes.count), &sizes, 0, UInt32(cells), &counts, 0)
        guard filled >= 0 else { throw .last("virNodeGetFreePages") }
        let kibibytes = counts.prefix(Int(filled)).enumerated().reduce(Int128(0)) { sum, entry in
            sum + Int128(entry.element) * Int128(sizes[entry.offset % sizes.count])
        }
        return ByteCount(clamping: Int64(clamping: kibibytes * 1_024))
    }

    borrowing func domain(_ domain: DomainID) throws(HypervisorError) -> DomainHandle {
        guard let found = unsafe virDomainLookupByUUIDString(pointer, domain.description) else {
            throw .last("virDomainLookupByUUIDString")
        }
        return unsafe DomainHandle(adopting: found)
    }

    /// Makes the definition persistent without starting it.
    borrowing func define(_ xml: String) throws(HypervisorError) -> DomainHandle {
        guard let domain = unsafe virDomainDefineXML(pointer, xml) else { throw .last("virDomainDefineXML") }
        return unsafe DomainHandle(adopting: domain)
    }

    /// Lets the driver convert a definition to what it would start, without defining anything.
    /// - Parameter format: for instance `qemu-argv`.
    /// - Throws: why the driver refuses the definition; `.unsupported` if it can't convert definitions.
    borrowing func convert(_ xml: String, to format: String) throws(HypervisorError) {
        guard let text = unsafe virConnectDomainXMLToNative(pointer, format, xml, 0) else {
            throw .last("virConnectDomainXMLToNative")
        }
        unsafe text.deallocateByC()
    }

    /// Every domain, running or not, or those of one kind only.
    borrowing func domains(_ kind: virConnectListAllDomainsFlags? = nil) throws(HypervisorError) -> DomainList {
        var list: UnsafeMutablePointer<virDomainPtr?>?
        let count = unsafe virConnectListAllDomains(pointer, &list, kind?.rawValue ?? 0)
        guard count >= 0, let list = unsafe list else { throw .last("virConnectListAllDomains") }
        return unsafe DomainList(adopting: list, count: Int(count))
    }

    /// The bulk call's statistics of one domain; `nil` if it went away meanwhile.
    borrowing func statistics(of domain: borrowing DomainHandle) throws(HypervisorError) -> DomainStatistics? {
        try domain.bulkStatistics(groups: Self.statisticsGroups)
    }

    /// What Ebb reads of the bulk call's groups.
    private static let statisticsGroups = [
        VIR_DOMAIN_STATS_STATE, VIR_DOMAIN_STATS_CPU_TOTAL, VIR_DOMAIN_STATS_BALLOON, VIR_DOMAIN_STATS_VCPU,
        VIR_DOMAIN_STATS_INTERFACE, VIR_DOMAIN_STATS_BLOCK,
    ].reduce(0) { $0 | $1.rawValue }

    /// The statistics that Ebb reads, of every domain by one call. Domains that are busy with a job give the figures
    /// that need no waiting for it.
    /// - Parameter enforce: fail if the driver lacks any of them, instead of leaving them out.
    borrowing func bulkStatistics(enforce: Bool = false) throws(HypervisorError) -> [DomainStatistics] {
        var flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT.rawValue
        if enforce { flags |= VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS.rawValue }
        var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
        let count = unsafe virConnectGetAllDomainStats(pointer, Self.statisticsGroups, &records, flags)
        guard count >= 0, let records = unsafe records else { throw .last("virConnectGetAllDomainStats") }
        defer { unsafe virDomainStatsRecordListFree(records) }
        let statistics = (0..<Int(count)).compactMap {
            unsafe records[$0].flatMap { unsafe DomainStatistics($0.pointee) }
        }
        guard statistics.count == Int(count) else { throw .last("virConnectGetAllDomainStats") }
        return statistics
    }

    /// Registers one callback of libvirt's event loop that reports to `box`, which is retained until it is
    /// deregistered.
    /// - Returns: what `deregister` takes; `nil` if the driver has no such event.
    borrowing func register(
        _ event: virDomainEventID, _ callback: virConnectDomainEventGenericCallback, box: EventBox
    ) -> Int32? {
        let context = unsafe Unmanaged.passRetained(box).toOpaque()
        let identifier = unsafe virConnectDomainEventRegisterAny(
            pointer, nil, Int32(event.rawValue), callback, context, EventBox.release)
        if identifier >= 0 { return identifier }
        unsafe Unmanaged<EventBox>.fromOpaque(context).release()
        return nil
    }

    borrowing func deregister(_ identifier: Int32) {
        _ = unsafe virConnectDomainEventDeregisterAny(pointer, identifier)
    }

    /// Tells `box` when the connection breaks; `false` if the driver can't (a local one has nothing to break).
    borrowing func registerClose(box: EventBox) -> Bool {
        let context = unsafe Unmanaged.passRetained(box).toOpaque()
        if unsafe virConnectRegisterCloseCallback(pointer, EventBox.connectionClosed, context, EventBox.release) == 0 {
            return true
        }
        unsafe Unmanaged<EventBox>.fromOpaque(context).release()
        return false
    }

    borrowing func deregisterClose() {
        _ = unsafe virConnectUnregisterCloseCallback(pointer, EventBox.connectionClosed)
    }
}

/// The host's own figures.
extension ConnectionHandle {
    /// CPUs that are switched on, and physical memory.
    borrowing func hostSize() throws(HypervisorError) -> (cpuCount: Int, memory: ByteCount) {
        var info = virNodeInfo()
        guard unsafe virNodeGetInfo(pointer, &info) == 0 else { throw .last("virNodeGetInfo") }
        return (Int(info.cpus), .kibibytes(Int64(clamping: info.memory)))
    }

    /// Nanoseconds that all CPUs together spent on users' and the kernel's work.
    borrowing func hostCPUTimeNanoseconds() throws(HypervisorError) -> Int64 {
        let all = VIR_NODE_CPU_STATS_ALL_CPUS.rawValue
        var count: Int32 = 0
        guard unsafe virNodeGetCPUStats(pointer, all, nil, &count, 0) == 0 else { throw .last("virNodeGetCPUStats") }
        var statistics = [virNodeCPUStats](repeating: virNodeCPUStats(), count: Int(count))
        guard unsafe virNodeGetCPUStats(pointer, all, &statistics, &count, 0) == 0 else {
            throw .last("virNodeGetCPUStats")
        }
        let busy = statistics.filter { ["kernel", "user", "interrupt"].contains(text(of: $0.field)) }
        return Int64(clamping: busy.reduce(0) { $0 &+ $1.value })
    }

    /// Memory in use, page cache and buffers not counted.
    borrowing func hostMemoryUsed() throws(HypervisorError) -> ByteCount {
        let all = VIR_NODE_MEMORY_STATS_ALL_CELLS.rawValue
        var count: Int32 = 0
        guard unsafe virNodeGetMemoryStats(pointer, all, nil, &count, 0) == 0 else {
            throw .last("virNodeGetMemoryStats")
        }
        var statistics = [virNodeMemoryStats](repeating: virNodeMemoryStats(), count: Int(count))
        guard unsafe virNodeGetMemoryStats(pointer, all, &statistics, &count, 0) == 0 else {
            throw .last("virNodeGetMemoryStats")
        }
        var kibibytes: Int64 = 0
        for statistic in statistics {
            let value = Int64(clamping: statistic.value)
            switch text(of: statistic.field) {
            case "total": kibibytes = kibibytes.addedOrClamped(value)
            case "free", "buffers", "cached": kibibytes = kibibytes.subtractedOrClamped(value)
            default: break
            }
        }
        return .kibibytes(kibibytes)
    }

    /// Memory that no domain holds, for drivers without memory statistics.
    borrowing func hostMemoryFree() throws(HypervisorError) -> ByteCount {
        let free = unsafe virNodeGetFreeMemory(pointer)
        // 0 is how libvirt reports an error here; a host that runs has some memory free.
        guard free > 0 else { throw .last("virNodeGetFreeMemory") }
        return ByteCount(clamping: free)
    }
}
