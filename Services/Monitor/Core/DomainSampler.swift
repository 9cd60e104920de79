// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Turns consecutive readings of one domain on one host into samples: rates from counters, within one incarnation.
struct DomainSampler: Hashable, Sendable {
    /// A figure's last believed value and when it was read.
    private struct Baseline<Value: Hashable & Sendable>: Hashable, Sendable {
        var instant: ReadingInstant
        var value: Value
    }

    private struct CPUBaseline: Hashable, Sendable {
        var time: Int64
        var steal: Int64?
        var vcpus: [Int64]?
    }

    private struct NetworkBaseline: Hashable, Sendable {
        var received: Int64
        var transmitted: Int64
    }

    /// What must stay the same for an interval to be known.
    private struct Shape: Hashable, Sendable {
        var granted: VCPUCount?
        var confirmed: VCPUCount?
        var effective: VCPUCount?
        var effectiveAt: Timestamp?
    }

    /// One reading's outcome.
    struct Outcome: Hashable, Sendable {
        var sample: DomainSample
        var sighting: DomainSighting
        var rejections: [Rejection.Reason]
        /// CPU time since the last believed reading of this life, and over what interval.
        var cpuTime: (used: Int64, interval: Int64)? {
            guard let used, let interval else { return nil }
            return (used, interval)
        }
        fileprivate(set) var used: Int64?
        fileprivate(set) var interval: Int64?
    }

    private var incarnations: IncarnationTracker
    private var estimate = SizeEstimate()
    private var cpu: Baseline<CPUBaseline>?
    private var network: Baseline<NetworkBaseline>?
    private var block: DomainCounters?
    private var pressure = DomainCounters()
    private var memory: DomainMemory?
    private var shape: Shape?
    /// The disk as last seen: drivers that can't tell for a stopped domain don't make it vanish.
    private var disk: ByteCount?

    init(incarnations: IncarnationTracker) { self.incarnations = incarnations }

    mutating func observe(_ seen: DomainReading, at instant: ReadingInstant, orders: DomainOrders) -> Outcome {
        let life = incarnations.observe(seen, at: instant)
        if case .same = life {} else { forgetLife() }
        disk = seen.disk ?? disk
        var outcome = blank(seen, life, at: instant)
        outcome.sample.networkCapBytesPerSecond = seen.networkCapBytesPerSecond ?? orders.networkCap
        observeMemory(seen, life, &outcome)
        guard case .none = life else {
            observeCPU(seen, at: instant, &outcome)
            observeNetwork(seen, at: instant, &outcome)
            observeBlock(seen, &outcome)
            observePressure(seen, &outcome)
            incarnations.believe(outcome.sample.counters)
            finish(seen, asked: orders.asked, &outcome)
            return outcome
        }
        shape = nil
        finish(seen, asked: orders.asked, &outcome)
        return outcome
    }

    /// What an operation's own answer shows, between two readings: it begins a new life where there is one, and takes
    /// no part in rates, so that the interval in which the size changed stays unknown.
    mutating func sight(_ seen: DomainReading, at instant: ReadingInstant, asked: VCPUCount?) -> Outcome {
        var trial = self
        let outcome = trial.observe(seen, at: instant, orders: DomainOrders(asked: asked))
        incarnations = trial.incarnations
        disk = trial.disk
        if outcome.sighting.isNewIncarnation || !seen.state.isActive { forgetLife() }
        return outcome
    }

    private mutating func forgetLife() {
        estimate = SizeEstimate()
        (cpu, network, block, memory, shape) = (nil, nil, nil, nil, nil)
        pressure = DomainCounters()
    }

    private func blank(
        _ seen: DomainReading, _ life: IncarnationTracker.Sighting, at instant: ReadingInstant
    ) -> Outcome {
        let (incarnation, isNew): (Incarnation?, Bool) =
            switch life {
            case .same(let present): (present, false)
            case .new(let present): (present, true)
            case .none: (nil, false)
            }
        return Outcome(
            sample: DomainSample(domain: seen.domain, state: seen.state, incarnation: incarnation),
            sighting: DomainSighting(
                domain: seen.domain, name: seen.name, state: seen.state,
                incarnation: incarnation ?? incarnations.latest,
                isNewIncarnation: isNew, isStartExact: isNew && seen.incarnationStart != nil,
                sizeEffectiveAt: seen.sizeEffectiveAt.map(instant.clusterTime(of:)), seenAt: instant.seenAt,
                provedAt: instant.provedAt),
            rejections: [])
    }

