// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import ResourceModel

/// What every message says about itself, in a frame of its own.
package struct Envelope: Hashable, Sendable {
    package var version: ProtocolVersion
    package var type: MessageType
    package var messageID: UUID128
    /// A reply carries the message id of its request.
    package var correlationID: UUID128?
    package var source: InstanceID
    /// The epoch of the stream's owner; zero for commands.
    package var streamEpoch: UInt64
    /// From 1 in a stream; zero for commands and heartbeats.
    package var sequence: UInt64
    package var sentAt: Timestamp
    /// W3C Trace Context.
    package var traceparent: String?
    /// Commands: how long the client still waits, from the moment it sent.
    package var timeout: Duration
    package var idempotencyKey: String?
    /// Replies: why the command failed; the body is then empty.
    package var failure: Failure?

    /// A failed command, as it travels.
    package struct Failure: Hashable, Sendable {
        package var code: String
        package var message: String
        package var isRetryable: Bool

        package init(code: String, message: String, isRetryable: Bool) {
            self.code = code
            self.message = message
            self.isRetryable = isRetryable
        }
    }

    package init(
        version: ProtocolVersion = .current, type: MessageType, messageID: UUID128, correlationID: UUID128? = nil,
        source: InstanceID, streamEpoch: UInt64 = 0, sequence: UInt64 = 0, sentAt: Timestamp,
        traceparent: String? = nil, timeout: Duration = .zero, idempotencyKey: String? = nil, failure: Failure? = nil
    ) {
        self.version = version
        self.type = type
        self.messageID = messageID
        self.correlationID = correlationID
        self.source = source
        self.streamEpoch = streamEpoch
        self.sequence = sequence
        self.sentAt = sentAt
        self.traceparent = traceparent
        self.timeout = timeout
        self.idempotencyKey = idempotencyKey
        self.failure = failure
    }
}

extension Envelope {
    /// The envelope's frame. Texts beyond their limits are cut, so that every receiver takes it.
    package func encoded() -> [UInt8] {
        var wire = WireEnvelope()
        wire.protocolVersion = version.rawValue
        wire.type = type.name
        wire.messageID = Data(messageID.bytes)
        if let correlationID { wire.correlationID = Data(correlationID.bytes) }
        wire.sourceInstance = Data(source.uuid.bytes)
        wire.streamEpoch = streamEpoch
        wire.sequence = sequence
        wire.sentAtNs = sentAt.nanoseconds
        if let traceparent { wire.traceparent = traceparent }
        wire.timeoutNs = UInt64(clamping: timeout.wholeNanoseconds)
        if let idempotencyKey { wire.idempotencyKey = idempotencyKey }
        if let failure {
            wire.failure.code = prefix(of: failure.code, bytes: MessageCodec.maximumNameBytes)
            wire.failure.message = prefix(of: failure.message, bytes: MessageCodec.maximumTextBytes)
            wire.failure.retryable = failure.isRetryable
        }
        return MessageCodec.encoded(wire)
    }

    /// Reads an envelope's frame and checks every field against its limit.
    package init(decoding bytes: [UInt8]) throws(MessageError) {
        guard bytes.count <= MessageCodec.maximumEnvelopeBytes else {
            throw MessageError(
                .tooLarge, "envelope: \(bytes.count) bytes exceed the limit of \(MessageCodec.maximumEnvelopeBytes)")
        }
        let wire = try MessageCodec.decoded(WireEnvelope.self, from: bytes)
        guard let version = ProtocolVersion(rawValue: wire.protocolVersion) else {
            throw MessageError(
                .unsupportedVersion,
                "envelope: protocol version \(wire.protocolVersion) is not spoken here; upgrade this service")
        }
        guard let messageID = UUID128(bytes: wire.messageID) else {
            throw .malformed("envelope: message_id has \(wire.messageID.count) bytes, not 16")
        }
        guard let source = UUID128(bytes: wire.sourceInstance) else {
            throw .malformed("envelope: source_instance has \(wire.sourceInstance.count) bytes, not 16")
        }
        guard !wire.type.isEmpty else { throw .malformed("envelope: type is empty") }
        try requireLength("type", wire.type)
        try requireLength("traceparent", wire.traceparent)
        try requireLength("idempotency_key", wire.idempotencyKey)
        self.init(
            version: version, type: MessageType(wire.type), messageID: messageID,
            correlationID: try optionalID("correlation_id", wire.correlationID), source: InstanceID(source),
            streamEpoch: wire.streamEpoch, sequence: wire.sequence, sentAt: Timestamp(nanoseconds: wire.sentAtNs),
            traceparent: wire.traceparent.isEmpty ? nil : wire.traceparent,
            timeout: min(.nanoseconds(Int64(clamping: wire.timeoutNs)), longestTimeout),
            idempotencyKey: wire.idempotencyKey.isEmpty ? nil : wire.idempotencyKey,
            failure: wire.hasFailure ? try Failure(wire.failure) : nil)
    }
}

extension Envelope.Failure {
    fileprivate init(_ wire: WireFailure) throws(MessageError) {
        try requireLength("failure.code", wire.code)
        try requireLength("failure.message", wire.message, limit: MessageCodec.maximumTextBytes)
        self.init(code: wire.code, message: wire.message, isRetryable: wire.retryable)
    }
}

/// The longest that anybody waits for an answer.
private let longestTimeout: Duration = .seconds(86_400)

private func requireLength(
    _ field: String, _ text: String, limit: Int = MessageCodec.maximumNameBytes
) throws(MessageError) {
    guard text.utf8.count <= limit else {
        throw MessageError(.tooLarge, "envelope: \(field) has \(text.utf8.count) bytes, above the limit of \(limit)")
    }
}

private func optionalID(_ field: String, _ bytes: Data) throws(MessageError) -> UUID128? {
    if bytes.isEmpty { return nil }
    guard let id = UUID128(bytes: bytes) else {
        throw .malformed("envelope: \(field) has \(bytes.count) bytes, not 16")
    }
    return id
}

/// At most `bytes` bytes of the text, cut between characters.
private func prefix(of text: String, bytes: Int) -> String {
    guard text.utf8.count > bytes else { return text }
    var used = 0
    return String(
        text.prefix { character in
            used += character.utf8.count
            return used <= bytes
        })
}
