// SPDX-License-Identifier: Apache-2.0

/// A name of one kind of thing, so that a host can't be passed where a tenant is meant.
package protocol NameIdentifier: Hashable, Comparable, Sendable, Codable, CustomStringConvertible,
    ExpressibleByStringLiteral
{
    /// 1 to 63 characters of `a-z 0-9 . _ -`, the first a letter or digit.
    var name: String { get }
    /// `nil` if the text is not a valid name. Case is not folded: upper case is refused.
    init?(_ text: String)
    /// Takes a name that is already known to be valid (a literal, a value read back from our own store).
    init(trusted: String)
}

extension NameIdentifier {
    package init?(_ text: String) {
        guard isValidName(text) else { return nil }
        self.init(trusted: text)
    }

    package init(stringLiteral value: String) {
        precondition(isValidName(value), "'\(value)' is not a valid name")
        self.init(trusted: value)
    }

    package var description: String { name }

    package static func < (left: Self, right: Self) -> Bool { left.name < right.name }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not a valid name"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

/// 1 to 63 characters of `a-z 0-9 . _ -`, the first a letter or digit.
package func isValidName(_ text: String) -> Bool {
    guard (1...63).contains(text.utf8.count), let first = text.utf8.first else { return false }
    let alphanumeric: (UInt8) -> Bool = {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    return alphanumeric(first) && text.utf8.allSatisfy { alphanumeric($0) || ".-_".utf8.contains($0) }
}

/// A physical machine that runs a hypervisor.
package struct HostID: NameIdentifier {
    package let name: String
    package init(trusted name: String) { self.name = name }
}

/// A set of hosts between which domains may migrate and over which one Scheduler decides.
package struct ClusterID: NameIdentifier {
    package let name: String
    package init(trusted name: String) { self.name = name }
}

/// Who owns domains and pays for them.
package struct TenantID: NameIdentifier {
    package let name: String
    package init(trusted name: String) { self.name = name }
}

/// A virtual machine, by the UUID that the hypervisor knows it by.
package struct DomainID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let uuid: UUID128
    package init(_ uuid: UUID128) { self.uuid = uuid }
    package init?(_ text: some StringProtocol) {
        guard let uuid = UUID128(text) else { return nil }
        self.uuid = uuid
    }
    package var description: String { uuid.description }
    package static func < (left: DomainID, right: DomainID) -> Bool { left.uuid < right.uuid }
    package init(from decoder: any Decoder) throws { uuid = try UUID128(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try uuid.encode(to: encoder) }
}

/// One running process of a service; new at every start.
package struct InstanceID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let uuid: UUID128
    package init(_ uuid: UUID128) { self.uuid = uuid }
    package var description: String { uuid.description }
    package static func < (left: InstanceID, right: InstanceID) -> Bool { left.uuid < right.uuid }
    package init(from decoder: any Decoder) throws { uuid = try UUID128(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try uuid.encode(to: encoder) }
}
