// SPDX-License-Identifier: Apache-2.0

import ResourceModel

extension SchedulerState {
    /// All that is known of one domain.
    struct DomainEntry: Hashable, Sendable, Codable {
        // In the order in which a sample comes by.
        var lastSampledAt: Timestamp?
        var record: DomainRecord
        var incarnation: Incarnation?
        /// What each sample needs of the policy, which stands in the state's table.
        private(set) var trigger = Trigger()
        @Apart var operation: Operation?
        var followUps: [FollowUp] = []
        var cpu = ResourceTrack()
        var memory = ResourceTrack()
        var network = ResourceTrack()
        @Apart var lastMove: Move?
        var settlingUntil: Timestamp?
        /// The decision whose last step nobody knows the outcome of.
        var unresolved: UUID128?
        var rest = MoveRest()
        /// The memory before the shrinks that were not given back yet.
        var memoryBeforeShrink: ByteCount?
        var pressure: MemoryPressure?
        /// What was recorded last about moving it.
        @Apart var recordedMove: RecordedMove?

        init(record: DomainRecord) { self.record = record }

        /// A new version of its policy holds.
        mutating func adopt(_ version: PolicyVersion) {
            trigger = Trigger(version)
            forgetSteady()
            for resource in Resource.allCases {
                let rule = version.policy?.rule(for: resource)
                let bounds = rule.map { WindowBounds(lower: $0.lower, upper: $0.upper) } ?? .none
                if resource != .cpu { self[resource].window.restart(countingFrom: version.validFrom) }
                self[resource].window.judge(by: bounds, keeping: version.windowLength)
            }
        }

        subscript(resource: Resource) -> ResourceTrack {
            get {
                switch resource {
                case .cpu: cpu
                case .memory: memory
                case .network: network
                }
            }
            _modify {
                switch resource {
                case .cpu: yield &cpu
                case .memory: yield &memory
                case .network: yield &network
                }
            }
        }

        /// Whether nothing is under way for it.
        var isIdle: Bool { _operation.isEmpty }

        /// What it keeps busy by the mean of its window; `nil` while that is unknown.
        var demand: CPUDemand? {
            guard let mean = cpu.window.tally.mean, let vcpus = record.vcpus else { return nil }
            return CPUDemand(utilization: mean, vcpus: vcpus)
        }
    }

    /// N, M, and which rules there are beside the one for CPU.
    struct Trigger: Hashable, Sendable, Codable {
        var windowLength = SchedulerState.lengthWithoutPolicy
        var breachesNeeded = Int.max
        var hasMemory = false
        var hasNetwork = false
        var hasOthers: Bool { hasMemory || hasNetwork }

        init() {}

        init(_ version: PolicyVersion) {
            windowLength = version.windowLength
            breachesNeeded = version.policy?.breachesNeeded(windowLength: version.windowLength) ?? .max
            hasMemory = version.policy?.memory != nil
            hasNetwork = version.policy?.network != nil
        }
    }

    struct RecordedMove: Hashable, Sendable, Codable {
        var cause: MoveCause
        var obstacle: MoveObstacle?
        var dry: DryReason?
    }

    /// A migration whose effect on the measured use of both hosts is not in their samples yet.
    struct Move: Hashable, Sendable, Codable {
        var request: PlacementRequest
        var target: HostID
        /// `nil` while it is under way.
        var endedAt: Timestamp?
    }

    /// Why and how long a domain is not moved.
    struct MoveRest: Hashable, Sendable, Codable {
        var until: Timestamp?
        var cause = MoveObstacle.Cause.moved
        /// Migrations that failed since the last that did not.
        var failures = 0
        /// Targets of failed migrations, and until when each is left out.
        var failedTargets: [FailedTarget] = []
    }

    struct FailedTarget: Hashable, Sendable, Codable {
        var host: HostID
        var until: Timestamp
    }
}

extension SchedulerState.DomainEntry {
    mutating func take(_ inventory: DomainRecord) {
        let known = record
        record = inventory
        // Samples are newer than an inventory that is read now and then; but they do not tell of a domain that stopped.
        if lastSampledAt != nil, inventory.vcpus != 0 {
            record.host = known.host
            if let vcpus = known.vcpus { record.vcpus = vcpus }
            if known.memory > .zero { record.memory = known.memory }
            record.networkCap = known.networkCap ?? inventory.networkCap
        }
        if operation != nil { record.host = known.host }
        if record != known { forgetSteady() }
    }

    func hasRule(_ resource: Resource) -> Bool {
        switch resource {
        case .cpu: true
        case .memory: trigger.hasMemory
        case .network: trigger.hasNetwork
        }
    }

