// SPDX-License-Identifier: Apache-2.0

internal import MonitorCore
internal import ResourceModel
internal import Store

/// What the shell keeps about one domain on its host.
struct DomainTracker: Sendable {
    /// Created or adopted by Ebb: what is not managed has no segments, no readings and gets no calls.
    var isManaged: Bool
    var size: SizeTracker
    var meter: MeterSchedule
    var asked: VCPUCount?
    var caps: DomainCaps
    /// The observation that was queued last.
    var written: DomainObservation?
    /// A guest was asked to shut down and has not yet.
    var isShuttingDown = false
    /// When something that Ebb did with it ended: what a poll shows that began before is older than that.
    var settledAt = Timestamp.zero

    init(
        isManaged: Bool, size: SizeTracker, meter: MeterSchedule, asked: VCPUCount?, caps: DomainCaps = DomainCaps()
    ) {
        self.isManaged = isManaged
        self.size = size
        self.meter = meter
        self.asked = asked
        self.caps = caps
    }

    /// A domain that was on the host before this process owned it.
    init(_ known: KnownDomain, interval: Duration, phase: Int64, watchedSince: Timestamp?) {
        self.init(
            isManaged: known.row.isManaged, size: SizeTracker(domain: known.row.id, known: known.size),
            meter: MeterSchedule(
                domain: known.row.id, interval: interval, phase: phase,
                watchedSince: watchedSince ?? .distantFuture), asked: known.row.askedVCPUs,
            caps: DomainCaps(known.row))
    }

    /// Takes a sighting; returns the facts that follow, in order.
    mutating func observe(_ seen: DomainSighting, isForced: Bool = false) -> [Fact] {
        var facts: [Fact] = []
        let observation = DomainObservation(seen, asked: asked)
        if observation != written {
            written = observation
            facts.append(.domain(seen.domain, observation))
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

    /// The domain is not here any more; returns the facts that follow.
    mutating func departed(movedAt: Timestamp?, seenAt: Timestamp) -> [Fact] {
        guard isManaged else { return [] }
        let readings = meter.endOfLife()
        return (readings.isEmpty ? [] : [.readings(readings)])
            + size.departed(movedAt: movedAt, seenAt: seenAt).map { .size($0) }
    }
}

extension DomainCaps {
    init(_ row: DomainRecord) {
        self.init(cpuPPM: row.cpuCapPPM, networkBytesPerSecond: row.networkCapBytesPerSecond)
    }
}

extension DomainObservation {
    init(_ seen: DomainSighting, asked: VCPUCount?) {
        var vcpus = seen.vcpus
        vcpus?.asked = asked
        self.init(
            state: seen.state, name: seen.name, vcpus: vcpus,
            memory: seen.memory.map { DomainMemory(maximum: $0.maximum, allocated: $0.allocated) },
            disk: seen.disk, incarnation: seen.incarnation)
    }
}
