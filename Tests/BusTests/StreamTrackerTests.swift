// SPDX-License-Identifier: Apache-2.0

import Bus
import Messages
import ResourceModel
import Testing

@Suite struct StreamTrackerTests {
    private static let limits = StreamTracker.Limits(
        holdBackMessages: 4, holdBackBytes: 1_000, replayTimeout: .seconds(2), replayAttempts: 3)

    private func tracker(after position: UInt64? = 0) -> StreamTracker {
        StreamTracker(stream: stream(), after: position, limits: Self.limits)
    }

    private func messages(_ range: ClosedRange<UInt64>) -> [BusMessage] { range.map { message($0) } }
    private func delivered(_ range: ClosedRange<UInt64>) -> [Delivery] { messages(range).map { .message($0) } }
    private func lost(_ range: ClosedRange<UInt64>) -> Delivery { .lost(stream(), range) }

    @Test("messages in order are delivered as they come, a repeated one once")
    func inOrder() {
        var tracker = tracker()
        #expect(tracker.received(message(1)) == delivered(1...1))
        #expect(tracker.received(message(1)) == [])
        #expect(tracker.received(message(2)) == delivered(2...2))
        #expect(tracker.nextRequest(at: .zero) == nil)
        #expect(tracker.takeCounters().duplicates == 1)
    }

    @Test("a gap is asked for once, and its replay is followed by what was held back")
    func gap() {
        var tracker = tracker()
        _ = tracker.received(message(1))
        #expect(tracker.received(message(4)) == [])
        #expect(tracker.nextRequest(at: .zero) == 2...3)
        #expect(tracker.nextRequest(at: .zero) == nil)
        #expect(tracker.received(message(5)) == [])
        #expect(tracker.replayed(messages(2...3), for: 2...3, at: .zero) == delivered(2...5))
        let counters = tracker.takeCounters()
        #expect(counters.gapsDetected == 1)
        #expect(counters.replayed == 2)
        #expect(counters.lost == 0)
    }

    @Test("messages that were merely reordered close the gap without a replay")
    func reordered() {
        var tracker = tracker()
        #expect(tracker.received(message(2)) == [])
        #expect(tracker.received(message(1)) == delivered(1...2))
        #expect(tracker.nextRequest(at: .zero) == nil)
    }

    @Test("a loss at the tail shows by the heartbeat")
    func tailLoss() {
        var tracker = tracker()
        _ = tracker.received(message(1))
        #expect(tracker.positioned(firstSpooled: 1, last: 3) == [])
        #expect(tracker.nextRequest(at: .zero) == 2...3)
        #expect(tracker.replayed(messages(2...3), for: 2...3, at: .zero) == delivered(2...3))
    }

    @Test("what the spool has dropped is lost, with its bounds, and the rest is replayed")
    func partlyLost() {
        var tracker = tracker()
        _ = tracker.received(message(1))
        #expect(tracker.positioned(firstSpooled: 4, last: 5) == [lost(2...3)])
        #expect(tracker.nextRequest(at: .zero) == 4...5)
    }

    @Test("an answer that begins later than asked says what is gone")
    func replayShowsLoss() {
        var tracker = tracker()
        _ = tracker.received(message(6))
        #expect(tracker.nextRequest(at: .zero) == 1...5)
        #expect(tracker.replayed(messages(3...4), for: 1...5, at: .zero) == [lost(1...2)] + delivered(3...4))
        #expect(tracker.nextRequest(at: .zero) == 5...5)
        #expect(tracker.replayed([], for: 5...5, at: .zero) == [lost(5...5)] + delivered(6...6))
    }

    @Test("a heartbeat does not give up what a page on its way may still bring")
    func heartbeatDuringReplay() {
        var tracker = tracker()
        _ = tracker.received(message(3))
        #expect(tracker.nextRequest(at: .zero) == 1...2)
        #expect(tracker.positioned(firstSpooled: 3, last: 3) == [])
        #expect(tracker.replayed(messages(1...2), for: 1...2, at: .zero) == delivered(1...3))
    }

    @Test("a request that fails is repeated with a pause, and too many failures are a loss")
    func repeatedFailure() {
        var tracker = tracker()
        _ = tracker.received(message(2))
        #expect(tracker.nextRequest(at: .zero) == 1...1)
        #expect(tracker.replayFailed(for: 1...1, at: .zero) == [])
        #expect(tracker.nextRequest(at: .zero) == nil)
        #expect(tracker.nextRequest(at: .seconds(10)) == 1...1)
        #expect(tracker.expire(at: .seconds(11)) == [])
        #expect(tracker.expire(at: .seconds(12)) == [])
        #expect(tracker.nextRequest(at: .seconds(30)) == 1...1)
        #expect(tracker.expire(at: .seconds(32)) == [lost(1...1)] + delivered(2...2))
    }

    @Test("a page that comes after its deadline still brings its messages, and gives nothing up")
    func latePage() {
        var tracker = tracker()
        _ = tracker.received(message(4))
        #expect(tracker.nextRequest(at: .zero) == 1...3)
        #expect(tracker.expire(at: .seconds(2)) == [])
        #expect(tracker.replayed(messages(2...3), for: 1...3, at: .seconds(3)) == [])
        #expect(tracker.gap == 1...1)
    }

    @Test("a page of other sequences than asked is a failure, never progress")
    func foreignPage() {
        var tracker = tracker()
        _ = tracker.received(message(3))
        #expect(tracker.nextRequest(at: .zero) == 1...2)
        #expect(tracker.replayed(messages(7...8), for: 1...2, at: .zero) == [])
        #expect(tracker.gap == 1...2)
        #expect(tracker.nextRequest(at: .zero) == nil)
    }

