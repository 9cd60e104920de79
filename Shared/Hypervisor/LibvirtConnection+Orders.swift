// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Contracts
internal import ResourceModel

/// Memory, caps of the network, snapshots.
extension LibvirtConnection {
    /// Which of a domain's two definitions a change reaches: both, if it runs and has a persistent one. The test driver
    /// takes only one at a time.
    private func affected(_ domain: borrowing DomainHandle) throws(HypervisorError) -> UInt32 {
        guard try domain.isActive() else { return VIR_DOMAIN_AFFECT_CONFIG.rawValue }
        let live = VIR_DOMAIN_AFFECT_LIVE.rawValue
        guard driver != .test else { return live }
        return try domain.isPersistent() ? live | VIR_DOMAIN_AFFECT_CONFIG.rawValue : live
    }

    func resize(_ identifier: DomainID, memory: ByteCount) throws(HypervisorError) -> DomainReading {
        let domain = try handle.domain(identifier)
        let definition = try freshDefinition(of: domain)
        guard memory.bytes >= 1 << 20, memory <= definition.maximumMemory else {
            throw HypervisorError(
                .invalid, operation: "resize",
                message: "\(memory) is outside 1 MiB and \(definition.maximumMemory), the ceiling of the definition: "
                    + "prepare the domain for more")
        }
        try domain.setMemory(kibibytes: memory.bytes / 1_024, affected(domain))
        return try reading(of: domain)
    }

    func cap(_ identifier: DomainID, _ cap: DomainCap) throws(HypervisorError) -> DomainReading {
        let domain = try handle.domain(identifier)
        switch cap {
        case .cpu(let ppm): try capCPU(domain, ppm: max(0, ppm))
        case .network(let bytesPerSecond): try capNetwork(domain, bytesPerSecond: max(0, bytesPerSecond))
        }
        forgetDefinition(of: identifier)
        return try reading(of: domain)
    }

    /// The unit in which interfaces are capped; rounded up.
    static func kibibytes(_ bytesPerSecond: Int64) -> Int64 {
        bytesPerSecond / 1_024 + (bytesPerSecond % 1_024 == 0 ? 0 : 1)
    }

    private func capNetwork(_ domain: borrowing DomainHandle, bytesPerSecond: Int64) throws(HypervisorError) {
        let interfaces = try freshDefinition(of: domain).hardwareAddresses
        guard !interfaces.isEmpty else {
            throw HypervisorError(.refused, operation: "cap", message: "the domain has no network interface to cap")
        }
        let flags = try affected(domain)
        for interface in interfaces {
            let cap = Self.kibibytes(bytesPerSecond)
            try domain.capInterface(
                interface, inboundKibibytesPerSecond: cap, outboundKibibytesPerSecond: cap, flags)
        }
    }

    // MARK: Snapshots

    func snapshot(_ identifier: DomainID, name: String) throws(HypervisorError) -> DomainReading {
        let domain = try handle.domain(identifier)
        guard try !snapshots(of: identifier).contains(where: { $0.name == name }) else {
            throw .existingSnapshot(name)
        }
        // QEMU loads a snapshot's memory before libvirt has plugged those vCPUs, and fails: better no snapshot than one
        // that nobody can go back to.
        if driver == .qemu, try domain.isActive(), try freshDefinition(of: domain).pluggedVCPUCount > 0 {
            throw HypervisorError(
                .refused, operation: "snapshot",
                message: "it runs with vCPUs that were plugged, whose snapshot QEMU can't load again: "
                    + "shut the domain down first, or take it with 1 vCPU")
        }
        try domain.createSnapshot(SnapshotDefinition(name: name).xml())
        return try reading(of: domain)
    }

    func revert(_ identifier: DomainID, to name: String) throws(HypervisorError) -> DomainReading {
        let domain = try handle.domain(identifier)
        try checkSnapshot(name, of: identifier)
        try domain.revert(to: name)
        forgetDefinition(of: identifier)
        return try reading(of: domain)
    }

    func deleteSnapshot(of identifier: DomainID, name: String) throws(HypervisorError) -> DomainReading {
        let domain = try handle.domain(identifier)
        try checkSnapshot(name, of: identifier)
        try domain.deleteSnapshot(name)
        return try reading(of: domain)
    }

    private func checkSnapshot(_ name: String, of domain: DomainID) throws(HypervisorError) {
        guard try snapshots(of: domain).contains(where: { $0.name == name }) else {
            throw HypervisorError(.invalid, operation: "snapshot", message: "the domain has no snapshot '\(name)'")
        }
    }

    func snapshots(of identifier: DomainID) throws(HypervisorError) -> [DomainSnapshot] {
        let found = try handle.domain(identifier).snapshots().compactMap { DefinedSnapshot(xml: $0)?.snapshot }
        return found.sorted { ($0.createdAt ?? .zero, $0.name) < ($1.createdAt ?? .zero, $1.name) }
    }

    /// Xen gives a guest that reboots another number; QEMU's guest keeps it, but its kernel counts its faults anew.
    func lifeMark(of identifier: DomainID) throws(HypervisorError) -> LifeMark {
        let domain = try handle.domain(identifier)
        let reading = try reading(of: domain)
        let snapshot = attempt("virDomainSnapshotCurrent") { () throws(HypervisorError) in
            try domain.currentSnapshot()
        }
        return LifeMark(
            hypervisorID: reading.hypervisorID, boot: driver == .xen ? reading.hypervisorID : nil,
            majorFaults: reading.counters.majorFaults, snapshot: snapshot ?? nil)
    }
}
