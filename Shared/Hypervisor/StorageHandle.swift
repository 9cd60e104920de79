// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Contracts
internal import Foundation
internal import ResourceModel

/// Owns one reference to a storage pool. Every method blocks.
@safe struct PoolHandle: ~Copyable {
    private let pointer: virStoragePoolPtr

    init(adopting pointer: virStoragePoolPtr) { unsafe self.pointer = pointer }

    deinit { _ = unsafe virStoragePoolFree(pointer) }

    borrowing func examination() throws(HypervisorError) -> HostExamination.StoragePool {
        var info = virStoragePoolInfo()
        guard unsafe virStoragePoolGetInfo(pointer, &info) == 0, let name = unsafe virStoragePoolGetName(pointer) else {
            throw .last("virStoragePoolGetInfo")
        }
        return HostExamination.StoragePool(
            name: unsafe String(cString: name), isActive: info.state == Int32(VIR_STORAGE_POOL_RUNNING.rawValue),
            capacity: ByteCount(clamping: info.capacity), available: ByteCount(clamping: info.available))
    }

    /// Whether Ebb made it to reach files of the host: it is not part of the host's storage.
    borrowing func isPassing() -> Bool {
        guard let name = unsafe virStoragePoolGetName(pointer) else { return false }
        return unsafe String(cString: name).hasPrefix(FolderPoolDefinition.prefix)
            && virStoragePoolIsPersistent(pointer) == 0
    }

    /// The folder of its volumes; `nil` for a pool that is not a folder.
    borrowing func folder() throws(HypervisorError) -> String? {
        guard let text = unsafe virStoragePoolGetXMLDesc(pointer, 0) else { throw .last("virStoragePoolGetXMLDesc") }
        defer { unsafe text.deallocateByC() }
        return DefinedPool(xml: unsafe String(cString: text))?.target?.path
    }

    /// Makes the host look again at what the pool holds: others put files there, too.
    borrowing func refresh() throws(HypervisorError) {
        guard unsafe virStoragePoolRefresh(pointer, 0) == 0 else { throw .last("virStoragePoolRefresh") }
    }

    /// `nil` if the pool has no such volume.
    borrowing func volume(_ name: String) -> VolumeHandle? {
        guard let volume = unsafe virStorageVolLookupByName(pointer, name) else { return nil }
        return unsafe VolumeHandle(adopting: volume)
    }

    borrowing func create(_ xml: String) throws(HypervisorError) -> VolumeHandle {
        guard let volume = unsafe virStorageVolCreateXML(pointer, xml, 0) else { throw .last("virStorageVolCreateXML") }
        return unsafe VolumeHandle(adopting: volume)
    }
}

/// Owns one reference to a volume of a storage pool. Every method blocks.
@safe struct VolumeHandle: ~Copyable {
    private let pointer: virStorageVolPtr

    init(adopting pointer: virStorageVolPtr) { unsafe self.pointer = pointer }

    deinit { _ = unsafe virStorageVolFree(pointer) }

    /// The name of the pool that holds it.
    borrowing func poolName() throws(HypervisorError) -> String {
        guard let pool = unsafe virStoragePoolLookupByVolume(pointer) else {
            throw .last("virStoragePoolLookupByVolume")
        }
        defer { _ = unsafe virStoragePoolFree(pool) }
        guard let name = unsafe virStoragePoolGetName(pool) else { throw .last("virStoragePoolGetName") }
        return unsafe String(cString: name)
    }

    borrowing func path() throws(HypervisorError) -> String {
        guard let path = unsafe virStorageVolGetPath(pointer) else { throw .last("virStorageVolGetPath") }
        defer { unsafe path.deallocateByC() }
        return unsafe String(cString: path)
    }

    borrowing func xml() throws(HypervisorError) -> String {
        guard let text = unsafe virStorageVolGetXMLDesc(pointer, 0) else { throw .last("virStorageVolGetXMLDesc") }
        defer { unsafe text.deallocateByC() }
        return unsafe String(cString: text)
    }

    borrowing func capacity() throws(HypervisorError) -> Int64 {
        var info = virStorageVolInfo()
        guard unsafe virStorageVolGetInfo(pointer, &info) == 0 else { throw .last("virStorageVolGetInfo") }
        return Int64(clamping: info.capacity)
    }

    borrowing func delete() throws(HypervisorError) {
        guard unsafe virStorageVolDelete(pointer, 0) == 0 else { throw .last("virStorageVolDelete") }
    }

    /// Replaces the volume's beginning.
    borrowing func upload(_ bytes: [UInt8]) throws(HypervisorError) {
        let stream = unsafe try StreamHandle(of: virStorageVolGetConnect(pointer))
        let length = UInt64(bytes.count)
        let status = unsafe stream.withPointer { unsafe virStorageVolUpload(pointer, $0, 0, length, 0) }
        guard status == 0 else { throw .last("virStorageVolUpload") }
        try stream.send(bytes)
    }

