// SPDX-License-Identifier: Apache-2.0

/// What Ebb may do on a host.
package enum HostMode: String, Hashable, Sendable, Codable, CaseIterable {
    /// Read, decide and record; change nothing.
    case observe
    case enabled
    /// Takes nothing new; what is on it goes on.
    case draining
}
