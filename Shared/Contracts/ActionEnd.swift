// SPDX-License-Identifier: Apache-2.0

/// How the action of a decision ended, once no further step follows. Scheduler writes it, and UserGateway shows it.
package enum ActionEnd: String, Hashable, Sendable, Codable, CaseIterable {
    case succeeded, failed
    /// Nobody knows whether it happened.
    case outcomeUnknown = "outcome-unknown"
}
