// SPDX-License-Identifier: Apache-2.0

internal import MonitorCore
internal import ResourceModel
internal import Store

/// What the shell keeps about one domain on its host.
struct DomainTracker: Sendable {
    /// Whether Ebb created or adopted it; a domain that is not managed has no segments, no readings and gets no calls.
    var isManaged: Bool
    /// Since when it is its tenant's, or nobody's: a row with an earlier instant is old.
    var ownedSince: Timestamp
    var size: SizeTracker
    var meter: MeterSchedule
    var asked: VCPUCount?
    var caps: DomainCaps
    /// The life in which the CPU cap that was asked for was seen.
    var cappedLife: Incarnation?
    /// The observation that was queued last.
    var written: DomainObservation?
    /// Devices whose counters can't be read, as queued last.
    private var unmetered: [String]?
    /// Whether the guest was asked to shut down and has not yet.
    var isShuttingDown = false
    /// When Ebb's last operation on it ended: a poll that began before shows an older state.
    var settledAt = Timestamp.zero

    init(
        isManaged: Bool, ownedSince: Timestamp = .zero, size: SizeTracker, meter: MeterSchedule, asked: VCPUCount?,
        caps: DomainCaps = DomainCaps()
    ) {
        self.isManaged = isManaged
        self.ownedSince = ownedSince
        self.size = size
        self.meter = meter
        self.asked = asked
        self.caps = caps
    }

    /// A domain that was on the host before this process owned it.
    init(_ known: KnownDomain, interval: Duration, phase: Int64, watchedSince: Timestamp?) {
        self.init(
            isManaged: known.row.isManaged, ownedSince: known.row.tenantSince,
            size: SizeTracker(domain: known.row.id, known: known.size, ownedSince: known.row.tenantSince),
            meter: MeterSchedule(
                domain: known.row.id, interval: interval, phase: phase,
                watchedSince: max(watchedSince ?? .distantFuture, known.row.tenantSince)), asked: known.row.askedVCPUs,
            caps: DomainCaps(known.row))
        unmetered = known.row.unmeteredDevices
    }

    /// Takes a sighting; returns the facts that follow, in order.
    mutating func observe(_ seen: DomainSighting, isForced: Bool = false) -> [Fact] {
        var facts: [Fact] = []
        let observation = DomainObservation(seen, asked: asked)
        if observation != written {
            written = observation
            facts.append(.domain(seen.domain, observation))
        }
        if let devices = seen.unmetered, devices != unmetered ?? [] {
            unmetered = devices
            facts.append(.unmetered(seen.domain, devices))
        }
        guard isManaged else { return facts }
        facts += size.observe(seen).map { .size($0) }
        let readings = meter.observe(seen, isForced: isForced)
        if !readings.isEmpty { facts.append(.readings(readings)) }
        if isShuttingDown, !seen.state.isActive {
            isShuttingDown = false
            size.requestEnded()
        }
        return facts
    }

    /// The domain is its tenant's from an instant on, or nobody's (`nil`): sizes and meters begin anew there.
    mutating func changeOwner(isManaged: Bool, since instant: Timestamp, _ domain: DomainID, meter: MeterSchedule) {
        self.isManaged = isManaged
        ownedSince = instant
        size = SizeTracker(domain: domain, ownedSince: instant)
        self.meter = meter
    }

    /// The domain is not here any more; returns the facts that follow.
    mutating func departed(movedAt: Timestamp?, seenAt: Timestamp) -> [Fact] {
        guard isManaged else { return [] }
        let readings = meter.endOfLife()
        return (readings.isEmpty ? [] : [.readings(readings)])
            + size.departed(movedAt: movedAt, seenAt: seenAt).map { .size($0) }
    }
}

extension DomainCaps {
    init(_ row: StoredDomain) {
        self.init(cpuPPM: row.cpuCapPPM, networkBytesPerSecond: row.networkCapBytesPerSecond)
    }
}

extension DomainObservation {
    init(_ seen: DomainSighting, asked: VCPUCount?) {
        var vcpus = seen.vcpus
        vcpus?.asked = asked
        self.init(
            state: seen.state, stateReason: seen.stateReason, name: seen.name, vcpus: vcpus,
            memory: seen.memory.map { DomainMemory(maximum: $0.maximum, allocated: $0.allocated) },
            disk: seen.disk, incarnation: seen.incarnation, cpuCap: seen.cpuCap)
    }
}
