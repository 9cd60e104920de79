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

    /// What must stay the same for an interval to be known.
    private struct Shape: Hashable, Sendable {
        var granted: VCPUCount?
        var confirmed: VCPUCount?
        var effective: VCPUCount?
        var effectiveAt: Timestamp?
        var cap: CPUCap
    }

    /// One reading's outcome.
    struct Outcome: Hashable, Sendable {
        var sample: DomainSample
        var sighting: DomainSighting
        var rejections: [RejectedReading.Reason]
        /// CPU time since the last believed reading of this life, and the interval.
        var cpuTime: (used: Int64, interval: Int64)? {
            guard let used, let interval else { return nil }
            return (used, interval)
        }
        fileprivate(set) var used: Int64?
        fileprivate(set) var interval: Int64?
        /// Whether the guest's report about its memory is too old to count.
        fileprivate(set) var hasOldReport = false

        /// The raw counters that were believed; they distinguish this life from the next.
        fileprivate func believed(of seen: DomainReading) -> DomainCounters {
            var counters = seen.counters
            counters.cpuTimeNanoseconds = sample.counters.cpuTimeNanoseconds
            counters.stealTimeNanoseconds = sample.counters.stealTimeNanoseconds
            return counters
        }
    }

    private var incarnations: IncarnationTracker
    private var estimate = SizeEstimate()
    private var cpu: Baseline<CPUBaseline>?
    private var meter = DomainMeter()
    /// The meters that an earlier process wrote down, kept until the first sighting shows whether that life goes on.
    private var knownMeter: KnownMeter?
    /// When both directions of the network were read last.
    private var networkReadAt: ReadingInstant?
    private var pressure = DomainCounters()
    private var memory: DomainMemory?
    private var reportAge = ReportAge()
    private var shape: Shape?
    /// The disks as last seen, since some drivers can't show a stopped domain's disks.
    private var disks = DiskSizes()

    init(incarnations: IncarnationTracker, meter: KnownMeter? = nil) {
        self.incarnations = incarnations
        knownMeter = meter
        if let meter {
            self.incarnations.believe(DomainCounters(cpuTimeNanoseconds: meter.counters.cpuTimeNanoseconds))
        }
    }

    mutating func observe(_ seen: DomainReading, at instant: ReadingInstant, orders: DomainOrders) -> Outcome {
        let life = incarnations.observe(seen, at: instant)
        if case .same = life {
            if let knownMeter { meter = DomainMeter(knownMeter) }
            knownMeter = nil
        } else if seen.state == .unknown {
            // The reading does not say which life it is: the meters go on.
            forgetRates()
        } else {
            forgetLife()
        }
        disks.observe(seen)
        var outcome = blank(seen, life, at: instant)
        // A value that nothing real reaches counts as unknown; it would make the whole report unreadable.
        outcome.sample.networkCapBytesPerSecond = (seen.networkCapBytesPerSecond ?? orders.networkCap)
            .flatMap { ByteCount(exactly: $0)?.bytes }
        observeMemory(seen, life, at: instant, &outcome)
        guard case .none = life else {
            observeCPU(seen, at: instant, &outcome)
            observeDevices(seen, at: instant, &outcome)
            observePressure(seen, &outcome)
            incarnations.believe(outcome.believed(of: seen))
            finish(seen, asked: orders.asked, &outcome)
            return outcome
        }
        shape = nil
        finish(seen, asked: orders.asked, &outcome)
        return outcome
    }

    /// Takes what an operation's own answer shows, between two readings: it begins a new life if there is one, but is
    /// not used for rates, so that the interval in which the size changed stays unknown.
    mutating func sight(_ seen: DomainReading, at instant: ReadingInstant, asked: VCPUCount?) -> Outcome {
        var trial = self
        let outcome = trial.observe(seen, at: instant, orders: DomainOrders(asked: asked))
        incarnations = trial.incarnations
        disks = trial.disks
        if outcome.sighting.isNewIncarnation || !seen.state.isActive { forgetLife() }
        return outcome
    }

    private mutating func forgetLife() {
        forgetRates()
        (meter, knownMeter) = (DomainMeter(), nil)
    }

    private mutating func forgetRates() {
        estimate = SizeEstimate()
        reportAge = ReportAge()
        (cpu, networkReadAt, memory, shape) = (nil, nil, nil, nil)
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
                domain: seen.domain, name: seen.name, state: seen.state, stateReason: seen.stateReason,
                incarnation: incarnation ?? incarnations.latest,
                isNewIncarnation: isNew, isStartExact: seen.incarnationStart != nil,
                sizeEffectiveAt: seen.sizeEffectiveAt.map(instant.clusterTime(of:)), seenAt: instant.seenAt,
                provedAt: instant.provedAt),
            rejections: [])
    }

    private mutating func observeMemory(
        _ seen: DomainReading, _ life: IncarnationTracker.Sighting, at instant: ReadingInstant,
        _ outcome: inout Outcome
    ) {
        guard var now = seen.memory else { return }
        if let reason = PlausibilityGate.check(now, former: memory) { return outcome.rejections.append(reason) }
        if let memory, memory.allocated != now.allocated { reportAge.sizeChanged() }
        if !reportAge.isFresh(seen.memoryReport, at: instant) {
            now.used = nil
            outcome.hasOldReport = true
        }
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
        let effective = estimate.observe(
            granted: seen.grantedVCPUs, confirmed: seen.confirmedVCPUs, advanced: running, at: instant)
        let now = Shape(
            granted: seen.grantedVCPUs, confirmed: seen.confirmedVCPUs, effective: effective,
            effectiveAt: seen.sizeEffectiveAt, cap: seen.cpuCap)
        let isSteady = shape == now
        let most = [effective, seen.grantedVCPUs, shape?.granted, shape?.effective].compactMap { $0?.count }.max()
        shape = now
        guard let time = seen.counters.cpuTimeNanoseconds else { return }
        let steal = seen.counters.stealTimeNanoseconds
        let reading = CPUBaseline(time: time, steal: steal, vcpus: seen.vcpuTimeNanoseconds)
        guard let former else { return believe(reading, at: instant, &outcome) }
        let used = time.subtractedOrClamped(former.value.time)
        let stolen = steal.flatMap { now in former.value.steal.map { now.subtractedOrClamped($0) } }
        guard let interval else {
            // The host's clock was stepped: the use is known, but not its interval.
            if used < 0 || stolen ?? 0 < 0 { return outcome.rejections.append(.counterBackwards) }
            return believe(reading, at: instant, &outcome)
        }
        if let reason = PlausibilityGate.checkCPU(used: used, steal: stolen, vcpus: most ?? 0, interval: interval) {
            return outcome.rejections.append(reason)
        }
        believe(reading, at: instant, &outcome)
        (outcome.used, outcome.interval) = (used, interval)
        guard isSteady, let effective, effective > 0 else { return }
        outcome.sample.virtCPUUsage = Utilization(numerator: Int128(used), denominator: Int128(interval))
        let wanted = Int128(used) + Int128(stolen ?? 0)
        // Where the host does not count what vCPUs wait for, nobody knows what was wanted.
        if stolen != nil { outcome.sample.cpuDemand = Utilization(numerator: wanted, denominator: Int128(interval)) }
        guard let capacity = seen.cpuCap.capacity(of: effective) else { return }
        let available = Int128(interval) * Int128(capacity.thousandths)
        outcome.sample.cpuUtilization = Utilization(numerator: wanted * 1_000, denominator: available)?.clamped
        // Under a cap its vCPUs wait for their own cap too, and nobody can tell that from steal.
        guard capacity == Capacity(effective) else { return }
        outcome.sample.stealUtilization = stolen.flatMap {
            Utilization(numerator: Int128($0) * 1_000, denominator: available)?.clamped
        }
    }

    private mutating func believe(_ reading: CPUBaseline, at instant: ReadingInstant, _ outcome: inout Outcome) {
        cpu = Baseline(instant: instant, value: reading)
        outcome.sample.counters.cpuTimeNanoseconds = reading.time
        outcome.sample.counters.stealTimeNanoseconds = reading.steal
    }

    /// Network and disks: the totals of their meters, and the network's rate.
    private mutating func observeDevices(_ seen: DomainReading, at instant: ReadingInstant, _ outcome: inout Outcome) {
        let step = meter.observe(seen, at: instant)
        outcome.rejections += step.rejections
        outcome.sample.counters.networkReceivedBytes = step.counters.networkReceivedBytes
        outcome.sample.counters.networkTransmittedBytes = step.counters.networkTransmittedBytes
        outcome.sample.counters.blockReadBytes = step.counters.blockReadBytes
        outcome.sample.counters.blockWrittenBytes = step.counters.blockWrittenBytes
        (outcome.sighting.devices, outcome.sighting.hasChangedDevices) = (meter.state, step.isChanged)
        outcome.sighting.unmetered = unmetered(seen)
        guard step.counters.networkReceivedBytes != nil, step.counters.networkTransmittedBytes != nil else { return }
        defer { networkReadAt = instant }
        guard let grown = step.networkGrowth, let interval = networkReadAt.flatMap({ instant.nanoseconds(since: $0) })
        else { return }
        let bytes = Int128(grown.incoming) + Int128(grown.outgoing)
        outcome.sample.networkBytesPerSecond = Int64(
            clamping: (bytes * 1_000_000_000 + Int128(interval) / 2) / Int128(interval))
        // A cap limits each direction separately.
        let busier = Int128(max(grown.incoming, grown.outgoing))
        outcome.sample.networkUtilization = outcome.sample.networkCapBytesPerSecond.flatMap { cap in
            Utilization(numerator: busier * 1_000_000_000, denominator: Int128(interval) * Int128(cap))?.clamped
        }
    }

    /// Devices whose counters were never read in this life, in the driver's order.
    private func unmetered(_ seen: DomainReading) -> [String] {
        (meter.state ?? []).filter { device in
            device.incoming == nil && device.outgoing == nil || device.kind == .disk && !disks.isKnown(device.name)
        }.map(\.label)
    }

    /// Swap-in and major faults, which show that the guest's memory is too small.
    private mutating func observePressure(_ seen: DomainReading, _ outcome: inout Outcome) {
        // Figures that the guest does not report any more are unknown: a counter that stands still is not zero growth.
        let now =
            outcome.hasOldReport
            ? DomainCounters()
            : DomainCounters(swapInBytes: seen.counters.swapInBytes, majorFaults: seen.counters.majorFaults)
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
        return now.subtractedOrClamped(before)
    }

    private func finish(_ seen: DomainReading, asked: VCPUCount?, _ outcome: inout Outcome) {
        if let maximum = seen.maximumVCPUs ?? seen.grantedVCPUs, let granted = seen.grantedVCPUs {
            outcome.sample.vcpus = VCPUSizes(
                maximum: maximum, asked: asked, granted: granted,
                confirmed: seen.state.isActive && estimate.isConfirmed ? shape?.effective : nil)
        }
        outcome.sighting.vcpus = outcome.sample.vcpus
        outcome.sighting.memory = outcome.sample.memory
        outcome.sighting.disk = disks.total
        outcome.sample.cpuCap = seen.state.isActive ? believed(seen.cpuCap) : .unknown
        outcome.sighting.cpuCap = outcome.sample.cpuCap
        outcome.sighting.counters = outcome.sample.counters
        outcome.sighting.size = size(seen, outcome.sample.memory)
    }

    /// `unknown` for what nothing real reaches: it would make the whole report unreadable.
    private func believed(_ cap: CPUCap) -> CPUCap {
        cap.limitPPM.map(Utilization.bounds.contains) == false ? .unknown : cap
    }

    /// `nil` while a part of it is unknown.
    private func size(_ seen: DomainReading, _ believed: DomainMemory?) -> DomainSize? {
        guard seen.state != .unknown else { return nil }
        guard seen.state.isActive else { return DomainSize(vcpus: 0, memory: .zero, disk: disks.total ?? .zero) }
        guard let vcpus = shape?.effective, let capacity = seen.cpuCap.capacity(of: vcpus),
            let allocated = believed?.allocated
        else { return nil }
        return DomainSize(vcpus: vcpus, capacity: capacity, memory: allocated, disk: disks.total ?? .zero)
    }
}