    private mutating func observeMemory(
        _ seen: DomainReading, _ life: IncarnationTracker.Sighting, _ outcome: inout Outcome
    ) {
        guard let now = seen.memory else { return }
        if let reason = PlausibilityGate.check(now, former: memory) { return outcome.rejections.append(reason) }
        defer { memory = now }
        outcome.sample.memory = now
        guard case .none = life else {
            // While the balloon moves, use and allocation are not of one instant.
            guard memory == nil || memory?.allocated == now.allocated, let used = now.used,
                let allocated = now.allocated
            else { return }
            outcome.sample.memoryUtilization =
                Utilization(
                    numerator: Int128(used.bytes), denominator: Int128(allocated.bytes))?.clamped
            return
        }
    }

    private mutating func observeCPU(
        _ seen: DomainReading, at instant: ReadingInstant, _ outcome: inout Outcome
    ) {
        let former = cpu
        let interval = former.flatMap { instant.nanoseconds(since: $0.instant) }
        let running = interval.flatMap {
            runningVCPUs(from: former?.value.vcpus, to: seen.vcpuTimeNanoseconds, interval: $0)
        }
        let effective = estimate.observe(granted: seen.grantedVCPUs, confirmed: seen.confirmedVCPUs, advanced: running)
        let now = Shape(
            granted: seen.grantedVCPUs, confirmed: seen.confirmedVCPUs, effective: effective,
            effectiveAt: seen.sizeEffectiveAt)
        let isSteady = shape == now
        let most = [effective, seen.grantedVCPUs, shape?.granted, shape?.effective].compactMap { $0?.count }.max()
        shape = now
        guard let time = seen.counters.cpuTimeNanoseconds else { return }
        let steal = seen.counters.stealTimeNanoseconds
        let reading = CPUBaseline(time: time, steal: steal, vcpus: seen.vcpuTimeNanoseconds)
        guard let former else { return believe(reading, at: instant, &outcome) }
        let used = time - former.value.time
        let stolen = steal.flatMap { now in former.value.steal.map { now - $0 } }
        guard let interval else {
            // The host's clock was stepped: what was used is known, over which interval is not.
            if used < 0 || stolen ?? 0 < 0 { return outcome.rejections.append(.counterBackwards) }
            return believe(reading, at: instant, &outcome)
        }
        if let reason = PlausibilityGate.checkCPU(used: used, steal: stolen, vcpus: most ?? 0, interval: interval) {
            return outcome.rejections.append(reason)
        }
        believe(reading, at: instant, &outcome)
        (outcome.used, outcome.interval) = (used, interval)
        guard isSteady, let effective, effective > 0 else { return }
        let capacity = Int128(interval) * Int128(effective.count)
        outcome.sample.virtCPUUsage = Utilization(numerator: Int128(used), denominator: Int128(interval))
        outcome.sample.cpuUtilization =
            Utilization(
                numerator: Int128(used) + Int128(stolen ?? 0), denominator: capacity)?.clamped
        outcome.sample.stealUtilization = stolen.flatMap {
            Utilization(numerator: Int128($0), denominator: capacity)?.clamped
        }
    }

    private mutating func believe(_ reading: CPUBaseline, at instant: ReadingInstant, _ outcome: inout Outcome) {
        cpu = Baseline(instant: instant, value: reading)
        outcome.sample.counters.cpuTimeNanoseconds = reading.time
        outcome.sample.counters.stealTimeNanoseconds = reading.steal
    }

