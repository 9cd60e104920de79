// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Logging
internal import ResourceModel
internal import ServiceLifecycle
internal import Synchronization
internal import Testing
internal import UserGatewayCore
internal import UserGatewayMain

/// Answers every method with its example. Some VM names do something else:
/// `ghost` is not there, `full` finds no room, `stuck` never ends, `gated` ends when the gate opens, `broken` fails.
/// `quiet` says nothing on its console; `hostile` fails with a text that would steer a terminal.
/// `long` waits for the gate as for another service, `huge` has 100 KB of answer.
/// Of a freeze of `nobody` no Monitor hears.
/// Changes of `moving` are under way for two looks, of `doomed` fail after one, and of `endless` go on for ever.
final class FakeMethods: GatewayMethods {
    static let ownerToken = "ebb_" + String(repeating: "A", count: 43)
    /// Of another tenant.
    static let strangerToken = "ebb_" + String(repeating: "C", count: 43)
    static let administratorToken = "ebb_" + String(repeating: "B", count: 43)

    let gate = Gate()
    /// How long every token is valid from its login on.
    let lifetime: Duration
    private let recorded = Mutex<[(method: String, params: JSONValue)]>([])
    private let isHostile = Mutex(false)

    /// From now on every text of every answer would steer a terminal, and is a formula.
    func becomeHostile() { isHostile.withLock { $0 = true } }

    private let state = Mutex(Tokens())

    private struct Tokens {
        var ended: [UUID128: MethodError] = [:]
        var isAnswering = true
        var questions = 0
    }

    static let ownerTokenID = UUID128(high: 2, low: 1)
    /// How often it was asked which tokens have ended.
    var questions: Int { state.withLock { $0.questions } }

    /// As another gateway does: this one learns of it when it looks.
    func revokeOwnerToken() {
        let error = MethodError(.denied, "this session has ended: its token was revoked")
        state.withLock { $0.ended[Self.ownerTokenID] = error }
    }

    /// From now on nobody can be asked which tokens have ended.
    func stopAnswering() { state.withLock { $0.isAnswering = false } }

    func ended(_ tokens: [UUID128]) async throws(MethodError) -> [UUID128: MethodError] {
        let (isAnswering, ended) = state.withLock { state in
            state.questions += 1
            return (state.isAnswering, state.ended)
        }
        guard isAnswering else { throw MethodError(.unavailable, "the store does not answer") }
        return ended.filter { tokens.contains($0.key) }
    }

    init(lifetime: Duration = .seconds(3_600)) { self.lifetime = lifetime }

    var calls: [(method: String, params: JSONValue)] { recorded.withLock { $0 } }

    func authenticate(token text: String) async throws(MethodError) -> Login {
        let principal =
            switch text {
            case Self.ownerToken: Principal(id: UUID128(high: 1, low: 1), name: "ada", role: .owner, tenant: "acme")
            case Self.strangerToken: Principal(id: UUID128(high: 1, low: 3), name: "zoe", role: .owner, tenant: "zeta")
            case Self.administratorToken:
                Principal(id: UUID128(high: 1, low: 2), name: "root", role: .administrator, tenant: nil)
            default: Principal?.none
            }
        guard let principal, let token = AccessToken(text) else {
            throw MethodError(.denied, "the token is not valid", hint: "create a new one")
        }
        let id = text == Self.ownerToken ? Self.ownerTokenID : UUID128(high: 2, low: 2)
        return Login(principal: principal, token: token, tokenID: id, ends: .now + lifetime)
    }

    func call(
        _ method: String, params: JSONValue, principal: Principal, context: CallContext
    ) async throws(MethodError) -> JSONValue {
        recorded.withLock { $0.append((method, params)) }
        switch params["vm"] ?? params["host"] {
        case "ghost": throw .notFound("VM", "ghost")
        case "full": throw MethodError(.noRoom, "no host has room", retryAfterMilliseconds: 1_000)
        case "broken": throw MethodError(.internal, "an invariant does not hold")
        case "stuck": try? await Task.sleep(for: .seconds(600))
        case "gated": await gate.wait()
        case "quiet": return ["vm": "quiet", "offset": 0, "next": 0, "text": ""]
        case "hostile": throw MethodError(.conflict, "\u{1B}[2J\nebb: all is well;\r\u{9B}[8mnot\u{202E} seen")
        case "long": await context.waiting { await gate.wait() }
        case "huge": return ["name": .string(String(repeating: "x", count: 100_000))]
        case "nobody":
            let answer = MethodRegistry.ebb[method]?.example.result.members ?? [:]
            return .object(answer.merging(["reached": 0, "unreached": []]) { $1 })
        case "moving": return Self.begun(Self.moving)
        case "doomed": return Self.begun(Self.doomed)
        case "endless": return Self.begun(Self.endless)
        case "untaken": return Self.begun(Self.untaken)
        default: break
        }
        if method == "operation.show" { return operation(params["id"]?.text ?? "") }
        guard let definition = MethodRegistry.ebb[method] else { throw MethodError(.internal, "no \(method)") }
        return isHostile.withLock { $0 } ? Self.poisoned(definition.example.result) : definition.example.result
    }