    /// A part of the volume, as much of it as there is.
    borrowing func download(from offset: Int64, limit: Int) throws(HypervisorError) -> [UInt8] {
        let stream = unsafe try StreamHandle(of: virStorageVolGetConnect(pointer))
        let status = unsafe stream.withPointer {
            unsafe virStorageVolDownload(pointer, $0, UInt64(clamping: offset), UInt64(clamping: limit), 0)
        }
        guard status == 0 else { throw .last("virStorageVolDownload") }
        return try stream.receive(limit: limit)
    }
}

/// Owns one stream over a connection; one that is not finished is aborted.
@safe struct StreamHandle: ~Copyable {
    private let pointer: virStreamPtr
    /// libvirt refuses larger messages.
    private static let chunk = 65_536

    /// - Parameter connection: lent; the stream takes a reference of its own.
    init(of connection: virConnectPtr?, isBlocking: Bool = true) throws(HypervisorError) {
        let flags = isBlocking ? 0 : VIR_STREAM_NONBLOCK.rawValue
        guard let stream = unsafe virStreamNew(connection, flags) else { throw .last("virStreamNew") }
        unsafe pointer = stream
    }

    deinit {
        _ = unsafe virStreamAbort(pointer)
        _ = unsafe virStreamFree(pointer)
    }

    borrowing func withPointer<Value>(_ body: (virStreamPtr) -> Value) -> Value { unsafe body(pointer) }

    /// Sends everything and waits until the host has taken it.
    borrowing func send(_ bytes: [UInt8]) throws(HypervisorError) {
        var sent = 0
        while sent < bytes.count {
            let part = bytes[sent..<min(sent + Self.chunk, bytes.count)]
            let count = unsafe part.withUnsafeBytes { buffer in
                unsafe virStreamSend(pointer, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
            }
            guard count > 0 else { throw .last("virStreamSend") }
            sent += Int(count)
        }
        guard unsafe virStreamFinish(pointer) == 0 else { throw .last("virStreamFinish") }
    }

    /// The bytes that have come: `nil` if there are none yet, empty at the stream's end.
    borrowing func receiveWhatIsThere(limit: Int) throws(HypervisorError) -> [UInt8]? {
        var buffer = [CChar](repeating: 0, count: min(Self.chunk, max(1, limit)))
        let count = unsafe virStreamRecv(pointer, &buffer, buffer.count)
        if count == -2 { return nil }
        guard count >= 0 else { throw .last("virStreamRecv") }
        return buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }
    }

    /// Everything up to the stream's end, or as much as `limit` allows.
    borrowing func receive(limit: Int) throws(HypervisorError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [CChar](repeating: 0, count: min(Self.chunk, max(1, limit)))
        while bytes.count < limit {
            let wanted = min(buffer.count, limit - bytes.count)
            let count = unsafe virStreamRecv(pointer, &buffer, wanted)
            guard count >= 0 else { throw .last("virStreamRecv") }
            if count == 0 { break }
            bytes += buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }
        }
        return bytes
    }
}

/// Storage and networks of the host.
extension ConnectionHandle {
    borrowing func pool(_ name: String) throws(HypervisorError) -> PoolHandle {
        guard let pool = unsafe virStoragePoolLookupByName(pointer, name) else {
            throw .last("virStoragePoolLookupByName")
        }
        return unsafe PoolHandle(adopting: pool)
    }

    /// The pool whose volumes lie in a folder of the host; `nil` if there is none.
    borrowing func pool(at folder: String) -> PoolHandle? {
        guard let pool = unsafe virStoragePoolLookupByTargetPath(pointer, folder) else { return nil }
        return unsafe PoolHandle(adopting: pool)
    }

    /// The same for drivers that can't look up a pool by its folder.
    borrowing func listedPool(at folder: String) throws(HypervisorError) -> PoolHandle? {
        var list: UnsafeMutablePointer<virStoragePoolPtr?>?
        let count = unsafe virConnectListAllStoragePools(
            pointer, &list, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE.rawValue)
        guard count >= 0, let list = unsafe list else { throw .last("virConnectListAllStoragePools") }
        defer { unsafe freeList(list) }
        var match: Int?
        for index in 0..<Int(count) {
            guard let found = unsafe list[index] else { continue }
            _ = unsafe virStoragePoolRef(found)
            let pool = unsafe PoolHandle(adopting: found)
            if match == nil, (try? pool.folder()) == folder { match = index }
        }
        var pool: PoolHandle?
        for index in 0..<Int(count) {
            guard let found = unsafe list[index] else { continue }
            if index == match {
                pool = unsafe PoolHandle(adopting: found)
            } else {
                _ = unsafe virStoragePoolFree(found)
            }
        }
        return pool
    }

