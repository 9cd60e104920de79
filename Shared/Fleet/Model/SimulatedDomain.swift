// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// How a guest behaves when it is resized.
package enum GuestConduct: Hashable, Sendable, Codable {
    /// Brings a hot-added vCPU online this long after it was granted.
    case confirms(afterNanoseconds: Int64)
    /// Never brings a hot-added vCPU online, never gives one back.
    case refuses

    private enum ConfirmsCodingKeys: String, CodingKey { case afterNanoseconds = "after_ns" }

    /// Why it is not valid; `nil` if it is.
    var fault: String? {
        guard case .confirms(let delay) = self, !Limits.duration.contains(delay) else { return nil }
        return "a guest confirms within 0 to 24 hours"
    }
}

/// What a guest's agent says about its vCPUs.
package enum GuestReport: Hashable, Sendable, Codable {
    case truthful
    /// Always this number, whatever it uses.
    case lies(vcpus: Int)
    /// Nothing: there is no agent.
    case silent
}

/// One life of a domain's counters.
struct Life: Hashable, Sendable {
    let hypervisorID: Int64
    /// True instant.
    let start: Timestamp
    /// The same by the host's clock.
    let hostStart: Timestamp
    /// One per vCPU that was ever online.
    var vcpuTime: [ExactCounter] = []
    var steal = ExactCounter()
    var received = ExactCounter()
    var transmitted = ExactCounter()
    var blockRead = ExactCounter()
    var blockWritten = ExactCounter()
    var swapIn = ExactCounter()
    var majorFaults = ExactCounter()

    /// The exact sum over all vCPUs, rounded down once.
    var cpuTimeNanoseconds: Int64 {
        var whole: Int64 = 0
        var remainder: Int64 = 0
        for counter in vcpuTime {
            whole += counter.whole
            remainder += counter.remainder
        }
        return whole + remainder / RateUnit.cpu
    }

    var counters: DomainCounters {
        DomainCounters(
            cpuTimeNanoseconds: cpuTimeNanoseconds, stealTimeNanoseconds: steal.whole,
            networkReceivedBytes: received.whole, networkTransmittedBytes: transmitted.whole,
            blockReadBytes: blockRead.whole, blockWrittenBytes: blockWritten.whole, swapInBytes: swapIn.whole,
            majorFaults: majorFaults.whole)
    }
}

/// CPU rates of a domain, in parts per million of one core, that hold since it was settled last.
struct DomainRates: Hashable, Sendable {
    /// Zero unless it runs.
    var usedPPM: Int64 = 0
    var stealPPM: Int64 = 0
    /// Over how many vCPUs the use is spread; zero unless it runs.
    var vcpus = 0
}

/// A domain as its host has it. Counters are exact up to `settledAt`; `settle` brings them to a later instant.
struct SimulatedDomain: Sendable {
    private(set) var definition: FleetDomainDefinition
    /// What the next boot goes by.
    private(set) var nextDefinition: FleetDomainDefinition
    var state: DomainState = .shutoff
    var grantedVCPUs: Int
    /// Brought online by the guest: what it can really use, as far as its cap allows.
    var onlineVCPUs: Int
    var memory: ByteCount
    var conduct = GuestConduct.confirms(afterNanoseconds: 0)
    var report = GuestReport.truthful
    /// Its host gets no figures of it.
    var hidesStatistics = false
    /// Why it is in its state.
    var stateReason: StateReason?
    /// Whether the cause of its pause goes on: its host pauses it again as soon as it is resumed.
    var isHeld = false
    /// In parts per million of one core; 0 without a cap.
    private(set) var cpuCapPPM: Int64 = 0
    /// In each direction; 0 without a cap.
    private(set) var networkCapBytesPerSecond: Int64 = 0
    private(set) var snapshots: [String: Snapshot] = [:]
    /// The snapshot that was taken of it, or restored, last.
    var currentSnapshot: String?
    /// How often its guest booted: once with each life, and at each reboot within one.
    var boots: Int64 = 0
    /// What it wrote to its console, in ASCII.
    var console = ""
    var habits: GuestHabits
    var load: LoadPlayer
    /// `nil` while it is not active.
    var life: Life?
    var rates = DomainRates()
    /// By the host's monotonic clock.
    var settledAt: Int64
    /// Since when state and size hold, by the host's clock.
    var effectiveAt: Timestamp
    /// Counts changes of the granted or the online vCPUs and of the cap.
    var sizeRevision = 0
    var lastServe: Serve?
    var history = DomainHistory()

