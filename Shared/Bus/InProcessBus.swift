// SPDX-License-Identifier: Apache-2.0

package import Messages
package import ResourceModel

/// The bus within one process, for tests and simulated time: the same ordering, spool, loss detection and replay as
/// over ZeroMQ, without sockets, threads or waiting. Heartbeats are sent by `beat()`, losses are scripted.
package actor InProcessBus {
    /// What goes wrong, decided per message.
    package struct Faults: Sendable {
        package enum Command: Hashable, Sendable {
            /// The handler never sees it.
            case loseRequest
            /// The handler runs, its reply gets lost.
            case loseReply
        }
        /// Whether this published message does not reach this subscriber.
        package var losesMessage: @Sendable (BusMessage, InstanceID) -> Bool
        /// What happens to this request, by type and the instance that is asked.
        package var command: @Sendable (MessageType, InstanceID) -> Command?

        package init(
            losesMessage: @escaping @Sendable (BusMessage, InstanceID) -> Bool = { _, _ in false },
            command: @escaping @Sendable (MessageType, InstanceID) -> Command? = { _, _ in nil }
        ) {
            self.losesMessage = losesMessage
            self.command = command
        }
    }

    fileprivate struct Subscription {
        let instance: InstanceID
        let queue: DeliveryQueue
        var state: SubscriptionState
        var publishers: Set<InstanceID> = []
    }

    private let configuration: BusConfiguration
    private let clock: @Sendable () -> Timestamp
    private var generator: any RandomNumberGenerator & Sendable
    private var faults = Faults()
    private var spools: [InstanceID: StreamSpool] = [:]
    private var subscriptions: [Int: Subscription] = [:]
    private var handlers: [InstanceID: [MessageType: CommandHandler]] = [:]
    private var lastSubscription = 0

    package init(
        configuration: BusConfiguration = BusConfiguration(),
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.configuration = configuration
        self.generator = generator
        self.clock = clock
    }

    package func setFaults(_ faults: Faults) { self.faults = faults }

    package func makePublisher(_ instance: InstanceID) -> any StreamPublisher {
        spools[instance] = StreamSpool(
            messagesPerStream: configuration.spoolMessagesPerStream, bytesTotal: configuration.spoolBytesTotal,
            maximumStreams: configuration.maximumStreams, maximumRetired: configuration.maximumRetiredStreams)
        return InProcessPublisher(bus: self, instance: instance)
    }

    package func makeSubscriber(_ instance: InstanceID, topics: [Topic]) -> any StreamSubscriber {
        lastSubscription += 1
        let queue = DeliveryQueue(capacity: configuration.deliveryBuffer)
        subscriptions[lastSubscription] = Subscription(
            instance: instance, queue: queue, state: SubscriptionState(topics: topics, configuration: configuration))
        return InProcessSubscriber(bus: self, number: lastSubscription, deliveries: queue.stream)
    }

    package func makeCommandServer(_ instance: InstanceID) -> any CommandServer {
        handlers[instance] = [:]
        return InProcessCommandServer(bus: self, instance: instance)
    }

    package func makeCommandClient(_ instance: InstanceID) -> any CommandClient {
        InProcessCommandClient(bus: self, instance: instance)
    }

    /// How to reach what was made here for an instance.
    package nonisolated func peer(_ instance: InstanceID) -> BusPeer {
        BusPeer(
            instance: instance, publishEndpoint: "inproc://\(instance)", commandEndpoint: "inproc://\(instance)",
            publicKey: nil)
    }

    /// Sends every publisher's heartbeat, and has what is missing replayed.
    package func beat() async {
        for number in subscriptions.keys.sorted() {
            for publisher in subscriptions[number]?.publishers.sorted() ?? [] {
                guard let positions = spools[publisher]?.positions() else { continue }
                deliver(to: number) { $0.heartbeat(positions, from: publisher, at: now) }
            }
            await repair(number)
        }
    }

    private var now: Duration { .nanoseconds(clock().nanoseconds) }
}

