// SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ
internal import Glibc

/// Names a socket of the reactor; the socket itself never leaves the reactor's thread.
struct SocketID: Hashable, Sendable {
    fileprivate let number: UInt64
}

/// A message as it came from a socket.
struct ReceivedFrames {
    var frames: [[UInt8]]
    /// The sender's CURVE key as the authenticator stated it; `nil` on plain sockets.
    var key: String?
}

/// The sockets of one bus, their poll set and the context: created, used and closed on the reactor's thread only (the
/// reactor sees to it; the class is not Sendable).
@safe final class SocketTable {
    enum Role {
        case publisher, subscriber, dealer, router, authenticator
    }

    enum Security {
        case plain
        case server(CurveKeyPair)
        case client(CurveKeyPair, serverKey: String)
    }

    private struct Entry {
        let id: SocketID
        let isCurve: Bool
        let onReadable: () -> Void
        /// The socket is gone: libzmq refused to poll it.
        let onBroken: () -> Void
    }

    private let context: UnsafeMutableRawPointer
    private let configuration: BusConfiguration
    /// Item 0 is the wake-up descriptor; item n + 1 belongs to entry n.
    private var items: [zmq_pollitem_t]
    private var entries: [Entry] = []
    private var nextNumber: UInt64 = 0
    private var maximumFrames: Int { 8 }

    init(wake: Int32, configuration: BusConfiguration) throws(BusError) {
        guard let context = unsafe zmq_ctx_new() else { throw .last("zmq_ctx_new") }
        unsafe self.context = unsafe context
        _ = unsafe zmq_ctx_set(context, ZMQ_BLOCKY, 0)
        self.configuration = configuration
        unsafe items = [zmq_pollitem_t(socket: nil, fd: wake, events: Int16(ZMQ_POLLIN), revents: 0)]
    }

    /// Opens a socket with every limit set. `onReadable` is called on the reactor's thread while it has input.
    func open(
        _ role: Role, _ security: Security, onReadable: @escaping () -> Void = {}, onBroken: @escaping () -> Void = {}
    ) throws(BusError) -> SocketID {
        try requireFileDescriptors()
        guard let socket = unsafe zmq_socket(context, role.type) else { throw .last("open \(role) socket") }
        do {
            try unsafe configure(socket, role, security)
        } catch {
            _ = unsafe zmq_close(socket)
            throw error
        }
        nextNumber += 1
        let id = SocketID(number: nextNumber)
        unsafe items.append(zmq_pollitem_t(socket: socket, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
        entries.append(
            Entry(id: id, isCurve: security.isCurve, onReadable: onReadable, onBroken: onBroken))
        return id
    }

    /// Binds and returns the endpoint that it got, with the port that the system chose for `*`.
    func bind(_ id: SocketID, to endpoint: String) throws(BusError) -> String {
        let operation = "bind \(endpoint)"
        let socket = try unsafe pointer(id, operation)
        guard unsafe zmq_bind(socket, endpoint) == 0 else { throw .last(operation) }
        var text = [UInt8](repeating: 0, count: 512)
        var size = text.count
        guard unsafe zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &text, &size) == 0 else { throw .last(operation) }
        return String(decoding: text.prefix(max(0, size - 1)), as: UTF8.self)
    }

    func connect(_ id: SocketID, to endpoint: String) throws(BusError) {
        let operation = "connect \(endpoint)"
        guard unsafe zmq_connect(try pointer(id, operation), endpoint) == 0 else { throw .last(operation) }
    }

    func subscribe(_ id: SocketID, to prefix: String) throws(BusError) {
        let operation = "subscribe \(prefix)"
        guard unsafe zmq_setsockopt(try pointer(id, operation), ZMQ_SUBSCRIBE, prefix, prefix.utf8.count) == 0 else {
            throw .last(operation)
        }
    }

    /// Sends one message of several frames, all or nothing; `false` if the high-water mark is reached.
    func send(_ frames: [[UInt8]], on id: SocketID) throws(BusError) -> Bool {
        let socket = try unsafe pointer(id, "send")
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index + 1 < frames.count ? ZMQ_SNDMORE : 0)
            while unsafe zmq_send(socket, frame, frame.count, flags) < 0 {
                switch zmq_errno() {
                case EINTR: continue
                case EAGAIN where index == 0: return false
                default: throw .last("send")
                }
            }
        }
        return true
    }

    /// The next message; `nil` if there is none now. A message of too many frames is returned without frames.
    func receive(on id: SocketID) throws(BusError) -> ReceivedFrames? {
        let socket = try unsafe pointer(id, "receive")
        let isCurve = index(of: id).map { entries[$0].isCurve } ?? false
        var received = ReceivedFrames(frames: [], key: nil)
        var count = 0
        var message = zmq_msg_t()
        _ = unsafe zmq_msg_init(&message)
        defer { _ = unsafe zmq_msg_close(&message) }
        repeat {
            while unsafe zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) < 0 {
                switch zmq_errno() {
                case EINTR: continue
                case EAGAIN: return nil
                default: throw .last("receive")
                }
            }
            count += 1
            if count <= maximumFrames { received.frames.append(Self.bytes(&message)) }
            if isCurve, received.key == nil, let key = unsafe zmq_msg_gets(&message, "User-Id") {
                received.key = unsafe String(cString: key)
            }
        } while unsafe zmq_msg_more(&message) == 1
        if count > maximumFrames { received.frames = [] }
        return received
    }

    /// Whether the socket's input is read. Unread input fills its queue up to the high-water mark.
    func setReading(_ isReading: Bool, of id: SocketID) {
        guard let index = index(of: id) else { return }
        unsafe items[index + 1].events = isReading ? Int16(ZMQ_POLLIN) : 0
    }

    /// Takes the socket out of the poll set, then closes it. A poll on a closed socket would return at once, for ever.
    func close(_ id: SocketID) {
        guard let index = index(of: id) else { return }
        let socket = unsafe items[index + 1].socket
        unsafe items.remove(at: index + 1)
        entries.remove(at: index)
        _ = unsafe zmq_close(socket)
    }

    /// Closes all that is left, and the context. Nothing may be called afterwards.
    func shutDown() {
        // The authenticator was opened before the sockets that it guards, so it goes after them.
        for entry in entries.reversed() { close(entry.id) }
        while unsafe zmq_ctx_term(context) != 0, zmq_errno() == EINTR {}
    }
}

