// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization
internal import UserGatewayCore

/// Ends sessions whose token is not valid any more: revoked, expired, or its principal disabled, by anybody and on any
/// gateway. All open sessions are checked together, with one query, many times a minute.
final class SessionWatch: Sendable {
    private struct Session {
        let login: Login
        let end: @Sendable (MethodError) -> Void
    }

    private struct State {
        var sessions: [ObjectIdentifier: Session] = [:]
        /// When the last completed check began.
        var checkedAt = ContinuousClock.now
        /// The check that is under way; it returns `nil` if it succeeds.
        var check: Task<MethodError?, Never>?
    }

    private let methods: any GatewayMethods
    private let state = Mutex(State())

    init(_ methods: any GatewayMethods) { self.methods = methods }

    /// Watches a session from now on. `end` is called at most once, with the error for its client.
    func enter(_ id: ObjectIdentifier, _ login: Login, end: @escaping @Sendable (MethodError) -> Void) {
        state.withLock { $0.sessions[id] = Session(login: login, end: end) }
    }

    func leave(_ id: ObjectIdentifier) { state.withLock { $0.sessions[id] = nil } }

    /// Checks repeatedly until cancelled.
    func run(every interval: Duration) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            _ = await check().value
        }
    }

    /// Checks now unless the last check is younger than `age`. Returns why it can't be found out whether sessions are
    /// still valid; `nil`: that is known, and invalid sessions have been ended.
    ///
    /// - Parameter limit: how long the check may take.
    func doubt(olderThan age: Duration, within limit: Duration) async -> MethodError? {
        guard state.withLock({ ContinuousClock.now - $0.checkedAt > age }) else { return nil }
        let check = check()
        let late = MethodError(
            .unavailable, "whether this session still holds could not be looked up within \(limit)", hint: "try again",
            retryAfterMilliseconds: 1_000)
        guard let found = await promptly(within: limit, { await check.value }) else { return late }
        return found
    }

    private func check() -> Task<MethodError?, Never> {
        state.withLock { state in
            if let check = state.check { return check }
            let check = Task { await self.look() }
            state.check = check
            return check
        }
    }

    private func look() async -> MethodError? {
        let begun = ContinuousClock.now
        let tokens = Set(state.withLock { $0.sessions.values.map(\.login.tokenID) })
        var ended: [UUID128: MethodError] = [:]
        var failure: MethodError?
        do throws(MethodError) {
            if !tokens.isEmpty { ended = try await methods.ended(tokens.sorted()) }
        } catch {
            failure = error
        }
        let over = state.withLock { state -> [(Session, MethodError)] in
            state.check = nil
            if failure == nil { state.checkedAt = begun }
            var over: [(Session, MethodError)] = []
            for (id, session) in state.sessions {
                guard let error = ended[session.login.tokenID] ?? Self.expiry(of: session.login) else { continue }
                over.append((session, error))
                state.sessions[id] = nil
            }
            return over
        }
        for (session, error) in over { session.end(error) }
        return failure
    }

    /// A token expires by the clock, also while the database can't be asked.
    private static func expiry(of login: Login) -> MethodError? {
        login.ends <= .now ? .sessionEnded("its token has expired") : nil
    }
}

extension MethodError {
    /// The error for a session whose token is not valid any more.
    static func sessionEnded(_ reason: String) -> MethodError {
        MethodError(.denied, "this session has ended: \(reason)", hint: "log in with another token")
    }
}

/// What `body` returns, if it returns within `limit`; otherwise `nil` at that moment, while `body` goes on without a
/// waiter.
func promptly<Value: Sendable>(
    within limit: Duration, _ body: @escaping @Sendable () async -> Value
) async -> Value? {
    let (stream, continuation) = AsyncStream<Value>.makeStream(bufferingPolicy: .bufferingOldest(1))
    let work = Task {
        continuation.yield(await body())
        continuation.finish()
    }
    let timer = Task {
        try? await Task.sleep(for: limit)
        continuation.finish()
    }
    defer {
        work.cancel()
        timer.cancel()
    }
    return await stream.first { _ in true }
}
