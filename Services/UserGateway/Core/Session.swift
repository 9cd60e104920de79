// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel

/// What the server says about itself.
package struct ServerIdentity: Hashable, Sendable {
    package let product: String
    package let version: String
    /// The instance that answers: any number of gateways may stand behind one address.
    package let instance: String

    package init(product: String = "Ebb", version: String, instance: String) {
        self.product = product
        self.version = version
        self.instance = instance
    }
}

/// One connection's conversation, from greeting to close. It only decides, and performs nothing.
///
/// Before login only the methods that are open to everybody are answered. After it every request is checked against the
/// registry, and only a valid one becomes a call.
package struct Session: Sendable {
    /// Versions of the protocol that this server speaks.
    package static let protocolVersions: ClosedRange<Int64> = 1...1
    /// Logins that may fail before the connection is closed.
    package static let maximumFailedLogins = 3

    /// What to do about a request.
    package enum Directive: Hashable, Sendable {
        /// Answer now.
        case reply(Result<JSONValue, RPCError>)
        /// Answer now, then close: the conversation can't go on.
        case replyAndClose(RPCError)
        /// Look the token up, then report `loginSucceeded` or `loginFailed`.
        case authenticate(token: String)
        /// Call the method's handler.
        case call(method: String, parameters: [String: JSONValue], isMutating: Bool, Principal)
        /// Answer with the description of the methods that may be called now.
        case discover(Discovery.Kind)
    }

    private let registry: MethodRegistry
    private let identity: ServerIdentity
    private let maximumInFlight: Int
    private let maximumBeforeLogin: Int
    private var failedLogins = 0
    private var requestsBeforeLogin = 0
    /// Messages that are being worked on.
    package private(set) var inFlight = 0
    /// Who is logged in.
    package private(set) var principal: Principal?
    /// Why nothing is answered any more; `nil`: the session goes on.
    package private(set) var ending: MethodError?

    package init(
        registry: MethodRegistry, identity: ServerIdentity, maximumInFlight: Int = 64, maximumBeforeLogin: Int = 64
    ) {
        self.registry = registry
        self.identity = identity
        self.maximumInFlight = maximumInFlight
        self.maximumBeforeLogin = maximumBeforeLogin
    }

    /// What the server sends on connect.
    ///
    /// - Parameter maximumLine: bytes that one line may have after login.
    package func greeting(maximumLine: Int) -> RPCRequest {
        RPCRequest(
            id: nil, method: "gateway.hello",
            parameters: [
                "product": .string(identity.product), "version": .string(identity.version),
                "instance": .string(identity.instance), "auth": ["token"], "maxLine": .integer(Int64(maximumLine)),
                "protocol": [
                    "min": .integer(Self.protocolVersions.lowerBound),
                    "max": .integer(Self.protocolVersions.upperBound),
                ],
            ])
    }

    /// Counts requests that came before a login. Returns why the conversation ends, if these are too many.
    package mutating func countBeforeLogin(_ requests: Int) -> RPCError? {
        requestsBeforeLogin += requests
        guard requestsBeforeLogin > maximumBeforeLogin else { return nil }
        return MethodError(
            .busy, "more than \(maximumBeforeLogin) requests came before a login", hint: "call session.login first",
            retryAfterMilliseconds: 1_000
        ).rpcError
    }

    /// Takes a place for one message; `false` if `maximumInFlight` are being worked on: answer with `overload`.
    package mutating func reserve() -> Bool {
        guard inFlight < maximumInFlight else { return false }
        inFlight += 1
        return true
    }

    /// Gives a place back, when the message's answer is written.
    package mutating func release() {
        precondition(inFlight > 0, "released a message that was never reserved")
        inFlight -= 1
    }

    /// The answer to a message that found no place.
    package var overload: RPCError {
        MethodError(
            .busy, "\(maximumInFlight) requests of this connection are under way",
            hint: "await an answer before sending the next", retryAfterMilliseconds: 100
        ).rpcError
    }

    /// Decides about one request.
    package func handle(_ request: RPCRequest) -> Directive {
        if let ending { return .replyAndClose(ending.rpcError) }
        guard let principal else { return handleBeforeLogin(request) }
        do throws(RPCError) {
            let method = try registry.check(request, by: principal.role)
            if let reply = answerItself(request, principal) { return reply }
            return .call(
                method: method.name, parameters: request.parameters, isMutating: method.isMutating, principal)
        } catch {
            return .reply(.failure(error))
        }
    }

    /// The token is `principal`'s. Returns the answer to the login.
    package mutating func loginSucceeded(_ principal: Principal) -> JSONValue {
        self.principal = principal
        failedLogins = 0
        return Self.describe(principal)
    }

    /// The login failed. Returns the answer, and whether to close after it.
    package mutating func loginFailed(_ error: MethodError) -> Directive {
        guard error.reason == .denied else { return .reply(.failure(error.rpcError)) }
        failedLogins += 1
        return failedLogins < Self.maximumFailedLogins
            ? .reply(.failure(error.rpcError)) : .replyAndClose(error.rpcError)
    }

    /// Its token is not valid any more: every further request gets this error, and the connection closes.
    package mutating func end(_ error: MethodError) { ending = error }

    private func handleBeforeLogin(_ request: RPCRequest) -> Directive {
        guard let method = registry[request.method], method.access == .everybody else {
            // Also for a method that does not exist, so that somebody without a login learns nothing.
            let hint =
                "call session.login first; before it only session.hello, session.ping and rpc.discover are answered"
            return .reply(.failure(MethodError(.denied, "not logged in", hint: hint).rpcError))
        }
        do throws(RPCError) {
            try method.validate(request.parameters)
        } catch {
            return .reply(.failure(error))
        }
        if let reply = answerItself(request, nil) { return reply }
        return .authenticate(token: request.parameters["token"]?.text ?? "")
    }

    /// The methods of the connection itself. The parameters are known to fit.
    private func answerItself(_ request: RPCRequest, _ principal: Principal?) -> Directive? {
        switch request.method {
        case "session.ping": .reply(.success([:]))
        case "rpc.discover":
            .discover(principal == nil ? .open : request.parameters["full"] == true ? .full : .all)
        case "session.hello": hello(request.parameters)
        case "session.show": principal.map { .reply(.success(Self.describe($0))) }
        case "session.login": principal.map { .reply(.failure(alreadyLoggedIn($0))) }
        default: nil
        }
    }

    private func hello(_ parameters: [String: JSONValue]) -> Directive {
        let lowest = parameters["protocol"]?["min"]?.integer ?? 0
        let highest = parameters["protocol"]?["max"]?.integer ?? 0
        let version = min(highest, Self.protocolVersions.upperBound)
        guard lowest <= version, version >= Self.protocolVersions.lowerBound else {
            let spoken = "\(Self.protocolVersions.lowerBound) to \(Self.protocolVersions.upperBound)"
            return .replyAndClose(
                MethodError(
                    .invalid, "the server speaks protocol versions \(spoken), the client \(lowest) to \(highest)",
                    hint: "upgrade the older of the two"
                ).rpcError)
        }
        return .reply(
            .success([
                "protocol": .integer(version), "product": .string(identity.product),
                "version": .string(identity.version), "instance": .string(identity.instance),
            ]))
    }

    private func alreadyLoggedIn(_ principal: Principal) -> RPCError {
        MethodError(
            .conflict, "this connection is logged in as '\(principal.name)' already", hint: "connect again"
        ).rpcError
    }

    private static func describe(_ principal: Principal) -> JSONValue {
        .object(omittingNil: [
            "principal": .string(principal.name), "role": .string(principal.role.rawValue),
            "tenant": principal.tenant.map { .string($0.name) },
        ])
    }
}
