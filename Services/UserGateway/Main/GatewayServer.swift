// SPDX-License-Identifier: Apache-2.0

internal import Execution
package import Logging
internal import NIOCore
internal import NIOExtras
internal import NIOPosix
internal import ResourceModel
internal import ServiceLifecycle
internal import Synchronization
internal import TLS
package import UserGatewayCore

/// The gateway's network: JSON-RPC 2.0, one line per message, over TCP or TLS.
///
/// `run()` binds, serves until its task is cancelled or a graceful shutdown begins, then drains: the port closes, no
/// further request is taken, and calls under way are answered within `drainTimeout`.
package final class GatewayServer: Service {
    /// Where the server can be reached.
    package struct Address: Hashable, Sendable {
        package let host: String
        package let port: Int
        package let isTLS: Bool
    }

    /// What all connections share.
    struct Context: Sendable {
        let configuration: GatewayServerConfiguration
        let registry: MethodRegistry
        let identity: ServerIdentity
        let methods: any GatewayMethods
        let metrics = GatewayMetrics()
        let logins: AttemptGate
        /// Limits new connections, which cost something even if nobody logs in on them.
        let arrivals: AttemptGate
        /// Limits the requests of all clients that have not logged in.
        let strangers: AttemptGate
        let sessions: SessionWatch
        let connections: ConnectionTable
        /// The thread on which long lines are read.
        let longLines = DedicatedTaskExecutor(name: "ebb-long-lines")
        let gate: TenantGate
        let discovery: Discovery

        let known = KnownTokens()

        /// Throws `BUSY` if this address tries too often. A token that has logged in here before is not kept out by
        /// others' guesses.
        func countLogin(from address: String, with token: String) throws(MethodError) {
            if !known.contains(token) { try logins.attempt(address) }
        }

        /// Takes the attempt back, since only failures count.
        func loginSucceeded(from address: String, with token: String) {
            known.insert(token)
            logins.succeeded(address)
            arrivals.succeeded(address)
        }
    }

    private let context: Context
    private let log: Logger
    private let connections: ConnectionTable
    private let refusals: PausedRefusals
    private let bound = OneShot<Result<Address, GatewayServerError>>()
    private let tls: RenewedTLS?

    /// - Throws: if the configuration can't be served as it is (certificate, plain TCP off loopback).
    package init(
        configuration: GatewayServerConfiguration, registry: MethodRegistry = .ebb, identity: ServerIdentity,
        methods: any GatewayMethods, log: Logger
    ) throws(GatewayServerError) {
        tls = try configuration.makeTLSServer()
        try configuration.refusePlainOffLoopback()
        connections = ConnectionTable(configuration)
        refusals = PausedRefusals(configuration)
        context = Context(
            configuration: configuration, registry: registry, identity: identity, methods: methods,
            logins: AttemptGate(.logins(configuration)), arrivals: AttemptGate(.arrivals(configuration)),
            strangers: AttemptGate(.strangers(configuration)), sessions: SessionWatch(methods),
            connections: connections,
            gate: TenantGate(configuration), discovery: Discovery(registry, version: identity.version))
        self.log = log
    }

    /// Where it listens; waits until it does. Throws what `run()` throws if it can't.
    package func boundAddress() async throws(GatewayServerError) -> Address { try await bound.value().get() }

    package func run() async throws {
        let listener: NIOAsyncChannel<(any Channel)?, Never>
        do throws(GatewayServerError) {
            listener = try await bind()
        } catch {
            bound.set(.failure(error))
            throw error
        }
        let local = listener.channel.localAddress
        let address = Address(
            host: context.configuration.host, port: local?.port ?? context.configuration.port, isTLS: tls != nil)
        bound.set(.success(address))
        log.info("listening", metadata: ["listen.address": "\(address.host):\(address.port)"])
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await serve(listener)
            } onCancel: {
                beginDrain(listener.channel)
            }
        } onGracefulShutdown: {
            self.beginDrain(listener.channel)
        }
    }

    /// Ends when the listener and every connection are closed.
    private func serve(_ listener: NIOAsyncChannel<(any Channel)?, Never>) async throws {
        let interval = context.configuration.sessionCheckInterval
        let watching = Task { [sessions = context.sessions] in await sessions.run(every: interval) }
        let renewal = Task { [tls, log, interval = context.configuration.certificateInterval] in
            await tls?.follow(every: interval, log: log)
        }
        defer {
            watching.cancel()
            renewal.cancel()
        }
        try await listener.executeThenClose { inbound in
            await withDiscardingTaskGroup { group in
                do {
                    for try await channel in inbound {
                        guard let channel else { continue }
                        group.addTask { await self.serve(channel) }
                    }
                } catch is CancellationError {
                    // The drain that a cancellation begins closes the listener.
                } catch {
                    self.log.error("accepting connections failed", metadata: ["accept.cause": "\(error)"])
                }
            }
        }
        connections.closeAll()
    }

    private func serve(_ channel: any Channel) async {
        let remote = channel.remoteAddress?.ipAddress ?? "unknown"
        var log = log
        log[metadataKey: "client.address"] = "\(remote)"
        let session = Session(
            registry: context.registry, identity: context.identity,
            maximumInFlight: context.configuration.maximumInFlight,
            maximumBeforeLogin: context.configuration.maximumRequestsBeforeLogin)
        let connection = GatewayConnection(
            channel: channel, session: session, server: context, remoteAddress: remote, log: log)
        do {
            let wrapped = try await channel.eventLoop.submit {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }.get()
            // Nothing is read from the socket before a reader exists.
            try await channel.setOption(.autoRead, value: true).get()
            channel.read()
            // A half-closed client still gets its answers; once the channel is closed, nobody waits for them.
            let serving = Task { await connection.serve(wrapped) }
            channel.closeFuture.whenComplete { _ in serving.cancel() }
            await withTaskCancellationHandler {
                await serving.value
            } onCancel: {
                serving.cancel()
            }
        } catch {
            try? await channel.close().get()
        }
    }

    /// Closes the port, ends every connection's input, and cuts what is left after `drainTimeout`.
    private func beginDrain(_ listener: any Channel) {
        log.info("draining", metadata: ["connection.count": "\(connections.count)"])
        listener.close(promise: nil)
        connections.drain()
        let connections = connections
        listener.eventLoop.scheduleTask(in: TimeAmount(context.configuration.drainTimeout)) { connections.closeAll() }
    }

    private func bind() async throws(GatewayServerError) -> NIOAsyncChannel<(any Channel)?, Never> {
        let configuration = context.configuration
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // The default of 4 accepts at a time starves the rest in a burst.
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.autoRead, value: false)
            // All lines of what is read at once are kept until they are worked on, and a short line takes some hundred times
            // its bytes.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4_096))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // `printf … | nc` closes its side first and still wants its answers.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: configuration.waterMark(isLoggedIn: false))
        do {
            return try await bootstrap.bind(host: configuration.host, port: configuration.port) { channel in
                channel.eventLoop.makeCompletedFuture { try self.initialise(channel) }
            }
        } catch {
            throw GatewayServerError.binding(configuration, error)
        }
    }

    /// Builds the pipeline of a connection; `nil` if it was not admitted.
    private func initialise(_ channel: any Channel) throws -> (any Channel)? {
        let address = channel.remoteAddress?.ipAddress ?? "unknown"
        let pipeline = channel.pipeline.syncOperations
        do throws(MethodError) {
            if !ConnectionAdmission.isShared(address) || context.configuration.limitsLoopback {
                try context.arrivals.attempt(address)
            }
            try connections.admit(channel, from: address, metrics: context.metrics)
        } catch {
            context.metrics.connectionRefused("limit")
            try pipeline.addHandler(RefusalHandler(tls == nil ? error : nil, refusals))
            return nil
        }
        if let tls { try pipeline.addHandler(tls.handler()) }
        let metrics = context.metrics
        try pipeline.addHandler(ConnectionGuard(context.configuration) { metrics.connectionRefused($0) })
        try pipeline.addHandler(
            ByteToMessageHandler(
                LineBasedFrameDecoder(), maximumBufferSize: context.configuration.maximumLine + 1))
        return channel
    }
}

