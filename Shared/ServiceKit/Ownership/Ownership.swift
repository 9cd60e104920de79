// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization

/// What this instance owns right now, readable from anywhere without waiting: the check right before each hypervisor
/// call, since libvirt takes no fencing token.
package final class Ownership: Sendable {
    private struct State {
        var owned: [ShardKey: OwnedShard] = [:]
        /// When the database last confirmed that we are alive, on the boot clock.
        var confirmedAt: Int64 = 0
    }

    private let state = Mutex(State())
    private let timeToLiveNanoseconds: Int64

    init(timeToLive: Duration) { timeToLiveNanoseconds = timeToLive.wholeNanoseconds }

    /// Everything owned, in order.
    package var owned: [OwnedShard] { state.withLock { $0.owned.values.sorted { $0.key < $1.key } } }

    package func shard(_ key: ShardKey) -> OwnedShard? { state.withLock { $0.owned[key] } }

    /// Whether a call that changes something may be made for this shard at this instant of the boot clock: we own it
    /// at this epoch, no earlier owner's call can still be under way, and others can't have declared us dead yet.
    package func mayCommand(_ shard: OwnedShard, isFenced: Bool, bootNanoseconds now: Int64) -> Bool {
        state.withLock { state in
            guard state.owned[shard.key]?.epoch == shard.epoch else { return false }
            return (isFenced || now >= shard.commandsFromBootNanoseconds)
                && now - state.confirmedAt < timeToLiveNanoseconds
        }
    }

    func update(_ owned: [ShardKey: OwnedShard], confirmedAt: Int64?) {
        state.withLock { state in
            state.owned = owned
            if let confirmedAt { state.confirmedAt = confirmedAt }
        }
    }
}
