// SPDX-License-Identifier: Apache-2.0

/// Running state of a domain. `unknown` means that the host could not be asked: unreachable is not off.
package enum DomainState: String, Hashable, Sendable, Codable, CaseIterable {
    /// `crashed`: its guest crashed and is kept as it was, with its memory. `pmSuspended`: its guest put itself to
    /// sleep, with its memory.
    case unknown, running, blocked, paused, shuttingDown = "shutting-down", shutoff, crashed, saved
    case pmSuspended = "pm-suspended"

    /// Whether the hypervisor holds the domain's memory and may give it CPU time.
    package var isActive: Bool {
        switch self {
        case .running, .blocked, .paused, .shuttingDown, .crashed, .pmSuspended: true
        case .unknown, .shutoff, .saved: false
        }
    }

    /// Whether it is active and its guest gets no CPU time until somebody resumes or wakes it.
    package var stands: Bool { self == .paused || self == .pmSuspended }

    /// Whether the guest has CPU time. `blocked` is running and idle.
    package var runs: Bool { self == .running || self == .blocked }
}

/// Why a domain does not run, in the driver's terms.
package enum StateReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// Somebody asked for it.
    case user
    case migration, save, dump, snapshot
    /// Its disk gave an error, or is full.
    case ioError = "io-error"
    /// The guest's watchdog ran out.
    case watchdog
    /// It was reverted to a snapshot of a paused domain.
    case fromSnapshot = "from-snapshot"
    /// The guest has shut down, and its host is ending it.
    case shuttingDown = "shutting-down"
    /// It, or its hypervisor's process, crashed.
    case crashed
    case startingUp = "starting-up"
    case postCopy = "post-copy", postCopyFailed = "post-copy-failed"
    /// A call of the hypervisor's own failed half-way.
    case failedCall = "failed-call"
    /// The guest's kernel panicked.
    case panicked
    /// It was shut down; its power was cut; its host could not start it; its host's daemon ended it.
    case shutdown, destroyed, failed, daemon

    /// In words, for people.
    package var text: String {
        switch self {
        case .user: "asked for"
        case .migration: "it migrates"
        case .save: "it is being saved"
        case .dump: "its memory is being dumped"
        case .snapshot: "a snapshot is being taken"
        case .ioError: "its disk gave an I/O error, or is full"
        case .watchdog: "its watchdog ran out"
        case .fromSnapshot: "its snapshot was paused"
        case .shuttingDown: "its guest has shut down"
        case .crashed: "it crashed"
        case .startingUp: "it is starting"
        case .postCopy: "the last part of its migration is under way"
        case .postCopyFailed: "the last part of its migration failed"
        case .failedCall: "a call of its hypervisor failed"
        case .panicked: "its kernel panicked"
        case .shutdown: "it was shut down"
        case .destroyed: "its power was cut"
        case .failed: "it could not start"
        case .daemon: "its host's daemon ended it"
        }
    }
}

/// One life of a domain's counters: they begin again after a start, a restore and on the target of a migration.
package struct Incarnation: Hashable, Sendable, Codable {
    package let host: HostID
    /// The hypervisor's own number of the running domain (libvirt's domain id).
    package let hypervisorID: Int64
    /// When this life began: the driver's own instant where it gives one, else the first observation.
    package let start: Timestamp

    package init(host: HostID, hypervisorID: Int64, start: Timestamp) {
        self.host = host
        self.hypervisorID = hypervisorID
        self.start = start
    }
}

/// What a host shows of a domain's life right before the domain is rebooted or reverted to a snapshot: the domain's
/// state does not show that either happened. `nil` is unknown.
package struct LifeMark: Hashable, Sendable, Codable {
    /// The hypervisor's own number of the running domain; `nil` if it does not run.
    package let hypervisorID: Int64?
    /// The number of the guest's boot, where the driver numbers boots.
    package let boot: Int64?
    /// Major page faults since the guest's kernel started, where the guest tells.
    package let majorFaults: Int64?
    /// The snapshot that was taken of the domain, or restored, last.
    package let snapshot: String?

    package init(hypervisorID: Int64?, boot: Int64? = nil, majorFaults: Int64? = nil, snapshot: String? = nil) {
        self.hypervisorID = hypervisorID
        self.boot = boot
        self.majorFaults = majorFaults
        self.snapshot = snapshot
    }
}

