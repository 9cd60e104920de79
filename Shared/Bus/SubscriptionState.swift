// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import Messages
internal import OrderedCollections
package import ResourceModel

/// Counted by a subscriber since it began.
package struct SubscriberStatistics: Hashable, Sendable {
    /// Published messages and replayed ones that arrived well-formed.
    package var received: UInt64 = 0
    package var delivered: UInt64 = 0
    /// Losses that were seen, each counted once, whatever its length.
    package var gapsDetected: UInt64 = 0
    /// Messages that came by a replay.
    package var replayed: UInt64 = 0
    /// Messages that can't be had again: the sum over all reported ranges.
    package var lost: UInt64 = 0
    /// Messages that were thrown away for lack of room, and asked for again.
    package var dropped: UInt64 = 0
    package var duplicates: UInt64 = 0
    /// Messages that were malformed, or of a stream that another instance owns.
    package var refused: UInt64 = 0
    /// Connections made anew because they were silent.
    package var reconnections: UInt64 = 0

    package init() {}
}

/// All streams of one subscriber: which publisher owns which, what is missing, whom to ask.
///
/// A pure value; `now` is the time since any fixed origin, by a monotonic clock.
package struct SubscriptionState: Sendable {
    /// Have this range replayed by this publisher, and report the outcome by `replayed` or `replayFailed`.
    package struct ReplayOrder: Hashable, Sendable {
        package let publisher: InstanceID
        package let stream: StreamID
        package let range: ClosedRange<UInt64>
    }

    private struct Followed {
        let publisher: InstanceID
        var tracker: StreamTracker
        var lastActivity: Duration
    }

    private let topics: [Topic]
    private let limits: StreamTracker.Limits
    private let maximumStreams: Int
    private let maximumReplays: Int
    private var followed: [StreamID: Followed] = [:]
    /// Where streams that are not followed now would go on; the entries that were made first are dropped first.
    private var positions: OrderedDictionary<StreamID, UInt64> = [:]
    /// Streams that miss something.
    private var incomplete: Set<StreamID> = []
    private var underway: [InstanceID: Set<StreamID>] = [:]
    package private(set) var statistics = SubscriberStatistics()

    package init(topics: [Topic], configuration: BusConfiguration) {
        self.topics = topics
        limits = StreamTracker.Limits(
            holdBackMessages: configuration.holdBackMessages, holdBackBytes: configuration.holdBackBytes,
            replayTimeout: configuration.replayTimeout, replayAttempts: configuration.replayAttempts)
        maximumStreams = max(1, configuration.maximumStreams)
        maximumReplays = max(1, configuration.maximumConcurrentReplays)
    }

    /// A published message arrived from this publisher.
    package mutating func received(
        _ message: BusMessage, from publisher: InstanceID, at now: Duration
    ) -> [Delivery] {
        guard message.source == publisher, isWanted(message.stream), isSequence(message.sequence) else {
            statistics.refused += 1
            return []
        }
        statistics.received += 1
        return update(message.stream, of: publisher, at: now) { $0.received(message) }
    }

    /// A publisher listed its streams.
    package mutating func heartbeat(
        _ positions: [StreamSpool.Position], from publisher: InstanceID, at now: Duration
    ) -> [Delivery] {
        var deliveries: [Delivery] = []
        for position in positions where isWanted(position.stream) {
            guard position.last < UInt64(Int64.max), position.firstSpooled <= position.last + 1 else {
                statistics.refused += 1
                continue
            }
            deliveries += update(position.stream, of: publisher, at: now) {
                $0.positioned(firstSpooled: position.firstSpooled, last: position.last)
            }
        }
        return deliveries
    }

    /// A replay's page came; see `StreamTracker.replayed`.
    package mutating func replayed(
        _ order: ReplayOrder, _ messages: [BusMessage], at now: Duration
    ) -> [Delivery] {
        underway[order.publisher]?.remove(order.stream)
        guard followed[order.stream]?.publisher == order.publisher else { return [] }
        guard messages.allSatisfy({ $0.stream == order.stream && $0.source == order.publisher }) else {
            statistics.refused += UInt64(messages.count)
            return update(order.stream, of: order.publisher, at: now) {
                $0.replayFailed(for: order.range, at: now)
            }
        }
        statistics.received += UInt64(messages.count)
        return update(order.stream, of: order.publisher, at: now) {
            $0.replayed(messages, for: order.range, at: now)
        }
    }

    package mutating func replayFailed(_ order: ReplayOrder, at now: Duration) -> [Delivery] {
        underway[order.publisher]?.remove(order.stream)
        guard followed[order.stream]?.publisher == order.publisher else { return [] }
        return update(order.stream, of: order.publisher, at: now) { $0.replayFailed(for: order.range, at: now) }
    }

    /// What is due: losses by requests that are overdue, and the replays to order now.
    package mutating func advance(at now: Duration) -> (deliveries: [Delivery], orders: [ReplayOrder]) {
        var deliveries: [Delivery] = []
        var orders: [ReplayOrder] = []
        for stream in incomplete.sorted() {
            guard let publisher = followed[stream]?.publisher else { continue }
            deliveries += update(stream, of: publisher, at: now) { $0.expire(at: now) }
            guard underway[publisher, default: []].count < maximumReplays,
                !underway[publisher, default: []].contains(stream),
                let range = followed[stream]?.tracker.nextRequest(at: now)
            else { continue }
            underway[publisher, default: []].insert(stream)
            orders.append(ReplayOrder(publisher: publisher, stream: stream, range: range))
        }
        return (deliveries, orders)
    }

    /// The consumer has stored this stream up to `position`.
    package mutating func resume(_ stream: StreamID, after position: UInt64) -> [Delivery] {
        guard isSequence(position) || position == 0 else { return [] }
        if let publisher = followed[stream]?.publisher, let since = followed[stream]?.lastActivity {
            return update(stream, of: publisher, at: since) { $0.resume(after: position) }
        }
        remember(stream, max(position, positions[stream] ?? 0))
        return []
    }

    /// A publisher is gone: what is missing of its streams is lost, what was held back is delivered. Where its streams
    /// ended is remembered, in case it comes back.
    package mutating func disconnected(_ publisher: InstanceID, at now: Duration) -> [Delivery] {
        underway[publisher] = nil
        var deliveries: [Delivery] = []
        for stream in followed.filter({ $0.value.publisher == publisher }).keys.sorted() {
            deliveries += update(stream, of: publisher, at: now) { $0.finish() }
            unfollow(stream)
        }
        return deliveries
    }
}

