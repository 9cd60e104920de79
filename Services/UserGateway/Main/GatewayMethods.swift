// SPDX-License-Identifier: Apache-2.0

package import UserGatewayCore

/// What stands behind the gateway's network: looks tokens up and does the work.
///
/// Both functions must honour cancellation: a call that outlives its limit is cancelled, and a connection that drains
/// waits for its calls.
package protocol GatewayMethods: Sendable {
    /// Whose token it is; throws `DENIED` for one that is unknown, ended or revoked, with the same message for all.
    func authenticate(token: String) async throws(MethodError) -> Principal

    /// Performs a method other than `session.*` and `rpc.discover`.
    ///
    /// - Parameters:
    ///   - method: a name of the registry; the principal's role is allowed to call it.
    ///   - params: an object that fits the method's schema.
    ///   - principal: who asks. What it can't see (`Principal.canSee`) is answered with `MethodError.notFound`.
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

    /// Where the work is done; `nil`: for nobody whose turn it has to be.
    private let place: WorkPlace?

    package init(remoteAddress: String, deadline: ContinuousClock.Instant) {
        self.init(remoteAddress: remoteAddress, deadline: deadline, place: nil)
    }

    init(remoteAddress: String, deadline: ContinuousClock.Instant, place: WorkPlace?) {
        self.remoteAddress = remoteAddress
        self.deadline = deadline
        self.place = place
    }

    /// Waits for something that is done elsewhere, while others have their turn.
    package func waiting<Value, Failure: Error>(
        _ wait: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard let place else { return try await wait() }
        return try await place.outside(wait)
    }
}
