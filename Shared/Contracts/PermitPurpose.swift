// SPDX-License-Identifier: Apache-2.0

/// What room on a host is wanted for.
package enum PermitPurpose: String, Hashable, Sendable, Codable, CaseIterable {
    case create, start, restore, grow, migrate

    /// Whether the host gets a domain that did not run there: a draining host refuses.
    package var bringsDomain: Bool { self != .grow }
}
