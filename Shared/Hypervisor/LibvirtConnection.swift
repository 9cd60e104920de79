// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel
internal import Synchronization

/// One open libvirt connection with what was found out about it. All its methods block: they are called on the thread
/// of a `SerialWorker` only, and so is the last release, which closes the connection.
final class LibvirtConnection: Sendable {
    enum Driver: Hashable, Sendable {
        case qemu, xen, test
        case other(String)
    }

    /// What is remembered of one life of a domain.
    struct Known: Sendable {
        let hypervisorID: Int64?
        let definition: DefinedDomain
        /// What the hypervisor says beside the definition, in parts per million of one core; `nil` without a cap.
        let schedulerCapPPM: Int64?

        /// The cap that holds with so many vCPUs; `nil` without one.
        func cpuCapPPM(vcpus: VCPUCount?) -> Int64? {
            schedulerCapPPM ?? definition.cpuCapPPM(vcpus: vcpus ?? definition.startVCPUs)
        }
    }

    private struct Findings {
        /// Calls that this driver does not have.
        var unsupported: Set<String> = []
        var definitions: [DomainID: Known] = [:]
    }

    let handle: ConnectionHandle
    let driver: Driver
    let driverName: String
    /// Whether all domains' statistics come by one call.
    let hasBulkStatistics: Bool
    let host: HostCapabilities?
    /// Whether a guest of this host would run on the CPU itself. The device alone proves nothing: it may exist and open
    /// while the CPU has no virtualisation.
    let hasHardwareVirtualization: Bool
    private let findings = Mutex(Findings())
    /// Kinds of events that the host tells of.
    let events: [String]
    private let registrations: [Int32]
    private let hasCloseCallback: Bool

    /// Connects and finds out what the driver can do, by trying.
    /// - Parameter hub: told of the host's events, if given.
    init(uri: String, hub: EventHub?, limits: LibvirtLimits) throws(HypervisorError) {
        guard LibvirtLibrary.isReady else {
            throw HypervisorError(.unsupported, operation: "virInitialize", message: "libvirt can't be initialised")
        }
        handle = try ConnectionHandle(uri: uri)
        driverName = try handle.driver()
        driver =
            switch driverName.lowercased() {
            case "qemu": .qemu
            case "xen": .xen
            case "test": .test
            default: .other(driverName)
            }
        handle.keepAlive(
            intervalSeconds: Int32(clamping: limits.keepAliveIntervalSeconds),
            count: UInt32(clamping: limits.keepAliveCount))
        hasBulkStatistics = (try? handle.bulkStatistics(enforce: true)) != nil
        host = (try? handle.capabilitiesXML()).flatMap(HostCapabilities.init(xml:))
        hasHardwareVirtualization = driver == .qemu && Self.runsOnCPU(handle, host)
        guard let box = hub.map(EventBox.init(hub:)) else {
            registrations = []
            events = []
            hasCloseCallback = false
            return
        }
        var registered: [(name: String, number: Int32)] = []
        for kind in EventBox.kinds {
            guard let number = unsafe handle.register(kind.event, kind.callback, box: box) else { continue }
            registered.append((kind.name, number))
        }
        registrations = registered.map(\.number)
        events = Array(Set(registered.map(\.name))).sorted()
        hasCloseCallback = handle.registerClose(box: box)
    }

    deinit {
        for registration in registrations { handle.deregister(registration) }
        if hasCloseCallback { handle.deregisterClose() }
    }

    /// The driver must offer KVM, and the CPU its extensions. libvirt names those that the CPU's model lacks, so the model
    /// is spelt out too: AMD's have `svm`.
    private static func runsOnCPU(_ handle: borrowing ConnectionHandle, _ host: HostCapabilities?) -> Bool {
        guard let host, host.offersKVM, (try? handle.domainCapabilities(of: "kvm")) != nil else { return false }
        let model = (try? host.comparedCPU?.xml()).flatMap { try? handle.expanded(cpu: $0) }
        return host.hasVirtualizationExtensions(beside: model.map(HostCapabilities.features(ofCPU:)) ?? [])
    }

