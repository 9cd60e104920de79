// SPDX-License-Identifier: Apache-2.0

package import ResourceModel
package import Store

/// A unit of ownership: a host for Monitor, a cluster for Scheduler, a tenant for Billing.
package struct ShardKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let kind: ShardKind
    package let id: String

    package init(kind: ShardKind, id: String) {
        self.kind = kind
        self.id = id
    }

    package var description: String { "\(kind.rawValue)/\(id)" }
    package static func < (left: ShardKey, right: ShardKey) -> Bool {
        (left.kind.rawValue, left.id) < (right.kind.rawValue, right.id)
    }
}

extension ShardRecord {
    package var key: ShardKey { ShardKey(kind: kind, id: id) }
}

/// A shard that this instance owns.
package struct OwnedShard: Hashable, Sendable {
    package let key: ShardKey
    package let epoch: Int64
    /// The instant from which its owner may command, on the boot clock. A successor of a dead owner waits until no call
    /// of that owner can still be under way, since libvirt takes no fencing token.
    package let commandsFromBootNanoseconds: Int64

    package init(key: ShardKey, epoch: Int64, commandsFromBootNanoseconds: Int64) {
        self.key = key
        self.epoch = epoch
        self.commandsFromBootNanoseconds = commandsFromBootNanoseconds
    }

    /// The claim that dependent writes name.
    package var claim: ShardClaim { ShardClaim(kind: key.kind, id: key.id, epoch: epoch) }
}

/// Decides who claims and who releases. Hand-over is release, then claim; a dead owner's shards are claimed at once.
package struct OwnershipCore: Sendable {
    package enum Directive: Hashable, Sendable {
        /// Claim the shard from exactly this row; `fromDead` if its owner did not release it.
        case claim(ShardRecord, fromDead: Bool)
        /// Give the shard up: another live instance should have it.
        case release(ShardKey, epoch: Int64)
        /// The row says that somebody else has it now, or a later epoch: stop at once.
        case lost(ShardKey)

        /// The shard that it is about.
        package var key: ShardKey {
            switch self {
            case .claim(let row, _): row.key
            case .release(let key, _), .lost(let key): key
            }
        }
    }

    package let instance: InstanceID
    package private(set) var owned: [ShardKey: OwnedShard] = [:]

    package init(instance: InstanceID) { self.instance = instance }

    /// What to do, given every shard's row and who is alive among this service's instances.
    ///
    /// An owner that is neither alive nor known to be dead (just registered, say) is left alone.
    package func directives(shards: [ShardRecord], alive: Set<InstanceID>, dead: Set<InstanceID>) -> [Directive] {
        var directives: [Directive] = []
        let rows = Dictionary(shards.map { ($0.key, $0) }) { first, _ in first }
        for shard in owned.values.sorted(by: { $0.key < $1.key }) {
            let row = rows[shard.key]
            if row?.owner != instance || row?.epoch != shard.epoch { directives.append(.lost(shard.key)) }
        }
        for shard in shards.sorted(by: { $0.key < $1.key }) {
            let wanted = Rendezvous.owner(of: shard.key.description, among: alive)
            switch shard.owner {
            case instance where wanted != instance && wanted != nil:
                directives.append(.release(shard.key, epoch: shard.epoch))
            case instance where owned[shard.key] == nil, nil where wanted == instance:
                directives.append(.claim(shard, fromDead: false))
            case .some(let owner) where wanted == instance && dead.contains(owner):
                directives.append(.claim(shard, fromDead: true))
            default: break
            }
        }
        return directives
    }

    package mutating func claimed(_ key: ShardKey, epoch: Int64, commandsFromBootNanoseconds: Int64) {
        owned[key] = OwnedShard(key: key, epoch: epoch, commandsFromBootNanoseconds: commandsFromBootNanoseconds)
    }

    package mutating func dropped(_ key: ShardKey) { owned[key] = nil }
}
