// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import DequeModule
internal import Messages
internal import ResourceModel

/// Follows one stream for a subscriber: puts it in order, once each, finds every loss, and says what to have replayed.
///
/// A pure value. `now` is the time since any fixed origin, by a monotonic clock. Whatever arrives, each sequence from
/// the start on is delivered exactly once, in order, or lies within exactly one `lost` range.
package struct StreamTracker: Sendable {
    package struct Limits: Sendable {
        package var holdBackMessages: Int
        package var holdBackBytes: Int
        package var replayTimeout: Duration
        package var replayAttempts: Int

        package init(holdBackMessages: Int, holdBackBytes: Int, replayTimeout: Duration, replayAttempts: Int) {
            self.holdBackMessages = holdBackMessages
            self.holdBackBytes = holdBackBytes
            self.replayTimeout = replayTimeout
            self.replayAttempts = replayAttempts
        }
    }

    /// Counted since they were taken.
    package struct Counters: Hashable, Sendable {
        package var delivered: UInt64 = 0
        package var gapsDetected: UInt64 = 0
        package var replayed: UInt64 = 0
        package var lost: UInt64 = 0
        package var dropped: UInt64 = 0
        package var duplicates: UInt64 = 0

        package init() {}
    }

    private struct Request {
        let range: ClosedRange<UInt64>
        let deadline: Duration
    }

    package let stream: StreamID
    private let limits: Limits
    /// The next sequence to deliver or to give up.
    package private(set) var next: UInt64 = 1
    /// The last sequence that is known to exist.
    package private(set) var known: UInt64 = 0
    package private(set) var counters = Counters()
    /// Whether the consumer must get everything from `next` on. A newcomer must get what is spooled: sequences that
    /// were gone before it came are skipped without a report.
    private var isOwedAll: Bool
    /// Behind a gap, ascending, all above `next`.
    private var held: Deque<BusMessage> = []
    private var heldBytes = 0
    private var request: Request?
    private var failures = 0
    private var retryAt: Duration?
    /// The end of the last gap that was counted.
    private var countedGapEnd: UInt64 = 0

    /// - Parameter position: the last sequence that the consumer has stored; `nil` begins at the first that is still
    ///   spooled.
    package init(stream: StreamID, after position: UInt64?, limits: Limits) {
        self.stream = stream
        self.limits = limits
        isOwedAll = position != nil
        next = (position ?? 0) + 1
        known = position ?? 0
    }

    /// The missing sequences before the first that is there; `nil` if nothing is missing.
    package var gap: ClosedRange<UInt64>? {
        let last = held.first.map { $0.sequence - 1 } ?? known
        return next <= last ? next...last : nil
    }

    /// A published message arrived.
    package mutating func received(_ message: BusMessage) -> [Delivery] {
        defer { countGap() }
        if message.sequence == next, held.isEmpty {
            // The usual case: nothing is missing before it, and nothing waits behind it.
            known = max(known, next)
            next += 1
            isOwedAll = true
            counters.delivered += 1
            return [.message(message)]
        }
        return take(message) ? releaseHeld() : []
    }

    /// A heartbeat listed the stream: that shows a loss at the tail, and which sequences can't be had any more.
    package mutating func positioned(firstSpooled: UInt64, last: UInt64) -> [Delivery] {
        known = max(known, last)
        // A page that is on its way may still hold messages that have just left the spool.
        guard request == nil else { return [] }
        let deliveries = giveUp(before: min(firstSpooled, known + 1))
        isOwedAll = true
        countGap()
        return deliveries
    }

    /// What to ask for now, if anything. Each gap is asked for once; again only after a page, a failure or a timeout.
    package mutating func nextRequest(at now: Duration) -> ClosedRange<UInt64>? {
        guard request == nil, retryAt.map({ $0 <= now }) ?? true, let gap else { return nil }
        request = Request(range: gap, deadline: now + limits.replayTimeout)
        return gap
    }

    /// The publisher's answer to a request: ascending, beginning with the first message of the range that it still has.
    /// What is missing before it is gone; an empty answer says that all of the range is.
    package mutating func replayed(
        _ messages: [BusMessage], for range: ClosedRange<UInt64>, at now: Duration
    ) -> [Delivery] {
        let wanted = messages.filter { range.contains($0.sequence) }
        var deliveries: [Delivery] = []
        if let request, request.range == range {
            guard messages.isEmpty || !wanted.isEmpty else { return replayFailed(for: range, at: now) }
            self.request = nil
            failures = 0
            retryAt = nil
            deliveries = giveUp(before: wanted.first?.sequence ?? range.upperBound + 1)
            isOwedAll = true
        }
        // A page that comes too late says nothing about what is gone, but its messages can be used.
        for message in wanted where take(message) {
            counters.replayed += 1
            deliveries += releaseHeld()
        }
        countGap()
        return deliveries
    }

    /// A request failed. After too many failures in a row the range is reported as lost.
    package mutating func replayFailed(for range: ClosedRange<UInt64>, at now: Duration) -> [Delivery] {
        guard let request, request.range == range else { return [] }
        self.request = nil
        failures += 1
        guard failures >= limits.replayAttempts else {
            retryAt = now + limits.replayTimeout / 4 * (1 << min(failures, 4))
            return []
        }
        failures = 0
        retryAt = nil
        // Nobody knows whether a newcomer missed something, so the loss is reported to it.
        isOwedAll = true
        return giveUp(before: range.upperBound + 1)
    }

    /// Whether a request is overdue; it then counts as failed.
    package mutating func expire(at now: Duration) -> [Delivery] {
        guard let request, request.deadline <= now else { return [] }
        return replayFailed(for: request.range, at: now)
    }

    /// The consumer has stored everything up to `position`: begins after it, unless more was delivered already.
    package mutating func resume(after position: UInt64) -> [Delivery] {
        isOwedAll = true
        guard position >= next, position < .max else { return [] }
        skip(to: position + 1)
        return releaseHeld()
    }

    /// What was counted since the last call.
    package mutating func takeCounters() -> Counters {
        defer { counters = Counters() }
        return counters
    }

    /// The publisher is gone for good: what is missing is lost, what was held back is delivered.
    package mutating func finish() -> [Delivery] {
        request = nil
        isOwedAll = isOwedAll || !held.isEmpty
        var deliveries: [Delivery] = []
        while let gap { deliveries += giveUp(before: gap.upperBound + 1) }
        return deliveries
    }
}

