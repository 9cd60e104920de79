// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel

extension LibvirtConnection {
    /// Defines and starts a domain; a domain that is defined already is only started.
    func create(_ specification: DomainSpecification) throws(HypervisorError) -> DomainReading {
        if let existing = try found(specification.domain) {
            if try !existing.isActive() { try existing.start() }
            return try reading(of: existing)
        }
        guard let machine = DomainDefinition.Machine(rawValue: domainType) else {
            throw HypervisorError(
                .unsupported, operation: "create", message: "no definition is known for driver \(driverName)")
        }
        let files = try makeBootFiles(specification)
        do throws(HypervisorError) {
            let definition = DomainDefinition(specification, machine: machine, disk: files.disk, seed: files.seed)
            try startNew(definition.xml())
        } catch {
            // If the definition could not be removed again, it needs its files.
            if try !isDefined(specification.domain) { remove(files) }
            throw error
        }
        return try reading(of: handle.domain(specification.domain))
    }

    private func startNew(_ xml: String) throws(HypervisorError) {
        let domain = try handle.define(xml)
        do {
            try domain.start()
        } catch {
            // A domain that could not be started must not leave a definition that collides with the next attempt.
            try? domain.undefine()
            throw error
        }
    }

    /// Removes an inactive domain and then, when nothing can fail any more, deletes these volumes.
    func delete(_ identifier: DomainID, volumes: [String]) throws(HypervisorError) -> Removal {
        if let domain = try found(identifier) {
            guard try !domain.isActive() else {
                throw HypervisorError(
                    .refused, operation: "delete", message: "the domain is running: shut it down or destroy it first")
            }
            try undefine(domain)
            forgetDefinition(of: identifier)
        }
        return Removal(effectiveAt: nil, remains: deleteVolumes(volumes))
    }

    /// Performs a lifecycle operation; does nothing if its outcome already holds.
    /// - Returns: the domain afterwards; `nil` if it is gone.
    func perform(
        _ operation: LifecycleOperation, on identifier: DomainID
    ) throws(HypervisorError) -> DomainReading? {
        guard let domain = try found(identifier) else {
            if operation == .undefine { return nil }
            throw HypervisorError(
                .noSuchDomain, operation: operation.rawValue, message: "the host has no domain \(identifier)")
        }
        switch operation {
        case .start: try start(domain)
        case .shutdown: if try domain.isActive() { try domain.shutdown() }
        case .destroy: if try domain.isActive() { try domain.destroy() }
        case .suspend: if try !isPaused(domain) { try domain.suspend() }
        case .resume: if try !runs(domain) { try domain.resume() }
        case .wakeUp: try domain.wakeUp()
        case .reboot: try domain.reboot()
        case .save: try save(domain)
        case .restore: try restore(domain)
        case .undefine:
            try undefine(domain)
            forgetDefinition(of: identifier)
            return nil
        }
        do {
            return try reading(of: domain)
        } catch {
            // A domain without a definition is gone when it ends.
            guard error.code == .noSuchDomain else { throw error }
            return nil
        }
    }

    /// The files that hold the disks of a domain that is off, which it must find where it moves to; `nil`: it runs.
    func disksOfInactive(_ identifier: DomainID) throws(HypervisorError) -> [String]? {
        let domain = try handle.domain(identifier)
        return try domain.isActive() ? nil : freshDefinition(of: domain).diskFiles
    }

    /// Throws for the first of these files that this host can't reach: a domain that moved here would not start.
    func checkReach(of files: [String]) throws(HypervisorError) {
        for file in files {
            let isThere = attempt("disk") { () throws(HypervisorError) in try volume(at: file) != nil }
            guard isThere == true else {
                throw HypervisorError(
                    .refused, operation: "migrate",
                    message: "the target can't reach the domain's disk \(file): a domain that is off leaves only with "
                        + "shared storage")
            }
        }
    }

