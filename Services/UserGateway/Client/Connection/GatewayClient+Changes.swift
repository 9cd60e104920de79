// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization
internal import UserGatewayCore

extension GatewayClient {
    /// The pause between two looks at a change that is under way.
    private static let pause = Duration.milliseconds(500)
    /// How many looks to wait for a host that takes the change: ten seconds.
    private static let looksWithoutTaker = 20

    /// Orders a change of a VM and follows it to its end, unless it should not wait.
    ///
    /// - Returns: the method's answer, updated with the change's end.
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
            // No instance is there to take it, and the client does not wait for one that is away.
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
        if latest["state"] == "failed" { throw ClientFailure(operation: latest, of: MethodRegistry.ebb[method]) }
        let progress = (latest.members ?? [:]).filter { ["state", "host", "vcpus", "message"].contains($0.key) }
        return .object((begun.members ?? [:]).merging(progress) { _, new in new })
    }
}

extension ClientFailure {
    /// The failure of a change, as `operation.show` returns it.
    /// - Parameter definition: the method that asked for it.
    init(operation: JSONValue, of definition: MethodDefinition?) {
        let reason = operation["reason"]?.text.flatMap(ErrorReason.init) ?? .unavailable
        self.init(MethodError(reason, operation["message"]?.text ?? "it failed").rpcError, of: definition)
    }
}

/// The line on a terminal that shows how far a change is; nothing is written if there is no terminal.
final class ProgressLine: Sendable {
    private struct State {
        var command: String?
        var what = ""
        var isShown = false

        /// How to follow a change that goes on.
        var remedy: String { "goes on; follow it with 'ebb operation show \(command ?? "")'" }
    }

    private let state = Mutex(State())
    private let surroundings = Surroundings.current

    /// Runs `body` in a session; if that takes too long, fails with how to follow the change.
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

    /// Clears the terminal's line.
    private static let erasure: SafeText = "\r\u{1B}[K"

    /// Clears the line at the end.
    func end() {
        let wasShown = state.withLock { state in
            defer { state.isShown = false }
            return state.isShown
        }
        surroundings.interruption.say(nil)
        if wasShown { surroundings.writeError(Self.erasure) }
    }
}
