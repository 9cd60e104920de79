// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Logging
package import Messages
internal import ResourceModel
internal import Synchronization

/// Serves commands over a ROUTER socket. See `CommandServer`.
package actor ZeroMQCommandServer: CommandServer, BusParticipant {
    private struct Running {
        let task: Task<Void, Never>
        /// When its client has given up.
        let deadline: Duration
    }

    /// Requests read before other sockets get their turn.
    private static let batch = 256

    private let shared: BusShared
    private let bound = Mutex("")
    private var handlers: [MessageType: CommandHandler] = [:]
    private var running: [UInt64: Running] = [:]
    private var lastNumber: UInt64 = 0
    private var socket: SocketID?
    private var ticker: Int?
    private var isClosed = false

    init(_ shared: BusShared) { self.shared = shared }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe shared.reactor.asUnownedSerialExecutor()
    }

    /// Where it is bound, for instance `tcp://127.0.0.1:40123`.
    package nonisolated var endpoint: String { bound.withLock { $0 } }

    func open(bind endpoint: String) throws(BusError) {
        try bindSocket(to: endpoint)
        ticker = shared.reactor.addTicker { [weak self] in self?.assumeIsolated { $0.tick() } }
    }

    package func handle(_ type: MessageType, with handler: @escaping CommandHandler) { handlers[type] = handler }

    /// Stops taking requests and cancels the handlers that run; their clients learn nothing more.
    package func close() {
        isClosed = true
        if let socket { shared.reactor.sockets.close(socket) }
        socket = nil
        if let ticker { shared.reactor.removeTicker(ticker) }
        ticker = nil
        for entry in running.values { entry.task.cancel() }
        handlers = [:]
        shared.remove(self)
    }
}

extension ZeroMQCommandServer {
    private func bindSocket(to endpoint: String) throws(BusError) {
        let (socket, actual) = try shared.bound(.router, to: endpoint) { [weak self] in
            self?.assumeIsolated { $0.read() }
        } onBroken: { [weak self] in
            self?.assumeIsolated { $0.socket = nil }
        }
        self.socket = socket
        bound.withLock { $0 = actual }
    }

    private func read() {
        guard let socket else { return }
        for _ in 0..<Self.batch {
            do {
                guard let received = try shared.reactor.sockets.receive(on: socket) else { return }
                try accept(received)
            } catch {
                shared.log.info("request refused", metadata: ["error": "\(error)"])
            }
        }
    }

    private func accept(_ received: ReceivedFrames) throws {
        // libzmq asks who may connect only once: a key that was removed since is turned away here.
        if let key = received.key, key != shared.keyPair.publicKey, !shared.allowList.contains(key) {
            throw MessageError.malformed("request: key \(key) is not on the allow-list any more")
        }
        guard received.frames.count == 4 else {
            throw MessageError.malformed("request: \(received.frames.count) frames, not 4")
        }
        let client = received.frames[0]
        let envelope = try Envelope(decoding: received.frames[2])
        if envelope.type == .ping { return reply(.success([]), to: envelope, client) }
        guard let handler = handlers[envelope.type] else {
            let failure = CommandFailure(
                .unknownCommand, "'\(envelope.type)' is not served here; check which service was asked")
            return reply(.failure(failure), to: envelope, client)
        }
        guard running.count < shared.configuration.maximumConcurrentCommands else {
            return reply(.failure(.busy), to: envelope, client)
        }
        run(handler, received.frames[3], envelope, client)
    }

    private func run(_ handler: @escaping CommandHandler, _ body: [UInt8], _ request: Envelope, _ client: [UInt8]) {
        lastNumber += 1
        let number = lastNumber
        let context = CommandContext(
            type: request.type, source: request.source, messageID: request.messageID,
            idempotencyKey: request.idempotencyKey, timeout: request.timeout, traceparent: request.traceparent)
        let task = Task {
            let outcome = await Self.outcome(of: handler, body, context)
            finished(number, outcome, request, client)
        }
        running[number] = Running(task: task, deadline: shared.reactor.now + request.timeout)
    }

    /// Off the reactor's thread: a handler must not hold up the bus.
    @concurrent
    private static func outcome(
        of handler: CommandHandler, _ body: [UInt8], _ context: CommandContext
    ) async -> Result<[UInt8], CommandFailure> {
        await TraceContext.$traceparent.withValue(context.traceparent) {
            do throws(CommandFailure) {
                return .success(try await handler(body, context))
            } catch {
                return .failure(error)
            }
        }
    }

    private func finished(
        _ number: UInt64, _ outcome: Result<[UInt8], CommandFailure>, _ request: Envelope, _ client: [UInt8]
    ) {
        running[number] = nil
        let limit = shared.configuration.maximumFrameBytes
        if case .success(let body) = outcome, body.count > limit {
            let failure = CommandFailure.internal(
                "the reply of \(body.count) bytes exceeds the limit of \(limit); ask for less")
            return reply(.failure(failure), to: request, client)
        }
        reply(outcome, to: request, client)
    }

    /// A client that is gone gets no reply: its request ends by its deadline.
    private func reply(_ outcome: Result<[UInt8], CommandFailure>, to request: Envelope, _ client: [UInt8]) {
        guard let socket else { return }
        var envelope = Envelope(
            type: request.type, messageID: shared.random.identifier(), correlationID: request.messageID,
            source: shared.instance, sentAt: shared.clock(), traceparent: request.traceparent)
        var body: [UInt8] = []
        switch outcome {
        case .success(let reply): body = reply
        case .failure(let failure):
            envelope.failure = Envelope.Failure(
                code: failure.code.text, message: failure.message, isRetryable: failure.isRetryable)
        }
        do {
            _ = try shared.reactor.sockets.send([client, [], envelope.encoded(), body], on: socket)
        } catch {
            shared.log.info("replying failed", metadata: ["error": "\(error)"])
        }
    }

    private func tick() {
        if socket == nil {
            do {
                try bindSocket(to: endpoint)
            } catch {
                shared.log.info("server is not bound", metadata: ["endpoint": "\(endpoint)", "error": "\(error)"])
            }
        }
        let now = shared.reactor.now
        for entry in running.values where entry.deadline <= now { entry.task.cancel() }
    }
}
