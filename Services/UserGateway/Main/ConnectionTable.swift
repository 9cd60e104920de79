// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization
internal import UserGatewayCore

/// The admitted connections: counted against the limits, and kept for a shutdown.
final class ConnectionTable: Sendable {
    private struct State {
        var admission: ConnectionAdmission
        var channels: [Int: any Channel] = [:]
        var numbers: [ObjectIdentifier: Int] = [:]
        var isDraining = false
    }

    private struct Admitted: Sendable {
        let number: Int
        /// The channel that makes room for it.
        let evicted: (any Channel)?
        let total: Int
    }

    private let state: Mutex<State>

    init(_ configuration: GatewayServerConfiguration) {
        state = Mutex(
            State(
                admission: ConnectionAdmission(
                    maximumTotal: configuration.maximumConnections,
                    maximumStrangers: max(1, configuration.maximumConnections / 2),
                    maximumStrangersPerAddress: configuration.maximumStrangersPerAddress)))
    }

    var count: Int { state.withLock { $0.admission.total } }

    /// Counts a channel until it closes, and closes the one that makes room for it; throws `BUSY` at a limit and while the
    /// server shuts down.
    func admit(_ channel: any Channel, from address: String, metrics: GatewayMetrics) throws(MethodError) {
        let outcome = state.withLock { state -> Result<Admitted, MethodError> in
            guard !state.isDraining else {
                return .failure(MethodError(.busy, "the gateway is shutting down", retryAfterMilliseconds: 1_000))
            }
            do throws(MethodError) {
                let entry = try state.admission.admit(address)
                state.channels[entry.number] = channel
                state.numbers[ObjectIdentifier(channel)] = entry.number
                let evicted = entry.evicted.flatMap { state.channels[$0] }
                return .success(Admitted(number: entry.number, evicted: evicted, total: state.admission.total))
            } catch {
                return .failure(error)
            }
        }
        let admitted = try outcome.get()
        if let evicted = admitted.evicted {
            metrics.connectionRefused("evicted")
            evicted.close(promise: nil)
        }
        metrics.connectionsChanged(to: admitted.total)
        let key = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [self] _ in
            let total = state.withLock { state in
                state.channels[admitted.number] = nil
                state.numbers[key] = nil
                state.admission.leave(admitted.number)
                return state.admission.total
            }
            metrics.connectionsChanged(to: total)
        }
    }

    /// Somebody has logged in on a channel, so that no other can take its place. Throws `BUSY` if that party has too
    /// many.
    func loggedIn(_ channel: any Channel, as party: Party) throws(MethodError) {
        let outcome = state.withLock { state -> Result<Void, MethodError> in
            guard let number = state.numbers[ObjectIdentifier(channel)] else { return .success(()) }
            do throws(MethodError) {
                return .success(try state.admission.loggedIn(number, as: party))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
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

/// A value that is set once and may be awaited by many.
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
