// SPDX-License-Identifier: Apache-2.0

import ResourceModel

// What one reading changes in a domain. Every sample passes through this code: it uses values without references, and
// copies no large ones.

extension SchedulerState.DomainEntry {
    /// The part of a reading that every domain needs; a whole reading is several times as large.
    struct ReadingSummary {
        var state: DomainState
        /// Confirmed, else granted.
        var vcpus: VCPUCount?
        /// Known whenever `vcpus` is.
        var ceiling: VCPUCount?
        var allocated: ByteCount?
        var cpu: Utilization?
        var steal: Utilization?
        var networkCap: Int64?
        /// What a cap leaves of its vCPUs; `nil`: all of them.
        var leftByCap: Capacity?
    }

    /// Which figures a reading contained.
    struct ReadingContent {
        /// Whether the domain ran, so that the figures of its other resources count too.
        var isRunning = false
        var hasCPU = false
        var hasMemory = false
        var hasNetwork = false
    }

    struct Cycle {
        var sampledAt: Timestamp
        var intervalStart: Timestamp
        var position: SamplePosition
        let terms: Terms
    }

    /// The settings that each reading needs.
    struct Terms {
        let samplingInterval: Int64
        let unknownBound: Utilization
        let foreignRest: Int64
        let moveRest: Int64
        let memory: SchedulerSettings.MemorySettings

        init(_ settings: SchedulerSettings) {
            samplingInterval = settings.samplingInterval
            unknownBound = settings.unknownBound
            foreignRest = settings.moves.foreignRestNanoseconds
            moveRest = settings.moves.budget.restNanoseconds
            memory = settings.memory
        }
    }

    @inline(__always)
    func isNewer(_ cycle: Cycle) -> Bool { lastSampledAt.map { cycle.sampledAt > $0 } ?? true }

    /// Takes one reading, without memory and network; returns whether its CPU is known and counts. The reading must be
    /// newer than the last one, and of the known host and life.
    @inline(__always)
    mutating func take(_ reading: ReadingSummary, of cycle: Cycle) -> ReadingContent {
        var content = ReadingContent()
        lastSampledAt = cycle.sampledAt
        takeSize(reading, sampledAt: cycle.sampledAt, memory: cycle.terms.memory)
        guard reading.state.isRunning else {
            if reading.state == .unknown { takeNothing(of: cycle) }
            return content
        }
        content.isRunning = true
        if let vcpus = record.vcpus, reading.vcpus != nil, let utilization = reading.cpu {
            content.hasCPU = cpu.window.record(
                WindowSample(
                    sampledAt: cycle.sampledAt, utilization: utilization.clamped, size: Int64(vcpus.count),
                    steal: reading.steal, position: cycle.position),
                intervalStart: cycle.intervalStart, keeping: Int(trigger.windowLength))
        } else {
            cpu.window.recordUnknown(intervalStart: cycle.intervalStart)
        }
        return content
    }

    /// Its host does not know its state: nothing is known of any resource.
    @inline(never)
    private mutating func takeNothing(of cycle: Cycle) {
        for resource in Resource.allCases where hasRule(resource) {
            self[resource].window.recordUnknown(intervalStart: cycle.intervalStart)
        }
    }

    /// Takes memory and network of a reading that `take` has taken, if there are rules for them.
    @inline(never)
    mutating func takeOthers(_ reading: DomainSample, of cycle: Cycle, _ content: inout ReadingContent) {
        let length = Int(trigger.windowLength)
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
            content.hasMemory = memory.window.newest?.sampledAt == cycle.sampledAt || pressure != nil
        }
        if trigger.hasNetwork, let utilization = reading.networkUtilization,
            let cap = reading.networkCapBytesPerSecond
        {
            content.hasNetwork = network.window.record(
                sample(utilization, cap), intervalStart: cycle.intervalStart, keeping: length)
        } else if trigger.hasNetwork {
            network.window.recordUnknown(intervalStart: cycle.intervalStart)
        }
    }

    /// Pressure counts from the first reading that was taken after the last change.
    private mutating func takePressure(_ reading: DomainSample, of cycle: Cycle) {
        pressure = nil
        if let last = memory.lastChangeAt, cycle.sampledAt <= last { return }
        pressure = MemoryPressure(
            reading, sampledAt: cycle.sampledAt,
            interval: cycle.sampledAt.nanoseconds(since: cycle.intervalStart), settings: cycle.terms.memory)
    }

    /// Whether the rule would find at `now` what it found last, so that it need not be run.
    @inline(__always)
    mutating func isSteady(_ resource: Resource, at now: Timestamp, terms: Terms) -> Bool {
        guard isIdle else { return true }
        let stale = 2 * Int64(trigger.windowLength) * terms.samplingInterval
        let oldest = now.advanced(byNanoseconds: -stale)
        let (needed, bound) = (trigger.breachesNeeded, terms.unknownBound)
        switch resource {
        case .cpu: return cpu.isSteady(at: now, since: oldest, needed: needed, unknownBound: bound)
        case .memory:
            return pressure == nil && memory.isSteady(at: now, since: oldest, needed: needed, unknownBound: bound)
        case .network: return network.isSteady(at: now, since: oldest, needed: needed, unknownBound: bound)
        }
    }
}