extension SubscriptionState {
    /// Whether a subscription covers this stream.
    func isWanted(_ stream: StreamID) -> Bool {
        topics.contains { stream.topic.text.utf8.starts(with: $0.text.utf8) }
    }

    /// Keeps arithmetic on sequences from overflowing, whatever a peer says.
    private func isSequence(_ sequence: UInt64) -> Bool { sequence > 0 && sequence < UInt64(Int64.max) }

    /// Changes one stream's tracker, which is made if there is none, and keeps the tables and counters up to date.
    private mutating func update(
        _ stream: StreamID, of publisher: InstanceID, at now: Duration,
        _ change: (inout StreamTracker) -> [Delivery]
    ) -> [Delivery] {
        if followed.index(forKey: stream) == nil { follow(stream, of: publisher, at: now) }
        guard let place = followed.index(forKey: stream), followed.values[place].publisher == publisher else {
            statistics.refused += 1
            return []
        }
        let deliveries = change(&followed.values[place].tracker)
        followed.values[place].lastActivity = now
        count(followed.values[place].tracker.takeCounters())
        if followed.values[place].tracker.gap != nil {
            incomplete.insert(stream)
        } else if !incomplete.isEmpty {
            incomplete.remove(stream)
        }
        return deliveries
    }

    private mutating func count(_ counters: StreamTracker.Counters) {
        statistics.delivered += counters.delivered
        statistics.gapsDetected += counters.gapsDetected
        statistics.replayed += counters.replayed
        statistics.lost = statistics.lost.addedOrClamped(counters.lost)
        statistics.dropped += counters.dropped
        statistics.duplicates += counters.duplicates
    }

    private mutating func follow(_ stream: StreamID, of publisher: InstanceID, at now: Duration) {
        if followed.count >= maximumStreams { unfollowLeastActive() }
        let tracker = StreamTracker(stream: stream, after: positions.removeValue(forKey: stream), limits: limits)
        followed[stream] = Followed(publisher: publisher, tracker: tracker, lastActivity: now)
    }

    private mutating func unfollowLeastActive() {
        let idle = followed.filter { $0.value.tracker.gap == nil }
        let candidates = idle.isEmpty ? followed : idle
        let least = candidates.min { ($0.value.lastActivity, $0.key) < ($1.value.lastActivity, $1.key) }
        if let least { unfollow(least.key) }
    }

    private mutating func unfollow(_ stream: StreamID) {
        guard let gone = followed.removeValue(forKey: stream) else { return }
        incomplete.remove(stream)
        if gone.tracker.next > 1 { remember(stream, gone.tracker.next - 1) }
    }

    private mutating func remember(_ stream: StreamID, _ position: UInt64) {
        positions[stream] = position
        if positions.count > maximumStreams { positions.removeFirst() }
    }
}
