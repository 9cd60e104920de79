// SPDX-License-Identifier: Apache-2.0

/// The parts of a connection URI that Ebb itself acts on: `driver[+transport]://[user@][host][:port]/path`.
struct ConnectionURI: Hashable, Sendable {
    let driver: String
    /// For instance `tcp`, `tls`, `ssh`, `unix`; `nil` if not given.
    let transport: String?
    /// Without brackets; `nil` for a local hypervisor.
    let host: String?
    let port: UInt16?

    /// `nil` for text that is not a URI of this form.
    init?(_ text: String) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<separator.lowerBound].split(separator: "+", omittingEmptySubsequences: false)
        guard let driver = scheme.first, !driver.isEmpty, scheme.count <= 2 else { return nil }
        self.driver = String(driver)
        transport = scheme.count == 2 ? String(scheme[1]) : nil

        var authority = text[separator.upperBound...].prefix { !"/?#".contains($0) }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        var portText: Substring?
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            let rest = authority[authority.index(after: end)...]
            if rest.hasPrefix(":") { portText = rest.dropFirst() } else if !rest.isEmpty { return nil }
        } else {
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = parts.first.flatMap { $0.isEmpty ? nil : String($0) }
            portText = parts.count == 2 ? parts[1] : nil
        }
        guard let portText else {
            port = nil
            return
        }
        guard let number = UInt16(portText), number > 0 else { return nil }
        port = number
    }

    /// Where the hypervisor's daemon listens; `nil` for a local one.
    var endpoint: (host: String, port: UInt16)? {
        guard let host, transport != "unix" else { return nil }
        let standard: UInt16 =
            switch transport {
            case "tcp": 16_509
            case "ssh", "libssh", "libssh2": 22
            default: 16_514
            }
        return (host, port ?? standard)
    }

    /// Without a transport's name, a connection to another machine is TLS.
    var isEncrypted: Bool { host != nil && ["tls", "ssh", "libssh", "libssh2", nil].contains(transport) }

    /// Where a live migration sends the guest's memory: the same address by which the host is managed.
    var transferURI: String? {
        host.map { $0.contains(":") ? "tcp://[\($0)]" : "tcp://\($0)" }
    }
}