    @Test("a newcomer begins at the first spooled message and is told nothing of what was gone before it came")
    func newcomer() {
        var byMessage = tracker(after: nil)
        #expect(byMessage.received(message(9)) == [])
        #expect(byMessage.nextRequest(at: .zero) == 1...8)
        #expect(byMessage.replayed(messages(7...8), for: 1...8, at: .zero) == delivered(7...9))

        var byHeartbeat = tracker(after: nil)
        #expect(byHeartbeat.positioned(firstSpooled: 7, last: 8) == [])
        #expect(byHeartbeat.nextRequest(at: .zero) == 7...8)
        // From then on it is owed everything.
        #expect(byHeartbeat.replayed([], for: 7...8, at: .zero) == [lost(7...8)])
    }

    @Test("a consumer that asked for all is told what was gone before it came")
    func fromTheStart() {
        var tracker = tracker(after: 0)
        #expect(tracker.positioned(firstSpooled: 7, last: 8) == [lost(1...6)])
    }

    @Test("a consumer goes on after what it has durably")
    func resume() {
        var tracker = tracker(after: nil)
        _ = tracker.received(message(9))
        #expect(tracker.resume(after: 6) == [])
        #expect(tracker.nextRequest(at: .zero) == 7...8)
        #expect(tracker.resume(after: 8) == delivered(9...9))
        #expect(tracker.resume(after: 3) == [])
        #expect(tracker.next == 10)
    }

    @Test("what is held back is bounded in messages and bytes: the latest are dropped, then replayed")
    func holdBack() {
        var byCount = tracker()
        for sequence in UInt64(2)...10 { _ = byCount.received(message(sequence)) }
        #expect(byCount.takeCounters().dropped == 5)
        #expect(byCount.received(message(1)) == delivered(1...5))
        #expect(byCount.nextRequest(at: .zero) == 6...10)

        var byBytes = tracker()
        for sequence in UInt64(2)...4 {
            _ = byBytes.received(message(sequence, body: [UInt8](repeating: 0, count: 600)))
        }
        #expect(byBytes.takeCounters().dropped == 2)
    }

    @Test("when the publisher is gone, what it owed is lost and what is there is delivered")
    func finish() {
        var tracker = tracker()
        _ = tracker.received(message(3))
        _ = tracker.positioned(firstSpooled: 1, last: 5)
        #expect(tracker.finish() == [lost(1...2)] + delivered(3...3) + [lost(4...5)])
    }

    @Test("under any drops, repeats, reordering and lost replays each sequence is delivered once, in order, or lost")
    func property() {
        for _ in 0..<200 {
            let seed = UInt64.random(in: 0 ... .max)
            var run = LossyRun(seed: seed)
            let deliveries = run.complete()
            #expect(accounted(deliveries) == run.published, "seed \(seed)")
            let counters = run.tracker.takeCounters()
            #expect(counters.delivered + counters.lost == run.published, "seed \(seed)")
        }
    }
}

/// One publisher's spool, one subscriber's tracker, and a network that does what it likes.
private struct LossyRun {
    var tracker: StreamTracker
    private(set) var published: UInt64 = 0
    private var spool: StreamSpool
    private var generator: SeededGenerator
    private var network: [BusMessage] = []
    private var deliveries: [Delivery] = []
    private var now: Duration = .zero

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        spool = StreamSpool(messagesPerStream: Int.random(in: 1...30, using: &generator), bytesTotal: 10_000)
        tracker = StreamTracker(
            stream: stream(), after: 0,
            limits: StreamTracker.Limits(
                holdBackMessages: Int.random(in: 1...10, using: &generator), holdBackBytes: 1_000,
                replayTimeout: .seconds(2), replayAttempts: 3))
    }

    mutating func complete() -> [Delivery] {
        for _ in 0..<400 { step() }
        // The network is quiet at last: heartbeats and replays alone must finish the job.
        for _ in 0..<100 {
            heartbeat()
            replay(failures: 0)
            now += .seconds(3)
            deliveries += tracker.expire(at: now)
        }
        return deliveries
    }

    private mutating func step() {
        now += .milliseconds(Int64.random(in: 0...500, using: &generator))
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<6: publish()
        case 6: heartbeat()
        default: replay(failures: 3)
        }
        while !network.isEmpty, Bool.random(using: &generator) {
            let index = Int.random(in: network.indices, using: &generator)
            deliveries += tracker.received(network[index])
            // Sometimes it arrives again.
            if Int.random(in: 0..<4, using: &generator) > 0 { network.remove(at: index) }
        }
        deliveries += tracker.expire(at: now)
    }

    private mutating func publish() {
        published += 1
        spool.append(StreamSpool.Entry(envelope: [], body: [UInt8(truncatingIfNeeded: published)]), to: stream())
        if Int.random(in: 0..<3, using: &generator) > 0 { network.append(message(published)) }
    }

    private mutating func heartbeat() {
        guard let position = spool.position(of: stream()) else { return }
        deliveries += tracker.positioned(firstSpooled: position.firstSpooled, last: position.last)
    }

    private mutating func replay(failures: Int) {
        guard let range = tracker.nextRequest(at: now) else { return }
        let roll = Int.random(in: 1...6, using: &generator)
        // The last kind of failure says nothing: the request expires.
        if roll < failures {
            deliveries += tracker.replayFailed(for: range, at: now)
        } else if roll > failures {
            let page = spool.page(of: stream(), range, messages: 5, bytes: 100)
            let first = spool.position(of: stream()).map { max($0.firstSpooled, range.lowerBound) } ?? 0
            let messages = page.indices.map { message(first + UInt64($0)) }
            deliveries += tracker.replayed(messages, for: range, at: now)
        }
    }
}