/// The hashes of tokens by which somebody logged in here.
final class KnownTokens: Sendable {
    /// How many are remembered.
    private static let limit = 10_000
    private let hashes = Mutex<Set<[UInt8]>>([])

    func contains(_ token: String) -> Bool {
        guard let hash = AccessToken(token)?.hash else { return false }
        return hashes.withLock { $0.contains(hash) }
    }

    func insert(_ token: String) {
        guard let hash = AccessToken(token)?.hash else { return }
        hashes.withLock { hashes in
            if hashes.count >= Self.limit { hashes.removeAll() }
            hashes.insert(hash)
        }
    }
}

/// `AttemptLimiter` behind a lock and with a clock.
final class AttemptGate: Sendable {
    private let limiter: Mutex<AttemptLimiter>
    private let start = ContinuousClock.now

    init(_ limiter: AttemptLimiter) { self.limiter = Mutex(limiter) }

    func succeeded(_ address: String) { limiter.withLock { $0.succeeded(address) } }

    func attempt(_ address: String) throws(MethodError) {
        let now = start.duration(to: .now).wholeNanoseconds
        let outcome = limiter.withLock { limiter -> Result<Void, MethodError> in
            do throws(MethodError) {
                return .success(try limiter.attempt(address, now: now))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }
}

extension AttemptLimiter {
    fileprivate static func logins(_ configuration: GatewayServerConfiguration) -> AttemptLimiter {
        AttemptLimiter(
            capacity: configuration.loginBurst, refillNanoseconds: configuration.loginRefill.wholeNanoseconds)
    }

    fileprivate static func arrivals(_ configuration: GatewayServerConfiguration) -> AttemptLimiter {
        AttemptLimiter(
            capacity: configuration.arrivalBurst, refillNanoseconds: configuration.arrivalRefill.wholeNanoseconds,
            refusal: "too many connections from this address on which nobody logged in")
    }

    fileprivate static func strangers(_ configuration: GatewayServerConfiguration) -> AttemptLimiter {
        AttemptLimiter(
            capacity: configuration.strangersBurst, refillNanoseconds: configuration.strangersRefill.wholeNanoseconds,
            refusal: "too many requests of those who have not logged in")
    }
}
