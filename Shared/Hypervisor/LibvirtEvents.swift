// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import ResourceModel
internal import Synchronization

/// Hands what one host reports to everybody who reads its events. A reader that falls behind loses the oldest.
final class EventHub: Sendable {
    private struct State {
        var readers: [UInt64: AsyncStream<HypervisorEvent>.Continuation] = [:]
        var lastNumber: UInt64 = 0
        var generation: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: events that one reader may be behind.
    init(limit: Int) { self.limit = limit }

    /// What happens from now on.
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

    /// A new connection's number. Whatever an earlier one still reports is dropped: one that was given up may come to
    /// life again, or break at last, beside its successor.
    func begin() -> UInt64 {
        state.withLock { state in
            state.generation += 1
            return state.generation
        }
    }

    func publish(_ event: HypervisorEvent, generation: UInt64) {
        let readers = state.withLock { $0.generation == generation ? Array($0.readers.values) : [] }
        for reader in readers { reader.yield(event) }
    }

    /// Ends every stream; those opened later see the next connection's events.
    /// - Parameter generation: of the connection that broke; `nil` for the present one.
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

/// What libvirt's callbacks of one connection carry. libvirt holds a reference of its own until it calls `release`.
final class EventBox: Sendable {
    private let hub: EventHub
    private let generation: UInt64

    init(hub: EventHub) {
        self.hub = hub
        generation = hub.begin()
    }

    private func publish(_ event: HypervisorEvent) { hub.publish(event, generation: generation) }

    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        if let context = unsafe context { unsafe Unmanaged<EventBox>.fromOpaque(context).release() }
    }

    static let lifecycle:
        @convention(c) (
            virConnectPtr?, virDomainPtr?, Int32, Int32, UnsafeMutableRawPointer?
        ) -> Int32 = { _, domain, event, detail, context in
            guard let context = unsafe context, let domain = unsafe domain,
                let identity = unsafe DomainIdentity(domain)
            else { return 0 }
            let box = unsafe Unmanaged<EventBox>.fromOpaque(context).takeUnretainedValue()
            let (state, text) = lifecycleMeaning(event: event, detail: detail)
            box.publish(.lifecycle(identity.domain, state, detail: text))
            return 0
        }

    static let reboot: @convention(c) (virConnectPtr?, virDomainPtr?, UnsafeMutableRawPointer?) -> Void = {
        _, domain, context in
        guard let context = unsafe context, let domain = unsafe domain,
            let identity = unsafe DomainIdentity(domain)
        else { return }
        let box = unsafe Unmanaged<EventBox>.fromOpaque(context).takeUnretainedValue()
        box.publish(.rebooted(identity.domain))
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

/// The state after a libvirt lifecycle event, and what happened in one or two words.
func lifecycleMeaning(event: Int32, detail: Int32) -> (state: DomainState, detail: String) {
    switch virDomainEventType(UInt32(bitPattern: event)) {
    case VIR_DOMAIN_EVENT_DEFINED: (.unknown, "defined")
    case VIR_DOMAIN_EVENT_UNDEFINED: (.unknown, "undefined")
    case VIR_DOMAIN_EVENT_STARTED:
        switch virDomainEventStartedDetailType(UInt32(bitPattern: detail)) {
        case VIR_DOMAIN_EVENT_STARTED_MIGRATED: (.running, "migrated here")
        case VIR_DOMAIN_EVENT_STARTED_RESTORED: (.running, "restored")
        default: (.running, "started")
        }
    case VIR_DOMAIN_EVENT_SUSPENDED: (.paused, "suspended")
    case VIR_DOMAIN_EVENT_RESUMED: (.running, "resumed")
    case VIR_DOMAIN_EVENT_SHUTDOWN: (.shuttingDown, "shutting down")
    case VIR_DOMAIN_EVENT_CRASHED: (.crashed, "crashed")
    case VIR_DOMAIN_EVENT_PMSUSPENDED: (.paused, "suspended by the guest")
    case VIR_DOMAIN_EVENT_STOPPED:
        switch virDomainEventStoppedDetailType(UInt32(bitPattern: detail)) {
        case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN: (.shutoff, "shut down")
        case VIR_DOMAIN_EVENT_STOPPED_DESTROYED: (.shutoff, "destroyed")
        case VIR_DOMAIN_EVENT_STOPPED_CRASHED: (.crashed, "crashed")
        case VIR_DOMAIN_EVENT_STOPPED_MIGRATED: (.unknown, "migrated away")
        case VIR_DOMAIN_EVENT_STOPPED_SAVED: (.saved, "saved")
        case VIR_DOMAIN_EVENT_STOPPED_FAILED: (.shutoff, "failed")
        default: (.shutoff, "stopped")
        }
    default: (.unknown, "event \(event)")
    }
}