    private mutating func observeNetwork(
        _ seen: DomainReading, at instant: ReadingInstant, _ outcome: inout Outcome
    ) {
        guard let received = seen.counters.networkReceivedBytes,
            let transmitted = seen.counters.networkTransmittedBytes
        else { return }
        let former = network
        let difference = former.map { (received - $0.value.received, transmitted - $0.value.transmitted) }
        let interval = former.flatMap { instant.nanoseconds(since: $0.instant) }
        if let difference {
            let reason = PlausibilityGate.checkNetwork(
                received: difference.0, transmitted: difference.1, interval: interval ?? .max)
            if let reason { return outcome.rejections.append(reason) }
        }
        network = Baseline(instant: instant, value: .init(received: received, transmitted: transmitted))
        outcome.sample.counters.networkReceivedBytes = received
        outcome.sample.counters.networkTransmittedBytes = transmitted
        guard let difference, let interval else { return }
        let bytes = Int128(difference.0) + Int128(difference.1)
        outcome.sample.networkBytesPerSecond = Int64(
            clamping: (bytes * 1_000_000_000 + Int128(interval) / 2) / Int128(interval))
        outcome.sample.networkUtilization = outcome.sample.networkCapBytesPerSecond.flatMap { cap in
            Utilization(numerator: bytes * 1_000_000_000, denominator: Int128(interval) * Int128(cap))?.clamped
        }
    }

    private mutating func observeBlock(_ seen: DomainReading, _ outcome: inout Outcome) {
        let (read, written) = (seen.counters.blockReadBytes, seen.counters.blockWrittenBytes)
        let isBackwards = [(read, block?.blockReadBytes), (written, block?.blockWrittenBytes)].contains {
            guard let now = $0.0, let before = $0.1 else { return false }
            return now < before
        }
        if isBackwards { return outcome.rejections.append(.counterBackwards) }
        block = DomainCounters(blockReadBytes: read, blockWrittenBytes: written)
        outcome.sample.counters.blockReadBytes = read
        outcome.sample.counters.blockWrittenBytes = written
    }

    /// Swap-in and major faults: what says that the guest's memory is too small.
    private mutating func observePressure(_ seen: DomainReading, _ outcome: inout Outcome) {
        let now = DomainCounters(swapInBytes: seen.counters.swapInBytes, majorFaults: seen.counters.majorFaults)
        let deltas = (
            difference(now.swapInBytes, pressure.swapInBytes), difference(now.majorFaults, pressure.majorFaults)
        )
        if deltas.0 ?? 0 < 0 || deltas.1 ?? 0 < 0 { return outcome.rejections.append(.counterBackwards) }
        pressure = now
        outcome.sample.counters.swapInBytes = now.swapInBytes
        outcome.sample.counters.majorFaults = now.majorFaults
        (outcome.sample.swapInDelta, outcome.sample.majorFaultsDelta) = deltas
    }

    private func difference(_ now: Int64?, _ before: Int64?) -> Int64? {
        guard let now, let before else { return nil }
        return now - before
    }

    private func finish(_ seen: DomainReading, asked: VCPUCount?, _ outcome: inout Outcome) {
        if let maximum = seen.maximumVCPUs ?? seen.grantedVCPUs, let granted = seen.grantedVCPUs {
            outcome.sample.vcpus = VCPUSizes(
                maximum: maximum, asked: asked, granted: granted,
                confirmed: seen.state.isActive && estimate.isConfirmed ? shape?.effective : nil)
        }
        outcome.sighting.vcpus = outcome.sample.vcpus
        outcome.sighting.memory = outcome.sample.memory
        outcome.sighting.disk = disk
        outcome.sighting.counters = outcome.sample.counters
        outcome.sighting.size = size(seen.state, outcome.sample.memory)
    }

    private func size(_ state: DomainState, _ believed: DomainMemory?) -> DomainSize? {
        guard state != .unknown else { return nil }
        guard state.isActive else { return DomainSize(vcpus: 0, memory: .zero, disk: disk ?? .zero) }
        guard let vcpus = shape?.effective, let allocated = believed?.allocated else { return nil }
        return DomainSize(vcpus: vcpus, memory: allocated, disk: disk ?? .zero)
    }
}
