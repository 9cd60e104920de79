// SPDX-License-Identifier: Apache-2.0

internal import Execution
internal import ResourceModel
internal import Synchronization

/// One libvirt connection that is opened when it is first needed and again after it broke or hung, with back-off.
final class LibvirtLink: Sendable {
    /// Holds a connection. Only jobs of one worker thread use it, so the blocking open and close run there, and a hung
    /// call keeps its connection to itself.
    private final class Seat: Sendable {
        let connection = Mutex<LibvirtConnection?>(nil)
    }

    private struct BackOff {
        var notBefore = ContinuousClock.now
        var next: Duration
        var reason = ""
    }

    private let uri: String
    private let hub: EventHub?
    private let cache: DefinitionCache
    private let limits: LibvirtLimits
    /// Whether there is a connection, as far as is known.
    private let isOpen = Mutex(false)
    private let worker: SerialWorker<Seat>
    private let backOff: Mutex<BackOff>

    /// - Parameters:
    ///   - name: of the thread.
    ///   - hub: gets the host's events while the connection is open.
    ///   - cache: the known definitions of the host's domains.
    init(
        name: String, uri: String, hub: EventHub? = nil, cache: DefinitionCache = DefinitionCache(),
        limits: LibvirtLimits
    ) {
        self.uri = uri
        self.hub = hub
        self.cache = cache
        self.limits = limits
        worker = SerialWorker(name: name) { Seat() }
        backOff = Mutex(BackOff(next: limits.backOff))
    }

    /// Runs `body` with an open connection on the link's thread, after all earlier calls.
    ///
    /// - Parameters:
    ///   - mutates: whether a call that is cut off may have changed something; it then fails as `.deadline`, even if
    ///     the connection broke.
    ///   - rests: whether the next call waits after a call that overran; if not, it opens a new connection at once. A
    ///     call that got no connection is always followed by a rest.
    ///   - steps: counts the host's answers: `timeout` is the time until the next answer, not for the whole call.
    func call<Value: Sendable>(
        _ operation: String, timeout: Duration, mutates: Bool = false, rests: Bool = true,
        steps: StepCount = StepCount(), _ body: @escaping @Sendable (LibvirtConnection) throws(HypervisorError) -> Value
    ) async throws(HypervisorError) -> Value {
        try admit(operation)
        let hasBegun = Flag()
        let outcome: Result<Value, HypervisorError>
        do throws(SerialWorker<Seat>.Failure) {
            outcome = try await worker.run(timeout: timeout, steps: steps) { [self] seat in
                seat.connection.withLock { slot in
                    run(operation, in: &slot, mutates: mutates, hasBegun: hasBegun, steps, body)
                }
            }
        } catch {
            if error == .deadline { note(isOpen: false) }
            throw failure(error, operation, hasBegun: hasBegun.isRaised, rests: rests)
        }
        return try outcome.get()
    }

    /// Opens the connection if there is none, so that the time for it is not taken from the next call's time.
    func open() async throws(HypervisorError) {
        guard !isOpen.withLock({ $0 }) else { return }
        try await call("connect", timeout: limits.callTimeout) { _ in }
    }

    /// Drops the connection, as if it had broken; the next call opens another one.
    func breakConnection() async {
        _ = try? await worker.run(timeout: limits.callTimeout) { [self] seat in
            seat.connection.withLock { slot in
                drop(&slot, reason: "it was dropped")
                note(isOpen: false)
            }
        }
    }

    /// Closes the connection; a connection that hangs is given up.
    func close() async {
        await worker.close(timeout: .seconds(1)) { seat in seat.connection.withLock { $0 = nil } }
    }

    /// The job on the link's thread.
    private func run<Value>(
        _ operation: String, in slot: inout LibvirtConnection?, mutates: Bool, hasBegun: Flag, _ steps: StepCount,
        _ body: (LibvirtConnection) throws(HypervisorError) -> Value
    ) -> Result<Value, HypervisorError> {
        defer { note(isOpen: slot != nil) }
        if let connection = slot, !connection.handle.isAlive() { drop(&slot, reason: "the connection broke") }
        let connection: LibvirtConnection
        do throws(HypervisorError) {
            if let open = slot {
                connection = open
            } else {
                // Changes that were made while nobody listened were not reported.
                if hub != nil { cache.markAllStale() }
                connection = try LibvirtConnection(uri: uri, hub: hub, cache: cache, limits: limits, steps: steps)
            }
        } catch {
            rest(reason: error.message)
            return .failure(error)
        }
        slot = connection
        backOff.withLock { $0 = BackOff(next: limits.backOff) }
        hasBegun.raise()
        do throws(HypervisorError) {
            return .success(try body(connection))
        } catch {
            if connection.handle.isAlive() { return .failure(error) }
            drop(&slot, reason: error.message)
            let text = "the connection broke during the call: \(error.message)"
            return .failure(HypervisorError(mutates ? .deadline : .unreachable, operation: operation, message: text))
        }
    }

    private func note(isOpen isThere: Bool) { isOpen.withLock { $0 = isThere } }

    private func drop(_ slot: inout LibvirtConnection?, reason: String) {
        slot = nil
        hub?.connectionLost(reason: reason)
    }

    private func admit(_ operation: String) throws(HypervisorError) {
        let (wait, reason) = backOff.withLock { ($0.notBefore - .now, $0.reason) }
        guard wait <= .zero else {
            throw HypervisorError(
                .unreachable, operation: operation, message: "\(reason) (not tried again for another \(wait))")
        }
    }

    /// Doubles the time until the next attempt.
    private func rest(reason: String) {
        backOff.withLock { backOff in
            backOff.notBefore = .now + backOff.next
            backOff.next = min(backOff.next * 2, limits.backOffMaximum)
            backOff.reason = reason
        }
    }

    private func failure(
        _ failure: SerialWorker<Seat>.Failure, _ operation: String, hasBegun: Bool, rests: Bool
    ) -> HypervisorError {
        switch failure {
        case .deadline:
            let text = hasBegun ? "no answer by the deadline" : "no connection by the deadline"
            if rests || !hasBegun { rest(reason: text) }
            hub?.connectionLost(reason: text)
            return HypervisorError(hasBegun ? .deadline : .unreachable, operation: operation, message: text)
        case .busy:
            return HypervisorError(
                .unreachable, operation: operation, message: "earlier calls to the host took all the time")
        case .hung(let count):
            return HypervisorError(
                .unreachable, operation: operation, message: "\(count) earlier calls to the host have not returned yet")
        case .closed:
            return HypervisorError(.closed, operation: operation, message: "the connection was closed")
        }
    }
}

/// Can be set once.
private final class Flag: Sendable {
    private let state = Mutex(false)
    var isRaised: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}
