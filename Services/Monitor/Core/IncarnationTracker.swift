// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Distinguishes one life of a domain's counters from the next, on one host.
///
/// A life is (host, hypervisor's domain id, start). A changed id begins a new one, and so does a changed start if the
/// driver gives one. If it does not, CPU time that went backwards begins a new one: ids are reused after a reboot of
/// the host.
package struct IncarnationTracker: Hashable, Sendable {
    private let host: HostID
    /// The present life, or the last one if the domain does not run.
    package private(set) var latest: Incarnation?
    /// Whether the domain ran when last seen; if it did not, the next active sighting is a new life.
    private var isAlive: Bool
    /// The start as the driver gave it, by the host's clock.
    private var driverStart: Timestamp?
    private var counters = DomainCounters()

    /// - Parameters:
    ///   - known: the life that an earlier process wrote down; a life on another host is ignored.
    ///   - isActive: whether the domain ran then.
    package init(host: HostID, known: Incarnation? = nil, isActive: Bool = true) {
        self.host = host
        latest = known?.host == host ? known : nil
        isAlive = latest != nil && isActive
    }

    /// Whether this domain's counters began again since the last sighting.
    package enum Sighting: Hashable, Sendable {
        case same(Incarnation)
        case new(Incarnation)
        /// The domain does not run, or the driver does not say which life it is.
        case none
    }

    /// Takes a sighting; compares its counters with those that were believed last.
    package mutating func observe(_ seen: DomainReading, at instant: ReadingInstant) -> Sighting {
        guard seen.state != .unknown else { return .none }
        guard seen.state.isActive, let hypervisorID = seen.hypervisorID else {
            isAlive = false
            return .none
        }
        defer {
            driverStart = seen.incarnationStart
            isAlive = true
        }
        if let latest, isAlive, continues(latest, seen, hypervisorID, at: instant) { return .same(latest) }
        let start = seen.incarnationStart.map(instant.clusterTime(of:)) ?? instant.seenAt
        let life = Incarnation(host: host, hypervisorID: hypervisorID, start: start)
        latest = life
        counters = DomainCounters()
        return .new(life)
    }

    /// Takes the sighting's counters that were believed; unknown ones keep their last value.
    package mutating func believe(_ believed: DomainCounters) { counters.merge(believed) }

    private func continues(
        _ life: Incarnation, _ seen: DomainReading, _ hypervisorID: Int64, at instant: ReadingInstant
    ) -> Bool {
        guard life.hypervisorID == hypervisorID else { return false }
        guard let start = seen.incarnationStart else { return !seen.counters.beganAgain(since: counters) }
        if let driverStart { return driverStart == start }
        // An earlier process wrote the start down in cluster time: the correction may differ a little by now.
        let difference = instant.clusterTime(of: start).nanoseconds(since: life.start)
        return difference.magnitude <= UInt64(2 * ReadingInstant.clockTolerance.wholeNanoseconds)
    }
}

extension DomainCounters {
    /// Whether these are the counters of a later life: CPU time went backwards and no counter went on. A single counter
    /// that falls while others go on, or that falls by the factor of a mistaken unit, is a bad reading instead.
    func beganAgain(since former: DomainCounters) -> Bool {
        guard let now = cpuTimeNanoseconds, let before = former.cpuTimeNanoseconds, now < before,
            !isUnitMismatch(now, before)
        else { return false }
        return all.enumerated().allSatisfy { index, value in
            guard let value, let before = former.all[index] else { return true }
            return value <= before
        }
    }

    mutating func merge(_ later: DomainCounters) {
        cpuTimeNanoseconds = later.cpuTimeNanoseconds ?? cpuTimeNanoseconds
        stealTimeNanoseconds = later.stealTimeNanoseconds ?? stealTimeNanoseconds
        networkReceivedBytes = later.networkReceivedBytes ?? networkReceivedBytes
        networkTransmittedBytes = later.networkTransmittedBytes ?? networkTransmittedBytes
        blockReadBytes = later.blockReadBytes ?? blockReadBytes
        blockWrittenBytes = later.blockWrittenBytes ?? blockWrittenBytes
    }

    /// Every counter in one order.
    var all: [Int64?] {
        [
            cpuTimeNanoseconds, stealTimeNanoseconds, networkReceivedBytes, networkTransmittedBytes, blockReadBytes,
            blockWrittenBytes,
        ]
    }
}