    /// Moves a running domain, by connections from host to host. Of a domain that is off it moves the definition, which
    /// must find its disks on the target.
    /// - Parameters:
    ///   - uri: the target's.
    ///   - transferURI: where the source sends the memory.
    func migrate(
        _ identifier: DomainID, to uri: String, transferURI: String?, _ options: MigrationOptions
    ) throws(HypervisorError) {
        let domain = try handle.domain(identifier)
        guard try domain.isActive() else {
            guard try !domain.isSaved() else {
                throw HypervisorError(
                    .refused, operation: "migrate",
                    message: "the domain's memory is saved on this host: restore it first")
            }
            // The target gets the definition before the source drops it.
            try domain.migrate(
                to: uri, transferURI: nil, mebibytesPerSecond: nil, flags: DomainHandle.offlineMigrationFlags)
            return forgetDefinition(of: identifier)
        }
        var flags = DomainHandle.migrationFlags
        if options.autoConverges { flags |= VIR_MIGRATE_AUTO_CONVERGE.rawValue }
        if let downtime = options.maximumDowntimeMilliseconds {
            try domain.setMaximumDowntime(milliseconds: UInt64(clamping: downtime))
        }
        if driver == .qemu {
            flags |= VIR_MIGRATE_ABORT_ON_ERROR.rawValue
            // libvirt takes images as shared only on network file systems that it knows by name. The images of domains
            // that Ebb defined are shared by the contract of `BootSource.diskPath` and opened without a page cache; for
            // all others libvirt decides.
            let definition = try freshDefinition(of: domain)
            if definition.tenant != nil, definition.bypassesPageCache { flags |= VIR_MIGRATE_UNSAFE.rawValue }
        }
        // At least 1: 0 means no limit to libvirt.
        let bandwidth = options.bandwidthBytesPerSecond.map { max(1, $0 >> 20) }
        try domain.migrate(to: uri, transferURI: transferURI, mebibytesPerSecond: bandwidth, flags: flags)
        forgetDefinition(of: identifier)
    }

    /// `nil` if the host has no such domain.
    func found(_ identifier: DomainID) throws(HypervisorError) -> DomainHandle? {
        do {
            return try handle.domain(identifier)
        } catch {
            guard error.code == .noSuchDomain else { throw error }
            return nil
        }
    }

    func isDefined(_ identifier: DomainID) throws(HypervisorError) -> Bool {
        guard let _ = try found(identifier) else { return false }
        return true
    }

    /// Starts a domain that is off; refuses one that is active and does not run.
    private func start(_ domain: borrowing DomainHandle) throws(HypervisorError) {
        guard try domain.isActive() else { return try domain.start() }
        guard try runs(domain) else {
            throw HypervisorError(
                .refused, operation: "start", message: "the domain is active and does not run: resume it, or destroy it"
            )
        }
    }

    private func runs(_ domain: borrowing DomainHandle) throws(HypervisorError) -> Bool {
        let state = try domain.state().state
        return [VIR_DOMAIN_RUNNING, VIR_DOMAIN_BLOCKED].contains { Int64($0.rawValue) == state }
    }

    private func isPaused(_ domain: borrowing DomainHandle) throws(HypervisorError) -> Bool {
        try domain.state().state == Int64(VIR_DOMAIN_PAUSED.rawValue)
    }

    private func save(_ domain: borrowing DomainHandle) throws(HypervisorError) {
        if try domain.isActive() {
            try domain.save()
        } else if try !domain.isSaved() {
            throw HypervisorError(
                .refused, operation: "save", message: "the domain is off: there is no running state to save")
        }
    }

    private func restore(_ domain: borrowing DomainHandle) throws(HypervisorError) {
        guard try !domain.isActive() else { return }
        guard try domain.isSaved() else {
            throw HypervisorError(.refused, operation: "restore", message: "the domain has no saved state: start it")
        }
        try domain.start()
    }

    private func undefine(_ domain: borrowing DomainHandle) throws(HypervisorError) {
        guard try !domain.isActive() else {
            throw HypervisorError(
                .refused, operation: "undefine", message: "the domain is running: shut it down or destroy it first")
        }
        try domain.undefine()
    }
}