/// A domain's vCPUs as three different facts, and the ceiling of its definition.
package struct VCPUSizes: Hashable, Sendable, Codable {
    /// The ceiling in the definition: hot-plug can't pass it.
    package var maximum: VCPUCount
    /// What Ebb last asked for; `nil` if Ebb never asked.
    package var asked: VCPUCount?
    /// What the hypervisor says it gave.
    package var granted: VCPUCount
    /// What the guest is seen to use (agent, or per-vCPU time that advances); `nil` while unknown.
    package var confirmed: VCPUCount?

    package init(maximum: VCPUCount, asked: VCPUCount? = nil, granted: VCPUCount, confirmed: VCPUCount? = nil) {
        self.maximum = maximum
        self.asked = asked
        self.granted = granted
        self.confirmed = confirmed
    }
}

/// Cumulative counters of one incarnation. `nil` is unknown, never zero.
package struct DomainCounters: Hashable, Sendable, Codable {
    package var cpuTimeNanoseconds: Int64?
    package var stealTimeNanoseconds: Int64?
    package var networkReceivedBytes: Int64?
    package var networkTransmittedBytes: Int64?
    package var blockReadBytes: Int64?
    package var blockWrittenBytes: Int64?
    /// Read back from the guest's swap: its memory is too small when this rises.
    package var swapInBytes: Int64?
    /// Page faults of the guest that needed its disk.
    package var majorFaults: Int64?

    package init(
        cpuTimeNanoseconds: Int64? = nil, stealTimeNanoseconds: Int64? = nil, networkReceivedBytes: Int64? = nil,
        networkTransmittedBytes: Int64? = nil, blockReadBytes: Int64? = nil, blockWrittenBytes: Int64? = nil,
        swapInBytes: Int64? = nil, majorFaults: Int64? = nil
    ) {
        self.cpuTimeNanoseconds = cpuTimeNanoseconds
        self.stealTimeNanoseconds = stealTimeNanoseconds
        self.networkReceivedBytes = networkReceivedBytes
        self.networkTransmittedBytes = networkTransmittedBytes
        self.blockReadBytes = blockReadBytes
        self.blockWrittenBytes = blockWrittenBytes
        self.swapInBytes = swapInBytes
        self.majorFaults = majorFaults
    }
}

/// A domain's memory. `nil` is unknown, never zero.
package struct DomainMemory: Hashable, Sendable, Codable {
    /// The ceiling in the definition.
    package var maximum: ByteCount
    /// What the balloon leaves to the guest now: the allocation.
    package var allocated: ByteCount?
    /// Used in the guest, without page cache.
    package var used: ByteCount?

    package init(maximum: ByteCount, allocated: ByteCount? = nil, used: ByteCount? = nil) {
        self.maximum = maximum
        self.allocated = allocated
        self.used = used
    }
}

/// One reading of one domain, as published: raw counters and what Monitor derived from two of them.
package struct DomainSample: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var state: DomainState
    package var incarnation: Incarnation?
    package var vcpus: VCPUSizes?
    package var memory: DomainMemory?
    /// The paper's VirtCPUUsage = Δ cpuTime / Δt: may pass 100 % with several vCPUs.
    package var virtCPUUsage: Utilization?
    /// (used + steal) / (Δt · capacity), clamped at 100 %: what thresholds are compared with.
    package var cpuUtilization: Utilization?
    /// Steal / (Δt · capacity); `nil` under a cap, whose own waiting can't be told from steal.
    package var stealUtilization: Utilization?
    /// (used + steal) / Δt: what its vCPUs wanted, of one core. It may pass what its capacity allows. `nil` also where
    /// the host does not count what vCPUs wait for.
    package var cpuDemand: Utilization?
    /// What its vCPUs may use together.
    package var cpuCap: CPUCap
    /// Used / allocated, without page cache.
    package var memoryUtilization: Utilization?
    /// Received and transmitted bytes per second, together.
    package var networkBytesPerSecond: Int64?
    /// What the network cap allows in each direction; `nil` without a cap, or while it is unknown.
    package var networkCapBytesPerSecond: Int64?
    /// The rate of the busier direction / `networkCapBytesPerSecond`, clamped at 100 %: what thresholds on the network
    /// are compared with.
    package var networkUtilization: Utilization?
    /// Swap-in since the previous sample, in bytes.
    package var swapInDelta: Int64?
    /// Major faults since the previous sample.
    package var majorFaultsDelta: Int64?
    package var counters: DomainCounters

    /// - Parameter cpuCap: `nil`: as a report of a former version says it.
    package init(
        domain: DomainID, state: DomainState, incarnation: Incarnation? = nil, vcpus: VCPUSizes? = nil,
        memory: DomainMemory? = nil, counters: DomainCounters = DomainCounters(), virtCPUUsage: Utilization? = nil,
        cpuUtilization: Utilization? = nil, stealUtilization: Utilization? = nil,
        memoryUtilization: Utilization? = nil, networkBytesPerSecond: Int64? = nil,
        networkCapBytesPerSecond: Int64? = nil, networkUtilization: Utilization? = nil, swapInDelta: Int64? = nil,
        majorFaultsDelta: Int64? = nil, cpuCap: CPUCap? = nil, cpuDemand: Utilization? = nil
    ) {
        self.domain = domain
        self.state = state
        self.incarnation = incarnation
        self.vcpus = vcpus
        self.memory = memory
        self.counters = counters
        self.virtCPUUsage = virtCPUUsage
        self.cpuUtilization = cpuUtilization
        self.stealUtilization = stealUtilization
        self.memoryUtilization = memoryUtilization
        self.networkBytesPerSecond = networkBytesPerSecond
        self.networkCapBytesPerSecond = networkCapBytesPerSecond
        self.networkUtilization = networkUtilization
        self.swapInDelta = swapInDelta
        self.majorFaultsDelta = majorFaultsDelta
        self.cpuCap = cpuCap ?? CPUCap(reported: nil, isUtilizationKnown: cpuUtilization != nil)
        self.cpuDemand = cpuDemand
    }

    /// Its size of CPU: its confirmed vCPUs, else the granted ones, as far as its cap lets it use them. `nil` while one
    /// of them is unknown.
    package var capacity: Capacity? { vcpus.flatMap { cpuCap.capacity(of: $0.confirmed ?? $0.granted) } }
}

