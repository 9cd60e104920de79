// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Contracts
internal import ResourceModel

/// Definitions: read, labelled, prepared and given back.
extension LibvirtConnection {
    func definition(of identifier: DomainID) throws(HypervisorError) -> String {
        try handle.domain(identifier).persistentXML()
    }

    func label(_ identifier: DomainID, _ label: DomainLabel) throws(HypervisorError) -> DomainReading {
        let domain = try handle.domain(identifier)
        var flags = VIR_DOMAIN_AFFECT_CONFIG.rawValue
        if try domain.isActive() {
            flags = VIR_DOMAIN_AFFECT_LIVE.rawValue
            if try domain.isPersistent() { flags |= VIR_DOMAIN_AFFECT_CONFIG.rawValue }
        }
        try domain.setMetadata(LabelDocument(label).xml(), flags)
        forgetDefinition(of: identifier)
        return try reading(of: domain)
    }

    // MARK: Preparing

    /// What preparing would change; throws what preparing would throw.
    func preparation(
        of identifier: DomainID, for ceiling: DomainCeiling
    ) throws(HypervisorError) -> [DefinitionChange] {
        try prepared(handle.domain(identifier), for: ceiling).changes
    }

    /// Replaces the definition by one with the ceiling, by one call: a driver that refuses it keeps the former one.
    func prepare(
        _ identifier: DomainID, for ceiling: DomainCeiling
    ) throws(HypervisorError) -> [DefinitionChange] {
        let domain = try handle.domain(identifier)
        let (former, next, changes) = try prepared(domain, for: ceiling)
        guard !changes.isEmpty else { return [] }
        let defined = try handle.define(next)
        // A driver may not take over everything in a definition.
        let missing = DefinedDomain(xml: try defined.persistentXML())?.changes(for: ceiling, isQEMU: driver == .qemu)
        guard missing == [] else {
            _ = try handle.define(former)
            let parts = (missing ?? changes).map(\.what).joined(separator: ", ")
            throw HypervisorError(
                .refused, operation: "prepare", message: "the driver does not take over: \(parts); nothing was changed")
        }
        return changes
    }

    /// The present definition, the prepared one, and the difference.
    private func prepared(
        _ domain: borrowing DomainHandle, for ceiling: DomainCeiling
    ) throws(HypervisorError) -> (former: String, next: String, changes: [DefinitionChange]) {
        guard try domain.isPersistent() else {
            throw HypervisorError(
                .refused, operation: "prepare",
                message: "the domain is transient: it has no definition that a later boot would go by")
        }
        let former = try domain.persistentXML()
        guard let definition = DefinedDomain(xml: former), let document = DefinitionDocument(xml: former) else {
            throw HypervisorError(
                .refused, operation: "prepare", message: "the domain's definition can't be understood")
        }
        if let obstacle = definition.obstacle(to: ceiling) {
            throw HypervisorError(.refused, operation: "prepare", message: obstacle)
        }
        let changes = definition.changes(for: ceiling, isQEMU: driver == .qemu)
        try document.prepare(definition, for: ceiling, isQEMU: driver == .qemu)
        let next = document.xml
        if !changes.isEmpty { try checkConversion(of: next, beside: former) }
        return (former, next, changes)
    }

    /// Throws if the driver refuses a definition, before it is defined. The driver may also be unable to convert the
    /// former definition, for reasons that have nothing to do with the change; then it says nothing about the new one.
    private func checkConversion(of next: String, beside former: String) throws(HypervisorError) {
        let format: String
        switch driver {
        case .qemu: format = "qemu-argv"
        case .xen: format = "xen-xl"
        case .test, .other: return
        }
        do throws(HypervisorError) {
            try handle.convert(next, to: format)
        } catch {
            guard error.code != .unsupported, handle.isAlive() else { return }
            guard (try? handle.convert(former, to: format)) != nil else { return }
            throw HypervisorError(
                .refused, operation: "prepare", message: "the driver refuses the definition: \(error.message)")
        }
    }

    // MARK: Giving back

    /// Takes back what is Ebb's own, element by element: first in the definition, by one call, then in the running
    /// domain. The label there goes last: while it is there, a call that was cut off shows as not done.
    func release(_ identifier: DomainID, _ own: OwnParts) throws(HypervisorError) -> DomainReading {
        let domain = try handle.domain(identifier)
        let saved = own.adoptedAs.flatMap { DefinedDomain(xml: $0) }
        if try domain.isPersistent() {
            let former = try domain.persistentXML()
            guard let definition = DefinedDomain(xml: former), let document = DefinitionDocument(xml: former) else {
                throw HypervisorError(
                    .refused, operation: "release", message: "the domain's definition can't be understood")
            }
            document.release(definition, own, adoptedAs: saved)
            _ = try handle.define(document.xml)
        }
        if try domain.isActive() {
            try liftCaps(of: domain, own, adoptedAs: saved)
            try domain.setMetadata(nil, VIR_DOMAIN_AFFECT_LIVE.rawValue)
        }
        forgetDefinition(of: identifier)
        return try reading(of: domain)
    }

