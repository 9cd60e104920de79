// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import Logging
internal import Messages
package import ResourceModel

/// Follows publishers over one SUB socket each. See `StreamSubscriber`.
package actor ZeroMQSubscriber: StreamSubscriber, BusParticipant {
    private struct Link {
        let peer: BusPeer
        let endpoint: String
        var socket: SocketID?
        var liveness: Liveness
    }

    /// Messages read from one socket before the others get their turn.
    private static let batch = 256

    package nonisolated let deliveries: AsyncStream<Delivery>
    private let shared: BusShared
    private let client: ZeroMQCommandClient
    private let topics: [Topic]
    private let queue: DeliveryQueue
    private var state: SubscriptionState
    private var links: [InstanceID: Link] = [:]
    private var ticker: Int?
    private var isStalled = false
    private var isClosed = false
    private var refused: UInt64 = 0
    private var reconnections: UInt64 = 0

    init(topics: [Topic], client: ZeroMQCommandClient, _ shared: BusShared) {
        self.shared = shared
        self.client = client
        self.topics = topics
        queue = DeliveryQueue(capacity: shared.configuration.deliveryBuffer)
        deliveries = queue.stream
        state = SubscriptionState(topics: topics, configuration: shared.configuration)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe shared.reactor.asUnownedSerialExecutor()
    }

    func start() {
        ticker = shared.reactor.addTicker { [weak self] in self?.assumeIsolated { $0.tick() } }
        queue.onRoom { [weak self] in Task { await self?.continueReading() } }
    }

    package func connect(to peer: BusPeer) throws(BusError) {
        guard !isClosed else {
            throw BusError(.closed, operation: "connect to \(peer.instance)", message: "the subscriber is closed")
        }
        guard links[peer.instance]?.peer != peer else { return }
        if let old = links.removeValue(forKey: peer.instance) { closeSocket(of: old) }
        guard let endpoint = peer.publishEndpoint else { return }
        var link = Link(
            peer: peer, endpoint: endpoint, socket: nil,
            liveness: Liveness(now: shared.reactor.now, interval: shared.configuration.heartbeatInterval))
        link.socket = try openSocket(peer, endpoint)
        links[peer.instance] = link
    }

    package func disconnect(from instance: InstanceID) async {
        guard let link = links.removeValue(forKey: instance) else { return }
        closeSocket(of: link)
        deliver(state.disconnected(instance, at: shared.reactor.now))
        await client.disconnect(from: instance)
    }

    package func resume(_ stream: StreamID, after sequence: UInt64) {
        deliver(state.resume(stream, after: sequence))
        orderReplays()
    }

    package func statistics() -> SubscriberStatistics {
        var statistics = state.statistics
        statistics.refused += refused
        statistics.reconnections = reconnections
        return statistics
    }

    package func close() async {
        guard !isClosed else { return }
        isClosed = true
        for link in links.values { closeSocket(of: link) }
        links = [:]
        if let ticker { shared.reactor.removeTicker(ticker) }
        queue.finish()
        shared.remove(self)
        await client.close()
    }
}

extension ZeroMQSubscriber {
    private func openSocket(_ peer: BusPeer, _ endpoint: String) throws(BusError) -> SocketID {
        let instance = peer.instance
        let socket = try shared.connected(
            .subscriber, to: peer, at: endpoint, subscriptions: topics + [.heartbeat(instance)]
        ) { [weak self] in
            self?.assumeIsolated { $0.read(from: instance) }
        } onBroken: { [weak self] in
            self?.assumeIsolated { $0.links[instance]?.socket = nil }
        }
        if isStalled { shared.reactor.sockets.setReading(false, of: socket) }
        return socket
    }

    private func closeSocket(of link: Link) {
        if let socket = link.socket { shared.reactor.sockets.close(socket) }
    }

