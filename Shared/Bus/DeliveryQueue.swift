// SPDX-License-Identifier: Apache-2.0

internal import DequeModule
internal import Synchronization

/// Hands deliveries from the reactor to one consumer. Bounded by its producer, who stops reading while it is full.
final class DeliveryQueue: Sendable {
    private struct State {
        var items: Deque<Delivery> = []
        var waiter: CheckedContinuation<Delivery?, Never>?
        var isFinished = false
        var isFull = false
    }

    private let capacity: Int
    private let state = Mutex(State())
    private let roomAgain: Mutex<(@Sendable () -> Void)?> = Mutex(nil)

    init(capacity: Int) { self.capacity = max(1, capacity) }

    /// The consumer's end. When its task is cancelled, the queue is finished.
    var stream: AsyncStream<Delivery> {
        AsyncStream {
            await self.next()
        } onCancel: {
            self.finish(discarding: true)
        }
    }

    /// Whether `push` is welcome.
    var hasRoom: Bool { state.withLock { $0.items.count < capacity } }

    /// Sets what is called, once each time, when a full queue is half empty again.
    func onRoom(_ action: @escaping @Sendable () -> Void) { roomAgain.withLock { $0 = action } }

    /// Adds deliveries; `false` if the queue is now full: add no more until `onRoom`.
    func push(_ deliveries: [Delivery]) -> Bool {
        let (waiter, first, hasRoom) = state.withLock { state in
            if !state.isFinished { state.items.append(contentsOf: deliveries) }
            guard let waiter = state.waiter, let first = state.items.popFirst() else {
                state.isFull = state.items.count >= capacity
                return (nil as CheckedContinuation<Delivery?, Never>?, nil as Delivery?, !state.isFull)
            }
            state.waiter = nil
            state.isFull = state.items.count >= capacity
            return (waiter, first, !state.isFull)
        }
        waiter?.resume(returning: first)
        return hasRoom
    }

    /// Ends the stream: after the deliveries that wait in it, or at once.
    func finish(discarding: Bool = false) {
        let waiter = state.withLock { state in
            state.isFinished = true
            if discarding { state.items = [] }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }

    private func next() async -> Delivery? {
        await withCheckedContinuation { continuation in
            let (answer, isAnswered, hasRoomAgain) = state.withLock { state in
                if let item = state.items.popFirst() {
                    let hasRoomAgain = state.isFull && state.items.count <= capacity / 2
                    if hasRoomAgain { state.isFull = false }
                    return (item as Delivery?, true, hasRoomAgain)
                }
                if state.isFinished { return (nil as Delivery?, true, false) }
                precondition(state.waiter == nil, "deliveries have one consumer")
                state.waiter = continuation
                return (nil as Delivery?, false, false)
            }
            if isAnswered { continuation.resume(returning: answer) }
            if hasRoomAgain { roomAgain.withLock { $0 }?() }
        }
    }
}
