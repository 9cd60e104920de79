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
    /// The freezes that hold at this moment.
    let freeze = FreezeGate()
    /// The audit's entries, kept while the database is away.
    let trail: AuditTrail
    let log: Logger
    /// The timer by which all hosts' loops sleep.
    let pacer = Pacer()
    /// The thread on which all hosts' work runs, since a poll changes actors many times.
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