    private static func poisoned(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string("\u{200B}=\u{1B}[31m\u{9B}\u{202E}\r\n\t\u{2028}\u{7F}\(text)\u{E0041}")
        case .array(let items): .array(items.map(poisoned))
        case .object(let members): .object(members.mapValues(poisoned))
        case .null, .bool, .integer, .number: value
        }
    }
}

extension FakeMethods {
    static let moving = "6f1f0e5e-0000-4000-8000-0000000000a1"
    static let doomed = "6f1f0e5e-0000-4000-8000-0000000000a2"
    static let endless = "6f1f0e5e-0000-4000-8000-0000000000a3"
    static let untaken = "6f1f0e5e-0000-4000-8000-0000000000a4"

    private static func begun(_ command: String) -> JSONValue {
        [
            "vm": "moving", "id": "6f1f0e5e-0000-4000-8000-000000000002", "action": "migrate",
            "command": .string(command),
            "state": "queued", "host": "host-a",
        ]
    }

    /// The example of a migration that goes on; how it ends depends on whose it is and on how often it was looked at.
    private func operation(_ id: String) -> JSONValue {
        let looks = calls.count { $0.method == "operation.show" && $0.params["id"]?.text == id }
        var operation = MethodRegistry.ebb["operation.show"]?.example.result.members ?? [:]
        operation["vm"] = "moving"
        switch (id, looks) {
        case (Self.moving, 3...):
            operation = operation.merging(["state": "succeeded", "host": "host-b", "vcpus": 2]) { _, new in new }
        case (Self.doomed, 2...):
            operation = operation.merging(
                ["state": "failed", "reason": "NO_ROOM", "message": "host-b has no room any more"]) { _, new in new }
        case (Self.untaken, _):
            operation = operation.merging(["state": "queued", "message": "no monitor is running"]) { _, new in new }
        default: break
        }
        return .object(operation)
    }
}

/// Opens once; counts who waits.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    var waiterCount: Int { state.withLock { $0.waiters.count } }
}

/// A gateway on a free port of loopback, for the time of `body`.
struct RunningGateway: Sendable {
    let methods: FakeMethods
    let server: GatewayServer
    let group: ServiceGroup
    let port: Int
    var endpoint: String { "tcp://127.0.0.1:\(port)" }
}

func withGateway(
    _ adjust: (inout GatewayServerConfiguration) -> Void = { _ in }, tokenLifetime: Duration = .seconds(3_600),
    _ body: @escaping @Sendable (RunningGateway) async throws -> Void
) async throws {
    var configuration = GatewayServerConfiguration()
    configuration.port = 0
    configuration.drainTimeout = .seconds(1)
    adjust(&configuration)
    let methods = FakeMethods(lifetime: tokenLifetime)
    let log = Logger(label: "gateway", factory: { _ in SwiftLogNoOpLogHandler() })
    let server = try GatewayServer(
        configuration: configuration, identity: ServerIdentity(version: "0.1.0", instance: "test"), methods: methods,
        log: log)
    let group = ServiceGroup(services: [server], logger: log)
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await group.run() }
        let port = try await server.boundAddress().port
        let running = RunningGateway(methods: methods, server: server, group: group, port: port)
        // A test that hangs would hang the whole run.
        try await withThrowingTaskGroup { race in
            race.addTask { try await body(running) }
            race.addTask {
                try await Task.sleep(for: .seconds(30))
                Issue.record("the test did not end within 30 s")
            }
            try await race.next()
            race.cancelAll()
        }
        methods.gate.open()
        await group.triggerGracefulShutdown()
        try await tasks.next()
    }
}

/// Waits for what has no event to await: state behind a socket.
func eventually(within limit: Duration = .seconds(10), _ condition: () -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(5))
    }
    return true
}

/// A value that a closure leaves behind.
final class Box: Sendable {
    private let state = Mutex<JSONValue?>(nil)
    var value: JSONValue? { state.withLock { $0 } }
    func set(_ value: JSONValue?) { state.withLock { $0 = value } }
}
