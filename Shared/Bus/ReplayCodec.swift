// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import FoundationEssentials
internal import Messages
internal import ResourceModel

/// Heartbeats and replays on the wire.
enum ReplayCodec {
    /// The heartbeat's bodies: several, if the publisher has more streams than fit into one frame.
    static func heartbeats(_ positions: [StreamSpool.Position], frameBytes: Int) -> [[UInt8]] {
        // A topic has 200 bytes at most; the rest of an entry is below 40.
        let streamsPerHeartbeat = max(1, frameBytes / 256)
        // A publisher without streams still says that it is there.
        if positions.isEmpty { return [[]] }
        return stride(from: 0, to: positions.count, by: streamsPerHeartbeat).map { start in
            var heartbeat = WireHeartbeat()
            heartbeat.streams = positions[start..<min(start + streamsPerHeartbeat, positions.count)].map(wire)
            return MessageCodec.encoded(heartbeat)
        }
    }

    static func positions(_ body: [UInt8]) throws(MessageError) -> [StreamSpool.Position] {
        var positions: [StreamSpool.Position] = []
        for position in try MessageCodec.decoded(WireHeartbeat.self, from: body).streams {
            guard let topic = Topic(position.topic) else {
                throw .malformed("heartbeat: '\(position.topic.prefix(80))' is not a topic")
            }
            positions.append(
                StreamSpool.Position(
                    stream: StreamID(topic: topic, epoch: position.epoch), firstSpooled: position.firstSpooled,
                    last: position.last))
        }
        return positions
    }

    static func request(_ order: SubscriptionState.ReplayOrder) -> [UInt8] {
        var request = WireReplayRequest()
        request.topic = order.stream.topic.text
        request.epoch = order.stream.epoch
        request.first = order.range.lowerBound
        request.last = order.range.upperBound
        return MessageCodec.encoded(request)
    }

    /// The stream and the range that a request asks for.
    static func asked(_ body: [UInt8]) throws(MessageError) -> (StreamID, ClosedRange<UInt64>) {
        let request = try MessageCodec.decoded(WireReplayRequest.self, from: body)
        guard let topic = Topic(request.topic) else {
            throw .malformed("replay request: '\(request.topic.prefix(80))' is not a topic")
        }
        guard request.first > 0, request.first <= request.last else {
            throw .malformed("replay request: \(request.first) to \(request.last) is not a range of sequences")
        }
        return (StreamID(topic: topic, epoch: request.epoch), request.first...request.last)
    }

    static func reply(_ entries: [StreamSpool.Entry]) -> [UInt8] {
        var reply = WireReplayReply()
        reply.messages = entries.map { entry in
            var message = WireReplayedMessage()
            message.envelope = Data(entry.envelope)
            message.body = Data(entry.body)
            return message
        }
        return MessageCodec.encoded(reply)
    }

    static func messages(_ body: [UInt8], topic: Topic) throws(MessageError) -> [BusMessage] {
        var messages: [BusMessage] = []
        for message in try MessageCodec.decoded(WireReplayReply.self, from: body).messages {
            let envelope = try Envelope(decoding: [UInt8](message.envelope))
            messages.append(BusMessage(topic: topic, envelope: envelope, body: [UInt8](message.body)))
        }
        return messages
    }

    private static func wire(_ position: StreamSpool.Position) -> WireStreamPosition {
        var wire = WireStreamPosition()
        wire.topic = position.stream.topic.text
        wire.epoch = position.stream.epoch
        wire.firstSpooled = position.firstSpooled
        wire.last = position.last
        return wire
    }
}

extension BusMessage {
    init(topic: Topic, envelope: Envelope, body: [UInt8]) {
        self.init(
            stream: StreamID(topic: topic, epoch: envelope.streamEpoch), sequence: envelope.sequence,
            type: envelope.type, source: envelope.source, sentAt: envelope.sentAt, traceparent: envelope.traceparent,
            body: body)
    }
}
