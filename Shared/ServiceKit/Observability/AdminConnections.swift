// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization

/// What connections to the admin port may cost.
package struct AdminLimits: Hashable, Sendable {
    /// Connections open at the same time; at this number the oldest one is closed for the next.
    package var connections = 32
    /// Bytes of a request with its headers.
    package var requestBytes = 16_384
    /// How long a connection may last in all.
    package var lifetime: Duration = .seconds(10)

    package init() {}
}

/// The connections to an admin port.
final class AdminConnections: Sendable {
    private let limits: AdminLimits
    /// The oldest first.
    private let channels = Mutex<[any Channel]>([])

    init(_ limits: AdminLimits) { self.limits = limits }

    /// The handler that keeps one connection within the limits.
    func handler() -> AdminGuard { AdminGuard(limits, self) }

    fileprivate func add(_ channel: any Channel) {
        let oldest = channels.withLock { channels -> (any Channel)? in
            channels.append(channel)
            return channels.count > limits.connections ? channels.removeFirst() : nil
        }
        oldest?.close(promise: nil)
        channel.closeFuture.whenComplete { [self] _ in
            channels.withLock { $0.removeAll { $0 === channel } }
        }
    }
}

/// Ends a connection that lasts too long or sends too much.
final class AdminGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    private let limits: AdminLimits
    private let connections: AdminConnections
    private var timer: Scheduled<Void>?

    fileprivate init(_ limits: AdminLimits, _ connections: AdminConnections) {
        self.limits = limits
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        connections.add(channel)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(limits.lifetime)) { channel.close(promise: nil) }
        do {
            try context.pipeline.syncOperations.addHandler(ByteCounter(limits.requestBytes), position: .first)
        } catch {
            channel.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }
}

/// Counts the bytes that come, before they are parsed.
private final class ByteCounter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var left: Int

    init(_ limit: Int) { left = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        left -= unwrapInboundIn(data).readableBytes
        guard left >= 0 else {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }
}
