// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Messages
import ResourceModel
import Testing

@Suite struct StreamSpoolTests {
    private func entry(_ byte: UInt8, count: Int = 1) -> StreamSpool.Entry {
        StreamSpool.Entry(envelope: [], body: [UInt8](repeating: byte, count: count))
    }

    private func position(_ stream: StreamID, _ first: UInt64, _ last: UInt64) -> StreamSpool.Position {
        StreamSpool.Position(stream: stream, firstSpooled: first, last: last)
    }

    @Test("sequences begin at 1 per stream, and an epoch is a stream of its own")
    func sequences() {
        var spool = StreamSpool(messagesPerStream: 10, bytesTotal: 100)
        for _ in 0..<3 { spool.append(entry(1), to: stream(epoch: 1)) }
        spool.append(entry(2), to: stream(epoch: 2))
        #expect(spool.nextSequence(of: stream(epoch: 1)) == 4)
        #expect(spool.nextSequence(of: stream(epoch: 2)) == 2)
        #expect(spool.positions() == [position(stream(epoch: 1), 1, 3), position(stream(epoch: 2), 1, 1)])
    }

    @Test("a stream keeps its latest messages")
    func perStream() {
        var spool = StreamSpool(messagesPerStream: 2, bytesTotal: 100)
        for byte in UInt8(1)...5 { spool.append(entry(byte), to: stream()) }
        #expect(spool.positions() == [position(stream(), 4, 5)])
        #expect(spool.page(of: stream(), 1...5, messages: 9, bytes: 9) == [entry(4), entry(5)])
        #expect(spool.byteCount == 2)
    }

    @Test("when the bytes are too many, the oldest message of all streams goes first")
    func bytes() {
        var spool = StreamSpool(messagesPerStream: 100, bytesTotal: 10)
        let (first, second) = (stream("host-1"), stream("host-2"))
        spool.append(entry(1, count: 4), to: first)
        spool.append(entry(2, count: 4), to: second)
        spool.append(entry(3, count: 4), to: second)
        #expect(spool.positions() == [position(first, 2, 1), position(second, 1, 2)])
        spool.append(entry(4, count: 20), to: first)
        #expect(spool.positions() == [position(first, 2, 2), position(second, 3, 2)])
    }

    @Test("a quiet stream's message stays while busy ones turn over, at bounded cost")
    func quietStream() {
        var spool = StreamSpool(messagesPerStream: 4, bytesTotal: 1_000)
        spool.append(entry(1), to: stream("quiet"))
        for _ in 0..<100_000 { spool.append(entry(2), to: stream("busy")) }
        #expect(spool.page(of: stream("quiet"), 1...1, messages: 1, bytes: 1) == [entry(1)])
        #expect(spool.byteCount == 5)
    }

    @Test("pages are bounded in messages and bytes, and hold at least one message")
    func pages() {
        var spool = StreamSpool(messagesPerStream: 100, bytesTotal: 1_000)
        for byte in UInt8(1)...9 { spool.append(entry(byte, count: 10), to: stream()) }
        #expect(spool.page(of: stream(), 2...8, messages: 3, bytes: 100).map(\.body[0]) == [2, 3, 4])
        #expect(spool.page(of: stream(), 2...8, messages: 9, bytes: 25).map(\.body[0]) == [2, 3])
        #expect(spool.page(of: stream(), 2...8, messages: 9, bytes: 1).map(\.body[0]) == [2])
        #expect(spool.page(of: stream(), 10...UInt64.max, messages: 9, bytes: 99).isEmpty)
        #expect(spool.page(of: stream("other"), 1...2, messages: 9, bytes: 99).isEmpty)
    }

    @Test("a retired stream can be read until it is the oldest, or too many retired after it")
    func retired() {
        var spool = StreamSpool(messagesPerStream: 9, bytesTotal: 3, maximumRetired: 2)
        spool.append(entry(1), to: stream(epoch: 1))
        spool.retire(stream(epoch: 1))
        #expect(spool.page(of: stream(epoch: 1), 1...1, messages: 1, bytes: 1) == [entry(1)])
        for byte in UInt8(2)...4 { spool.append(entry(byte), to: stream(epoch: 2)) }
        #expect(spool.positions() == [position(stream(epoch: 2), 1, 3)])

        var full = StreamSpool(messagesPerStream: 9, bytesTotal: 99, maximumRetired: 2)
        for epoch in UInt64(1)...3 {
            full.append(entry(1), to: stream(epoch: epoch))
            full.retire(stream(epoch: epoch))
        }
        #expect(full.positions().map(\.stream.epoch) == [2, 3])
        #expect(full.byteCount == 2)
    }

    @Test("a stream too many is refused")
    func tooManyStreams() {
        var spool = StreamSpool(messagesPerStream: 9, bytesTotal: 99, maximumStreams: 1)
        spool.append(entry(1), to: stream("host-1"))
        #expect(spool.nextSequence(of: stream("host-2")) == nil)
        #expect(spool.nextSequence(of: stream("host-1")) == 2)
    }
}
