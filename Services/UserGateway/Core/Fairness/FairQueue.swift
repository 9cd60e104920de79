// SPDX-License-Identifier: Apache-2.0

/// The order of waiting work: work waits only behind work of its own lane, and lanes with work take turns. It only
/// decides, and does not wait itself.
///
/// A lane never gets all the places, so that another lane finds a place at once.
package struct FairQueue: Sendable {
    package struct Limits: Hashable, Sendable {
        /// How much work of all lanes is done at the same time; at least 1.
        package var places: Int
        /// How much work of one lane may wait.
        package var waitingPerLane: Int
        /// How many bytes of waiting requests one lane may have.
        package var waitingBytesPerLane: Int
        /// `nil`: half of the places.
        private let ownPlacesPerLane: Int?

        package init(
            places: Int, placesPerLane: Int? = nil, waitingPerLane: Int = 1_000, waitingBytesPerLane: Int = 16 << 20
        ) {
            self.places = max(1, places)
            ownPlacesPerLane = placesPerLane
            self.waitingPerLane = waitingPerLane
            self.waitingBytesPerLane = waitingBytesPerLane
        }

        /// How much work of one lane is done at the same time, at least one.
        package var placesPerLane: Int { max(1, ownPlacesPerLane ?? places / 2) }
    }

    private struct Work: Sendable {
        let ticket: Int
        let bytes: Int
    }

    private struct Lane: Sendable {
        var running = 0
        var waiting: [Work] = []
        var waitingBytes = 0
    }

    private let limits: Limits
    private var lanes: [String: Lane] = [:]
    /// Lanes in which work waits, the one whose turn is next first.
    private var turns: [String] = []
    /// How much work has a place.
    package private(set) var running = 0

    package init(_ limits: Limits) { self.limits = limits }

    /// How much work waits in a lane.
    package func waiting(in lane: String) -> Int { lanes[lane]?.waiting.count ?? 0 }

    /// Adds work. Returns whether it has a place now; if not, `leave` returns its ticket when it gets one.
    ///
    /// - Parameters:
    ///   - ticket: names the work; unique.
    ///   - bytes: how many bytes are kept for it while it waits.
    /// - Throws: `BUSY` if too much of the lane waits already. Then nothing is added.
    package mutating func enter(_ ticket: Int, lane name: String, bytes: Int = 0) throws(MethodError) -> Bool {
        if takePlace(name) { return true }
        let lane = lanes[name] ?? Lane()
        guard
            lane.waiting.isEmpty
                || lane.waiting.count < limits.waitingPerLane
                    && lane.waitingBytes + bytes <= limits.waitingBytesPerLane
        else {
            throw MethodError(
                .busy, "\(lane.waiting.count) requests of \(name) wait already, the limit",
                hint: "await answers before sending more", retryAfterMilliseconds: 1_000)
        }
        append(Work(ticket: ticket, bytes: bytes), name, first: false)
        return false
    }

    /// Adds work again that gave up its place for a while: it comes before the waiting work of its lane, and is never
    /// refused.
    package mutating func enterAgain(_ ticket: Int, lane name: String) -> Bool {
        if takePlace(name) { return true }
        append(Work(ticket: ticket, bytes: 0), name, first: true)
        return false
    }

    /// Gives back a place of a lane. Returns the tickets of the work that gets a place now.
    package mutating func leave(lane name: String) -> [Int] {
        guard var lane = lanes[name], lane.running > 0 else {
            preconditionFailure("work of \(name) gave a place back that it never had")
        }
        lane.running -= 1
        running -= 1
        keep(lane, name)
        return fillPlaces()
    }

    /// Removes waiting work. Returns whether it was waiting.
    package mutating func abandon(_ ticket: Int, lane name: String) -> Bool {
        guard var lane = lanes[name], let index = lane.waiting.firstIndex(where: { $0.ticket == ticket }) else {
            return false
        }
        lane.waitingBytes -= lane.waiting.remove(at: index).bytes
        if lane.waiting.isEmpty { turns.removeAll { $0 == name } }
        keep(lane, name)
        return true
    }

    private mutating func takePlace(_ name: String) -> Bool {
        var lane = lanes[name] ?? Lane()
        guard lane.waiting.isEmpty, lane.running < limits.placesPerLane, running < limits.places else { return false }
        lane.running += 1
        running += 1
        lanes[name] = lane
        return true
    }

    private mutating func append(_ work: Work, _ name: String, first isFirst: Bool) {
        var lane = lanes[name] ?? Lane()
        if lane.waiting.isEmpty { turns.append(name) }
        lane.waiting.insert(work, at: isFirst ? 0 : lane.waiting.count)
        lane.waitingBytes += work.bytes
        lanes[name] = lane
    }

    private mutating func fillPlaces() -> [Int] {
        var begun: [Int] = []
        var index = 0
        while running < limits.places, index < turns.count {
            let name = turns[index]
            guard var lane = lanes[name], lane.running < limits.placesPerLane else {
                index += 1
                continue
            }
            let work = lane.waiting.removeFirst()
            lane.waitingBytes -= work.bytes
            lane.running += 1
            running += 1
            turns.remove(at: index)
            if !lane.waiting.isEmpty { turns.append(name) }
            lanes[name] = lane
            begun.append(work.ticket)
        }
        return begun
    }

    private mutating func keep(_ lane: Lane, _ name: String) {
        lanes[name] = lane.running == 0 && lane.waiting.isEmpty ? nil : lane
    }
}
