// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FoundationEssentials
import LoggerCore
import Messages
import ResourceModel

/// A message that can't be read as a record: what is wrong, and the gap that is stored in its place, if one can be.
struct UnreadableDelivery: Error, CustomStringConvertible {
    /// `nil` if not even the stream can be stored.
    let gap: LogDelivery?
    let description: String
}

extension LogDelivery {
    /// Reads what the bus delivered as a record; trusts nothing in it.
    static func reading(_ delivery: Delivery) -> Result<LogDelivery, UnreadableDelivery> {
        switch delivery {
        case .lost(let stream, let range):
            guard stream.isStorable, Int64(exactly: range.upperBound) != nil else {
                return .failure(.unstorable(stream))
            }
            return .success(.lost(stream, range))
        case .message(let message):
            guard message.stream.isStorable, Int64(exactly: message.sequence) != nil else {
                return .failure(.unstorable(message.stream))
            }
            do {
                return .success(.message(message.stream, sequence: message.sequence, try record(message)))
            } catch {
                let gap = LogDelivery.lost(message.stream, message.sequence...message.sequence)
                return .failure(
                    UnreadableDelivery(gap: gap, description: "\(message.stream) \(message.sequence): \(error)"))
            }
        }
    }

    private static func record(_ message: BusMessage) throws(MessageError) -> LogRecord {
        switch message.type {
        case .hostReport: .sample(try sample(message))
        case .domainEvent: .event(try LogEvent(domainEvent: message.body))
        case .decisionRecorded: .event(try LogEvent(decision: message.body))
        default: throw .malformed("its type '\(message.type)' is none that is logged; upgrade this service")
        }
    }

    private static func sample(_ message: BusMessage) throws(MessageError) -> HostSample {
        let sample = try HostReport.decoded(message.body)
        guard Topic.host(sample.host) == message.stream.topic else {
            throw .malformed("it reports of host '\(sample.host)'")
        }
        return sample
    }
}

extension UnreadableDelivery {
    fileprivate static func unstorable(_ stream: StreamID) -> UnreadableDelivery {
        UnreadableDelivery(gap: nil, description: "\(stream): its epoch or sequence is beyond what the store holds")
    }
}

extension StreamID {
    /// Whether the store can hold the epoch.
    fileprivate var isStorable: Bool { Int64(exactly: epoch) != nil }
}

extension LogEvent {
    fileprivate init(domainEvent body: [UInt8]) throws(MessageError) {
        let event = try MessageCodec.decoded(WireDomainEvent.self, from: body)
        guard let host = HostID(event.hostID) else {
            throw .malformed("event: '\(event.hostID.prefix(63))' is no host")
        }
        self.init(
            at: try Self.instant(event.atNs), kind: try Self.text("kind", event.kind, atMost: 256), host: host,
            domain: try Self.domain(event.domainUuid), detail: event.detail, isForeign: event.foreign)
    }

    fileprivate init(decision body: [UInt8]) throws(MessageError) {
        let decision = try MessageCodec.decoded(WireDecisionRecorded.self, from: body)
        self.init(
            at: try Self.instant(decision.atNs),
            kind: "decision-" + (try Self.text("verdict", decision.verdict, atMost: 200)), host: nil,
            domain: try Self.domain(decision.domainUuid), detail: decision.summary, isForeign: false)
    }

    private static func instant(_ nanoseconds: Int64) throws(MessageError) -> Timestamp {
        guard let instant = Timestamp(exactly: nanoseconds) else {
            throw .malformed("event: at_ns \(nanoseconds) is out of range")
        }
        return instant
    }

    private static func text(_ field: String, _ text: String, atMost limit: Int) throws(MessageError) -> String {
        guard text.utf8.count <= limit else {
            throw .malformed("event: \(field) has \(text.utf8.count) bytes, above the limit of \(limit)")
        }
        return text
    }

    private static func domain(_ bytes: Data) throws(MessageError) -> DomainID? {
        if bytes.isEmpty { return nil }
        guard let uuid = UUID128(bytes: bytes) else {
            throw .malformed("event: domain_uuid has \(bytes.count) bytes, not 16")
        }
        return DomainID(uuid)
    }
}
