// SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ
internal import Execution
internal import Foundation
internal import Glibc
internal import Synchronization

/// The executor of all actors of one bus: one thread whose idle wait is `zmq_poll` over their sockets and a wake-up
/// descriptor. Sockets and actor jobs share it, so no socket is ever touched by another thread.
///
/// The thread ends when the last reference goes: an actor on it keeps it alive, hence no job is ever left unrun. The
/// sockets that are left then are closed on the thread, with the context.
final class ZeroMQReactor: SerialExecutor {
    private let loop: ReactorLoop

    init(name: String, configuration: BusConfiguration) throws(BusError) {
        loop = try ReactorLoop(configuration: configuration)
        loop.start(name: name, owner: self)
    }

    deinit { loop.stop() }

    func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job)) }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    func checkIsolated() { loop.requireOwnThread() }

    /// The sockets. Traps off the reactor's thread.
    var sockets: SocketTable { loop.confined.sockets }

    /// Calls `action` on the reactor's thread about four times per heartbeat, until it is removed. Traps off the thread.
    func addTicker(_ action: @escaping () -> Void) -> Int { loop.confined.addTicker(action) }

    /// Runs `action` on the reactor's thread soon; it costs less than a task. Dropped when the reactor goes.
    func schedule(_ action: @escaping @Sendable () -> Void) { loop.schedule(action) }

    func removeTicker(_ ticker: Int) { loop.confined.tickers[ticker] = nil }

    /// Time since the reactor began, by a monotonic clock.
    var now: Duration { loop.now }
}

/// What only the reactor's thread touches.
private final class Confined {
    let sockets: SocketTable
    var tickers: [Int: () -> Void] = [:]
    private var lastTicker = 0

    init(sockets: SocketTable) { self.sockets = sockets }

    func addTicker(_ action: @escaping () -> Void) -> Int {
        lastTicker += 1
        tickers[lastTicker] = action
        return lastTicker
    }
}

private final class ReactorLoop: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var actions: [@Sendable () -> Void] = []
        /// Whether the loop was woken and has not looked yet: a second signal would be a needless system call.
        var isSignalled = false
        var isStopped = false
        var thread: UInt64 = 0
        weak var owner: ZeroMQReactor?
    }

    private let state = Mutex(State())
    private let wake: Int32
    private let origin = ContinuousClock.now
    private let tickInterval: Duration
    // Sound: `confined` is the only way to it and traps on any thread but the loop's own.
    private nonisolated(unsafe) let unguarded: Confined

    init(configuration: BusConfiguration) throws(BusError) {
        Self.keepStandardDescriptors()
        wake = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wake >= 0 else { throw .last("eventfd") }
        tickInterval = max(.milliseconds(5), configuration.heartbeatInterval / 4)
        do {
            unsafe unguarded = Confined(sockets: try SocketTable(wake: wake, configuration: configuration))
        } catch {
            _ = close(wake)
            throw error
        }
    }

    var confined: Confined {
        requireOwnThread()
        return unsafe unguarded
    }

    var now: Duration { origin.duration(to: .now) }

    func requireOwnThread() {
        precondition(state.withLock { $0.thread } == currentThreadID(), "not on the reactor's thread")
    }

    func start(name: String, owner: ZeroMQReactor) {
        state.withLock { $0.owner = owner }
        startThread(named: name) { [self] in run() }
    }

    func enqueue(_ job: UnownedJob) { add { $0.jobs.append(job) } }

    func schedule(_ action: @escaping @Sendable () -> Void) { add { $0.actions.append(action) } }

    private func add(_ work: (inout State) -> Void) {
        let mustSignal = state.withLock { state in
            work(&state)
            // The loop's own thread looks for work before it sleeps.
            guard !state.isSignalled, state.thread != currentThreadID() else { return false }
            state.isSignalled = true
            return true
        }
        if mustSignal { signal() }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        signal()
    }

    private func signal() {
        var one: UInt64 = 1
        _ = unsafe write(wake, &one, 8)
    }

    private func run() {
        state.withLock { $0.thread = currentThreadID() }
        var nextTick = now
        while true {
            let isIdle = state.withLock { $0.jobs.isEmpty && $0.actions.isEmpty }
            let pause = isIdle ? max(.zero, nextTick - now).wholeMilliseconds : 0
            if confined.sockets.poll(milliseconds: pause) {
                var count: UInt64 = 0
                _ = unsafe read(wake, &count, 8)
            }
            guard runJobs() else { break }
            confined.sockets.dispatch()
            // A job that a reply has just made ready need not wait for another poll.
            guard runJobs() else { break }
            guard now >= nextTick else { continue }
            nextTick = now + tickInterval
            for ticker in confined.tickers.keys.sorted() { confined.tickers[ticker]?() }
        }
        confined.tickers = [:]
        confined.sockets.shutDown()
        _ = close(wake)
    }

    /// Runs what is queued; `false` when the reactor is gone.
    private func runJobs() -> Bool {
        let (jobs, actions, owner, isStopped) = state.withLock { state in
            defer { (state.jobs, state.actions, state.isSignalled) = ([], [], false) }
            return (state.jobs, state.actions, state.owner, state.isStopped)
        }
        guard let owner else {
            // A queued job holds its actor, and the actor the reactor.
            precondition(jobs.isEmpty, "\(jobs.count) jobs outlived their reactor")
            return !isStopped
        }
        for job in jobs { unsafe job.runSynchronously(on: owner.asUnownedSerialExecutor()) }
        for action in actions { action() }
        return true
    }

    /// libzmq writes to standard error before it aborts, and aborts when that is closed; a socket must never get 0, 1
    /// or 2.
    private static func keepStandardDescriptors() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }
}
