// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOTLS
internal import Synchronization
internal import UserGatewayCore

/// Sits between the socket (or TLS) and the line decoder and enforces what must hold before a byte is stored: length of
/// a line, and time for handshake, first line, each line, silence and unsent answers.
///
/// A client that breaks a rule gets one last line that says which, then the connection closes. Bytes that it still
/// sends are discarded for a moment: closing at once would reset the connection, and that line could be lost.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Sent down the pipeline by the connection.
    enum Event: Sendable {
        /// Lines may be longer from here on.
        case loggedIn
        /// Take no more requests: the inbound stream ends, answers still go out.
        case drain
        /// Say `error` and close.
        case refuse(RPCError)
    }

    private enum Phase {
        case handshake, firstLine, line, idle, refused, draining
        /// It is about to be refused; what it sends is discarded.
        case paused
    }

    /// Why a line can't be taken.
    private enum Misuse: Error {
        case tooLong
        case tooManyEmpty
    }

    private let configuration: GatewayServerConfiguration
    private let onRefusal: @Sendable (String) -> Void
    private var limit: Int
    private var phase = Phase.idle
    private var timer: Scheduled<Void>?
    private var stallTimer: Scheduled<Void>?
    /// Runs from the connection until somebody logs in, whatever the client sends.
    private var loginTimer: Scheduled<Void>?
    /// Bytes of the line that has begun.
    private var lineLength = 0
    private var hasHadLine = false
    /// Lines without a request since the last one with one: nobody is charged for them, and each costs as much as another
    /// line.
    private var emptyLines = 0
    private var isEmptySoFar = true
    /// Whether we asked for bytes: only such time counts against the client.
    private var isReadPending = false

    init(_ configuration: GatewayServerConfiguration, onRefusal: @escaping @Sendable (String) -> Void) {
        self.configuration = configuration
        self.onRefusal = onRefusal
        limit = configuration.maximumLineBeforeLogin
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        stallTimer?.cancel()
        loginTimer?.cancel()
        context.fireChannelInactive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        loginTimer = context.eventLoop.scheduleTask(in: TimeAmount(configuration.loginDeadline)) {
            bound.value.0.endWithoutLogin(bound.value.1)
        }
        enter(configuration.tls == nil ? .firstLine : .handshake, context)
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .refused, phase != .draining, phase != .paused else { return }
        let buffer = unwrapInboundIn(data)
        let sawLine: Bool
        switch count(buffer.readableBytesView) {
        case .success(let saw): sawLine = saw
        case .failure(.tooLong):
            return refuse(
                context,
                .invalidRequest(
                    "a line may have at most \(limit) bytes\(limit < configuration.maximumLine ? " before login" : "")"),
                "line-too-long")
        // It is refused after a pause: a client that is refused at once comes back at once.
        case .failure(.tooManyEmpty): return enter(.paused, context)
        }
        hasHadLine = hasHadLine || sawLine
        if hasHadLine {
            // A line that goes on keeps the deadline of its first byte.
            if lineLength == 0 { enter(.idle, context) } else if sawLine || phase == .idle { enter(.line, context) }
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReadPending = false
        context.fireChannelReadComplete()
        if phase == .refused || phase == .draining || phase == .paused { context.read() }
    }

    func read(context: ChannelHandlerContext) {
        isReadPending = true
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event { enter(.firstLine, context) }
        if phase == .refused, event as? ChannelEvent == .inputClosed {
            context.close(promise: nil)
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
        context.fireErrorCaught(error)
    }

    /// Counts the bytes of lines, and empty lines. Returns whether a line ended.
    private func count(_ bytes: ByteBufferView) -> Result<Bool, Misuse> {
        var rest = bytes[...]
        var sawLine = false
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            guard lineLength + (end - rest.startIndex) <= limit else { return .failure(.tooLong) }
            emptyLines = isEmptySoFar && Self.isEmpty(rest[..<end]) ? emptyLines + 1 : 0
            guard emptyLines <= configuration.maximumEmptyLines else { return .failure(.tooManyEmpty) }
            (lineLength, isEmptySoFar) = (0, true)
            sawLine = true
            rest = rest[rest.index(after: end)...]
        }
        lineLength += rest.count
        isEmptySoFar = isEmptySoFar && Self.isEmpty(rest)
        return lineLength <= limit ? .success(sawLine) : .failure(.tooLong)
    }

    /// The decoder takes the end of a line of other systems for a line's end too.
    private static func isEmpty(_ bytes: ByteBufferView) -> Bool { bytes.allSatisfy { $0 == UInt8(ascii: "\r") } }

    // MARK: Outbound

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stallTimer?.cancel()
        stallTimer = nil
        if !context.channel.isWritable {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            stallTimer = context.eventLoop.scheduleTask(in: TimeAmount(configuration.stalledWriteTimeout)) {
                let (handler, context) = bound.value
                handler.onRefusal("stalled-write")
                context.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let event = event as? Event else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        switch event {
        case .loggedIn:
            limit = configuration.maximumLine
            loginTimer?.cancel()
            _ = context.channel.setOption(.writeBufferWaterMark, value: configuration.waterMark(isLoggedIn: true))
        case .refuse(let error): refuse(context, error, "protocol")
        case .drain where phase != .refused && phase != .paused:
            enter(.draining, context)
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case .drain: break
        }
        promise?.succeed()
    }

    // MARK: Time

    private func enter(_ next: Phase, _ context: ChannelHandlerContext) {
        phase = next
        timer?.cancel()
        let timeout: Duration? =
            switch next {
            case .handshake: configuration.handshakeTimeout
            case .firstLine: configuration.firstLineTimeout
            case .line: configuration.lineTimeout
            case .idle: configuration.idleTimeout
            case .refused: .seconds(1)
            case .paused: configuration.pauseOfStranger
            case .draining: nil
            }
        timer = timeout.map { schedule($0, context) }
    }

    private func schedule(_ timeout: Duration, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: TimeAmount(timeout)) { bound.value.0.expire(bound.value.1) }
    }

    private func expire(_ context: ChannelHandlerContext) {
        switch phase {
        case .handshake:
            onRefusal("handshake-timeout")
            context.close(promise: nil)
        case .firstLine:
            refuseLate(context, "the first line was not complete within \(configuration.firstLineTimeout)")
        case .line where isReadPending:
            refuseLate(context, "a line was not complete within \(configuration.lineTimeout) of its first byte")
        case .line:
            enter(.line, context)
        case .idle:
            refuseLate(context, "no request came for \(configuration.idleTimeout)")
        case .refused:
            context.close(promise: nil)
        case .paused:
            refuse(
                context,
                .invalidRequest(
                    "more than \(configuration.maximumEmptyLines) lines in a row were empty; a request is one line of JSON"
                ),
                "empty-lines")
        case .draining:
            break
        }
    }

    private func endWithoutLogin(_ context: ChannelHandlerContext) {
        switch phase {
        case .handshake:
            onRefusal("login-timeout")
            context.close(promise: nil)
        case .firstLine, .line, .idle:
            refuseLate(context, "nobody logged in within \(configuration.loginDeadline) of connecting")
        case .refused, .draining, .paused:
            break
        }
    }

    private func refuseLate(_ context: ChannelHandlerContext, _ message: String) {
        let error = MethodError(.busy, message, hint: "connect again", retryAfterMilliseconds: 0)
        refuse(context, error.rpcError, "timeout")
    }

    private func refuse(_ context: ChannelHandlerContext, _ error: RPCError, _ reason: String) {
        guard phase != .refused else { return }
        onRefusal(reason)
        enter(.refused, context)
        let response = RPCResponse(id: .null, result: .failure(error))
        let line = RPCCodec.encode([response], isBatch: false) ?? []
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: line)), promise: nil)
        context.close(mode: .output, promise: nil)
        context.read()
    }
}

