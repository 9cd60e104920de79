// SPDX-License-Identifier: Apache-2.0

package import ResourceModel
package import UserGatewayCore

/// The part behind the gateway's network: looks tokens up and does the work.
///
/// Both functions must honour cancellation: a call that outlives its limit is cancelled, and a connection that drains
/// waits for its calls.
package protocol GatewayMethods: Sendable {
    /// The login of a token; throws `DENIED` for a token that is unknown, ended or revoked, with the same message for
    /// all.
    func authenticate(token: String) async throws(MethodError) -> Login

    /// Which of these tokens, by their ids, are not valid any more, each with the error for its sessions. One query for
    /// all sessions of the gateway.
    func ended(_ tokens: [UUID128]) async throws(MethodError) -> [UUID128: MethodError]

    /// Performs a method other than those that the connection answers: `rpc.discover`, and `session.*` but
    /// `session.logout`.
    ///
    /// - Parameters:
    ///   - method: a name of the registry; the principal's role is allowed to call it.
    ///   - params: an object that fits the method's schema.
    ///   - principal: the caller. What it can't see (`Principal.canSee`) is answered with `MethodError.notFound`.
    func call(
        _ method: String, params: JSONValue, principal: Principal, context: CallContext
    ) async throws(MethodError) -> JSONValue
}

/// The circumstances of a call.
package struct CallContext: Sendable {
    /// The client's address without port.
    package let remoteAddress: String
    /// When the call is cancelled.
    package let deadline: ContinuousClock.Instant
    /// The caller's login; `nil`: none, as in a test.
    package let login: Login?

    /// The place in which the work is done; `nil`: nobody else has any work, as in a test.
    private let place: WorkPlace?

    package init(remoteAddress: String, deadline: ContinuousClock.Instant, login: Login? = nil) {
        self.init(remoteAddress: remoteAddress, deadline: deadline, login: login, place: nil)
    }

    init(remoteAddress: String, deadline: ContinuousClock.Instant, login: Login?, place: WorkPlace?) {
        self.remoteAddress = remoteAddress
        self.deadline = deadline
        self.login = login
        self.place = place
    }

    /// Waits for something that is done elsewhere, while others have their turn.
    package func waiting<Value, Failure: Error>(
        _ wait: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard let place else { return try await wait() }
        return try await place.outside(wait)
    }

    /// Waits for another service's answer; if the method makes that service work, the time counts as the caller's own
    /// work.
    func asking<Value, Failure: Error>(
        _ wait: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard let place else { return try await wait() }
        return try await place.asking(wait)
    }
}
