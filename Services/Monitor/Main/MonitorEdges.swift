// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Execution
internal import Hypervisor
internal import Logging
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Everything outside that Monitor's shell touches.
struct MonitorEdges: Sendable {
    let instance: InstanceID
    let store: Store
    let publisher: any StreamPublisher
    let clock: ClusterClock
    /// Makes a host's hypervisor; opens no connection yet.
    let open: @Sendable (_ uri: String, _ host: HostID) throws(HypervisorError) -> any Hypervisor
    /// Whether the shard may be commanded at this instant.
    let mayCommand: @Sendable (_ shard: OwnedShard, _ isFenced: Bool) -> Bool
    /// What may not happen by itself at this moment.
    let freeze = FreezeGate()
    /// What was carried out while the database may be away.
    let trail: AuditTrail
    let log: Logger
    /// What all hosts' loops sleep by.
    let pacer = Pacer()
    /// What all hosts' work runs on: a poll goes from actor to actor many times.
    let hostThread = DedicatedTaskExecutor(name: "hosts")

    init(
        instance: InstanceID, store: Store, publisher: any StreamPublisher, clock: ClusterClock,
        open: @escaping @Sendable (_ uri: String, _ host: HostID) throws(HypervisorError) -> any Hypervisor,
        mayCommand: @escaping @Sendable (_ shard: OwnedShard, _ isFenced: Bool) -> Bool, log: Logger
    ) {
        self.instance = instance
        self.store = store
        self.publisher = publisher
        self.clock = clock
        self.open = open
        self.mayCommand = mayCommand
        self.log = log
        trail = AuditTrail(store, log)
    }

    var inventory: InventoryRepository { InventoryRepository(store) }
    var commands: CommandRepository { CommandRepository(store) }
    var permits: PermitRepository { PermitRepository(store) }
    var shards: ShardRepository { ShardRepository(store) }
    var freezes: FreezeRepository { FreezeRepository(store) }
}
