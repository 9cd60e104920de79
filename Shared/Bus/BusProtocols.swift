// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import Messages
package import ResourceModel

/// Where an instance can be reached, as discovery found it in `cluster.instance`.
package struct BusPeer: Hashable, Sendable {
    package let instance: InstanceID
    /// For instance `tcp://10.0.0.7:7301`; `nil` if it publishes nothing.
    package let publishEndpoint: String?
    package let commandEndpoint: String
    /// CURVE public key in Z85 (40 characters); only a simulated fleet has none.
    package let publicKey: String?
    /// Whether any instance that answers at the endpoint is accepted. For a simulated fleet, which is in no table of
    /// instances: `instance` then only names the connection.
    package let acceptsAnyInstance: Bool

    package init(
        instance: InstanceID, publishEndpoint: String?, commandEndpoint: String, publicKey: String?,
        acceptsAnyInstance: Bool = false
    ) {
        self.acceptsAnyInstance = acceptsAnyInstance
        self.instance = instance
        self.publishEndpoint = publishEndpoint
        self.commandEndpoint = commandEndpoint
        self.publicKey = publicKey
    }
}

/// A message as it left or arrived: its body is still encoded.
package struct BusMessage: Hashable, Sendable {
    package let stream: StreamID
    /// Counts up by one per stream, from 1.
    package let sequence: UInt64
    package let type: MessageType
    package let source: InstanceID
    package let sentAt: Timestamp
    package let traceparent: String?
    package let body: [UInt8]

    package init(
        stream: StreamID, sequence: UInt64, type: MessageType, source: InstanceID, sentAt: Timestamp,
        traceparent: String? = nil, body: [UInt8]
    ) {
        self.stream = stream
        self.sequence = sequence
        self.type = type
        self.source = source
        self.sentAt = sentAt
        self.traceparent = traceparent
        self.body = body
    }
}

/// The W3C trace context of the running task: `publish` and `request` send it, command handlers run under their
/// client's.
package enum TraceContext {
    @TaskLocal package static var traceparent: String?
}

/// Publishes streams, keeps each one's bounded spool for replay, and sends heartbeats that list them all.
package protocol StreamPublisher: Sendable {
    /// Sends at once and never waits for a subscriber. Returns the sequence that the message got.
    @discardableResult
    func publish(_ body: [UInt8], type: MessageType, on stream: StreamID, at now: Timestamp) async throws(BusError)
        -> UInt64
    /// Ends a stream (its owner lost the shard): its spool stays for late readers until it is the oldest.
    func retire(_ stream: StreamID) async
    /// Answers replay requests on this server; subscribers ask at the publisher's command endpoint.
    func serveReplays(on server: any CommandServer) async
    func close() async
}

/// What a subscriber hands to its service, in order per stream.
package enum Delivery: Hashable, Sendable {
    case message(BusMessage)
    /// These sequences can't be had again: record a gap, never invent.
    case lost(StreamID, ClosedRange<UInt64>)
}

/// Follows the streams of any number of publishers; detects every loss and has it replayed.
package protocol StreamSubscriber: Sendable {
    /// For one consumer. In order per stream, each sequence exactly once or within a `lost` range. Bounded: while the
    /// consumer is slow the bus reads no further; what ZeroMQ then drops shows up as a gap and is replayed or reported.
    var deliveries: AsyncStream<Delivery> { get }
    /// Follows this publisher; another call with the same peer changes nothing.
    func connect(to peer: BusPeer) async throws(BusError)
    func disconnect(from instance: InstanceID) async
    /// Begins this stream after `sequence` (the last one that the consumer has stored; 0 for all of it), instead of at
    /// the first message that is still spooled. From there on every loss is reported. Call it before `connect`.
    func resume(_ stream: StreamID, after sequence: UInt64) async
    func statistics() async -> SubscriberStatistics
    func close() async
}

/// Asks one instance to do or answer something. Always ends: with a reply, or with an error by the deadline.
package protocol CommandClient: Sendable {
    /// Sends the request and waits. `busy` answers are retried with back-off until the deadline; a lost request or
    /// reply ends as `BusError.deadline`: the caller then does not know whether it ran.
    func request(
        _ body: [UInt8], type: MessageType, to peer: BusPeer, idempotencyKey: String?, timeout: Duration
    ) async throws(BusError) -> [UInt8]
}

/// A request as a handler gets it.
package struct CommandContext: Sendable {
    package let type: MessageType
    package let source: InstanceID
    package let messageID: UUID128
    package let idempotencyKey: String?
    /// How long the client still waits when the request arrived.
    package let timeout: Duration
    package let traceparent: String?

    package init(
        type: MessageType, source: InstanceID, messageID: UUID128, idempotencyKey: String?, timeout: Duration,
        traceparent: String?
    ) {
        self.type = type
        self.source = source
        self.messageID = messageID
        self.idempotencyKey = idempotencyKey
        self.timeout = timeout
        self.traceparent = traceparent
    }
}

/// Answers a request with the reply's body, or fails with a failure that is sent to the client.
package typealias CommandHandler =
    @Sendable (_ body: [UInt8], _ context: CommandContext) async throws(CommandFailure)
    -> [UInt8]

/// Serves commands by type. At most a configured number run at once; beyond that the answer is `busy`.
package protocol CommandServer: Sendable {
    func handle(_ type: MessageType, with handler: @escaping CommandHandler) async
    func close() async
}

/// An answer that says no: what went wrong, for programs (`code`) and for people (`message`).
package struct CommandFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: Recognised<FailureCode>
    /// One clear sentence that names the culprit and the remedy.
    package let message: String
    package let isRetryable: Bool

    package init(_ code: FailureCode, _ message: String, isRetryable: Bool = false) {
        self.init(received: .known(code), message, isRetryable: isRetryable)
    }

    /// As it came from a peer.
    package init(received code: Recognised<FailureCode>, _ message: String, isRetryable: Bool) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
    }

    package var description: String { message }

    package static let busy = CommandFailure(
        .busy, "the service has as many requests as it can take; try again", isRetryable: true)
    package static func invalid(_ message: String) -> CommandFailure { .init(.invalid, message) }
    package static func notFound(_ message: String) -> CommandFailure { .init(.notFound, message) }
    package static func denied(_ message: String) -> CommandFailure { .init(.denied, message) }
    /// The tenant has reached its quota.
    package static func overQuota(_ message: String) -> CommandFailure { .init(.quota, message) }
    package static func conflict(_ message: String) -> CommandFailure { .init(.conflict, message) }
    package static func notOwner(_ message: String) -> CommandFailure {
        .init(.notOwner, message, isRetryable: true)
    }
    package static func unavailable(_ message: String) -> CommandFailure {
        .init(.unavailable, message, isRetryable: true)
    }
    package static func `internal`(_ message: String) -> CommandFailure { .init(.internal, message) }
}

/// What can go wrong on the bus itself.
package struct BusError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// libzmq refused a call; `errno` says why.
        case system(errno: Int32)
        /// No reply within the deadline: whether the command ran is unknown.
        case deadline
        /// The peer answered, and the answer is a failure.
        case failed(CommandFailure)
        case closed
        case malformed
        case tooLarge
        case addressInUse
        /// A limit or a rule of the configuration says no.
        case refused
    }
    package let code: Code
    /// What was attempted, for instance `bind tcp://127.0.0.1:7301`.
    package let operation: String
    package let message: String

    package init(_ code: Code, operation: String, message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    package var description: String { "\(operation): \(message)" }
}
