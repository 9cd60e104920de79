// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A sample's place in Monitor's stream: the epoch of the host's owner, and the sequence within it.
package struct SamplePosition: Hashable, Sendable, Codable {
    package let epoch: UInt64
    package let sequence: UInt64

    package init(epoch: UInt64, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// One known sample of one resource of one domain, with everything on which a decision is based.
package struct WindowSample: Hashable, Sendable {
    package let sampledAt: Timestamp
    /// Utilisation of what the domain had, clamped at 100 %.
    package let utilization: Utilization
    /// The size that the domain had: vCPUs, bytes, or bytes per second.
    package let size: Int64
    package let steal: Utilization?
    package let position: SamplePosition
    /// How many readings since the previous known sample were unknown.
    package internal(set) var unknownBefore: Int

    package init(
        sampledAt: Timestamp, utilization: Utilization, size: Int64, steal: Utilization?, position: SamplePosition,
        unknownBefore: Int = 0
    ) {
        self.sampledAt = sampledAt
        self.utilization = utilization
        self.size = size
        self.steal = steal
        self.position = position
        self.unknownBefore = unknownBefore
    }

    /// The same with a number that holds in its record, instead of the one in its host's stream.
    func numbered(_ number: Int) -> WindowSample {
        WindowSample(
            sampledAt: sampledAt, utilization: utilization, size: size, steal: steal,
            position: SamplePosition(epoch: 0, sequence: UInt64(clamping: number)), unknownBefore: unknownBefore)
    }
}

extension WindowSample: Codable {
    private enum CodingKeys: CodingKey {
        case sampledAt, utilization, size, vcpus, steal, position, unknownBefore
    }

    /// Records of rules version 1 knew only CPU and called the size `vcpus`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sampledAt = try container.decode(Timestamp.self, forKey: .sampledAt)
        utilization = try container.decode(Utilization.self, forKey: .utilization)
        size =
            try container.decodeIfPresent(Int64.self, forKey: .size)
            ?? container.decode(Int64.self, forKey: .vcpus)
        steal = try container.decodeIfPresent(Utilization.self, forKey: .steal)
        position = try container.decode(SamplePosition.self, forKey: .position)
        unknownBefore = try container.decodeIfPresent(Int.self, forKey: .unknownBefore) ?? 0
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sampledAt, forKey: .sampledAt)
        try container.encode(utilization, forKey: .utilization)
        try container.encode(size, forKey: .size)
        try container.encodeIfPresent(steal, forKey: .steal)
        try container.encode(position, forKey: .position)
        if unknownBefore > 0 { try container.encode(unknownBefore, forKey: .unknownBefore) }
    }
}