    /// Lifts Ebb's caps of a running domain; what others set stays.
    private func liftCaps(
        of domain: borrowing DomainHandle, _ own: OwnParts, adoptedAs saved: DefinedDomain?
    ) throws(HypervisorError) {
        let live = try freshDefinition(of: domain)
        if let ppm = own.cpuCapPPM {
            try giveBackCPUCap(of: domain, own: ppm, found: own.foundCPUCap, saved: saved?.cputune)
        }
        guard let bytes = own.networkCapBytesPerSecond else { return }
        let cap = Self.kibibytes(bytes)
        let former = saved?.interfaceCaps ?? [:]
        for (address, limits) in live.interfaceCaps.sorted(by: { $0.key < $1.key }) {
            let before = former[address]
            if limits.inbound == cap || limits.outbound == cap {
                try domain.capInterface(
                    address, inboundKibibytesPerSecond: limits.inbound == cap ? before?.inbound ?? 0 : limits.inbound,
                    outboundKibibytesPerSecond: limits.outbound == cap ? before?.outbound ?? 0 : limits.outbound,
                    VIR_DOMAIN_AFFECT_LIVE.rawValue)
            }
        }
    }
}

extension DefinedDomain {
    /// Why the definition can't have that ceiling, for the cases in which the driver would say so late or not at all.
    func obstacle(to ceiling: DomainCeiling) -> String? {
        if let maximum = ceiling.maximumMemory, maximum > maximumMemory, let cells = cpu?.numa?.cell, !cells.isEmpty {
            return "its memory is the sum of its \(cells.count) NUMA cells, which only its owner can divide anew: raise"
                + " the cells in the definition itself, or its vCPUs alone"
        }
        if let maximum = ceiling.maximumVCPUs, maximum > maximumVCPUs, let topology = cpu?.topology,
            topology.vcpuCount != maximum.count
        {
            return "its CPU topology orders exactly \(topology.vcpuCount) vCPUs: change the topology in the definition"
                + " first, or take it out"
        }
        return nil
    }

    /// What each interface may carry, by its hardware address.
    var interfaceCaps: [String: InterfaceCap] {
        Dictionary(
            (devices?.interface ?? []).compactMap { interface in
                interface.mac.map {
                    (
                        $0.address,
                        InterfaceCap(
                            inbound: interface.bandwidth?.inbound?.average,
                            outbound: interface.bandwidth?.outbound?.average)
                    )
                }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// What has to change for a domain to grow that far, and to shrink again.
    func changes(for ceiling: DomainCeiling, isQEMU: Bool) -> [DefinitionChange] {
        var changes: [DefinitionChange] = []
        if let maximum = ceiling.maximumVCPUs, maximum > maximumVCPUs {
            changes.append(.init(what: "maximum vCPUs", before: "\(maximumVCPUs)", after: "\(maximum)"))
        }
        if isQEMU, !fixedVCPUs.isEmpty {
            let numbers = fixedVCPUs.map(String.init).joined(separator: ", ")
            changes.append(.init(what: "vCPU \(numbers)", before: "fixed", after: "hot-pluggable"))
        }
        if let maximum = ceiling.maximumMemory, maximum > maximumMemory {
            changes.append(.init(what: "maximum memory", before: "\(maximumMemory)", after: "\(maximum)"))
        }
        if isQEMU, !hasAgentChannel {
            changes.append(.init(what: "guest agent's channel", before: "none", after: agentChannelName))
        }
        return changes
    }
}

extension DefinitionDocument {
    /// Makes the changes that `definition` needs, and notes in Ebb's own element what was there before.
    func prepare(_ definition: DefinedDomain, for ceiling: DomainCeiling, isQEMU: Bool) throws(HypervisorError) {
        var note = definition.metadata?.ebb?.prepared ?? EbbMetadata.Preparation()
        let (vcpus, memory) = (definition.maximumVCPUs.count, definition.memory.value)
        if let maximum = ceiling.maximumVCPUs?.count, maximum > vcpus {
            setMaximumVCPUs(maximum)
            if note.vcpusAfter != vcpus { note.vcpusBefore = vcpus }
            note.vcpusAfter = maximum
        }
        if isQEMU, !definition.fixedVCPUs.isEmpty {
            setHotpluggable(
                definition.fixedVCPUs, true, start: definition.startVCPUs.count,
                maximum: max(vcpus, ceiling.maximumVCPUs?.count ?? 0))
            note.hotpluggable += definition.fixedVCPUs
        }
        if let maximum = ceiling.maximumMemory, maximum > definition.maximumMemory {
            let after = maximum.bytes / 1_024
            setMaximumMemory(kibibytes: after)
            if note.memoryAfter != memory { note.memoryBefore = memory }
            note.memoryAfter = after
        }
        if isQEMU, !definition.hasAgentChannel {
            try addAgentChannel()
            note.addedChannel = "yes"
        }
        self.note(note)
    }

    /// Removes what is Ebb's own, unless somebody changed it since.
    func release(_ definition: DefinedDomain, _ own: OwnParts, adoptedAs saved: DefinedDomain?) {
        if let label = definition.metadata?.ebb {
            if let note = label.prepared { takeBack(note, definition) }
            removeLabels()
            // A domain with another manager's labels is never adopted, so these labels are Ebb's.
            removeNovaLabels()
        }
        if let ppm = own.cpuCapPPM {
            replaceCPUQuota(ppm, by: saved?.cputune)
        }
        if let bytes = own.networkCapBytesPerSecond {
            replaceInterfaceCaps(LibvirtConnection.kibibytes(bytes), by: saved?.interfaceCaps ?? [:])
        }
    }

    private func takeBack(_ note: EbbMetadata.Preparation, _ definition: DefinedDomain) {
        setHotpluggable(
            note.hotpluggable, false, start: definition.startVCPUs.count, maximum: definition.maximumVCPUs.count)
        if let before = note.vcpusBefore, definition.maximumVCPUs.count == note.vcpusAfter {
            setMaximumVCPUs(before)
        }
        if let before = note.memoryBefore, definition.memory.value == note.memoryAfter {
            setMaximumMemory(kibibytes: before)
        }
        if note.addedChannel == "yes" { removeAgentChannel() }
    }
}
