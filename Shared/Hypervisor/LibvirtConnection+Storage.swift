// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Contracts
internal import Foundation
internal import ResourceModel

/// Disks, seeds and consoles: files of the host, reached through its storage pools.
extension LibvirtConnection {
    /// What a new domain boots from, as files of the host.
    struct BootFiles: Hashable, Sendable {
        var disk: DiskFile?
        var seed: String?
        /// Whether Ebb made them, so that it removes them again if the domain can't be started.
        var areMade = false
    }

    /// Throws unless the image that `specification` names exists; a domain that exists already has its disk.
    func check(_ specification: DomainSpecification) throws(HypervisorError) {
        guard try !isDefined(specification.domain), let image = try image(of: specification) else { return }
        _ = try self.image(image, in: poolNamed(image.pool))
    }

    /// The image over which a disk is to be made; `nil`: none is.
    private func image(of specification: DomainSpecification) throws(HypervisorError) -> BootSource.Image? {
        let boot = specification.boot
        guard boot.image != nil || boot.seed == nil else {
            throw HypervisorError(
                .invalid, operation: "create", message: "a seed needs an image: its volume lies beside the disk")
        }
        guard boot.image == nil || boot.diskPath == nil else {
            throw HypervisorError(
                .invalid, operation: "create", message: "a domain has either a disk of its own or an image, not both")
        }
        return boot.image
    }

    private func image(
        _ image: BootSource.Image, in pool: borrowing PoolHandle
    ) throws(HypervisorError) -> VolumeHandle {
        // It may have been copied there since the host looked last.
        try pool.refresh()
        guard let base = pool.volume(image.volume) else {
            throw HypervisorError(
                .invalid, operation: "create",
                message: "pool '\(image.pool)' has no image '\(image.volume)': copy it into the pool's folder")
        }
        return base
    }

    /// Makes what `specification` wants made: a qcow2 volume over the image, and the seed beside it.
    func makeBootFiles(_ specification: DomainSpecification) throws(HypervisorError) -> BootFiles {
        let boot = specification.boot
        guard let image = try image(of: specification) else {
            return BootFiles(disk: boot.diskPath.map { DiskFile(path: $0) })
        }
        let pool = try poolNamed(image.pool)
        let base = try self.image(image, in: pool)
        let disk = try makeDisk(of: specification, over: base, in: pool)
        var files = BootFiles(disk: disk, areMade: true)
        do throws(HypervisorError) {
            if let seed = boot.seed { files.seed = try makeSeed(seed, of: specification, in: pool) }
        } catch {
            remove(files)
            throw error
        }
        return files
    }

    /// Removes what was made for a domain that could not be created.
    func remove(_ files: BootFiles) {
        guard files.areMade else { return }
        for path in [files.disk?.path, files.seed].compactMap(\.self) {
            if let volume = handle.volume(at: path) { try? volume.delete() }
        }
    }

    /// The volumes that were made for a domain: its seed and, unless it is kept, its disk. A disk that Ebb did not make
    /// belongs to its owner.
    func volumes(of identifier: DomainID, keepsDisk: Bool) throws(HypervisorError) -> [String] {
        guard let domain = try found(identifier) else { return [] }
        let (disk, seed) = (Self.diskName(of: identifier), Self.seedName(of: identifier))
        return try freshDefinition(of: domain).diskFiles.filter { path in
            let name = Self.split(path).name
            return name == seed || (name == disk && !keepsDisk)
        }
    }

    /// The ones of the volumes that exist.
    func remaining(_ volumes: [String]) throws(HypervisorError) -> [String] {
        var found: [String] = []
        for path in volumes where try volume(at: path) != nil { found.append(path) }
        return found
    }

    /// Deletes the volumes; returns those that could not be, each with the reason.
    func deleteVolumes(_ paths: [String]) -> [Removal.Remains] {
        paths.compactMap { path in
            do throws(HypervisorError) {
                if let volume = try volume(at: path) { try volume.delete() }
                return nil
            } catch {
                return Removal.Remains(volume: path, reason: error.message)
            }
        }
    }

