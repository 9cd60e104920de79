// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import ServiceKit
internal import Synchronization

/// Lets many tasks sleep on one timer. Tasks that are due within the same ten milliseconds wake together: with a
/// thousand hosts, a timer and a change of threads for each would cost more than reading them.
final class Pacer: Sendable {
    private struct State {
        var sleepers: [Int64: [UInt64: CheckedContinuation<Void, Never>]] = [:]
        /// Tasks that were cancelled before they slept.
        var cancelled: Set<UInt64> = []
        var lastNumber: UInt64 = 0
        /// The instant that the timer is set for.
        var due: Int64?
        var timer: Task<Void, Never>?
    }

    private static let grain: Int64 = 10_000_000
    private let state = Mutex(State())

    /// Returns at the instant (of the boot clock, in nanoseconds) or up to ten milliseconds later; at once when the
    /// task is cancelled.
    func sleep(until instant: Int64) async {
        let slot = (instant + Self.grain - 1) / Self.grain * Self.grain
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if !lay(continuation, number, slot) { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                guard let continuation = state.sleepers[slot]?.removeValue(forKey: number) else {
                    state.cancelled.insert(number)
                    return nil as CheckedContinuation<Void, Never>?
                }
                return continuation
            }?.resume()
        }
        state.withLock { _ = $0.cancelled.remove(number) }
    }

    func sleep(for duration: Duration) async {
        await sleep(until: ClusterClock.bootTimeNanoseconds() + duration.wholeNanoseconds)
    }

    /// Registers a sleeper; `false` if it was cancelled meanwhile.
    private func lay(_ continuation: CheckedContinuation<Void, Never>, _ number: UInt64, _ slot: Int64) -> Bool {
        state.withLock { state in
            guard state.cancelled.remove(number) == nil else { return false }
            state.sleepers[slot, default: [:]][number] = continuation
            if state.due.map({ slot < $0 }) ?? true { setTimer(for: slot, &state) }
            return true
        }
    }

    private func setTimer(for slot: Int64, _ state: inout State) {
        state.timer?.cancel()
        state.due = slot
        let pause = Duration.nanoseconds(max(0, slot - ClusterClock.bootTimeNanoseconds()))
        state.timer = Task { [weak self] in
            try? await Task.sleep(for: pause)
            if !Task.isCancelled { self?.wake() }
        }
    }

    private func wake() {
        let now = ClusterClock.bootTimeNanoseconds()
        let woken = state.withLock { state in
            let slots = state.sleepers.keys.filter { $0 <= now }.sorted()
            let woken = slots.flatMap { state.sleepers.removeValue(forKey: $0)?.map(\.value) ?? [] }
            state.due = nil
            if let next = state.sleepers.keys.min() { setTimer(for: next, &state) }
            return woken
        }
        for continuation in woken { continuation.resume() }
    }
}
