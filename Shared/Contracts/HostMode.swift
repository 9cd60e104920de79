// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What Ebb may do on a host.
package enum HostMode: String, Hashable, Sendable, Codable, CaseIterable {
    /// Read, decide and record; change nothing.
    case observe
    case enabled
    /// Takes nothing new; what is on it goes on.
    case draining

    /// Why a host of that mode takes nothing, and the remedy; `nil`: it takes what fits.
    package func objection(of host: HostID) -> String? {
        switch self {
        case .observe: "host \(host) is only observed and nothing on it is changed; run `ebb host enable \(host)`"
        case .draining: "host \(host) is draining and takes nothing new; run `ebb host enable \(host)` to end that"
        case .enabled: nil
        }
    }
}
