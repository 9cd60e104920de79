// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization
internal import UserGatewayCore

/// The admitted connections: counted against the limits, and at hand for a shutdown.
final class ConnectionTable: Sendable {
    private struct State {
        var admission: ConnectionAdmission
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
    }

    private let state: Mutex<State>

    init(_ configuration: GatewayServerConfiguration) {
        state = Mutex(
            State(
                admission: ConnectionAdmission(
                    maximumTotal: configuration.maximumConnections,
                    maximumPerAddress: configuration.maximumConnectionsPerAddress)))
    }

    var count: Int { state.withLock { $0.admission.total } }

    /// Counts a channel until it closes; throws `BUSY` at a limit and while the server shuts down.
    func admit(_ channel: any Channel, from address: String, metrics: GatewayMetrics) throws(MethodError) {
        let outcome = state.withLock { state -> Result<Int, MethodError> in
            guard !state.isDraining else {
                return .failure(MethodError(.busy, "the gateway is shutting down", retryAfterMilliseconds: 1_000))
            }
            do throws(MethodError) {
                try state.admission.admit(address)
            } catch {
                return .failure(error)
            }
            state.channels[ObjectIdentifier(channel)] = channel
            return .success(state.admission.total)
        }
        metrics.connectionsChanged(to: try outcome.get())
        channel.closeFuture.whenComplete { [self] _ in
            let total = state.withLock { state in
                state.channels[ObjectIdentifier(channel)] = nil
                state.admission.leave(address)
                return state.admission.total
            }
            metrics.connectionsChanged(to: total)
        }
    }

    /// Ends the input of every connection, and admits no more.
    func drain() {
        for channel in begin() { channel.triggerUserOutboundEvent(ConnectionGuard.Event.drain, promise: nil) }
    }

    /// Closes every connection that is left.
    func closeAll() {
        for channel in begin() { channel.close(promise: nil) }
    }

    private func begin() -> [any Channel] {
        state.withLock { state in
            state.isDraining = true
            return Array(state.channels.values)
        }
    }
}

/// A value that is set once and awaited by any number.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Value, Never>])
        case set(Value)
    }

    private let state = Mutex(State.waiting([]))

    /// Later values are ignored.
    func set(_ value: Value) {
        let waiters = state.withLock { state -> [CheckedContinuation<Value, Never>] in
            guard case .waiting(let waiters) = state else { return [] }
            state = .set(value)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> Value? in
                switch state {
                case .set(let value): return value
                case .waiting(let waiters):
                    state = .waiting(waiters + [continuation])
                    return nil
                }
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