    /// What the next served sample is compared with.
    struct Serve: Hashable, Sendable {
        let monotonic: Int64
        let sizeRevision: Int
    }

    /// What a snapshot keeps.
    struct Snapshot: Hashable, Sendable {
        /// By the host's clock.
        let createdAt: Timestamp
        let state: DomainState
        let granted: Int
        let online: Int
        let memory: ByteCount
        var isActive: Bool { state.isActive }
    }

    /// Not active yet, and on no host.
    init(_ definition: FleetDomainDefinition, habits: GuestHabits, load: LoadPlayer, at instant: Timestamp) {
        self.definition = definition
        nextDefinition = definition
        grantedVCPUs = definition.vcpus
        onlineVCPUs = definition.vcpus
        memory = definition.memory
        self.habits = habits
        self.load = load
        settledAt = instant.nanoseconds
        effectiveAt = instant
    }

    var id: DomainID { definition.id }
    var runs: Bool { life != nil && (state == .running || state == .shuttingDown) }

    /// What its guest works on, without page cache.
    private var workingSet: ByteCount {
        let wanted = Int128(definition.memory.bytes) * Int128(habits.memoryUsePPM) / 1_000_000
        return ByteCount(clamping: wanted)
    }

    /// Used in the guest, without page cache.
    var memoryUsed: ByteCount { min(memory, workingSet) }

    /// What the guest reads back from its swap per second: in ten seconds it reads as much as its memory lacks.
    private var swapInPerSecond: Int64 {
        min(max(0, workingSet.bytes - memory.bytes) / 10, Limits.byteRate.upperBound)
    }

    /// Demand over what it has online, rounded half up to a part per million and at most 100 %: exactly what a reader
    /// of the counters computes where the host has room for it.
    var utilization: Utilization {
        guard onlineVCPUs > 0 else { return .zero }
        let demand = Int128(load.ppm) * Int128(definition.vcpus)
        return Utilization(numerator: demand, denominator: Int128(onlineVCPUs) * 1_000_000)?.clamped ?? .zero
    }

    /// What it would use on a host with room for it, in parts per million of one core.
    var demandPPM: Int64 { runs ? utilization.ppm * Int64(onlineVCPUs) : 0 }

    /// The part of its demand that its cap allows.
    var claimPPM: Int64 { cpuCapPPM > 0 ? min(demandPPM, cpuCapPPM) : demandPPM }

    /// Brings the counters to this instant of the host's monotonic clock, at the rates that held until now.
    mutating func settle(at monotonic: Int64) {
        let elapsed = monotonic - settledAt
        settledAt = monotonic
        guard elapsed > 0, rates.vcpus > 0, life != nil else { return }
        let (share, extra) = rates.usedPPM.quotientAndRemainder(dividingBy: Int64(rates.vcpus))
        for index in 0..<rates.vcpus {
            let rate = share + (index < extra ? 1 : 0)
            life?.vcpuTime[index].add(rate: rate, nanoseconds: elapsed, per: RateUnit.cpu)
        }
        life?.steal.add(rate: rates.stealPPM, nanoseconds: elapsed, per: RateUnit.cpu)
        let carried = networkCapBytesPerSecond > 0 ? networkCapBytesPerSecond : .max
        life?.received.add(
            rate: min(habits.receivedPerSecond, carried), nanoseconds: elapsed, per: RateUnit.bytes)
        life?.transmitted.add(
            rate: min(habits.transmittedPerSecond, carried), nanoseconds: elapsed, per: RateUnit.bytes)
        life?.blockRead.add(rate: habits.blockReadPerSecond, nanoseconds: elapsed, per: RateUnit.bytes)
        life?.blockWritten.add(rate: habits.blockWrittenPerSecond, nanoseconds: elapsed, per: RateUnit.bytes)
        let swapIn = swapInPerSecond
        life?.swapIn.add(rate: swapIn, nanoseconds: elapsed, per: RateUnit.bytes)
        life?.majorFaults.add(rate: swapIn / Self.pageSize, nanoseconds: elapsed, per: RateUnit.bytes)
    }

