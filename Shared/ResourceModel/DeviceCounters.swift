// SPDX-License-Identifier: Apache-2.0

/// What one device of a domain has counted, by its identity: a network interface by its hardware address, a disk by its
/// target. `nil` is unknown, never zero. Removable media do not count as devices here.
package struct DeviceCounters: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable { case interface, disk }

    package var kind: Kind
    package var name: String
    /// Bytes received, or read from the disk.
    package var incoming: Int64?
    /// Bytes transmitted, or written to the disk.
    package var outgoing: Int64?
    /// The size that a disk shows to the guest.
    package var capacity: ByteCount?

    package init(
        _ kind: Kind, _ name: String, incoming: Int64? = nil, outgoing: Int64? = nil, capacity: ByteCount? = nil
    ) {
        self.kind = kind
        self.name = name
        self.incoming = incoming
        self.outgoing = outgoing
        self.capacity = capacity
    }

    /// For people, and as the store has it: `interface 52:54:00:00:00:21`, `disk vda`.
    package var label: String { "\(kind.rawValue) \(name)" }

    /// The device that has a label.
    package init?(label: String) {
        let parts = label.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])) else { return nil }
        self.init(kind, String(parts[1]))
    }
}
