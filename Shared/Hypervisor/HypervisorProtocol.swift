// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One host's hypervisor. Implementations never block the cooperative thread pool, and every call ends by its deadline
/// (`HypervisorError.Code.deadline`): a hung host delays nobody else.
package protocol Hypervisor: Sendable {
    /// What this connection can do, found out once per connection.
    func capabilities() async throws(HypervisorError) -> HypervisorCapabilities
    /// Every domain the host knows, running or not, with its definition.
    func inventory() async throws(HypervisorError) -> [DomainDescription]
    /// The counters of the host and of all its active domains, read at one instant where the driver can.
    func sample() async throws(HypervisorError) -> HostReading
    /// Round trip to the host, as the paper's ping. The method is the same for every host of one kind.
    func responseTime() async throws(HypervisorError) -> ResponseTime

    /// Defines and starts a domain. Repeating it with the same id and call id changes nothing.
    func create(_ specification: DomainSpecification, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Performs a lifecycle operation. Repeating one that already holds is no error.
    func perform(_ operation: LifecycleOperation, on domain: DomainID, _ call: MutatingCall)
        async throws(HypervisorError) -> Effect
    /// Sets the number of vCPUs (absolute), live. Grow: hot-add, then bring online in the guest. Shrink: guest
    /// offline, unplug where the driver completes it, look. Returns what is seen afterwards.
    func resize(_ domain: DomainID, vcpus: VCPUCount, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Live migration to another host of the same kind; the persistent definition ends on the target only.
    func migrate(_ domain: DomainID, to target: MigrationTarget, _ call: MutatingCall)
        async throws(HypervisorError) -> Effect

    /// What happened on the host. Finishes when the connection is closed or lost.
    var events: AsyncStream<HypervisorEvent> { get }
    /// Drops the connection. A hung one is abandoned, never waited for.
    func close() async
}

/// The fencing token and the limits of a call that changes something.
package struct MutatingCall: Hashable, Sendable {
    /// Identifies the command: a driver that can keeps a repeated call from having a second effect.
    package let id: UUID128
    /// The owner's epoch over the host's shard. libvirt takes no such token; the fleet enforces it.
    package let epoch: UInt64
    package let timeout: Duration

    package init(id: UUID128, epoch: UInt64, timeout: Duration) {
        self.id = id
        self.epoch = epoch
        self.timeout = timeout
    }
}

/// What is seen after a mutating call: the operation may have been granted in part.
package struct Effect: Hashable, Sendable {
    /// The state afterwards, as far as it could be seen.
    package let domain: DomainReading?
    /// When it took effect, where the driver says so.
    package let effectiveAt: Timestamp?

    package init(domain: DomainReading?, effectiveAt: Timestamp?) {
        self.domain = domain
        self.effectiveAt = effectiveAt
    }
}

package enum LifecycleOperation: String, Hashable, Sendable, Codable, CaseIterable {
    case start, shutdown, destroy, suspend, resume, save, restore, undefine
}

/// Where a migration goes.
package struct MigrationTarget: Hashable, Sendable {
    package let host: HostID
    /// The target's connection URI as its own Monitor uses it.
    package let uri: String
    /// The owner's epoch over the target's shard.
    package let epoch: UInt64

    package init(host: HostID, uri: String, epoch: UInt64) {
        self.host = host
        self.uri = uri
        self.epoch = epoch
    }
}

/// A domain to be made.
package struct DomainSpecification: Hashable, Sendable {
    package let domain: DomainID
    package let name: String
    package let tenant: TenantID
    package let maximumVCPUs: VCPUCount
    package let vcpus: VCPUCount
    package let memory: ByteCount
    package let disk: ByteCount
    /// Driver-specific: kernel, image, network, … (libvirt); empty for the fleet.
    package let boot: BootSource

    package init(
        domain: DomainID, name: String, tenant: TenantID, maximumVCPUs: VCPUCount, vcpus: VCPUCount,
        memory: ByteCount, disk: ByteCount, boot: BootSource = BootSource()
    ) {
        self.domain = domain
        self.name = name
        self.tenant = tenant
        self.maximumVCPUs = maximumVCPUs
        self.vcpus = vcpus
        self.memory = memory
        self.disk = disk
        self.boot = boot
    }
}

/// What a new domain boots from; every part may be absent.
package struct BootSource: Hashable, Sendable, Codable {
    package var kernelPath: String?
    package var initrdPath: String?
    package var kernelCommandLine: String?
    /// A raw or qcow2 image that all hosts of the cluster can read and write.
    package var diskPath: String?
    /// A bridge on the host.
    package var bridge: String?

    package init(
        kernelPath: String? = nil, initrdPath: String? = nil, kernelCommandLine: String? = nil,
        diskPath: String? = nil, bridge: String? = nil
    ) {
        self.kernelPath = kernelPath
        self.initrdPath = initrdPath
        self.kernelCommandLine = kernelCommandLine
        self.diskPath = diskPath
        self.bridge = bridge
    }
}

/// A domain as it is defined.
package struct DomainDescription: Hashable, Sendable {
    package let domain: DomainID
    package let name: String
    package let state: DomainState
    /// From Ebb's own metadata in the definition; `nil` for a domain that Ebb did not create.
    package let tenant: TenantID?
    package let maximumVCPUs: VCPUCount
    package let maximumMemory: ByteCount
    package let disk: ByteCount?

    package init(
        domain: DomainID, name: String, state: DomainState, tenant: TenantID?, maximumVCPUs: VCPUCount,
        maximumMemory: ByteCount, disk: ByteCount?
    ) {
        self.domain = domain
        self.name = name
        self.state = state
        self.tenant = tenant
        self.maximumVCPUs = maximumVCPUs
        self.maximumMemory = maximumMemory
        self.disk = disk
    }
}

/// Raw counters of a host at one instant. `nil` is unknown, never zero.
package struct HostReading: Hashable, Sendable {
    /// The host's own instant of the reading where the driver gives one (the fleet); the caller's clock otherwise.
    package let readAt: Timestamp?
    /// Monotonic instant of the reading by this process, for Δt where `readAt` is `nil`.
    package let monotonicNanoseconds: Int64
    package let cpuCount: Int
    package let memory: ByteCount
    /// Busy time summed over all cores.
    package let cpuTimeNanoseconds: Int64?
    /// Domain 0's CPU time, where there is one.
    package let controlDomainCPUTimeNanoseconds: Int64?
    package let memoryUsed: ByteCount?
    package let domains: [DomainReading]

    package init(
        readAt: Timestamp?, monotonicNanoseconds: Int64, cpuCount: Int, memory: ByteCount, cpuTimeNanoseconds: Int64?,
        controlDomainCPUTimeNanoseconds: Int64?, memoryUsed: ByteCount?, domains: [DomainReading]
    ) {
        self.readAt = readAt
        self.monotonicNanoseconds = monotonicNanoseconds
        self.cpuCount = cpuCount
        self.memory = memory
        self.cpuTimeNanoseconds = cpuTimeNanoseconds
        self.controlDomainCPUTimeNanoseconds = controlDomainCPUTimeNanoseconds
        self.memoryUsed = memoryUsed
        self.domains = domains
    }
}

/// Raw counters of a domain at one instant.
package struct DomainReading: Hashable, Sendable {
    package var domain: DomainID
    package var name: String
    package var state: DomainState
    /// The hypervisor's number of the running domain; `nil` if it does not run.
    package var hypervisorID: Int64?
    /// When the incarnation began, where the driver says so.
    package var incarnationStart: Timestamp?
    package var maximumVCPUs: VCPUCount?
    package var grantedVCPUs: VCPUCount?
    package var confirmedVCPUs: VCPUCount?
    package var memory: DomainMemory?
    package var disk: ByteCount?
    package var counters: DomainCounters
    /// CPU time of each vCPU, in order, where the driver tells.
    package var vcpuTimeNanoseconds: [Int64]?
    /// Since when the present size and state hold on this host, where the driver says so.
    package var sizeEffectiveAt: Timestamp?

    package init(
        domain: DomainID, name: String, state: DomainState, hypervisorID: Int64? = nil,
        incarnationStart: Timestamp? = nil, maximumVCPUs: VCPUCount? = nil, grantedVCPUs: VCPUCount? = nil,
        confirmedVCPUs: VCPUCount? = nil, memory: DomainMemory? = nil, disk: ByteCount? = nil,
        counters: DomainCounters = DomainCounters(), vcpuTimeNanoseconds: [Int64]? = nil,
        sizeEffectiveAt: Timestamp? = nil
    ) {
        self.domain = domain
        self.name = name
        self.state = state
        self.hypervisorID = hypervisorID
        self.incarnationStart = incarnationStart
        self.maximumVCPUs = maximumVCPUs
        self.grantedVCPUs = grantedVCPUs
        self.confirmedVCPUs = confirmedVCPUs
        self.memory = memory
        self.disk = disk
        self.counters = counters
        self.vcpuTimeNanoseconds = vcpuTimeNanoseconds
        self.sizeEffectiveAt = sizeEffectiveAt
    }
}

package struct ResponseTime: Hashable, Sendable {
    package let nanoseconds: Int64
    package let method: ResponseMethod
    package init(nanoseconds: Int64, method: ResponseMethod) {
        self.nanoseconds = nanoseconds
        self.method = method
    }
}

/// What one connection can do; shown to operators, and the reason for falling back.
package struct HypervisorCapabilities: Hashable, Sendable, Codable {
    /// For instance `QEMU`, `Xen`, `Test`, `fleet`.
    package let driver: String
    package let version: String
    package let hasBulkStatistics: Bool
    package let hasHostCPUStatistics: Bool
    package let hasHostMemoryStatistics: Bool
    package let canMigrate: Bool
    /// Whether unplugging a vCPU completes; under emulation it does not, and the vCPU is only taken offline.
    package let canUnplugVCPUs: Bool

    package init(
        driver: String, version: String, hasBulkStatistics: Bool, hasHostCPUStatistics: Bool,
        hasHostMemoryStatistics: Bool, canMigrate: Bool, canUnplugVCPUs: Bool
    ) {
        self.driver = driver
        self.version = version
        self.hasBulkStatistics = hasBulkStatistics
        self.hasHostCPUStatistics = hasHostCPUStatistics
        self.hasHostMemoryStatistics = hasHostMemoryStatistics
        self.canMigrate = canMigrate
        self.canUnplugVCPUs = canUnplugVCPUs
    }
}

/// Something that happened on the host, ordered by Ebb or not.
package enum HypervisorEvent: Hashable, Sendable {
    case lifecycle(DomainID, DomainState, detail: String)
    case rebooted(DomainID)
    case connectionLost(reason: String)
}

/// What a hypervisor call can end in besides success.
package struct HypervisorError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        /// The host can't be reached: its domains are unknown, not off.
        case unreachable
        /// No answer by the deadline: whether a mutating call had its effect is unknown.
        case deadline
        case noSuchDomain = "no-such-domain"
        /// The host refuses this caller's epoch: another instance owns the host now.
        case fenced
        case refused
        case unsupported
        case closed
        case invalid
    }
    package let code: Code
    /// The call that failed, for instance `virDomainSetVcpusFlags`.
    package let operation: String
    package let message: String

    package init(_ code: Code, operation: String, message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    package var description: String { "\(operation): \(message)" }
}