    private static let pageSize: Int64 = 4_096
    private static let snapshotLimit = 100
    private static let consoleLimit = 65_536

    /// Why no snapshot can be taken under this name; `nil` if it can.
    func refusal(ofSnapshot name: String) -> String? {
        guard (1...Limits.nameLength).contains(name.utf8.count) else { return "a snapshot's name has 1 to 255 bytes" }
        guard snapshots[name] == nil else { return "domain \(id) has a snapshot '\(name)' already" }
        return snapshots.count < Self.snapshotLimit
            ? nil : "domain \(id) has \(Self.snapshotLimit) snapshots already"
    }

    /// Makes a change that was checked and that needs nothing of the host.
    mutating func apply(_ change: FleetChange, at wall: Timestamp) {
        switch change {
        case .cap(_, .cpu(let ppm)): setCPUCap(ppm: ppm, effectiveAt: wall)
        case .cap(_, .network(let bytesPerSecond)): networkCapBytesPerSecond = bytesPerSecond
        case .snapshot(_, let name):
            snapshots[name] = Snapshot(
                createdAt: wall, state: state, granted: grantedVCPUs, online: onlineVCPUs, memory: memory)
            currentSnapshot = name
        case .deleteSnapshot(_, let name):
            snapshots[name] = nil
            if currentSnapshot == name { currentSnapshot = nil }
        case .label(_, let name, let tenant):
            setLabels(name: name, tenant: tenant)
        case .redefine(let next):
            nextDefinition = next
            setLabels(name: next.name, tenant: next.tenant)
            if life == nil { adoptNextDefinition() }
        case .prepare(_, let vcpus, let memory):
            nextDefinition = nextDefinition.raised(maximumVCPUs: vcpus, maximumMemory: memory)
            if life == nil { adoptNextDefinition() }
        default: break
        }
    }

    private mutating func setLabels(name: String, tenant: TenantID?) {
        definition.name = name
        definition.tenant = tenant
        nextDefinition.name = name
        nextDefinition.tenant = tenant
    }

    /// A cold boot: from now on the prepared definition holds. A cap belongs to the life that has ended.
    mutating func boot() {
        cpuCapPPM = 0
        adoptNextDefinition()
        console += "booted with \(grantedVCPUs) vCPUs\n"
        if console.utf8.count > Self.consoleLimit { console.removeFirst(console.count - Self.consoleLimit / 2) }
    }

    private mutating func adoptNextDefinition() {
        definition = nextDefinition
        grantedVCPUs = min(grantedVCPUs, definition.maximumVCPUs)
        onlineVCPUs = min(onlineVCPUs, grantedVCPUs)
        memory = min(memory, definition.memoryCeiling)
    }

    private mutating func setCPUCap(ppm: Int64, effectiveAt wall: Timestamp) {
        guard ppm != cpuCapPPM else { return }
        cpuCapPPM = ppm
        sizeRevision += 1
        effectiveAt = wall
    }

    /// What it can use and is billed for.
    var capacity: Capacity {
        CPUCap(ppm: cpuCapPPM).capacity(of: VCPUCount(clamping: onlineVCPUs)) ?? .zero
    }

    /// Sets the vCPUs, by the host's clock from `wall` on.
    mutating func setVCPUs(granted: Int, online: Int, effectiveAt wall: Timestamp) {
        guard granted != grantedVCPUs || online != onlineVCPUs else { return }
        grantedVCPUs = granted
        onlineVCPUs = online
        sizeRevision += 1
        effectiveAt = wall
    }

    /// Lets other rates hold from the instant it was settled at.
    mutating func setRates(_ rates: DomainRates) {
        self.rates = rates
        guard let missing = life.map({ rates.vcpus - $0.vcpuTime.count }), missing > 0 else { return }
        life?.vcpuTime += repeatElement(ExactCounter(), count: missing)
    }
}
