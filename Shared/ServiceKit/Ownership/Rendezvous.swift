// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Rendezvous (highest random weight) hashing: who should own a shard, given who is alive (Thaler and Ravishankar,
/// "Using Name-Based Mappings to Increase Hit Rates", 1998). When an instance comes or goes, only its shards move.
package enum Rendezvous {
    /// The instance with the highest weight for this shard; `nil` if there is none. Ties go to the lower id.
    package static func owner(of shard: String, among instances: some Collection<InstanceID>) -> InstanceID? {
        instances.max { left, right in
            let (a, b) = (weight(shard, left), weight(shard, right))
            return a == b ? right < left : a < b
        }
    }

    /// FNV-1a over the shard's name and the instance's id, finished by SplitMix64's mixer: the same in every process.
    static func weight(_ shard: String, _ instance: InstanceID) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in Array(shard.utf8) + instance.uuid.bytes {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 31)
    }
}
