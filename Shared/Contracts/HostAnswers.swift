// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One element of the answer to `vm.prepare-preview`: a line of a definition before and after.
package struct DefinitionChange: JSONDocument, Hashable {
    /// For instance `maximum vCPUs`.
    package let what: String
    package let before: String
    package let after: String

    package init(what: String, before: String, after: String) {
        self.what = what
        self.before = before
        self.after = after
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        what = try container.decode(String.self, forKey: .what)
        before = try container.decodeIfPresent(String.self, forKey: .before) ?? ""
        after = try container.decodeIfPresent(String.self, forKey: .after) ?? ""
    }
}

/// One element of the answer to `vm.snapshots`.
package struct DomainSnapshot: JSONDocument, Hashable {
    package let name: String
    /// By the host's clock; `nil`: the host does not say.
    package let createdAt: Timestamp?
    /// The domain's state when the snapshot was taken.
    package let state: Recognised<DomainState>?
    /// The size that a revert gives back; `nil`: not known.
    package let vcpus: Int?
    package let memoryBytes: Int64?

    package init(
        name: String, createdAt: Timestamp, state: DomainState, vcpus: VCPUCount? = nil, memory: ByteCount? = nil
    ) {
        self.name = name
        self.createdAt = createdAt
        self.state = .known(state)
        self.vcpus = vcpus?.count
        memoryBytes = memory?.bytes
    }

    /// Whether a domain that is reverted to it is off afterwards, and so holds no room.
    package var isOfDomainThatIsOff: Bool { state == .shutoff || state == .saved }
}

/// The answer to `vm.console`: a part of what a domain wrote there.
package struct ConsoleOutput: JSONDocument, Hashable {
    /// The position of the first byte of `text`: later than asked for if the bytes between are no longer kept.
    package let offset: Int64
    package let nextOffset: Int64
    /// Bytes that are not UTF-8 are replaced.
    package let text: String

    package init(offset: Int64, nextOffset: Int64, text: String) {
        self.offset = offset
        self.nextOffset = nextOffset
        self.text = text
    }
}

/// One element of the answer to `vm.addresses`.
package struct GuestAddress: JSONDocument, Hashable {
    package enum Source: String, Hashable, Sendable, Codable, CaseIterable {
        /// The guest's agent says so.
        case agent
        /// Leased to it by a virtual network.
        case lease
        /// Seen on the host's own network.
        case neighbour
    }
    package let interface: String
    package let macAddress: String?
    /// An IPv4 or IPv6 address.
    package let address: String
    package let source: Recognised<Source>?

    package init(interface: String, macAddress: String?, address: String, source: Source) {
        self.interface = interface
        self.macAddress = macAddress
        self.address = address
        self.source = .known(source)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        interface = try container.decodeIfPresent(String.self, forKey: .interface) ?? ""
        macAddress = try container.decodeIfPresent(String.self, forKey: .macAddress)
        address = try container.decode(String.self, forKey: .address)
        source = try container.decodeIfPresent(Recognised<Source>.self, forKey: .source)
    }
}

/// The elements of an answer that can be read; the others are left out. The answer is an array, or has one as its `items`.
package struct AnsweredList<Element: JSONDocument>: JSONDocument {
    package var elements: [Element]

    package init(_ elements: [Element]) { self.elements = elements }

    /// An element, if it can be read.
    private struct Slot: Decodable {
        let element: Element?

        init(from decoder: any Decoder) throws { element = try? Element(from: decoder) }
    }

    private enum CodingKeys: CodingKey { case items }

    package init(from decoder: any Decoder) throws {
        let slots: [Slot]
        if let list = try? decoder.singleValueContainer().decode([Slot].self) {
            slots = list
        } else {
            slots = try decoder.container(keyedBy: CodingKeys.self).decode([Slot].self, forKey: .items)
        }
        elements = slots.compactMap(\.element)
    }

    package func encode(to encoder: any Encoder) throws { try elements.encode(to: encoder) }
}
