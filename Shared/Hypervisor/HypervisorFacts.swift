// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// How far a migration has come.
package struct MigrationProgress: Hashable, Sendable, Codable {
    package let elapsedMilliseconds: Int64
    /// Sent so far; pages that changed meanwhile count each time that they were sent.
    package let transferred: ByteCount
    package let remaining: ByteCount
    /// How long the switch is expected to take, or took; `nil` while the driver does not say.
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

    /// The part that is sent, in parts per million: an estimate, since the guest goes on changing its memory.
    package var ppm: Int64 {
        let total = Int128(transferred.bytes) + Int128(remaining.bytes)
        return total > 0 ? Int64(clamping: Int128(transferred.bytes) * 1_000_000 / total) : 0
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