    private func read(from instance: InstanceID) {
        guard let socket = links[instance]?.socket else { return }
        guard !isStalled else { return }
        var deliveries: [Delivery] = []
        let now = shared.reactor.now
        for _ in 0..<Self.batch {
            do {
                guard let received = try shared.reactor.sockets.receive(on: socket) else { break }
                deliveries += try accept(received.frames, from: instance, at: now)
            } catch {
                refused += 1
                shared.log.info(
                    "message refused", metadata: ["peer.instance": "\(instance)", "error": "\(error)"])
            }
        }
        links[instance]?.liveness.received(at: now)
        // All at once: waking the consumer for each would cost more than everything else.
        deliver(deliveries)
        orderReplays()
    }

    private func accept(
        _ frames: [[UInt8]], from instance: InstanceID, at now: Duration
    ) throws -> [Delivery] {
        guard frames.count == 3, let topic = Topic(String(decoding: frames[0], as: UTF8.self)) else {
            throw MessageError.malformed("message: \(frames.count) frames are not a topic, an envelope and a body")
        }
        let envelope = try Envelope(decoding: frames[1])
        guard envelope.type != .heartbeat else {
            guard envelope.source == instance, topic == .heartbeat(instance) else {
                throw MessageError.malformed("heartbeat: it comes from instance \(envelope.source)")
            }
            return state.heartbeat(try ReplayCodec.positions(frames[2]), from: instance, at: now)
        }
        let message = BusMessage(topic: topic, envelope: envelope, body: frames[2])
        return state.received(message, from: instance, at: now)
    }

    private func deliver(_ deliveries: [Delivery]) {
        guard !deliveries.isEmpty, !queue.push(deliveries), !isStalled else { return }
        isStalled = true
        setReading(false)
    }

    private func continueReading() {
        guard isStalled, !isClosed else { return }
        isStalled = false
        setReading(true)
        // No publisher was read meanwhile, so the silence says nothing about them.
        for instance in links.keys { links[instance]?.liveness.received(at: shared.reactor.now) }
        orderReplays()
    }

    private func setReading(_ isReading: Bool) {
        for link in links.values {
            if let socket = link.socket { shared.reactor.sockets.setReading(isReading, of: socket) }
        }
    }

    /// Asks for what is missing; not while the consumer is slow, since the answers would only pile up here.
    private func orderReplays() {
        guard !isStalled, !isClosed else { return }
        let (deliveries, orders) = state.advance(at: shared.reactor.now)
        deliver(deliveries)
        for order in orders {
            guard let peer = links[order.publisher]?.peer else {
                deliver(state.replayFailed(order, at: shared.reactor.now))
                continue
            }
            Task { await replay(order, by: peer) }
        }
    }

    private func replay(_ order: SubscriptionState.ReplayOrder, by peer: BusPeer) async {
        do {
            let reply = try await client.request(
                ReplayCodec.request(order), type: .replay, to: peer, idempotencyKey: nil,
                timeout: shared.configuration.replayTimeout)
            let messages = try ReplayCodec.messages(reply, topic: order.stream.topic)
            deliver(state.replayed(order, messages, at: shared.reactor.now))
        } catch {
            guard !isClosed else { return }
            shared.log.info(
                "replay failed", metadata: ["stream": "\(order.stream)", "error": "\(error)"])
            deliver(state.replayFailed(order, at: shared.reactor.now))
        }
        orderReplays()
    }

    private func tick() {
        guard !isStalled else { return }
        let now = shared.reactor.now
        for (instance, link) in links where link.socket == nil || link.liveness.isSilent(at: now) {
            closeSocket(of: link)
            reconnections += 1
            links[instance]?.liveness.renewed(at: now)
            do {
                links[instance]?.socket = try openSocket(link.peer, link.endpoint)
            } catch {
                links[instance]?.socket = nil
                shared.log.info(
                    "publisher not connected", metadata: ["endpoint": "\(link.endpoint)", "error": "\(error)"])
            }
        }
        orderReplays()
    }
}
