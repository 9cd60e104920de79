// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization

/// Whether a connection to a simulated host was closed, and who waits for that.
final class FleetConnectionEnd: Sendable {
    private struct State {
        var isClosed = false
        var waiting: [AsyncStream<HypervisorEvent>.Continuation] = []
    }

    private let state = Mutex(State())
    private static let origin = ContinuousClock.now

    /// This process' monotonic clock, from an arbitrary origin.
    static var monotonicNanoseconds: Int64 { origin.duration(to: .now).wholeNanoseconds }

    deinit { close() }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// A stream without events that finishes at `close`.
    func events() -> AsyncStream<HypervisorEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: HypervisorEvent.self)
        let isClosed = state.withLock { state in
            if !state.isClosed { state.waiting.append(continuation) }
            return state.isClosed
        }
        if isClosed { continuation.finish() }
        return stream
    }

    func close() {
        let waiting = state.withLock { state in
            let waiting = state.waiting
            state.isClosed = true
            state.waiting = []
            return waiting
        }
        for continuation in waiting { continuation.finish() }
    }
}
