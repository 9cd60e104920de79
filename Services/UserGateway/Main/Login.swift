// SPDX-License-Identifier: Apache-2.0

package import ResourceModel
package import UserGatewayCore

/// A login: by whom, by which token, and until when at most.
package struct Login: Hashable, Sendable {
    package let principal: Principal
    /// The secret itself: it stays in memory, and is neither logged nor stored.
    package let token: AccessToken
    /// The id by which the token is listed and revoked.
    package let tokenID: UUID128
    /// When the token ends, by the monotonic clock.
    package let ends: ContinuousClock.Instant

    package init(principal: Principal, token: AccessToken, tokenID: UUID128, ends: ContinuousClock.Instant) {
        self.principal = principal
        self.token = token
        self.tokenID = tokenID
        self.ends = ends
    }
}
