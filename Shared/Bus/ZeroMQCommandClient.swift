// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import HeapModule
internal import Logging
package import Messages
package import ResourceModel

/// Sends commands over one DEALER socket per peer. See `CommandClient`.
///
/// A request leaves only on a connection on which the peer has answered a ping, and leaves once: what waits for a
/// connection can move to a new socket, what was sent never goes out again.
package actor ZeroMQCommandClient: CommandClient, BusParticipant {
    private struct Connection {
        let peer: BusPeer
        var socket: SocketID?
        var isEstablished = false
        var liveness: Liveness
        var lastUse: Duration
        var nextPing: Duration = .zero
        /// Requests that no established connection has taken yet, in order.
        var waiting: [UUID128] = []
    }

    private struct Pending {
        let instance: InstanceID
        let operation: String
        let frames: [[UInt8]]
        let continuation: CheckedContinuation<Answer, Never>
    }

    private struct Deadline: Comparable {
        let at: Duration
        let id: UUID128

        static func < (left: Deadline, right: Deadline) -> Bool { (left.at, left.id) < (right.at, right.id) }
    }

    private enum Answer {
        case reply([UInt8])
        case failure(CommandFailure)
        case error(BusError)
    }

    private let shared: BusShared
    private var connections: [InstanceID: Connection] = [:]
    private var pending: [UUID128: Pending] = [:]
    /// May name requests that are answered already.
    private var deadlines: Heap<Deadline> = []
    /// One timer for all requests, set for the earliest: a timer for each would cost more than the request.
    private var timer: (at: Duration, task: Task<Void, Never>)?
    private var ticker: Int?
    private var isClosed = false

    init(_ shared: BusShared) { self.shared = shared }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe shared.reactor.asUnownedSerialExecutor()
    }

    func start() {
        ticker = shared.reactor.addTicker { [weak self] in self?.assumeIsolated { $0.tick() } }
    }

    package func request(
        _ body: [UInt8], type: MessageType, to peer: BusPeer, idempotencyKey: String?, timeout: Duration
    ) async throws(BusError) -> [UInt8] {
        let operation = "request \(type) of \(peer.instance)"
        let limit = shared.configuration.maximumBodyBytes
        guard body.count <= limit else {
            throw BusError(
                .tooLarge, operation: operation,
                message: "a body of \(body.count) bytes exceeds the limit of \(limit); raise maximumFrameBytes")
        }
        let deadline = shared.reactor.now + timeout
        var backoff = shared.configuration.busyBackoff
        while true {
            let left = deadline - shared.reactor.now
            guard left > .zero else { throw Self.deadline(operation) }
            switch await attempt(body, type, peer, idempotencyKey, timeout: left, operation) {
            case .reply(let reply): return reply
            case .error(let error): throw error
            case .failure(let failure) where failure.code == .busy:
                let pause = min(shared.random.jittered(backoff), max(.zero, deadline - shared.reactor.now))
                try? await Task.sleep(for: pause)
                guard !Task.isCancelled else { throw Self.cancelled(operation) }
                backoff = min(backoff * 2, shared.configuration.maximumBusyBackoff)
            case .failure(let failure):
                throw BusError(.failed(failure), operation: operation, message: failure.message)
            }
        }
    }

    /// Drops the connection to a peer that discovery declared gone; requests that wait for it end by their deadlines.
    package func disconnect(from instance: InstanceID) {
        guard let connection = connections.removeValue(forKey: instance) else { return }
        if let socket = connection.socket { shared.reactor.sockets.close(socket) }
    }

    package func close() {
        isClosed = true
        for connection in connections.values {
            if let socket = connection.socket { shared.reactor.sockets.close(socket) }
        }
        connections = [:]
        timer?.task.cancel()
        if let ticker { shared.reactor.removeTicker(ticker) }
        ticker = nil
        for id in pending.keys { answer(id, .error(Self.closed("request"))) }
        shared.remove(self)
    }
}

