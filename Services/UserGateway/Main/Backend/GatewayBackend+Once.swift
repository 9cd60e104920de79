// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import Logging
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// A request that changes something is carried out once for each idempotency key, and its repeats get the same answer.
// This wraps the handlers of all methods that the registry declares as mutations.
extension GatewayBackend {
    /// How long it takes at most to end a call that was cancelled.
    private static let endingTime = Duration.seconds(5)

    func once(
        _ request: Request, _ definition: MethodDefinition, _ handler: @escaping Handler
    ) async throws(MethodError) -> JSONValue {
        guard request.text("idempotencyKey") != nil else { return try await handler(request) }
        let attempt = attempt(request)
        while true {
            switch try await claim(attempt, definition) {
            case .begun: return try await act(request.acting(attempt), definition, handler)
            case nil: return try await handler(request)
            case .other:
                throw MethodError(
                    .conflict, "idempotency key '\(attempt.key)' was used for another request", hint: "use a new key")
            case .answered(let text, let secret):
                let answer = try Self.kept(text)
                return try await upToDate(answer, definition, request, secret: secret)
            case .acted(let isHeld):
                if let command = try await command(of: request) {
                    return try await result(of: command, name: name(of: command, request), request)
                }
                guard isHeld else {
                    throw MethodError(
                        .outcomeUnknown, "it was done under idempotency key '\(attempt.key)', and its answer was lost",
                        hint: "look at what it was to change")
                }
                try await pause(for: attempt, request)
            case .underWay: try await pause(for: attempt, request)
            }
        }
    }

    /// Deletes expired keys, a few at a time, until cancelled.
    func forgetKeys() async {
        while !Task.isCancelled {
            let count = (try? await RequestKeyRepository(store).forgetExpired(at: runtime.clock.now())) ?? 0
            try? await Task.sleep(for: count > 0 ? .milliseconds(100) : .seconds(10))
        }
    }

    private func attempt(_ request: Request) -> RequestAttempt {
        var generator = SystemRandomNumberGenerator()
        let now = runtime.clock.now()
        // Two sessions that log out each mean their own token.
        let session = request.method == "session.logout" ? request.context.login?.tokenID.description ?? "" : ""
        return RequestAttempt(
            principal: request.principal.id, key: request.idempotencyKey,
            body: SHA256.hash("\(request.method)\n\(request.given.line)\(session)"),
            secret: UUID128.random(using: &generator).bytes + UUID128.random(using: &generator).bytes,
            heldUntil: now.advanced(by: request.timeout + Self.endingTime),
            expiresAt: now.advanced(by: MethodDefinition.keyLifetime))
    }

    /// `nil` if the key can't be had at once and the request is urgent: it does not wait.
    private func claim(
        _ attempt: RequestAttempt, _ definition: MethodDefinition
    ) async throws(MethodError) -> RequestKeyState? {
        let keys = RequestKeyRepository(store)
        guard definition.weight == .urgent else {
            return try await reading { try await keys.claim(attempt, at: runtime.clock.now()) }
        }
        let (now, limit) = (runtime.clock.now(), Duration.milliseconds(200))
        return await promptly(within: limit) { try? await keys.claim(attempt, at: now) } ?? nil
    }

    /// Waits a moment for the other request with this key; gives up its place meanwhile, since the other one may need
    /// it.
    private func pause(for attempt: RequestAttempt, _ request: Request) async throws(MethodError) {
        guard request.timeout > .milliseconds(100), !Task.isCancelled else {
            throw MethodError(
                .busy, "the first request with idempotency key '\(attempt.key)' is under way", hint: "try again",
                retryAfterMilliseconds: 1_000)
        }
        await request.context.waiting { () async -> Void in try? await Task.sleep(for: .milliseconds(50)) }
    }

    /// Acts under the key, and keeps the answer. A failure that a retry may overcome is not kept: the key is free again
    /// then, unless the request was carried out after all.
    private func act(
        _ request: Request, _ definition: MethodDefinition, _ handler: Handler
    ) async throws(MethodError) -> JSONValue {
        do throws(MethodError) {
            let answer = try await handler(request)
            let members = (answer.members ?? [:]).filter { !definition.secrets.contains($0.key) }
            await end(request, keeping: ["result": .object(members)])
            return answer
        } catch {
            await end(request, keeping: error.isFinal ? ["error": error.seen(by: request.principal).kept] : nil)
            throw error
        }
    }

    /// Ends the attempt in a task of its own: if the call was cancelled, its own queries would fail.
    private func end(_ request: Request, keeping answer: JSONValue?) async {
        guard let attempt = request.attempt else { return }
        let keys = RequestKeyRepository(store)
        let ending = Task { [log = runtime.log] in
            do throws(StoreError) {
                if let answer { try await keys.keep(answer.line, of: attempt) } else { try await keys.release(attempt) }
            } catch {
                log.warning(
                    "what a request came to could not be kept",
                    metadata: ["method": "\(request.method)", "error": "\(error)"])
            }
        }
        await ending.value
    }

    /// The kept answer, or throws the kept failure.
    private static func kept(_ text: String) throws(MethodError) -> JSONValue {
        let answer = try JSONValue.decoded(text.utf8)
        if let error = answer["error"] { throw MethodError(kept: error) }
        return answer["result"] ?? [:]
    }

    /// A kept answer, brought up to date, and with its secret.
    private func upToDate(
        _ answer: JSONValue, _ definition: MethodDefinition, _ request: Request, secret: [UInt8]
    ) async throws(MethodError) -> JSONValue {
        if !definition.secrets.isEmpty { return try await revealed(answer, request, secret: secret) }
        guard answer["command"] != nil, let command = try await command(of: request) else { return answer }
        var name = answer["vm"]?.text
        if name == nil { name = try await self.name(of: command, request) }
        let latest = try await result(of: command, name: name ?? "-", request)
        return .object((answer.members ?? [:]).merging(latest.members ?? [:]) { _, new in new })
    }

    /// The command that a request with this key has given.
    private func command(of request: Request) async throws(MethodError) -> CommandRecord? {
        try await reading {
            try await CommandRepository(store).fetch(
                principal: request.principal.name, idempotencyKey: request.idempotencyKey)
        }
    }

    /// The name of a command's VM for the caller; a new VM has no row yet, and its name is in the command.
    private func name(of command: CommandRecord, _ request: Request) async throws(MethodError) -> String {
        let id = command.command.domain
        if let name = try await names(of: [id], for: request)[id] { return name }
        return try JSONValue.decoded(command.command.arguments.utf8)["name"]?.text ?? id.description
    }
}

extension Request {
    fileprivate func acting(_ attempt: RequestAttempt) -> Request {
        var request = self
        request.attempt = attempt
        return request
    }
}

extension MethodError {
    /// Whether the same request would fail in the same way again.
    fileprivate var isFinal: Bool {
        switch reason {
        case .notFound, .invalid, .denied, .conflict: true
        case .busy, .unavailable, .outcomeUnknown, .noRoom, .quota, .internal: false
        }
    }

    fileprivate var kept: JSONValue {
        .object(omittingNil: [
            "reason": .string(reason.rawValue), "message": .string(message), "hint": hint.map { .string($0) },
        ])
    }

    fileprivate init(kept error: JSONValue) {
        self.init(
            error["reason"]?.text.flatMap(ErrorReason.init) ?? .internal, error["message"]?.text ?? "it failed",
            hint: error["hint"]?.text)
    }

    static func overQuota(_ message: String) -> MethodError {
        MethodError(
            .quota, message, hint: "give some back, or ask the provider for more: see 'ebb tenant quota show'")
    }
}
