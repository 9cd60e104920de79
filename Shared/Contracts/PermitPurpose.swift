// SPDX-License-Identifier: Apache-2.0

/// What room on a host is wanted for.
package enum PermitPurpose: String, Hashable, Sendable, Codable, CaseIterable {
    case create, start, restore, grow, migrate

    /// Whether the host gets a domain that does not run there yet: a draining host refuses that.
    package var bringsDomain: Bool { self != .grow }

    /// Whether it is for a domain that is off: it begins to run once, however often that is requested.
    package var startsDomain: Bool {
        switch self {
        case .start, .restore: true
        case .create, .grow, .migrate: false
        }
    }
}