extension SocketTable {
    /// Waits for input on any socket or the wake-up descriptor, then calls the sockets' handlers.
    ///
    /// - Parameter milliseconds: how long to wait at most.
    /// - Returns: whether the wake-up descriptor has something to read.
    func poll(milliseconds: Int) -> Bool {
        let count = unsafe zmq_poll(&items, Int32(items.count), milliseconds)
        if count < 0 {
            if zmq_errno() != EINTR { repair(zmq_errno()) }
            // The flags of the previous round must not be taken for this one's.
            for index in unsafe items.indices { unsafe items[index].revents = 0 }
        }
        return unsafe items[0].revents != 0
    }

    /// The sockets that the last poll found readable. A handler may close any socket.
    func dispatch() {
        var readable: [Entry] = []
        for (index, entry) in entries.enumerated() where unsafe items[index + 1].revents != 0 {
            unsafe items[index + 1].revents = 0
            readable.append(entry)
        }
        for entry in readable where index(of: entry.id) != nil { entry.onReadable() }
    }

    /// Drops the sockets that libzmq refuses; their owners make new ones. An error that no socket explains would come
    /// back for ever: the process ends instead of looping on it.
    private func repair(_ code: Int32) {
        let broken = entries.enumerated().filter { index, _ in
            var events: Int32 = 0
            var size = MemoryLayout<Int32>.size
            return unsafe zmq_getsockopt(items[index + 1].socket, ZMQ_EVENTS, &events, &size) != 0
        }
        precondition(!broken.isEmpty, "zmq_poll: error \(code) on \(entries.count) sockets, none of them broken")
        for (_, entry) in broken {
            if let index = index(of: entry.id) {
                unsafe items.remove(at: index + 1)
                entries.remove(at: index)
            }
            entry.onBroken()
        }
    }

    private func index(of id: SocketID) -> Int? { entries.firstIndex { $0.id == id } }