    /// Whether the rule would find at `now` what it found last, so that it need not be run.
    @inline(__always)
    mutating func isSteady(_ resource: Resource, at now: Timestamp, terms: Terms) -> Bool {
        guard isIdle else { return true }
        let stale = 2 * Int64(trigger.windowLength) * terms.samplingInterval
        let oldest = now.advanced(byNanoseconds: -stale)
        let (needed, bound) = (trigger.breachesNeeded, terms.unknownBound)
        // One by one: a copy of a track, as the subscript gives it, is dear where every sample passes.
        switch resource {
        case .cpu: return cpu.isSteady(at: now, since: oldest, needed: needed, unknownBound: bound)
        case .memory:
            return pressure == nil && memory.isSteady(at: now, since: oldest, needed: needed, unknownBound: bound)
        case .network: return network.isSteady(at: now, since: oldest, needed: needed, unknownBound: bound)
        }
    }

    mutating func forgetSteady() {
        cpu.steady = nil
        memory.steady = nil
        network.steady = nil
    }

    /// What every domain needs of a reading, which is several times as large.
    struct Gist {
        var state: DomainState
        var incarnation: Incarnation?
        /// Confirmed, else granted.
        var vcpus: VCPUCount?
        /// Known as well where `vcpus` is.
        var ceiling: VCPUCount?
        var allocated: ByteCount?
        var cpu: Utilization?
        var steal: Utilization?
        var networkCap: Int64?
    }

    /// What a reading told.
    struct Reading {
        /// It ran: what is known of its other resources counts as well.
        var isRunning = false
        var hasCPU = false
        var hasMemory = false
        var hasNetwork = false
        /// Where somebody else has moved it from.
        var foreignSource: HostID?
        static let nothing = Reading()
    }

    struct Cycle {
        let host: HostID
        var sampledAt: Timestamp
        var intervalStart: Timestamp
        var position: SamplePosition
        let terms: Terms
    }

    /// What each reading needs of the settings.
    struct Terms {
        let samplingInterval: Int64
        let unknownBound: Utilization
        let foreignRest: Int64
        let memory: SchedulerSettings.MemorySettings

        init(_ settings: SchedulerSettings) {
            samplingInterval = settings.samplingInterval
            unknownBound = settings.unknownBound
            foreignRest = settings.moves.foreignRestNanoseconds
            memory = settings.memory
        }
    }

    /// Takes one reading in, without memory and network: whether its CPU is known and counts.
    @inline(__always)
    mutating func take(_ reading: Gist, of cycle: Cycle) -> Reading {
        if let lastSampledAt, cycle.sampledAt <= lastSampledAt { return .nothing }
        guard isPresent(reading, on: cycle.host) else { return .nothing }
        lastSampledAt = cycle.sampledAt
        var result = Reading()
        if record.host != cycle.host {
            result.foreignSource = take(host: cycle.host, at: cycle.sampledAt, rest: cycle.terms.foreignRest)
        }
        if let now = reading.incarnation, now != incarnation {
            if incarnation != nil { restart(at: cycle.sampledAt) }
            incarnation = now
        }
        takeSize(reading, sampledAt: cycle.sampledAt, memory: cycle.terms.memory)
        guard reading.state.isRunning else {
            if reading.state == .unknown { takeNothing(of: cycle) }
            return result
        }
        takeCPU(reading, of: cycle, length: trigger.windowLength, &result)
        result.isRunning = true
        return result
    }

    @inline(__always)
    private mutating func takeCPU(
        _ reading: Gist, of cycle: Cycle, length: Int, _ result: inout Reading
    ) {
        if let vcpus = record.vcpus, reading.vcpus != nil, let utilization = reading.cpu {
            result.hasCPU = cpu.window.record(
                WindowSample(
                    sampledAt: cycle.sampledAt, utilization: utilization.clamped, size: Int64(vcpus.count),
                    steal: reading.steal, position: cycle.position),
                intervalStart: cycle.intervalStart, keeping: length)
        } else {
            cpu.window.recordUnknown(intervalStart: cycle.intervalStart)
        }
    }

    /// Its host could not tell its state: nothing is known of any resource.
    @inline(never)
    private mutating func takeNothing(of cycle: Cycle) {
        for resource in Resource.allCases where hasRule(resource) {
            self[resource].window.recordUnknown(intervalStart: cycle.intervalStart)
        }
    }

