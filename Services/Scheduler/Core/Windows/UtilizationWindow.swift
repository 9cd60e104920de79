// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The N most recent known samples of one resource of one domain, sliding.
///
/// It need not be full to decide, so that it never decides later than the paper's other reading (wait for a crossing,
/// then watch the next N). Unknown samples are never taken: they fill no slot in either direction.
///
/// It is a ring with running counts: taking a sample costs the same whatever N is, and allocates nothing once the ring
/// is full.
package struct UtilizationWindow: Sendable {
    private var ring: [PackedSample] = []
    /// The instant of the newest sample, so that the next one need not read that.
    private var newestAt = Timestamp.zero
    /// No sample is older than this.
    private var oldestBound = Timestamp.zero
    /// Samples whose interval began before this instant don't count; `distantFuture` while a change is in flight.
    package private(set) var countsFrom: Timestamp
    private var bounds = WindowBounds.none
    // The counts of `samples` under `bounds`, in 32 bits, because every sample reads all of this.
    private var known: Int32 = 0
    private var above: Int32 = 0
    private var below: Int32 = 0
    /// How many readings between the samples were unknown.
    private var unknown: Int32 = 0
    private var runOfUnknown: Int32 = 0
    /// The place of the oldest sample.
    private var head: Int32 = 0

    package init(countsFrom: Timestamp = .zero) { self.countsFrom = countsFrom }

    /// The number of known samples.
    package var count: Int { Int(known) }
    /// How many readings since the newest sample were unknown.
    package var unknownRun: Int { Int(runOfUnknown) }

    /// Oldest first.
    package var samples: [WindowSample] {
        var samples: [WindowSample] = []
        samples.reserveCapacity(count)
        for place in 0..<count { samples.append(ring[slot(place)].sample) }
        return samples
    }

    /// Mean utilisation, rounded half up; `nil` without samples.
    var mean: Utilization? { WindowTally(samples, bounds).mean }

    /// The direction that is due under the present bounds. Growing wins.
    func due(needed: Int32) -> Direction? {
        if above >= needed { return .up }
        return below >= needed ? .down : nil
    }

    /// The share of unknown readings.
    var unknownShare: Utilization {
        unknown + runOfUnknown == 0 ? .zero : WindowTally.share(of: Int(unknown) + unknownRun, besides: count)
    }

    package var newest: WindowSample? { count == 0 ? nil : ring[slot(count - 1)].sample }
    package var oldest: WindowSample? { count == 0 ? nil : ring[Int(head)].sample }

    /// Takes a known sample whose interval began at `intervalStart`, and keeps the `length` newest.
    /// Returns whether it counts.
    @discardableResult
    package mutating func record(_ sample: WindowSample, intervalStart: Timestamp, keeping length: Int) -> Bool {
        guard intervalStart >= countsFrom else { return false }
        if known > 0, sample.sampledAt <= newestAt { return false }
        guard length > 0 else {
            while known > 0 { dropOldest() }
            return true
        }
        if ring.count < length { makeRoom(for: length) }
        if known == 0 { oldestBound = sample.sampledAt }
        newestAt = sample.sampledAt
        let new = PackedSample(sample, unknownBefore: runOfUnknown)
        runOfUnknown = 0
        tally(new, by: 1)
        if count > ring.count {
            replaceOldest(by: new)
        } else {
            ring[slot(count - 1)] = new
        }
        while known > length { dropOldest() }
        return true
    }

    /// In a full ring the newest sample takes the place of the oldest.
    private mutating func replaceOldest(by new: PackedSample) {
        let place = Int(head)
        head = place + 1 == ring.count ? 0 : head + 1
        tally(ring[place], by: -1)
        ring[place] = new
    }

    /// Takes an unknown reading: it fills no slot, but too many of them are a reason to keep the size.
    mutating func recordUnknown(intervalStart: Timestamp) {
        if intervalStart >= countsFrom { runOfUnknown += 1 }
    }

    /// A change of the domain is in flight: the window empties and nothing counts until `restart`.
    package mutating func suspend() { restart(countingFrom: .distantFuture) }

    /// Begins again, empty: only intervals that began at `instant` or later count.
    package mutating func restart(countingFrom instant: Timestamp) {
        (known, above, below, unknown, runOfUnknown, head) = (0, 0, 0, 0, 0, 0)
        countsFrom = instant
    }

    /// Drops samples that were taken before `instant`.
    mutating func expire(before instant: Timestamp) {
        guard known > 0, oldestBound < instant else { return }
        while known > 0, ring[Int(head)].sampledAt < instant { dropOldest() }
        if known > 0 { oldestBound = ring[Int(head)].sampledAt }
    }

    /// Drops samples whose interval began before `instant`, as `restart` does for later samples.
    mutating func keep(countingFrom instant: Timestamp, interval: Int64) {
        guard countsFrom != .distantFuture else { return }
        expire(before: instant.advanced(byNanoseconds: interval))
        countsFrom = max(instant, countsFrom)
    }

    /// Judges all samples by `new` bounds, and keeps the `length` newest.
    mutating func judge(by new: WindowBounds, keeping length: Int) {
        while known > length { dropOldest() }
        guard new != bounds else { return }
        bounds = new
        recount()
    }

    private mutating func recount() {
        let samples = count
        (known, above, below, unknown) = (0, 0, 0, 0)
        for place in 0..<samples { tally(ring[slot(place)], by: 1) }
    }

    @inline(__always)
    private mutating func tally(_ sample: PackedSample, by sign: Int32) {
        known += sign
        unknown += sign * sample.unknownBefore
        // A sample exactly at a bound is not a breach.
        if sample.utilization > bounds.upper { above += sign }
        if sample.utilization < bounds.lower { below += sign }
    }

    private mutating func dropOldest() {
        let place = Int(head)
        tally(ring[place], by: -1)
        head = place + 1 == ring.count ? 0 : head + 1
    }

    private func slot(_ place: Int) -> Int {
        let slot = Int(head) + place
        return slot < ring.count ? slot : slot - ring.count
    }

    @inline(never)
    private mutating func makeRoom(for length: Int) {
        let filler = WindowSample(
            sampledAt: .zero, utilization: .zero, size: 0, steal: nil, position: SamplePosition(epoch: 0, sequence: 0))
        ring =
            (0..<count).map { ring[slot($0)] }
            + Array(repeating: PackedSample(filler, unknownBefore: 0), count: length - count)
        head = 0
    }
}

/// Two windows are equal if they hold the same samples, wherever these lie in the ring.
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
        runOfUnknown = Int32(clamping: try container.decode(Int.self, forKey: .unknownRun))
        ring = try container.decode([WindowSample].self, forKey: .samples).map {
            PackedSample($0, unknownBefore: Int32(clamping: $0.unknownBefore))
        }
        known = Int32(ring.count)
        newestAt = ring.last?.sampledAt ?? .zero
        oldestBound = ring.first?.sampledAt ?? .zero
        recount()
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(samples, forKey: .samples)
        try container.encode(countsFrom, forKey: .countsFrom)
        try container.encode(bounds, forKey: .bounds)
        try container.encode(unknownRun, forKey: .unknownRun)
    }
}
