// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// A decision's id, computed from what triggered it, so that an instance that decides again after a restart or a
/// take-over gets the same id. Not cryptographic: the inputs are the platform's own.
enum DecisionIdentity {
    /// What a decision is about: it gives several decisions of one trigger different ids. The numbers are part of
    /// stored ids, so they never change.
    enum Purpose: UInt64, CaseIterable {
        /// Adds nothing: its ids are those of rules version 1.
        case cpu = 0
        case memory = 1
        case network = 2
        case move = 3
        /// A move that Ebb did not decide.
        case foreignMove = 4
    }

    static func make(
        domain: DomainID, position: SamplePosition?, policyVersion: Int64, at: Timestamp, purpose: Purpose = .cpu
    ) -> UUID128 {
        var words: [UInt64] = [
            domain.uuid.high, domain.uuid.low, position?.epoch ?? .max, position?.sequence ?? .max,
            UInt64(bitPattern: policyVersion), UInt64(bitPattern: at.nanoseconds),
        ]
        if purpose != .cpu { words.append(purpose.rawValue) }
        let high = words.reduce(0x4562_6221_0000_0001) { mix($0 ^ $1) }
        let low = words.reduce(0x4562_6221_0000_0002) { mix($0 ^ $1) }
        // RFC 9562 version 8 (ours to define) and its variant.
        return UUID128(high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000, low: low & 0x3FFF_FFFF_FFFF_FFFF | 1 << 63)
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every bit.
    private static func mix(_ value: UInt64) -> UInt64 {
        var word = value &+ 0x9E37_79B9_7F4A_7C15
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