extension DomainSample {
    /// What its cap leaves of its vCPUs; `nil`: all of them, or that is not known.
    package var leftByCap: Capacity? { vcpus.flatMap { cpuCap.binding(of: $0.confirmed ?? $0.granted) } }
}

/// One cycle of one host: its own figures and every domain on it.
package struct HostSample: Hashable, Sendable, Codable {
    package var host: HostID
    /// When the counters were read, in cluster time.
    package var sampledAt: Timestamp
    /// Since the previous cycle, by a monotonic clock; `nil` for the first.
    package var intervalNanoseconds: Int64?
    package var figures: HostFigures
    package var domains: [DomainSample]

    package init(
        host: HostID, sampledAt: Timestamp, intervalNanoseconds: Int64?, figures: HostFigures, domains: [DomainSample]
    ) {
        self.host = host
        self.sampledAt = sampledAt
        self.intervalNanoseconds = intervalNanoseconds
        self.figures = figures
        self.domains = domains
    }
}

/// A physical host's own use. `nil` is unknown, never zero.
package struct HostFigures: Hashable, Sendable, Codable {
    package var cpuCount: Int
    package var memory: ByteCount
    /// Busy share of all cores.
    package var cpuUtilization: Utilization?
    /// Domain 0's (the control domain's) share of all cores, where the hypervisor has one.
    package var controlDomainUtilization: Utilization?
    /// The sum over all guest domains, as a share of all cores.
    package var domainsUtilization: Utilization?
    package var memoryUsed: ByteCount?
    /// Round trip to the host; `nil` if it did not answer.
    package var responseTimeNanoseconds: Int64?
    /// How the round trip was taken: all candidates of one placement use the same method.
    package var responseMethod: ResponseMethod
    /// The share of the last round trips that had no answer; `nil` before the first.
    package var responseLoss: Utilization?

    package init(
        cpuCount: Int, memory: ByteCount, cpuUtilization: Utilization? = nil,
        controlDomainUtilization: Utilization? = nil, domainsUtilization: Utilization? = nil,
        memoryUsed: ByteCount? = nil, responseTimeNanoseconds: Int64? = nil, responseMethod: ResponseMethod = .unknown,
        responseLoss: Utilization? = nil
    ) {
        self.cpuCount = cpuCount
        self.memory = memory
        self.cpuUtilization = cpuUtilization
        self.controlDomainUtilization = controlDomainUtilization
        self.domainsUtilization = domainsUtilization
        self.memoryUsed = memoryUsed
        self.responseTimeNanoseconds = responseTimeNanoseconds
        self.responseMethod = responseMethod
        self.responseLoss = responseLoss
    }
}

/// How a host's response time is measured.
package enum ResponseMethod: String, Hashable, Sendable, Codable, CaseIterable {
    case unknown, icmp, tcpConnect = "tcp-connect", simulated
}
