// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Notices when the threads that serve clients are so busy that nobody is answered: the rest of the process goes on then,
/// and would say that all is well.
final class LoopWatch: Sendable {
    private let limit: Duration
    private let interval: Duration
    private let loops: [any EventLoop]
    private let answeredAt: Mutex<[ContinuousClock.Instant]>

    /// - Parameters:
    ///   - limit: after this time without an answer the gateway serves nobody.
    ///   - interval: how often the threads are asked.
    init(
        _ group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, limit: Duration = .seconds(5),
        interval: Duration = .seconds(1)
    ) {
        (self.limit, self.interval) = (limit, interval)
        loops = Array(group.makeIterator())
        answeredAt = Mutex(loops.map { _ in .now })
    }

    /// Whether every thread has answered within the limit.
    var isServing: Bool { silence <= limit }

    /// For how long the busiest thread has not answered, at least.
    var silence: Duration {
        let now = ContinuousClock.now
        return answeredAt.withLock { $0.map { now - $0 }.max() } ?? .zero
    }

    /// Asks the threads until cancelled, and says each time what is wrong.
    func run(_ report: @Sendable (String?) -> Void) async {
        while !Task.isCancelled {
            for (index, loop) in loops.enumerated() {
                loop.execute { [self] in answeredAt.withLock { $0[index] = .now } }
            }
            try? await Task.sleep(for: interval)
            report(
                isServing
                    ? nil : "no client has been answered for \(silence.components.seconds) s: the gateway is too busy")
        }
    }
}
