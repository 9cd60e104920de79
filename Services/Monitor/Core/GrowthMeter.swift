// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Adds up what the devices of one domain have counted in one direction since a life of it was first seen, so that the
/// total never falls while devices come and go.
///
/// - The total begins with the devices' counters at the first sighting, so it equals the raw counters until something
///   happens.
/// - A device that is first seen later begins with a baseline: what it had counted before does not count as growth.
/// - A device that can't be read at the moment goes on from its last value; a device that is gone is dropped.
/// - A device whose counter falls has begun at zero again, so that all it shows is growth. A single bad reading looks
///   like a fall too: the fall is believed only when the next reading is also lower than the value before the fall.
/// - If the driver gives a sum instead of devices, a sum that falls has lost a device or begun again: it is not known
///   which, and only what grows from then on counts.
struct GrowthMeter: Hashable, Sendable {
    /// A device's counter; `value` `nil`: it can't be read.
    struct Figure: Hashable, Sendable {
        var device: String
        var value: Int64?
    }

    /// The result of one reading.
    struct Step: Hashable, Sendable {
        /// `nil`: no device could be read.
        var total: Int64?
        /// Since the last reading; `nil`: there was none.
        var growth: Int64?
        /// Whether a device came, went or began again: this must be stored, since a restarted Monitor could not know
        /// what was before.
        var isChanged = false
        var rejections: [RejectedReading.Reason] = []
    }

    private struct Mark: Hashable, Sendable {
        let device: String
        /// When it was last believed.
        var value: Int64
        /// `nil`: an earlier process wrote it down.
        var readAt: ReadingInstant?
        /// A lower value that was seen since and is not believed yet.
        var fallen: Int64?
    }

    /// The name of the device that stands for the sum of all.
    static let sum = ""

    private var marks: [Mark] = []
    private(set) var total: Int64?

    init() {}

    /// Begins with what an earlier process wrote down: a total and the last value of each device, or no devices if it
    /// was a sum.
    init(total: Int64?, devices: [(name: String, value: Int64)]?) {
        self.total = total
        let known = devices ?? (total.map { [(Self.sum, $0)] } ?? [])
        marks = known.map { Mark(device: $0.name, value: $0.value) }
    }

    /// The last value of a device; `nil` if none was ever read.
    subscript(device: String) -> Int64? { marks.first { $0.device == device }?.value }

    /// - Parameter limit: the most units per second that a device can count; `nil`: unbounded.
    mutating func observe(_ figures: [Figure], at instant: ReadingInstant, limit: Int64?) -> Step {
        var step = Step()
        var (next, growth, isKnown): ([Mark], Int64, Bool) = ([], 0, figures.isEmpty)
        next.reserveCapacity(figures.count)
        for figure in figures {
            let former = marks.first { $0.device == figure.device }
            guard let value = figure.value, value >= 0 else {
                if let former { next.append(former) }
                continue
            }
            let (mark, grown) = take(value, of: figure.device, former: former, at: instant, limit: limit, &step)
            next.append(mark)
            isKnown = isKnown || grown != nil
            growth = growth.saturatingSum(grown ?? 0)
        }
        growth = growth.saturatingSum(growthOfSum(in: figures))
        step.isChanged = step.isChanged || total != nil && next.map(\.device) != marks.map(\.device)
        marks = next
        guard isKnown else { return step }
        step.growth = total == nil ? nil : growth
        total = total?.saturatingSum(growth) ?? next.reduce(0) { $0.saturatingSum($1.value) }
        step.total = total
        return step
    }

    /// The device's next mark and its growth; `nil`: the reading is not believed.
    private func take(
        _ value: Int64, of device: String, former: Mark?, at instant: ReadingInstant, limit: Int64?, _ step: inout Step
    ) -> (Mark, Int64?) {
        let now = Mark(device: device, value: value, readAt: instant)
        guard var former else { return (now, 0) }
        guard value < former.value else {
            guard Self.isPlausible(value - former.value, since: former.readAt, at: instant, limit: limit) else {
                step.rejections.append(.networkBeyondCapacity)
                return (former, nil)
            }
            return (now, value - former.value)
        }
        guard let fallen = former.fallen else {
            former.fallen = value
            step.rejections.append(.counterBackwards)
            return (former, nil)
        }
        step.isChanged = true
        return (now, device == Self.sum ? max(0, value - fallen) : value)
    }

    /// The growth when devices follow a sum: what they show together beyond the sum, if all of them can be read.
    private func growthOfSum(in figures: [Figure]) -> Int64 {
        guard let former = marks.first, former.device == Self.sum, !figures.contains(where: { $0.device == Self.sum })
        else { return 0 }
        var shown: Int64 = 0
        for figure in figures {
            guard let value = figure.value else { return 0 }
            shown = shown.saturatingSum(value)
        }
        return max(0, shown - former.value)
    }

    private static func isPlausible(
        _ growth: Int64, since former: ReadingInstant?, at instant: ReadingInstant, limit: Int64?
    ) -> Bool {
        guard let limit, let interval = former.flatMap({ instant.nanoseconds(since: $0) }) else { return true }
        return Int128(growth) * 1_000_000_000 <= Int128(limit) * Int128(interval)
    }
}
