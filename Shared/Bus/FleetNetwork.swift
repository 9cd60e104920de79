// SPDX-License-Identifier: Apache-2.0

/// Where a simulated fleet may be reached without CURVE: it holds nobody's data and has no keys. Loopback and `ipc://`
/// always are such places; beyond them only the private network that an operator names.
package struct FleetNetwork: Hashable, Sendable {
    /// Names and addresses, as endpoints write them.
    private let hosts: Set<String>

    /// Loopback and `ipc://` only.
    package static let loopback = FleetNetwork("")

    /// - Parameter text: names and addresses on the private network, with `,` between them.
    package init(_ text: String) {
        hosts = Set(text.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty })
    }

    /// Only the machine of this endpoint, which an operator typed: `tcp://HOST:PORT`.
    package init(of endpoint: String) {
        let authority = endpoint.split(separator: "/").last ?? ""
        let host = authority.lastIndex(of: ":").map { String(authority[..<$0]) }
        hosts = Set([host].compactMap(\.self))
    }

    func contains(_ host: Substring) -> Bool { hosts.contains(String(host)) }
}
