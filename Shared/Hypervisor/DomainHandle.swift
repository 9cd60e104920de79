// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel

/// Owns one reference to a libvirt domain. Every method blocks; none outlives the call it is made in.
@safe struct DomainHandle: ~Copyable {
    let pointer: virDomainPtr

    init(adopting pointer: virDomainPtr) { unsafe self.pointer = pointer }

    deinit { _ = unsafe virDomainFree(pointer) }

    borrowing func identity() throws(HypervisorError) -> DomainIdentity {
        guard let identity = unsafe DomainIdentity(pointer) else { throw .last("virDomainGetUUIDString") }
        return identity
    }

    /// State and its reason by libvirt's numbers.
    borrowing func state() throws(HypervisorError) -> (state: Int64, reason: Int64) {
        var (state, reason): (Int32, Int32) = (0, 0)
        guard unsafe virDomainGetState(pointer, &state, &reason, 0) == 0 else { throw .last("virDomainGetState") }
        return (Int64(state), Int64(reason))
    }

    borrowing func isActive() throws(HypervisorError) -> Bool {
        let answer = unsafe virDomainIsActive(pointer)
        guard answer >= 0 else { throw .last("virDomainIsActive") }
        return answer == 1
    }

    borrowing func isPersistent() throws(HypervisorError) -> Bool {
        let answer = unsafe virDomainIsPersistent(pointer)
        guard answer >= 0 else { throw .last("virDomainIsPersistent") }
        return answer == 1
    }

    /// Whether its memory lies in a managed save image, from which the next start continues.
    borrowing func isSaved() throws(HypervisorError) -> Bool {
        let answer = unsafe virDomainHasManagedSaveImage(pointer, 0)
        guard answer >= 0 else { throw .last("virDomainHasManagedSaveImage") }
        return answer == 1
    }

    borrowing func xml() throws(HypervisorError) -> String {
        guard let text = unsafe virDomainGetXMLDesc(pointer, 0) else { throw .last("virDomainGetXMLDesc") }
        defer { unsafe text.deallocateByC() }
        return unsafe String(cString: text)
    }

    /// State, memory sizes in KiB, vCPUs and CPU time: the figures that every driver has.
    borrowing func information() throws(HypervisorError) -> DomainInformation {
        var info = virDomainInfo()
        guard unsafe virDomainGetInfo(pointer, &info) == 0 else { throw .last("virDomainGetInfo") }
        return DomainInformation(
            state: Int64(info.state), maximumKibibytes: Int64(clamping: info.maxMem),
            currentKibibytes: Int64(clamping: info.memory), vcpus: Int64(info.nrVirtCpu),
            cpuTimeNanoseconds: Int64(clamping: info.cpuTime))
    }

    /// Number, state and time of each plugged vCPU.
    borrowing func vcpus(limit: Int) throws(HypervisorError) -> [VCPUInformation] {
        guard limit > 0 else { return [] }
        var list = [virVcpuInfo](repeating: virVcpuInfo(), count: limit)
        let count = unsafe virDomainGetVcpus(pointer, &list, Int32(clamping: limit), nil, 0)
        guard count >= 0 else { throw .last("virDomainGetVcpus") }
        return list.prefix(Int(count)).map {
            VCPUInformation(
                number: Int64($0.number), state: Int64($0.state), timeNanoseconds: Int64(clamping: $0.cpuTime))
        }
    }

    /// Memory statistics in KiB by libvirt's tag.
    borrowing func memoryStatistics() throws(HypervisorError) -> [Int32: Int64] {
        let limit = Int(VIR_DOMAIN_MEMORY_STAT_NR.rawValue)
        var list = [virDomainMemoryStatStruct](repeating: virDomainMemoryStatStruct(), count: limit)
        let count = unsafe virDomainMemoryStats(pointer, &list, UInt32(limit), 0)
        guard count >= 0 else { throw .last("virDomainMemoryStats") }
        return Dictionary(
            list.prefix(Int(count)).map { ($0.tag, Int64(clamping: $0.val)) }, uniquingKeysWith: { first, _ in first })
    }

    /// This domain's part of the bulk statistics; `nil` if it is gone.
    borrowing func bulkStatistics(groups: UInt32) throws(HypervisorError) -> DomainStatistics? {
        var domains: [virDomainPtr?] = unsafe [pointer, nil]
        var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
        let flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT.rawValue
        let count = unsafe virDomainListGetStats(&domains, groups, &records, flags)
        guard count >= 0, let records = unsafe records else { throw .last("virDomainListGetStats") }
        defer { unsafe virDomainStatsRecordListFree(records) }
        return count == 0 ? nil : unsafe records[0].flatMap { unsafe DomainStatistics($0.pointee) }
    }

    /// Bytes received and transmitted by one interface, from the guest's point of view; negative where unknown.
    borrowing func interfaceBytes(_ device: String) throws(HypervisorError) -> (received: Int64, transmitted: Int64) {
        var statistics = virDomainInterfaceStatsStruct()
        let size = MemoryLayout<virDomainInterfaceStatsStruct>.size
        guard unsafe virDomainInterfaceStats(pointer, device, &statistics, size) == 0 else {
            throw .last("virDomainInterfaceStats")
        }
        return (statistics.rx_bytes, statistics.tx_bytes)
    }