extension StreamTracker {
    /// Puts a message in its place; `false` if it is not wanted.
    private mutating func take(_ message: BusMessage) -> Bool {
        let sequence = message.sequence
        known = max(known, sequence)
        guard sequence >= next else {
            counters.duplicates += 1
            return false
        }
        let index = held.lastIndex { $0.sequence <= sequence }.map { $0 + 1 } ?? 0
        if index > 0, held[index - 1].sequence == sequence {
            counters.duplicates += 1
            return false
        }
        held.insert(message, at: index)
        heldBytes += message.body.count
        // The next in order does not count: it is delivered at once, perhaps with those behind it.
        guard sequence != next else { return true }
        while held.count > limits.holdBackMessages || heldBytes > limits.holdBackBytes { dropLastHeld() }
        return held.last.map { $0.sequence >= sequence } ?? false
    }

    private mutating func dropLastHeld() {
        guard let last = held.popLast() else { return }
        heldBytes -= last.body.count
        counters.dropped += 1
    }

    private mutating func releaseHeld() -> [Delivery] {
        var deliveries: [Delivery] = []
        while let first = held.first, first.sequence == next {
            held.removeFirst()
            heldBytes -= first.body.count
            next += 1
            isOwedAll = true
            counters.delivered += 1
            deliveries.append(.message(first))
        }
        return deliveries
    }

    /// Nothing missing below `bound` can be had: reports it, and delivers what is there.
    private mutating func giveUp(before bound: UInt64) -> [Delivery] {
        var deliveries: [Delivery] = []
        while let gap, gap.lowerBound < bound {
            let lost = gap.lowerBound...min(gap.upperBound, bound - 1)
            if isOwedAll {
                counters.lost = counters.lost.addedOrClamped(lost.upperBound - lost.lowerBound + 1)
                deliveries.append(.lost(stream, lost))
            }
            next = lost.upperBound + 1
            deliveries += releaseHeld()
        }
        return deliveries
    }

    private mutating func skip(to sequence: UInt64) {
        next = sequence
        known = max(known, sequence - 1)
        while let first = held.first, first.sequence < sequence {
            held.removeFirst()
            heldBytes -= first.body.count
        }
    }

    private mutating func countGap() {
        guard isOwedAll, let gap, gap.upperBound > countedGapEnd else { return }
        if gap.lowerBound > countedGapEnd { counters.gapsDetected += 1 }
        countedGapEnd = gap.upperBound
    }
}