// MARK: - Host and life

extension SchedulerState.DomainEntry {
    /// Whether a reading is of the known host and the known life, as nearly all are.
    @inline(__always)
    func isFamiliar(_ life: Incarnation?, on host: HostID) -> Bool {
        record.host == host && (life == nil || life == incarnation)
    }

    /// What a reading of another host or another life means.
    enum Arrival {
        /// The reading is not believed.
        case disbelieved
        /// `nil`: the domain is on the known host, or where we sent it.
        case believed(Departure?)
    }

    /// A move that we did not decide.
    struct Departure {
        let source: HostID
        /// Whether somebody ordered Ebb to move it; otherwise it was moved without Ebb.
        let isOrdered: Bool
    }

    /// Takes note of another host or another life, if the reading is believed.
    @inline(never)
    mutating func arrive(
        _ life: Incarnation?, isActive: Bool, on host: HostID, of cycle: Cycle
    ) -> Arrival {
        guard isPresent(life, isActive: isActive, on: host) else { return .disbelieved }
        let departure = record.host == host ? nil : take(host: host, of: cycle)
        if let life, life != incarnation {
            if incarnation != nil { restart(at: cycle.sampledAt) }
            incarnation = life
        }
        return .believed(departure)
    }

    /// While a domain moves, two hosts may report it: the newer life is the true one.
    private func isPresent(_ life: Incarnation?, isActive: Bool, on host: HostID) -> Bool {
        guard host != record.host else { return true }
        guard let life, isActive else { return false }
        return life == incarnation || (incarnation.map { life.start > $0.start } ?? false)
    }

    /// The domain is on another host than before. Returns how it left the old one if we did not decide that.
    private mutating func take(host: HostID, of cycle: Cycle) -> Departure? {
        let source = record.host
        record.host = host
        if let lastMove, lastMove.target == host { return nil }
        let order = ordered.firstIndex { $0.target == host && cycle.sampledAt <= $0.until }
        let isOrdered = order != nil
        rest.until = cycle.sampledAt.advanced(
            byNanoseconds: isOrdered ? cycle.terms.moveRest : cycle.terms.foreignRest)
        rest.cause = isOrdered ? .moved : .foreign
        lastMove = nil
        // Of several moves in a short time only the last one is seen; moves that were ordered after it may be under
        // way.
        ordered.removeFirst(order.map { $0 + 1 } ?? 0)
        return Departure(source: source, isOrdered: isOrdered)
    }
}

// MARK: - Size

extension SchedulerState.DomainEntry {
    /// If the size differs from the known one, somebody else changed it within this interval: the window begins again.
    @inline(__always)
    private mutating func takeSize(
        _ reading: ReadingSummary, sampledAt: Timestamp, memory settings: SchedulerSettings.MemorySettings
    ) {
        if !reading.state.isActive, reading.state != .unknown {
            record.vcpus = 0
            record.memory = .zero
            return
        }
        if let allocated = reading.allocated, allocated != record.memory {
            takeMemory(allocated, sampledAt: sampledAt, settings: settings)
        }
        if let cap = reading.networkCap, cap != record.networkCap { takeCap(cap, sampledAt: sampledAt) }
        guard cpu.isSettled(at: sampledAt) else { return }
        if let ceiling = reading.ceiling, ceiling != record.ceiling {
            record.ceiling = ceiling
            cpu.steady = nil
        }
        // While the use is unknown the cap may be too.
        if reading.cpu != nil, reading.leftByCap != record.leftByCap {
            takeLeftByCap(reading.leftByCap, sampledAt: sampledAt)
        }
        guard let vcpus = reading.vcpus, vcpus != record.vcpus else { return }
        if record.vcpus ?? 0 > 0 { restart(.cpu, at: sampledAt) }
        record.vcpus = vcpus
        cpu.steady = nil
    }

    @inline(never)
    private mutating func takeLeftByCap(_ leftByCap: Capacity?, sampledAt: Timestamp) {
        restart(.cpu, at: sampledAt)
        record.leftByCap = leftByCap
        cpu.steady = nil
    }

    @inline(never)
    private mutating func takeCap(_ cap: Int64, sampledAt: Timestamp) {
        guard network.isSettled(at: sampledAt) else { return }
        restart(.network, at: sampledAt)
        record.networkCap = cap
    }

    /// A balloon moves in small steps: only a difference of more than a granule and one percent is another size.
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
        if hasTrack(of: .memory) { memory.steady = nil }
    }

    /// Empties all windows unless a change is in flight: then they are empty, and stay closed until the report.
    private mutating func restart(at instant: Timestamp) {
        for resource in Resource.allCases { restart(resource, at: instant) }
    }

    @inline(never)
    private mutating func restart(_ resource: Resource, at instant: Timestamp) {
        if let operation, operation.phase.isChanging, operation.phase == .migrating || operation.resource == resource {
            return
        }
        guard hasTrack(of: resource) else { return }
        self[resource].window.restart(countingFrom: max(instant, self[resource].window.countsFrom))
        self[resource].steady = nil
    }
}

extension DomainState {
    /// Whether its vCPUs may run, so that their use has a meaning. `blocked` is running and idle.
    fileprivate var isRunning: Bool { self == .running || self == .blocked }
}
