// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import Logging
package import Messages
package import ResourceModel
internal import Synchronization

/// Publishes over a PUB socket. See `StreamPublisher`.
package actor ZeroMQPublisher: StreamPublisher, BusParticipant {
    /// What the publishing thread changes itself: a change of threads for each message would cost more than sending it.
    private struct Outbox {
        var spool: StreamSpool
        /// Spooled and not sent yet; beyond the high-water mark they stay in the spool only, as with a slow subscriber.
        var unsent: [[[UInt8]]] = []
        var isClosed = false
    }

    private let shared: BusShared
    private let bound = Mutex("")
    private let outbox: Mutex<Outbox>
    private var socket: SocketID?
    private var ticker: Int?
    private var nextHeartbeat: Duration = .zero
    private var removals = 0

    init(_ shared: BusShared) {
        self.shared = shared
        let configuration = shared.configuration
        let spool = StreamSpool(
            messagesPerStream: configuration.spoolMessagesPerStream, bytesTotal: configuration.spoolBytesTotal,
            maximumStreams: configuration.maximumStreams, maximumRetired: configuration.maximumRetiredStreams)
        outbox = Mutex(Outbox(spool: spool))
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe shared.reactor.asUnownedSerialExecutor()
    }

    /// Where it is bound, for instance `tcp://127.0.0.1:40123`.
    package nonisolated var endpoint: String { bound.withLock { $0 } }

    func open(bind endpoint: String) throws(BusError) {
        try bindSocket(to: endpoint)
        removals = shared.allowList.removals
        ticker = shared.reactor.addTicker { [weak self] in self?.assumeIsolated { $0.tick() } }
    }

    @discardableResult
    package nonisolated func publish(
        _ body: [UInt8], type: MessageType, on stream: StreamID, at now: Timestamp
    ) async throws(BusError) -> UInt64 {
        let limit = shared.configuration.maximumBodyBytes
        guard body.count <= limit else {
            throw Self.refusal(
                .tooLarge, type, stream,
                "a body of \(body.count) bytes exceeds the limit of \(limit); raise maximumFrameBytes")
        }
        var envelope = Envelope(
            type: type, messageID: shared.random.identifier(), source: shared.instance, streamEpoch: stream.epoch,
            sentAt: now, traceparent: TraceContext.traceparent)
        let topic = Array(stream.topic.text.utf8)
        let (sequence, isFirst) = try outbox.withLock { outbox throws(BusError) in
            guard !outbox.isClosed else { throw Self.refusal(.closed, type, stream, "the publisher is closed") }
            guard let sequence = outbox.spool.nextSequence(of: stream) else {
                throw Self.refusal(
                    .refused, type, stream,
                    "the limit of \(shared.configuration.maximumStreams) streams is reached; raise maximumStreams")
            }
            envelope.sequence = sequence
            let entry = StreamSpool.Entry(envelope: envelope.encoded(), body: body)
            outbox.spool.append(entry, to: stream)
            guard outbox.unsent.count < shared.configuration.sendHighWaterMark else { return (sequence, false) }
            outbox.unsent.append([topic, entry.envelope, body])
            return (sequence, outbox.unsent.count == 1)
        }
        if isFirst { shared.reactor.schedule { [weak self] in self?.assumeIsolated { $0.flush() } } }
        return sequence
    }

    private static func refusal(
        _ code: BusError.Code, _ type: MessageType, _ stream: StreamID, _ message: String
    ) -> BusError {
        BusError(code, operation: "publish \(type) on \(stream)", message: message)
    }

    package nonisolated func retire(_ stream: StreamID) { outbox.withLock { $0.spool.retire(stream) } }

    package func serveReplays(on server: any CommandServer) async {
        await server.handle(.replay) { [weak self] body, _ async throws(CommandFailure) in
            guard let self else { throw .unavailable("the publisher is gone") }
            return try await self.replay(body)
        }
    }

    package func close() {
        flush()
        outbox.withLock { $0.isClosed = true }
        if let socket { shared.reactor.sockets.close(socket) }
        socket = nil
        if let ticker { shared.reactor.removeTicker(ticker) }
        ticker = nil
        shared.remove(self)
    }

    private func replay(_ body: [UInt8]) throws(CommandFailure) -> [UInt8] {
        do {
            let (stream, range) = try ReplayCodec.asked(body)
            let configuration = shared.configuration
            let page = outbox.withLock { outbox in
                outbox.spool.page(
                    of: stream, range, messages: configuration.replayPageMessages,
                    bytes: configuration.maximumBodyBytes - 32 * configuration.replayPageMessages)
            }
            return ReplayCodec.reply(page)
        } catch {
            throw .invalid(error.message)
        }
    }

    /// Sends what was published since the last time.
    private func flush() {
        let unsent = outbox.withLock { outbox in
            defer { outbox.unsent = [] }
            return outbox.unsent
        }
        for frames in unsent { send(frames) }
    }

    /// A message that can't be sent is in the spool: subscribers see by the next heartbeat that it is missing, and ask
    /// for it.
    private func send(_ frames: [[UInt8]]) {
        guard let socket else { return }
        do {
            _ = try shared.reactor.sockets.send(frames, on: socket)
        } catch {
            shared.log.info("publishing failed", metadata: ["error": "\(error)"])
        }
    }

    private func tick() {
        if removals != shared.allowList.removals { cutOff() }
        if socket == nil { rebind() }
        let now = shared.reactor.now
        guard now >= nextHeartbeat else { return }
        nextHeartbeat = now + shared.configuration.heartbeatInterval
        let positions = outbox.withLock { $0.spool.positions() }
        // The messages that the heartbeat lists are sent before it: otherwise they would count as lost.
        flush()
        let topic = Array(Topic.heartbeat(shared.instance).text.utf8)
        for body in ReplayCodec.heartbeats(positions, frameBytes: shared.configuration.maximumFrameBytes) {
            let envelope = Envelope(
                type: .heartbeat, messageID: shared.random.identifier(), source: shared.instance,
                sentAt: shared.clock())
            send([topic, envelope.encoded(), body])
        }
    }

    /// libzmq asks for authentication only once per connection. A new socket cuts off the peer whose key was removed;
    /// all others connect again and ask for what they missed.
    private func cutOff() {
        removals = shared.allowList.removals
        guard let socket else { return }
        shared.reactor.sockets.close(socket)
        self.socket = nil
    }

    /// Until the old socket has let go of the address, a tick or two later, this is refused.
    private func rebind() {
        do {
            try bindSocket(to: endpoint)
        } catch {
            shared.log.info("publisher is not bound", metadata: ["endpoint": "\(endpoint)", "error": "\(error)"])
        }
    }

    private func bindSocket(to endpoint: String) throws(BusError) {
        let (socket, actual) = try shared.bound(.publisher, to: endpoint) { [weak self] in
            self?.assumeIsolated { $0.socket = nil }
        }
        self.socket = socket
        bound.withLock { $0 = actual }
    }
}
