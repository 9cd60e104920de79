// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel

extension LibvirtConnection {
    /// Defines and starts a domain; one that is defined already is only started.
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
            remove(files)
            throw error
        }
        return try reading(of: handle.domain(specification.domain))
    }

    private func startNew(_ xml: String) throws(HypervisorError) {
        let domain = try handle.define(xml)
        do {
            try domain.start()
        } catch {
            // What could not be started leaves no definition behind to collide with the next attempt.
            try? domain.undefine()
            throw error
        }
    }

    /// Forgets an inactive domain and what was made for it.
    func delete(_ identifier: DomainID, keepsDisk: Bool) throws(HypervisorError) {
        guard let domain = try found(identifier) else { return }
        guard try !domain.isActive() else {
            throw HypervisorError(
                .refused, operation: "delete", message: "the domain is running: shut it down or destroy it first")
        }
        let definition = try freshDefinition(of: domain)
        try deleteVolumes(of: identifier, definition, keepsDisk: keepsDisk)
        try undefine(domain)
        forgetDefinition(of: identifier)
    }

    /// Performs a lifecycle operation; one whose outcome already holds does nothing.
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
        case .start: if try !domain.isActive() { try domain.start() }
        case .shutdown: if try domain.isActive() { try domain.shutdown() }
        case .destroy: if try domain.isActive() { try domain.destroy() }
        case .suspend: if try !isPaused(domain) { try domain.suspend() }
        case .resume: if try isPaused(domain) { try domain.resume() }
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
            // A domain without a definition is gone with its last run.
            guard error.code == .noSuchDomain else { throw error }
            return nil
        }
    }

    /// Moves a running domain, by connections from host to host.
    /// - Parameters:
    ///   - uri: the target's.
    ///   - transferURI: where the source sends the memory.
    func migrate(
        _ identifier: DomainID, to uri: String, transferURI: String?, _ options: MigrationOptions
    ) throws(HypervisorError) {
        let domain = try handle.domain(identifier)
        guard try domain.isActive() else {
            throw HypervisorError(
                .refused, operation: "migrate", message: "the domain is off: only a running one is migrated")
        }
        var flags = DomainHandle.migrationFlags
        if options.autoConverges { flags |= VIR_MIGRATE_AUTO_CONVERGE.rawValue }
        if let downtime = options.maximumDowntimeMilliseconds {
            try domain.setMaximumDowntime(milliseconds: UInt64(clamping: downtime))
        }
        if driver == .qemu {
            flags |= VIR_MIGRATE_ABORT_ON_ERROR.rawValue
            // libvirt holds images to be shared only on network file systems that it knows by name. Those of domains
            // that Ebb defined are shared by the contract of `BootSource.diskPath` and opened without a page cache;
            // for all others its own judgement stands.
            let definition = try freshDefinition(of: domain)
            if definition.tenant != nil, definition.bypassesPageCache { flags |= VIR_MIGRATE_UNSAFE.rawValue }
        }
        // At least 1: libvirt takes 0 for no limit.
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