    private func poolNamed(_ name: String) throws(HypervisorError) -> PoolHandle {
        do {
            return try handle.pool(name)
        } catch {
            guard handle.isAlive() else { throw error }
            throw HypervisorError(
                .invalid, operation: "create",
                message: "the host has no active storage pool '\(name)': define and start it (\(error.message))")
        }
    }

    private func makeDisk(
        of specification: DomainSpecification, over base: borrowing VolumeHandle, in pool: borrowing PoolHandle
    ) throws(HypervisorError) -> DiskFile {
        let name = Self.diskName(of: specification.domain)
        guard pool.volume(name) == nil else {
            throw HypervisorError(
                .refused, operation: "create",
                message: "the pool has a volume '\(name)' already: it may be the disk of the same domain elsewhere")
        }
        let format = try DefinedVolume(xml: base.xml())?.format ?? "raw"
        let size = max(specification.disk.bytes, try base.capacity())
        let definition = VolumeDefinition(
            name: name, bytes: size, format: "qcow2", backing: (try base.path(), format))
        let volume = try pool.create(definition.xml())
        return DiskFile(path: try volume.path(), format: "qcow2")
    }

    private func makeSeed(
        _ seed: BootSource.Seed, of specification: DomainSpecification, in pool: borrowing PoolHandle
    ) throws(HypervisorError) -> String {
        let image = try CloudSeed(domain: specification.domain, name: specification.name, seed).image.bytes
        let name = Self.seedName(of: specification.domain)
        if let former = pool.volume(name) { try former.delete() }
        let volume = try pool.create(VolumeDefinition(name: name, bytes: Int64(image.count), format: "raw").xml())
        try volume.upload(image)
        return try volume.path()
    }

    private static func diskName(of domain: DomainID) -> String { "\(domain).qcow2" }
    private static func seedName(of domain: DomainID) -> String { "\(domain)-seed.iso" }

    private static func split(_ path: String) -> (folder: String, name: String) {
        let url = URL(filePath: path)
        return (url.deletingLastPathComponent().path(percentEncoded: false), url.lastPathComponent)
    }

    /// A file of the host as a volume. If no pool has it, a pool over its folder is made, which lasts as long as the
    /// host's daemon; `nil` if there is no such file.
    func volume(at path: String) throws(HypervisorError) -> VolumeHandle? {
        if let volume = handle.volume(at: path) { return volume }
        let (folder, name) = Self.split(path)
        let trimmed = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let pool = try pool(over: trimmed)
        try pool.refresh()
        return pool.volume(name)
    }

    /// The pool over a folder of the host; it is made if there is none.
    func pool(over folder: String) throws(HypervisorError) -> PoolHandle {
        if let known = handle.pool(at: folder) { return known }
        if let known = try handle.listedPool(at: folder) { return known }
        return try handle.makeTransientPool(FolderPoolDefinition(folder: folder).xml())
    }

    // MARK: Console

    /// A part of what the domain wrote to its console: of its file where it has one, else what its terminal still
    /// holds.
    func console(of identifier: DomainID, from offset: Int64, limit: Int) throws(HypervisorError) -> ConsoleOutput {
        let domain = try handle.domain(identifier)
        guard let path = try freshDefinition(of: domain).consoleFile else {
            let bytes = try handle.readTerminal(of: domain, limit: limit)
            return ConsoleOutput(
                offset: 0, nextOffset: Int64(bytes.count), text: String(decoding: bytes, as: UTF8.self))
        }
        guard let volume = try volume(at: path) else { return ConsoleOutput(offset: 0, nextOffset: 0, text: "") }
        // A file that grew since the host looked is read to its present end; its size only bounds where to begin.
        let size = try volume.capacity()
        let start = offset < 0 ? max(0, size + offset) : min(offset, size)
        let bytes = try volume.download(from: start, limit: limit)
        return ConsoleOutput(
            offset: start, nextOffset: start + Int64(bytes.count), text: String(decoding: bytes, as: UTF8.self))
    }
}
