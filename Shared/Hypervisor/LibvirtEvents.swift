// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel
internal import Synchronization

/// Hands one host's events to all their readers. A reader that falls behind loses the oldest.
final class EventHub: Sendable {
    private struct State {
        var readers: [UInt64: AsyncStream<HypervisorEvent>.Continuation] = [:]
        var lastNumber: UInt64 = 0
        var generation: UInt64 = 0
        var isClosed = false
        /// Domains whose definitions were changed since they were read last.
        var changed: Set<DomainID> = []
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: how many events one reader may be behind.
    init(limit: Int) { self.limit = limit }

    /// The events from now on.
    func stream() -> AsyncStream<HypervisorEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: HypervisorEvent.self, bufferingPolicy: .bufferingNewest(limit))
        let number: UInt64? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.lastNumber += 1
            state.readers[state.lastNumber] = continuation
            return state.lastNumber
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number) }
        return stream
    }

    /// A new connection's number. What an earlier connection still reports is dropped: a connection that was given up
    /// may answer again, or break at last, while its successor is open.
    func begin() -> UInt64 {
        state.withLock { state in
            state.generation += 1
            return state.generation
        }
    }

    func publish(_ event: HypervisorEvent, generation: UInt64) {
        let readers = state.withLock { state in
            switch event {
            case .reconfigured(let domain, _): state.changed.insert(domain)
            // It was defined anew, renamed or undefined.
            case .lifecycle(let domain, .unknown, _): state.changed.insert(domain)
            default: break
            }
            return state.generation == generation ? Array(state.readers.values) : []
        }
        for reader in readers { reader.yield(event) }
    }

    /// Notes that the domain's definition must be read again.
    func noteChange(of domain: DomainID) { state.withLock { _ = $0.changed.insert(domain) } }

    /// The domains whose definitions must be read again.
    func takeChanged() -> Set<DomainID> {
        state.withLock { state in
            defer { state.changed = [] }
            return state.changed
        }
    }

    /// Ends every stream; those opened later see the next connection's events.
    /// - Parameter generation: the number of the connection that broke; `nil` for the present one.
    func connectionLost(reason: String, generation: UInt64? = nil) {
        let isPresent = state.withLock { state in
            guard generation == nil || generation == state.generation else { return false }
            state.generation += 1
            return true
        }
        guard isPresent else { return }
        for reader in takeReaders(closing: false) {
            reader.yield(.connectionLost(reason: reason))
            reader.finish()
        }
    }

    /// Ends every stream, also later ones.
    func close() {
        for reader in takeReaders(closing: true) { reader.finish() }
    }

    private func takeReaders(closing: Bool) -> [AsyncStream<HypervisorEvent>.Continuation] {
        state.withLock { state in
            if closing { state.isClosed = true }
            defer { state.readers = [:] }
            return Array(state.readers.values)
        }
    }

    private func remove(_ number: UInt64) { state.withLock { $0.readers[number] = nil } }
}

/// The object that libvirt's callbacks of one connection carry. libvirt holds a reference of its own until it calls
/// `release`.
final class EventBox: Sendable {
    private let hub: EventHub
    private let generation: UInt64

    init(hub: EventHub) {
        self.hub = hub
        generation = hub.begin()
    }

    func publish(_ event: HypervisorEvent) { hub.publish(event, generation: generation) }

    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        if let context = unsafe context { unsafe Unmanaged<EventBox>.fromOpaque(context).release() }
    }

    /// The box and the domain of a callback; `nil` if it carries neither.
    static func subject(
        _ domain: virDomainPtr?, _ context: UnsafeMutableRawPointer?
    ) -> (box: EventBox, domain: DomainID)? {
        guard let context = unsafe context, let domain = unsafe domain, let identity = unsafe DomainIdentity(domain)
        else { return nil }
        return (unsafe Unmanaged<EventBox>.fromOpaque(context).takeUnretainedValue(), identity.domain)
    }

    static let connectionClosed: @convention(c) (virConnectPtr?, Int32, UnsafeMutableRawPointer?) -> Void = {
        _, reason, context in
        guard let context = unsafe context else { return }
        let box = unsafe Unmanaged<EventBox>.fromOpaque(context).takeUnretainedValue()
        box.hub.connectionLost(reason: closeReason(reason), generation: box.generation)
    }

    private static func closeReason(_ reason: Int32) -> String {
        switch virConnectCloseReason(UInt32(bitPattern: reason)) {
        case VIR_CONNECT_CLOSE_REASON_EOF: "the host closed the connection"
        case VIR_CONNECT_CLOSE_REASON_KEEPALIVE: "the host did not answer keep-alive messages"
        case VIR_CONNECT_CLOSE_REASON_CLIENT: "the connection was closed on this side"
        default: "the connection broke"
        }
    }
}
