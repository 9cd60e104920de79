// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization
internal import UserGatewayCore

extension GatewayClient {
    /// How long between two looks at a change that goes on.
    private static let pause = Duration.milliseconds(500)
    /// Ten seconds of them.
    private static let looksWithoutTaker = 20

    /// Has a VM changed and follows the change to its end, unless told not to wait.
    ///
    /// - Returns: the method's answer, with what the end adds to it.
    /// - Throws: the reason why the change failed.
    mutating func change(
        _ method: String, _ parameters: [String: JSONValue], _ waiting: WaitOptions, _ progress: ProgressLine
    ) async throws -> JSONValue {
        let begun = try await call(method, parameters.merging(["wait": false]) { _, new in new })
        guard !waiting.noWait, let command = begun["command"]?.text else { return begun }
        var latest = begun
        var looks = 0
        while latest["state"] == "queued" || latest["state"] == "claimed" {
            progress.show(latest, command: command)
            // Nobody is there to take it, and nobody waits for one that is away.
            if latest["state"] == "queued", let why = latest["message"]?.text {
                looks += 1
                if looks == Self.looksWithoutTaker {
                    progress.end()
                    throw ClientFailure(.retryable, "it was not begun: \(why); see 'ebb operation show \(command)'")
                }
            }
            try await Task.sleep(for: Self.pause)
            latest = try await call("operation.show", ["id": .string(command)])
        }
        progress.end()
        if latest["state"] == "failed" { throw ClientFailure(operation: latest) }
        let news = (latest.members ?? [:]).filter { ["state", "host", "vcpus", "message"].contains($0.key) }
        return .object((begun.members ?? [:]).merging(news) { _, new in new })
    }
}

extension ClientFailure {
    /// A change that failed, as `operation.show` tells it.
    init(operation: JSONValue) {
        let reason = operation["reason"]?.text.flatMap(ErrorReason.init) ?? .unavailable
        self.init(MethodError(reason, operation["message"]?.text ?? "it failed").rpcError)
    }
}

/// The line of a terminal that says how far a change is; on anything else nothing is written.
final class ProgressLine: Sendable {
    private struct State {
        var command: String?
        var what = ""
        var isShown = false

        /// How to look at what goes on.
        var remedy: String { "goes on; follow it with 'ebb operation show \(command ?? "")'" }
    }

    private let state = Mutex(State())
    private let surroundings = Surroundings.current

    /// Runs `body` in a session; where that takes too long, says how to follow what goes on.
    func following<Value: Sendable>(
        _ settings: ConnectionSettings, _ body: @escaping @Sendable (inout GatewayClient) async throws -> Value
    ) async throws -> Value {
        do {
            return try await GatewayClient.withSession(settings, body)
        } catch let failure as ClientFailure {
            end()
            let state = state.withLock { $0 }
            guard failure.code == .timedOut, state.command != nil else { throw failure }
            throw ClientFailure(
                .timedOut, "\(state.what) did not end within \(settings.timeout) and \(state.remedy)")
        }
    }

    func show(_ operation: JSONValue, command: String) {
        let what = "\(operation["vm"]?.text ?? "-"): \(operation["action"]?.text ?? "-")"
        let share = operation["progressPpm"]?.integer.map { " " + Humanize.share($0) } ?? ""
        let isQueued = operation["state"] == "queued"
        let text = operation["progress"]?.text ?? (isQueued ? operation["message"]?.text ?? "waits for its host" : "")
        let isShown = surroundings.isTerminal
        let state = State(command: command, what: what, isShown: isShown)
        self.state.withLock { $0 = state }
        let end: SafeText = isShown ? Self.erasure : ""
        surroundings.interruption.say("\(end)ebb: \(state.what) \(state.remedy)")
        guard isShown else { return }
        let line = SafeText(line: what + share + (text.isEmpty ? "" : " (\(text))"))
        surroundings.writeError(Self.erasure + line.prefix(max(10, surroundings.width - 1)))
    }

    /// Takes away what stands on the terminal's line.
    private static let erasure: SafeText = "\r\u{1B}[K"

    /// Takes the line away again.
    func end() {
        let wasShown = state.withLock { state in
            defer { state.isShown = false }
            return state.isShown
        }
        surroundings.interruption.say(nil)
        if wasShown { surroundings.writeError(Self.erasure) }
    }
}