    /// Takes memory and network of a reading that `take` took, as far as there are rules for them.
    @inline(never)
    mutating func takeOthers(
        _ reading: DomainSample, of cycle: Cycle, _ result: inout Reading
    ) {
        let length = trigger.windowLength
        let sample = { (utilization: Utilization, size: Int64) in
            WindowSample(
                sampledAt: cycle.sampledAt, utilization: utilization.clamped, size: size, steal: nil,
                position: cycle.position)
        }
        if trigger.hasMemory {
            takePressure(reading, of: cycle)
            if let utilization = reading.memoryUtilization, let allocated = reading.memory?.allocated {
                memory.window.record(
                    sample(utilization, allocated.bytes), intervalStart: cycle.intervalStart, keeping: length)
            } else {
                memory.window.recordUnknown(intervalStart: cycle.intervalStart)
            }
            result.hasMemory = memory.window.newest?.sampledAt == cycle.sampledAt || pressure != nil
        }
        if trigger.hasNetwork, let utilization = reading.networkUtilization,
            let cap = reading.networkCapBytesPerSecond
        {
            result.hasNetwork = network.window.record(
                sample(utilization, cap), intervalStart: cycle.intervalStart, keeping: length)
        } else if trigger.hasNetwork {
            network.window.recordUnknown(intervalStart: cycle.intervalStart)
        }
    }

    /// Pressure is believed from the first reading on that was taken after the last change.
    private mutating func takePressure(_ reading: DomainSample, of cycle: Cycle) {
        pressure = nil
        if let last = memory.lastChangeAt, cycle.sampledAt <= last { return }
        pressure = MemoryPressure(
            reading, sampledAt: cycle.sampledAt,
            interval: cycle.sampledAt.nanoseconds(since: cycle.intervalStart), settings: cycle.terms.memory)
    }

    /// It is on another host than we knew. Returns the old one if that was nobody's order of ours.
    @inline(never)
    private mutating func take(host: HostID, at now: Timestamp, rest nanoseconds: Int64) -> HostID? {
        let source = record.host
        record.host = host
        if let operation, operation.isMove, operation.placement?.chosen == host { return nil }
        if let lastMove, lastMove.target == host { return nil }
        rest.until = now.advanced(byNanoseconds: nanoseconds)
        rest.cause = .foreign
        lastMove = nil
        return source
    }

    /// A size that is not the one we know was changed by somebody else within this interval: the window begins again.
    @inline(__always)
    private mutating func takeSize(
        _ reading: Gist, sampledAt: Timestamp, memory settings: SchedulerSettings.MemorySettings
    ) {
        if !reading.state.isActive, reading.state != .unknown {
            record.vcpus = 0
            record.memory = .zero
            return
        }
        if let allocated = reading.allocated, allocated != record.memory {
            takeMemory(allocated, sampledAt: sampledAt, settings: settings)
        }
        if let cap = reading.networkCap, cap != record.networkCap {
            if network.isSettled(at: sampledAt) {
                restart(.network, at: sampledAt)
                record.networkCap = cap
            }
        }
        guard cpu.isSettled(at: sampledAt) else { return }
        if let ceiling = reading.ceiling, ceiling != record.ceiling {
            record.ceiling = ceiling
            cpu.steady = nil
        }
        guard let vcpus = reading.vcpus, vcpus != record.vcpus else { return }
        if record.vcpus ?? 0 > 0 { restart(.cpu, at: sampledAt) }
        record.vcpus = vcpus
        cpu.steady = nil
    }

    /// A balloon moves in small steps: only what is more than a granule and one percent is another size.
    @inline(never)
    private mutating func takeMemory(
        _ allocated: ByteCount, sampledAt: Timestamp, settings: SchedulerSettings.MemorySettings
    ) {
        guard memory.isSettled(at: sampledAt) else { return }
        let difference = abs(allocated.bytes - record.memory.bytes)
        if record.memory > .zero, difference > max(settings.granule.bytes, record.memory.bytes / 100) {
            restart(.memory, at: sampledAt)
        }
        record.memory = allocated
        memory.steady = nil
    }

    /// Empties all windows unless a change is in flight: then they are empty, and stay closed until the report.
    @inline(never)
    private mutating func restart(at instant: Timestamp) {
        for resource in Resource.allCases { restart(resource, at: instant) }
    }

    @inline(never)
    private mutating func restart(_ resource: Resource, at instant: Timestamp) {
        if let operation, operation.phase.isChanging, operation.phase == .migrating || operation.resource == resource {
            return
        }
        self[resource].window.restart(countingFrom: max(instant, self[resource].window.countsFrom))
        self[resource].steady = nil
    }

    /// While a domain moves two hosts may report it: the newer life is the true one.
    @inline(__always)
    private func isPresent(_ reading: Gist, on host: HostID) -> Bool {
        guard host != record.host else { return true }
        guard let new = reading.incarnation, reading.state.isActive else { return false }
        return new == incarnation || (incarnation.map { new.start > $0.start } ?? false)
    }
}

extension DomainState {
    /// Whether its vCPUs may run, so that their use says something. `blocked` is running and idle.
    fileprivate var isRunning: Bool { self == .running || self == .blocked }
}
