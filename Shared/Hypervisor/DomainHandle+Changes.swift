// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Contracts
internal import ResourceModel

/// Memory and caps.
extension DomainHandle {
    borrowing func setMemory(kibibytes: Int64, _ flags: UInt32) throws(HypervisorError) {
        guard unsafe virDomainSetMemoryFlags(pointer, UInt(clamping: kibibytes), flags) == 0 else {
            throw .last("virDomainSetMemoryFlags")
        }
    }

    /// The scheduler's name, for instance `credit`, and how many parameters it has.
    borrowing func schedulerKind() throws(HypervisorError) -> (name: String, parameterCount: Int32) {
        var count: Int32 = 0
        guard let kind = unsafe virDomainGetSchedulerType(pointer, &count) else {
            throw .last("virDomainGetSchedulerType")
        }
        defer { unsafe kind.deallocateByC() }
        return (unsafe String(cString: kind), count)
    }

    /// The scheduler's parameters, for instance `cap`, `vcpu_quota`. Drivers that can't cap throw, or have no such
    /// parameter.
    borrowing func scheduler() throws(HypervisorError) -> [String: Int64] {
        var count = try schedulerKind().parameterCount
        guard count > 0 else { return [:] }
        var list = unsafe [virTypedParameter](repeating: virTypedParameter(), count: Int(count))
        guard unsafe virDomainGetSchedulerParameters(pointer, &list, &count) == 0 else {
            throw .last("virDomainGetSchedulerParameters")
        }
        var values: [String: Int64] = [:]
        for index in 0..<Int(count) {
            if let value = unsafe list[index].number { unsafe values[text(of: list[index].field)] = value }
        }
        return values
    }

    borrowing func setScheduler(_ parameters: borrowing TypedParameters, _ flags: UInt32) throws(HypervisorError) {
        let status = unsafe parameters.withList { list, count in
            unsafe virDomainSetSchedulerParametersFlags(pointer, list, count, flags)
        }
        guard status == 0 else { throw .last("virDomainSetSchedulerParametersFlags") }
    }

    /// Caps one interface; 0 lifts the cap of a direction, `nil` leaves it as it is.
    /// - Parameter device: its hardware address or, of a running domain alone, its name on the host.
    borrowing func capInterface(
        _ device: String, inboundKibibytesPerSecond inbound: Int64?, outboundKibibytesPerSecond outbound: Int64?,
        _ flags: UInt32
    ) throws(HypervisorError) {
        var parameters = TypedParameters()
        if let inbound { parameters.add(VIR_DOMAIN_BANDWIDTH_IN_AVERAGE, word: UInt32(clamping: inbound)) }
        if let outbound { parameters.add(VIR_DOMAIN_BANDWIDTH_OUT_AVERAGE, word: UInt32(clamping: outbound)) }
        let status = unsafe parameters.withList { list, count in
            unsafe virDomainSetInterfaceParameters(pointer, device, list, count, flags)
        }
        guard status == 0 else { throw .last("virDomainSetInterfaceParameters") }
    }
}

/// Definitions.
extension DomainHandle {
    /// The definition for the next cold boot, with its secrets.
    borrowing func persistentXML() throws(HypervisorError) -> String {
        let flags = VIR_DOMAIN_XML_INACTIVE.rawValue | VIR_DOMAIN_XML_SECURE.rawValue
        guard let text = unsafe virDomainGetXMLDesc(pointer, flags) else { throw .last("virDomainGetXMLDesc") }
        defer { unsafe text.deallocateByC() }
        return unsafe String(cString: text)
    }

    /// Ebb's own part of the metadata; `nil` takes it away.
    borrowing func setMetadata(_ xml: String?, _ flags: UInt32) throws(HypervisorError) {
        let kind = Int32(VIR_DOMAIN_METADATA_ELEMENT.rawValue)
        guard unsafe virDomainSetMetadata(pointer, kind, xml, "ebb", EbbMetadata.namespace, flags) == 0 else {
            throw .last("virDomainSetMetadata")
        }
    }
}

