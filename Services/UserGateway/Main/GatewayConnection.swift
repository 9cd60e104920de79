// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Metrics
internal import NIOCore
internal import Synchronization
internal import UserGatewayCore

/// Serves one connection: reads lines, lets `Session` decide, performs, writes answers.
///
/// Until somebody is logged in, lines are worked on one after another, so that a client may send its login and what
/// follows at once. After that up to `maximumInFlight` run at the same time and are answered as they finish.
final class GatewayConnection: Sendable {
    private typealias Outcome = Result<JSONValue, RPCError>

    private let session: Mutex<Session>
    private let login = Mutex<Login?>(nil)
    private let channel: any Channel
    private let server: GatewayServer.Context
    private let remoteAddress: String
    private let log: Logger

    init(channel: any Channel, session: Session, server: GatewayServer.Context, remoteAddress: String, log: Logger) {
        self.channel = channel
        self.session = Mutex(session)
        self.server = server
        self.remoteAddress = remoteAddress
        self.log = log
    }

    /// Returns when the client has gone, or is gone from, and every answer is written.
    func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        defer { server.sessions.leave(ObjectIdentifier(self)) }
        do {
            try await connection.executeThenClose { inbound, outbound in
                let greeting = session.withLock { $0.greeting(maximumLine: server.configuration.maximumLine) }
                try await outbound.write(ByteBuffer(bytes: RPCCodec.encode(greeting)))
                try await withThrowingDiscardingTaskGroup { group in
                    for try await line in inbound {
                        try await receive(line, outbound) { work in group.addTask { try await work() } }
                    }
                }
                // Closing drops what is not written yet: an empty write ends after all before it.
                try await channel.writeAndFlush(ByteBuffer()).get()
            }
        } catch {
            log.debug("connection ended", metadata: ["connection.cause": "\(error)"])
        }
    }

    private func receive(
        _ line: ByteBuffer, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        concurrently start: (@escaping @Sendable () async throws -> Void) -> Void
    ) async throws {
        guard line.readableBytes > 0 else { return }
        let limits = JSONLimits(bytes: server.configuration.maximumLine)
        let incoming = RPCCodec.decode(line.readableBytesView, limits: limits)
        guard session.withLock({ $0.principal }) != nil else {
            try await write(await answer(incoming), incoming.isBatch, outbound)
            return
        }
        guard session.withLock({ $0.reserve() }) else {
            let overload = session.withLock { $0.overload }
            try await write(refuse(incoming, overload), incoming.isBatch, outbound)
            return
        }
        start { [self] in
            // The place is free only when the answer is written: a client that does not read can't pile work up.
            defer { session.withLock { $0.release() } }
            try await write(await answer(incoming), incoming.isBatch, outbound)
        }
    }

    /// The answers to a line, in its order; a batch is worked on one request after another.
    private func answer(_ incoming: RPCCodec.Incoming) async -> [RPCResponse] {
        var responses: [RPCResponse] = []
        for element in incoming.elements {
            switch element {
            case .unreadable(let response):
                responses.append(response)
            case .request(let request):
                let outcome = await perform(request)
                if let id = request.id { responses.append(RPCResponse(id: id, result: outcome)) }
            }
        }
        return responses
    }

    private func refuse(_ incoming: RPCCodec.Incoming, _ error: RPCError) -> [RPCResponse] {
        incoming.elements.compactMap { element in
            switch element {
            case .unreadable(let response): response
            case .request(let request): request.id.map { RPCResponse(id: $0, result: .failure(error)) }
            }
        }
    }

    private func perform(_ request: RPCRequest) async -> Outcome {
        let start = ContinuousClock.now
        let outcome = await perform(session.withLock { $0.handle(request) })
        server.metrics.requestEnded(
            method: server.registry[request.method]?.name ?? "unknown", outcome: outcome, after: .now - start)
        return outcome
    }

    private func perform(_ directive: Session.Directive) async -> Outcome {
        switch directive {
        case .reply(let outcome):
            return outcome
        case .replyAndClose(let error):
            // The guard says the error and closes, so that it is the connection's last line.
            try? await channel.triggerUserOutboundEvent(ConnectionGuard.Event.refuse(error)).get()
            return .failure(error)
        case .authenticate(let token):
            return await logIn(token)
        case .call(let method, let parameters, let isMutating, let principal):
            if let refusal = await refusal(of: method) { return await perform(refusal) }
            return await call(method, parameters, isMutating: isMutating, principal)
        }
    }

    /// Why a method is not called: the session has ended, or nobody can tell whether it has.
    private func refusal(of method: String) async -> Session.Directive? {
        let isUrgent = server.registry[method]?.isUrgent == true
        let (age, limit) = (
            server.configuration.sessionCheckAge,
            isUrgent ? server.configuration.urgentCheckTimeout : server.configuration.loginTimeout
        )
        let doubt = await server.sessions.doubt(olderThan: age, within: limit)
        if let ending = session.withLock({ $0.ending }) { return .replyAndClose(ending.rpcError) }
        return doubt.flatMap { isUrgent ? nil : .reply(.failure($0.rpcError)) }
    }

    /// Ends the session as soon as its token is valid no more.
    private func watch(_ login: Login) {
        self.login.withLock { $0 = login }
        server.sessions.enter(ObjectIdentifier(self), login) { [weak self] error in self?.end(error) }
    }

    /// Says why on the connection's last line, and closes it.
    private func end(_ error: MethodError) {
        session.withLock { $0.end(error) }
        server.metrics.connectionRefused("session-ended")
        channel.triggerUserOutboundEvent(ConnectionGuard.Event.refuse(error.rpcError), promise: nil)
    }

    private func logIn(_ token: String) async -> Outcome {
        do throws(MethodError) {
            try server.countLogin(from: remoteAddress)
            let methods = server.methods
            let login = try await withLimit(
                server.configuration.loginTimeout,
                else: MethodError(.unavailable, "the login took too long", retryAfterMilliseconds: 1_000)
            ) { () async throws(MethodError) in try await methods.authenticate(token: token) }
            server.loginSucceeded(from: remoteAddress)
            // The guard takes longer lines before the client learns that it may send them.
            try? await channel.triggerUserOutboundEvent(ConnectionGuard.Event.loggedIn).get()
            log.info("logged in", metadata: ["principal.name": "\(login.principal.name)"])
            watch(login)
            return .success(session.withLock { $0.loginSucceeded(login.principal) })
        } catch {
            log.info("login failed", metadata: ["login.reason": "\(error.reason.rawValue)"])
            return await perform(session.withLock { $0.loginFailed(error) })
        }
    }

    private func call(
        _ method: String, _ parameters: [String: JSONValue], isMutating: Bool, _ principal: Principal
    ) async -> Outcome {
        let timeout = server.configuration.callTimeout
        let late =
            isMutating
            ? MethodError(
                .outcomeUnknown, "\(method) did not end within \(timeout)",
                hint: "look at what it was to change before asking again, or repeat it with its idempotencyKey")
            : MethodError(.unavailable, "\(method) did not end within \(timeout)", retryAfterMilliseconds: 1_000)
        let login = login.withLock { $0 }
        let context = CallContext(remoteAddress: remoteAddress, deadline: .now + timeout, login: login)
        let methods = server.methods
        // A session that ends itself is answered, and then closed, instead of being ended by the watch.
        let isLogout = method == "session.logout"
        if isLogout { server.sessions.leave(ObjectIdentifier(self)) }
        do throws(MethodError) {
            let answer = try await withLimit(timeout, else: late) { () async throws(MethodError) in
                try await methods.call(method, params: .object(parameters), principal: principal, context: context)
            }
            if isLogout { channel.triggerUserOutboundEvent(ConnectionGuard.Event.drain, promise: nil) }
            return .success(answer)
        } catch {
            if isLogout, let login { watch(login) }
            return .failure(error.rpcError)
        }
    }

    private func write(
        _ responses: [RPCResponse], _ isBatch: Bool, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        guard let line = RPCCodec.encode(responses, isBatch: isBatch) else { return }
        guard line.count > server.configuration.maximumAnswer else {
            try await outbound.write(ByteBuffer(bytes: line))
            return
        }
        let error = MethodError(
            .invalid, "the answer has \(line.count) bytes; at most \(server.configuration.maximumAnswer) are sent",
            hint: "ask for less, with limit or a shorter period")
        let refusals = responses.map { RPCResponse(id: $0.id, result: .failure(error.rpcError)) }
        try await outbound.write(ByteBuffer(bytes: RPCCodec.encode(refusals, isBatch: isBatch) ?? []))
    }
}

/// Runs `body`, cancels it after `limit` and then throws `late`.
private func withLimit<Value: Sendable>(
    _ limit: Duration, else late: MethodError, _ body: @escaping @Sendable () async throws(MethodError) -> Value
) async throws(MethodError) -> Value {
    let outcome = await withTaskGroup(of: Result<Value, MethodError>?.self) { group in
        group.addTask {
            do throws(MethodError) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
    guard let outcome else { throw late }
    return try outcome.get()
}