    private func pointer(_ id: SocketID, _ operation: String) throws(BusError) -> UnsafeMutableRawPointer {
        guard let index = index(of: id), let socket = unsafe items[index + 1].socket else {
            throw BusError(.closed, operation: operation, message: "the socket is closed")
        }
        return unsafe socket
    }

    private static func bytes(_ message: inout zmq_msg_t) -> [UInt8] {
        let count = unsafe zmq_msg_size(&message)
        guard count > 0, let data = unsafe zmq_msg_data(&message) else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: count))
    }

    private func configure(
        _ socket: UnsafeMutableRawPointer, _ role: Role, _ security: Security
    ) throws(BusError) {
        func set(_ option: Int32, _ value: Int) throws(BusError) {
            var value = Int32(clamping: value)
            guard unsafe zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) == 0 else {
                throw .last("set option \(option)")
            }
        }
        func set(_ option: Int32, _ text: String) throws(BusError) {
            guard unsafe zmq_setsockopt(socket, option, text, text.utf8.count) == 0 else {
                throw .last("set option \(option)")
            }
        }
        try set(ZMQ_LINGER, 0)
        try set(ZMQ_SNDHWM, configuration.sendHighWaterMark)
        try set(ZMQ_RCVHWM, configuration.receiveHighWaterMark)
        try set(ZMQ_HANDSHAKE_IVL, configuration.handshakeInterval.wholeMilliseconds)
        try set(ZMQ_RECONNECT_IVL, configuration.reconnectInterval.wholeMilliseconds)
        try set(ZMQ_RECONNECT_IVL_MAX, configuration.maximumReconnectInterval.wholeMilliseconds)
        // A peer whose machine died without closing the connection is dropped after a minute.
        try set(ZMQ_TCP_KEEPALIVE, 1)
        try set(ZMQ_TCP_KEEPALIVE_IDLE, 30)
        try set(ZMQ_TCP_KEEPALIVE_INTVL, 10)
        try set(ZMQ_TCP_KEEPALIVE_CNT, 3)
        var limit = Int64(configuration.maximumFrameBytes)
        guard unsafe zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &limit, MemoryLayout<Int64>.size) == 0 else {
            throw .last("set option ZMQ_MAXMSGSIZE")
        }
        switch security {
        case .plain: return
        case .server(let pair):
            try set(ZMQ_CURVE_SERVER, 1)
            try set(ZMQ_ZAP_DOMAIN, "ebb")
            try set(ZMQ_CURVE_SECRETKEY, pair.secretKey)
        case .client(let pair, let serverKey):
            try set(ZMQ_CURVE_PUBLICKEY, pair.publicKey)
            try set(ZMQ_CURVE_SECRETKEY, pair.secretKey)
            try set(ZMQ_CURVE_SERVERKEY, serverKey)
        }
    }

    /// The kernel gives the lowest free descriptor, so the next one shows how many are taken.
    private func requireFileDescriptors() throws(BusError) {
        let next = unsafe dup(items[0].fd)
        if next >= 0 { _ = Glibc.close(next) }
        var limit = rlimit()
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard next >= 0, UInt64(next) + UInt64(configuration.reservedFileDescriptors) <= limit.rlim_cur else {
            throw BusError(
                .system(errno: EMFILE), operation: "open socket",
                message:
                    "fewer than \(configuration.reservedFileDescriptors) of \(limit.rlim_cur) file descriptors are "
                    + "free; raise the limit (ulimit -n)")
        }
    }
}

extension SocketTable.Role {
    fileprivate var type: Int32 {
        switch self {
        case .publisher: ZMQ_PUB
        case .subscriber: ZMQ_SUB
        case .dealer: ZMQ_DEALER
        case .router: ZMQ_ROUTER
        case .authenticator: ZMQ_REP
        }
    }
}

extension SocketTable.Security {
    fileprivate var isCurve: Bool {
        if case .plain = self { false } else { true }
    }
}

extension BusError {
    /// libzmq's last error on this thread: read right after the call.
    static func last(_ operation: String) -> BusError {
        let code = zmq_errno()
        let text = unsafe String(cString: zmq_strerror(code))
        guard code != EADDRINUSE else {
            return BusError(
                .addressInUse, operation: operation,
                message: "the address is in use; stop what listens there or configure another endpoint")
        }
        return BusError(.system(errno: code), operation: operation, message: text)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
