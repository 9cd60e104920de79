// SPDX-License-Identifier: Apache-2.0

/// A machine's name or address, as it may stand in a URI and in a script: letters, digits, `.`, `-` and `:`.
package struct HostAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// `nil` if the text is none. An IPv6 address stands without brackets.
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

    /// The address in a hypervisor's URI, such as `qemu+tls://10.0.0.1/system`; `nil` for a local one and for the fleet.
    package init?(uri: String) {
        guard let start = uri.firstRange(of: "://"), uri[..<start.lowerBound] != "fleet" else { return nil }
        var authority = uri[start.upperBound...].prefix { $0 != "/" && $0 != "?" }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        if authority.hasPrefix("[") {
            authority = authority.dropFirst().prefix { $0 != "]" }
        } else if let colon = authority.lastIndex(of: ":") {
            authority = authority[..<colon]
        }
        self.init(String(authority))
    }

    package var description: String { text }
    package static func < (left: HostAddress, right: HostAddress) -> Bool { left.text < right.text }

    /// Whether it is an IP address and no name.
    var isNumeric: Bool { text.contains(":") || text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E } }

    /// As it stands in a URI.
    var authority: String { text.contains(":") ? "[\(text)]" : text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
