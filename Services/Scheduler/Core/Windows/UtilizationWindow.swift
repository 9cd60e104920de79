// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The N most recent known samples of one resource of one domain, sliding.
///
/// It need not be full to decide, so that it is never later than the paper's other reading (wait for a crossing, then
/// watch the next N). Unknown samples never get in: they fill no slot in either direction.
///
/// A ring with running sums: taking a sample in costs the same whatever N is, and allocates nothing once it is full.
package struct UtilizationWindow: Sendable {
    private var ring: [WindowSample] = []
    /// Of the oldest sample.
    private var head = 0
    package private(set) var count = 0
    /// Of the newest sample, so that the next one need not look at it.
    private var newestAt = Timestamp.zero
    /// The oldest sample is not older.
    private var oldestBound = Timestamp.zero
    /// Nothing whose interval began before this instant counts; `distantFuture` while a change is in flight.
    package private(set) var countsFrom: Timestamp
    /// What `samples` come to under the bounds that were judged by last.
    private(set) var tally = WindowTally()
    private var bounds = WindowBounds.none
    /// Readings since the newest sample that told nothing.
    package private(set) var unknownRun = 0

    package init(countsFrom: Timestamp = .zero) { self.countsFrom = countsFrom }

    /// Oldest first.
    package var samples: [WindowSample] { (0..<count).map { ring[slot($0)] } }

    /// The direction that is due under the bounds that were judged by last. Growing wins.
    func due(needed: Int) -> Direction? {
        if tally.above >= needed { return .up }
        return tally.below >= needed ? .down : nil
    }

    /// Share of the readings that told nothing.
    var unknownShare: Utilization {
        tally.unknown + unknownRun == 0 ? .zero : tally.unknownShare(run: unknownRun)
    }

    package var newest: WindowSample? { count == 0 ? nil : ring[slot(count - 1)] }
    package var oldest: WindowSample? { count == 0 ? nil : ring[head] }

    /// Takes a known sample whose interval began at `intervalStart`, and keeps the `length` newest.
    /// Returns whether it counts.
    @discardableResult
    package mutating func record(_ sample: WindowSample, intervalStart: Timestamp, keeping length: Int) -> Bool {
        guard intervalStart >= countsFrom else { return false }
        if count > 0, sample.sampledAt <= newestAt { return false }
        while count > 0, count >= length { dropOldest() }
        guard length > 0 else { return true }
        if ring.count < length { lay(length) }
        var sample = sample
        sample.unknownBefore = unknownRun
        ring[slot(count)] = sample
        unknownRun = 0
        if count == 0 { oldestBound = sample.sampledAt }
        count += 1
        newestAt = sample.sampledAt
        tally.add(sample, bounds)
        return true
    }

    /// Takes a reading that told nothing: it fills no slot, but too many of them are a reason to hold.
    mutating func recordUnknown(intervalStart: Timestamp) {
        if intervalStart >= countsFrom { unknownRun += 1 }
    }

    /// A change of the domain is in flight: the window empties and nothing counts until `restart`.
    package mutating func suspend() { restart(countingFrom: .distantFuture) }

    /// Begins again, empty: only intervals that began at `instant` or later count.
    package mutating func restart(countingFrom instant: Timestamp) {
        (head, count) = (0, 0)
        tally = WindowTally()
        unknownRun = 0
        countsFrom = instant
    }

    /// Drops samples that were taken before `instant`.
    mutating func expire(before instant: Timestamp) {
        guard count > 0, oldestBound < instant else { return }
        while count > 0, ring[head].sampledAt < instant { dropOldest() }
        if count > 0 { oldestBound = ring[head].sampledAt }
    }

    /// Drops what began before `instant`, as `restart` does for samples that are still to come.
    mutating func keep(countingFrom instant: Timestamp, interval: Int64) {
        guard countsFrom != .distantFuture else { return }
        expire(before: instant.advanced(byNanoseconds: interval))
        countsFrom = max(instant, countsFrom)
    }

    /// Judges all samples by `new` bounds, and keeps the `length` newest.
    mutating func judge(by new: WindowBounds, keeping length: Int) {
        while count > length { dropOldest() }
        guard new != bounds else { return }
        bounds = new
        tally = WindowTally()
        for sample in samples { tally.add(sample, new) }
    }

    private mutating func dropOldest() {
        tally.remove(ring[head], bounds)
        head = head + 1 == ring.count ? 0 : head + 1
        count -= 1
    }

    private func slot(_ place: Int) -> Int {
        let slot = head + place
        return slot < ring.count ? slot : slot - ring.count
    }

    /// Makes room for `length` samples.
    private mutating func lay(_ length: Int) {
        let filler = WindowSample(
            sampledAt: .zero, utilization: .zero, size: 0, steal: nil, position: SamplePosition(epoch: 0, sequence: 0))
        ring = samples + Array(repeating: filler, count: length - count)
        head = 0
    }
}

/// Two windows are the same if they hold the same samples, wherever those lie in the ring.
extension UtilizationWindow: Hashable {
    package static func == (left: UtilizationWindow, right: UtilizationWindow) -> Bool {
        left.countsFrom == right.countsFrom && left.bounds == right.bounds && left.unknownRun == right.unknownRun
            && left.samples == right.samples
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(countsFrom)
        hasher.combine(samples)
    }
}

extension UtilizationWindow: Codable {
    private enum CodingKeys: CodingKey {
        case samples, countsFrom, bounds, unknownRun
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(countsFrom: try container.decode(Timestamp.self, forKey: .countsFrom))
        bounds = try container.decode(WindowBounds.self, forKey: .bounds)
        unknownRun = try container.decode(Int.self, forKey: .unknownRun)
        ring = try container.decode([WindowSample].self, forKey: .samples)
        count = ring.count
        newestAt = ring.last?.sampledAt ?? .zero
        oldestBound = ring.first?.sampledAt ?? .zero
        for sample in ring { tally.add(sample, bounds) }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(samples, forKey: .samples)
        try container.encode(countsFrom, forKey: .countsFrom)
        try container.encode(bounds, forKey: .bounds)
        try container.encode(unknownRun, forKey: .unknownRun)
    }
}
