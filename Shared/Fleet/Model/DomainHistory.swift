// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// The true timeline of one domain so far. It goes with the domain from host to host.
struct DomainHistory: Hashable, Sendable {
    /// What a segment states about its period.
    struct Extent: Hashable, Sendable {
        let host: HostID
        let hypervisorID: Int64?
        let incarnationStart: Timestamp?
        let vcpus: Int
        let capacity: Capacity
        let memory: ByteCount
        let disk: ByteCount

        var isActive: Bool { incarnationStart != nil }
    }

    private(set) var segments: [TruthSegment] = []
    private(set) var incarnations: [TruthIncarnation] = []
    private(set) var served: [TruthServedLoad] = []
    private(set) var readings: [TruthReading] = []
    /// How many entries were dropped because there were too many.
    private(set) var dropped = 0
    private var open: Extent?
    private var openedAt = Timestamp.zero

    /// From `instant` on this holds; `nil`: the domain is undefined.
    mutating func note(_ extent: Extent?, at instant: Timestamp, limit: Int) {
        guard extent != open else { return }
        if let segment = openSegment(until: instant) { dropped += segments.append(segment, limit: limit) }
        open = extent
        openedAt = instant
    }

    /// The segment that is still open, cut here; `nil` where it would be empty.
    func openSegment(until instant: Timestamp) -> TruthSegment? {
        guard let open, openedAt < instant else { return nil }
        return TruthSegment(open, start: openedAt, end: instant)
    }

    mutating func end(_ incarnation: TruthIncarnation, limit: Int) {
        dropped += incarnations.append(incarnation, limit: limit)
    }

    mutating func add(_ load: TruthServedLoad, limit: Int) {
        dropped += served.append(load, limit: limit)
    }

    mutating func add(_ reading: TruthReading, limit: Int) {
        dropped += readings.append(reading, limit: limit)
    }
}

extension Array {
    /// Appends and keeps at least the last `limit` (at most twice as many, so that the cost per element stays
    /// constant). Returns how many were dropped.
    mutating func append(_ element: Element, limit: Int) -> Int {
        guard limit > 0 else { return 1 }
        append(element)
        guard count >= 2 * limit else { return 0 }
        let surplus = count - limit
        removeFirst(surplus)
        return surplus
    }
}
