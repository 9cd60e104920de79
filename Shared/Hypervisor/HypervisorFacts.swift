// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a domain can do live, and what is missing where it can't.
package struct DomainExamination: Hashable, Sendable, Codable {
    package struct Ability: Hashable, Sendable, Codable {
        /// Each one sentence with its remedy; empty if nothing is missing.
        package let missing: [String]
        package var isPossible: Bool { missing.isEmpty }

        package init(missing: [String]) { self.missing = missing }
    }

    package let growsVCPUs: Ability
    package let shrinksVCPUs: Ability
    package let resizesMemory: Ability
    package let movesLive: Ability
    package let capsCPU: Ability
    package let capsNetwork: Ability
    /// Whether a guest agent answers.
    package let confirmsSizes: Ability
    /// Whether it can go to another host while it is off.
    package var movesOff: Ability?
    package var isActive: Bool?
    /// What it needs of a host that it moves to; `nil`: the driver does not say.
    package var needs: DomainNeeds?

    package init(
        growsVCPUs: Ability, shrinksVCPUs: Ability, resizesMemory: Ability, movesLive: Ability, capsCPU: Ability,
        capsNetwork: Ability, confirmsSizes: Ability, needs: DomainNeeds? = nil
    ) {
        self.needs = needs
        self.growsVCPUs = growsVCPUs
        self.shrinksVCPUs = shrinksVCPUs
        self.resizesMemory = resizesMemory
        self.movesLive = movesLive
        self.capsCPU = capsCPU
        self.capsNetwork = capsNetwork
        self.confirmsSizes = confirmsSizes
    }
}

/// One line of a definition before and after.
package struct DefinitionChange: Hashable, Sendable, Codable {
    /// For instance `maximum vCPUs`.
    package let what: String
    package let before: String
    package let after: String

    package init(what: String, before: String, after: String) {
        self.what = what
        self.before = before
        self.after = after
    }
}

/// How far a migration has come.
package struct MigrationProgress: Hashable, Sendable, Codable {
    package let elapsedMilliseconds: Int64
    /// Sent so far, pages that changed meanwhile several times.
    package let transferred: ByteCount
    package let remaining: ByteCount
    /// What the switch is expected to take, or took; `nil` while the driver does not say.
    package let downtimeMilliseconds: Int64?
    /// How often memory was gone over from the beginning; `nil` where the driver does not say.
    package let iteration: Int64?

    package init(
        elapsedMilliseconds: Int64, transferred: ByteCount, remaining: ByteCount, downtimeMilliseconds: Int64?,
        iteration: Int64? = nil
    ) {
        self.iteration = iteration
        self.elapsedMilliseconds = elapsedMilliseconds
        self.transferred = transferred
        self.remaining = remaining
        self.downtimeMilliseconds = downtimeMilliseconds
    }

    /// The part that is sent, in parts per million: an estimate, for the guest goes on changing its memory.
    package var ppm: Int64 {
        let total = Int128(transferred.bytes) + Int128(remaining.bytes)
        return total > 0 ? Int64(clamping: Int128(transferred.bytes) * 1_000_000 / total) : 0
    }
}

package struct DomainSnapshot: Hashable, Sendable, Codable {
    package let name: String
    /// By the host's clock.
    package let createdAt: Timestamp
    /// Of the domain, when it was taken.
    package let state: DomainState

    package init(name: String, createdAt: Timestamp, state: DomainState) {
        self.name = name
        self.createdAt = createdAt
        self.state = state
    }
}

/// A part of what a domain wrote to its console.
package struct ConsoleOutput: Hashable, Sendable, Codable {
    /// Of the first byte of `text`: later than asked for if what lay between is no longer kept.
    package let offset: Int64
    package let nextOffset: Int64
    /// Bytes that are no UTF-8 are replaced.
    package let text: String

    package init(offset: Int64, nextOffset: Int64, text: String) {
        self.offset = offset
        self.nextOffset = nextOffset
        self.text = text
    }
}

package struct GuestAddress: Hashable, Sendable, Codable {
    package enum Source: String, Hashable, Sendable, Codable {
        /// The guest's own word.
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
    package let source: Source

    package init(interface: String, macAddress: String?, address: String, source: Source) {
        self.interface = interface
        self.macAddress = macAddress
        self.address = address
        self.source = source
    }
}

/// Something that happened on the host, ordered by Ebb or not.
package enum HypervisorEvent: Hashable, Sendable {
    case lifecycle(DomainID, DomainState, detail: String)
    case rebooted(DomainID)
    /// A migration, save or the like ended on this host; what it was, in one or two words.
    case jobCompleted(DomainID, detail: String)
    /// The guest's agent came or went.
    case agent(DomainID, isConnected: Bool)
    /// The balloon left the guest this much memory.
    case memoryChanged(DomainID, ByteCount)
    /// A cap or a device was changed: what, in a few words. Sizes and caps are to be read again.
    case reconfigured(DomainID, detail: String)
    case connectionLost(reason: String)
}
