// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A reading that must be written down: cumulative counters of one life at one instant.
package struct ReadingFact: Hashable, Sendable {
    package let domain: DomainID
    package let incarnationStart: Timestamp
    package let at: Timestamp
    package let counters: DomainCounters
    /// The last known counters of each device; `nil` where the driver gives sums only.
    package let devices: [DeviceCounters]?
    /// Whether it is a life's first reading, from which later ones are measured; without it their growth would be lost.
    package let isBaseline: Bool
}

/// Decides when a domain's meters are written down: once per interval, around operations, at both ends of a life, and
/// when a device came, went or began again.
///
/// A life's first reading is a baseline: nothing before it is billed. If the driver gives a life's start, all counters
/// were zero then: a zero reading at the start makes the use before the first sighting billable.
package struct MeterSchedule: Hashable, Sendable {
    private let domain: DomainID
    private let interval: Int64
    private let phase: Int64
    /// Ebb must not bill lives that began earlier from their start.
    private let watchedSince: Timestamp
    private var lastWritten: Written?
    private var latest: Reading?

    /// The part of a sighting that may have to be written later; kept small, since each domain of a fleet has one.
    private struct Reading: Hashable, Sendable {
        let at: Timestamp
        let life: Incarnation
        let counters: DomainCounters
        let devices: [DeviceCounters]?
    }

    private struct Written: Hashable, Sendable {
        let at: Timestamp
        let life: Incarnation
    }

    /// - Parameters:
    ///   - interval: from one reading to the next.
    ///   - phase: shifts the instants within the interval, so that not every host's readings are due at once.
    ///   - watchedSince: since when the domain is its tenant's, or up to when an earlier process has seen it.
    package init(domain: DomainID, interval: Duration, phase: Int64 = 0, watchedSince: Timestamp) {
        self.domain = domain
        self.interval = max(1, interval.wholeNanoseconds)
        self.phase = phase % self.interval
        self.watchedSince = watchedSince
    }

    /// Takes a sighting; returns the readings to write now, in order.
    /// - Parameter isForced: whether an operation is about to begin or has just ended.
    package mutating func observe(_ seen: DomainSighting, isForced: Bool = false) -> [ReadingFact] {
        guard seen.state.isActive, let life = seen.incarnation, seen.counters.isMetered else {
            return isEndOfLife(seen) ? endOfLife() : []
        }
        var facts: [ReadingFact] = []
        if latest?.life != life {
            facts += endOfLife()
            if seen.isStartExact, life.start >= watchedSince, life.start < seen.seenAt {
                facts.append(
                    ReadingFact(
                        domain: domain, incarnationStart: life.start, at: life.start, counters: seen.counters.zeroed,
                        devices: nil, isBaseline: true))
            }
        }
        let reading = Reading(at: seen.seenAt, life: life, counters: seen.counters, devices: seen.devices)
        latest = reading
        if isForced || seen.hasChangedDevices || isDue(reading) { facts.append(written(reading)) }
        return facts
    }

    /// The latest sighting, if it is not written yet; called before an operation that may end the life.
    package mutating func flush() -> [ReadingFact] {
        guard let latest, latest.at != lastWritten?.at else { return [] }
        return [written(latest)]
    }

    /// The last reading of a domain that does not run here any more: only what it counted after that is lost.
    package mutating func endOfLife() -> [ReadingFact] {
        defer { (latest, lastWritten) = (nil, nil) }
        return flush()
    }

    private func isEndOfLife(_ seen: DomainSighting) -> Bool {
        latest != nil && !seen.state.isActive && seen.state != .unknown
    }

    /// By slots of cluster time, so that readings don't drift by the cycles' jitter.
    private func isDue(_ reading: Reading) -> Bool {
        guard let last = lastWritten, last.life == reading.life else { return true }
        return slot(last.at) != slot(reading.at)
    }

    private func slot(_ instant: Timestamp) -> Int64 { (instant.nanoseconds + phase) / interval }

    private mutating func written(_ reading: Reading) -> ReadingFact {
        defer { lastWritten = Written(at: reading.at, life: reading.life) }
        return ReadingFact(
            domain: domain, incarnationStart: reading.life.start, at: reading.at, counters: reading.counters,
            devices: reading.devices, isBaseline: lastWritten?.life != reading.life)
    }
}

extension DomainCounters {
    /// Whether any meter is known.
    fileprivate var isMetered: Bool {
        cpuTimeNanoseconds != nil || networkReceivedBytes != nil || networkTransmittedBytes != nil
            || blockReadBytes != nil || blockWrittenBytes != nil
    }

    /// Zero for each known counter.
    fileprivate var zeroed: DomainCounters {
        DomainCounters(
            cpuTimeNanoseconds: cpuTimeNanoseconds.map { _ in 0 },
            stealTimeNanoseconds: stealTimeNanoseconds.map { _ in 0 },
            networkReceivedBytes: networkReceivedBytes.map { _ in 0 },
            networkTransmittedBytes: networkTransmittedBytes.map { _ in 0 },
            blockReadBytes: blockReadBytes.map { _ in 0 }, blockWrittenBytes: blockWrittenBytes.map { _ in 0 })
    }
}