    /// A pool that lasts until the host's daemon ends.
    borrowing func makeTransientPool(_ xml: String) throws(HypervisorError) -> PoolHandle {
        guard let pool = unsafe virStoragePoolCreateXML(pointer, xml, 0) else { throw .last("virStoragePoolCreateXML") }
        return unsafe PoolHandle(adopting: pool)
    }

    /// The volume that is a file of the host; `nil` if no pool has it.
    borrowing func volume(at path: String) -> VolumeHandle? {
        guard let volume = unsafe virStorageVolLookupByPath(pointer, path) else { return nil }
        return unsafe VolumeHandle(adopting: volume)
    }

    /// The host's pools, without those that Ebb made to reach files.
    borrowing func pools() throws(HypervisorError) -> [HostExamination.StoragePool] {
        var list: UnsafeMutablePointer<virStoragePoolPtr?>?
        let count = unsafe virConnectListAllStoragePools(pointer, &list, 0)
        guard count >= 0, let list = unsafe list else { throw .last("virConnectListAllStoragePools") }
        defer { unsafe freeList(list) }
        var pools: [HostExamination.StoragePool] = []
        for index in 0..<Int(count) {
            guard let found = unsafe list[index] else { continue }
            let pool = unsafe PoolHandle(adopting: found)
            if pool.isPassing() { continue }
            if let examination = try? pool.examination() { pools.append(examination) }
        }
        return pools.sorted { $0.name < $1.name }
    }

    /// Names of the virtual networks that are up.
    borrowing func networks() throws(HypervisorError) -> [String] {
        var list: UnsafeMutablePointer<virNetworkPtr?>?
        let flags = VIR_CONNECT_LIST_NETWORKS_ACTIVE.rawValue
        let count = unsafe virConnectListAllNetworks(pointer, &list, flags)
        guard count >= 0, let list = unsafe list else { throw .last("virConnectListAllNetworks") }
        defer { unsafe freeList(list) }
        var names: [String] = []
        for index in 0..<Int(count) {
            guard let network = unsafe list[index] else { continue }
            if let name = unsafe virNetworkGetName(network) { unsafe names.append(String(cString: name)) }
            _ = unsafe virNetworkFree(network)
        }
        return names.sorted()
    }
}

/// Terminals.
extension ConnectionHandle {
    /// How many looks of 50 ms to listen to a terminal that writes nothing.
    private static let quietLooks = 10

    /// The text that the domain's first console holds and writes until it is silent.
    borrowing func readTerminal(of domain: borrowing DomainHandle, limit: Int) throws(HypervisorError) -> [UInt8] {
        let stream = try unsafe StreamHandle(of: pointer, isBlocking: false)
        let status = unsafe stream.withPointer { unsafe virDomainOpenConsole(domain.pointer, nil, $0, 0) }
        guard status == 0 else { throw .last("virDomainOpenConsole") }
        var bytes: [UInt8] = []
        var quiet = 0
        while bytes.count < limit, quiet < Self.quietLooks {
            guard let part = try stream.receiveWhatIsThere(limit: limit - bytes.count) else {
                quiet += 1
                Thread.sleep(forTimeInterval: 0.05)
                continue
            }
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }
}

/// What a host check asks.
extension ConnectionHandle {
    borrowing func hostName() throws(HypervisorError) -> String {
        guard let name = unsafe virConnectGetHostname(pointer) else { throw .last("virConnectGetHostname") }
        defer { unsafe name.deallocateByC() }
        return unsafe String(cString: name)
    }

    /// Whether nobody on the way can read the connection; if the driver does not say (Xen's), the URI does.
    borrowing func isEncrypted() throws(HypervisorError) -> Bool {
        let answer = unsafe virConnectIsEncrypted(pointer)
        if answer >= 0 { return answer == 1 }
        let error = HypervisorError.last("virConnectIsEncrypted")
        guard error.code == .unsupported, let text = unsafe virConnectGetURI(pointer) else { throw error }
        defer { unsafe text.deallocateByC() }
        return (try? HypervisorURI(unsafe String(cString: text)))?.isEncrypted ?? false
    }

    /// Whether guests that see this CPU can run here.
    borrowing func accepts(cpu: String) throws(HypervisorError) -> Bool {
        let answer = unsafe virConnectCompareCPU(pointer, cpu, 0)
        guard answer >= 0 else { throw .last("virConnectCompareCPU") }
        return answer == Int32(VIR_CPU_COMPARE_IDENTICAL.rawValue)
            || answer == Int32(VIR_CPU_COMPARE_SUPERSET.rawValue)
    }
}