    /// Whether a vCPU's state is the hypervisor's own knowledge. QEMU calls every plugged vCPU running.
    var statesAreAuthoritative: Bool { driver != .qemu }

    /// What a new domain's `type` says.
    var domainType: String {
        switch driver {
        case .qemu: hasHardwareVirtualization ? "kvm" : "qemu"
        case .xen: "xen"
        case .test: "test"
        case .other(let name): name.lowercased()
        }
    }

    func capabilities() throws(HypervisorError) -> HypervisorCapabilities {
        HypervisorCapabilities(
            driver: driver == .test ? "Test" : driverName, version: try handle.version(), hostUUID: host?.uuid,
            hasBulkStatistics: hasBulkStatistics,
            hasHostCPUStatistics: attempt("virNodeGetCPUStats") { () throws(HypervisorError) in
                try handle.hostCPUTimeNanoseconds()
            } != nil,
            hasHostMemoryStatistics: attempt("virNodeGetMemoryStats") { () throws(HypervisorError) in
                try handle.hostMemoryUsed()
            } != nil,
            canMigrate: host?.canMigrateLive ?? false,
            canUnplugVCPUs: driver != .qemu || hasHardwareVirtualization, canCapCPU: cpuCap().isPossible,
            hasStorage: attempt("storage pools") { () throws(HypervisorError) in try handle.pools() } != nil,
            events: events)
    }

    /// Runs a call that this driver may lack, or that may fail for one domain alone; `nil` then. A call that is found
    /// missing is not tried again on this connection.
    func attempt<Value>(_ operation: String, _ body: () throws(HypervisorError) -> Value) -> Value? {
        guard !findings.withLock({ $0.unsupported.contains(operation) }) else { return nil }
        do {
            return try body()
        } catch {
            if error.code == .unsupported { _ = findings.withLock { $0.unsupported.insert(operation) } }
            return nil
        }
    }

    /// What is remembered of the domain's present life, read now if nothing is; `nil` if it can't be read.
    func known(_ domain: borrowing DomainHandle, _ identity: DomainIdentity) -> Known? {
        if let known = remembered(of: identity) { return known }
        guard let definition = try? freshDefinition(of: domain) else { return nil }
        return remember(definition, of: domain, identity)
    }

    /// Remembers a definition that was just read.
    @discardableResult
    func remember(
        _ definition: DefinedDomain, of domain: borrowing DomainHandle, _ identity: DomainIdentity
    ) -> Known {
        var cap: Int64?
        if driver == .xen, identity.hypervisorID != nil {
            // In percent of one core, 0 for none; Xen's definitions don't have it.
            let percent = attempt("scheduler") { () throws(HypervisorError) in try domain.scheduler() }?["cap"]
            cap = percent.flatMap { $0 > 0 ? $0 * 10_000 : nil }
        }
        let known = Known(hypervisorID: identity.hypervisorID, definition: definition, schedulerCapPPM: cap)
        findings.withLock { $0.definitions[identity.domain] = known }
        return known
    }

    /// What is remembered of it from this life, under this name.
    func remembered(of identity: DomainIdentity) -> Known? {
        findings.withLock { findings in
            findings.definitions[identity.domain].flatMap { known in
                known.hypervisorID == identity.hypervisorID && known.definition.name == identity.name ? known : nil
            }
        }
    }

    /// The definition as it is now.
    func freshDefinition(of domain: borrowing DomainHandle) throws(HypervisorError) -> DefinedDomain {
        let xml = try domain.xml()
        guard let definition = DefinedDomain(xml: xml) else {
            throw HypervisorError(
                .refused, operation: "virDomainGetXMLDesc", message: "the domain's definition can't be understood")
        }
        return definition
    }

    func forgetDefinition(of domain: DomainID) { findings.withLock { $0.definitions[domain] = nil } }

    /// Drops what is remembered of domains that the host no longer has.
    func forgetDefinitions(except domains: Set<DomainID>) {
        findings.withLock { findings in
            findings.definitions = findings.definitions.filter { domains.contains($0.key) }
        }
    }
}