    /// Bytes read and written by one disk; negative where unknown.
    borrowing func blockBytes(_ device: String) throws(HypervisorError) -> (read: Int64, written: Int64) {
        var statistics = virDomainBlockStatsStruct()
        let size = MemoryLayout<virDomainBlockStatsStruct>.size
        guard unsafe virDomainBlockStats(pointer, device, &statistics, size) == 0 else {
            throw .last("virDomainBlockStats")
        }
        return (statistics.rd_bytes, statistics.wr_bytes)
    }

    /// The size that a disk shows to its guest, in bytes.
    borrowing func blockCapacity(_ device: String) throws(HypervisorError) -> Int64 {
        var information = virDomainBlockInfo()
        guard unsafe virDomainGetBlockInfo(pointer, device, &information, 0) == 0 else {
            throw .last("virDomainGetBlockInfo")
        }
        return Int64(clamping: information.capacity)
    }
}

/// Sizes.
extension DomainHandle {
    /// A number of vCPUs: of the running domain or its definition, the present one or the ceiling, or the guest's own.
    borrowing func vcpuCount(_ flags: virDomainVcpuFlags...) throws(HypervisorError) -> Int {
        let count = unsafe virDomainGetVcpusFlags(pointer, flags.reduce(0) { $0 | $1.rawValue })
        guard count >= 0 else { throw .last("virDomainGetVcpusFlags") }
        return Int(count)
    }

    borrowing func setVCPUs(_ count: Int, _ flags: virDomainVcpuFlags...) throws(HypervisorError) {
        let flags = flags.reduce(0) { $0 | $1.rawValue }
        guard unsafe virDomainSetVcpusFlags(pointer, UInt32(clamping: count), flags) == 0 else {
            throw .last("virDomainSetVcpusFlags")
        }
    }

    /// Limits how long an agent that hangs can hold up later calls to it. Drivers without agents refuse; they have
    /// nothing to wait for.
    borrowing func limitAgentResponse(seconds: Int32) {
        _ = unsafe virDomainAgentSetResponseTimeout(pointer, seconds, 0)
    }
}

/// Lifecycle.
extension DomainHandle {
    borrowing func start() throws(HypervisorError) {
        guard unsafe virDomainCreate(pointer) == 0 else { throw .last("virDomainCreate") }
    }

    /// Asks the guest to shut down; it may take its time or not comply.
    borrowing func shutdown() throws(HypervisorError) {
        guard unsafe virDomainShutdown(pointer) == 0 else { throw .last("virDomainShutdown") }
    }

    /// Asks the guest to boot anew; it may take its time or not comply.
    borrowing func reboot() throws(HypervisorError) {
        guard unsafe virDomainReboot(pointer, 0) == 0 else { throw .last("virDomainReboot") }
    }

    borrowing func destroy() throws(HypervisorError) {
        guard unsafe virDomainDestroy(pointer) == 0 else { throw .last("virDomainDestroy") }
    }

    borrowing func suspend() throws(HypervisorError) {
        guard unsafe virDomainSuspend(pointer) == 0 else { throw .last("virDomainSuspend") }
    }

    borrowing func resume() throws(HypervisorError) {
        guard unsafe virDomainResume(pointer) == 0 else { throw .last("virDomainResume") }
    }

    borrowing func wakeUp() throws(HypervisorError) {
        guard unsafe virDomainPMWakeup(pointer, 0) == 0 else { throw .last("virDomainPMWakeup") }
    }

    borrowing func save() throws(HypervisorError) {
        guard unsafe virDomainManagedSave(pointer, 0) == 0 else { throw .last("virDomainManagedSave") }
    }

    /// Everything that a definition can have beside it, first what every driver knows, then what only some know.
    private static let belongings = [
        VIR_DOMAIN_UNDEFINE_MANAGED_SAVE, VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA, VIR_DOMAIN_UNDEFINE_NVRAM,
        VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA, VIR_DOMAIN_UNDEFINE_TPM,
    ].map(\.rawValue)

    /// Deletes the definition with its saved state, the metadata of its snapshots and checkpoints, its firmware
    /// variables and its TPM: all of them or, if the host refuses, none.
    borrowing func undefine() throws(HypervisorError) {
        var flags = Self.belongings
        while unsafe virDomainUndefineFlags(pointer, flags.reduce(0, |)) != 0 {
            let error = HypervisorError.last("virDomainUndefineFlags")
            // A driver that does not know a flag has nothing of that kind, and refuses the call before it changes
            // anything.
            guard error.code == .invalid || error.code == .unsupported, !flags.isEmpty else { throw error }
            let unknown = Self.unknownFlags(in: error.message)
            let known = unknown.map { unknown in flags.filter { $0 & unknown == 0 } } ?? flags
            flags = known.count < flags.count ? known : flags.dropLast()
        }
    }

    /// The flags in libvirt's message: "unsupported flags (0x14) in function …".
    private static func unknownFlags(in message: String) -> UInt32? {
        guard let start = message.firstRange(of: "(0x")?.upperBound,
            let end = message[start...].firstIndex(of: ")")
        else { return nil }
        return UInt32(message[start..<end], radix: 16)
    }
}
