// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Contracts
internal import Execution
internal import ResourceModel
internal import Synchronization

/// One open libvirt connection with what was found out about it. All its methods block: they are called on the thread
/// of a `SerialWorker` only. The last release, which closes the connection, happens there too.
final class LibvirtConnection: Sendable {
    enum Driver: Hashable, Sendable {
        case qemu, xen, test
        case other(String)
    }

    typealias Known = DefinitionCache.Known

    let handle: ConnectionHandle
    let driver: Driver
    let driverName: String
    /// Whether all domains' statistics come by one call.
    let hasBulkStatistics: Bool
    let host: HostCapabilities?
    /// Whether a guest of this host would run on the CPU itself. The device /dev/kvm alone proves nothing: it may exist
    /// and open although the CPU has no virtualisation.
    let hasHardwareVirtualization: Bool
    /// Calls that this driver was found not to have.
    private let unsupported = Mutex<Set<String>>([])
    let cache: DefinitionCache
    let limits: LibvirtLimits
    /// Kinds of events that the host reports.
    let events: [String]
    private let registrations: [Int32]
    private let hasCloseCallback: Bool

    /// Connects and finds out what the driver can do, by trying.
    /// - Parameters:
    ///   - hub: gets the host's events, if given.
    ///   - cache: the definitions that other connections have read.
    ///   - steps: counts the host's answers.
    init(
        uri: String, hub: EventHub?, cache: DefinitionCache, limits: LibvirtLimits, steps: StepCount
    ) throws(HypervisorError) {
        guard LibvirtLibrary.isReady else {
            throw HypervisorError(.unsupported, operation: "virInitialize", message: "libvirt can't be initialised")
        }
        self.cache = cache
        self.limits = limits
        handle = try ConnectionHandle(uri: uri)
        steps.count()
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
        steps.count()
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
            let number = unsafe handle.register(kind.event, kind.callback, box: box)
            steps.count()
            guard let number else { continue }
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

    /// The `type` of a new domain.
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

    /// Runs a call that this driver may lack, or that may fail for one domain alone; `nil` then. A call that the driver
    /// lacks is not tried again on this connection.
    func attempt<Value>(_ operation: String, _ body: () throws(HypervisorError) -> Value) -> Value? {
        guard !unsupported.withLock({ $0.contains(operation) }) else { return nil }
        do {
            return try body()
        } catch {
            if error.code == .unsupported { _ = unsupported.withLock { $0.insert(operation) } }
            return nil
        }
    }

    /// What is remembered of the domain's present life, read now if nothing is; `nil` if it can't be read.
    func known(_ domain: borrowing DomainHandle, _ identity: DomainIdentity) -> Known? {
        if let known = cache.known(identity) { return known }
        guard let definition = try? freshDefinition(of: domain) else { return nil }
        return remember(definition, of: domain, identity)
    }

    /// Remembers a definition that was just read.
    @discardableResult
    func remember(
        _ definition: DefinedDomain, of domain: borrowing DomainHandle, _ identity: DomainIdentity
    ) -> Known {
        var cap: CPUCap?
        if driver == .xen {
            // Xen's definitions don't have it, so a domain that is off has none.
            cap = identity.hypervisorID == nil ? CPUCap.none : xenCap(of: domain)
        }
        let known = Known(
            name: identity.name, hypervisorID: identity.hypervisorID, definition: definition, schedulerCap: cap)
        cache.remember(known, of: identity, now: monotonicNanoseconds())
        return known
    }

    func remember(_ known: Known, strangeDevices: Set<String>, of statistics: DomainStatistics) -> Known {
        var known = known
        known.strangeDevices = strangeDevices
        cache.remember(known, of: statistics.identity, now: monotonicNanoseconds())
        return known
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

    /// Which definitions must be read, the most urgent first.
    private func due(of identities: [DomainIdentity]) -> [DomainIdentity] {
        let age = driver == .xen ? min(limits.definitionRefresh, limits.capRefresh) : limits.definitionRefresh
        return cache.due(
            of: identities, oldest: monotonicNanoseconds() - age.wholeNanoseconds,
            few: limits.definitionRefreshesPerSample)
    }

    /// Reads the definitions that are due, for as long as there is time.
    func readDefinitions(of identities: [DomainIdentity], _ steps: StepCount) throws(HypervisorError) {
        guard !due(of: identities).isEmpty else { return }
        let list = try handle.domains()
        steps.count()
        let found = list.identities()
        // A definition that can't be read must not shift the others' places.
        guard found.count == list.count else { throw .last("virConnectListAllDomains") }
        try readDefinitions(of: list, found, steps)
    }

    /// - Parameter identities: of the list.
    func readDefinitions(
        of list: borrowing DomainList, _ identities: [DomainIdentity], _ steps: StepCount
    ) throws(HypervisorError) {
        let start = monotonicNanoseconds()
        let due = due(of: identities)
        guard !due.isEmpty else { return }
        let wanted = Dictionary(identities.enumerated().map { ($1.domain, $0) }) { first, _ in first }
        for identity in due {
            guard monotonicNanoseconds() - start < limits.definitionTime.wholeNanoseconds else { return }
            guard let index = wanted[identity.domain], let domain = list.handle(at: index) else { continue }
            do throws(HypervisorError) {
                remember(try freshDefinition(of: domain), of: domain, identity)
            } catch {
                guard handle.isAlive() else { throw error }
                // So it is not asked for again at once.
                cache.remember(nil, of: identity, now: start)
            }
            steps.count()
        }
    }

    func forgetDefinition(of domain: DomainID) { cache.forget(domain) }
}