extension GatewayServerConfiguration {
    /// At how many unsent bytes a connection's answers wait, and at how few they go on.
    func waterMark(isLoggedIn: Bool) -> ChannelOptions.Types.WriteBufferWaterMark {
        let high = isLoggedIn ? outboundHighWatermark : min(outboundHighWatermark, outboundHighWatermarkBeforeLogin)
        return .init(low: high / 2, high: high)
    }
}

/// Connections that wait until they get their refusal.
final class PausedRefusals: Sendable {
    private let configuration: GatewayServerConfiguration
    private let count = Atomic(0)

    init(_ configuration: GatewayServerConfiguration) {
        self.configuration = configuration
    }

    var pause: Duration { configuration.pauseOfStranger }

    /// Whether one more may wait; it must then call `leave` at its end.
    func enter() -> Bool {
        if count.add(1, ordering: .relaxed).newValue <= configuration.maximumPausedRefusals { return true }
        leave()
        return false
    }

    func leave() { count.subtract(1, ordering: .relaxed) }
}

/// Tells a client that was not admitted why, and closes. Over TLS it only closes: a handshake costs too much.
///
/// It does so after a pause, since a client that is refused at once comes back at once.
final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let error: MethodError?
    private let refusals: PausedRefusals

    init(_ error: MethodError?, _ refusals: PausedRefusals) {
        self.error = error
        self.refusals = refusals
    }

    func channelActive(context: ChannelHandlerContext) {
        guard refusals.enter() else { return context.close(promise: nil) }
        context.channel.closeFuture.whenComplete { [refusals] _ in refusals.leave() }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: TimeAmount(refusals.pause)) { bound.value.0.end(bound.value.1) }
    }

    private func end(_ context: ChannelHandlerContext) {
        guard let error else { return context.close(promise: nil) }
        let response = RPCResponse(id: .null, result: .failure(error.rpcError))
        let line = RPCCodec.encode([response], isBatch: false) ?? []
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: line))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }
}
