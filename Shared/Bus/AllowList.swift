// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The CURVE public keys that may talk to this instance: the keys that live instances registered.
///
/// A key that is not listed is not refused for good: it gets *try again*, and the list is refreshed at once, because
/// the newcomer may have registered after the last look.
package final class AllowList: Sendable {
    /// Reads the list anew; `nil` if it can't be read now: the old list stays.
    package typealias Refresh = @Sendable () async -> Set<String>?

    private struct State {
        var keys: Set<String>
        var removals = 0
        var isRefreshing = false
        var lastRefresh: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let refresh: Refresh?
    private let minimumRefreshInterval: Duration

    /// - Parameter minimumRefreshInterval: limits what a stranger costs who connects without pause.
    package init(
        _ keys: Set<String> = [], minimumRefreshInterval: Duration = .milliseconds(200), refresh: Refresh? = nil
    ) {
        state = Mutex(State(keys: keys))
        self.minimumRefreshInterval = minimumRefreshInterval
        self.refresh = refresh
    }

    package func contains(_ key: String) -> Bool { state.withLock { $0.keys.contains(key) } }

    /// Replaces the list. A peer that is no longer on it is cut off within a heartbeat.
    package func replace(with keys: Set<String>) {
        state.withLock { state in
            if !state.keys.isSubset(of: keys) { state.removals += 1 }
            state.keys = keys
        }
    }

    /// Counts the times that keys were removed.
    var removals: Int { state.withLock { $0.removals } }

    /// Starts a refresh, unless one is under way or the last one was less than the minimum interval ago.
    ///
    /// - Returns: whether it started one.
    func requestRefresh() -> Bool {
        guard let refresh else { return false }
        let pause: Duration? = state.withLock { state in
            guard !state.isRefreshing else { return nil }
            state.isRefreshing = true
            return state.lastRefresh.map { max(.zero, minimumRefreshInterval - $0.duration(to: .now)) } ?? .zero
        }
        guard let pause else { return false }
        Task { [self] in
            if pause > .zero { try? await Task.sleep(for: pause) }
            let keys = await refresh()
            if let keys { replace(with: keys) }
            state.withLock { state in
                state.isRefreshing = false
                state.lastRefresh = .now
            }
        }
        return true
    }
}
