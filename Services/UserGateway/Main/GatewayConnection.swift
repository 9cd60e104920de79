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

    /// The answer to a request.
    private enum Reply {
        case outcome(Outcome)
        /// JSON that was encoded before.
        case encoded([UInt8])
    }

    /// A line and its sender; `nil`: nobody has logged in.
    private struct Line {
        let incoming: RPCCodec.Incoming
        let bytes: Int
        let party: Party?
    }

    private let session: Mutex<Session>
    private let login = Mutex<Login?>(nil)
    private let owed: Mutex<OwedBytes>
    private let channel: any Channel
    private let server: GatewayServer.Context
    private let remoteAddress: String
    private let log: Logger

    init(channel: any Channel, session: Session, server: GatewayServer.Context, remoteAddress: String, log: Logger) {
        self.channel = channel
        self.session = Mutex(session)
        owed = Mutex(OwedBytes(limit: server.configuration.maximumOwed))
        self.server = server
        self.remoteAddress = remoteAddress
        self.log = log
    }

    /// Returns when the client has closed the connection, or the gateway has, and every answer is written.
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
                // Closing drops what is not written yet. An empty write ends after all writes before it.
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
        // A client that does not read gets no more work done: an empty write waits until what was written before is
        // nearly sent.
        if !channel.isWritable { try await outbound.write(ByteBuffer()) }
        let known = session.withLock { $0.principal }
        let incoming = try await decode(line, of: known.map { Party($0) })
        guard let principal = known else {
            let excess = session.withLock { $0.countBeforeLogin(incoming.elements.count) } ?? tooManyStrangers(incoming)
            if let excess {
                // A client that is refused at once comes back at once, and a new connection costs more than one that
                // waits.
                try await Task.sleep(for: server.configuration.pauseOfStranger)
                return try await channel.triggerUserOutboundEvent(ConnectionGuard.Event.refuse(excess)).get()
            }
            let line = Line(incoming: incoming, bytes: line.readableBytes, party: nil)
            return try await write(await answer(line), for: nil, outbound)
        }
        let party = Party(principal)
        let line = Line(incoming: incoming, bytes: line.readableBytes, party: party)
        do throws(MethodError) {
            let requests = incoming.elements.count
            if isLong(line.bytes) {
                server.gate.count(party, requests: requests)
            } else {
                try await server.gate.charge(
                    party, requests: requests, bytes: line.bytes, patience: server.configuration.longestRefusalPause)
            }
        } catch {
            try await write(refuse(line, error.rpcError), for: party, outbound)
            // A client that goes on beyond its limits is read more slowly, since refusals cost something too.
            let pause = Duration.milliseconds(max(250, error.retryAfterMilliseconds ?? 0))
            return try await Task.sleep(for: min(pause, server.configuration.longestRefusalPause))
        }
        guard session.withLock({ $0.reserve() }) else {
            let overload = session.withLock { $0.overload }
            return try await write(refuse(line, overload), for: party, outbound)
        }
        start { [self] in
            // The place is free only when the answer is written, so that a client that does not read can't pile up
            // work.
            defer { session.withLock { $0.release() } }
            try await write(await answer(line), for: party, outbound)
        }
    }

    private func isLong(_ bytes: Int) -> Bool { bytes > server.configuration.longLine }

    /// Reads a line. A long line waits until its sender's budget has room for it, and is read on a separate thread: it
    /// takes as much time as a thousand others, and must not hold up anybody.
    private func decode(_ line: ByteBuffer, of party: Party?) async throws -> RPCCodec.Incoming {
        let limits = JSONLimits(
            bytes: server.configuration.maximumLine, values: server.configuration.maximumValuesOfLine)
        guard isLong(line.readableBytes) else { return RPCCodec.decode(line.readableBytesView, limits: limits) }
        if let party { try await server.gate.admit(party, bytes: line.readableBytes) }
        return await withTaskExecutorPreference(server.longLines) { await Self.decode(line, limits) }
    }

    private nonisolated static func decode(_ line: ByteBuffer, _ limits: JSONLimits) async -> RPCCodec.Incoming {
        RPCCodec.decode(line.readableBytesView, limits: limits)
    }

    /// Refuses requests without a login if there are too many; a login itself is never refused because of others.
    private func tooManyStrangers(_ incoming: RPCCodec.Incoming) -> RPCError? {
        for case .request(let request) in incoming.elements where request.method != "session.login" {
            do throws(MethodError) { try server.strangers.attempt("") } catch { return error.rpcError }
        }
        return nil
    }

    /// The answers to a line, in the order of its requests; a batch is worked on one request after another, until its
    /// answers are too long.
    private func answer(_ line: Line) async -> [UInt8]? {
        var answers = AnswerLine(isBatch: line.incoming.isBatch)
        let longest = longestAnswer(to: line)
        for element in line.incoming.elements {
            let length = answers.length
            let (room, overflow) = room(after: length, of: longest)
            switch element {
            case .unreadable(let response):
                answers.append(response, room: room, overflow: overflow)
            case .request(let request):
                let isTooMuch = answers.isFull || room == 0
                let reply = isTooMuch ? .outcome(.failure(overflow)) : await perform(request, line)
                guard let id = request.id else { continue }
                append(reply, id, to: &answers, longest)
            }
            owe(answers.length - length, line.party)
        }
        return answers.finish()
    }

    /// Adds a reply; the bytes that the client has not read yet limit its length before it is made.
    private func append(_ reply: Reply, _ id: RequestID, to answers: inout AnswerLine, _ longest: Int) {
        let (room, overflow) = room(after: answers.length, of: longest)
        switch reply {
        case .outcome(let outcome):
            answers.append(RPCResponse(id: id, result: outcome), room: room, overflow: overflow)
        case .encoded(let result):
            answers.append(id, result: result, room: room, overflow: overflow)
        }
    }

    private func room(after length: Int, of longest: Int) -> (Int, RPCError) {
        owed.withLock { ($0.room(after: length, of: longest), $0.overflow(after: length, of: longest)) }
    }

    private func longestAnswer(to line: Line) -> Int {
        let configuration = server.configuration
        return line.party == nil
            ? min(configuration.maximumAnswerBeforeLogin, configuration.maximumAnswer) : configuration.maximumAnswer
    }

    /// The same error for every request of a line.
    private func refuse(_ line: Line, _ error: RPCError) -> [UInt8]? {
        var answers = AnswerLine(isBatch: line.incoming.isBatch)
        for element in line.incoming.elements {
            let length = answers.length
            switch element {
            case .unreadable(let response): answers.append(response, room: .max, overflow: error)
            case .request(let request):
                if let id = request.id { answers.append(id, error) }
            }
            owe(answers.length - length, line.party)
        }
        return answers.finish()
    }

    private func perform(_ request: RPCRequest, _ line: Line) async -> Reply {
        let start = ContinuousClock.now
        let directive = session.withLock { $0.handle(request) }
        let reply: Reply
        if case .discover(let kind) = directive {
            reply = .encoded(server.discovery[kind])
        } else {
            reply = .outcome(await perform(directive, line))
        }
        let outcome: Outcome = if case .outcome(let outcome) = reply { outcome } else { .success(.null) }
        server.metrics.requestEnded(
            method: server.registry[request.method]?.name ?? "unknown", outcome: outcome, after: .now - start)
        return reply
    }

    private func perform(_ directive: Session.Directive, _ line: Line) async -> Outcome {
        switch directive {
        case .reply(let outcome):
            return outcome
        case .replyAndClose(let error):
            // The guard sends the error and closes, so that it is the connection's last line.
            try? await channel.triggerUserOutboundEvent(ConnectionGuard.Event.refuse(error)).get()
            return .failure(error)
        case .authenticate(let token):
            return await logIn(token, line)
        case .call(let method, let parameters, let isMutating, let principal):
            if let refusal = await refusal(of: method) { return await perform(refusal, line) }
            return await call(method, parameters, isMutating: isMutating, principal, line)
        case .discover:
            preconditionFailure("what describes the methods was answered before")
        }
    }

    /// Why a method is not called: the session has ended, or it can't be found out whether it has.
    private func refusal(of method: String) async -> Session.Directive? {
        let isUrgent = server.registry[method]?.weight == .urgent
        let (age, limit) = (
            server.configuration.sessionCheckAge,
            isUrgent ? server.configuration.urgentCheckTimeout : server.configuration.loginTimeout
        )
        let doubt = await server.sessions.doubt(olderThan: age, within: limit)
        if let ending = session.withLock({ $0.ending }) { return .replyAndClose(ending.rpcError) }
        return doubt.flatMap { isUrgent ? nil : .reply(.failure($0.rpcError)) }
    }

    /// Ends the session as soon as its token is not valid any more.
    private func watch(_ login: Login) {
        self.login.withLock { $0 = login }
        server.sessions.enter(ObjectIdentifier(self), login) { [weak self] error in self?.end(error) }
    }

    /// Writes the reason on the connection's last line, and closes it.
    private func end(_ error: MethodError) {
        session.withLock { $0.end(error) }
        server.metrics.connectionRefused("session-ended")
        channel.triggerUserOutboundEvent(ConnectionGuard.Event.refuse(error.rpcError), promise: nil)
    }

    private func logIn(_ token: String, _ line: Line) async -> Outcome {
        do throws(MethodError) {
            try server.countLogin(from: remoteAddress, with: token)
            let methods = server.methods
            let login = try await withLimit(
                server.configuration.loginTimeout,
                else: MethodError(
                    .unavailable, "the token could not be looked up: the database does not answer",
                    hint: "try again in a moment", retryAfterMilliseconds: 1_000)
            ) { () async throws(MethodError) in try await methods.authenticate(token: token) }
            try server.connections.loggedIn(channel, as: Party(login.principal))
            server.loginSucceeded(from: remoteAddress, with: token)
            // The guard must take longer lines before the client learns that it may send them.
            try? await channel.triggerUserOutboundEvent(ConnectionGuard.Event.loggedIn).get()
            log.info("logged in", metadata: ["principal.name": "\(login.principal.name)"])
            watch(login)
            return .success(session.withLock { $0.loginSucceeded(login.principal) })
        } catch {
            log.info("login failed", metadata: ["login.reason": "\(error.reason.rawValue)"])
            return await perform(session.withLock { $0.loginFailed(error) }, line)
        }
    }

    private func call(
        _ method: String, _ parameters: [String: JSONValue], isMutating: Bool, _ principal: Principal, _ line: Line
    ) async -> Outcome {
        let timeout = server.configuration.callTimeout
        let place: WorkPlace
        do throws(MethodError) {
            place = try await server.gate.place(
                for: Party(principal), server.registry[method]?.weight ?? .ordinary, bytes: line.bytes)
        } catch {
            return .failure(error.rpcError)
        }
        defer { place.end() }
        let late =
            isMutating
            ? MethodError(
                .outcomeUnknown, "\(method) did not end within \(timeout)",
                hint: "look at what it was to change before asking again, or repeat it with its idempotencyKey")
            : MethodError(.unavailable, "\(method) did not end within \(timeout)", retryAfterMilliseconds: 1_000)
        let login = login.withLock { $0 }
        // A method that waits must end before the call does, so that it can say what it waited for.
        let context = CallContext(
            remoteAddress: remoteAddress, deadline: .now + timeout - min(.seconds(1), timeout / 10), login: login,
            place: place)
        let methods = server.methods
        // A session that ends itself gets its answer and is then closed, instead of being ended by the watch.
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

    private func owe(_ bytes: Int, _ party: Party?) {
        owed.withLock { $0.owe(bytes) }
        if let party { server.gate.owe(bytes, to: party) }
    }

    /// Hands a line to the connection; until the connection takes it, its bytes count as unread.
    private func write(
        _ line: [UInt8]?, for party: Party?, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        guard let line else { return }
        defer {
            owed.withLock { $0.settle(line.count) }
            if let party { server.gate.settle(line.count, to: party) }
        }
        try await outbound.write(ByteBuffer(bytes: line))
    }
}

/// Runs `body`; cancels it after `limit` and then throws `late`.
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
