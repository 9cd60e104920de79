// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Where in Monitor's stream a sample stood: the epoch of the host's owner, and the sequence within it.
package struct SamplePosition: Hashable, Sendable, Codable {
    package let epoch: UInt64
    package let sequence: UInt64

    package init(epoch: UInt64, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// One known sample of one domain, with all that a decision rests on.
package struct WindowSample: Hashable, Sendable, Codable {
    package let sampledAt: Timestamp
    /// CPU utilisation of what the domain had, clamped at 100 %.
    package let utilization: Utilization
    /// What the domain had.
    package let vcpus: VCPUCount
    package let steal: Utilization?
    package let position: SamplePosition

    package init(
        sampledAt: Timestamp, utilization: Utilization, vcpus: VCPUCount, steal: Utilization?, position: SamplePosition
    ) {
        self.sampledAt = sampledAt
        self.utilization = utilization
        self.vcpus = vcpus
        self.steal = steal
        self.position = position
    }
}

/// The N most recent known samples of one domain, sliding.
///
/// It need not be full to decide, so that it is never later than the paper's other reading (wait for a crossing, then
/// watch the next N). Unknown samples never get in: they fill no slot in either direction.
package struct UtilizationWindow: Hashable, Sendable, Codable {
    /// Oldest first.
    package private(set) var samples: [WindowSample] = []
    /// Nothing whose interval began before this instant counts; `distantFuture` while a change is in flight.
    package private(set) var countsFrom: Timestamp

    package init(countsFrom: Timestamp = .zero) { self.countsFrom = countsFrom }

    /// Takes a known sample whose interval began at `intervalStart`, and keeps the `length` newest.
    /// Returns whether it counts.
    @discardableResult
    package mutating func record(_ sample: WindowSample, intervalStart: Timestamp, keeping length: Int) -> Bool {
        guard intervalStart >= countsFrom else { return false }
        if let newest = samples.last, sample.sampledAt <= newest.sampledAt { return false }
        samples.append(sample)
        if samples.count > length { samples.removeFirst(samples.count - length) }
        return true
    }

    /// A change of the domain is in flight: the window empties and nothing counts until `restart`.
    package mutating func suspend() { restart(countingFrom: .distantFuture) }

    /// Begins again, empty: only intervals that began at `instant` or later count.
    package mutating func restart(countingFrom instant: Timestamp) {
        samples.removeAll(keepingCapacity: true)
        countsFrom = instant
    }
}

/// What a window says under one policy.
package struct BreachCount: Hashable, Sendable, Codable {
    /// Known samples in the window that are not too old: at most N.
    package let known: Int
    /// Of them, above U2.
    package let above: Int
    /// Of them, below U1.
    package let below: Int
    /// M.
    package let needed: Int
    /// N.
    package let windowLength: Int

    /// Counts the `windowLength` newest of `samples`. A sample exactly at a bound is not a breach.
    package init(_ samples: some Collection<WindowSample>, policy: ScalingPolicy, windowLength: Int) {
        known = samples.count
        above = samples.count { $0.utilization > policy.upper }
        below = samples.count { $0.utilization < policy.lower }
        needed = policy.breachesNeeded(windowLength: windowLength)
        self.windowLength = windowLength
    }

    /// The direction that is due. Growing wins where both are (a very aggressive policy): a size that is missing
    /// hurts more than one that is spare.
    package var due: Direction? {
        if above >= needed { return .up }
        return below >= needed ? .down : nil
    }
}

/// Which way a size changes.
package enum Direction: String, Hashable, Sendable, Codable {
    case up, down
}