extension InProcessBus {
    fileprivate func publish(
        _ body: [UInt8], _ type: MessageType, _ stream: StreamID, at now: Timestamp, by publisher: InstanceID
    ) async throws(BusError) -> UInt64 {
        let operation = "publish \(type) on \(stream)"
        guard body.count <= configuration.maximumBodyBytes else {
            throw BusError(.tooLarge, operation: operation, message: "\(body.count) bytes exceed the limit")
        }
        guard let sequence = spools[publisher]?.nextSequence(of: stream) else {
            throw BusError(
                spools[publisher] == nil ? .closed : .refused, operation: operation,
                message: "the publisher is closed or has too many streams")
        }
        let envelope = Envelope(
            type: type, messageID: UUID128.random(using: &generator), source: publisher, streamEpoch: stream.epoch,
            sequence: sequence, sentAt: now, traceparent: TraceContext.traceparent)
        spools[publisher]?.append(StreamSpool.Entry(envelope: envelope.encoded(), body: body), to: stream)
        let message = BusMessage(topic: stream.topic, envelope: envelope, body: body)
        for number in subscriptions.keys.sorted() {
            guard let subscription = subscriptions[number], subscription.publishers.contains(publisher),
                subscription.queue.hasRoom, subscription.state.isWanted(stream),
                !faults.losesMessage(message, subscription.instance)
            else { continue }
            deliver(to: number) { $0.received(message, from: publisher, at: self.now) }
            await repair(number)
        }
        return sequence
    }

    fileprivate func request(
        _ body: [UInt8], _ context: CommandContext, to instance: InstanceID
    ) async throws(BusError) -> [UInt8] {
        let operation = "request \(context.type) of \(instance)"
        let fault = faults.command(context.type, instance)
        guard fault != .loseRequest, let served = handlers[instance] else { throw Self.deadline(operation) }
        guard let handler = served[context.type] else {
            let failure = CommandFailure(
                code: "unknown-command", message: "'\(context.type)' is not served here; check the service asked")
            throw BusError(.failed(failure), operation: operation, message: failure.message)
        }
        let reply: [UInt8]
        do {
            reply = try await handler(body, context)
        } catch {
            if fault == .loseReply { throw Self.deadline(operation) }
            throw BusError(.failed(error), operation: operation, message: error.message)
        }
        if fault == .loseReply { throw Self.deadline(operation) }
        return reply
    }

    fileprivate func context(
        _ type: MessageType, from source: InstanceID, key: String?, timeout: Duration
    ) -> CommandContext {
        CommandContext(
            type: type, source: source, messageID: UUID128.random(using: &generator), idempotencyKey: key,
            timeout: timeout, traceparent: TraceContext.traceparent)
    }

    fileprivate func retire(_ stream: StreamID, by publisher: InstanceID) { spools[publisher]?.retire(stream) }

    fileprivate func replay(_ body: [UInt8], by publisher: InstanceID) throws(CommandFailure) -> [UInt8] {
        do {
            let (stream, range) = try Replay.asked(body)
            let page = spools[publisher]?.page(
                of: stream, range, messages: configuration.replayPageMessages, bytes: configuration.maximumBodyBytes)
            return Replay.reply(page ?? [])
        } catch {
            throw .invalid(error.message)
        }
    }

    fileprivate func closePublisher(_ instance: InstanceID) { spools[instance] = nil }
    fileprivate func closeServer(_ instance: InstanceID) { handlers[instance] = nil }

    fileprivate func handle(_ type: MessageType, at instance: InstanceID, with handler: @escaping CommandHandler) {
        handlers[instance]?[type] = handler
    }

    fileprivate func connect(_ number: Int, to instance: InstanceID) {
        subscriptions[number]?.publishers.insert(instance)
    }

    fileprivate func disconnect(_ number: Int, from instance: InstanceID) {
        guard subscriptions[number]?.publishers.remove(instance) != nil else { return }
        deliver(to: number) { $0.disconnected(instance, at: now) }
    }