/// Migration and other jobs.
extension DomainHandle {
    /// The flags that every driver with migration knows.
    static let migrationFlags = [
        VIR_MIGRATE_LIVE, VIR_MIGRATE_PEER2PEER, VIR_MIGRATE_PERSIST_DEST, VIR_MIGRATE_UNDEFINE_SOURCE,
    ].reduce(0) { $0 | $1.rawValue }

    /// For a domain that is off: its definition alone.
    static let offlineMigrationFlags = [
        VIR_MIGRATE_OFFLINE, VIR_MIGRATE_PEER2PEER, VIR_MIGRATE_PERSIST_DEST, VIR_MIGRATE_UNDEFINE_SOURCE,
    ].reduce(0) { $0 | $1.rawValue }

    /// Moves the domain and its definition to the host behind `uri`, which the source host itself contacts.
    /// - Parameters:
    ///   - transferURI: where the source sends the memory; `nil` leaves the choice to the target.
    ///   - mebibytesPerSecond: of the transfer at most; `nil` leaves it to the driver.
    ///   - flags: of `virDomainMigrateFlags`.
    borrowing func migrate(
        to uri: String, transferURI: String?, mebibytesPerSecond: Int64?, flags: UInt32
    ) throws(HypervisorError) {
        var parameters = TypedParameters()
        if let transferURI { parameters.add(VIR_MIGRATE_PARAM_URI, text: transferURI) }
        if let mebibytesPerSecond {
            parameters.add(VIR_MIGRATE_PARAM_BANDWIDTH, unsigned: UInt64(clamping: mebibytesPerSecond))
        }
        let status = unsafe parameters.withList { list, count in
            unsafe virDomainMigrateToURI3(pointer, uri, list, UInt32(count), flags)
        }
        guard status == 0 else { throw .last("virDomainMigrateToURI3") }
    }

    borrowing func setMaximumDowntime(milliseconds: UInt64) throws(HypervisorError) {
        guard unsafe virDomainMigrateSetMaxDowntime(pointer, milliseconds, 0) == 0 else {
            throw .last("virDomainMigrateSetMaxDowntime")
        }
    }

    /// Figures of the job that is under way, under libvirt's names; `nil` if there is none.
    borrowing func job() throws(HypervisorError) -> [String: Int64]? {
        var kind: Int32 = 0
        var list: virTypedParameterPtr?
        var count: Int32 = 0
        guard unsafe virDomainGetJobStats(pointer, &kind, &list, &count, 0) == 0 else {
            throw .last("virDomainGetJobStats")
        }
        let parameters = unsafe TypedParameters(adopting: list, count: count)
        let isUnderWay = [VIR_DOMAIN_JOB_BOUNDED, VIR_DOMAIN_JOB_UNBOUNDED].contains { Int32($0.rawValue) == kind }
        return isUnderWay ? parameters.integers : nil
    }

    /// Ends the migration or save that is under way; the call that started it fails.
    borrowing func abortJob() throws(HypervisorError) {
        guard unsafe virDomainAbortJob(pointer) == 0 else { throw .last("virDomainAbortJob") }
    }
}

/// Snapshots.
extension DomainHandle {
    /// Owns one reference to a snapshot.
    @safe struct Snapshot: ~Copyable {
        fileprivate let pointer: virDomainSnapshotPtr
        fileprivate init(adopting pointer: virDomainSnapshotPtr) { unsafe self.pointer = pointer }
        deinit { _ = unsafe virDomainSnapshotFree(pointer) }
    }

    borrowing func createSnapshot(_ xml: String) throws(HypervisorError) {
        guard let snapshot = unsafe virDomainSnapshotCreateXML(pointer, xml, 0) else {
            throw .last("virDomainSnapshotCreateXML")
        }
        _ = unsafe Snapshot(adopting: snapshot)
    }