extension ZeroMQCommandClient {
    /// One request under a message id of its own, until its answer, the deadline, a close or the caller's cancellation.
    private func attempt(
        _ body: [UInt8], _ type: MessageType, _ peer: BusPeer, _ key: String?, timeout: Duration, _ operation: String
    ) async -> Answer {
        guard !isClosed else { return .error(Self.closed(operation)) }
        guard pending.count < shared.configuration.maximumPendingRequests else {
            return .error(
                BusError(
                    .refused, operation: operation,
                    message: "\(pending.count) requests wait for replies, as many as maximumPendingRequests allows"))
        }
        let id = shared.random.identifier()
        let envelope = Envelope(
            type: type, messageID: id, source: shared.instance, sentAt: shared.clock(),
            traceparent: TraceContext.traceparent, timeout: timeout, idempotencyKey: key)
        deadlines.insert(Deadline(at: shared.reactor.now + timeout, id: id))
        setTimer()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pending[id] = Pending(
                    instance: peer.instance, operation: operation, frames: [[], envelope.encoded(), body],
                    continuation: continuation)
                if Task.isCancelled { answer(id, .error(Self.cancelled(operation))) } else { enqueue(id, to: peer) }
            }
        } onCancel: {
            Task { await self.answer(id, .error(Self.cancelled(operation))) }
        }
    }

    private func setTimer() {
        guard !isClosed, let first = deadlines.min, timer.map({ first.at < $0.at }) ?? true else { return }
        timer?.task.cancel()
        let pause = first.at - shared.reactor.now
        let task = Task { [weak self] in
            try? await Task.sleep(for: pause)
            if !Task.isCancelled { await self?.expire() }
        }
        timer = (first.at, task)
    }

    /// Ends requests whose time is up, and sets the timer for the next.
    private func expire() {
        timer = nil
        let now = shared.reactor.now
        while let first = deadlines.min, first.at <= now || pending[first.id] == nil {
            deadlines.removeMin()
            if let operation = pending[first.id]?.operation { answer(first.id, .error(Self.deadline(operation))) }
        }
        setTimer()
    }

    private func answer(_ id: UUID128, _ answer: Answer) {
        defer {
            // Deadlines of requests that were answered long before must not pile up; amortised, each costs one look.
            if deadlines.count > 2 * pending.count + 1_024 {
                deadlines = Heap(deadlines.unordered.filter { pending[$0.id] != nil })
            }
        }
        pending.removeValue(forKey: id)?.continuation.resume(returning: answer)
    }

    private func enqueue(_ id: UUID128, to peer: BusPeer) {
        let now = shared.reactor.now
        if let old = connections[peer.instance], old.peer != peer { disconnect(from: peer.instance) }
        if connections[peer.instance] == nil {
            let liveness = Liveness(now: now, interval: shared.configuration.heartbeatInterval)
            var connection = Connection(peer: peer, socket: nil, liveness: liveness, lastUse: now)
            do {
                connection.socket = try openSocket(peer)
            } catch {
                answer(id, .error(error))
                return
            }
            connections[peer.instance] = connection
            ping(peer.instance, at: now)
        }
        connections[peer.instance]?.lastUse = now
        connections[peer.instance]?.waiting.append(id)
        sendWaiting(to: peer.instance)
    }

    private func openSocket(_ peer: BusPeer) throws(BusError) -> SocketID {
        let instance = peer.instance
        return try shared.connected(.dealer, to: peer, at: peer.commandEndpoint) { [weak self] in
            self?.assumeIsolated { $0.read(from: instance) }
        } onBroken: { [weak self] in
            self?.assumeIsolated { $0.connections[instance]?.socket = nil }
        }
    }

    private func sendWaiting(to instance: InstanceID) {
        guard var connection = connections[instance], connection.isEstablished, let socket = connection.socket else {
            return
        }
        var rest: [UUID128] = []
        for id in connection.waiting {
            guard let frames = pending[id]?.frames else { continue }
            // At the high-water mark it waits for the next tick.
            guard rest.isEmpty, (try? shared.reactor.sockets.send(frames, on: socket)) == true else {
                rest.append(id)
                continue
            }
        }
        connection.waiting = rest
        connections[instance] = connection
    }

    private func ping(_ instance: InstanceID, at now: Duration) {
        guard let socket = connections[instance]?.socket else { return }
        connections[instance]?.nextPing = now + shared.configuration.heartbeatInterval
        let envelope = Envelope(
            type: .ping, messageID: shared.random.identifier(), source: shared.instance, sentAt: shared.clock())
        _ = try? shared.reactor.sockets.send([[], envelope.encoded(), []], on: socket)
    }

    private func read(from instance: InstanceID) {
        guard let socket = connections[instance]?.socket else { return }
        do {
            while let received = try shared.reactor.sockets.receive(on: socket) {
                try accept(received.frames, from: instance)
            }
        } catch {
            shared.log.info("reply refused", metadata: ["peer.instance": "\(instance)", "error": "\(error)"])
        }
    }

    private func accept(_ frames: [[UInt8]], from instance: InstanceID) throws(MessageError) {
        guard frames.count == 3 else { throw .malformed("reply: \(frames.count) frames, not 3") }
        let envelope = try Envelope(decoding: frames[1])
        // Another instance may have taken over the address: it is not the one that was asked.
        guard envelope.source == instance || connections[instance]?.peer.acceptsAnyInstance == true else { return }
        connections[instance]?.liveness.received(at: shared.reactor.now)
        if connections[instance]?.isEstablished == false {
            connections[instance]?.isEstablished = true
            sendWaiting(to: instance)
        }
        // Nobody waits for a late answer any more.
        guard let id = envelope.correlationID, pending[id]?.instance == instance else { return }
        guard let failure = envelope.failure else { return answer(id, .reply(frames[2])) }
        answer(
            id,
            .failure(
                CommandFailure(
                    received: Recognised(failure.code), failure.message, isRetryable: failure.isRetryable)))
    }

    private func tick() {
        let now = shared.reactor.now
        for instance in connections.keys {
            renewIfSilent(instance, at: now)
            sendWaiting(to: instance)
            if let next = connections[instance]?.nextPing, next <= now { ping(instance, at: now) }
            closeIfIdle(instance, at: now)
        }
    }

    private func renewIfSilent(_ instance: InstanceID, at now: Duration) {
        guard let connection = connections[instance], connection.socket == nil || connection.liveness.isSilent(at: now)
        else { return }
        if let socket = connection.socket { shared.reactor.sockets.close(socket) }
        connections[instance]?.isEstablished = false
        connections[instance]?.liveness.renewed(at: now)
        do {
            connections[instance]?.socket = try openSocket(connection.peer)
            ping(instance, at: now)
        } catch {
            connections[instance]?.socket = nil
            shared.log.info(
                "command server not connected",
                metadata: ["endpoint": "\(connection.peer.commandEndpoint)", "error": "\(error)"])
        }
    }

    private func closeIfIdle(_ instance: InstanceID, at now: Duration) {
        guard let connection = connections[instance],
            now - connection.lastUse > shared.configuration.idleConnectionTimeout,
            !pending.values.contains(where: { $0.instance == instance })
        else { return }
        disconnect(from: instance)
    }

    private static func deadline(_ operation: String) -> BusError {
        BusError(
            .deadline, operation: operation, message: "no reply within the deadline; whether it ran is unknown")
    }

    private static func closed(_ operation: String) -> BusError {
        BusError(.closed, operation: operation, message: "the client is closed; whether it ran is unknown")
    }

    private static func cancelled(_ operation: String) -> BusError {
        BusError(.closed, operation: operation, message: "the caller was cancelled; whether it ran is unknown")
    }
}