    fileprivate func resume(_ number: Int, _ stream: StreamID, after sequence: UInt64) {
        deliver(to: number) { $0.resume(stream, after: sequence) }
    }

    fileprivate func statistics(_ number: Int) -> SubscriberStatistics {
        subscriptions[number]?.state.statistics ?? SubscriberStatistics()
    }

    fileprivate func closeSubscriber(_ number: Int) { subscriptions.removeValue(forKey: number)?.queue.finish() }

    private func deliver(to number: Int, _ change: (inout SubscriptionState) -> [Delivery]) {
        guard var subscription = subscriptions[number] else { return }
        _ = subscription.queue.push(change(&subscription.state))
        subscriptions[number] = subscription
    }

    /// Has everything replayed that can be, page by page, while the consumer has room.
    private func repair(_ number: Int) async {
        while let subscription = subscriptions[number], subscription.queue.hasRoom {
            var orders: [SubscriptionState.ReplayOrder] = []
            deliver(to: number) { state in
                let step = state.advance(at: now)
                orders = step.orders
                return step.deliveries
            }
            if orders.isEmpty { return }
            for order in orders { await replay(order, for: number, as: subscription.instance) }
        }
    }

    private func replay(_ order: SubscriptionState.ReplayOrder, for number: Int, as instance: InstanceID) async {
        let context = context(.replay, from: instance, key: nil, timeout: configuration.replayTimeout)
        do {
            let reply = try await request(Replay.request(order), context, to: order.publisher)
            let messages = try Replay.messages(reply, topic: order.stream.topic)
            deliver(to: number) { $0.replayed(order, messages, at: now) }
        } catch {
            deliver(to: number) { $0.replayFailed(order, at: now) }
        }
    }

    private static func deadline(_ operation: String) -> BusError {
        BusError(.deadline, operation: operation, message: "no reply within the deadline; whether it ran is unknown")
    }
}

private struct InProcessPublisher: StreamPublisher {
    let bus: InProcessBus
    let instance: InstanceID

    func publish(
        _ body: [UInt8], type: MessageType, on stream: StreamID, at now: Timestamp
    ) async throws(BusError) -> UInt64 {
        try await bus.publish(body, type, stream, at: now, by: instance)
    }

    func retire(_ stream: StreamID) async { await bus.retire(stream, by: instance) }

    func serveReplays(on server: any CommandServer) async {
        await server.handle(.replay) { [bus, instance] body, _ async throws(CommandFailure) in
            try await bus.replay(body, by: instance)
        }
    }

    func close() async { await bus.closePublisher(instance) }
}

private struct InProcessSubscriber: StreamSubscriber {
    let bus: InProcessBus
    let number: Int
    let deliveries: AsyncStream<Delivery>

    func connect(to peer: BusPeer) async throws(BusError) { await bus.connect(number, to: peer.instance) }
    func disconnect(from instance: InstanceID) async { await bus.disconnect(number, from: instance) }
    func resume(_ stream: StreamID, after sequence: UInt64) async {
        await bus.resume(number, stream, after: sequence)
    }
    func statistics() async -> SubscriberStatistics { await bus.statistics(number) }
    func close() async { await bus.closeSubscriber(number) }
}

private struct InProcessCommandServer: CommandServer {
    let bus: InProcessBus
    let instance: InstanceID

    func handle(_ type: MessageType, with handler: @escaping CommandHandler) async {
        await bus.handle(type, at: instance, with: handler)
    }
    func close() async { await bus.closeServer(instance) }
}

private struct InProcessCommandClient: CommandClient {
    let bus: InProcessBus
    let instance: InstanceID

    func request(
        _ body: [UInt8], type: MessageType, to peer: BusPeer, idempotencyKey: String?, timeout: Duration
    ) async throws(BusError) -> [UInt8] {
        let context = await bus.context(type, from: instance, key: idempotencyKey, timeout: timeout)
        return try await bus.request(body, context, to: peer.instance)
    }
}
