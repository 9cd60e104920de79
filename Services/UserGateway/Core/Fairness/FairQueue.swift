// SPDX-License-Identifier: Apache-2.0

/// Who waits behind whom: the work of one lane waits behind its own, and lanes with work take turns. Decides; waits for
/// nothing.
///
/// A lane never has all the places, so that another one that comes finds a place at once.
package struct FairQueue: Sendable {
    package struct Limits: Hashable, Sendable {
        /// Work that is done at the same time, of all lanes; at least 1.
        package var places: Int
        /// Work of one lane that waits.
        package var waitingPerLane: Int
        /// Bytes of the requests of one lane that wait.
        package var waitingBytesPerLane: Int

        package init(places: Int, waitingPerLane: Int = 1_000, waitingBytesPerLane: Int = 16 << 20) {
            self.places = max(1, places)
            self.waitingPerLane = waitingPerLane
            self.waitingBytesPerLane = waitingBytesPerLane
        }

        /// Half of the places; the only one, where there is but one.
        package var placesPerLane: Int { max(1, places / 2) }
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
    /// Work that has a place.
    package private(set) var running = 0

    package init(_ limits: Limits) { self.limits = limits }

    /// Work that waits in a lane.
    package func waiting(in lane: String) -> Int { lanes[lane]?.waiting.count ?? 0 }

    /// Takes work in. Returns whether it has a place now; if not, `leave` names its ticket when it has.
    ///
    /// - Parameters:
    ///   - ticket: names the work; unique.
    ///   - bytes: what keeping it costs while it waits.
    /// - Throws: `BUSY` if too much of the lane waits already. Nothing is taken in then.
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

    /// Takes work in again that gave its place up for a while: before what waits in its lane, and never refused.
    package mutating func enterAgain(_ ticket: Int, lane name: String) -> Bool {
        if takePlace(name) { return true }
        append(Work(ticket: ticket, bytes: 0), name, first: true)
        return false
    }

    /// Gives a place of a lane back. Returns the tickets of the work that has a place now.
    package mutating func leave(lane name: String) -> [Int] {
        guard var lane = lanes[name], lane.running > 0 else {
            preconditionFailure("work of \(name) gave a place back that it never had")
        }
        lane.running -= 1
        running -= 1
        keep(lane, name)
        return fillPlaces()
    }

    /// Takes waiting work out. Returns whether it was waiting.
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