    private borrowing func snapshot(_ name: String) throws(HypervisorError) -> Snapshot {
        guard let found = unsafe virDomainSnapshotLookupByName(pointer, name, 0) else {
            throw .last("virDomainSnapshotLookupByName")
        }
        return unsafe Snapshot(adopting: found)
    }

    borrowing func deleteSnapshot(_ name: String) throws(HypervisorError) {
        let snapshot = try snapshot(name)
        guard unsafe virDomainSnapshotDelete(snapshot.pointer, 0) == 0 else { throw .last("virDomainSnapshotDelete") }
    }

    /// The name of the snapshot that was taken of the domain, or restored, last; `nil` if there is none.
    borrowing func currentSnapshot() throws(HypervisorError) -> String? {
        let answer = unsafe virDomainHasCurrentSnapshot(pointer, 0)
        guard answer >= 0 else { throw .last("virDomainHasCurrentSnapshot") }
        // It may be deleted meanwhile.
        guard answer == 1, let found = unsafe virDomainSnapshotCurrent(pointer, 0) else { return nil }
        let snapshot = unsafe Snapshot(adopting: found)
        guard let name = unsafe virDomainSnapshotGetName(snapshot.pointer) else {
            throw .last("virDomainSnapshotGetName")
        }
        return unsafe String(cString: name)
    }

    borrowing func revert(to name: String) throws(HypervisorError) {
        let snapshot = try snapshot(name)
        guard unsafe virDomainRevertToSnapshot(snapshot.pointer, 0) == 0 else {
            throw .last("virDomainRevertToSnapshot")
        }
    }

    /// The XML of every snapshot.
    borrowing func snapshots() throws(HypervisorError) -> [String] {
        var list: UnsafeMutablePointer<virDomainSnapshotPtr?>?
        let count = unsafe virDomainListAllSnapshots(pointer, &list, 0)
        guard count >= 0, let list = unsafe list else { throw .last("virDomainListAllSnapshots") }
        defer { unsafe freeList(list) }
        var texts: [String] = []
        for index in 0..<Int(count) {
            guard let found = unsafe list[index] else { continue }
            let snapshot = unsafe Snapshot(adopting: found)
            // One may be deleted meanwhile: it is left out.
            guard let text = unsafe virDomainSnapshotGetXMLDesc(snapshot.pointer, 0) else { continue }
            unsafe texts.append(String(cString: text))
            unsafe text.deallocateByC()
        }
        return texts
    }
}

/// The guest's addresses.
extension DomainHandle {
    /// The addresses from one of libvirt's sources (`virDomainInterfaceAddressesSource`).
    borrowing func addresses(
        _ kind: virDomainInterfaceAddressesSource, as source: GuestAddress.Source
    ) throws(HypervisorError) -> [GuestAddress] {
        var list: UnsafeMutablePointer<virDomainInterfacePtr?>?
        let count = unsafe virDomainInterfaceAddresses(pointer, &list, kind.rawValue, 0)
        guard count >= 0 else { throw .last("virDomainInterfaceAddresses") }
        guard let list = unsafe list else { return [] }
        defer { unsafe freeList(list) }
        var found: [GuestAddress] = []
        for index in 0..<Int(count) {
            guard let interface = unsafe list[index] else { continue }
            defer { unsafe virDomainInterfaceFree(interface) }
            let entry = unsafe interface.pointee
            let name = unsafe entry.name.map { unsafe String(cString: $0) } ?? ""
            let hardware = unsafe entry.hwaddr.map { unsafe String(cString: $0) }
            for number in unsafe 0..<Int(entry.naddrs) {
                guard let text = unsafe entry.addrs[number].addr else { continue }
                let address = unsafe String(cString: text)
                found.append(GuestAddress(interface: name, macAddress: hardware, address: address, source: source))
            }
        }
        return found
    }
}
