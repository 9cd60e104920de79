// SPDX-License-Identifier: Apache-2.0

/// Where a gateway is: `tcp://host:port` or `tls://host:port`; the port may be left out.
struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    static let defaultPort = 7_420

    let isTLS: Bool
    let host: String
    let port: Int

    init?(_ text: String) {
        let schemes = ["tcp://": false, "tls://": true]
        guard let (scheme, isTLS) = schemes.first(where: { text.hasPrefix($0.key) }) else { return nil }
        var rest = text.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var host = rest
        var port = Self.defaultPort
        // A colon within brackets belongs to an IPv6 address.
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(number) else { return nil }
            host = rest[..<colon]
            port = number
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("/") else { return nil }
        self.isTLS = isTLS
        self.host = String(host)
        self.port = port
    }

    /// The traffic doesn't leave this machine.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    var description: String {
        "\(isTLS ? "tls" : "tcp")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
