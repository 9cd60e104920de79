// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import DequeModule
internal import Messages

/// What a publisher keeps of its streams: positions for heartbeats and the latest messages for replay.
///
/// A pure value, bounded three ways: messages per stream, bytes over all streams (the oldest go first, whichever stream
/// they belong to), and the number of streams.
package struct StreamSpool: Sendable {
    /// A published message as it left.
    package struct Entry: Hashable, Sendable {
        package let envelope: [UInt8]
        package let body: [UInt8]

        package init(envelope: [UInt8], body: [UInt8]) {
            self.envelope = envelope
            self.body = body
        }

        fileprivate var byteCount: Int { envelope.count + body.count }
    }

    /// Which sequences a stream still has; `firstSpooled` is `last + 1` if none.
    package struct Position: Hashable, Sendable {
        package let stream: StreamID
        package let firstSpooled: UInt64
        package let last: UInt64

        package init(stream: StreamID, firstSpooled: UInt64, last: UInt64) {
            self.stream = stream
            self.firstSpooled = firstSpooled
            self.last = last
        }
    }

    private struct Stream {
        var entries: Deque<Entry> = []
        var last: UInt64 = 0
        var isRetired = false

        var firstSpooled: UInt64 { last + 1 - UInt64(entries.count) }
    }

    /// The order in which messages came, over all streams; may name messages that are gone already.
    private struct Arrival {
        let stream: StreamID
        let sequence: UInt64
    }

    private let messagesPerStream: Int
    private let bytesTotal: Int
    private let maximumStreams: Int
    private let maximumRetired: Int
    private var streams: [StreamID: Stream] = [:]
    private var arrivals: Deque<Arrival> = []
    private var retired: Deque<StreamID> = []
    private var messageCount = 0
    /// Bytes of envelopes and bodies kept now.
    package private(set) var byteCount = 0

    package init(
        messagesPerStream: Int, bytesTotal: Int, maximumStreams: Int = 20_000, maximumRetired: Int = 256
    ) {
        self.messagesPerStream = max(1, messagesPerStream)
        self.bytesTotal = bytesTotal
        self.maximumStreams = maximumStreams
        self.maximumRetired = maximumRetired
    }

    /// The sequence that the next message of this stream gets; `nil` if it would be a new stream beyond the limit.
    package func nextSequence(of stream: StreamID) -> UInt64? {
        if let known = streams[stream] { return known.last + 1 }
        return streams.count < maximumStreams ? 1 : nil
    }

    /// Keeps a message that got `nextSequence(of:)`, and drops what exceeds the limits: the message itself is the last
    /// to go.
    package mutating func append(_ entry: Entry, to stream: StreamID) {
        streams[stream, default: Stream()].entries.append(entry)
        streams[stream]?.last += 1
        byteCount += entry.byteCount
        messageCount += 1
        arrivals.append(Arrival(stream: stream, sequence: streams[stream]?.last ?? 0))
        if let count = streams[stream]?.entries.count, count > messagesPerStream { dropFirst(of: stream) }
        while byteCount > bytesTotal, messageCount > 1, dropOldest() {}
        compactArrivals()
    }

    /// Marks a stream as ended. It stays until its messages are the oldest, or too many have ended after it.
    package mutating func retire(_ stream: StreamID) {
        guard streams[stream]?.isRetired == false else { return }
        streams[stream]?.isRetired = true
        retired.append(stream)
        if retired.count > maximumRetired, let oldest = retired.popFirst() { forget(oldest) }
    }

    /// Every stream's position, in the order of streams.
    package func positions() -> [Position] {
        streams.keys.sorted().compactMap(position(of:))
    }

    package func position(of stream: StreamID) -> Position? {
        streams[stream].map { Position(stream: stream, firstSpooled: $0.firstSpooled, last: $0.last) }
    }

    /// The first page of what is left of a range: contiguous and ascending; empty if all of it is gone.
    ///
    /// - Parameters:
    ///   - messages: how many messages at most.
    ///   - bytes: how many bytes at most in sum; one message is always taken.
    package func page(
        of stream: StreamID, _ range: ClosedRange<UInt64>, messages: Int, bytes: Int
    ) -> [Entry] {
        guard let known = streams[stream] else { return [] }
        let first = max(range.lowerBound, known.firstSpooled)
        let last = min(range.upperBound, known.last)
        guard first <= last else { return [] }
        var page: [Entry] = []
        var pageBytes = 0
        for entry in known.entries[Int(first - known.firstSpooled)...Int(last - known.firstSpooled)] {
            pageBytes += entry.byteCount
            guard page.isEmpty || (page.count < messages && pageBytes <= bytes) else { break }
            page.append(entry)
        }
        return page
    }

    private mutating func dropFirst(of stream: StreamID) {
        guard let entry = streams[stream]?.entries.popFirst() else { return }
        byteCount -= entry.byteCount
        messageCount -= 1
    }

    /// Drops the oldest message of all; `false` if there is none.
    private mutating func dropOldest() -> Bool {
        while let arrival = arrivals.popFirst() {
            guard isKept(arrival) else { continue }
            dropFirst(of: arrival.stream)
            if let stream = streams[arrival.stream], stream.isRetired, stream.entries.isEmpty {
                retired.removeAll { $0 == arrival.stream }
                forget(arrival.stream)
            }
            return true
        }
        return false
    }

    private func isKept(_ arrival: Arrival) -> Bool {
        streams[arrival.stream].map { arrival.sequence >= $0.firstSpooled } ?? false
    }

    private mutating func forget(_ stream: StreamID) {
        guard let gone = streams.removeValue(forKey: stream) else { return }
        messageCount -= gone.entries.count
        byteCount -= gone.entries.reduce(0) { $0 + $1.byteCount }
    }

    /// Streams that drop messages by their own limit leave arrivals behind; amortised, each costs one look.
    private mutating func compactArrivals() {
        guard arrivals.count > 2 * messageCount + 64 else { return }
        arrivals = Deque(arrivals.filter(isKept))
    }
}
