// SPDX-License-Identifier: Apache-2.0

/// A machine's name or address, as it may stand in a URI and in a script: letters, digits, `.`, `-` and `:`.
package struct HostAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// `nil` if the text is not a name or address. An IPv6 address stands without brackets.
    package init?(_ text: String) {
        guard (1...253).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed),
            let first = text.utf8.first, first != UInt8(ascii: "-"),
            text.utf8.contains(where: { $0 != 0x3A && $0 != 0x2E })
        else { return nil }
        // A colon belongs to an IPv6 address, which has at least two.
        let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
        guard colons == 0 || colons >= 2 && text.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
            return nil
        }
        self.text = text
    }

    /// The address in an endpoint of the bus, such as `tcp://10.0.0.9:7401`; `nil` for anything else.
    package init?(endpoint: String) {
        let scheme = "tcp://"
        guard endpoint.hasPrefix(scheme), let (address, port) = Self.split(endpoint.dropFirst(scheme.count)),
            port != nil
        else { return nil }
        self = address
    }

    /// Splits `host`, `host:port` or `[IPv6]:port`; `nil` for any other text, or if the port is not from 1 to 65535.
    static func split(_ authority: Substring) -> (address: HostAddress, port: UInt16?)? {
        var name = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            name = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard name.contains(":"), rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            name = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard let address = HostAddress(String(name)) else { return nil }
        guard let port else { return (address, nil) }
        guard let number = UInt16(port), number > 0, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return (address, number)
    }

    package var description: String { text }
    package static func < (left: HostAddress, right: HostAddress) -> Bool { left.text < right.text }

    /// Whether it is an IP address, not a name.
    package var isNumeric: Bool {
        text.contains(":") || text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    }

    /// The address in the form that a URI needs.
    package var authority: String { text.contains(":") ? "[\(text)]" : text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
